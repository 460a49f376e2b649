import { inflateRawSync } from 'node:zlib'
import { TS } from '../../../../shared/dicom/uids.ts'
import type { ImageAttributes } from '../../../../shared/viewing/image.ts'
import { codecFor } from './codecs.ts'
import { decodeRLE } from './rle.ts'

export type SampleValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

/** A frame in memory: stored values (masked to BitsStored, sign extended), samples interleaved. */
export interface DecodedFrame {
  columns: number
  rows: number
  samples: number
  PhotometricInterpretation: string
  values: SampleValues
}

/** One frame's bytes and what must be known to read them. */
export interface EncodedFrame {
  bytes: Uint8Array
  TransferSyntaxUID: string
  attributes: ImageAttributes
  /** (7FE0,0008) holds floats, (7FE0,0009) doubles. */
  pixelTag: number
  /** Encapsulated pixel data; false also where native pixels travel under an encapsulated syntax. */
  encapsulated: boolean
  /** 1-bit pixels: the frame begins at this bit of the first byte. */
  bitOffset: number
}

const FLOAT_PIXEL_DATA = 0x7fe00008
const DOUBLE_PIXEL_DATA = 0x7fe00009
/** A frame that decodes to more than this is left to the viewer. */
const MAX_DECODED_BYTES = 256 * 2 ** 20

/**
 * Decodes one frame; undefined where this room has no decoder for it or it is larger than a thumbnail is worth. Throws, with a
 * reason in words, when the bytes are not what the header says.
 */
export async function decodeFrame(frame: EncodedFrame): Promise<DecodedFrame | undefined> {
  const { attributes, bytes, TransferSyntaxUID, encapsulated } = frame
  const { Rows: rows = 0, Columns: columns = 0, SamplesPerPixel: samples = 1, BitsAllocated = 8 } = attributes
  if (rows * columns * samples * Math.ceil(BitsAllocated / 8) > MAX_DECODED_BYTES) return undefined
  const native = (raw: Uint8Array) => readNative(raw, frame, { rows, columns, samples })
  if (!encapsulated || TransferSyntaxUID === TS.EncapsulatedUncompressedExplicitVRLittleEndian) return native(bytes)
  if (TransferSyntaxUID === TS.DeflatedImageFrameCompression) {
    return native(inflateRawSync(bytes, { maxOutputLength: MAX_DECODED_BYTES }))
  }
  if (TransferSyntaxUID === TS.RLELossless) {
    const raw = decodeRLE(bytes, rows * columns, samples, Math.ceil(BitsAllocated / 8))
    return readNative(
      raw,
      { ...frame, attributes: { ...attributes, PlanarConfiguration: 0 } },
      { rows, columns, samples },
    )
  }
  const decode = codecFor(TransferSyntaxUID, bytes)
  if (!decode) return undefined
  const decoded = await decode(bytes)
  if (decoded.columns * decoded.rows * decoded.samples > decoded.values.length)
    throw new Error('the codestream is cut short')
  return {
    columns: decoded.columns,
    rows: decoded.rows,
    samples: decoded.samples,
    PhotometricInterpretation: decoded.isRGB ? 'RGB' : (attributes.PhotometricInterpretation ?? ''),
    values: inStoredRange(decoded.values, attributes),
  }
}

interface Geometry {
  rows: number
  columns: number
  samples: number
}

function readNative(raw: Uint8Array, frame: EncodedFrame, { rows, columns, samples }: Geometry): DecodedFrame {
  const { attributes, pixelTag, bitOffset } = frame
  const { BitsAllocated = 8, PlanarConfiguration = 0, PhotometricInterpretation = '' } = attributes
  const same = { rows, columns, samples, PhotometricInterpretation }
  const subsampled = samples === 3 && /^YBR_(FULL|PARTIAL)_422$/.test(PhotometricInterpretation)
  const count = rows * columns * (subsampled ? 2 : samples)
  if (BitsAllocated === 1) return { ...same, values: unpackBits(raw, bitOffset, count) }
  const size = pixelTag === FLOAT_PIXEL_DATA ? 4 : pixelTag === DOUBLE_PIXEL_DATA ? 8 : BitsAllocated / 8
  if (raw.length < count * size) throw new Error('the pixel data ends before the image does')
  // A copy begins at an address every number type can be read from (a Buffer's own `slice` would not copy).
  const { buffer } = new Uint8Array(raw.subarray(0, count * size))
  if (pixelTag === FLOAT_PIXEL_DATA) return { ...same, values: new Float32Array(buffer) }
  if (pixelTag === DOUBLE_PIXEL_DATA) return { ...same, values: new Float64Array(buffer) }
  if (BitsAllocated !== 8 && BitsAllocated !== 16 && BitsAllocated !== 32) {
    throw new Error(`samples of ${BitsAllocated} bits cannot be read`)
  }
  const unsigned =
    BitsAllocated === 8
      ? new Uint8Array(buffer)
      : BitsAllocated === 16
        ? new Uint16Array(buffer)
        : new Uint32Array(buffer)
  const values = inStoredRange(unsigned, attributes)
  if (subsampled) return { ...same, values: fullChroma(values, rows * columns) }
  return { ...same, values: samples > 1 && PlanarConfiguration === 1 ? interleaved(values, samples) : values }
}

/** Bits above HighBit are not the image's (old scanners kept overlays there); signed values get their sign from BitsStored. */
function inStoredRange(
  values: Uint8Array | Uint16Array | Uint32Array,
  { BitsStored, PixelRepresentation }: ImageAttributes,
): SampleValues {
  const allocated = values.BYTES_PER_ELEMENT * 8
  const shift = BitsStored && BitsStored > 0 && BitsStored < allocated ? 32 - BitsStored : 32 - allocated
  if (PixelRepresentation === 1) {
    const signed =
      allocated === 8
        ? new Int8Array(values.length)
        : allocated === 16
          ? new Int16Array(values.length)
          : new Int32Array(values.length)
    for (let i = 0; i < values.length; i++) signed[i] = (values[i]! << shift) >> shift
    return signed
  }
  if (shift !== 32 - allocated) for (let i = 0; i < values.length; i++) values[i] = (values[i]! << shift) >>> shift
  return values
}

/** PS3.5 §8.1.1: 1-bit pixels are packed from the least significant bit. */
function unpackBits(raw: Uint8Array, bitOffset: number, count: number): Uint8Array {
  const values = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    const bit = bitOffset + i
    values[i] = ((raw[bit >> 3] ?? 0) >> (bit & 7)) & 1
  }
  return values
}

function interleaved(planes: SampleValues, samples: number): SampleValues {
  const result = planes.slice()
  const pixels = planes.length / samples
  for (let sample = 0; sample < samples; sample++) {
    for (let pixel = 0; pixel < pixels; pixel++) result[pixel * samples + sample] = planes[sample * pixels + pixel]!
  }
  return result
}

/** PS3.3 C.7.6.3.1.2: Y, Y, Cb, Cr for each two pixels. */
function fullChroma(pairs: SampleValues, pixels: number): Uint8Array {
  const result = new Uint8Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const pair = (pixel >> 1) * 4
    result[pixel * 3] = pairs[pair + (pixel & 1)]!
    result[pixel * 3 + 1] = pairs[pair + 2]!
    result[pixel * 3 + 2] = pairs[pair + 3]!
  }
  return result
}
