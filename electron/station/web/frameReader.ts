import { promisify } from 'node:util'
import { constants, inflateRaw } from 'node:zlib'
import { IsocenterError } from '../../../shared/errors.ts'
import { inflateLimit } from '../base/inflate.ts'
import type { FileHandles, FrameLocation, Place, StoredObject } from '../store/index.ts'
import { takeBuffer } from './bufferPool.ts'

/** No real frame is larger (a whole-slide tile row is under 200 MiB); a damaged index must not ask for all memory. */
const LARGEST_FRAME = 1024 * 1024 * 1024
const LARGEST_INFLATED = 512 * 1024 * 1024
/** Deflated objects are opened one at a time: the one on the screen and the one before. */
const INFLATED_KEPT = 2

const inflate = promisify(inflateRaw)

/** Bytes of stored objects, by frame or by data set, as a viewer or a DICOMweb client needs them. */
export class FrameReader {
  #files: FileHandles
  /** By content. */
  #inflated = new Map<number, Promise<Buffer>>()
  #inflating: Promise<unknown> = Promise.resolve()

  constructor(files: FileHandles) {
    this.#files = files
  }

  /**
   * One frame as its transfer syntax has it, native ones little endian and byte-aligned, after `headroom` unwritten bytes
   * (so that a record's header goes before it without a copy). Throws 'unsupported-pixels' for video, 'too-large',
   * 'malformed', 'not-found'.
   */
  async frame(location: FrameLocation, headroom = 0): Promise<Buffer> {
    switch (location.kind) {
      case 'range':
      case 'whole':
        return this.ranges(location, location.ranges, headroom)
      case 'swap':
        return swapped(await this.ranges(location, location.ranges, headroom), headroom, location.sampleBytes)
      case 'bits':
        return aligned(await this.ranges(location, location.ranges), location.bitOffset, location.bits, headroom)
      case 'inflate': {
        const dataSet = await this.#inflate(location, location.ranges)
        const frame = dataSet.subarray(location.inflatedOffset, location.inflatedOffset + location.inflatedLength)
        if (frame.length < location.inflatedLength) throw new IsocenterError('malformed', 'the pixel data ends early')
        return Buffer.concat([Buffer.alloc(headroom), frame])
      }
      case 'stream':
        throw new IsocenterError('unsupported-pixels', 'video has no single frames')
    }
  }

  /** The ranges of one file, one after the other. */
  async ranges(place: Place, ranges: Array<[number, number]>, headroom = 0): Promise<Buffer> {
    const length = ranges.reduce((sum, range) => sum + range[1], 0)
    if (length > LARGEST_FRAME) throw new IsocenterError('too-large', `${length} bytes in one piece`)
    const bytes = takeBuffer(headroom + length)
    let at = headroom
    for (const [offset, size] of ranges) {
      await this.#files.read(place, bytes.subarray(at, at + size), offset)
      at += size
    }
    return bytes
  }

  /** A deflated object's data set, inflated (PS3.5 §A.5); bounded, and kept for the next question. */
  inflatedDataSet(object: StoredObject): Promise<Buffer> {
    return this.#inflate(object, [[object.dataSetOffset, object.dataSetLength]])
  }

  #inflate(place: Place, ranges: Array<[number, number]>): Promise<Buffer> {
    const { contentId } = place
    const known = this.#inflated.get(contentId)
    this.#inflated.delete(contentId)
    // One at a time: what is asked for at once must not grow at once.
    const wanted = known ?? this.#inflating.then(() => this.#readInflated(place, ranges))
    this.#inflated.set(contentId, wanted)
    if (!known) {
      this.#inflating = wanted.then(
        () => {},
        () => this.#inflated.delete(contentId),
      )
    }
    for (const oldest of this.#inflated.keys()) {
      if (this.#inflated.size <= INFLATED_KEPT) break
      this.#inflated.delete(oldest)
    }
    return wanted
  }

  async #readInflated(place: Place, ranges: Array<[number, number]>): Promise<Buffer> {
    const deflated = await this.ranges(place, ranges)
    try {
      // A stream cut short still gives what is there: SYNC_FLUSH.
      const maxOutputLength = inflateLimit(deflated.length, LARGEST_INFLATED)
      return await inflate(deflated, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH })
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      throw new IsocenterError(tooLarge ? 'too-large' : 'malformed', 'the deflated data set could not be inflated', {
        cause: error,
      })
    }
  }
}

/** Big to little endian, in place; a last sample that is not whole stays as it is. */
function swapped(bytes: Buffer, headroom: number, sampleBytes: number): Buffer {
  const whole = bytes.length - headroom - ((bytes.length - headroom) % sampleBytes)
  const samples = bytes.subarray(headroom, headroom + whole)
  if (sampleBytes === 2) samples.swap16()
  else if (sampleBytes === 4) samples.swap32()
  return bytes
}

/** PS3.5 §8.1.1: 1-bit frames are packed across bytes, first pixel in the least significant bit. The rest of the last byte is 0. */
function aligned(packed: Uint8Array, bitOffset: number, bits: number, headroom: number): Buffer {
  const length = Math.ceil(bits / 8)
  const bytes = Buffer.alloc(headroom + length)
  for (let i = 0; i < length; i++) {
    const pair = (packed[i] ?? 0) | ((packed[i + 1] ?? 0) << 8)
    bytes[headroom + i] = (pair >> bitOffset) & 0xff
  }
  const spare = length * 8 - bits
  if (spare > 0) bytes[headroom + length - 1]! &= 0xff >> spare
  return bytes
}
