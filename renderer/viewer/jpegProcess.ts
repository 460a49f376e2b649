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

const ADOBE_RGB = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0)

/**
 * A DCT stream of three unsubsampled components that carries neither a JFIF nor an Adobe segment: decoders take it for
 * YCbCr, DICOM's Photometric Interpretation RGB decides otherwise (PS3.5 8.2.1), and an Adobe segment says so to them.
 * Anything else is given back as it is; halved chroma cannot be RGB whatever the header claims.
 */
export function markRGB(bytes: Uint8Array<ArrayBuffer>, PhotometricInterpretation: string): Uint8Array<ArrayBuffer> {
  if (PhotometricInterpretation !== 'RGB') return bytes
  let at = 2
  while (at + 18 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === 0xe0 || marker === 0xee || marker === 0xda) return bytes
    if (marker >= 0xc0 && marker <= 0xc2) {
      const sampling = [bytes[at + 11], bytes[at + 14], bytes[at + 17]]
      if (bytes[at + 9] !== 3 || sampling.some(each => each !== 0x11)) return bytes
      const marked = new Uint8Array(bytes.length + ADOBE_RGB.length)
      marked.set(bytes.subarray(0, 2))
      marked.set(ADOBE_RGB, 2)
      marked.set(bytes.subarray(2), 2 + ADOBE_RGB.length)
      return marked
    }
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  }
  return bytes
}
