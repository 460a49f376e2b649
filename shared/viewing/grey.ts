import type { ImageAttributes } from './image.ts'
import type { Samples } from './samples.ts'
import { lookUp } from './table.ts'

/**
 * The one grey chain of the house (PS3.3 C.11, PS3.4 N.2): stored value → modality LUT or rescale → VOI (window or table) →
 * inverted for MONOCHROME1 → P-value of 8 bits. Thumbnails and viewer use it alike.
 *
 * Of windows and VOI LUTs either may be applied, never both (C.11.2.1.1). The first stored window goes before the table, as
 * in Weasis and Horos: it is what a reader's drag goes on from. The table comes in where there is no usable window.
 */

export interface Window {
  center: number
  width: number
}

/** The first window of the image that has a width. */
export function storedWindow({ WindowCenter, WindowWidth }: ImageAttributes): Window | undefined {
  const index = WindowWidth?.findIndex(width => width > 0) ?? -1
  const [center, width] = [WindowCenter?.[index], WindowWidth?.[index]]
  return center !== undefined && width !== undefined ? { center, width } : undefined
}

/** The image opens with its VOI LUT: it has one and no window. */
export function opensWithVOILUT(attributes: ImageAttributes): boolean {
  return attributes.VOILUT !== undefined && storedWindow(attributes) === undefined
}

/** The first window the image brings, else the full range of its modality values from `min` to `max`. */
export function defaultWindow(attributes: ImageAttributes, min: number, max: number): Window {
  const stored = storedWindow(attributes)
  if (stored) return stored
  const exact = attributes.VOILUTFunction === 'LINEAR_EXACT' || attributes.VOILUTFunction === 'SIGMOID'
  // C.11.2.1.2.1: LINEAR shows c - 0.5 - (w-1)/2 as black and c - 0.5 + (w-1)/2 as white.
  if (exact) return { center: (min + max) / 2, width: Math.max(max - min, Number.EPSILON) }
  return { center: (min + max + 1) / 2, width: Math.max(max - min + 1, 1) }
}

/** Stored value → modality value: the table, or slope and intercept (C.11.1.1); a slope of 0 is none. */
function modalityFunction(attributes: ImageAttributes): (stored: number) => number {
  if (attributes.ModalityLUT) return lookUp(attributes.ModalityLUT)
  const { slope, intercept } = rescale(attributes)
  return stored => stored * slope + intercept
}

/** Slope and intercept as they are applied; 1 and 0 where a modality LUT stands in their place. */
export function rescale({ ModalityLUT, RescaleSlope, RescaleIntercept = 0 }: ImageAttributes): {
  slope: number
  intercept: number
} {
  return ModalityLUT ? { slope: 1, intercept: 0 } : { slope: RescaleSlope || 1, intercept: RescaleIntercept }
}

/** The stored values that only fill the image up to its rectangle (C.7.5.1.1.2), lowest and highest; undefined when none are named. */
export function storedPadding({
  PixelPaddingValue: value,
  PixelPaddingRangeLimit: limit = value,
}: ImageAttributes): { low: number; high: number } | undefined {
  if (value === undefined || limit === undefined) return undefined
  return { low: Math.min(value, limit), high: Math.max(value, limit) }
}

/** Padding in modality values; undefined behind a modality LUT, whose outputs do not tell their inputs. */
function modalityPadding(attributes: ImageAttributes): { low: number; high: number } | undefined {
  const padding = storedPadding(attributes)
  if (!padding || attributes.ModalityLUT) return undefined
  const { slope, intercept } = rescale(attributes)
  const [one, other] = [padding.low * slope + intercept, padding.high * slope + intercept]
  // Half a stored value to each side, so that rounding in the pixels or between table entries does not lose it.
  const half = Math.abs(slope) / 2
  return { low: Math.min(one, other) - half, high: Math.max(one, other) + half }
}

/**
 * Modality value → display value, 0 (black) to 255 (white), not rounded. `window` is the reader's; undefined = as the image
 * opens: its first window, else its VOI LUT, else the whole of `range` (modality values, padding left out).
 */
