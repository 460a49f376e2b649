import { type FileHandle, open } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Thread } from '../base/thread.ts'
import type { ReaderApi } from './reader.ts'

/** The first questions of a station that has just started have the disk to themselves. */
const AFTER_MS = 500
const PIECE_BYTES = 4 << 20
/** A larger index would push out of the system's memory what others keep there. */
const MOST_OF_MEMORY = 1 / 8

/** Reads the file through, half of the time: others want the disk. Then its pages are in the system's memory (1.2 GB: 3 s). */
async function readThrough(file: FileHandle, signal: AbortSignal): Promise<void> {
  const { size } = await file.stat()
  if (size > totalmem() * MOST_OF_MEMORY) return
  const piece = Buffer.allocUnsafe(Math.min(size, PIECE_BYTES))
  for (let read = size; read > 0 && !signal.aborted; ) {
    const began = performance.now()
    read = (await file.read(piece)).bytesRead
    await wait(performance.now() - began)
  }
}

/** Plans the readers' statements at once, beside the start. */
export function warmReaders(readers: ReadonlyArray<Thread<ReaderApi>>, file: string) {
  const closing = new AbortController()
  const { signal } = closing
  // Where it is in vain, the first query says why.
  const all = (call: 'warmUp' | 'map') => Promise.all(readers.map(reader => reader.call(call).catch(() => {})))
  const planned = all('warmUp')
  let mapped: Promise<unknown> | undefined
  let index: FileHandle | undefined

  async function map(): Promise<void> {
    await planned
    await wait(AFTER_MS, undefined, { signal, ref: false })
    index = await open(file)
    await readThrough(index, signal).catch(() => {})
    if (!signal.aborted) await all('map')
  }

  return {
    /**
     * Behind the start: reads the index into the system's memory, then has the readers map it. Not before: a page that a mapping lacks
     * brings as much as the disk reads ahead (8 MiB where `read_ahead_kb` says so), 225 ms of a first search of 1,000,000 studies
     * where single pages take 100.
     */
    mapSoon(): void {
      mapped ??= map().catch(() => {})
    },
    /** No call is under way any more when it resolves: a thread that is ended while it loads SQLite takes the process with it. */
    async stop(): Promise<void> {
      closing.abort()
      await planned
      await mapped
    },
    /**
     * When SQLite has closed the index: a process that closes any descriptor of a file loses all its locks on it (fcntl(2)), and
     * another that opens the index would take the write-ahead log away (sqlite.org/howtocorrupt.html, 2.2).
     */
    async close(): Promise<void> {
      await index?.close()
    },
  }
}
