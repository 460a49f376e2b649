import { ITEM, viewOf } from '../dicom/elements.ts'

const JPEG_START = 0xffd8
const J2K_START = 0xff4f
const J2K_COMMENT = 0xff64
/** Tile-parts follow: no comment of the main header is behind it. */
const J2K_TILE = 0xff90
const JPEG_COMMENT = 0xfffe
const JPEG_SCAN = 0xffda
const isApplication = (marker: number) => marker >= 0xffe0 && marker <= 0xffef
/** Application segments that decoders go by: density, colour transforms (Adobe's, and HP's of JPEG-LS). */
const DECODED_BY = ['JFIF', 'Adobe', 'mrfx']

/**
 * The fragments of encapsulated pixels (PS3.5 §A.4: items, tag and length each) with what cameras and scanners write beside the picture
 * overwritten by zeros: comments and application segments (Exif, XMP) of JPEG and JPEG-LS, comments of JPEG 2000. Nothing moves, and no
 * sample is another. What is no such codestream stays as it is; a copy is made only where something is overwritten.
 */
export function withoutComments(fragments: Uint8Array): Uint8Array {
  let out = fragments
  const blank = (from: number, to: number) => {
    if (out === fragments) out = fragments.slice()
    out.fill(0, from, to)
  }
  const view = viewOf(fragments)
  /** Of a segment that goes on in the next fragment. */
  let carried = 0
  for (let at = 0; at + 8 <= fragments.length; ) {
    if (view.getUint16(at, true) !== ITEM >>> 16 || view.getUint16(at + 2, true) !== (ITEM & 0xffff)) break
    const from = at + 8
    const to = Math.min(from + view.getUint32(at + 4, true), fragments.length)
    if (carried > 0) blank(from, Math.min(from + carried, to))
    carried = carried > to - from ? carried - (to - from) : blankHeader(view, from, to, blank)
    at = to
  }
  return out
}

/** How many bytes of a segment that is overwritten lie behind `to`. */
function blankHeader(view: DataView, from: number, to: number, blank: (from: number, to: number) => void): number {
  if (to - from < 4) return 0
  const start = view.getUint16(from)
  if (start !== JPEG_START && start !== J2K_START) return 0
  const isJpeg = start === JPEG_START
  for (let at = from + 2; at + 4 <= to; ) {
    const marker = view.getUint16(at)
    const length = view.getUint16(at + 2)
    if (marker === (isJpeg ? JPEG_SCAN : J2K_TILE) || marker >>> 8 !== 0xff || length < 2) return 0
    const end = at + 2 + length
    const isComment = isJpeg
      ? marker === JPEG_COMMENT || (isApplication(marker) && !isDecodedBy(view, at + 4, to))
      : marker === J2K_COMMENT
    // Of JPEG 2000's its first two bytes say what the comment is written in.
    if (isComment) blank(Math.min(at + (isJpeg ? 4 : 6), to), Math.min(end, to))
    if (end > to) return isComment ? end - to : 0
    at = end
  }
  return 0
}

function isDecodedBy(view: DataView, at: number, to: number): boolean {
  return DECODED_BY.some(
    word =>
      at + word.length <= to && [...word].every((letter, index) => view.getUint8(at + index) === letter.charCodeAt(0)),
  )
}
