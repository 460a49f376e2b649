import { transferSyntax } from './uids.ts'

/** How elements are laid out in a data set (PS3.5 §7.1), once inflated. */
export interface Encoding {
  explicit: boolean
  littleEndian: boolean
}

/** PS3.5 annex A: Implicit VR Little Endian, Explicit VR Big Endian (retired), and Explicit VR Little Endian for all others. */
export function encodingOf(transferSyntaxUID: string): Encoding {
  const { implicit, bigEndian } = transferSyntax(transferSyntaxUID)
  return { explicit: !implicit, littleEndian: !bigEndian }
}
