import { UnshowableError } from './samples.ts'

export interface HuffmanTable {
  /** By code length 1 to 16: the largest code (−1 = none), and what is added to a code for its place in `symbols`. */
  largest: Int32Array
  offset: Int32Array
  symbols: Uint8Array
}

export function damaged(): UnshowableError {
  return new UnshowableError('The compressed image is damaged: its pixels could not be decoded.')
}

/** T.81 annex C. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const largest = new Int32Array(17).fill(-1)
  const offset = new Int32Array(17)
  let code = 0
  let place = 0
  for (let length = 1; length <= 16; length++) {
    const count = counts[length - 1]!
    offset[length] = place - code
    code += count
    place += count
    if (count > 0) largest[length] = code - 1
    code <<= 1
  }
  return { largest, offset, symbols }
}

/** The entropy-coded bits of a scan; past its end they are zeros. */
export class Bits {
  readonly #bytes: Uint8Array
  at: number
  /** A marker was met: the segment has no more. */
  ended = false
  #buffer = 0
  #count = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  bit(): number {
    if (this.#count === 0) {
      const byte = this.#bytes[this.at]
      const stuffed = byte === 0xff && this.#bytes[this.at + 1] === 0
      this.ended ||= byte === undefined || (byte === 0xff && !stuffed)
      if (this.ended) return 0
      this.#buffer = byte ?? 0
      this.#count = 8
      this.at += stuffed ? 2 : 1
    }
    this.#count--
    return (this.#buffer >> this.#count) & 1
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = (value << 1) | this.bit()
    return value
  }

  /** T.81 F.2.2.1: a value of `count` bits with its sign. */
  signed(count: number): number {
    const value = this.bits(count)
    return count === 0 || value >= 1 << (count - 1) ? value : value - (1 << count) + 1
  }

  symbol(table: HuffmanTable | undefined): number {
    if (table === undefined) throw damaged()
    let code = 0
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bit()
      if (code <= table.largest[length]!) return table.symbols[code + table.offset[length]!] ?? 0
    }
    if (this.ended) return 0
    throw damaged()
  }

  /** At the next marker: past it when it is a restart. */
  restart(): boolean {
    const bytes = this.#bytes
    this.#count = 0
    while (this.at + 1 < bytes.length && !(bytes[this.at] === 0xff && bytes[this.at + 1]! >= 0xc0)) this.at++
    this.ended = false
    const marker = bytes[this.at + 1] ?? 0xd9
    if (marker < 0xd0 || marker > 0xd7) return false
    this.at += 2
    return true
  }
}
