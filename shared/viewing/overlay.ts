import { decodeBase64, encodeBase64 } from '../base64.ts'
import type { Samples } from './samples.ts'

/** One overlay plane (PS3.3 C.9.2) as it lies on one frame. */
export interface Overlay {
  /** 0x6000, 0x6002, … */
  group: number
  Rows: number
  Columns: number
  /** Row and column of the image, from 1, under the plane's first bit; may lie outside the image. */
  OverlayOrigin: [row: number, column: number]
  /** G = graphics, R = region of interest. */
  OverlayType: string
  OverlayLabel: string
  OverlayDescription: string
  /** Row by row without gaps, first bit the lowest of the first byte; base64. '' where they are in the pixels. */
  bits: string
  /** Of a plane embedded in the pixels (retired in 2004, still in archives): the bit of every sample that is the plane's. */
  OverlayBitPosition?: number
}

/**
 * The same planes, all with bits of their own. `raw`: the frame's decoded samples, what lies outside of Bits Stored still in;
 * embedded planes cover their image. Those that the samples cannot have are left out.
 */
export function withEmbeddedBits(overlays: Overlay[], raw: Samples): Overlay[] {
  return overlays.flatMap(({ OverlayBitPosition: position, ...overlay }) => {
    if (position === undefined) return overlay
    const count = overlay.Rows * overlay.Columns
    if (raw.length < count || position < 0 || position >= raw.BYTES_PER_ELEMENT * 8) return []
    const bits = new Uint8Array(Math.ceil(count / 8))
    for (let i = 0; i < count; i++) {
      if ((raw[i]! >>> position) & 1) bits[i >> 3] = bits[i >> 3]! | (1 << (i & 7))
    }
    return { ...overlay, bits: encodeBase64(bits) }
  })
}

/**
 * The planes' bits over an image: one byte a pixel, 1 where any of them is set. What lies outside the image is cut off.
 */
export function overlayMask(overlays: Overlay[], rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(rows * columns)
  for (const overlay of overlays) {
    const bits = decodeBase64(overlay.bits)
    const [top, left] = [overlay.OverlayOrigin[0] - 1, overlay.OverlayOrigin[1] - 1]
    for (let row = Math.max(0, -top); row < Math.min(overlay.Rows, rows - top); row++) {
      for (let column = Math.max(0, -left); column < Math.min(overlay.Columns, columns - left); column++) {
        const bit = row * overlay.Columns + column
        if (((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) mask[(top + row) * columns + left + column] = 1
      }
    }
  }
  return mask
}
