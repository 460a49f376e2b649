import { getWebWorkerManager } from '@cornerstonejs/core'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { jpegProcess, markRGB } from './jpegProcess.ts'
import { type DecodedFrame, nativeSamples, UnshowableError } from './pixels.ts'
import { rleToNative } from './rle.ts'

/** Implicit LE, Explicit LE, deflated, Explicit BE: the counter has inflated and swapped them (shared/viewing/frameStream.ts). */
const NATIVE = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.98',
])
const RLE = '1.2.840.10008.1.2.5'
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50'
const JPEG_LS = new Set(['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81'])
const JPEG_2000 = /^1\.2\.840\.10008\.1\.2\.4\.(9[0-3]|20[1-3]|11[0-2])$/

/** What Cornerstone's decode worker hands back, as far as it is used here. */
interface WorkerFrame {
  pixelData: DecodedFrame['samples']
  interleaveMode?: number
}

/** One frame as its transfer syntax has it → samples. Native bytes stay where they are; the rest goes to a decode worker. */
export async function decodeFrame(
  bytes: Uint8Array<ArrayBuffer>,
  TransferSyntaxUID: string,
  attributes: ImageAttributes,
): Promise<DecodedFrame> {
  if (NATIVE.has(TransferSyntaxUID)) return nativeSamples(bytes, attributes)
  const transferSyntax = jpegProcess(bytes, TransferSyntaxUID)
  const { SamplesPerPixel = 1, PixelRepresentation = 0, Rows = 0, Columns = 0, BitsAllocated = 16 } = attributes
  // Cornerstone's worker has RLE of 8 bits and of 16-bit grey; the other depths are rare and decoded here.
  if (TransferSyntaxUID === RLE && (BitsAllocated > 16 || (BitsAllocated === 16 && SamplesPerPixel > 1))) {
    const geometry = { count: Rows * Columns, samplesPerPixel: SamplesPerPixel, bytesPerSample: BitsAllocated / 8 }
    return nativeSamples(rleToNative(bytes, geometry), { ...attributes, PlanarConfiguration: 0 })
  }
  const PhotometricInterpretation =
    attributes.PhotometricInterpretation ?? (SamplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2')
  const task = getWebWorkerManager().executeTask('dicomImageLoader', 'decodeTask', {
    imageFrame: {
      samplesPerPixel: SamplesPerPixel,
      photometricInterpretation: PhotometricInterpretation,
      // RLE is asked for interleaved; the other codecs decide for themselves.
      planarConfiguration: 0,
      rows: attributes.Rows,
      columns: attributes.Columns,
      bitsAllocated: attributes.BitsAllocated,
      bitsStored: attributes.BitsStored,
      pixelRepresentation: PixelRepresentation,
    },
    transferSyntax,
    pixelData: transferSyntax === JPEG_BASELINE ? markRGB(bytes, PhotometricInterpretation) : bytes,
    options: { preScale: { enabled: false } },
    decodeConfig: {},
  })
  // The codecs throw numbers, strings and errors of their own; none of them means anything to a reader.
  const decoded = await (task as Promise<WorkerFrame>).catch((cause: unknown) => {
    throw new UnshowableError('The compressed image is damaged: its pixels could not be decoded.', { cause })
  })
  if (decoded?.pixelData === undefined) throw new UnshowableError('The compressed image could not be decoded.')
  return {
    samples: decoded.pixelData,
    planar: SamplesPerPixel === 3 && JPEG_LS.has(TransferSyntaxUID) && decoded.interleaveMode === 0,
    PhotometricInterpretation: decodedPhotometric(transferSyntax, PhotometricInterpretation),
  }
}

/** libjpeg and OpenJPEG undo their own colour transform; the other codecs give what Photometric Interpretation says, never subsampled. */
function decodedPhotometric(TransferSyntaxUID: string, PhotometricInterpretation: string): string {
  if (!PhotometricInterpretation.startsWith('YBR_')) return PhotometricInterpretation
  if (TransferSyntaxUID === JPEG_BASELINE) return 'RGB'
  if (JPEG_2000.test(TransferSyntaxUID) && PhotometricInterpretation !== 'YBR_FULL') return 'RGB'
  return PhotometricInterpretation === 'YBR_FULL_422' ? 'YBR_FULL' : PhotometricInterpretation
}
