import { openPart10 } from '../../../shared/dicom/part10Stream.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { EvictedContent, Store } from '../store/index.ts'
import type { Carrier } from './carrier.ts'

/** Of an archive at once: a person waits for one image, what is read next comes beside it. */
const AT_ONCE = 4
/** Of them for the rest of a study whose first image was asked for. */
const BEHIND = 2
/** Who asks for more at once is told to come again. */
const MOST_WAITING = 5000
const LOOK_AHEAD = 200

export interface FetchBackParts {
  store: { read: Pick<Store['read'], 'evicted' | 'evictedOf'>; beginReceive: Store['beginReceive'] }
  /** The way to a destination that gives back; undefined where there is none of that name, or it gives nothing. */
  from(destination: string): Carrier['fetch']
  log: Log
}

/**
 * Brings back what lies at archives alone, each image once however many ask for it, and behind the first of a study the rest of it, in
 * reading order. What comes is received like anything else: only bytes equal to those that left make that content whole again.
 */
export class FetchBack {
  readonly #parts: FetchBackParts
  readonly #running = new Map<number, Promise<void>>()
  readonly #waiting: Array<() => void> = []
  #busy = 0
  readonly #completing = new Set<string>()
  readonly #closing = new AbortController()

  constructor(parts: FetchBackParts) {
    this.#parts = parts
  }

  /** Resolves when it is here. Rejects with 'archive-offline', 'peer-failed', 'busy' or the store's own error. */
  async fetch(contentId: number): Promise<void> {
    const StudyInstanceUID = await this.#once(contentId)
    if (StudyInstanceUID) void this.#complete(StudyInstanceUID)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const go of this.#waiting.splice(0)) go()
    await Promise.allSettled(this.#running.values())
  }

  /** The UID of its study; '' where it was here. */
  async #once(contentId: number): Promise<string> {
    const known = this.#running.get(contentId)
    if (known) return known.then(() => '')
    if (this.#running.size >= MOST_WAITING) throw new IsocenterError('busy')
    let StudyInstanceUID = ''
    const running = this.#turn(async () => {
      const content = await this.#parts.store.read.evicted(contentId)
      if (!content) return
      await this.#bring(content)
      StudyInstanceUID = content.StudyInstanceUID
    }).finally(() => this.#running.delete(contentId))
    this.#running.set(contentId, running)
    await running
    return StudyInstanceUID
  }

  async #turn(work: () => Promise<void>): Promise<void> {
    // The last one asked for is what somebody looks at now.
    if (this.#busy >= AT_ONCE) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#busy += 1
    try {
      if (this.#closing.signal.aborted) throw new IsocenterError('draining')
      await work()
    } finally {
      const next = this.#waiting.pop()
      if (next) next()
      else this.#busy -= 1
    }
  }

  async #bring(content: EvictedContent): Promise<void> {
    const { log } = this.#parts
    let failure = new IsocenterError('archive-offline', 'no archive that has it is among the destinations')
    for (const name of content.destinations) {
      const fetch = this.#parts.from(name)
      if (!fetch) continue
      try {
        await this.#take(content, fetch(content, this.#closing.signal))
        return
      } catch (thrown) {
        const error = toIsocenterError(thrown)
        log.warn({ err: error, destination: name, contentId: content.contentId }, 'an image could not be fetched back')
        if (error.code !== 'peer-failed') throw error
        failure = new IsocenterError('archive-offline', `${name}: ${error.detail ?? ''}`, { cause: error })
      }
    }
    throw failure
  }

  async #take(content: EvictedContent, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { store, log } = this.#parts
    const opened = await openPart10(chunks)
    if (!opened) throw new IsocenterError('peer-failed', 'what it gives is not DICOM')
    const receive = store.beginReceive({
      origin: { ...content.origin, door: 'pull' },
      SOPClassUID: content.SOPClassUID,
      SOPInstanceUID: content.SOPInstanceUID,
      TransferSyntaxUID: opened.meta.TransferSyntaxUID,
      whole: true,
      // Equal bytes are the content that left. Others are kept beside it, told of, and shown: the archive has nothing else.
      showLatest: true,
    })
    try {
      for await (const chunk of opened.dataSet) await receive.write(chunk)
    } catch (error) {
      await receive.abort()
      throw error
    }
    const { contentId, outcome } = await receive.commit()
    if (contentId === content.contentId) return
    log.error(
      { contentId: content.contentId, as: contentId, outcome },
      'an archive gave back other bytes than it was sent',
    )
    throw new IsocenterError(
      'peer-failed',
      'it gave back other bytes than it was sent; they are kept as a version of their own',
    )
  }

  /** The rest of a study. What fails is fetched when it is asked for. */
  async #complete(StudyInstanceUID: string): Promise<void> {
    if (this.#completing.has(StudyInstanceUID)) return
    this.#completing.add(StudyInstanceUID)
    try {
      for (;;) {
        const next = await this.#parts.store.read.evictedOf(StudyInstanceUID, LOOK_AHEAD)
        if (next.length === 0) return
        const bring = async () => {
          for (let id = next.shift(); id !== undefined; id = next.shift()) await this.#once(id)
        }
        await Promise.all(Array.from({ length: BEHIND }, bring))
      }
    } catch (error) {
      this.#parts.log.warn({ err: error, StudyInstanceUID }, 'the rest of a study was not fetched back')
    } finally {
      this.#completing.delete(StudyInstanceUID)
    }
  }
}
