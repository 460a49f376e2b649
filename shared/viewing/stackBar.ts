/** One image of a stack as its bar shows it. */
export interface BarImage {
  loaded: boolean
  seen: boolean
  /** Slices are missing before it. */
  gap: boolean
}

/** A run of the bar's rows: `of` them from `from` on. */
export interface BarRun {
  from: number
  of: number
}

/** The row in the middle of what an image has of a bar of `height` rows. */
export function rowOf(index: number, images: number, height: number): number {
  return ((index + 0.5) / Math.max(1, images)) * height
}

/** The image a row belongs to; beyond the ends, the first and the last. */
export function imageAt(row: number, images: number, height: number): number {
  return Math.max(0, Math.min(images - 1, Math.floor((row / Math.max(1, height)) * images)))
}

/**
 * The rows a bar is to be filled at: an image that shares its row with others is drawn only where all of them are so, so that
 * nothing is hidden among what is done. Rows of the gaps: where the image behind each begins.
 */
export function barRuns(
  images: number,
  height: number,
  imageOf: (index: number) => BarImage,
): { loaded: BarRun[]; seen: BarRun[]; gaps: number[] } {
  const loaded = new Uint8Array(height).fill(1)
  const seen = new Uint8Array(height).fill(1)
  const gaps: number[] = []
  for (let index = 0; index < images; index++) {
    const image = imageOf(index)
    const from = Math.floor((index / images) * height)
    const to = Math.max(from + 1, Math.floor(((index + 1) / images) * height))
    if (image.gap) gaps.push(from)
    for (let row = from; row < to && row < height; row++) {
      if (!image.loaded) loaded[row] = 0
      if (!image.seen) seen[row] = 0
    }
  }
  return {
    loaded: runsOf(images === 0 ? new Uint8Array(0) : loaded),
    seen: runsOf(images === 0 ? new Uint8Array(0) : seen),
    gaps,
  }
}

function runsOf(rows: Uint8Array): BarRun[] {
  const runs: BarRun[] = []
  for (let row = 0; row < rows.length; row++) {
    if (rows[row] === 0) continue
    const before = runs.at(-1)
    if (before !== undefined && before.from + before.of === row) before.of++
    else runs.push({ from: row, of: 1 })
  }
  return runs
}
