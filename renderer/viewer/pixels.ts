import { isColour, toRGB } from '../../shared/viewing/colour.ts'
import { opensWithVOILUT, rescale, storedPadding } from '../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import {
  type DecodedFrame,
  type Range,
  type Samples,
  storedValues,
  UnshowableError,
} from '../../shared/viewing/samples.ts'
import { lookUpAll } from '../../shared/viewing/table.ts'

/** Pixels as a viewport takes them: grey values, or RGB of 8 bits. */
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
  /** The VOI LUT is already in the pixels: the window that shows them as stored is the whole range. */
  voiApplied: boolean
}

/**
 * Decoded samples as a viewport takes them. `asStored` is for the CPU renderer, whose table does the rest (displayTable.ts): the
 * stored values as they lie in memory, with slope and intercept; one pass over them finds their range. The graphics card
 * takes modality values, a VOI LUT already in them.
 */
export function displayPixels(
  frame: DecodedFrame,
  attributes: ImageAttributes,
  { asStored }: { asStored: boolean },
): DisplayPixels {
  if (isColour(frame)) {
    const valueRange = { min: 0, max: 255 }
    const pixels = toRGB(frame, attributes)
    return { pixels, components: 3, ...valueRange, slope: 1, intercept: 0, valueRange, voiApplied: false }
  }
  const { samplesPerPixel, rows, columns } = frame
  if (samplesPerPixel !== 1) throw new UnshowableError(`Images of ${samplesPerPixel} samples a pixel cannot be shown.`)
  return toGrey(frame.samples, rows * columns, attributes, asStored)
}

function toGrey(all: Samples, count: number, attributes: ImageAttributes, asStored: boolean): DisplayPixels {
  if (all.length < count) throw new UnshowableError('The decoder gave fewer pixels than the image has.')
  const stored = storedValues(
    all.length === count ? all : all.subarray(0, count),
    attributes,
    storedPadding(attributes),
  )
  let { samples, min, max } = stored
  let { slope, intercept } = rescale(attributes)
  const throughTable = (table: Parameters<typeof lookUpAll>[1], values: ArrayLike<number>) => {
    samples = lookUpAll(values, table)
    ;({ min, max } = storedValues(samples, {}))
    slope = 1
    intercept = 0
  }
  if (attributes.ModalityLUT !== undefined) throughTable(attributes.ModalityLUT, samples)
  const [voiLUT] = attributes.VOILUT ?? []
  const voiApplied = !asStored && voiLUT !== undefined && opensWithVOILUT(attributes)
  if (voiApplied) {
    throughTable(voiLUT, slope === 1 && intercept === 0 ? samples : rescaled(samples, slope, intercept))
  }
  const bounds = voiApplied || attributes.ModalityLUT !== undefined ? { min, max } : stored.withoutPadding
  const valueRange = scaled(bounds, slope, intercept)
  const grey = (
    pixels: DisplayPixels['pixels'],
    rest: Range & { slope: number; intercept: number },
  ): DisplayPixels => ({
    pixels,
    components: 1,
    valueRange,
    voiApplied,
    ...rest,
  })
  if (asStored) return grey(samples, { min, max, slope, intercept })
  const integers = !(samples instanceof Float32Array || samples instanceof Float64Array)
  const values = { ...scaled({ min, max }, slope, intercept), slope: 1, intercept: 0 }
  const whole = integers && Number.isInteger(slope) && Number.isInteger(intercept)
  const fitting = whole ? integerArray(values) : undefined
  if (fitting === undefined) return grey(rescaled(samples, slope, intercept), values)
  if (slope === 1 && intercept === 0) return grey(reinterpret(samples, fitting), values)
  const pixels = new fitting(count)
  for (let i = 0; i < count; i++) pixels[i] = samples[i]! * slope + intercept
  return grey(pixels, values)
}

function scaled({ min, max }: Range, slope: number, intercept: number): Range {
  const ends = [min * slope + intercept, max * slope + intercept] as const
  return { min: Math.min(...ends), max: Math.max(...ends) }
}

function rescaled(samples: Samples, slope: number, intercept: number): Float32Array {
  const output = new Float32Array(samples.length)
  for (let i = 0; i < output.length; i++) output[i] = samples[i]! * slope + intercept
  return output
}

type IntegerArray = typeof Int16Array | typeof Uint16Array

/** Int16 before Uint16, so that the slices of a series agree whatever their extremes: a new type costs a new texture. */
function integerArray({ min, max }: Range): IntegerArray | undefined {
  if (min >= -32768 && max <= 32767) return Int16Array
  if (min >= 0 && max <= 65535) return Uint16Array
  return undefined
}

function reinterpret(samples: Samples, target: IntegerArray): DisplayPixels['pixels'] {
  if (samples instanceof Int16Array || samples instanceof Uint16Array) {
    return new target(samples.buffer as ArrayBuffer, samples.byteOffset, samples.length)
  }
  if (samples instanceof Uint8Array) return samples
  return target.from(samples)
}
