import { type ImagePlane, imageToPatient } from './geometry.ts'
import { type PaletteName, paletteColours } from './palettes.ts'
import type { Volume } from './volume/grid.ts'

/** Stands in samples where the volume is not: the one value of 16 bits that no scanner stores for a tissue. */
export const OUTSIDE = -32_768

/** Samples of a volume as modality values, NaN where it is not. */
export function valuesOf(
  pixels: Int16Array | Float32Array,
  { slope, intercept }: Pick<Volume, 'slope' | 'intercept'>,
): Float32Array {
  const found = new Float32Array(pixels.length)
  for (let at = 0; at < found.length; at++) {
    const value = pixels[at]!
    found[at] = value === OUTSIDE ? Number.NaN : value * slope + intercept
  }
  return found
}

/** The same picture with so many times finer pixels that its longer side has at least `least`. */
export function finerPlane(plane: ImagePlane, least: number): ImagePlane {
  const { Columns, Rows, columnSpacing, rowSpacing } = plane
  const by = Math.max(1, Math.ceil(least / Math.max(Columns, Rows)))
  return {
    ...plane,
    position: imageToPatient(plane, [0.5 / by, 0.5 / by]),
    Columns: Columns * by,
    Rows: Rows * by,
    columnSpacing: columnSpacing / by,
    rowSpacing: rowSpacing / by,
  }
}

/** So far up the window a colour comes in: below, the picture underneath is seen as it is. */
const FADE = 0.2

/**
 * Values (NaN = nothing there) as colours to lay over a picture: through window and palette, RGBA. What is at the window's lower
 * end or below is not drawn at all, so that a picture without uptake is not darkened; from a fifth of the window on it has the
 * whole `opacity` (0 to 1).
 */
export function fusedColours(
  values: Float32Array,
  range: { lower: number; upper: number },
  palette: PaletteName,
  opacity: number,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * values.length)
  const colours = paletteColours(palette)
  const span = Math.max(range.upper - range.lower, Number.MIN_VALUE)
  for (let at = 0; at < values.length; at++) {
    const part = (values[at]! - range.lower) / span
    if (!(part > 0)) continue
    const colour = 3 * Math.round(255 * Math.min(1, part))
    const to = 4 * at
    rgba[to] = colours[colour]!
    rgba[to + 1] = colours[colour + 1]!
    rgba[to + 2] = colours[colour + 2]!
    rgba[to + 3] = 255 * opacity * Math.min(1, part / FADE)
  }
  return rgba
}

/** What deciding what to lay over a picture takes of a display set. */
export interface FusionCandidate {
  id: string
  Modality: string
  /** Of all its frames; '' where they differ or have none. */
  space: string
  StudyInstanceUID: string
  /** Of the frames with a place in the patient. */
  frames: number
  CorrectedImage: string[]
  SeriesNumber?: number | undefined
}

/** What is laid over anatomy, most wanted first. */
const WANTED = ['PT', 'NM', 'MR', 'CT']

/**
 * What may be laid over `base`, best first: of its frame of reference, several slices; functional pictures before anatomy, another
 * modality before the same, the same study before others, corrected for attenuation before not, then the most slices.
 */
export function fusionCandidates<T extends FusionCandidate>(base: FusionCandidate, others: readonly T[]): T[] {
  const rank = (one: FusionCandidate) => [
    one.Modality === base.Modality ? 1 : 0,
    WANTED.includes(one.Modality) ? WANTED.indexOf(one.Modality) : WANTED.length,
    one.StudyInstanceUID === base.StudyInstanceUID ? 0 : 1,
    one.Modality === 'PT' && !one.CorrectedImage.includes('ATTN') ? 1 : 0,
    -one.frames,
    one.SeriesNumber ?? Number.MAX_SAFE_INTEGER,
  ]
  return others
    .filter(one => one.id !== base.id && one.frames > 1 && one.space !== '' && one.space === base.space)
    .map(one => ({ one, rank: rank(one) }))
    .sort((a, b) => a.rank.map((part, at) => part - b.rank[at]!).find(part => part !== 0) ?? 0)
    .map(({ one }) => one)
}

/** Why nothing can be laid over `base`, in words. */
export function fusionRefusal(base: FusionCandidate, others: readonly FusionCandidate[]): string {
  if (base.space === '') return 'This picture has no place in the patient: nothing can be laid over it.'
  const volumes = others.filter(one => one.id !== base.id && one.frames > 1)
  if (volumes.length === 0) return 'There is no other series of slices here to lay over this one.'
  const functional = volumes.filter(one => one.Modality === 'PT' || one.Modality === 'NM')
  const [first = volumes[0]!] = functional
  const which = `${first.Modality}${first.SeriesNumber === undefined ? '' : ` series ${first.SeriesNumber}`}`
  if (first.space === '') return `The ${which} has no place in the patient: it cannot be laid over this picture.`
  return `The ${which} has another frame of reference: it cannot be laid over this picture.`
}
