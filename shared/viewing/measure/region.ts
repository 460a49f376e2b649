import type { Point } from './scale.ts'

/** A frame's pixels as held in memory: a modality value is `pixels[i] * slope + intercept`. */
export interface FramePixels {
  pixels: ArrayLike<number>
  columns: number
  rows: number
  slope: number
  intercept: number
  /** Stored values, both included, that are no part of the image (PS3.3 C.7.5.1.1.2). */
  padding?: { low: number; high: number } | undefined
}

/** Of all pixels but padding; `sd` is that of the population (÷ n): the region is all there is, not a sample of something larger. */
export interface Statistics {
  n: number
  mean: number
  sd: number
  min: number
  max: number
}

export type RegionShape = 'ellipse' | 'rectangle'

/** The columns of one row, first to last (both included), whose pixel centres the region holds. */
type Spans = Array<{ row: number; from: number; to: number }>

/**
 * The pixels of a region between two opposite corners: those whose centres lie in it or on its edge, cut at the image's edge.
 */
export function regionSpans(
  shape: RegionShape,
  [a, b]: readonly [Point, Point],
  size: { columns: number; rows: number },
): Spans {
  const [left, right] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])]
  const [top, bottom] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])]
  const [cx, cy] = [(left + right) / 2, (top + bottom) / 2]
  const [rx, ry] = [(right - left) / 2, (bottom - top) / 2]
  const holds = (column: number, row: number): boolean => {
    const [x, y] = [column + 0.5, row + 0.5]
    if (shape === 'rectangle') return x >= left && x <= right && y >= top && y <= bottom
    if (rx === 0 || ry === 0) return false
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1
  }
  const spans: Spans = []
  const firstColumn = Math.max(0, Math.floor(left - 0.5))
  const lastColumn = Math.min(size.columns - 1, Math.ceil(right - 0.5))
  const lastRow = Math.min(size.rows - 1, Math.ceil(bottom - 0.5))
  for (let row = Math.max(0, Math.floor(top - 0.5)); row <= lastRow; row++) {
    // Both shapes are convex: a row of them is one run.
    let from = firstColumn
    while (from <= lastColumn && !holds(from, row)) from++
    let to = lastColumn
    while (to >= from && !holds(to, row)) to--
    if (to >= from) spans.push({ row, from, to })
  }
  return spans
}

/**
 * Of modality values, or of what `toValue` makes of stored ones (undefined = it does not count). Undefined when no pixel's centre
 * lies in the region. Two passes: the difference of large squares would lose the digits.
 */
export function regionStatistics(
  shape: RegionShape,
  corners: readonly [Point, Point],
  frame: FramePixels,
  toValue: (stored: number) => number | undefined = stored => stored * frame.slope + frame.intercept,
): Statistics | undefined {
  const { pixels, columns, padding } = frame
  const spans = regionSpans(shape, corners, frame)
  const each = (visit: (value: number) => void) => {
    for (const { row, from, to } of spans) {
      for (let i = row * columns + from; i <= row * columns + to; i++) {
        const stored = pixels[i] ?? 0
        if (padding && stored >= padding.low && stored <= padding.high) continue
        const value = toValue(stored)
        if (value !== undefined) visit(value)
      }
    }
  }
  let n = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  each(value => {
    n++
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  })
  if (n === 0) return undefined
  const mean = sum / n
  let squares = 0
  each(value => {
    squares += (value - mean) ** 2
  })
  return { n, mean, sd: Math.sqrt(squares / n), min, max }
}

/** The stored value of the pixel a point lies in; undefined outside the image. */
export function storedAt([x, y]: Point, { pixels, columns, rows }: FramePixels): number | undefined {
  const [column, row] = [Math.floor(x), Math.floor(y)]
  return column < 0 || row < 0 || column >= columns || row >= rows ? undefined : pixels[row * columns + column]
}

/** The modality value there. */
export function valueAt(point: Point, frame: FramePixels): number | undefined {
  const stored = storedAt(point, frame)
  return stored === undefined ? undefined : stored * frame.slope + frame.intercept
}
