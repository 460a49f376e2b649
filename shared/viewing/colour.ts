import { decodeBase64 } from '../base64.ts'
import { type ColourTransform, namedProfile } from './colourProfile.ts'
import { readProfile } from './icc.ts'
import type { ColourProfileBytes, ImageAttributes, LookupTable } from './image.ts'
import { type DecodedFrame, type Samples, UnshowableError } from './samples.ts'
import { tableEntries } from './table.ts'

/** The frame's pixels are colours: of three samples, or through a palette. */
export function isColour({ samplesPerPixel, PhotometricInterpretation }: DecodedFrame): boolean {
  return samplesPerPixel >= 3 || PhotometricInterpretation === 'PALETTE COLOR'
}

/**
 * Interleaved RGB of 8 bits of a colour frame, sRGB where the object says what its colours are (PS3.3 C.11.15); a view where the
 * samples are that already. Throws UnshowableError.
 */
export function toRGB(frame: DecodedFrame, attributes: ImageAttributes): Uint8Array {
  const transform = toSRGB(attributes)
  const colours = deviceColours(frame, attributes)
  return transform ? transform(colours) : colours
}

function deviceColours(frame: DecodedFrame, attributes: ImageAttributes): Uint8Array {
  const count = frame.rows * frame.columns
  if (frame.PhotometricInterpretation === 'PALETTE COLOR') {
    const palette = attributes.PaletteColorLookupTable
    if (palette === undefined) throw new UnshowableError('The palette of this colour image is missing.')
    return throughPalette(frame.samples, count, palette)
  }
  return samplesToRGB(frame, count, attributes.BitsStored ?? 8)
}

/** A manifest's profile is read once, however many frames share it. */
const transforms = new WeakMap<ColourProfileBytes, ColourTransform>()
const named = new Map<string, ColourTransform | undefined>()

/** The profile goes before the name of a colour space (C.11.15.1.2); undefined where nothing is to be done. */
function toSRGB({ ICCProfile, ColorSpace }: ImageAttributes): ColourTransform | undefined {
  if (ICCProfile === undefined) {
    if (ColorSpace === undefined) return undefined
    if (!named.has(ColorSpace)) named.set(ColorSpace, namedProfile(ColorSpace)?.transform())
    return named.get(ColorSpace)
  }
  const transform = transforms.get(ICCProfile) ?? readProfile(decodeBase64(ICCProfile.data))?.transform()
  if (transform) transforms.set(ICCProfile, transform)
  return transform
}

interface Palette {
  red: LookupTable
  green: LookupTable
  blue: LookupTable
}

/** 8-bit entries of one colour. Some writers say 16 bits and fill only eight: the values tell. */
function paletteBytes(table: LookupTable): Uint8Array {
  const entries = tableEntries(table)
  const shift = table.bits > 8 && entries.some(value => value > 255) ? table.bits - 8 : 0
  return Uint8Array.from(entries, value => value >> shift)
}

function throughPalette(samples: Samples, count: number, palette: Palette): Uint8Array {
  if (samples.length < count) throw new UnshowableError('The decoder gave fewer pixels than the image has.')
  const output = new Uint8Array(count * 3)
  for (const [channel, table] of [palette.red, palette.green, palette.blue].entries()) {
    const entries = paletteBytes(table)
    const last = entries.length - 1
    const { first } = table
    for (let i = 0; i < count; i++) {
      output[3 * i + channel] = entries[Math.max(0, Math.min(last, samples[i]! - first))]!
    }
  }
  return output
}

/**
 * PS3.3 C.7.9.1: a grey image's Supplemental Palette. Stored values from `first` on are shown in these colours (interleaved RGB, the
 * last one for all beyond), those below through the window; undefined for images without.
 */
export function supplementalColours(attributes: ImageAttributes): { first: number; colours: Uint8Array } | undefined {
  const { PaletteColorLookupTable: palette, PhotometricInterpretation, PixelPresentation = '' } = attributes
  if (palette === undefined || PhotometricInterpretation !== 'MONOCHROME2') return undefined
  if (!['COLOR', 'MIXED'].includes(PixelPresentation)) return undefined
  const { first, entries } = palette.red
  const inputs = Uint32Array.from({ length: entries }, (_, i) => i)
  const from0 = (table: LookupTable) => ({ ...table, first: 0 })
  const { red, green, blue } = palette
  const colours = throughPalette(inputs, entries, { red: from0(red), green: from0(green), blue: from0(blue) })
  return { first, colours: toSRGB(attributes)?.(colours) ?? colours }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value + 0.5
}

/** PS3.3 C.7.6.3.1.2: RGB, YBR_FULL, YBR_FULL_422, YBR_PARTIAL_422, and what decoders have already made RGB (YBR_ICT, YBR_RCT). */
function samplesToRGB(frame: DecodedFrame, count: number, BitsStored: number): Uint8Array {
  const { samples, planar, PhotometricInterpretation, samplesPerPixel } = frame
  const subsampled = PhotometricInterpretation.endsWith('_422') && samples.length < count * 3
  if (samples.length < count * (subsampled ? 2 : samplesPerPixel)) {
    throw new UnshowableError('The frame has fewer samples than pixels.')
  }
  const shift = Math.max(0, Math.min(32, BitsStored) - 8)
  const isRGB = ['RGB', 'YBR_ICT', 'YBR_RCT'].includes(PhotometricInterpretation)
  if (isRGB && !planar && shift === 0 && samplesPerPixel === 3 && samples instanceof Uint8Array) {
    return samples.subarray(0, count * 3)
  }
  if (!isRGB && !PhotometricInterpretation.startsWith('YBR_')) {
    throw new UnshowableError(`The colours of ${PhotometricInterpretation} cannot be shown.`)
  }
  const partial = PhotometricInterpretation.startsWith('YBR_PARTIAL')
  const [yScale, yOffset, cScale] = partial ? [255 / 219, 16, 255 / 224] : [1, 0, 1]
  const output = new Uint8Array(count * 3)
  const [pixelStep, sampleStep] = planar ? [1, count] : [samplesPerPixel, 1]
  for (let i = 0; i < count; i++) {
    const at = subsampled ? (i >> 1) * 4 : i * pixelStep
    const first = samples[subsampled ? at + (i & 1) : at]! >>> shift
    const second = samples[subsampled ? at + 2 : at + sampleStep]! >>> shift
    const third = samples[subsampled ? at + 3 : at + 2 * sampleStep]! >>> shift
    if (isRGB) {
      output[3 * i] = first
      output[3 * i + 1] = second
      output[3 * i + 2] = third
    } else {
      const y = (first - yOffset) * yScale
      const cb = (second - 128) * cScale
      const cr = (third - 128) * cScale
      output[3 * i] = clamp(y + 1.402 * cr)
      output[3 * i + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr)
      output[3 * i + 2] = clamp(y + 1.772 * cb)
    }
  }
  return output
}
