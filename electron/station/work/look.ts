import { type FileHandle, open } from 'node:fs/promises'
import {
  type InstanceHeader,
  readFunctionalGroups,
  readInstanceHeader,
  unshowableReason,
} from '../../../shared/dicom/instanceHeader.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { type DecodedFrame, UnshowableError } from '../../../shared/viewing/samples.ts'
import { inflateLimit, inflateStart } from '../base/inflate.ts'
import type { FrameLocation, StoredObject, WorkFound } from '../store/index.ts'
import { decodeFrame } from './decode/decodeFrame.ts'
import { makeThumbnail } from './thumbnail.ts'

export interface LookRequest {
  object: StoredObject
  /** The 1-based frame that stands for the object, and where it is; null when the store found no frame. */
  frame: number
  location: FrameLocation | null
  /** Its pixels have been looked at before. */
  headerOnly: boolean
}

const PIXEL_DATA = 0x7fe00010
/** Most headers end within the first; functional groups of thousands of frames take megabytes. */
const HEADER_BYTES = [256 * 1024, 4 * 2 ** 20, 64 * 2 ** 20]
const MAX_FRAME_BYTES = 256 * 2 ** 20
const MAX_INFLATED_BYTES = 512 * 2 ** 20

/** Reads functional groups and makes the thumbnail. Rejects only when the file cannot be read; a bad image is `unshowable`. */
export async function lookInto({ object, frame, location, headerOnly }: LookRequest): Promise<WorkFound> {
  const file = await open(object.path, 'r')
  try {
    const { header, found, inflated } = await readImage(file, object, location)
    if (headerOnly) return found
    const reason = unshowableReason(header, object.TransferSyntaxUID)
    if (reason) return { ...found, unshowable: reason }
    if (!location) return { ...found, unshowable: 'The pixel data is cut short: not one frame is whole.' }
    const attributes = { ...found.attributes, ...found.perFrame?.[frame - 1] }
    try {
      const decoded = await decodedFrame(file, object, location, { ...header, attributes }, inflated)
      return decoded ? { ...found, thumbnail: makeThumbnail(decoded, attributes) } : found
    } catch (error) {
      if (error instanceof UnshowableError) return { ...found, unshowable: error.message }
      const why = error instanceof Error ? error.message : String(error)
      return { ...found, unshowable: `The pixels could not be decoded: ${why.slice(0, 200)}.` }
    }
  } finally {
    await file.close()
  }
}

/** What is asked of one object's header, and its functional groups where it has them. */
export async function readImage(
  file: FileHandle,
  object: StoredObject,
  location: FrameLocation | null,
): Promise<{ header: InstanceHeader; found: WorkFound; inflated: Uint8Array | undefined }> {
  const inflated = transferSyntax(object.TransferSyntaxUID).deflated
    ? await inflatedDataSet(file, object, location)
    : undefined
  const { header, bytes } = await readHeader(file, object, inflated)
  const found: WorkFound = { attributes: header.attributes }
  if (header.enhanced) {
    const dataSet = DataSet.read(bytes, header.encoding, { stopAt: PIXEL_DATA })
    const { shared, perFrame } = readFunctionalGroups(dataSet, header.NumberOfFrames)
    found.attributes = { ...header.attributes, ...shared }
    found.perFrame = perFrame
  }
  return { header, found, inflated }
}

/** One frame's samples; undefined where there is no decoder for it or it is too large. Rejects when the bytes are damaged. */
export async function decodedFrame(
  file: FileHandle,
  object: StoredObject,
  location: FrameLocation,
  header: InstanceHeader,
  inflated: Uint8Array | undefined,
): Promise<DecodedFrame | undefined> {
  const length = inflated ? location.inflatedLength : location.ranges.reduce((sum, range) => sum + range[1], 0)
  if (length > MAX_FRAME_BYTES) return undefined
  const bytes = inflated
    ? inflated.subarray(location.inflatedOffset, location.inflatedOffset + location.inflatedLength)
    : Buffer.concat(await Promise.all(location.ranges.map(([offset, size]) => readBytes(file, offset, size))))
  if (location.kind === 'swap') swapBytes(bytes, location.sampleBytes)
  return decodeFrame({
    bytes,
    TransferSyntaxUID: object.TransferSyntaxUID,
    attributes: header.attributes,
    encapsulated: header.pixels?.undefinedLength ?? false,
    bitOffset: location.bitOffset,
  })
}

async function readHeader(
  file: FileHandle,
  object: StoredObject,
  inflated: Uint8Array | undefined,
): Promise<{ header: InstanceHeader; bytes: Uint8Array }> {
  if (inflated) return { header: readInstanceHeader(inflated, object.TransferSyntaxUID), bytes: inflated }
  for (const [attempt, most] of HEADER_BYTES.entries()) {
    const length = Math.min(most, object.dataSetLength)
    const bytes = await readBytes(file, object.dataSetOffset, length)
    const header = readInstanceHeader(bytes, object.TransferSyntaxUID)
    const whole = header.pixels !== null || length === object.dataSetLength
    if (whole || attempt === HEADER_BYTES.length - 1) return { header, bytes }
  }
  throw new Error('unreachable: the last attempt returns')
}

/** As far as the frame's end, or as a header may go. */
async function inflatedDataSet(
  file: FileHandle,
  object: StoredObject,
  frame: FrameLocation | null,
): Promise<Uint8Array> {
  const bytes = await readBytes(file, object.dataSetOffset, Math.min(object.dataSetLength, MAX_FRAME_BYTES))
  const needed = frame ? frame.inflatedOffset + frame.inflatedLength : Math.max(...HEADER_BYTES)
  return inflateStart(bytes, Math.min(needed, inflateLimit(bytes.length, MAX_INFLATED_BYTES)))
}

/** As many bytes as there are, up to `length`. */
async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start + size <= bytes.length; start += size) bytes.subarray(start, start + size).reverse()
}
