import { alignedMemory } from '../base/alignedMemory.ts'

/** A CT slice of 530 KB takes five. */
export const BLOCK_BYTES = 128 << 10
/** 36 MiB: fifty CT slices wait in memory for one group, and a few more. */
const MOST_BLOCKS = 288
/** What large objects wait with may take a quarter of it: they have files of their own, small ones would have to make them. */
const MOST_BESIDE_LARGE = MOST_BLOCKS / 4

/**
 * The memory in which what is received waits for the disk, small objects and parts of large ones alike. Blocks are used again: fresh
 * ones cost more in page faults and collections than the copy into them. Where it is scarce there is still one block for each object,
 * and none beside it before what the object has is written: at most `MOST_BLOCKS` and one for each object are in use.
 */
export class BlockPool {
  #used = 0
  #most = 0
  readonly #free: Buffer[] = []
  #memory: ArrayBuffer | undefined
  #made = 0

  take(): Buffer {
    this.#used++
    this.#most = Math.max(this.#most, this.#used)
    return this.#free.pop() ?? this.#make()
  }

  giveBack(block: Buffer): void {
    this.#used--
    if (this.#used + this.#free.length < MOST_BLOCKS) this.#free.push(block)
  }

  /** A small object is not to wait here: it goes to a file, too. */
  get isFull(): boolean {
    return this.#used >= MOST_BLOCKS
  }

  /** A large object is to write what it has before it goes on. */
  get isScarce(): boolean {
    return this.#used >= MOST_BESIDE_LARGE
  }

  /** Where whole pages begin, as writing past the system's cache asks for; a page of it is there once it is written to. */
  #make(): Buffer {
    this.#memory ??= alignedMemory(MOST_BLOCKS * BLOCK_BYTES)
    const at = this.#made * BLOCK_BYTES
    if (at + BLOCK_BYTES > this.#memory.byteLength) return Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#made++
    return Buffer.from(this.#memory, at, BLOCK_BYTES)
  }

  /** Bytes in use now, and the most there were. */
  get waiting(): { bytes: number; most: number } {
    return { bytes: this.#used * BLOCK_BYTES, most: this.#most * BLOCK_BYTES }
  }
}
