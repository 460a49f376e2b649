import { ranked } from './region.ts'

export interface Histogram {
  /** Where the first bin begins, and how wide each is. A bin holds its lower edge and not its upper one. */
  first: number
  width: number
  counts: number[]
}

const MOST_BINS = 64

/**
 * How often which values occur, in at most 64 bins from the least to the greatest. Of whole numbers a bin is a whole number of
 * them and begins half of one below, so that none is emptier for its width alone. Undefined of no values.
 */
export function histogramOf(values: Float64Array): Histogram | undefined {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let whole = true
  for (const value of values) {
    if (value < least) least = value
    if (value > greatest) greatest = value
    whole &&= Number.isInteger(value)
  }
  if (!Number.isFinite(least) || !Number.isFinite(greatest)) return undefined
  const range = greatest - least
  const width = whole ? Math.ceil((range + 1) / MOST_BINS) : range / MOST_BINS || 1
  const first = whole ? least - 0.5 : least
  const bins = whole ? Math.ceil((range + 1) / width) : range === 0 ? 1 : MOST_BINS
  const counts = new Array<number>(bins).fill(0)
  // The greatest value closes the last bin.
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - first) / width))]! += 1
  return { first, width, counts }
}

/** The values at 1 % and 99 % of all, by the nearest rank; undefined of none. `values` is left in another order. */
export function middleRange(values: Float64Array): { lower: number; upper: number } | undefined {
  if (values.length === 0) return undefined
  const at = (part: number) => ranked(values, Math.max(0, Math.ceil(part * values.length) - 1))
  return { lower: at(0.01), upper: at(0.99) }
}
