import type { FrameAccessKind } from '../viewing/image.ts'
import type { InstanceHeader } from './instanceHeader.ts'
import { transferSyntax } from './uids.ts'

/** One item of encapsulated pixel data, seen as the bytes pass. `offset` (of its value) counts from the data set's first byte. */
export interface Fragment {
  offset: number
  length: number
  /** Its first bytes begin a codestream: see `startsImage`. */
  startsImage: boolean
}

/** What is known of the pixel data's value besides the header. */
export interface PixelInfo {
  /** Bytes of the data set as stored (of the inflated one where it came deflated). */
  dataSetLength: number
  /** Items after the Basic Offset Table, in order. */
  fragments?: Fragment[]
  /** PS3.5 §A.4: offsets of frames' first item headers, counted from the first fragment's item header. */
  basicOffsetTable?: number[]
  /** (7FE0,0001) and (7FE0,0002), PS3.3 C.7.6.3.1.8. */
  extended?: { offsets: number[]; lengths: number[] }
}

/** [offset, length] in bytes, from the data set's first byte. */
export type FrameRange = [offset: number, length: number]

/** How to get at each frame. Plain JSON. */
export interface FramePlan {
  kind: FrameAccessKind
  /** Frames wholly present; fewer than declared when the pixel data is cut short. */
  frames: number
  /** Of the first frame; for 'inflate' in the inflated data set. */
  offset: number
  /** Bytes a frame; 0 when `ranges` says. Of 'bits' frames, the bytes they fill once aligned. */
  frameLength: number
  /** 'bits': frame n begins at bit (n - 1) * bits of the first byte (PS3.5 §8.1.1). */
  bits?: number
  /** 'swap': bytes of a sample, 2, 4 or 8. */
  sampleBytes?: number
  /** Encapsulated: the fragments of each frame, in order. */
  ranges?: FrameRange[][]
}

/**
 * How the frames of an instance are read from its stored bytes. Kind 'whole' with 0 frames: there is no frame to be had
 * (no pixels, impossible geometry, fragments that cannot be told apart).
 */
export function planFrames(header: InstanceHeader, transferSyntaxUID: string, info: PixelInfo): FramePlan {
  const syntax = transferSyntax(transferSyntaxUID)
  const { pixels } = header
  const none: FramePlan = { kind: 'whole', frames: 0, offset: pixels?.valueOffset ?? 0, frameLength: 0 }
  if (!pixels || !syntax.pixels) return none
  if (syntax.video) return { ...none, kind: 'stream' }
  // Undefined length is what encapsulation looks like; native data under an encapsulated syntax (and the reverse) exists.
  if (pixels.undefinedLength) {
    const ranges = fragmentsToFrames(
      header.NumberOfFrames,
      info.fragments ?? [],
      info.basicOffsetTable ?? [],
      info.extended,
    )
    return ranges ? { ...none, kind: 'range', frames: ranges.length, ranges } : none
  }
  return planNative(header, syntax.deflated, info, none)
}

function planNative(header: InstanceHeader, deflated: boolean, info: PixelInfo, none: FramePlan): FramePlan {
  const { pixels, attributes } = header
  const bits = frameBits(header)
  if (!pixels || bits === undefined) return none
  const available = Math.min(pixels.length, Math.max(info.dataSetLength - pixels.valueOffset, 0))
  const frames = Math.min(header.NumberOfFrames, Math.floor((available * 8) / bits))
  if (frames < 1) return none
  const offset = pixels.valueOffset
  if (attributes.BitsAllocated === 1 && !deflated) {
    return { kind: 'bits', frames, offset, frameLength: Math.ceil(bits / 8), bits }
  }
  const frameLength = Math.ceil(bits / 8)
  if (deflated) {
    return { kind: 'inflate', frames, offset, frameLength, ...(attributes.BitsAllocated === 1 ? { bits } : {}) }
  }
  const sampleBytes = swappedBytes(header)
  if (sampleBytes > 1) return { kind: 'swap', frames, offset, frameLength, sampleBytes }
  return { kind: 'range', frames, offset, frameLength }
}

