import { hasUncompressedForm, TS, transferSyntax } from '../../../shared/dicom/uids.ts'
import { covers, type DicomRange } from './accept.ts'

/** How whole objects leave: each as it is stored, or those that are not so stored made Explicit VR Little Endian. */
export interface ObjectForm {
  multipart: boolean
  asStored: boolean
}

/**
 * Which form of whole objects the client gets (PS3.18 §8.7.3.5, §10.4): as stored when it says `transfer-syntax=*` or names
 * the stored one; Explicit VR Little Endian, the default, when it names that or nothing, never as stored in silence. Of what
 * it wants alike, first what needs no decoding. All of the objects or none: a study that comes back incomplete looks like
 * a complete one. Those that can be, most wanted first; none is 406. Pure.
 */
export function objectForms(ranges: DicomRange[], stored: string[]): ObjectForm[] {
  const plain = (uid: string) => uid === TS.ExplicitVRLittleEndian || hasUncompressedForm(uid)
  return inOrder(
    ranges.flatMap(({ multipart, type, transferSyntax: wanted = TS.ExplicitVRLittleEndian, q }) => {
      if (!covers(type, 'application/dicom') || (!multipart && stored.length !== 1)) return []
      const asStored = wanted === '*' || stored.every(uid => uid === wanted)
      const possible = asStored || (wanted === TS.ExplicitVRLittleEndian && stored.every(plain))
      return possible ? [{ q, form: { multipart, asStored } }] : []
    }),
  )
}

function inOrder<Form extends { asStored: boolean }>(forms: Array<{ q: number; form: Form }>): Form[] {
  return forms.sort((a, b) => b.q - a.q || Number(b.form.asStored) - Number(a.form.asStored)).map(({ form }) => form)
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
  /** False: decoded. Byte order and alignment are no matter of it. */
  asStored: boolean
}

const OCTETS = 'application/octet-stream'

/**
 * Which form the frames of one object get (PS3.18 §8.7.3.3): octets of uncompressed pixels in little endian, the default, decoded
 * where they are compressed; compressed ones to who says `transfer-syntax=*`, names the stored syntax, or asks for a media type
 * whose default it is. In the order of `objectForms`. Pure.
 */
export function frameForms(ranges: DicomRange[], stored: string, frames: number): FrameForm[] {
  return inOrder(
    ranges.flatMap(range => {
      const form = range.multipart || frames === 1 ? frameForm(range, stored) : undefined
      return form ? [{ q: range.q, form: { ...form, multipart: range.multipart } }] : []
    }),
  )
}

function frameForm(
  { type, transferSyntax: wanted }: DicomRange,
  stored: string,
): Omit<FrameForm, 'multipart'> | undefined {
  const { encapsulated } = transferSyntax(stored)
  const plain = wanted === undefined || wanted === TS.ExplicitVRLittleEndian
  const asStored = wanted === '*' || wanted === stored
  if (covers(type, OCTETS)) {
    if (plain || (asStored && !encapsulated)) {
      if (encapsulated && !hasUncompressedForm(stored)) return undefined
      return { type: OCTETS, contentType: OCTETS, asStored: !encapsulated }
    }
    return asStored ? { type: OCTETS, contentType: `${OCTETS}; transfer-syntax=${stored}`, asStored } : undefined
  }
  const media = COMPRESSED.find(row => row.syntaxes.includes(stored))
  if (!media || !covers(type, media.type)) return undefined
  const isDefault = wanted === undefined && media.defaults.includes(stored)
  if (!asStored && !isDefault) return undefined
  return { type: media.type, contentType: `${media.type}; transfer-syntax=${stored}`, asStored: true }
}
