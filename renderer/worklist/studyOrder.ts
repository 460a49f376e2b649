/** A set of small numbers: a bit each, so a million studies are 125 kB. */
class NumberSet {
  #bits = new Uint8Array(1024)

  has(value: number): boolean {
    return ((this.#bits[value >> 3] ?? 0) & (1 << (value & 7))) !== 0
  }

  /** False when it was in already. */
  add(value: number): boolean {
    const at = value >> 3
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(this.#bits.length * 2, at + 1))
      larger.set(this.#bits)
      this.#bits = larger
    }
    const before = this.#bits[at]!
    const after = before | (1 << (value & 7))
    this.#bits[at] = after
    return before !== after
  }
}

/**
 * A list as it stood: the ids of its studies in order, each once. It grows at its end while its pages come in and is otherwise
 * never changed: who holds it (the table, a reader who walks it) finds every study where it was.
 */
export class StudyOrder {
  #ids: Uint32Array<ArrayBuffer>
  #length = 0
  readonly #known = new NumberSet()
  /** All pages are here. */
  complete = false

  constructor(ids: Iterable<number> = []) {
    const first = [...ids]
    this.#ids = new Uint32Array(Math.max(256, first.length))
    this.append(first)
  }

  get length(): number {
    return this.#length
  }

  at(index: number): number | undefined {
    return index < 0 || index >= this.#length ? undefined : this.#ids[index]
  }

  /** Adds what is not in it yet: a study that moved while the pages were read comes twice. */
  append(ids: ArrayLike<number>): void {
    const needed = this.#length + ids.length
    if (needed > this.#ids.length) {
      const larger = new Uint32Array(Math.max(needed, this.#ids.length * 2))
      larger.set(this.#ids.subarray(0, this.#length))
      this.#ids = larger
    }
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!
      if (this.#known.add(id)) this.#ids[this.#length++] = id
    }
  }

  has(id: number): boolean {
    return this.#known.has(id)
  }

  /** -1 when it is not in the list. */
  indexOf(id: number): number {
    return this.#ids.subarray(0, this.#length).indexOf(id)
  }

  /** The ids from `from` up to, without, `to`. */
  slice(from: number, to: number): number[] {
    return Array.from(this.#ids.subarray(Math.max(0, from), Math.min(this.#length, to)))
  }

  /** The same list with these at its top, in this order; those that were further down are so no longer. */
  withTop(ids: number[]): StudyOrder {
    const merged = new StudyOrder(ids)
    merged.append(this.#ids.subarray(0, this.#length))
    merged.complete = this.complete
    return merged
  }
}

/** Little-endian uint32, base64 (`studies.order`). */
export function decodeIds(base64: string): Uint32Array {
  const text = atob(base64)
  const ids = new Uint32Array(text.length >> 2)
  for (let index = 0; index < ids.length; index++) {
    const at = index * 4
    ids[index] =
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)
  }
  return ids
}
