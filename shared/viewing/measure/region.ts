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
  /** Of an even number of values, the mean of the two in the middle. */
  median: number
}

/** Ellipse and rectangle are given by two opposite corners, a polygon by all of them. */
export type RegionShape = 'ellipse' | 'rectangle' | 'polygon'

/** The columns of one row, first to last (both included), whose pixel centres the region holds. */
type Spans = Array<{ row: number; from: number; to: number }>

/**
 * The pixels of a region: those whose centres lie in it or on its edge, cut at the image's edge. In a polygon that crosses
 * itself a point is inside when a line from it to the outside crosses the outline an odd number of times.
 */
export function regionSpans(
  shape: RegionShape,
  points: readonly Point[],
  size: { columns: number; rows: number },
): Spans {
  if (shape === 'polygon') return polygonSpans(points, size)
  const [a = [0, 0], b = a] = points
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

type Run = [from: number, to: number]

function polygonSpans(points: readonly Point[], { columns, rows }: { columns: number; rows: number }): Spans {
  /** By row: where edges cross the line of its centres, and what of the edges lies on it. */
  const lines = new Map<number, { across: number[]; on: Run[] }>()
  const line = (row: number) => {
    const found = lines.get(row) ?? { across: [], on: [] }
    lines.set(row, found)
    return found
  }
  for (const [i, a] of points.entries()) {
    const b = points[(i + 1) % points.length]!
    const [upper, lower] = a[1] <= b[1] ? [a, b] : [b, a]
    const last = Math.min(rows - 1, Math.floor(lower[1] - 0.5))
    for (let row = Math.max(0, Math.ceil(upper[1] - 0.5)); row <= last; row++) {
      const y = row + 0.5
      if (upper[1] === lower[1]) {
        line(row).on.push([Math.min(a[0], b[0]), Math.max(a[0], b[0])])
        continue
      }
      const x = upper[0] + ((y - upper[1]) * (lower[0] - upper[0])) / (lower[1] - upper[1])
      line(row).on.push([x, x])
      // An edge has its upper end and not its lower one, so that a corner counts once where the outline goes through.
      if (y < lower[1]) line(row).across.push(x)
    }
  }
  const spans: Spans = []
  for (const [row, { across, on }] of [...lines].sort(([a], [b]) => a - b)) {
    across.sort((a, b) => a - b)
    const runs = [...on]
    for (let pair = 1; pair < across.length; pair += 2) runs.push([across[pair - 1]!, across[pair]!])
    for (const [from, to] of joined(runs, columns)) spans.push({ row, from, to })
  }
  return spans
}

/** The columns whose centres lie in runs along a row, none twice. */
function joined(runs: Run[], columns: number): Run[] {
  const found: Run[] = []
  const held = runs
    .map(([from, to]): Run => [Math.max(0, Math.ceil(from - 0.5)), Math.min(columns - 1, Math.floor(to - 0.5))])
    .filter(([from, to]) => from <= to)
    .sort(([a], [b]) => a - b)
  for (const [from, to] of held) {
    const last = found.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else found.push([from, to])
  }
  return found
}

/** The modality values in a region, or what `toValue` makes of stored ones (undefined = it does not count); padding is left out. */
export function regionValues(
  shape: RegionShape,
  points: readonly Point[],
  frame: FramePixels,
  toValue: (stored: number) => number | undefined = stored => stored * frame.slope + frame.intercept,
): Float64Array {
  const { pixels, columns, padding } = frame
  const spans = regionSpans(shape, points, frame)
  const values = new Float64Array(spans.reduce((sum, { from, to }) => sum + to - from + 1, 0))
  let n = 0
  for (const { row, from, to } of spans) {
    for (let i = row * columns + from; i <= row * columns + to; i++) {
      const stored = pixels[i] ?? 0
      if (padding && stored >= padding.low && stored <= padding.high) continue
      const value = toValue(stored)
      if (value !== undefined) values[n++] = value
    }
  }
  return values.subarray(0, n)
}

/** Undefined of no values. Two passes: the difference of large squares would lose the digits. `values` is left in another order. */
export function statisticsOf(values: Float64Array): Statistics | undefined {
  const n = values.length
  if (n === 0) return undefined
  const upper = ranked(values, n >> 1)
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  // What stands before the upper middle is not greater: the greatest of it is the lower middle.
  let lower = Number.NEGATIVE_INFINITY
  for (let i = 0; i < n; i++) {
    const value = values[i]!
    sum += value
    if (value < min) min = value
    if (value > max) max = value
    if (i < n >> 1 && value > lower) lower = value
  }
  const mean = sum / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2
  return { n, mean, sd: Math.sqrt(squares / n), min, max, median: n % 2 === 1 ? upper : (upper + lower) / 2 }
}

/** How often each stored value of 16 bits at most occurs; all 0 between two calls. */
const counts = new Uint32Array(0x10000)
const SIGNED = 0x8000

function isWhole(pixels: ArrayLike<number>): boolean {
  return (
    pixels instanceof Int16Array ||
    pixels instanceof Uint16Array ||
    pixels instanceof Uint8Array ||
    pixels instanceof Int8Array ||
    pixels instanceof Uint8ClampedArray
  )
}

/**
 * By counting stored values, of which there are few: 12 million pixels under a moving rectangle are one pass and no memory
 * (a tenth of the time of gathering them).
 */
function countedStatistics(
  spans: Spans,
  { pixels, columns, padding }: FramePixels,
  toValue: (stored: number) => number | undefined,
): Statistics | undefined {
  const signed = pixels instanceof Int16Array || pixels instanceof Int8Array ? SIGNED : 0
  let [least, greatest] = [counts.length, -1]
  for (const { row, from, to } of spans) {
    for (let i = row * columns + from; i <= row * columns + to; i++) {
      const at = pixels[i]! + signed
      counts[at]! += 1
      if (at < least) least = at
      if (at > greatest) greatest = at
    }
  }
  const found: Array<{ value: number; count: number }> = []
  let n = 0
  let sum = 0
  for (let at = least; at <= greatest; at++) {
    const count = counts[at]!
    counts[at] = 0
    const stored = at - signed
    if (count === 0 || (padding && stored >= padding.low && stored <= padding.high)) continue
    const value = toValue(stored)
    if (value === undefined) continue
    found.push({ value, count })
    n += count
    sum += value * count
  }
  if (n === 0) return undefined
  const mean = sum / n
  // A slope may be negative, and a table of real world values anything.
  found.sort((a, b) => a.value - b.value)
  const squares = found.reduce((all, { value, count }) => all + count * (value - mean) ** 2, 0)
  const at = (rank: number) => {
    let before = 0
    for (const { value, count } of found) {
      before += count
      if (before > rank) return value
    }
    return mean
  }
  const median = (at(n >> 1) + at((n - 1) >> 1)) / 2
  return { n, mean, sd: Math.sqrt(squares / n), min: found[0]!.value, max: found.at(-1)!.value, median }
}

/** The value at `rank` (0 = the least) by Hoare's selection: sorting a mammogram's four million takes ten times as long. */
export function ranked(values: Float64Array, rank: number): number {
  let [low, high] = [0, values.length - 1]
  while (low < high) {
    const pivot = values[(low + high) >> 1]!
    let [i, j] = [low, high]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const value = values[i]!
      values[i++] = values[j]!
      values[j--] = value
    }
    if (rank <= j) high = j
    else if (rank >= i) low = i
    else break
  }
  return values[rank] ?? Number.NaN
}

/** Of a region's values (`regionValues`); undefined when no pixel's centre lies in it. */
export function regionStatistics(
  shape: RegionShape,
  points: readonly Point[],
  frame: FramePixels,
  toValue: (stored: number) => number | undefined = stored => stored * frame.slope + frame.intercept,
): Statistics | undefined {
  return isWhole(frame.pixels)
    ? countedStatistics(regionSpans(shape, points, frame), frame, toValue)
    : statisticsOf(regionValues(shape, points, frame, toValue))
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
