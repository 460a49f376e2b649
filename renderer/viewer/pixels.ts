import type { ImageAttributes, LookupTable } from '../../shared/viewing/image.ts'

/** Pixels as a viewport takes them: grey values in modality units, or RGB of 8 bits. */
export interface DisplayPixels {
  pixels: Uint8Array | Int16Array | Uint16Array | Float32Array
  components: 1 | 3
  min: number
  max: number
  /** Still to be applied to `pixels` (only where the renderer can show integers alone); otherwise 1 and 0. */
  slope: number
  intercept: number
  /** The VOI LUT is already in the pixels: the window that shows them as stored is the whole range. */
  voiApplied: boolean
}

type Samples =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

/** Samples of one frame, interleaved unless `planar`. */
export interface DecodedFrame {
  samples: Samples
  planar: boolean
  PhotometricInterpretation: string
}

/** A sentence for the tile that cannot show its image. */
export class UnshowableError extends Error {}

function geometry(attributes: ImageAttributes): { count: number; samplesPerPixel: number } {
  const { Rows = 0, Columns = 0, SamplesPerPixel = 1 } = attributes
  if (Rows < 1 || Columns < 1) throw new UnshowableError('The image has no rows or no columns.')
  return { count: Rows * Columns, samplesPerPixel: SamplesPerPixel }
}

/** Native (uncompressed, little endian, 1-bit frames byte-aligned) bytes as samples; a view where nothing must change (PS3.5 §8.1.1). */
export function nativeSamples(bytes: Uint8Array<ArrayBuffer>, attributes: ImageAttributes): DecodedFrame {
  const { count, samplesPerPixel } = geometry(attributes)
  const photometric = attributes.PhotometricInterpretation ?? (samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2')
  const BitsAllocated = attributes.BitsAllocated ?? 16
  const subsampled = photometric === 'YBR_FULL_422' || photometric === 'YBR_PARTIAL_422'
  const wanted = subsampled ? count * 2 : count * samplesPerPixel
  const wantedBytes = Math.ceil((wanted * BitsAllocated) / 8)
  if (bytes.length < wantedBytes) {
    // Many writers say 422 and send all samples; the length tells. The reverse is damage.
    throw new UnshowableError(`The frame is cut short: ${bytes.length} of ${wantedBytes} bytes.`)
  }
  const full = subsampled && bytes.length >= count * 3
  const frame = (samples: Samples): DecodedFrame => ({
    samples,
    planar: attributes.PlanarConfiguration === 1 && samplesPerPixel === 3,
    PhotometricInterpretation: full ? 'YBR_FULL' : photometric,
  })
  const length = full ? count * 3 : wanted
  const signed = attributes.PixelRepresentation === 1
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const { buffer, byteOffset } = aligned
  switch (BitsAllocated) {
    case 1:
      return frame(unpackBits(bytes, wanted))
    case 8:
      return frame(
        maskUnused(signed ? new Int8Array(buffer, byteOffset, length) : aligned.subarray(0, length), attributes),
      )
    case 16:
      return frame(
        maskUnused(
          signed ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length),
          attributes,
        ),
      )
    case 32:
      // Float Pixel Data (7FE0,0008) has no Bits Stored (PS3.3 C.7.6.24).
      if (attributes.BitsStored === undefined) return frame(new Float32Array(buffer, byteOffset, length))
      return frame(
        maskUnused(
          signed ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length),
          attributes,
        ),
      )
    case 64:
      if (attributes.BitsStored === undefined) return frame(new Float64Array(buffer, byteOffset, length))
  }
  throw new UnshowableError(`Samples of ${BitsAllocated} bits cannot be shown.`)
}

function unpackBits(bytes: Uint8Array, count: number): Uint8Array {
  const samples = new Uint8Array(count)
  for (let i = 0; i < count; i++) samples[i] = (bytes[i >> 3]! >> (i & 7)) & 1
  return samples
}

type IntegerSamples = Exclude<Samples, Float32Array | Float64Array>

