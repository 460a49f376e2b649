import { createHmac } from 'node:crypto'
import { open, readFile, rm } from 'node:fs/promises'
import { blacken, type Cleaning, cleaningOf } from '../../../../shared/deidentify/cleanPixels.ts'
import { type Deidentified, deidentify } from '../../../../shared/deidentify/deidentify.ts'
import type { DeidentifyOptions } from '../../../../shared/deidentify/options.ts'
import { leftOut, type Risk, risksOf } from '../../../../shared/deidentify/risks.ts'
import { textAreasOf } from '../../../../shared/deidentify/textAreas.ts'
import { encodingOf } from '../../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../../shared/dicom/reader.ts'
import { spliceHeader } from '../../../../shared/dicom/splice.ts'
import { TS, transferSyntax } from '../../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import { inflateLimit, inflateStart } from '../../base/inflate.ts'
import type { FrameLocation, StoredObject } from '../../store/index.ts'
import { transcode } from '../transcode/transcode.ts'

/** One object is in memory as a whole, and once more on its way to the other thread. */
const LARGEST = 512 * 2 ** 20

export interface DeidentifyRequest {
  object: StoredObject
  options: DeidentifyOptions
  /** Made for one export. */
  key: Uint8Array
  patient: string
  /** Where each frame of encapsulated pixels is; given where pixels are cleaned. */
  frames?: FrameLocation[]
  /** Where a decoded copy may lie meanwhile. */
  file?: string
}

export type DeidentifyAnswer =
  | { risks: Risk[]; made: Omit<Deidentified, 'chunks'> & { file: Uint8Array<ArrayBuffer>; cleaned: boolean } }
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
  frames = [],
  file: temporary,
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
  const cleaning = risks.includes('video') ? undefined : options.cleanPixels && cleaningOf(dataSet, options.cleanPixels)
  if (leftOut(risks, options, cleaning?.byPerson)) return { risks, made: null }
  const hash = (text: string) => createHmac('sha256', key).update(text).digest()
  const by = { hash, patient }
  const clean =
    cleaning && temporary !== undefined
      ? await cleaned(object, decodedLength(dataSet), frames, temporary, cleaning)
      : undefined
  const { chunks, ...names } = clean
    ? deidentify(clean.dataSet, TS.ExplicitVRLittleEndian, options, by, clean.isKnown ? 'cleaned' : 'changed')
    : deidentify(dataSet, object.TransferSyntaxUID, options, by)
  const file = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    file.set(chunk, at)
    at += chunk.length
  }
  return { risks, made: { ...names, file, cleaned: clean !== undefined } }
}

/** Of all its frames, in bytes; what has neither rows nor columns is nothing. */
function decodedLength(dataSet: DataSet): number {
  const number = (key: string, or: number) => dataSet.number(key) ?? or
  const bits = number('SamplesPerPixel', 1) * number('BitsAllocated', 16)
  return number('Rows', 0) * number('Columns', 0) * (bits / 8) * Math.max(1, number('NumberOfFrames', 1))
}

/**
 * The object with its pixels decoded, which loses nothing, and made black where that is asked for; undefined where nothing was. `isKnown`: a person has
 * looked at it, or nothing that may be text is left within the regions that it names itself.
 */
async function cleaned(
  object: StoredObject,
  decoded: number,
  frames: FrameLocation[],
  file: string,
  cleaning: Cleaning,
): Promise<{ dataSet: DataSet; isKnown: boolean } | undefined> {
  // Before it is on the disk: a few megabytes of a compressed object may be many gigabytes.
  if (decoded > LARGEST) throw new IsocenterError('too-large', `more than ${LARGEST} bytes`)
  const TransferSyntaxUID = TS.ExplicitVRLittleEndian
  try {
    const { length } = await transcode({ object, frames, TransferSyntaxUID, file })
    if (length > LARGEST) throw new IsocenterError('too-large', `more than ${LARGEST} bytes`)
    const dataSet = asShown(await readFile(file), { ...object, TransferSyntaxUID })
    const pixels = dataSet.bytes('PixelData')
    if (!pixels) throw new IsocenterError('malformed', 'no pixel data')
    if (!blacken(dataSet, pixels, cleaning)) return undefined
    // That nothing is found says something only of what its own header bounds.
    const isBound = cleaning.kept !== undefined && !mayHaveText(dataSet, pixels)
    return { dataSet, isKnown: cleaning.byPerson || isBound }
  } finally {
    await rm(file, { force: true })
  }
}

/** Of native pixels, in its first, middle or last frame. Where they are no light as they stand, who knows. */
function mayHaveText(dataSet: DataSet, pixels: Uint8Array): boolean {
  const number = (key: string, or: number) => dataSet.number(key) ?? or
  const [rows, columns, samples] = [number('Rows', 0), number('Columns', 0), number('SamplesPerPixel', 1)]
  const photometric = dataSet.string('PhotometricInterpretation')
  if (number('BitsAllocated', 16) !== 8 || photometric === 'PALETTE COLOR') return true
  const planar = number('PlanarConfiguration', 0) === 1
  const size = rows * columns
  const frames = Math.max(1, number('NumberOfFrames', 1))
  // The luminance alone of YBR; of RGB each colour, for text is of one.
  const planes = samples === 3 && photometric === 'RGB' ? [0, 1, 2] : [0]
  return [0, Math.floor(frames / 2), frames - 1].some(frame =>
    planes.some(plane => {
      const from = frame * size * samples + (planar ? plane * size : plane)
      const step = planar ? 1 : samples
      const grey = new Uint8Array(size).map((_, at) => pixels[from + at * step] ?? 0)
      return textAreasOf(grey, columns, rows).length > 0
    }),
  )
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
