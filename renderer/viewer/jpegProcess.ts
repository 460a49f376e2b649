const BASELINE = '1.2.840.10008.1.2.4.50'
const EXTENDED = '1.2.840.10008.1.2.4.51'
const LOSSLESS = '1.2.840.10008.1.2.4.70'
const JPEG = new Set([BASELINE, EXTENDED, '1.2.840.10008.1.2.4.57', LOSSLESS])

/**
 * The JPEG process a frame really uses, as its transfer syntax: lossless JPEG travels under DCT syntaxes and the
 * reverse, and the frame header (ITU-T T.81 B.2.2) decides. Anything that is no JPEG syntax is given back as it is.
 */
export function jpegProcess(bytes: Uint8Array, TransferSyntaxUID: string): string {
  if (!JPEG.has(TransferSyntaxUID)) return TransferSyntaxUID
  let at = 2
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === 0xc3) return LOSSLESS
    if (marker >= 0xc0 && marker <= 0xc2) return bytes[at + 4]! > 8 ? EXTENDED : BASELINE
    if (marker === 0xda) break
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  }
  return TransferSyntaxUID
}
