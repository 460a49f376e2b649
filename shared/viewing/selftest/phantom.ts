import type { ImageAttributes } from '../image.ts'

/**
 * The picture the measurement self-test knows every answer of, as formulas: 128 × 96 pixels of 0.6 × 0.8 mm, whole Hounsfield units
 * that are multiples of 8, so that it can be stored signed and unsigned, in 16, 12 and 8 bits, without a rounding anywhere.
 */
export const COLUMNS = 128
export const ROWS = 96
/** Row spacing (y), column spacing (x), mm: not square, so that exchanging them shows. */
export const SPACING = { y: 0.8, x: 0.6 } as const

export type PhantomKind = 'signed' | 'unsigned' | 'inverse' | 'bytes' | 'colour'

/** Bright single pixels with nothing near them: column and row from 0. No turn or mirroring maps one on another. */
export const DOTS: ReadonlyArray<readonly [column: number, row: number]> = [
  [100, 24],
  [90, 70],
  [8, 76],
  [52, 28],
]
export const DOT_HU = 1000

/** A disc that ellipses are measured in: centre and radius in image coordinates, pixels. */
const DISC = { x: 32, y: 48, radius: 14, hu: 104 } as const
/** A checkerboard of single pixels: its mean is 0, its standard deviation its amplitude. */
const CHECKERBOARD = { left: 56, top: 40, right: 76, bottom: 60, amplitude: 504 } as const

/** The modality value of a pixel (from 0): a ramp along x above, one along y on the right, a disc, a checkerboard, a ruler, dots. */
export function hounsfieldAt(column: number, row: number): number {
  if (row < 16) return -1016 + 16 * column
  if (column >= 112) return -800 + 16 * (row - 16)
  if (row >= 88) return column >= 8 && column <= 98 && (column - 8) % 10 === 0 ? DOT_HU : 0
  if ((column + 0.5 - DISC.x) ** 2 + (row + 0.5 - DISC.y) ** 2 <= DISC.radius ** 2) return DISC.hu
  const { left, top, right, bottom, amplitude } = CHECKERBOARD
  if (column >= left && column < right && row >= top && row < bottom) {
    return (column + row) % 2 === 0 ? amplitude : -amplitude
  }
  return DOTS.some(([x, y]) => x === column && y === row) ? DOT_HU : 0
}

/** Red, green and blue of a pixel: a slope of its own in each, smooth, so that lossy coding is told from wrong. */
export function colourAt(column: number, row: number): readonly [red: number, green: number, blue: number] {
  return [20 + Math.floor(column * 1.6), 230 - 2 * row, 60 + row + Math.floor(column / 2)]
}

/** What a kind stores for a modality value, and what makes it one again. */
const STORED: Record<Exclude<PhantomKind, 'colour'>, (hounsfield: number) => number> = {
  signed: value => (value + 10) * 2,
  unsigned: value => value + 1024,
  inverse: value => value + 1024,
  bytes: value => (value + 1024) / 8,
}

/** The modality values of a kind: Hounsfield units, but for 8 bits, which have no rescale and are their own. */
export function modalityAt(kind: PhantomKind, column: number, row: number): number {
  const value = hounsfieldAt(column, row)
  return kind === 'bytes' ? STORED.bytes(value) : value
}

/** The pixels of a kind as they are stored, row by row; colours by pixel. */
export function storedPixels(kind: PhantomKind): Int16Array | Uint16Array | Uint8Array {
  const places = Array.from({ length: ROWS * COLUMNS }, (_, i) => [i % COLUMNS, Math.floor(i / COLUMNS)] as const)
  if (kind === 'colour') return Uint8Array.from(places.flatMap(([column, row]) => colourAt(column, row)))
  const values = places.map(([column, row]) => STORED[kind](hounsfieldAt(column, row)))
  if (kind === 'signed') return Int16Array.from(values)
  return kind === 'bytes' ? Uint8Array.from(values) : Uint16Array.from(values)
}

/** What the header of a kind says of its pixels, but for what the transfer syntax changes. */
export function phantomAttributes(kind: PhantomKind): ImageAttributes & { BitsAllocated: number; BitsStored: number } {
  const common = { Rows: ROWS, Columns: COLUMNS, PixelSpacing: [SPACING.y, SPACING.x] }
  const grey = { ...common, SamplesPerPixel: 1, PixelRepresentation: 0, PhotometricInterpretation: 'MONOCHROME2' }
  switch (kind) {
    case 'signed':
      return {
        ...grey,
        PixelRepresentation: 1,
        BitsAllocated: 16,
        BitsStored: 16,
        RescaleSlope: 0.5,
        RescaleIntercept: -10,
      }
    case 'unsigned':
    case 'inverse':
      return {
        ...grey,
        BitsAllocated: 16,
        BitsStored: 12,
        RescaleSlope: 1,
        RescaleIntercept: -1024,
        ...(kind === 'inverse' && { PhotometricInterpretation: 'MONOCHROME1' }),
      }
    case 'bytes':
      return { ...grey, BitsAllocated: 8, BitsStored: 8 }
    case 'colour':
      return { ...grey, BitsAllocated: 8, BitsStored: 8, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' }
  }
}

/** The window a kind is looked at through (LINEAR, PS3.3 C.11.2.1.2.1), in modality values. */
export function phantomWindow(kind: PhantomKind): { center: number; width: number } {
  return kind === 'bytes' ? { center: 128, width: 256 } : { center: 0, width: 2041 }
}
