import { decodeBase64 } from '../base64.ts'

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
  /** Row by row without gaps, first bit the lowest of the first byte; base64. */
  bits: string
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
