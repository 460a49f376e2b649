import { TS, transferSyntax } from '../../../shared/dicom/uids.ts'
import { covers, type DicomRange } from './accept.ts'

/**
 * Which form of whole objects the client gets (PS3.18 §8.7.3.5, §10.4): as stored when it says `transfer-syntax=*` or names
 * the stored one; without a transfer syntax only Explicit VR Little Endian, the default, never as stored in silence. All of
 * the objects or none: a study that comes back incomplete looks like a complete one. Undefined is 406. Pure.
 */
export function chooseObjectForm(ranges: DicomRange[], stored: string[]): { multipart: boolean } | undefined {
  return ranges.find(({ multipart, type, transferSyntax: wanted = TS.ExplicitVRLittleEndian }) => {
    if (!covers(type, 'application/dicom') || (!multipart && stored.length !== 1)) return false
    return wanted === '*' || stored.every(uid => uid === wanted)
  })
}

/** PS3.18 tables 8.7.3-2 and -5: the media type of a compressed frame, and the syntaxes that are that type's default. */
const COMPRESSED: Array<{ type: string; defaults: string[]; syntaxes: string[] }> = [
  {
    type: 'image/jpeg',
    defaults: [TS.JPEGLosslessSV1],
    syntaxes: [TS.JPEGBaseline8Bit, TS.JPEGExtended12Bit, TS.JPEGLossless, TS.JPEGLosslessSV1],
  },
  { type: 'image/dicom-rle', defaults: [TS.RLELossless], syntaxes: [TS.RLELossless] },
  { type: 'image/jls', defaults: [TS.JPEGLSLossless], syntaxes: [TS.JPEGLSLossless, TS.JPEGLSNearLossless] },
  { type: 'image/jp2', defaults: [TS.JPEG2000Lossless], syntaxes: [TS.JPEG2000Lossless, TS.JPEG2000] },
  { type: 'image/jpx', defaults: [TS.JPEG2000MCLossless], syntaxes: [TS.JPEG2000MCLossless, TS.JPEG2000MC] },
  { type: 'image/jphc', defaults: [TS.HTJ2KLossless], syntaxes: [TS.HTJ2KLossless, TS.HTJ2KLosslessRPCL, TS.HTJ2K] },
  {
    type: 'image/jxl',
    defaults: [TS.JPEGXLLossless],
    syntaxes: [TS.JPEGXLLossless, TS.JPEGXLJPEGRecompression, TS.JPEGXL],
  },
]

/** How frames leave: `type` without parameters for the multipart's head, `contentType` for each frame. */
export interface FrameForm {
  multipart: boolean
  type: string
  contentType: string
}

const OCTETS = 'application/octet-stream'

/**
 * Which form the frames of one object get (PS3.18 §8.7.3.3): uncompressed ones as octets in little endian; compressed ones
 * only to who says `transfer-syntax=*`, names the stored syntax, or asks for a media type whose default it is. Undefined is
 * 406. Pure.
 */
export function chooseFrameForm(ranges: DicomRange[], stored: string, frames: number): FrameForm | undefined {
  const { encapsulated } = transferSyntax(stored)
  const media = COMPRESSED.find(row => row.syntaxes.includes(stored))
  for (const { multipart, type, transferSyntax: wanted } of ranges) {
    if (!multipart && frames !== 1) continue
    const asStored = wanted === '*' || wanted === stored
    if (!encapsulated) {
      const plain = wanted === undefined || wanted === TS.ExplicitVRLittleEndian
      if (covers(type, OCTETS) && (plain || asStored)) return { multipart, type: OCTETS, contentType: OCTETS }
    } else if (covers(type, OCTETS)) {
      if (asStored) return { multipart, type: OCTETS, contentType: `${OCTETS}; transfer-syntax=${stored}` }
    } else if (media && covers(type, media.type)) {
      const isDefault = wanted === undefined && media.defaults.includes(stored)
      if (asStored || isDefault)
        return { multipart, type: media.type, contentType: `${media.type}; transfer-syntax=${stored}` }
    }
  }
  return undefined
}
