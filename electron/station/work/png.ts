import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** A PNG of 8-bit samples, row-major and interleaved: grey (1 sample) or RGB (3). */
export function encodePng(pixels: Uint8Array, width: number, height: number, samples: 1 | 3): Uint8Array<ArrayBuffer> {
  const stride = width * samples
  const filtered = new Uint8Array((stride + 1) * height)
  for (let row = 0; row < height; row++) {
    const to = row * (stride + 1)
    filtered[to] = 1
    for (let i = 0; i < stride; i++) {
      const left = i < samples ? 0 : pixels[row * stride + i - samples]!
      filtered[to + 1 + i] = pixels[row * stride + i]! - left
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  header[9] = samples === 3 ? 2 : 0
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(filtered)), chunk('IEND', new Uint8Array(0))]
  return Uint8Array.from(Buffer.concat([Uint8Array.from(SIGNATURE), ...chunks]))
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(data.length, 0)
  body.copy(whole, 4)
  whole.writeUInt32BE(crc32(body), body.length + 4)
  return whole
}
