import { setImmediate as breathe } from 'node:timers/promises'
import { tagOf } from '../../../shared/dicom/dictionary.ts'
import { ITEM, SEQUENCE_DELIMITATION, UNDEFINED } from '../../../shared/dicom/elements.ts'
import { type Encoding, encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID } from '../../../shared/dicom/uids.ts'
import { elementHeader, itemHeader } from '../../../shared/dicom/writer.ts'
import { FAILURE, type FailedReferences, type References } from '../store/index.ts'

/** Of one request. A study of so many images is asked about in parts. */
export const MOST_REFERENCES = 100_000
/** So many items of a sequence between two looks at the sockets: some 2 ms. */
const ITEMS_AT_ONCE = 500

export interface CommitmentIdentity {
  TransactionUID: string
  references: References
}

/** A request's Action Information (PS3.4 table J.3-1), or a sentence for what is wrong with it. */
export async function readRequest(bytes: Uint8Array, TransferSyntaxUID: string): Promise<CommitmentIdentity | string> {
  const dataSet = DataSet.read(bytes, encodingOf(TransferSyntaxUID))
  const read = await readReferences(dataSet, 'ReferencedSOPSequence', () => undefined)
  if (typeof read === 'string') return read
  const references = read.get(undefined)
  if (!references) return 'it names no object'
  const TransactionUID = normaliseUID(dataSet.string('TransactionUID'))
  return isStorableUID(TransactionUID) ? { TransactionUID, references } : 'no Transaction UID'
}

/** What a report says (PS3.4 table J.3-2). */
export interface CommitmentReport {
  TransactionUID: string
  committed: References
  failed: FailedReferences
}

/** A report's Event Information, or a sentence. */
export async function readReport(bytes: Uint8Array, TransferSyntaxUID: string): Promise<CommitmentReport | string> {
  const dataSet = DataSet.read(bytes, encodingOf(TransferSyntaxUID))
  const reasonOf = (item: DataSet) => item.number('FailureReason') ?? FAILURE.processingFailure
  const failed = await readReferences(dataSet, 'FailedSOPSequence', reasonOf)
  if (typeof failed === 'string') return failed
  const committed = await readReferences(dataSet, 'ReferencedSOPSequence', () => undefined)
  if (typeof committed === 'string') return committed
  const TransactionUID = normaliseUID(dataSet.string('TransactionUID'))
  if (!isStorableUID(TransactionUID)) return 'no Transaction UID'
  return {
    TransactionUID,
    committed: committed.get(undefined) ?? {},
    failed: [...failed].map(([FailureReason, references]) => ({ FailureReason, references })),
  }
}

/** What of the wanted is not said to be committed, by reason: what a report passes over counts as not committed. */
export function notCommitted(wanted: References, { committed, failed }: CommitmentReport): FailedReferences {
  const isCommitted = keysOf(committed)
  const reasons = new Map(
    failed.flatMap(({ FailureReason, references }) =>
      [...keysOf(references)].map(key => [key, FailureReason] as const),
    ),
  )
  const left = new Map<number, References>()
  for (const [SOPClassUID, uids] of Object.entries(wanted)) {
    for (const uid of uids) {
      const key = `${SOPClassUID} ${uid}`
      if (isCommitted.has(key) && !reasons.has(key)) continue
      const reason = reasons.get(key) ?? FAILURE.processingFailure
      const references = left.get(reason) ?? {}
      left.set(reason, references)
      references[SOPClassUID] ??= []
      references[SOPClassUID].push(uid)
    }
  }
  return [...left].map(([FailureReason, references]) => ({ FailureReason, references }))
}

export function countOf(references: References): number {
  return Object.values(references).reduce((sum, uids) => sum + uids.length, 0)
}

function keysOf(references: References): Set<string> {
  return new Set(Object.entries(references).flatMap(([SOPClassUID, uids]) => uids.map(uid => `${SOPClassUID} ${uid}`)))
}

