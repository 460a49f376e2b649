import type { LabelGrid } from './labels.ts'

/** Modality values of a slice: stored values with what makes values of them. */
export interface SliceValues {
  pixels: ArrayLike<number>
  slope: number
  intercept: number
}

export interface ValueRange {
  lower: number
  upper: number
}

/** The values about a point: mean ± 2.5 SD of the pixels within `reach` of it, and never less than what it has itself. */
export function rangeAbout(
  { pixels, slope, intercept }: SliceValues,
  columns: number,
  [x, y]: readonly [number, number],
  reach = 3,
): ValueRange | undefined {
  const rows = pixels.length / columns
  const values: number[] = []
  for (let row = Math.max(0, y - reach); row <= Math.min(rows - 1, y + reach); row++) {
    for (let column = Math.max(0, x - reach); column <= Math.min(columns - 1, x + reach); column++) {
      if (Math.hypot(column - x, row - y) > reach) continue
      values.push(pixels[row * columns + column]! * slope + intercept)
    }
  }
  if (!(x >= 0 && y >= 0 && x < columns && y < rows)) return undefined
  const own = pixels[y * columns + x]! * slope + intercept
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  return { lower: Math.min(own, mean - 2.5 * sd), upper: Math.max(own, mean + 2.5 * sd) }
}

/** Whether a pixel of a slice has a value in the range; by its index. */
export function inRange(
  { pixels, slope, intercept }: SliceValues,
  { lower, upper }: ValueRange,
): (at: number) => boolean {
  return at => {
    const value = pixels[at]! * slope + intercept
    return value >= lower && value <= upper
  }
}

export interface Growth {
  /** By slice: 1 where it has grown to. */
  masks: Map<number, Uint8Array>
  voxels: number
}

export interface GrowthHost {
  /** Whether a pixel may be grown into; undefined where the slice cannot be had: it stops there. */
  accepts(slice: number): Promise<((at: number) => boolean) | undefined>
  /** After each slice; rejects where it is given up. */
  breathe(voxels: number): Promise<void>
}

/**
 * Everything that hangs together with a voxel (by faces), slice by slice. Undefined where it would be more than `most` voxels:
 * then the range fits more than what was meant.
 */
export async function grow(
  { columns, rows, slices }: Pick<LabelGrid, 'columns' | 'rows' | 'slices'>,
  seed: { slice: number; at: number },
  through: boolean,
  most: number,
  host: GrowthHost,
): Promise<Growth | undefined> {
  const masks = new Map<number, Uint8Array>()
  const accepted = new Map<number, ((at: number) => boolean) | undefined>()
  const waiting = new Map<number, number[]>([[seed.slice, [seed.at]]])
  let voxels = 0
  for (;;) {
    const next = waiting.entries().next()
    if (next.done) return { masks, voxels }
    const [slice, seeds] = next.value
    waiting.delete(slice)
    if (!accepted.has(slice)) accepted.set(slice, await host.accepts(slice))
    const accepts = accepted.get(slice)
    if (accepts === undefined) continue
    let mask = masks.get(slice)
    if (mask === undefined) {
      mask = new Uint8Array(columns * rows)
      masks.set(slice, mask)
    }
    const grown = flood(mask, columns, rows, seeds, accepts)
    voxels += grown.length
    if (voxels > most) return undefined
    if (through && grown.length > 0) {
      for (const other of [slice - 1, slice + 1]) {
        if (other < 0 || other >= slices) continue
        const there = masks.get(other)
        const fresh = there === undefined ? grown : grown.filter(at => there[at] === 0)
        if (fresh.length === 0) continue
        const already = waiting.get(other)
        waiting.set(other, already === undefined ? fresh : already.concat(fresh))
      }
    }
    await host.breathe(voxels)
  }
}

/** Fills `mask` from the seeds on and returns what is new in it. */
function flood(
  mask: Uint8Array,
  columns: number,
  rows: number,
  seeds: readonly number[],
  accepts: (at: number) => boolean,
): number[] {
  const grown: number[] = []
  const stack: number[] = []
  const visit = (at: number) => {
    if (mask[at] !== 0 || !accepts(at)) return
    mask[at] = 1
    grown.push(at)
    stack.push(at)
  }
  for (const seed of seeds) {
    visit(seed)
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const column = at % columns
      if (column > 0) visit(at - 1)
      if (column < columns - 1) visit(at + 1)
      if (at >= columns) visit(at - columns)
      if (at < columns * (rows - 1)) visit(at + columns)
    }
  }
  return grown
}
