import { goesBy, type Node } from '../../../shared/config.ts'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { isStorableUID, normaliseUID } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { SenderCounts } from '../../../shared/viewing/completeness.ts'
import type { Log } from '../base/log.ts'
import type { Store, StoreReader } from '../store/index.ts'
import type { OutgoingAssociations } from './outgoing.ts'
import { FIND_CONTEXTS, find } from './queryScu.ts'

/** Studies that wait for their turn; the oldest goes, for it is asked of again when more of it comes. */
const MOST_WAITING = 1000
/** Of these it is remembered what they had when they were asked of. */
const MOST_ASKED = 5000
/** Who does not answer queries is let alone for so long. */
const DEAF_MS = 3_600_000
/** Whoever answers more has misread the question. */
const MOST_SERIES = 2000
const MOST_IMAGES = 50_000
/** While a study comes it is told of many times a second. */
const PAUSE_MS = 1000
/** ms, for an association and all its answers: somebody else's night backup is not ours to wait for. */
const PATIENCE = 60_000

/** What of the vault is asked and told. */
export type JudgedStore = Pick<Store, 'onChanges' | 'senderSays'> & { read: Pick<StoreReader, 'getStudy'> }

interface SenderCountsParts {
  store: JudgedStore
  log: Log
  nodes(): Node[]
  open: OutgoingAssociations['open']
}

/**
 * Asks those that sent a study how much of it they have (PS3.4 §C.4.1: C-FIND of its series and, where they do not count, images), when
 * nothing came any more and nobody had given a list: one study at a time, and only nodes that may query, who mostly can be queried.
 */
export class SenderQuestions {
  readonly #parts: SenderCountsParts
  readonly #waiting = new Set<string>()
  /** What was here when it was asked of, by study. */
  readonly #asked = new Map<string, number>()
  readonly #deafUntil = new Map<string, number>()
  readonly #stop = new AbortController()
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(parts: SenderCountsParts) {
    this.#parts = parts
    this.#unsubscribe = parts.store.onChanges(changes => {
      for (const { kind, StudyInstanceUID } of changes) if (kind === 'study') this.#waiting.add(StudyInstanceUID)
      for (const oldest of this.#waiting) {
        if (this.#waiting.size <= MOST_WAITING) break
        this.#waiting.delete(oldest)
      }
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#running = this.#running
          .then(() => this.#run())
          .catch(error => parts.log.error({ err: error }, 'senders could not be asked what they have'))
      }, PAUSE_MS)
    })
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    clearTimeout(this.#timer)
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const uids = [...this.#waiting]
    this.#waiting.clear()
    for (const uid of uids) if (!this.#stop.signal.aborted) await this.#ask(uid)
  }

  async #ask(uid: string): Promise<void> {
    const { store, log, nodes, open } = this.#parts
    const found = await store.read.getStudy(uid).catch((error: unknown) => {
      // Deleted, or moved, since it was told of.
      if (toIsocenterError(error).code === 'not-found') return undefined
      throw error
    })
    if (!found) return
    const { sendingAET, completeness, NumberOfStudyRelatedInstances: here } = found.study
    const node = nodes().find(one => goesBy(one, sendingAET) && one.rights.includes('query'))
    if (!node || !completeness || completeness.verdict === 'proved' || this.#asked.get(uid) === here) return
    if ((this.#deafUntil.get(node.AET) ?? 0) > performance.now()) return
    this.#asked.delete(uid)
    this.#asked.set(uid, here)
    const [oldest] = this.#asked.keys()
    if (this.#asked.size > MOST_ASKED && oldest !== undefined) this.#asked.delete(oldest)
    try {
      const counts = await countsOf(node, uid, open, this.#stop.signal)
      log.info(
        { StudyInstanceUID: uid, AET: node.AET, series: counts.series.length },
        'the sender was asked what it has',
      )
      if (counts.series.length > 0) await store.senderSays(uid, counts)
    } catch (thrown) {
      if (this.#stop.signal.aborted) return
      // Many scanners take no queries; that is no failure of theirs.
      this.#deafUntil.set(node.AET, performance.now() + DEAF_MS)
      const { detail, message } = toIsocenterError(thrown)
      log.info({ AET: node.AET, reason: detail ?? message }, 'a sender does not say what it has')
    }
  }
}

/** By series, those without an image left out. Rejects with 'peer-failed', 'too-large'. */
async function countsOf(
  node: Node,
  StudyInstanceUID: string,
  open: OutgoingAssociations['open'],
  stop: AbortSignal,
): Promise<SenderCounts> {
  const line = await open(node, FIND_CONTEXTS, { answerWithin: PATIENCE, aside: true })
  const late = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE)])
  try {
    const series = new Map<string, number | undefined>()
    const wanted = { StudyInstanceUID, SeriesInstanceUID: '', NumberOfSeriesRelatedInstances: '' }
    await wholly(
      find(
        line,
        'SERIES',
        wanted,
        match => {
          const uid = uidOf(match, 'SeriesInstanceUID')
          if (uid === '' || uidOf(match, 'StudyInstanceUID', StudyInstanceUID) !== StudyInstanceUID) return
          series.set(uid, countIn(match))
          if (series.size > MOST_SERIES) throw new IsocenterError('too-large', 'more series than a study has')
        },
        late,
      ),
    )
    let left = MOST_IMAGES
    const counts: SenderCounts['series'] = []
    for (const [SeriesInstanceUID, told] of series) {
      const images = new Set<string>()
      if (told === undefined) {
        const keys = { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID: '' }
        await wholly(
          find(
            line,
            'IMAGE',
            keys,
            match => {
              images.add(uidOf(match, 'SOPInstanceUID'))
              left -= 1
              if (left < 0) throw new IsocenterError('too-large', 'more images than are counted')
            },
            late,
          ),
        )
      }
      const instances = told ?? images.size
      if (instances > 0) counts.push({ SeriesInstanceUID, instances })
    }
    return { AET: node.AET, series: counts }
  } finally {
    void line.release()
  }
}

/** Half an answer would prove what is not so. */
async function wholly(answer: Promise<boolean>): Promise<void> {
  if (!(await answer)) throw new IsocenterError('peer-failed', 'it did not come to the end of its answer')
}

function uidOf(match: DataSet, keyword: string, otherwise = ''): string {
  const uid = normaliseUID(match.string(keyword))
  return isStorableUID(uid) ? uid : otherwise
}

function countIn(match: DataSet): number | undefined {
  const text = match.string('NumberOfSeriesRelatedInstances').trim()
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
