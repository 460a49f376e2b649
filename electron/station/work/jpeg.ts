/**
 * Baseline JPEG (ITU-T T.81) of 8-bit samples, grey or colour without subsampling, with the tables of annex K: what `rendered` and
 * thumbnails leave as. The libjpeg among our codecs writes past its buffer where the result is larger than the pixels (tried: noise
 * at quality 95, anything under 20 x 20), so it is not used for this.
 */

/** Table K.1 and K.2, row by row. */
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
]
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99,
]
/** Figure A.6: the place in the block of the k-th coefficient. */
const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]

interface HuffmanTable {
  /** How many codes there are of each length from 1 (BITS), then the symbols in order (HUFFVAL). */
  bits: number[]
  symbols: number[]
}

/** Tables K.3 to K.6. */
const DC_LUMINANCE: HuffmanTable = {
  bits: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  symbols: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
}
const DC_CHROMINANCE: HuffmanTable = {
  bits: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
  symbols: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
}
const AC_LUMINANCE: HuffmanTable = {
  bits: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  symbols: bytes(
    '0102030004110512213141061351610722711432' +
      '8191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a' +
      '636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3' +
      'c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
  ),
}
const AC_CHROMINANCE: HuffmanTable = {
  bits: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
  symbols: bytes(
    '0001020311040521310612415107617113223281' +
      '08144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a53545556575859' +
      '5a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9ba' +
      'c2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
  ),
}

function bytes(hex: string): number[] {
  return Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16))
}

/** Codes and their lengths by symbol (annex C). */
function codesOf({ bits, symbols }: HuffmanTable): { code: Uint16Array; length: Uint8Array } {
  const code = new Uint16Array(256)
  const length = new Uint8Array(256)
  let next = 0
  let at = 0
  for (const [index, count] of bits.entries()) {
    for (let i = 0; i < count; i++) {
      const symbol = symbols[at++] ?? 0
      code[symbol] = next++
      length[symbol] = index + 1
    }
    next <<= 1
  }
  return { code, length }
}

const CODES = [
  { dc: codesOf(DC_LUMINANCE), ac: codesOf(AC_LUMINANCE) },
  { dc: codesOf(DC_CHROMINANCE), ac: codesOf(AC_CHROMINANCE) },
] as const

/** Row u of the one-dimensional transform (A.3.3), both factors in. */
const COSINES = Float32Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7]
  return (Math.cos(((2 * x + 1) * u * Math.PI) / 16) / 2) * (u === 0 ? Math.SQRT1_2 : 1)
})

/**
 * A JPEG file. `pixels` are row-major and interleaved: grey (1 sample) or RGB (3).
 * @param quality 1 to 100, on the scale of the Independent JPEG Group.
 */
export function encodeJpeg(
  pixels: Uint8Array,
  width: number,
  height: number,
  samples: 1 | 3,
  quality: number,
): Uint8Array<ArrayBuffer> {
  const tables = [scaled(LUMINANCE, quality), scaled(CHROMINANCE, quality)].slice(0, samples === 1 ? 1 : 2)
  const out = new BitWriter(pixels.length / 2 + 1024)
  writeHeaders(out, width, height, samples, tables)
  const blocks = Array.from({ length: samples }, () => new Float32Array(64))
  const before = new Int32Array(samples)
  for (let y = 0; y < height; y += 8) {
    for (let x = 0; x < width; x += 8) {
      fillBlocks(pixels, width, height, samples, x, y, blocks)
      for (const [component, block] of blocks.entries()) {
        const kind = component === 0 ? 0 : 1
        const coefficients = quantised(block, tables[kind]!)
        writeBlock(out, coefficients, before[component]!, CODES[kind])
        before[component] = coefficients[0]!
      }
    }
  }
  return out.finish()
}

function scaled(table: number[], quality: number): Uint8Array {
  const factor = quality < 50 ? 5000 / quality : 200 - quality * 2
  return Uint8Array.from(table, value => Math.min(255, Math.max(1, Math.floor((value * factor + 50) / 100))))
}

