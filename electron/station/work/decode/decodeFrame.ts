import { inflateRawSync } from 'node:zlib'
import { TS } from '../../../../shared/dicom/uids.ts'
import type { ImageAttributes } from '../../../../shared/viewing/image.ts'
import { markRGB } from '../../../../shared/viewing/jpegHeader.ts'
import { rleToNative } from '../../../../shared/viewing/rle.ts'
import { type DecodedFrame, frameShape, nativeFrame } from '../../../../shared/viewing/samples.ts'
import { codecFor } from './codecs.ts'

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
  if (count * samplesPerPixel * bytesPerSample > MAX_DECODED_BYTES) return undefined
  if (!encapsulated || TransferSyntaxUID === TS.EncapsulatedUncompressedExplicitVRLittleEndian) {
    return nativeFrame(bytes, attributes, bitOffset)
  }
  if (TransferSyntaxUID === TS.DeflatedImageFrameCompression) {
    return nativeFrame(inflateRawSync(bytes, { maxOutputLength: MAX_DECODED_BYTES }), attributes)
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
