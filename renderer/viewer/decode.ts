import { getWebWorkerManager } from '@cornerstonejs/core'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { decodeDct } from '../../shared/viewing/jpegDct.ts'
import { jpegProcess, markRGB } from '../../shared/viewing/jpegHeader.ts'
import { rleToNative } from '../../shared/viewing/rle.ts'
import {
  type DecodedFrame,
  frameShape,
  nativeFrame,
  type Samples,
  UnshowableError,
} from '../../shared/viewing/samples.ts'

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
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70'
const JPEG_LS = new Set(['1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81'])
const JPEG_2000 = /^1\.2\.840\.10008\.1\.2\.4\.(9[0-3]|20[1-3]|11[0-2])$/

/** What Cornerstone's decode worker hands back, as far as it is used here. */
interface WorkerFrame {
  pixelData: Samples
  interleaveMode?: number
}

const DECODERS = 'decoders'
let decodersStarted = false

/** Cornerstone's decode workers, all at once and once for the page; a core is left for the page itself. */
export function startDecoders(): void {
  if (decodersStarted) return
  decodersStarted = true
  const start = () => new Worker(new URL('./decodeWorker.ts', import.meta.url), { type: 'module' })
  const maxWorkerInstances = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1))
  getWebWorkerManager().registerWorker(DECODERS, start, { maxWorkerInstances })
}

/** One frame as its transfer syntax has it → samples. Native bytes stay where they are; the rest goes to a decode worker. */
export async function decodeFrame(
  bytes: Uint8Array<ArrayBuffer>,
  TransferSyntaxUID: string,
  attributes: ImageAttributes,
): Promise<DecodedFrame> {
  if (NATIVE.has(TransferSyntaxUID)) return nativeFrame(bytes, attributes)
  const shape = frameShape(attributes)
  const { columns, rows, samplesPerPixel, PhotometricInterpretation } = shape
  const { PixelRepresentation = 0, BitsAllocated = 16 } = attributes
  // Cornerstone's worker has RLE of 8 bits and of 16-bit grey; the other depths are rare and decoded here.
  if (TransferSyntaxUID === RLE && (BitsAllocated > 16 || (BitsAllocated === 16 && samplesPerPixel > 1))) {
    const geometry = { count: rows * columns, samplesPerPixel, bytesPerSample: BitsAllocated / 8 }
    return nativeFrame(rleToNative(bytes, geometry), { ...attributes, PlanarConfiguration: 0 })
  }
  const process = jpegProcess(bytes, TransferSyntaxUID)
  if (process === 'dct12') {
    const { values, samples, columns, rows } = decodeDct(bytes)
    const fullChroma = PhotometricInterpretation.replace(/_422$/, '')
    return {
      columns,
      rows,
      samplesPerPixel: samples,
      planar: false,
      PhotometricInterpretation: fullChroma,
      samples: values,
    }
  }
  const transferSyntax = process === 'lossless' ? JPEG_LOSSLESS : process === 'dct8' ? JPEG_BASELINE : TransferSyntaxUID
  startDecoders()
  const task = getWebWorkerManager().executeTask(DECODERS, 'decodeTask', {
    imageFrame: {
      samplesPerPixel,
      photometricInterpretation: PhotometricInterpretation,
      // RLE is asked for interleaved; the other codecs decide for themselves.
      planarConfiguration: 0,
      rows,
      columns,
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
    ...shape,
    samples: decoded.pixelData,
    planar: samplesPerPixel === 3 && JPEG_LS.has(TransferSyntaxUID) && decoded.interleaveMode === 0,
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
