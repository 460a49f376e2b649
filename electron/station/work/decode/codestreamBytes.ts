/** Boxes before a JP2's codestream: signature, type, header, some metadata. */
const MAX_BOXES = 64 << 10
const SIZ = Buffer.from('ff4fff51', 'hex')

/**
 * Bytes of the image that a codestream says it is, whatever the object's header says: JPEG and JPEG-LS (ITU-T T.81 B.2.2, T.87
 * C.2.2), JPEG 2000 and HTJ2K, bare or in boxes (T.800 A.5.1). A codec allocates them before it decodes. 0 where it is not known.
 */
export function codestreamBytes(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const siz = buffer.subarray(0, MAX_BOXES).indexOf(SIZ)
  // Behind the marker: Lsiz, Rsiz, then the grid's size and the image's offset in it, four bytes each; Csiz at 38.
  if (siz === 0 || (siz > 0 && buffer[0] === 0)) {
    if (buffer.length < siz + 43) return 0
    const at = (field: number) => buffer.readUInt32BE(siz + 8 + 4 * field)
    return (
      Math.max(0, at(0) - at(2)) *
      Math.max(0, at(1) - at(3)) *
      buffer.readUInt16BE(siz + 40) *
      bytesOf(buffer[siz + 42]! + 1)
    )
  }
  if (buffer[0] !== 0xff || buffer[1] !== 0xd8) return 0
  for (let at = 2; at + 10 <= buffer.length && buffer[at] === 0xff; ) {
    const marker = buffer[at + 1]!
    if (marker === 0xff) at++
    else if (marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))) {
      return buffer.readUInt16BE(at + 5) * buffer.readUInt16BE(at + 7) * buffer[at + 9]! * bytesOf(buffer[at + 4]!)
    } else at += 2 + buffer.readUInt16BE(at + 2)
  }
  return 0
}

const bytesOf = (bits: number) => Math.ceil((bits & 0x7f) / 8)
