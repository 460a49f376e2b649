import { inflateRawSync } from 'node:zlib'
import { TS } from '../../../../shared/dicom/uids.ts'
import type { ImageAttributes } from '../../../../shared/viewing/image.ts'
import { markRGB } from '../../../../shared/viewing/jpegHeader.ts'
import { rleToNative } from '../../../../shared/viewing/rle.ts'
import { type DecodedFrame, frameShape, nativeFrame, UnshowableError } from '../../../../shared/viewing/samples.ts'
import { codecFor } from './codecs.ts'
import { codestreamBytes } from './codestreamBytes.ts'

/** One frame's bytes and what must be known to read them. */
export interface EncodedFrame {
  bytes: Uint8Array
  TransferSyntaxUID: string
  attributes: ImageAttributes
  /** Encapsulated pixel data; false also where native pixels travel under an encapsulated syntax. */
  encapsulated: boolean
  /** 1-bit pixels: the frame begins at this bit of the first byte. */
  bitOffset: number
}

/** A frame that decodes to more than this is left to the viewer. */
const MAX_DECODED_BYTES = 256 * 2 ** 20

/** Smaller ones are decoded whatever they were packed into: a blank image is packed well. */
const UNSUSPECTED_BYTES = 64 * 2 ** 20
/** PackBits makes 128 bytes of two (PS3.5 §G.3.1); wavelets and their like go further on a blank image, never so far on a picture. */
const MOST_RLE_RATIO = 64
const MOST_RATIO = 2048

/** Throws UnshowableError when so few bytes cannot be so large an image, or when the codestream means to become a larger one. */
function checkGrowth(bytes: Uint8Array, length: number, TransferSyntaxUID: string): void {
  const ratio = TransferSyntaxUID === TS.RLELossless ? MOST_RLE_RATIO : MOST_RATIO
  if (length > Math.max(UNSUSPECTED_BYTES, ratio * bytes.length)) {
    throw new UnshowableError('The pixels would grow beyond all measure when unpacked; they are not decoded.')
  }
  const stated = codestreamBytes(bytes)
  if (stated > Math.max(length, MAX_DECODED_BYTES)) {
    throw new UnshowableError('The pixels would become a far larger image than the header says; they are not decoded.')
  }
}

/**
 * Decodes one frame; undefined where this room has no decoder for it or it is larger than a thumbnail is worth. Throws, with a
 * reason in words, when the bytes are not what the header says.
 */
export async function decodeFrame(frame: EncodedFrame): Promise<DecodedFrame | undefined> {
  const { attributes, bytes, TransferSyntaxUID, encapsulated, bitOffset } = frame
  const shape = frameShape(attributes)
  const { rows, columns, samplesPerPixel } = shape
  const bytesPerSample = Math.ceil((attributes.BitsAllocated ?? 16) / 8)
  const count = rows * columns
  const length = count * samplesPerPixel * bytesPerSample
  if (length > MAX_DECODED_BYTES) return undefined
  if (!encapsulated || TransferSyntaxUID === TS.EncapsulatedUncompressedExplicitVRLittleEndian) {
    return nativeFrame(bytes, attributes, bitOffset)
  }
  checkGrowth(bytes, length, TransferSyntaxUID)
  if (TransferSyntaxUID === TS.DeflatedImageFrameCompression) {
    // More than the frame is padding.
    return nativeFrame(inflateRawSync(bytes, { maxOutputLength: length + 1024 }), attributes)
  }
  if (TransferSyntaxUID === TS.RLELossless) {
    const native = rleToNative(bytes, { count, samplesPerPixel, bytesPerSample })
    return nativeFrame(native, { ...attributes, PlanarConfiguration: 0 })
  }
  const decode = codecFor(TransferSyntaxUID, bytes)
  if (!decode) return undefined
  const { PhotometricInterpretation } = shape
  const decoded = await decode(
    TransferSyntaxUID === TS.JPEGBaseline8Bit ? markRGB(bytes, PhotometricInterpretation) : bytes,
  )
  if (decoded.columns * decoded.rows * decoded.samples > decoded.values.length)
    throw new Error('the codestream is cut short')
  return {
    columns: decoded.columns,
    rows: decoded.rows,
    samplesPerPixel: decoded.samples,
    planar: false,
    // Codecs give every pixel all its samples.
    PhotometricInterpretation: decoded.isRGB ? 'RGB' : PhotometricInterpretation.replace(/_422$/, ''),
    samples: decoded.values,
  }
}
