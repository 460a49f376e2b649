import { IsocenterError } from '../../../shared/errors.ts'
import { startThread, type Thread } from '../base/thread.ts'
import type { ObjectFile } from './objectFile.ts'

/** No read of a disk that works lasts so long. */
const HUNG_MS = 30_000
/** Of what waited in the thread for another's disk. */
const BEHIND = 'it waited behind a disk that does not answer'

const threadUrl = new URL(
  import.meta.url.endsWith('.ts') ? './objectFileThread.ts' : './objectFileThread.js',
  import.meta.url,
)

/**
 * Reads objects in a thread of its own, started by the first. One that answers nothing for 30 s is left to its disk: what it was reading
 * rejects, and what waited behind that, which may lie on a disk that works, is asked of another once.
 */
export class ObjectReads {
  #thread: Thread<ObjectFile> | undefined
  /** In the order in which the thread takes them. */
  readonly #waiting = new Set<(error: Error) => void>()
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
    try {
      await this.#ask(path, targets, position)
    } catch (error) {
      if (!(error instanceof IsocenterError && error.detail === BEHIND)) throw error
      await this.#ask(path, targets, position)
    }
  }

  async #ask(path: string, targets: Uint8Array[], position: number): Promise<void> {
    this.#thread ??= this.#start()
    const hung = Promise.withResolvers<never>()
    if (this.#waiting.size === 0) this.#answered = performance.now()
    this.#waiting.add(hung.reject)
    this.#timer ??= setInterval(() => this.#look(), this.#patience / 2).unref()
    try {
      await Promise.race([this.#thread.call('read', path, targets, position), hung.promise])
    } finally {
      this.#waiting.delete(hung.reject)
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
    const [reading, ...behind] = this.#waiting
    if (!reading || performance.now() - this.#answered < this.#patience) return
    // It cannot be ended while it waits for its disk; what is behind that it will never begin.
    void this.#thread?.stop()
    this.#thread = undefined
    reading(new IsocenterError('volume-unavailable', 'the disk does not answer'))
    for (const reject of behind) reject(new IsocenterError('volume-unavailable', BEHIND))
  }
}
