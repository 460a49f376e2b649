import { imageToPatient, type Point3 } from '../geometry.ts'
import { pixelVolume, type Region, slabMask } from './slabs.ts'
import { fieldSampler, type ValueField } from './valueField.ts'

/** The doses in a region, by slab: of one slab every dose stands for the same volume. */
export interface DoseSample {
  parts: Array<{
    /** Ascending; Gy, or whatever the grid is in. */
    doses: Float32Array
    /** ml that one dose stands for. */
    each: number
  }>
  /** ml in the grid. */
  volume: number
  /** ml that the grid does not reach: said beside every figure, counted in none. */
  outside: number
}

/** mm: slabs thicker than this are sampled in several depths. */
const DEPTH = 1.5
/** So many places are sampled at most; of larger regions every few, evenly. */
const MOST_PLACES = 2_000_000

/** The grid's values at the middles of the region's pixels; undefined where the region has no volume. */
export function sampleDose(region: Region, field: ValueField): DoseSample | undefined {
  const slabs = region.slabs.map(slab => {
    const mask = slabMask(slab)
    let inside = 0
    for (const value of mask.data) if (value !== 0) inside++
    return { slab, mask, inside, depths: Math.ceil(slab.thickness / DEPTH) }
  })
  const places = slabs.reduce((sum, { inside, depths }) => sum + inside * depths, 0)
  if (places === 0) return undefined
  // An odd stride does not keep to columns.
  const stride = places > MOST_PLACES ? 2 * Math.ceil(places / MOST_PLACES / 2) + 1 : 1
  const at = fieldSampler(field)
  const sample: DoseSample = { parts: [], volume: 0, outside: 0 }
  for (const { slab, mask, inside, depths } of slabs) {
    const { normal } = slab.plane
    const found: number[] = []
    let taken = 0
    let seen = 0
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i] === 0 || seen++ % stride !== 0) continue
      const place = imageToPatient(slab.plane, [(i % mask.columns) + 0.5, Math.floor(i / mask.columns) + 0.5])
      for (let depth = 0; depth < depths; depth++) {
        taken++
        const along = slab.thickness * ((depth + 0.5) / depths - 0.5)
        const point: Point3 = [place[0] + normal[0] * along, place[1] + normal[1] * along, place[2] + normal[2] * along]
        const value = at(point)
        if (value !== undefined) found.push(value)
      }
    }
    if (taken === 0) continue
    const each = (inside * pixelVolume(slab)) / 1000 / taken
    sample.parts.push({ doses: Float32Array.from(found).sort(), each })
    sample.volume += each * found.length
    sample.outside += each * (taken - found.length)
  }
  return sample
}

/** ml that get at least this dose. */
export function volumeAt({ parts }: DoseSample, dose: number): number {
  return parts.reduce((sum, { doses, each }) => {
    let [low, high] = [0, doses.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (doses[middle]! < dose) low = middle + 1
      else high = middle
    }
    return sum + (doses.length - low) * each
  }, 0)
}

/** V: the part (0 to 1) of the volume that gets at least this dose. */
export function partAt(sample: DoseSample, dose: number): number {
  return sample.volume === 0 ? 0 : volumeAt(sample, dose) / sample.volume
}

export function doseRange({ parts }: DoseSample): { min: number; max: number } {
  return parts.reduce(
    ({ min, max }, { doses }) => ({
      min: Math.min(min, doses[0] ?? Number.POSITIVE_INFINITY),
      max: Math.max(max, doses.at(-1) ?? Number.NEGATIVE_INFINITY),
    }),
    { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  )
}

/** D: the greatest dose that at least this part (0 to 1) of the volume gets, to a millionth of the range. */
export function doseTo(sample: DoseSample, part: number): number {
  let { min: low, max: high } = doseRange(sample)
  if (partAt(sample, high) >= part) return high
  const close = (high - low) * 1e-6
  while (high - low > close) {
    const middle = (low + high) / 2
    // A sum of many small volumes is out in its last digits.
    if (partAt(sample, middle) >= part - 1e-9) low = middle
    else high = middle
  }
  return low
}

export function meanDose({ parts, volume }: DoseSample): number {
  const sum = parts.reduce((all, { doses, each }) => all + each * doses.reduce((some, dose) => some + dose, 0), 0)
  return sum / volume
}
