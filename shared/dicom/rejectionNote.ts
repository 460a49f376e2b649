import { encodingOf } from './encoding.ts'
import { DataSet } from './reader.ts'
import { normaliseUID } from './uids.ts'

/** Key Object Selection Document Storage (PS3.4 §B.5): what a rejection note is written as. */
export const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59'

/**
 * Document titles that make a key object selection a rejection note (PS3.16 CID 7011, IHE RAD TF-3 §4.66.4.1.3). IHE leaves it to
 * configuration whether images rejected for quality reasons stay in use: here they are off every list, and had by whoever asks for
 * one by its own UID. The other three are not to be provided any more, in queries or retrievals.
 */
export const REJECTION_CODES: Record<string, { title: string; retrievable: boolean }> = {
  '113001': { title: 'Rejected for Quality Reasons', retrievable: true },
  '113037': { title: 'Rejected for Patient Safety Reasons', retrievable: false },
  '113038': { title: 'Incorrect Modality Worklist Entry', retrievable: false },
  '113039': { title: 'Data Retention Policy Expired', retrievable: false },
}

export interface RejectionNote {
  /** One of `REJECTION_CODES`. */
  code: string
  /** The title, and what the note says of it: its Document Title Modifier (PS3.16 TID 2010), when there is one. */
  reason: string
  /** SOP Instance UIDs, each once. */
  instances: string[]
}

const MAX_REASON = 200

/**
 * The rejection that a key object selection means; undefined when its title is another. What it rejects is named in its Current
 * Requested Procedure Evidence Sequence (PS3.3 §C.17.2): studies, their series, their instances. Never throws on what the bytes
 * contain; more than `most` instances are not read, and the note says so by `undefined`, for half a rejection is none.
 */
export function readRejectionNote(
  bytes: Uint8Array,
  transferSyntaxUID: string,
  most: number,
): RejectionNote | 'too-many' | undefined {
  const dataSet = DataSet.read(bytes, encodingOf(transferSyntaxUID))
  const code = codeOf(dataSet.items('ConceptNameCodeSequence')[0])
  const known = Object.hasOwn(REJECTION_CODES, code) ? REJECTION_CODES[code] : undefined
  if (!known) return undefined
  const instances = new Set<string>()
  for (const study of dataSet.items('CurrentRequestedProcedureEvidenceSequence')) {
    for (const series of study.items('ReferencedSeriesSequence')) {
      for (const item of series.items('ReferencedSOPSequence')) {
        const uid = normaliseUID(item.string('ReferencedSOPInstanceUID'))
        if (!/^[0-9.]{1,64}$/.test(uid)) continue
        if (instances.size === most && !instances.has(uid)) return 'too-many'
        instances.add(uid)
      }
    }
  }
  const modifier = dataSet
    .items('ContentSequence')
    .filter(item => codeOf(item.items('ConceptNameCodeSequence')[0]) === '113011')
    .map(item => item.items('ConceptCodeSequence')[0]?.string('CodeMeaning') ?? '')
    .find(meaning => meaning !== '')
  const reason = [known.title, modifier].filter(Boolean).join(': ').slice(0, MAX_REASON)
  return { code, reason, instances: [...instances] }
}

/** The code value when it is DICOM's own (PS3.16). */
function codeOf(item: DataSet | undefined): string {
  return item?.string('CodingSchemeDesignator') === 'DCM' ? item.string('CodeValue') : ''
}