/** Bits of one native frame; undefined when the geometry is impossible. */
export function frameBits({ attributes, pixels }: InstanceHeader): number | undefined {
  const { Rows = 0, Columns = 0, SamplesPerPixel = 1 } = attributes
  const allocated = pixels?.tag === 0x7fe00008 ? 32 : pixels?.tag === 0x7fe00009 ? 64 : (attributes.BitsAllocated ?? 0)
  if (!isCount(Rows, 65_535) || !isCount(Columns, 65_535) || !isCount(SamplesPerPixel, 4)) return undefined
  if (allocated !== 1 && allocated % 8 !== 0) return undefined
  if (!isCount(allocated, 64)) return undefined
  // PS3.3 C.7.6.3.1.2: YBR_FULL_422 has two samples of chrominance for two pixels.
  const samples = attributes.PhotometricInterpretation === 'YBR_FULL_422' && SamplesPerPixel === 3 ? 2 : SamplesPerPixel
  return Rows * Columns * samples * allocated
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most
}

/** Big endian data: bytes per sample to swap, also where 8-bit samples were written as OW words (PS3.5 §8.1.1, annex A.3). */
function swappedBytes(header: InstanceHeader): number {
  if (header.encoding.littleEndian) return 1
  const allocated = header.pixels?.tag === 0x7fe00008 ? 32 : (header.attributes.BitsAllocated ?? 8)
  if (allocated > 8) return allocated / 8
  return header.pixels?.vr === 'OW' ? 2 : 1
}

/** True when bytes (5 are enough) begin a codestream: JPEG and JPEG-LS SOI, JPEG 2000 and HTJ2K SOC, their file formats, JPEG XL, RLE. */
export function startsImage(firstBytes: Uint8Array): boolean {
  const [a, b, c, d] = firstBytes
  if (a === 0xff) return (b === 0xd8 && c === 0xff) || (b === 0x4f && c === 0xff) || b === 0x0a
  // PS3.5 §G.5: 1 to 15 segments, the first of which begins behind the header of 64 bytes.
  if (a !== undefined && a >= 1 && a <= 15 && !b && !c && !d) return firstBytes[4] === 64
  // JP2 and JPEG XL containers: a first box of 12 bytes.
  return a === 0 && b === 0 && c === 0 && d === 12 && (firstBytes[4] === 0x6a || firstBytes[4] === 0x4a)
}

/**
 * Which fragments make up which frame (PS3.5 §A.4). Offset tables are hints: they are believed only where they agree with
 * the fragments that were walked. Null when the fragments cannot be told apart.
 */
export function fragmentsToFrames(
  NumberOfFrames: number,
  fragments: Fragment[],
  basicOffsetTable: number[],
  extended?: { offsets: number[]; lengths: number[] },
): FrameRange[][] | null {
  if (fragments.length === 0) return null
  if (NumberOfFrames === 1) return [fragments.map(rangeOf)]
  if (fragments.length === NumberOfFrames) return fragments.map(fragment => [rangeOf(fragment)])
  return (
    byTable(NumberOfFrames, fragments, extended?.offsets ?? []) ??
    byTable(NumberOfFrames, fragments, basicOffsetTable) ??
    byCodestreams(NumberOfFrames, fragments) ??
    // Cut off or overstated: each fragment is one frame as far as they go, when each begins a codestream.
    (fragments.length < NumberOfFrames && fragments.every(fragment => fragment.startsImage)
      ? fragments.map(fragment => [rangeOf(fragment)])
      : null)
  )
}

const rangeOf = ({ offset, length }: Fragment): FrameRange => [offset, length]

const ITEM_HEADER_BYTES = 8

function byTable(frames: number, fragments: Fragment[], table: number[]): FrameRange[][] | null {
  const origin = (fragments[0]?.offset ?? 0) - ITEM_HEADER_BYTES
  if (table.length !== frames || table[0] !== 0) return null
  const indexByOffset = new Map(
    fragments.map((fragment, index) => [fragment.offset - ITEM_HEADER_BYTES - origin, index]),
  )
  const starts: number[] = []
  for (const offset of table) {
    const index = indexByOffset.get(offset)
    if (index === undefined || index <= (starts.at(-1) ?? -1)) return null
    starts.push(index)
  }
  return cut(fragments, starts)
}

function byCodestreams(frames: number, fragments: Fragment[]): FrameRange[][] | null {
  const starts = fragments.flatMap((fragment, index) => (fragment.startsImage ? [index] : []))
  return starts.length === frames && starts[0] === 0 ? cut(fragments, starts) : null
}

function cut(fragments: Fragment[], starts: number[]): FrameRange[][] {
  return starts.map((start, frame) => fragments.slice(start, starts[frame + 1] ?? fragments.length).map(rangeOf))
}
