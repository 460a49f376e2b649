import { TS } from '../../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { ImageAttributes } from '../../../../shared/viewing/image.ts'
import type { DecodedFrame } from '../../../../shared/viewing/samples.ts'
import { decodeFrame } from '../decode/decodeFrame.ts'
import { scansPerComponent, transformsComponents } from './codestreamColour.ts'

/** One frame as native pixel data has it, little endian (PS3.5 §8.1), and what the header must say of it. */
export interface NativeFrame {
  bytes: Uint8Array
  PhotometricInterpretation: string
  PlanarConfiguration: number
}

/**
 * Decodes a frame to the bytes that stand for it uncompressed. Samples are those of the codec, not one of them changed: where it
 * undoes a colour transform (JPEG's YCbCr, JPEG 2000's own) the photometric interpretation is RGB afterwards (PS3.5 §8.2).
 * Throws 'unsupported-pixels' where there is no decoder, 'malformed' where the codestream is not the image of the header.
 */
export async function decodeToNative(
  bytes: Uint8Array,
  TransferSyntaxUID: string,
  attributes: ImageAttributes,
): Promise<NativeFrame> {
  const { BitsAllocated = 16 } = attributes
  if (BitsAllocated % 8 !== 0) {
    throw new IsocenterError('unsupported-pixels', `compressed samples of ${BitsAllocated} bits`)
  }
  const frame = await decodeFrame({ bytes, TransferSyntaxUID, attributes, encapsulated: true, bitOffset: 0 }).catch(
    (error: unknown) => {
      // Codecs speak in words of their own of a codestream they cannot read.
      throw new IsocenterError('malformed', error instanceof Error ? error.message.slice(0, 200) : String(error))
    },
  )
  if (!frame) throw new IsocenterError('unsupported-pixels', `no decoder for ${TransferSyntaxUID}`)
  const { Rows, Columns, SamplesPerPixel = 1 } = attributes
  if (frame.rows !== Rows || frame.columns !== Columns || frame.samplesPerPixel !== SamplesPerPixel) {
    throw new IsocenterError('malformed', 'the codestream is another image than the header says')
  }
  const planar = frame.planar || scansPerComponent(bytes, TransferSyntaxUID)
  return {
    bytes: widened(
      interleaved(frame, planar && !frame.planar),
      BitsAllocated / 8,
      attributes.PixelRepresentation === 1,
    ),
    PhotometricInterpretation: photometric(frame, bytes, TransferSyntaxUID, attributes),
    PlanarConfiguration: frame.planar ? 1 : 0,
  }
}

const JPEG_2000 = new Set<string>([TS.JPEG2000Lossless, TS.JPEG2000, TS.HTJ2KLossless, TS.HTJ2KLosslessRPCL, TS.HTJ2K])

/** JPEG 2000 gives RGB where its codestream says that it had transformed the components; else they are what they were. */
function photometric(
  frame: DecodedFrame,
  bytes: Uint8Array,
  TransferSyntaxUID: string,
  { PhotometricInterpretation = frame.PhotometricInterpretation }: ImageAttributes,
): string {
  const untouched = JPEG_2000.has(TransferSyntaxUID) && frame.samplesPerPixel === 3 && !transformsComponents(bytes)
  if (!untouched || /^YBR_(RCT|ICT)$/.test(PhotometricInterpretation)) return frame.PhotometricInterpretation
  return PhotometricInterpretation.replace(/_422$/, '')
}

/** Plane after plane to pixel after pixel, where the codec has left them so. */
function interleaved({ samples, samplesPerPixel }: DecodedFrame, planes: boolean): DecodedFrame['samples'] {
  if (!planes || samplesPerPixel === 1) return samples
  const mixed = samples.slice()
  const count = samples.length / samplesPerPixel
  for (let at = 0; at < samples.length; at++)
    mixed[(at % count) * samplesPerPixel + Math.floor(at / count)] = samples[at]!
  return mixed
}

/** The samples in cells of so many bytes; a codec gives 8 bits where the codestream has no more. */
function widened(samples: DecodedFrame['samples'], bytes: number, signed: boolean): Uint8Array {
  const { BYTES_PER_ELEMENT } = samples
  if (BYTES_PER_ELEMENT === bytes) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  if (BYTES_PER_ELEMENT !== 1 || bytes !== 2) {
    throw new IsocenterError('malformed', `samples of ${BYTES_PER_ELEMENT} bytes where the header says ${bytes}`)
  }
  const wide = Int16Array.from(signed ? Int8Array.from(samples) : samples)
  return new Uint8Array(wide.buffer)
}
