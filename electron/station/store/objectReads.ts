import { IsocenterError } from '../../../shared/errors.ts'
import { startThread, type Thread } from '../base/thread.ts'
import type { ObjectFile } from './objectFile.ts'

/** No read of a disk that works lasts so long. */
const HUNG_MS = 30_000

const threadUrl = new URL(
  import.meta.url.endsWith('.ts') ? './objectFileThread.ts' : './objectFileThread.js',
  import.meta.url,
)

/**
 * Reads objects in a thread of its own, started by the first. One that answers nothing for 30 s is left to its disk and all that it has
 * rejects; the next read starts another.
 */
export class ObjectReads {
  #thread: Thread<ObjectFile> | undefined
  readonly #hung = new Set<(error: Error) => void>()
  readonly #patience: number
  #answered = 0
  #timer: NodeJS.Timeout | undefined

  /** @param patience milliseconds that a disk may take for one answer. */
  constructor(patience = HUNG_MS) {
    this.#patience = patience
  }

  /**
   * @param targets in shared memory; what a hung disk may still write to is not to be used again.
   * Rejects as `objectFile.read`, with 'volume-unavailable' when its disk hangs.
   */
  async read(path: string, targets: Uint8Array[], position: number): Promise<void> {
    this.#thread ??= this.#start()
    const hung = Promise.withResolvers<never>()
    if (this.#hung.size === 0) this.#answered = performance.now()
    this.#hung.add(hung.reject)
    this.#timer ??= setInterval(() => this.#look(), this.#patience / 2).unref()
    try {
      await Promise.race([this.#thread.call('read', path, targets, position), hung.promise])
    } finally {
      this.#hung.delete(hung.reject)
      this.#answered = performance.now()
    }
  }

  close(): void {
    clearInterval(this.#timer)
    void this.#thread?.stop()
  }

  #start(): Thread<ObjectFile> {
    const thread = startThread<ObjectFile>(threadUrl)
    void thread.ended.then(() => {
      if (this.#thread === thread) this.#thread = undefined
    })
    return thread
  }

  #look(): void {
    if (this.#hung.size === 0 || performance.now() - this.#answered < this.#patience) return
    // It cannot be ended while it waits for its disk.
    void this.#thread?.stop()
    this.#thread = undefined
    for (const reject of this.#hung) reject(new IsocenterError('volume-unavailable', 'the disk does not answer'))
  }
}