/** Cuts what lies outside Bits Stored (old files keep overlays there) and extends the sign. */
function maskUnused(samples: IntegerSamples, attributes: ImageAttributes): IntegerSamples {
  const allocated = samples.BYTES_PER_ELEMENT * 8
  const { BitsStored = allocated } = attributes
  if (BitsStored >= allocated || BitsStored < 1) return samples
  const HighBit = Math.min(attributes.HighBit ?? BitsStored - 1, allocated - 1)
  const left = 32 - (HighBit + 1)
  const right = 32 - BitsStored
  const signed = attributes.PixelRepresentation === 1
  // One pass that only looks: nearly every file is clean, and then the bytes stay in place.
  let clean = true
  for (let i = 0; i < samples.length && clean; i++) {
    const value = samples[i]!
    clean = (signed ? (value << left) >> right : (value << left) >>> right) === value
  }
  if (clean) return samples
  const masked = samples.slice()
  for (let i = 0; i < masked.length; i++) {
    const value = masked[i]!
    masked[i] = signed ? (value << left) >> right : (value << left) >>> right
  }
  return masked
}

/** A lookup table's entries, ready for indexing. 8-bit tables in 16-bit words are read as such. */
export function readLookupTable(table: LookupTable): Uint16Array {
  const binary = atob(table.data)
  const entries = new Uint16Array(Math.min(table.entries, binary.length >> 1))
  for (let i = 0; i < entries.length; i++) entries[i] = binary.charCodeAt(2 * i) | (binary.charCodeAt(2 * i + 1) << 8)
  return entries
}

/** Applies a LUT (PS3.3 C.11.1.1.1): inputs before the first entry take the first value, those past the last the last. */
function applyLookupTable(samples: ArrayLike<number>, table: LookupTable): Uint16Array {
  const entries = readLookupTable(table)
  const last = entries.length - 1
  const output = new Uint16Array(samples.length)
  for (let i = 0; i < output.length; i++) {
    output[i] = entries[Math.max(0, Math.min(last, Math.round(samples[i]! - table.first)))] ?? 0
  }
  return output
}

function range(values: ArrayLike<number>): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return min <= max ? { min, max } : { min: 0, max: 0 }
}

/**
 * Decoded samples as a viewport takes them. `integersOnly` is for the CPU renderer, whose lookup table is indexed by
 * the pixel: there a rescale that leaves the integers stays as slope and intercept.
 */
export function displayPixels(
  frame: DecodedFrame,
  attributes: ImageAttributes,
  { integersOnly }: { integersOnly: boolean },
): DisplayPixels {
  const { count, samplesPerPixel } = geometry(attributes)
  if (samplesPerPixel === 3) {
    return { pixels: toRGB(frame, count, attributes.BitsStored ?? 8), components: 3, ...RGB }
  }
  if (frame.PhotometricInterpretation === 'PALETTE COLOR') {
    return { pixels: paletteToRGB(frame.samples, count, attributes), components: 3, ...RGB }
  }
  if (samplesPerPixel !== 1) throw new UnshowableError(`Images of ${samplesPerPixel} samples a pixel cannot be shown.`)
  return toGrey(frame.samples, count, attributes, integersOnly)
}

const RGB = { min: 0, max: 255, slope: 1, intercept: 0, voiApplied: false }

