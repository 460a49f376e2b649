import { type FileHandle, open } from 'node:fs/promises'
import { encodingOf } from '../../../../shared/dicom/encoding.ts'
import { readImageAttributes } from '../../../../shared/dicom/imageAttributes.ts'
import { DataSet, type ElementSpan } from '../../../../shared/dicom/reader.ts'
import { type Replacement, reencodeElements, swapped } from '../../../../shared/dicom/reencode.ts'
import { hasUncompressedForm, transferSyntax } from '../../../../shared/dicom/uids.ts'
import { elementHeader } from '../../../../shared/dicom/writer.ts'
import { IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import type { ImageAttributes } from '../../../../shared/viewing/image.ts'
import { inflateLimit, inflateStart } from '../../base/inflate.ts'
import type { FrameLocation, StoredObject } from '../../store/index.ts'
import { decodeToNative, type NativeFrame } from './nativePixels.ts'

interface TranscodeRequest {
  object: StoredObject
  /** Where each frame of encapsulated pixels is, in order; empty for all other objects. */
  frames: FrameLocation[]
  /** Explicit or Implicit VR Little Endian. */
  TransferSyntaxUID: string
  /** Where the data set goes, without File Meta. Whatever is there is replaced. */
  file: string
}

const PIXEL_DATA = 0x7fe00010
const PHOTOMETRIC_INTERPRETATION = 0x00280004
const PLANAR_CONFIGURATION = 0x00280006
/** Of encapsulated pixels: Extended Offset Table, its lengths, the value's length (PS3.3 C.7.6.3.1.8). */
const OF_FRAGMENTS = [0x7fe00001, 0x7fe00002, 0x7fe00003]
/** Most headers end within the first; functional groups of thousands of frames take megabytes, a document is all header. */
const HEADER_BYTES = [256 * 1024, 4 * 2 ** 20, 64 * 2 ** 20, 256 * 2 ** 20]
const MOST_INFLATED = 512 * 2 ** 20
/** What stands behind the pixels: padding, signatures. */
const MOST_BEHIND = 4 * 2 ** 20
const COPY_BYTES = 4 * 2 ** 20
/** A 32-bit length, even, below the one that says "undefined". */
const MOST_PIXELS = 0xfffffffe

/** The data set's bytes, in the file or inflated. `at` counts from its first byte. */
interface Source {
  length: number
  read(at: number, length: number): Promise<Uint8Array>
}

/**
 * Writes an object's data set in an uncompressed little endian syntax, without loss: what a lossy compression has taken away
 * stays away, and Lossy Image Compression goes on saying so. One frame at a time is in memory. Throws 'unsupported-pixels',
 * 'malformed', 'too-large', 'not-found'; the file is then of no use.
 */
export async function transcode({
  object,
  frames,
  TransferSyntaxUID,
  file,
}: TranscodeRequest): Promise<{ length: number }> {
  const from = transferSyntax(object.TransferSyntaxUID)
  if (!hasUncompressedForm(from.UID)) {
    throw new IsocenterError('unsupported-pixels', `${from.name} cannot be had in another form`)
  }
  const input = await open(object.path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new IsocenterError('not-found', 'the file is gone') : error
  })
  try {
    const output = await open(file, 'w')
    try {
      const writer = new Writer(output)
      await new Transcoding(await sourceOf(input, object), object, frames, TransferSyntaxUID, input, writer).run()
      return { length: writer.length }
    } finally {
      await output.close()
    }
  } catch (error) {
    throw toIsocenterError(error)
  } finally {
    await input.close()
  }
}

class Writer {
  length = 0
  readonly #file: FileHandle

  constructor(file: FileHandle) {
    this.#file = file
  }

  async write(chunks: Uint8Array[]): Promise<void> {
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#file.write(bytes, done, bytes.length - done, this.length + done)).bytesWritten
    }
    this.length += bytes.length
  }
}

class Transcoding {
  readonly #source: Source
  readonly #object: StoredObject
  readonly #frames: FrameLocation[]
  readonly #explicit: boolean
  readonly #input: FileHandle
  readonly #writer: Writer

  constructor(
    source: Source,
    object: StoredObject,
    frames: FrameLocation[],
    TransferSyntaxUID: string,
    input: FileHandle,
    writer: Writer,
  ) {
    this.#source = source
    this.#object = object
    this.#frames = frames
    this.#explicit = encodingOf(TransferSyntaxUID).explicit
    this.#input = input
    this.#writer = writer
  }

  async run(): Promise<void> {
    const header = await this.#header()
    const pixels = header.span(PIXEL_DATA)
    if (!pixels) await this.#writer.write(reencodeElements(header, this.#to))
    else if (pixels.undefinedLength) await this.#decoded(header, pixels)
    else await this.#native(header, pixels)
  }

  get #to() {
    return { explicit: this.#explicit, littleEndian: true }
  }

