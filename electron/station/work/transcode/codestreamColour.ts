import { TS } from '../../../../shared/dicom/uids.ts'

const COD = 0x52
const SOT = 0x90

/**
 * Whether a JPEG 2000 codestream, bare or in boxes, says that its first three components were transformed (ITU-T T.800 A.6.1). Its
 * header's markers are walked; true where none says it, for nearly every codestream of three components has transformed them.
 */
export function transformsComponents(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // SOC and SIZ: in a JP2 file boxes stand before them.
  const start = buffer.subarray(0, 64 << 10).indexOf('ff4fff51', 0, 'hex')
  if (start < 0) return true
  for (let at = start + 2; at + 4 <= buffer.length && buffer[at] === 0xff; ) {
    const marker = buffer[at + 1]
    // Behind the marker: length, Scod, progression order, layers (2), transform.
    if (marker === COD) return at + 9 <= buffer.length && buffer[at + 8] === 1
    if (marker === SOT) return true
    at += 2 + buffer.readUInt16BE(at + 2)
  }
  return true
}

const JPEG_LS = new Set<string>([TS.JPEGLSLossless, TS.JPEGLSNearLossless])

/** Whether a JPEG-LS codestream holds each component as a scan of its own (ITU-T T.87 C.2.3): its decoder gives planes then. */
export function scansPerComponent(bytes: Uint8Array, TransferSyntaxUID: string): boolean {
  if (!JPEG_LS.has(TransferSyntaxUID)) return false
  for (let at = 2; at + 5 <= bytes.length && bytes[at] === 0xff; ) {
    // The first start of scan: how many components it has.
    if (bytes[at + 1] === 0xda) return bytes[at + 4] === 1
    at += 2 + bytes[at + 2]! * 256 + bytes[at + 3]!
  }
  return false
}
