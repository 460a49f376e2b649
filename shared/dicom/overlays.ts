import { encodeBase64 } from '../base64.ts'
import type { Overlay } from '../viewing/overlay.ts'
import type { DataSet } from './reader.ts'

/** PS3.5 §7.6: 6000 to 601E. */
const GROUPS = Array.from({ length: 16 }, (_, i) => 0x6000 + 2 * i)
/** An overlay larger than the largest detector is a lie. */
const MAX_SIDE = 32_768
const MAX_BITS = 2 ** 28

const ROWS = 0x0010
const COLUMNS = 0x0011
const FRAMES = 0x0015
const DESCRIPTION = 0x0022
const TYPE = 0x0040
const ORIGIN = 0x0050
const FRAME_ORIGIN = 0x0051
const BITS_ALLOCATED = 0x0100
const BIT_POSITION = 0x0102
const LABEL = 0x1500
const DATA = 0x3000

/** The frame's stored samples, bits outside Bits Stored still in; what overlays embedded in the pixels are read from. */
type RawSamples = ArrayLike<number>

/** The groups that hold an overlay plane (PS3.3 C.9.2). */
export function overlayGroups(dataSet: DataSet): number[] {
  return GROUPS.filter(group => dataSet.span(group * 0x1_0000 + ROWS) !== undefined)
}

/** Some plane keeps its bits unused by the pixels, in the pixel data (retired in 2004, still in archives). */
export function hasEmbeddedOverlays(dataSet: DataSet): boolean {
  return overlayGroups(dataSet).some(group => isEmbedded(dataSet, group * 0x1_0000))
}

function isEmbedded(dataSet: DataSet, base: number): boolean {
  return dataSet.span(base + DATA) === undefined && (dataSet.number(base + BITS_ALLOCATED) ?? 1) > 1
}

/**
 * The overlay planes that lie on one frame (1-based) of an image. A plane without frames of its own lies on all of them, one
 * with frames from its Image Frame Origin on (C.9.2.1.4). Impossible ones are left out.
 */
export function readOverlays(dataSet: DataSet, frame: number, raw?: RawSamples): Overlay[] {
  return overlayGroups(dataSet).flatMap(group => {
    const base = group * 0x1_0000
    const Rows = dataSet.number(base + ROWS) ?? 0
    const Columns = dataSet.number(base + COLUMNS) ?? 0
    const count = Rows * Columns
    if (Rows < 1 || Columns < 1 || Rows > MAX_SIDE || Columns > MAX_SIDE || count > MAX_BITS) return []
    const frames = dataSet.number(base + FRAMES)
    const index = frames === undefined ? 0 : frame - (dataSet.number(base + FRAME_ORIGIN) ?? 1)
    if (index < 0 || index >= (frames ?? 1)) return []
    const bits = isEmbedded(dataSet, base)
      ? raw && embeddedBits(raw, dataSet.number(base + BIT_POSITION) ?? 0, count)
      : ownBits(dataSet, base, index * count, count)
    if (bits === undefined) return []
    const [row = 1, column = 1] = dataSet.numbers(base + ORIGIN)
    return [
      {
        group,
        Rows,
        Columns,
        OverlayOrigin: [Math.trunc(row), Math.trunc(column)],
        OverlayType: dataSet.string(base + TYPE),
        OverlayLabel: dataSet.string(base + LABEL).slice(0, 64),
        OverlayDescription: dataSet.string(base + DESCRIPTION).slice(0, 64),
        bits: encodeBase64(bits),
      },
    ]
  })
}

/** One plane out of Overlay Data, aligned to its first byte. Big endian data of VR OW comes in swapped words. */
function ownBits(dataSet: DataSet, base: number, first: number, count: number): Uint8Array | undefined {
  const data = dataSet.bytes(base + DATA)
  if (data === undefined || data.length * 8 < first + 1) return undefined
  const swapped = !dataSet.encoding.littleEndian && dataSet.vr(base + DATA) === 'OW'
  const byteAt = (at: number) => data[swapped ? at ^ 1 : at] ?? 0
  const bits = new Uint8Array(Math.ceil(count / 8))
  const shift = first & 7
  for (let i = 0; i < bits.length; i++) {
    const at = (first >> 3) + i
    bits[i] = (byteAt(at) | (byteAt(at + 1) << 8)) >> shift
  }
  return bits
}

function embeddedBits(raw: RawSamples, position: number, count: number): Uint8Array | undefined {
  if (raw.length < count || position < 0 || position > 31) return undefined
  const bits = new Uint8Array(Math.ceil(count / 8))
  for (let i = 0; i < count; i++) {
    if ((raw[i]! >>> position) & 1) bits[i >> 3] = bits[i >> 3]! | (1 << (i & 7))
  }
  return bits
}