async function readReferences<Group>(
  dataSet: DataSet,
  sequence: string,
  groupOf: (item: DataSet) => Group,
): Promise<Map<Group, References> | string> {
  if (dataSet.damage || dataSet.truncated) return 'it cannot be read'
  const groups = new Map<Group, References>()
  const span = dataSet.span(sequence)
  let items = 0
  for (const item of span ? dataSet.eachItem(span) : []) {
    items += 1
    if (items > MOST_REFERENCES) return `it names more than ${MOST_REFERENCES} objects`
    if (items % ITEMS_AT_ONCE === 0) await breathe()
    const SOPClassUID = normaliseUID(item.string('ReferencedSOPClassUID'))
    const SOPInstanceUID = normaliseUID(item.string('ReferencedSOPInstanceUID'))
    if (!isStorableUID(SOPClassUID) || !isStorableUID(SOPInstanceUID)) return 'it names an object without its UIDs'
    const group = groupOf(item)
    const references = groups.get(group) ?? {}
    groups.set(group, references)
    references[SOPClassUID] ??= []
    references[SOPClassUID].push(SOPInstanceUID)
  }
  return groups
}

/** Action Information of a request of ours. */
export function writeRequest(
  { TransactionUID, references }: CommitmentIdentity,
  TransferSyntaxUID: string,
): Promise<Uint8Array> {
  return write(TransactionUID, [['ReferencedSOPSequence', [{ references }]]], TransferSyntaxUID)
}

/** Event Information: what of the wanted is committed, and what is not, for which reason. */
export async function writeReport(
  { TransactionUID, references }: CommitmentIdentity,
  failed: FailedReferences,
  TransferSyntaxUID: string,
): Promise<Uint8Array> {
  const refused = new Set(failed.flatMap(each => [...keysOf(each.references)]))
  const committed = Object.entries(references).flatMap(([SOPClassUID, uids]): Array<[string, string[]]> => {
    const left = uids.filter(uid => !refused.has(`${SOPClassUID} ${uid}`))
    return left.length > 0 ? [[SOPClassUID, left]] : []
  })
  const sequences: Sequences = []
  if (failed.length > 0) sequences.push(['FailedSOPSequence', failed])
  if (committed.length > 0) sequences.push(['ReferencedSOPSequence', [{ references: Object.fromEntries(committed) }]])
  return write(TransactionUID, sequences, TransferSyntaxUID)
}

type Sequences = Array<[keyword: string, groups: Array<{ FailureReason?: number; references: References }>]>

/** In steps, as it is read: `sequences` in the order of their tags. */
async function write(
  TransactionUID: string,
  sequences: Sequences,
  TransferSyntaxUID: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = encodingOf(TransferSyntaxUID)
  const parts = [uidElement('TransactionUID', TransactionUID, encoding)]
  let items = 0
  for (const [keyword, groups] of sequences) {
    parts.push(elementHeader(tagOf(keyword) ?? 0, 'SQ', UNDEFINED, encoding))
    for (const { FailureReason, references } of groups) {
      const reason = FailureReason === undefined ? [] : [numberElement('FailureReason', FailureReason, encoding)]
      for (const [SOPClassUID, uids] of Object.entries(references)) {
        const classElement = uidElement('ReferencedSOPClassUID', SOPClassUID, encoding)
        for (const uid of uids) {
          const elements = [classElement, uidElement('ReferencedSOPInstanceUID', uid, encoding), ...reason]
          const length = elements.reduce((sum, { length }) => sum + length, 0)
          parts.push(itemHeader(ITEM, length, encoding.littleEndian), ...elements)
          items += 1
          if (items % ITEMS_AT_ONCE === 0) await breathe()
        }
      }
    }
    parts.push(itemHeader(SEQUENCE_DELIMITATION, 0, encoding.littleEndian))
  }
  return new Uint8Array(Buffer.concat(parts))
}

function uidElement(keyword: string, uid: string, encoding: Encoding): Uint8Array {
  const value = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1')
  return Buffer.concat([elementHeader(tagOf(keyword) ?? 0, 'UI', value.length, encoding), value])
}

function numberElement(keyword: string, value: number, encoding: Encoding): Uint8Array {
  const bytes = Buffer.alloc(2)
  if (encoding.littleEndian) bytes.writeUInt16LE(value)
  else bytes.writeUInt16BE(value)
  return Buffer.concat([elementHeader(tagOf(keyword) ?? 0, 'US', 2, encoding), bytes])
}
