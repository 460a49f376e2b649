import type { FramePixels, Statistics } from '../measure/region.ts'
import type { Mask } from './outline.ts'

/** Without a median: that would take all the values of a volume at once. */
export type RegionFigures = Omit<Statistics, 'median'>

/** Gathers the modality values under masks, picture by picture; mean and deviation by Welford, which loses no digits to large squares. */
export class RegionValues {
  #n = 0
  #mean = 0
  #squares = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  /** The mask is of the picture's size; padding does not count. */
  add({ data }: Mask, { pixels, slope, intercept, padding }: FramePixels): void {
    for (let i = 0; i < data.length; i++) {
      if (data[i] === 0) continue
      const stored = pixels[i]
      if (stored === undefined || (padding && stored >= padding.low && stored <= padding.high)) continue
      const value = stored * slope + intercept
      this.#n++
      const off = value - this.#mean
      this.#mean += off / this.#n
      this.#squares += off * (value - this.#mean)
      if (value < this.#min) this.#min = value
      if (value > this.#max) this.#max = value
    }
  }

  /** `sd` of the population; undefined when nothing was inside. */
  get statistics(): RegionFigures | undefined {
    if (this.#n === 0) return undefined
    const sd = Math.sqrt(this.#squares / this.#n)
    return { n: this.#n, mean: this.#mean, sd, min: this.#min, max: this.#max }
  }
}
