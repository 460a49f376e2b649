import type { NewFile } from './durable.ts'

/*
 * Bytes that nobody reads soon, written past the system's cache. There each has to be copied into a page, and a fresh page is what costs:
 * 0.5 to 2.7 CPU-s a GB on the machines of RESULTS.md (virtual ones, where the host gives each page anew), of the 2 to 3 ms that a CT took
 * in all. A copy into aligned memory that is used again costs a tenth of it, and what is in the cache stays there.
 */

/** Node has it; the types of Node leave it to those of browsers, which this floor has none of. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
}

/** No disk asks for more (a block of the file system, a page of memory). */
export const DIRECT_UNIT = 4096
/** A page of WebAssembly's memory. */
const MEMORY_PAGE_BYTES = 64 << 10

/**
 * WebAssembly's memory is the one that begins with a page. Where the address space is limited, which it keeps gigabytes of, it is memory
 * that begins anywhere, and what is written of it goes through the cache.
 */
export function alignedMemory(bytes: number): ArrayBuffer {
  const pages = Math.ceil(bytes / MEMORY_PAGE_BYTES)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
  } catch {
    return new ArrayBuffer(pages * MEMORY_PAGE_BYTES)
  }
}

const wholeUnits = (bytes: number) => Math.ceil(bytes / DIRECT_UNIT) * DIRECT_UNIT

/** Memory for what is read and written past the system's cache: that has to begin and to end at whole units. */
export class AlignedMemory {
  #buffer = new ArrayBuffer(0)

  /** Pieces of so many bytes, each from the beginning of a unit on. Those of the call before are nobody's any more. */
  take(lengths: number[]): Uint8Array[] {
    const bytes = lengths.reduce((sum, length) => sum + wholeUnits(length), 0)
    if (bytes > this.#buffer.byteLength) this.#buffer = alignedMemory(bytes)
    let at = 0
    return lengths.map(length => {
      const piece = new Uint8Array(this.#buffer, at, length)
      at += wholeUnits(length)
      return piece
    })
  }
}

/** A piece of `AlignedMemory` with what lies behind it up to the end of its last unit: what is read has to be whole ones. */
export function inWholeUnits(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, wholeUnits(bytes.length))
}

/** No more memory than this, and a few writes for what is longer. */
const STAGED_BYTES = 2 << 20
/** As many as libuv has threads; memory that is aligned keeps gigabytes of address space each. */
const AT_ONCE = 4

/** Writes pieces from anywhere, laid one behind the other in aligned memory, which is used again. */
export class Staging {
  readonly #spare = Array.from({ length: AT_ONCE }, () => new AlignedMemory())
  readonly #waiting: Array<(memory: AlignedMemory) => void> = []

  /** `position` is a whole unit. What is left behind the last one goes through the cache. */
  async write(file: NewFile, parts: Uint8Array[], position: number): Promise<void> {
    const memory = this.#spare.pop() ?? (await new Promise<AlignedMemory>(resolve => this.#waiting.push(resolve)))
    try {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0)
      const [staged = NOTHING] = memory.take([Math.min(STAGED_BYTES, bytes)])
      let at = position
      let filled = 0
      for (const part of parts) {
        for (let done = 0; done < part.length; ) {
          const piece = part.subarray(done, done + staged.length - filled)
          staged.set(piece, filled)
          done += piece.length
          filled += piece.length
          if (filled < staged.length) continue
          await file.write(staged, at)
          at += filled
          filled = 0
        }
      }
      if (filled > 0) await file.write(staged.subarray(0, filled), at)
    } finally {
      const next = this.#waiting.shift()
      if (next) next(memory)
      else this.#spare.push(memory)
    }
  }
}

const NOTHING = new Uint8Array(0)
