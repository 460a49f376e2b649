import { UnshowableError } from './samples.ts'

/**
 * One RLE frame (PS3.5 annex G) as the native little endian, pixel-interleaved bytes it stands for, whatever the depth and
 * the samples a pixel. Segments hold byte planes, each sample's most significant byte first (G.2). Never writes past `count`
 * pixels; planes that end early stay zero, as much is there as the file has. Throws UnshowableError on an impossible header.
 */
export function rleToNative(
  bytes: Uint8Array,
  { count, samplesPerPixel, bytesPerSample }: { count: number; samplesPerPixel: number; bytesPerSample: number },
): Uint8Array<ArrayBuffer> {
  if (bytes.length < 64) throw new UnshowableError('The RLE header is cut short.')
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const planes = samplesPerPixel * bytesPerSample
  const segments = header.getUint32(0, true)
  if (segments !== planes || planes > 15) {
    throw new UnshowableError(`The RLE frame has ${segments} segments instead of ${planes}.`)
  }
  const output = new Uint8Array(count * planes)
  for (let plane = 0; plane < planes; plane++) {
    const sample = Math.floor(plane / bytesPerSample)
    const first = sample * bytesPerSample + bytesPerSample - 1 - (plane % bytesPerSample)
    const end = plane + 1 < planes ? Math.min(bytes.length, header.getUint32(8 + plane * 4, true)) : bytes.length
    unpack(bytes, header.getUint32(4 + plane * 4, true), end, output, first, planes)
  }
  return output
}

/** PackBits (PS3.5 §G.3.1) into every `stride`-th byte. */
function unpack(bytes: Uint8Array, start: number, end: number, output: Uint8Array, first: number, stride: number) {
  let from = start
  let to = first
  while (from < end && to < output.length) {
    const control = bytes[from++]!
    if (control < 128) {
      for (let i = 0; i <= control && from < end && to < output.length; i++, to += stride) output[to] = bytes[from++]!
    } else if (control > 128) {
      const value = bytes[from++] ?? 0
      for (let i = 0; i < 257 - control && to < output.length; i++, to += stride) output[to] = value
    }
  }
}