function toGrey(all: Samples, count: number, attributes: ImageAttributes, integersOnly: boolean): DisplayPixels {
  let samples: Samples = all.length === count ? all : all.subarray(0, count)
  if (samples.length < count) throw new UnshowableError('The decoder gave fewer pixels than the image has.')
  let { RescaleSlope: slope = 1, RescaleIntercept: intercept = 0 } = attributes
  if (slope === 0) slope = 1
  if (attributes.ModalityLUT !== undefined) {
    samples = applyLookupTable(samples, attributes.ModalityLUT)
    slope = 1
    intercept = 0
  }
  const voiLUT = attributes.VOILUT?.[0]
  const voiApplied = voiLUT !== undefined && (attributes.WindowCenter?.length ?? 0) === 0
  if (voiApplied) {
    samples = applyLookupTable(slope === 1 && intercept === 0 ? samples : rescaled(samples, slope, intercept), voiLUT)
    slope = 1
    intercept = 0
  }
  const stored = range(samples)
  const whole = Number.isInteger(slope) && Number.isInteger(intercept) && isIntegers(samples)
  const ends = [stored.min * slope + intercept, stored.max * slope + intercept]
  const [min, max] = [Math.min(...ends), Math.max(...ends)]
  const grey = (pixels: DisplayPixels['pixels'], rest?: Partial<DisplayPixels>): DisplayPixels => ({
    pixels,
    components: 1,
    min,
    max,
    slope: 1,
    intercept: 0,
    voiApplied,
    ...rest,
  })
  const fitting = whole ? integerArray(min, max) : undefined
  if (fitting !== undefined) {
    if (slope === 1 && intercept === 0) return grey(reinterpret(samples, fitting))
    const pixels = new fitting(count)
    for (let i = 0; i < count; i++) pixels[i] = samples[i]! * slope + intercept
    return grey(pixels)
  }
  if (!integersOnly) return grey(rescaled(samples, slope, intercept))
  const storedArray = isIntegers(samples) ? integerArray(stored.min, stored.max) : undefined
  if (storedArray !== undefined) return grey(reinterpret(samples, storedArray), { ...stored, slope, intercept })
  // 16 bits of the range are more than the 8 that are shown.
  const step = (stored.max - stored.min) / 65535 || 1
  const pixels = new Uint16Array(count)
  for (let i = 0; i < count; i++) pixels[i] = Math.round((samples[i]! - stored.min) / step)
  return grey(pixels, { min: 0, max: 65535, slope: step * slope, intercept: stored.min * slope + intercept })
}

function isIntegers(samples: Samples): boolean {
  return !(samples instanceof Float32Array || samples instanceof Float64Array)
}

function rescaled(samples: Samples, slope: number, intercept: number): Float32Array {
  const output = new Float32Array(samples.length)
  for (let i = 0; i < output.length; i++) output[i] = samples[i]! * slope + intercept
  return output
}

type IntegerArray = typeof Uint8Array | typeof Int16Array | typeof Uint16Array

/** Int16 before Uint16, so that the slices of a series agree whatever their extremes: a new type costs a new texture. */
function integerArray(min: number, max: number): IntegerArray | undefined {
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

function paletteToRGB(samples: Samples, count: number, attributes: ImageAttributes): Uint8Array {
  const palette = attributes.PaletteColorLookupTable
  if (palette === undefined) throw new UnshowableError('The palette of this colour image is missing.')
  const output = new Uint8Array(count * 3)
  const channels = [palette.red, palette.green, palette.blue]
  for (const [channel, table] of channels.entries()) {
    const entries = readLookupTable(table)
    const last = entries.length - 1
    // Some writers say 16 bits and fill only eight: the values tell.
    const shift = table.bits > 8 && entries.some(value => value > 255) ? 8 : 0
    for (let i = 0; i < count; i++) {
      output[3 * i + channel] = entries[Math.max(0, Math.min(last, samples[i]! - table.first))]! >> shift
    }
  }
  return output
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value + 0.5
}

/** PS3.3 C.7.6.3.1.2: RGB, YBR_FULL, YBR_FULL_422, YBR_PARTIAL_422, and what decoders have already made RGB (YBR_ICT, YBR_RCT). */
function toRGB(frame: DecodedFrame, count: number, BitsStored: number): Uint8Array {
  const { samples, planar, PhotometricInterpretation } = frame
  const subsampled = /_422$/.test(PhotometricInterpretation) && samples.length < count * 3
  if (!subsampled && samples.length < count * 3) throw new UnshowableError('The frame has fewer samples than pixels.')
  const shift = Math.max(0, Math.min(32, BitsStored) - 8)
  const isRGB = ['RGB', 'YBR_ICT', 'YBR_RCT'].includes(PhotometricInterpretation)
  if (isRGB && !planar && shift === 0 && samples instanceof Uint8Array) return samples.subarray(0, count * 3)
  if (!isRGB && !PhotometricInterpretation.startsWith('YBR_')) {
    throw new UnshowableError(`The colours of ${PhotometricInterpretation} cannot be shown.`)
  }
  const partial = PhotometricInterpretation.startsWith('YBR_PARTIAL')
  const [yScale, yOffset, cScale] = partial ? [255 / 219, 16, 255 / 224] : [1, 0, 1]
  const output = new Uint8Array(count * 3)
  const [pixelStep, sampleStep] = planar ? [1, count] : [3, 1]
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
