import { isColour, toRGB } from '../../shared/viewing/colour.ts'
import { rescale, storedPadding } from '../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import {
  type DecodedFrame,
  type Range,
  type Samples,
  storedValues,
  UnshowableError,
} from '../../shared/viewing/samples.ts'
import { lookUpAll } from '../../shared/viewing/table.ts'

/** Pixels as a screen takes them: grey values, or RGB of 8 bits. */
export interface DisplayPixels {
  pixels: Samples
  components: 1 | 3
  min: number
  max: number
  /** What makes modality values of `pixels`, `min` and `max`; 1 and 0 where they are that already. */
  slope: number
  intercept: number
  /** Modality values of all but padding: what an image without a window is shown over. */
  valueRange: Range
}

/**
 * Decoded samples as a screen takes them: the stored values as they lie in memory, with slope and intercept, whose table does the
 * rest (displayTable.ts); one pass over them finds their range. Colours as RGB.
 */
export function displayPixels(frame: DecodedFrame, attributes: ImageAttributes): DisplayPixels {
  if (isColour(frame)) {
    const valueRange = { min: 0, max: 255 }
    return { pixels: toRGB(frame, attributes), components: 3, ...valueRange, slope: 1, intercept: 0, valueRange }
  }
  const { samplesPerPixel, rows, columns } = frame
  if (samplesPerPixel !== 1) throw new UnshowableError(`Images of ${samplesPerPixel} samples a pixel cannot be shown.`)
  return toGrey(frame.samples, rows * columns, attributes)
}

function toGrey(all: Samples, count: number, attributes: ImageAttributes): DisplayPixels {
  if (all.length < count) throw new UnshowableError('The decoder gave fewer pixels than the image has.')
  const own = all.length === count ? all : all.subarray(0, count)
  const { samples, withoutPadding, min, max } = storedValues(own, attributes, storedPadding(attributes))
  const { slope, intercept } = rescale(attributes)
  if (attributes.ModalityLUT === undefined) {
    const ends = [withoutPadding.min * slope + intercept, withoutPadding.max * slope + intercept] as const
    const valueRange = { min: Math.min(...ends), max: Math.max(...ends) }
    return { pixels: samples, components: 1, min, max, slope, intercept, valueRange }
  }
  const pixels = lookUpAll(samples, attributes.ModalityLUT)
  const { min: lowest, max: highest } = storedValues(pixels, {})
  const range = { min: lowest, max: highest }
  return { pixels, components: 1, ...range, slope, intercept, valueRange: range }
}
