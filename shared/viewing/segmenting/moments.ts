/** What is kept of the values of some voxels: enough to join slices without seeing them again. */
export interface Moments {
  n: number
  mean: number
  /** Sum of the squared differences from the mean. */
  squares: number
  min: number
  max: number
}

export const NO_VALUES: Moments = {
  n: 0,
  mean: 0,
  squares: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
}

/** Two groups of values as one (Chan, Golub and LeVeque 1979). */
export function joinMoments(a: Moments, b: Moments): Moments {
  const n = a.n + b.n
  if (a.n === 0) return b
  if (b.n === 0) return a
  const off = b.mean - a.mean
  return {
    n,
    mean: a.mean + (off * b.n) / n,
    squares: a.squares + b.squares + (off ** 2 * a.n * b.n) / n,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  }
}

interface Pixels {
  pixels: ArrayLike<number>
  slope: number
  intercept: number
  /** Stored values that are no values. */
  padding?: { low: number; high: number } | undefined
}

/** The modality values of each segment of a slice; index = segment. */
export function momentsOn(labels: Uint8Array, { pixels, slope, intercept, padding }: Pixels): Map<number, Moments> {
  const found = new Map<number, Moments>()
  let [last, moments] = [0, { ...NO_VALUES }]
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    if (label === 0) continue
    if (label !== last) {
      moments = found.get(label) ?? { ...NO_VALUES }
      found.set(label, moments)
      last = label
    }
    const stored = pixels[i]
    if (stored === undefined || (padding && stored >= padding.low && stored <= padding.high)) continue
    const value = stored * slope + intercept
    moments.n++
    const off = value - moments.mean
    moments.mean += off / moments.n
    moments.squares += off * (value - moments.mean)
    if (value < moments.min) moments.min = value
    if (value > moments.max) moments.max = value
  }
  return found
}