function writeHeaders(out: BitWriter, width: number, height: number, samples: 1 | 3, tables: Uint8Array[]): void {
  const components = samples === 1 ? [1] : [1, 2, 3]
  const word = (value: number) => [value >> 8, value & 0xff]
  const segment = (marker: number, body: number[]) => out.raw([0xff, marker, ...word(body.length + 2), ...body])
  out.raw([0xff, 0xd8])
  segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
  for (const [id, table] of tables.entries()) segment(0xdb, [id, ...ZIGZAG.map(place => table[place]!)])
  const frame = components.flatMap(id => [id, 0x11, id === 1 ? 0 : 1])
  segment(0xc0, [8, ...word(height), ...word(width), samples, ...frame])
  const huffman = [
    [DC_LUMINANCE, AC_LUMINANCE],
    [DC_CHROMINANCE, AC_CHROMINANCE],
  ].slice(0, tables.length)
  for (const [id, kinds] of huffman.entries()) {
    for (const [kind, { bits, symbols }] of kinds.entries()) segment(0xc4, [(kind << 4) | id, ...bits, ...symbols])
  }
  segment(0xda, [samples, ...components.flatMap(id => [id, id === 1 ? 0 : 0x11]), 0, 63, 0])
}

/** The 8 x 8 samples of each component around 0; past the edge the last ones are repeated. Colours become YCbCr (JFIF). */
function fillBlocks(
  pixels: Uint8Array,
  width: number,
  height: number,
  samples: 1 | 3,
  left: number,
  top: number,
  [first, second, third]: Float32Array[],
): void {
  for (let i = 0; i < 64; i++) {
    const x = Math.min(left + (i & 7), width - 1)
    const y = Math.min(top + (i >> 3), height - 1)
    const at = (y * width + x) * samples
    if (samples === 1) {
      first![i] = pixels[at]! - 128
      continue
    }
    const [r, g, b] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!]
    first![i] = 0.299 * r + 0.587 * g + 0.114 * b - 128
    second![i] = -0.168736 * r - 0.331264 * g + 0.5 * b
    third![i] = 0.5 * r - 0.418688 * g - 0.081312 * b
  }
}

const halfway = new Float32Array(64)
const coefficients = new Int32Array(64)

/** The quantised coefficients in zigzag order; valid until the next call. */
function quantised(block: Float32Array, table: Uint8Array): Int32Array {
  for (let row = 0; row < 64; row += 8) {
    for (let u = 0; u < 8; u++) {
      let sum = 0
      for (let x = 0; x < 8; x++) sum += block[row + x]! * COSINES[u * 8 + x]!
      halfway[row + u] = sum
    }
  }
  for (let k = 0; k < 64; k++) {
    const place = ZIGZAG[k]!
    const [v, u] = [place >> 3, place & 7]
    let sum = 0
    for (let y = 0; y < 8; y++) sum += halfway[y * 8 + u]! * COSINES[v * 8 + y]!
    coefficients[k] = Math.round(sum / table[place]!)
  }
  return coefficients
}

function writeBlock(out: BitWriter, block: Int32Array, before: number, { dc, ac }: (typeof CODES)[number]): void {
  const difference = block[0]! - before
  const size = sizeOf(difference)
  out.bits(dc.code[size]!, dc.length[size]!)
  out.value(difference, size)
  let zeros = 0
  for (let k = 1; k < 64; k++) {
    const value = block[k]!
    if (value === 0) {
      zeros += 1
      continue
    }
    for (; zeros > 15; zeros -= 16) out.bits(ac.code[0xf0]!, ac.length[0xf0]!)
    const bits = sizeOf(value)
    const symbol = (zeros << 4) | bits
    out.bits(ac.code[symbol]!, ac.length[symbol]!)
    out.value(value, bits)
    zeros = 0
  }
  if (zeros > 0) out.bits(ac.code[0]!, ac.length[0]!)
}

/** How many bits a coefficient takes (table F.1). */
function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value))
}

/** Bytes with the stuffing of F.1.2.3; grows as it must. */
class BitWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0
  #pending = 0
  #count = 0

  constructor(size: number) {
    this.#bytes = new Uint8Array(Math.ceil(size))
  }

  raw(values: number[]): void {
    for (const value of values) this.#byte(value)
  }

  bits(code: number, length: number): void {
    this.#pending = (this.#pending << length) | code
    this.#count += length
    while (this.#count >= 8) {
      this.#count -= 8
      const byte = (this.#pending >>> this.#count) & 0xff
      this.#byte(byte)
      if (byte === 0xff) this.#byte(0)
    }
    this.#pending &= (1 << this.#count) - 1
  }

  /** F.1.2.1: negative values are one less. */
  value(value: number, size: number): void {
    if (size > 0) this.bits((value < 0 ? value - 1 : value) & ((1 << size) - 1), size)
  }

  finish(): Uint8Array<ArrayBuffer> {
    if (this.#count > 0) this.bits((1 << (8 - this.#count)) - 1, 8 - this.#count)
    this.raw([0xff, 0xd9])
    return this.#bytes.slice(0, this.#length)
  }

  #byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = value
  }
}
