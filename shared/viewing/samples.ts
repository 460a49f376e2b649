import type { ImageAttributes } from './image.ts'

/** Values of one frame's pixels, in the number type of their size. */
export type Samples =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

type IntegerSamples = Exclude<Samples, Float32Array | Float64Array>

/** One frame in memory: what a decoder gives, or native bytes looked at as numbers. */
export interface DecodedFrame {
  columns: number
  rows: number
  samplesPerPixel: number
  /** Plane after plane instead of pixel after pixel. */
  planar: boolean
  /** Of `samples`: decoders undo some colour transforms. */
  PhotometricInterpretation: string
  /** `rows` × `columns` × `samplesPerPixel`, or two a pixel where the chroma is shared (`YBR_…_422`). */
  samples: Samples
}

/** A sentence for the place where an image cannot be shown. */
export class UnshowableError extends Error {}

/** Throws UnshowableError when the image has no size. */
export function frameShape(attributes: ImageAttributes): {
  columns: number
  rows: number
  samplesPerPixel: number
  PhotometricInterpretation: string
} {
  const { Rows: rows = 0, Columns: columns = 0, SamplesPerPixel: samplesPerPixel = 1 } = attributes
  if (rows < 1 || columns < 1) throw new UnshowableError('The image has no rows or no columns.')
  const PhotometricInterpretation =
    attributes.PhotometricInterpretation ?? (samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2')
  return { columns, rows, samplesPerPixel, PhotometricInterpretation }
}

/**
 * Native little-endian bytes as numbers: a view of them, but for 1-bit pixels, which begin at bit `bitOffset` (PS3.5 §8.1.1),
 * and for bytes that do not lie at an address of their number type. Bits above Bits Stored are still in (see `storedValues`).
 */
export function nativeFrame(bytes: Uint8Array, attributes: ImageAttributes, bitOffset = 0): DecodedFrame {
  const shape = frameShape(attributes)
  const count = shape.rows * shape.columns
  const { samplesPerPixel, PhotometricInterpretation } = shape
  const { BitsAllocated = 16, BitsStored, PixelRepresentation } = attributes
  const subsampled = samplesPerPixel === 3 && PhotometricInterpretation.endsWith('_422')
  const least = subsampled ? count * 2 : count * samplesPerPixel
  const leastBytes = Math.ceil((bitOffset + least * BitsAllocated) / 8)
  if (bytes.length < leastBytes) {
    throw new UnshowableError(`The frame is cut short: ${bytes.length} of ${leastBytes} bytes.`)
  }
  // Many writers say 422 and send all samples; the length tells. The reverse is damage.
  const full = subsampled && bytes.length >= (count * 3 * BitsAllocated) / 8
  const length = full ? count * 3 : least
  const frame = (samples: Samples): DecodedFrame => ({
    ...shape,
    planar: attributes.PlanarConfiguration === 1 && samplesPerPixel > 1 && (!subsampled || full),
    PhotometricInterpretation: full ? PhotometricInterpretation.slice(0, -4) : PhotometricInterpretation,
    samples,
  })
  const signed = PixelRepresentation === 1
  // Node's Buffers lie anywhere in their pool; `slice` of a Buffer would not copy.
  const { buffer, byteOffset } =
    bytes.byteOffset % (BitsAllocated / 8) === 0 || BitsAllocated <= 8 ? bytes : new Uint8Array(bytes)
  switch (BitsAllocated) {
    case 1:
      return frame(unpackBits(bytes, bitOffset, length))
    case 8:
      return frame(signed ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length))
    case 16:
      return frame(signed ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length))
    case 32:
      // Float Pixel Data (7FE0,0008) has no Bits Stored (PS3.3 C.7.6.24).
      if (BitsStored === undefined) return frame(new Float32Array(buffer, byteOffset, length))
      return frame(signed ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length))
    case 64:
      if (BitsStored === undefined) return frame(new Float64Array(buffer, byteOffset, length))
  }
  throw new UnshowableError(`Samples of ${BitsAllocated} bits cannot be shown.`)
}

function unpackBits(bytes: Uint8Array, bitOffset: number, count: number): Uint8Array {
  const samples = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    const bit = bitOffset + i
    samples[i] = ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1
  }
  return samples
}

export interface Range {
  min: number
  max: number
}

interface StoredValues extends Range {
  samples: Samples
  /** Lowest and highest without padding; the whole range where there is nothing else. */
  withoutPadding: Range
}

/**
 * The stored values of grey samples and their range. What lies outside Bits Stored is cut (old scanners keep overlays there)
 * and the sign is extended (PS3.5 §8.1.1). Nearly every frame is clean, which its range tells: then there is one pass and no copy.
 */
export function storedValues(
  samples: Samples,
  attributes: ImageAttributes,
  padding?: { low: number; high: number },
): StoredValues {
  let values = samples
  let range = rangeOf(values, padding)
  if (!(samples instanceof Float32Array || samples instanceof Float64Array)) {
    const allocated = samples.BYTES_PER_ELEMENT * 8
    const { BitsStored = allocated, HighBit = BitsStored - 1, PixelRepresentation } = attributes
    const bits = BitsStored < 1 || BitsStored > allocated ? allocated : BitsStored
    const high = HighBit < bits - 1 || HighBit >= allocated ? bits - 1 : HighBit
    const signed = PixelRepresentation === 1
    const [lowest, highest] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]
    if (high !== bits - 1 || range.min < lowest || range.max > highest) {
      values = masked(samples, bits, high, signed)
      range = rangeOf(values, padding)
    }
  }
  return { samples: values, ...range }
}

function masked(samples: IntegerSamples, bits: number, high: number, signed: boolean): IntegerSamples {
  const left = 31 - high
  const right = 32 - bits
  const length = samples.length
  const size = samples.BYTES_PER_ELEMENT
  const cut = signed
    ? new (size === 1 ? Int8Array : size === 2 ? Int16Array : Int32Array)(length)
    : new (size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array)(length)
  for (let i = 0; i < length; i++) cut[i] = signed ? (samples[i]! << left) >> right : (samples[i]! << left) >>> right
  return cut
}

function rangeOf(values: Samples, padding?: { low: number; high: number }): Range & { withoutPadding: Range } {
  const isFloat = values instanceof Float32Array || values instanceof Float64Array
  const { min, max } = isFloat ? floatEnds(values) : integerEnds(values)
  // Nothing but NaN, or nothing.
  if (min > max) return { min: 0, max: 0, withoutPadding: { min: 0, max: 0 } }
  const isPadding = (value: number) => padding !== undefined && value >= padding.low && value <= padding.high
  // Where neither end is padding, what lies between them does not matter: the usual image is walked once.
  if (!isPadding(min) && !isPadding(max)) return { min, max, withoutPadding: { min, max } }
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (isPadding(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return { min, max, withoutPadding: low <= high ? { min: low, max: high } : { min, max } }
}

/** min > max where there is no value. */
function floatEnds(values: Float32Array | Float64Array): Range {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}

/** From a value on, not from infinity: compared as the integers they are. Every frame is walked so, on the page's thread. */
function integerEnds(values: IntegerSamples): Range {
  if (values.length === 0) return { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
  let min = values[0]!
  let max = min
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!
    if (value < min) min = value
    else if (value > max) max = value
  }
  return { min, max }
}