  /** All that stands before the pixels, or all there is. */
  async #header(): Promise<DataSet> {
    const encoding = encodingOf(this.#object.TransferSyntaxUID)
    for (const most of HEADER_BYTES) {
      const length = Math.min(most, this.#source.length)
      const dataSet = DataSet.read(await this.#source.read(0, length), encoding, { stopAt: PIXEL_DATA })
      if (dataSet.has(PIXEL_DATA) || length === this.#source.length) return dataSet
    }
    throw new IsocenterError('too-large', 'more stands before the pixels than can be taken into memory')
  }

  async #native(header: DataSet, pixels: ElementSpan): Promise<void> {
    const { valueOffset, length } = pixels
    if (valueOffset + length > this.#source.length) throw new IsocenterError('malformed', 'the pixel data is cut short')
    const vr = header.vrOf(pixels)
    await this.#writer.write([
      ...reencodeElements(header, this.#to),
      elementHeader(PIXEL_DATA, vr === 'OB' ? 'OB' : 'OW', length, this.#to),
    ])
    const allocated = header.number('BitsAllocated') ?? 16
    // PS3.5 §7.3, annex A.3: samples of 8 bits were written as words where the VR is OW.
    const word = header.encoding.littleEndian ? 1 : allocated > 8 ? allocated / 8 : vr === 'OW' ? 2 : 1
    for (let done = 0; done < length; done += COPY_BYTES) {
      const part = await this.#source.read(valueOffset + done, Math.min(COPY_BYTES, length - done))
      await this.#writer.write([swapped(part, word)])
    }
    await this.#behind(header, valueOffset + length)
  }

  async #decoded(header: DataSet, pixels: ElementSpan): Promise<void> {
    const attributes = readImageAttributes(header)
    const count = header.number('NumberOfFrames') ?? 1
    const { length } = this.#frames
    if (length === 0 || length !== Math.max(1, count)) throw new IsocenterError('malformed', 'not every frame is there')
    const first = await this.#frame(0, attributes)
    const total = first.bytes.length * length
    if (total > MOST_PIXELS) throw new IsocenterError('too-large', 'uncompressed the pixels would pass 4 GB')
    const vr = (attributes.BitsAllocated ?? 16) > 8 ? 'OW' : 'OB'
    const padding = total % 2
    await this.#writer.write([
      ...reencodeElements(header, this.#to, replacements(header, first)),
      elementHeader(PIXEL_DATA, vr, total + padding, this.#to),
      first.bytes,
    ])
    for (let frame = 1; frame < length; frame++) {
      const next = await this.#frame(frame, attributes)
      const same = (['PhotometricInterpretation', 'PlanarConfiguration'] as const).every(
        key => next[key] === first[key],
      )
      if (!same || next.bytes.length !== first.bytes.length) {
        throw new IsocenterError('malformed', 'the frames are not of one kind')
      }
      await this.#writer.write([next.bytes])
    }
    if (padding) await this.#writer.write([new Uint8Array(1)])
    const end = await this.#endOfFragments(pixels)
    if (end !== undefined) await this.#behind(header, end)
  }

  async #frame(index: number, attributes: ImageAttributes): Promise<NativeFrame> {
    const { ranges } = this.#frames[index]!
    const parts: Uint8Array[] = []
    for (const [offset, length] of ranges) parts.push(await readAll(this.#input, offset, length))
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    return decodeToNative(bytes, this.#object.TransferSyntaxUID, attributes)
  }

  /** Behind the delimiter that ends the fragments; undefined where there is none. */
  async #endOfFragments({ valueOffset }: ElementSpan): Promise<number | undefined> {
    const { ranges } = this.#frames.at(-1)!
    const [offset, length] = ranges.at(-1) ?? [this.#object.dataSetOffset + valueOffset, 0]
    let at = offset + length - this.#object.dataSetOffset
    while (at + 8 <= this.#source.length) {
      const header = Buffer.from(await this.#source.read(at, 8))
      const itemLength = header.readUInt32LE(4)
      const tag = header.readUInt32LE(0)
      if (tag === 0xe0ddfffe) return at + 8
      if (tag !== 0xe000fffe) return undefined
      at += 8 + itemLength
    }
    return undefined
  }

  async #behind(header: DataSet, offset: number): Promise<void> {
    const length = this.#source.length - offset
    if (length === 0) return
    if (length > MOST_BEHIND) throw new IsocenterError('too-large', 'too much stands behind the pixels')
    const behind = DataSet.read(await this.#source.read(offset, length), header.encoding)
    await this.#writer.write(reencodeElements(behind, this.#to))
  }
}

/** What is said otherwise of pixels that are no longer compressed. */
function replacements(header: DataSet, frame: NativeFrame): Map<number, Replacement> {
  const { PhotometricInterpretation, PlanarConfiguration } = frame
  const replace = new Map<number, Replacement>(OF_FRAGMENTS.map(tag => [tag, null]))
  if (header.string('PhotometricInterpretation') !== PhotometricInterpretation) {
    const text = PhotometricInterpretation.length % 2 ? `${PhotometricInterpretation} ` : PhotometricInterpretation
    replace.set(PHOTOMETRIC_INTERPRETATION, { vr: 'CS', value: Buffer.from(text, 'latin1') })
  }
  const several = (header.number('SamplesPerPixel') ?? 1) > 1
  if (several && header.number('PlanarConfiguration') !== PlanarConfiguration) {
    replace.set(PLANAR_CONFIGURATION, { vr: 'US', value: Uint8Array.of(PlanarConfiguration, 0) })
  }
  return replace
}

async function sourceOf(
  file: FileHandle,
  { TransferSyntaxUID, dataSetOffset, dataSetLength }: StoredObject,
): Promise<Source> {
  if (!transferSyntax(TransferSyntaxUID).deflated) {
    return { length: dataSetLength, read: (at, length) => readAll(file, dataSetOffset + at, length) }
  }
  const most = inflateLimit(dataSetLength, MOST_INFLATED)
  if (dataSetLength > MOST_INFLATED) throw new IsocenterError('too-large', 'a deflated data set of that size')
  const inflated = await inflateStart(await readAll(file, dataSetOffset, dataSetLength), most)
  if (inflated.length >= most)
    throw new IsocenterError('too-large', 'the data set grows beyond all measure when inflated')
  return { length: inflated.length, read: async (at, length) => inflated.subarray(at, at + length) }
}

async function readAll(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length)
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) throw new IsocenterError('malformed', 'the file is shorter than its index says')
    filled += bytesRead
  }
  return bytes
}
