import { frameBits } from './frames.ts'
import type { InstanceHeader } from './instanceHeader.ts'
import { sopClass, TS, transferSyntax } from './uids.ts'

/** The encapsulated syntaxes the viewer has decoders for. */
const DECODED = new Set<string>([
  TS.EncapsulatedUncompressedExplicitVRLittleEndian,
  TS.DeflatedImageFrameCompression,
  TS.RLELossless,
  TS.JPEGBaseline8Bit,
  TS.JPEGExtended12Bit,
  TS.JPEGSpectralSelectionNonHierarchical68,
  TS.JPEGFullProgressionNonHierarchical1012,
  TS.JPEGLossless,
  TS.JPEGLosslessSV1,
  TS.JPEGLSLossless,
  TS.JPEGLSNearLossless,
  TS.JPEG2000Lossless,
  TS.JPEG2000,
  TS.HTJ2KLossless,
  TS.HTJ2KLosslessRPCL,
  TS.HTJ2K,
  TS.JPEGXLLossless,
  TS.JPEGXLJPEGRecompression,
  TS.JPEGXL,
])

/** Why there is no picture, as a sentence for its tile; undefined when the header promises one (its frames may still be cut off). */
export function unshowableReason(header: InstanceHeader, transferSyntaxUID: string): string | undefined {
  const syntax = transferSyntax(transferSyntaxUID)
  const kind = sopClass(header.SOPClassUID)
  if (!syntax.pixels) return `The pixels are not in this object but on a server elsewhere (${syntax.name}).`
  if (kind?.kind === 'document') return `This object holds no image (${kind.name}).`
  if (!header.pixels) {
    if (header.damage) return 'The header is damaged before the pixels, so there is no image to show.'
    return 'This object has no pixel data.'
  }
  if (syntax.video) return `Video is played, not drawn as an image (${syntax.name}).`
  if (header.pixels.undefinedLength && !DECODED.has(transferSyntaxUID)) {
    return `There is no decoder for these pixels (${syntax.name}).`
  }
  if (!header.pixels.undefinedLength && syntax.encapsulated) {
    return `The pixels are not compressed as the transfer syntax says (${syntax.name}).`
  }
  const { Rows, Columns, SamplesPerPixel = 1, BitsAllocated } = header.attributes
  if (!Rows || !Columns) return 'The header does not say how many rows and columns the image has.'
  if (frameBits(header) === undefined) {
    return `The header describes an impossible image (${Rows} × ${Columns}, ${SamplesPerPixel} samples of ${BitsAllocated ?? '?'} bits).`
  }
  if (header.pixels.length === 0) return 'The pixel data is empty.'
  return undefined
}
