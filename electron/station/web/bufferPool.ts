/**
 * Large buffers that are used again once they have been sent. Without it a 300-slice stream leaves 150 MB to the garbage
 * collector, which stopped the main loop for 30 to 60 ms at a time (measured: a third of the CPU of 2,500 frames of 512 KiB).
 */
const SMALLEST = 64 * 1024
const MOST_KEPT = 64 * 1024 * 1024

const free: ArrayBufferLike[] = []
const taken = new WeakSet<ArrayBufferLike>()
let kept = 0

/** A buffer of `length` bytes with anything in it. */
export function takeBuffer(length: number): Buffer {
  return take(length, ArrayBuffer)
}

/** The same in memory that another thread may fill, unless it is small. It is not to be handed to a thread as a copy. */
export function takeSharedBuffer(length: number): Buffer {
  return take(length, SharedArrayBuffer)
}

function take(length: number, Memory: ArrayBufferConstructor | SharedArrayBufferConstructor): Buffer {
  if (length < SMALLEST) return Buffer.allocUnsafe(length)
  // The last one that came back: a processor still has it in its cache.
  const at = free.findLastIndex(
    memory => memory instanceof Memory && memory.byteLength >= length && memory.byteLength <= length * 1.25,
  )
  const [reused] = at < 0 ? [] : free.splice(at, 1)
  if (reused) kept -= reused.byteLength
  const memory = reused ?? (Memory === ArrayBuffer ? Buffer.allocUnsafeSlow(length).buffer : new Memory(length))
  taken.add(memory)
  return Buffer.from(memory, 0, length)
}

/** Gives a buffer back that nobody looks at any more; what did not come from here is left alone. */
export function releaseBuffer({ buffer }: Uint8Array): void {
  if (!taken.delete(buffer)) return
  free.push(buffer)
  kept += buffer.byteLength
  while (kept > MOST_KEPT) kept -= free.shift()?.byteLength ?? 0
}
