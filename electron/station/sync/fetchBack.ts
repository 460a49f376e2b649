import type { AuditEvent, AuditSink } from '../../../shared/audit.ts'
import { openPart10 } from '../../../shared/dicom/part10Stream.ts'
import { type ErrorCode, IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { EvictedContent, Store } from '../store/index.ts'
import type { Carrier } from './carrier.ts'
import type { BringProgress } from './pull/bringStudy.ts'

/** Of an archive at once: a person waits for one image, what is read next comes beside it. */
const AT_ONCE = 4
/** Of them for the rest of a study whose first image was asked for. */
const BEHIND = 2
/** Who asks for more at once is told to come again. */
const MOST_WAITING = 5000
const LOOK_AHEAD = 200

/** Of one read; what comes is not among the next. */
const MOST_OF_A_STUDY = 5000
/** With these the next image may fare better. */
const FAILS_ALONE: ReadonlySet<ErrorCode> = new Set(['archive-offline', 'image-lost', 'peer-failed', 'busy'])

/** By which way images are asked for that archives alone have. */
export type Asker = 'counter' | 'dimse' | 'station'
const ASKED: Record<Asker, string> = {
  counter: 'Fetched back from an archive for a reader',
  dimse: 'Fetched back from an archive for another system',
  station: 'Fetched back from an archive, for another one had lost it',
}
const sessionOf = (StudyInstanceUID: string) => `fetched back ${StudyInstanceUID}`

export interface FetchBackParts {
  store: { read: Pick<Store['read'], 'evicted' | 'evictedOf'>; beginReceive: Store['beginReceive'] }
  /** The way to a destination that gives back; undefined where there is none of that name, or it gives nothing. */
  from(destination: string): Carrier['fetch']
  /** For the audit trail: by which door it comes, and from which host; '' where that is not known. */
  peerOf(destination: string): Pick<AuditEvent, 'door'> & { address: string }
  audit: Pick<AuditSink, 'gather' | 'finish'>
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
  async fetch(contentId: number, asker: Asker): Promise<void> {
    const StudyInstanceUID = await this.#once(contentId, asker)
    if (StudyInstanceUID) void this.#complete(StudyInstanceUID, asker)
  }

  /** This one alone. Rejects as `fetch` does. */
  async bring(contentId: number): Promise<void> {
    await this.#once(contentId, 'station')
  }

  /**
   * All of a study that lies at archives alone, in reading order; what fails is told of, the rest comes. Rejects only where the store
   * takes nothing, or with 'draining'.
   */
  async study(StudyInstanceUID: string, progress: BringProgress): Promise<void> {
    const failed = new Set<number>()
    let known = 0
    let done = 0
    try {
      for (;;) {
        const all = await this.#parts.store.read.evictedOf(StudyInstanceUID, MOST_OF_A_STUDY)
        const next = all.filter(id => !failed.has(id))
        known = Math.max(known, done + all.length)
        progress.total(known)
        if (next.length === 0) return
        const bring = async () => {
          for (let id = next.shift(); id !== undefined && !progress.signal.aborted; id = next.shift()) {
            try {
              await this.#once(id, 'counter')
              done += 1
              progress.received('stored')
            } catch (thrown) {
              const error = toIsocenterError(thrown)
              if (!FAILS_ALONE.has(error.code)) throw error
              failed.add(id)
              progress.failed(`image ${id}`, error.detail ?? error.message)
            }
          }
        }
        await Promise.all(Array.from({ length: BEHIND }, bring))
        if (progress.signal.aborted) throw new IsocenterError('cancelled')
      }
    } finally {
      this.#parts.audit.finish(sessionOf(StudyInstanceUID))
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const go of this.#waiting.splice(0)) go()
    await Promise.allSettled(this.#running.values())
  }

  /** The UID of its study; '' where it was here. */
  async #once(contentId: number, asker: Asker): Promise<string> {
    const known = this.#running.get(contentId)
    if (known) return known.then(() => '')
    if (this.#running.size >= MOST_WAITING) throw new IsocenterError('busy')
    let StudyInstanceUID = ''
    const running = this.#turn(async () => {
      const content = await this.#parts.store.read.evicted(contentId)
      if (!content) return
      await this.#bring(content, asker)
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

  async #bring(content: EvictedContent, asker: Asker): Promise<void> {
    const { log } = this.#parts
    let failure =
      content.destinations.length === 0
        ? new IsocenterError('image-lost')
        : new IsocenterError('archive-offline', 'no archive that has it gives images back')
    for (const name of content.destinations) {
      const fetch = this.#parts.from(name)
      if (!fetch) continue
      try {
        await this.#take(content, fetch(content, this.#closing.signal))
        this.#tell(content, name, asker)
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
    // An archive may have sent it through the door for everybody instead.
    if (!opened && !(await store.read.evicted(content.contentId))) return
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

  /** PS3.15 §A.5.3.7: it came from there, for whom. */
  #tell({ StudyInstanceUID, SOPClassUID }: EvictedContent, name: string, asker: Asker): void {
    const { audit, peerOf } = this.#parts
    const { door, address } = peerOf(name)
    audit.gather(
      sessionOf(StudyInstanceUID),
      {
        event: 'instancesTransferred',
        action: 'C',
        outcome: 0,
        door,
        text: ASKED[asker],
        participants: [{ UserID: name, address, requestor: false, role: 'source' }],
        study: { StudyInstanceUID, PatientID: '', instances: {} },
      },
      SOPClassUID,
    )
  }

  /** The rest of a study. What fails is fetched when it is asked for. */
  async #complete(StudyInstanceUID: string, asker: Asker): Promise<void> {
    if (this.#completing.has(StudyInstanceUID)) return
    this.#completing.add(StudyInstanceUID)
    try {
      for (;;) {
        const next = await this.#parts.store.read.evictedOf(StudyInstanceUID, LOOK_AHEAD)
        if (next.length === 0) return
        const bring = async () => {
          for (let id = next.shift(); id !== undefined; id = next.shift()) await this.#once(id, asker)
        }
        await Promise.all(Array.from({ length: BEHIND }, bring))
      }
    } catch (error) {
      this.#parts.log.warn({ err: error, StudyInstanceUID }, 'the rest of a study was not fetched back')
    } finally {
      this.#completing.delete(StudyInstanceUID)
      this.#parts.audit.finish(sessionOf(StudyInstanceUID))
    }
  }
}
