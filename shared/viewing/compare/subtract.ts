import { type ImagePlane, parallel } from '../geometry.ts'

/** Values of the first less those of the second, both of the same grid; NaN where one has none. Throws RangeError on other sizes. */
export function difference(first: ArrayLike<number>, second: ArrayLike<number>): Float32Array<ArrayBuffer> {
  if (first.length !== second.length) throw new RangeError('The two are not of one grid.')
  const out = new Float32Array(first.length)
  for (let at = 0; at < out.length; at++) out[at] = first[at]! - second[at]!
  return out
}

/** Values as opaque greys, RGBA: `lower` and below black, `upper` and above white; what has no value (NaN) is black. */
export function greys(
  values: ArrayLike<number>,
  { lower, upper }: { lower: number; upper: number },
  inverted = false,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * values.length)
  const span = Math.max(upper - lower, Number.MIN_VALUE)
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    const part = Math.max(0, Math.min(1, (value - lower) / span))
    const grey = Number.isNaN(value) ? 0 : 255 * (inverted ? 1 - part : part)
    rgba[4 * at] = rgba[4 * at + 1] = rgba[4 * at + 2] = grey
    rgba[4 * at + 3] = 255
  }
  return rgba
}

export interface ComparedSeries {
  Modality: string
  unit: string
}

/** Why two series cannot be subtracted, in words; '' where they can. */
export function subtractionRefusal(first: ComparedSeries, second: ComparedSeries): string {
  if (first.Modality !== second.Modality) {
    return `${first.Modality} and ${second.Modality} have other values: only the same modality is subtracted.`
  }
  if (first.unit === second.unit) return ''
  const [a, b] = [first, second].map(({ unit }) => unit || 'numbers without a unit')
  return `One is in ${a}, the other in ${b}: only the same unit is subtracted.`
}

/** Tenths of a pixel: what rounding in headers makes. */
const SAME_PART = 0.1

/** Whether two planes have the same pixels in the same places. */
export function sameGrid(a: ImagePlane, b: ImagePlane): boolean {
  if (a.Rows !== b.Rows || a.Columns !== b.Columns || !parallel(a.row, b.row) || !parallel(a.column, b.column))
    return false
  const apart = Math.hypot(...a.position.map((value, axis) => value - b.position[axis]!))
  const least = Math.min(a.rowSpacing, a.columnSpacing)
  const across = Math.abs(a.columnSpacing - b.columnSpacing) * a.Columns
  const down = Math.abs(a.rowSpacing - b.rowSpacing) * a.Rows
  return apart < SAME_PART * least && across < SAME_PART * least && down < SAME_PART * least
}
