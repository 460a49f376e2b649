const NOTHING = Buffer.alloc(0)

/**
 * Bytes that come in pieces, copied into one buffer that doubles: what is held is at most twice what was sent, however small the
 * pieces are (a list of them would cost a hundred bytes for each single one).
 */
export class Pieces {
  #buffer = NOTHING
  #length = 0

  get length(): number {
    return this.#length
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = length
  }

  /** All of them; empty again. */
  take(): Buffer {
    const all = this.#buffer.subarray(0, this.#length)
    this.#buffer = NOTHING
    this.#length = 0
    return all
  }
}
