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

/** The groups that hold an overlay plane (PS3.3 C.9.2). */
export function overlayGroups(dataSet: DataSet): number[] {
  return GROUPS.filter(group => dataSet.span(group * 0x1_0000 + ROWS) !== undefined)
}

function isEmbedded(dataSet: DataSet, base: number): boolean {
  return dataSet.span(base + DATA) === undefined && (dataSet.number(base + BITS_ALLOCATED) ?? 1) > 1
}

/**
 * The overlay planes that lie on one frame (1-based) of an image. A plane without frames of its own lies on all of them, one
 * with frames from its Image Frame Origin on (C.9.2.1.4). Impossible ones are left out; of those embedded in the pixels it is
 * told which bit is theirs.
 */
export function readOverlays(dataSet: DataSet, frame: number): Overlay[] {
  return overlayGroups(dataSet).flatMap(group => {
    const base = group * 0x1_0000
    const Rows = dataSet.number(base + ROWS) ?? 0
    const Columns = dataSet.number(base + COLUMNS) ?? 0
    const count = Rows * Columns
    if (Rows < 1 || Columns < 1 || Rows > MAX_SIDE || Columns > MAX_SIDE || count > MAX_BITS) return []
    const frames = dataSet.number(base + FRAMES)
    const index = frames === undefined ? 0 : frame - (dataSet.number(base + FRAME_ORIGIN) ?? 1)
    if (index < 0 || index >= (frames ?? 1)) return []
    const embedded = isEmbedded(dataSet, base)
    const bits = embedded ? new Uint8Array() : ownBits(dataSet, base, index * count, count)
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
        ...(embedded && { OverlayBitPosition: dataSet.number(base + BIT_POSITION) ?? 0 }),
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
