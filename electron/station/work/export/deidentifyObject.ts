import { createHmac } from 'node:crypto'
import { open } from 'node:fs/promises'
import { type Deidentified, deidentify } from '../../../../shared/deidentify/deidentify.ts'
import type { DeidentifyOptions } from '../../../../shared/deidentify/options.ts'
import { leftOut, type Risk, risksOf } from '../../../../shared/deidentify/risks.ts'
import { encodingOf } from '../../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../../shared/dicom/reader.ts'
import { spliceHeader } from '../../../../shared/dicom/splice.ts'
import { transferSyntax } from '../../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import { inflateLimit, inflateStart } from '../../base/inflate.ts'
import type { StoredObject } from '../../store/index.ts'

/** One object is in memory as a whole, and once more on its way to the other thread. */
const LARGEST = 512 * 2 ** 20

export interface DeidentifyRequest {
  object: StoredObject
  options: DeidentifyOptions
  /** Made for one export. */
  key: Uint8Array
  patient: string
}

export type DeidentifyAnswer =
  | { risks: Risk[]; made: Omit<Deidentified, 'chunks'> & { file: Uint8Array<ArrayBuffer> } }
  | { risks: Risk[]; made: null }

/**
 * A stored object as a file that names nobody; null where what it carries cannot be looked into and nobody has vouched for it. Throws
 * 'malformed', 'too-large', 'not-found', 'unsupported-pixels'.
 */
export async function deidentifyObject({
  object,
  options,
  key,
  patient,
}: DeidentifyRequest): Promise<DeidentifyAnswer> {
  if (object.dataSetLength > LARGEST) throw new IsocenterError('too-large', `more than ${LARGEST} bytes`)
  const dataSet = asShown(await bytesOf(object), object)
  const risks = risksOf({
    SOPClassUID: object.SOPClassUID,
    TransferSyntaxUID: object.TransferSyntaxUID,
    Modality: dataSet.string('Modality'),
    BurnedInAnnotation: dataSet.string('BurnedInAnnotation'),
    ImageType: dataSet.strings('ImageType'),
  })
  if (leftOut(risks, options)) return { risks, made: null }
  const hash = (text: string) => createHmac('sha256', key).update(text).digest()
  const { chunks, ...names } = deidentify(dataSet, object.TransferSyntaxUID, options, { hash, patient })
  const file = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    file.set(chunk, at)
    at += chunk.length
  }
  return { risks, made: { ...names, file } }
}

/** Of what was moved: the study it was moved into is the one whose new UID it gets. */
function asShown(bytes: Uint8Array, { TransferSyntaxUID, overlay }: StoredObject): DataSet {
  const received = DataSet.read(bytes, encodingOf(TransferSyntaxUID))
  if (!overlay) return received
  const { head, rest } = spliceHeader(received, overlay.values, overlay.at)
  return DataSet.read(Buffer.concat([head, bytes.subarray(rest)]), received.encoding)
}

async function bytesOf({ path, dataSetOffset, dataSetLength, TransferSyntaxUID }: StoredObject): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new IsocenterError('not-found', 'the file is gone') : error
  })
  try {
    const bytes = new Uint8Array(dataSetLength)
    for (let at = 0; at < dataSetLength; ) {
      const { bytesRead } = await file.read(bytes, at, dataSetLength - at, dataSetOffset + at)
      if (bytesRead === 0) throw new IsocenterError('malformed', 'the file ends early')
      at += bytesRead
    }
    if (!transferSyntax(TransferSyntaxUID).deflated) return bytes
    const limit = inflateLimit(bytes.length, LARGEST)
    const inflated = await inflateStart(bytes, limit)
    if (inflated.length >= limit) throw new IsocenterError('too-large', 'it inflates to too much')
    return inflated
  } finally {
    await file.close()
  }
}
