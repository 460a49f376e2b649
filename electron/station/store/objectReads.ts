import { IsocenterError } from '../../../shared/errors.ts'
import { startThread, type Thread } from '../base/thread.ts'
import type { FileRead, ObjectFile, ReadFailure } from './objectFile.ts'

/** No read of a disk that works lasts so long. */
const HUNG_MS = 30_000
/** Of what waited in the thread for another's disk. */
const BEHIND = 'it waited behind a disk that does not answer'

const threadUrl = new URL(
  import.meta.url.endsWith('.ts') ? './objectFileThread.ts' : './objectFileThread.js',
  import.meta.url,
)

interface Asked extends FileRead {
  resolve(): void
  reject(error: Error): void
}

/** A thread, and what it was asked and has not answered, in the order in which it takes them. */
interface Reader {
  thread: Thread<ObjectFile>
  /** How many it is done with, counted by itself. */
  progress: Int32Array
  /** How many of those it has answered. */
  answered: number
  waiting: Set<Asked>
  /** What the progress was when it last moved, and when that was seen. */
  seen: number
  movedAt: number
}

/**
 * Reads objects in a thread of its own, started by the first. What is asked in one go is read in one go: waking the thread, and then the
 * loop, costs as much as a third of the reading. A thread that gets no further for 30 s is left to its disk: what it was reading rejects, and
 * what waited for that, which may lie on a disk that works, is asked of another once.
 */
export class ObjectReads {
  readonly #patience: number
  #reader: Reader | undefined
  #gathered: Asked[] = []
  #closed = false
  #timer: NodeJS.Timeout | undefined

  /** @param patience milliseconds that a disk may take for one object. */
  constructor(patience = HUNG_MS) {
    this.#patience = patience
  }

  /**
   * @param targets in shared memory; what a hung disk may still write to is not to be used again.
   * Rejects with 'not-found' when the file is gone, 'malformed' when it ends before, 'volume-unavailable' when its disk hangs.
   */
  async read(path: string, targets: Uint8Array[], position: number): Promise<void> {
    try {
      await this.#ask({ path, targets, position })
    } catch (error) {
      if (!(error instanceof IsocenterError && error.detail === BEHIND)) throw error
      await this.#ask({ path, targets, position })
    }
  }

  #ask(read: FileRead): Promise<void> {
    return new Promise((resolve, reject) => {
      // What follows from the same event is asked before the next tick begins.
      if (this.#gathered.push({ ...read, resolve, reject }) === 1) {
        queueMicrotask(() => process.nextTick(() => this.#send(this.#gathered.splice(0))))
      }
    })
  }

  #send(asked: Asked[]): void {
    if (this.#closed) {
      for (const { reject } of asked) reject(new IsocenterError('draining'))
      return
    }
    this.#reader ??= this.#start()
    const reader = this.#reader
    if (reader.waiting.size === 0) reader.movedAt = performance.now()
    for (const one of asked) reader.waiting.add(one)
    this.#timer ??= setInterval(() => this.#look(), this.#patience / 4).unref()
    const reads = asked.map(({ path, targets, position }) => ({ path, targets, position }))
    reader.thread.call('read', reads).then(
      failures => {
        reader.answered += asked.length
        for (const [at, one] of asked.entries()) settle(reader, one, failures[at])
      },
      (error: Error) => {
        for (const one of asked) if (reader.waiting.delete(one)) one.reject(error)
      },
    )
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    void this.#reader?.thread.stop()
  }

  #start(): Reader {
    const progress = new Int32Array(new SharedArrayBuffer(4))
    const thread = startThread<ObjectFile>(threadUrl, progress)
    const reader = { thread, progress, answered: 0, waiting: new Set<Asked>(), seen: 0, movedAt: performance.now() }
    void thread.ended.then(() => {
      if (this.#reader === reader) this.#reader = undefined
    })
    return reader
  }

  #look(): void {
    const reader = this.#reader
    if (!reader || reader.waiting.size === 0) return
    const done = Atomics.load(reader.progress, 0)
    if (done !== reader.seen) {
      reader.seen = done
      reader.movedAt = performance.now()
    }
    if (performance.now() - reader.movedAt < this.#patience) return
    // It cannot be ended while it waits for its disk; what is behind that it will never begin.
    void reader.thread.stop()
    this.#reader = undefined
    const waiting = [...reader.waiting]
    reader.waiting.clear()
    const hung = done - reader.answered
    for (const [at, { reject }] of waiting.entries()) {
      reject(new IsocenterError('volume-unavailable', at === hung ? 'the disk does not answer' : BEHIND))
    }
  }
}

/** Unless it was given up meanwhile. */
function settle(reader: Reader, one: Asked, failure: ReadFailure | undefined): void {
  if (!reader.waiting.delete(one)) return
  if (!failure) one.resolve()
  else if (failure.code) one.reject(new IsocenterError(failure.code, failure.detail))
  else one.reject(new Error(failure.message))
}
