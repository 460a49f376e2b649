import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { NewFile } from './durable.ts'

/*
 * Bytes that nobody reads soon, written past the system's cache. There each has to be copied into a page, and a fresh page is what costs:
 * 0.5 to 2.7 CPU-s a GB on the machines of RESULTS.md (virtual ones, where the host gives each page anew), of the 2 to 3 ms that a CT took
 * in all. A copy into aligned memory that is used again costs a tenth of it, and what is in the cache stays there.
 */

/** The part of it that is used here; Node's types leave it to the browser's. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } }

/** Of every disk a sector or a whole number of them. */
const BLOCK_BYTES = 4096
/** WebAssembly counts its memory in these, and begins it at one: a Buffer's own begins anywhere. */
const PAGE_BYTES = 65_536

const wholeBlocks = (bytes: number) => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES

/** Memory for what is read and written past the system's cache: that has to begin and to end at whole blocks. */
export class AlignedMemory {
  #buffer = new ArrayBuffer(0)

  /** Pieces of so many bytes, each from the beginning of a block on. Those of the call before are nobody's any more. */
  take(lengths: number[]): Uint8Array[] {
    const bytes = lengths.reduce((sum, length) => sum + wholeBlocks(length), 0)
    if (bytes > this.#buffer.byteLength) {
      this.#buffer = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) }).buffer
    }
    let at = 0
    return lengths.map(length => {
      const piece = new Uint8Array(this.#buffer, at, length)
      at += wholeBlocks(length)
      return piece
    })
  }
}

/** A piece of `AlignedMemory` with what lies behind it up to the end of its last block. */
export function inWholeBlocks(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, wholeBlocks(bytes.length))
}

/** Past the system's cache where system and file system can: Linux, and not all of its file systems. */
export async function openDirect(path: string, flags: number, mode?: number): Promise<FileHandle> {
  const direct: number | undefined = constants.O_DIRECT
  if (direct === undefined) return open(path, flags, mode)
  return open(path, flags | direct, mode).catch(error => {
    if (error.code !== 'EINVAL') throw error
    return open(path, flags, mode)
  })
}

/** No more memory than this, and a few writes for what is longer. */
const STAGED_BYTES = 4 << 20

/** Writes pieces from anywhere, laid one behind the other in aligned memory, which is used again. */
export class Staging {
  readonly #spare: AlignedMemory[] = []

  /** `position` and the sum of the lengths are whole blocks. */
  async write(file: NewFile, parts: Uint8Array[], position: number): Promise<void> {
    const memory = this.#spare.pop() ?? new AlignedMemory()
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
      this.#spare.push(memory)
    }
  }
}

const NOTHING = new Uint8Array(0)