export function voiFunction(
  attributes: ImageAttributes,
  window: Window | undefined,
  range: { min: number; max: number },
): (value: number) => number {
  const voi = voiOf(attributes, window, range)
  return attributes.PhotometricInterpretation === 'MONOCHROME1' ? value => 255 - voi(value) : voi
}

function voiOf(
  attributes: ImageAttributes,
  window: Window | undefined,
  { min, max }: { min: number; max: number },
): (value: number) => number {
  const [table] = attributes.VOILUT ?? []
  if (table && !window && opensWithVOILUT(attributes)) {
    const value = lookUp(table)
    const toWhite = 255 / (2 ** table.bits - 1)
    return input => Math.min(value(input) * toWhite, 255)
  }
  const { center: c, width: w } = window ?? defaultWindow(attributes, min, max)
  // A width below 1 is no LINEAR one (C.11.2.1.2.1); files of small real values have them and mean the exact function.
  const kind = attributes.VOILUTFunction
  switch (kind !== 'SIGMOID' && w < 1 ? 'LINEAR_EXACT' : kind) {
    case 'SIGMOID':
      return x => 255 / (1 + Math.exp((-4 * (x - c)) / w))
    case 'LINEAR_EXACT':
      return x => (x <= c - w / 2 ? 0 : x > c + w / 2 ? 255 : ((x - c) / w + 0.5) * 255)
    default:
      return x => {
        if (x <= c - 0.5 - (w - 1) / 2) return 0
        if (x > c - 0.5 + (w - 1) / 2) return 255
        return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
      }
  }
}

interface GreyTableOptions {
  attributes: ImageAttributes
  /** The reader's window in modality values; undefined = as the image opens (see `voiFunction`). */
  window: Window | undefined
  /** The pixels' values the table covers, both included. */
  min: number
  max: number
  /** What makes a modality value of a pixel's; 1 and 0 where the pixels are modality values already. */
  slope: number
  intercept: number
  /** Entries a unit of the pixels' values; 1 unless values between them are looked up. */
  steps?: number
  /** Modality values without padding, for images that bring neither window nor table; all of the table's by default. */
  range?: { min: number; max: number }
  /** The reader's inversion, after the image's own. */
  invert?: boolean
}

/** Grey of 8 bits for the values min, min + 1 / steps, … max. Padding is black, inverted or not. */
export function greyTable(options: GreyTableOptions): Uint8Array<ArrayBuffer> {
  const { attributes, window, min, max, slope, intercept, steps = 1, invert = false } = options
  const ends = [min * slope + intercept, max * slope + intercept]
  const range = options.range ?? { min: Math.min(...ends), max: Math.max(...ends) }
  const toGrey = voiFunction(attributes, window, range)
  const padding = modalityPadding(attributes)
  const table = new Uint8Array(Math.floor((max - min) * steps) + 1)
  for (let i = 0; i < table.length; i++) {
    const value = (min + i / steps) * slope + intercept
    if (padding && value > padding.low && value < padding.high) continue
    const grey = Math.round(toGrey(value))
    table[i] = invert ? 255 - grey : grey
  }
  return table
}

/** Stored values → greys of 8 bits as the image opens, or in `window`. For pictures that are drawn once: thumbnails, tests. */
export function toDisplay(stored: Samples, attributes: ImageAttributes, window?: Window): Uint8Array<ArrayBuffer> {
  const modality = modalityFunction(attributes)
  const padding = storedPadding(attributes)
  const isPadding = (value: number) => padding !== undefined && value >= padding.low && value <= padding.high
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of stored) {
    if (isPadding(value)) continue
    const modalityValue = modality(value)
    if (modalityValue < min) min = modalityValue
    if (modalityValue > max) max = modalityValue
  }
  const toGrey = voiFunction(attributes, window, min <= max ? { min, max } : { min: 0, max: 1 })
  const display = new Uint8Array(stored.length)
  for (const [i, value] of stored.entries()) if (!isPadding(value)) display[i] = Math.round(toGrey(modality(value)))
  return display
}
