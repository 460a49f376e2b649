/** A CT slice is 530 KB: it waits in memory and is written in one go. What is larger goes to its file at once. */
const GATHER_BYTES = 1 << 20
/** 48 MiB for all objects that wait in memory, reused: fresh buffers cost more in page faults and collections than the copy. */
const GATHER_BUFFERS = 48
/** Where those are all in use: enough for most headers, before the object goes to its file. */
const SMALL_GATHER_BYTES = 64 << 10

/** The memory in which small objects wait. */
export class GatherPool {
  #used = 0
  readonly #free: Buffer[] = []

  take(): Buffer {
    if (this.#used === GATHER_BUFFERS) return Buffer.allocUnsafeSlow(SMALL_GATHER_BYTES)
    this.#used++
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(GATHER_BYTES)
  }

  giveBack(buffer: Buffer): void {
    if (buffer.length !== GATHER_BYTES) return
    this.#used--
    this.#free.push(buffer)
  }
}
