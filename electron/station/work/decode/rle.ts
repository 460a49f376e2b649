/**
 * One RLE frame (PS3.5 annex G) as little-endian interleaved samples. `bytesPerSample` 1, 2 or 4. Segments come sample by
 * sample, most significant byte first; one that ends early leaves zeros. Throws when the header is impossible.
 */
export function decodeRLE(
  encoded: Uint8Array,
  pixels: number,
  samples: number,
  bytesPerSample: number,
): Uint8Array<ArrayBuffer> {
  if (encoded.length < 64) throw new Error('the RLE header is cut short')
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const segments = view.getUint32(0, true)
  if (segments !== samples * bytesPerSample) {
    throw new Error(`the RLE frame has ${segments} segments instead of ${samples * bytesPerSample}`)
  }
  const result = new Uint8Array(pixels * samples * bytesPerSample)
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + segment * 4, true)
    const end = segment + 1 < segments ? view.getUint32(8 + segment * 4, true) : encoded.length
    const sample = Math.floor(segment / bytesPerSample)
    const byte = bytesPerSample - 1 - (segment % bytesPerSample)
    unpack(encoded.subarray(start, end), result, sample * bytesPerSample + byte, samples * bytesPerSample)
  }
  return result
}

/** PackBits (PS3.5 §G.3.1) into every `stride`-th byte. */
function unpack(packed: Uint8Array, into: Uint8Array, first: number, stride: number): void {
  let at = 0
  let to = first
  while (at < packed.length && to < into.length) {
    const control = packed[at++]!
    if (control === 128) continue
    const run = control > 128
    const count = run ? 257 - control : control + 1
    for (let i = 0; i < count && to < into.length; i++, to += stride) into[to] = packed[run ? at : at + i] ?? 0
    at += run ? 1 : count
  }
}
