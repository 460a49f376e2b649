import { setImmediate as turn } from 'node:timers/promises'
import type { AuditSink } from '../../../../shared/audit.ts'
import { IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import {
  dayBefore,
  earliestWanted,
  isWanted,
  type ListedStudy,
  type PulledStudy,
  type PullSummary,
} from '../../../../shared/pull.ts'
import { type Destination, RANK } from '../../../../shared/sync.ts'
import type { Log } from '../../base/log.ts'
import type { Store, StoreReader } from '../../store/index.ts'
import { backOff } from '../backOff.ts'
import type { Clock } from '../clock.ts'
import type { Outages } from '../outages.ts'
import { bytesPerSecondAt, type Pace } from '../pace.ts'
import { type BringProgress, bringStudy } from './bringStudy.ts'
import { ChangeReader, type Cursor, isReconcileDue, readCursor, type Seen } from './changeCursor.ts'
import { findPriors } from './findPriors.ts'
import type { PullSource } from './source.ts'

/** In the vault's settings, by destination. */
const SETTINGS = 'station:pull'
const AT_ONCE = 2
/** Whoever has nothing to do is called. */
const LONGEST_REST_MS = 3_600_000
/** Without a list of changes, so far back is looked at each time; everything is each night. */
const RECENT_DAYS = 2
const MOST_MOVES = 1000
const MOST_LISTED = 5000
const MOST_LACKING = 200

export const HAS_NOTHING = 'it has no image of this study'

export interface PullStore extends Pick<Store, 'beginReceive' | 'setSetting'> {
  read: Pick<StoreReader, 'knownInstances' | 'getSettings' | 'listMoves'>
}

export interface PullerParts {
  store: PullStore
  source: PullSource
  audit: AuditSink
  clock: Clock
  log: Log
  pace: Pace
  outages: Outages
}

/** A study that is to be looked into, and brought; one that is wanted again meanwhile is another. */
interface Waiting {
  rank: number
  /** Images that the archive says it has. */
  images: number
  failures: number
  /** How many others had come when it failed first. */
  others: number
}

/** So often one fails while others come before it is left to the nightly look at everything. */
const MOST_FAILURES = 5

/**
 * Brings from one archive what its rules want, and the priors of that. One loop looks at what is new there, others bring it. What is
 * still to come is kept nowhere: how far the archive was looked at is written down only when all that was found is here, so after a
 * kill the same is found again.
 */
export class Puller {
  readonly #parts: PullerParts
  #destination: Destination
  readonly #reader: ChangeReader | undefined
  readonly #abort = new AbortController()
  #nap = new AbortController()
  #calls = new AbortController()
  /** By study: what is wanted of it and how far it is. In the order they were found. */
  readonly #listed = new Map<string, PulledStudy>()
  readonly #queue = new Map<string, Waiting>()
  /** Being brought now. */
  readonly #bringing = new Map<string, Promise<unknown>>()
  /** How many images the archive said a study has when it was brought. */
  readonly #counts = new Map<string, number>()
  #cursor: Cursor | undefined
  #found: Seen[] = []
  #isUnkept = false
  /** Of the rules: a look by others before counts no more. */
  #generation = 0
  /** Studies that have come. */
  #came = 0
  #hasLooked = false
  #lookedAt: number | null = null
  #trouble = { looking: '', bringing: '' }
  readonly #running: Promise<unknown>

  constructor(destination: Destination, parts: PullerParts) {
    this.#destination = destination
    this.#parts = parts
    this.#reader = parts.source.feed && new ChangeReader(parts.source.feed)
    this.#running = Promise.all([this.#lookAgainAndAgain(), ...Array.from({ length: AT_ONCE }, () => this.#bringAll())])
  }

  /** The same route with other settings: they hold from now on. */
  set(destination: Destination): void {
    const isSame = JSON.stringify(destination.pull) === JSON.stringify(this.#destination.pull)
    this.#destination = destination
    if (!isSame) {
      this.#generation += 1
      this.#cursor = undefined
      this.#queue.clear()
      this.#listed.clear()
    }
    this.wake()
  }

  /** Looks now. */
  wake(): void {
    this.#nap.abort()
    this.#calls.abort()
  }

  /** A study before all others, whatever the rules say. Rejects with 'peer-failed', or where the store takes nothing. */
  async bringNow(StudyInstanceUID: string, progress: BringProgress): Promise<void> {
    const signal = AbortSignal.any([progress.signal, this.#abort.signal])
    const { images, lacking } = await this.#bring(StudyInstanceUID, { ...progress, signal })
    if (images === 0) throw new IsocenterError('peer-failed', HAS_NOTHING)
    if (!this.#queue.has(StudyInstanceUID)) this.#arrived(StudyInstanceUID, lacking)
  }

  status(): PullSummary {
    const today = dayBefore(this.#parts.clock.now(), 0)
    const all = [...this.#listed.values()]
    const count = (some: PulledStudy[]) => ({
      wanted: some.length,
      here: some.filter(({ state }) => state === 'here').length,
    })
    // What is not in the queue any more could not be had.
    const rankOf = ({ StudyInstanceUID }: PulledStudy) => this.#queue.get(StudyInstanceUID)?.rank ?? RANK.offPeak
    return {
      destination: this.#destination.name,
      lookedAt: this.#lookedAt,
      trouble: this.#trouble.looking || this.#trouble.bringing,
      today: count(all.filter(({ StudyDate }) => StudyDate === today)),
      priors: count(all.filter(({ kind }) => kind === 'prior')),
      queued: this.#queue.size,
      lacking: all
        .filter(({ state }) => state !== 'here')
        .toSorted((a, b) => rankOf(a) - rankOf(b))
        .slice(0, MOST_LACKING),
    }
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.wake()
    await this.#running
    this.#parts.source.close()
  }

  async #lookAgainAndAgain(): Promise<void> {
    const { clock, log } = this.#parts
    const { signal } = this.#abort
    for (let failures = 0; !signal.aborted; ) {
      const { pull, paused } = this.#destination
      let pause = LONGEST_REST_MS
      if (pull && !paused) {
        try {
          await this.#look()
          failures = 0
          this.#trouble.looking = ''
          pause = pull.everySeconds * 1000 * (0.8 + 0.4 * clock.random())
        } catch (thrown) {
          if (signal.aborted) return
          const { code, detail, message } = toIsocenterError(thrown)
          failures += 1
          this.#trouble.looking = detail ?? message
          log.warn({ destination: this.#destination.name, code, detail }, 'an archive could not be looked at')
          pause = backOff(failures, clock.random())
        }
      }
      await clock.sleep(pause, AbortSignal.any([signal, this.#nap.signal]))
      if (this.#nap.signal.aborted) this.#nap = new AbortController()
    }
  }

  /** Finds what is to come, and puts it into the queue. */
  async #look(): Promise<void> {
    const { source, clock, store } = this.#parts
    const { signal } = this.#abort
    const { pull } = this.#destination
    if (!pull) return
    const generation = this.#generation
    const now = clock.now()
    const before = this.#cursor ?? (await this.#keptCursor())
    const earliest = earliestWanted(pull.rules, now)
    const later = (day: string) => (day > earliest ? day : earliest)
    const recent = dayBefore(now, RECENT_DAYS)
    const listed = (since: string) => source.studies(since === '' ? {} : { since }, signal)
    /** Wanted ones whose priors are to be found: of what nobody waits for they would be a hundred questions each. */
    const current: ListedStudy[] = []
    /** Into the queue with them; false where the rules changed meanwhile. */
    const take = async (pages: AsyncIterable<ListedStudy[]>, which: 'all' | 'changed', hasPriors = false) => {
      for await (const page of pages) {
        if (generation !== this.#generation) return false
        for (const study of page) {
          const { StudyInstanceUID, NumberOfStudyRelatedInstances: images } = study
          // It is enough that the archive has as many images as when they were brought.
          if (which === 'changed' && this.#counts.get(StudyInstanceUID) === images) continue
          const isRecent = study.StudyDate >= recent
          if (isWanted(pull.rules, study, now)) {
            this.#want(study, isRecent ? 'current' : 'earlier')
            if (isRecent || hasPriors) current.push(study)
          } else if (this.#listed.get(StudyInstanceUID)?.kind === 'prior') this.#want(study, 'prior')
        }
        await turn()
      }
      return generation === this.#generation
    }
    let cursor: Cursor
    let seen: Seen | undefined
    if (this.#reader) {
      seen = await this.#reader.look(before, now, signal)
      cursor = seen.cursor
      if (seen.kind === 'everything') {
        if (!(await take(listed(earliest), seen.isDue ? 'all' : 'changed'))) return
      } else {
        for (const StudyInstanceUID of seen.studies) {
          if (!(await take(source.studies({ StudyInstanceUID }, signal), 'all', true))) return
        }
        // What is here of today's list is to be known from the start.
        if (!this.#hasLooked && !(await take(listed(later(dayBefore(now, 0))), 'all', true))) return
      }
    } else {
      const isDue = isReconcileDue(before, now)
      cursor = { ...before, reconciledAt: isDue ? now : before.reconciledAt }
      if (!(await take(listed(isDue ? earliest : later(recent)), isDue ? 'all' : 'changed'))) return
    }
    const moves = await store.read.listMoves(MOST_MOVES)
    if (generation !== this.#generation) return
    this.#calls.abort()
    for (const study of current) {
      const priors = await findPriors(study, pull.priors, moves, source, signal)
      if (generation !== this.#generation) return
      for (const prior of priors) {
        if (this.#listed.get(prior.StudyInstanceUID)?.kind !== 'current' && !isWanted(pull.rules, prior, now)) {
          this.#want(prior, 'prior')
        }
      }
    }
    if (seen) this.#found.push(seen)
    this.#isUnkept ||= JSON.stringify(cursor) !== JSON.stringify(before)
    this.#cursor = cursor
    this.#hasLooked = true
    this.#trimList()
    this.#lookedAt = clock.now()
    await this.#keepWhenDone()
    this.#calls.abort()
  }

  #want({ StudyInstanceUID, PatientID, StudyDate, ...study }: ListedStudy, kind: PulledStudy['kind']): void {
    const wanted = kind === 'current' ? RANK.current : kind === 'prior' ? RANK.prior : RANK.backfill
    const rank = Math.min(wanted, this.#queue.get(StudyInstanceUID)?.rank ?? wanted)
    this.#queue.set(StudyInstanceUID, { rank, images: study.NumberOfStudyRelatedInstances, failures: 0, others: 0 })
    this.#listed.delete(StudyInstanceUID)
    // Of an archive's whole past it is enough to know how many wait.
    if (kind === 'earlier' && this.#listed.size >= MOST_LISTED) return
    this.#listed.set(StudyInstanceUID, { StudyInstanceUID, PatientID, StudyDate, kind, state: 'queued' })
  }

  /** The longest known of what is here need not be told any more. */
  #trimList(): void {
    for (const [uid, { state }] of this.#listed) {
      if (this.#listed.size <= MOST_LISTED) break
      if (state !== 'queued') this.#listed.delete(uid)
    }
  }

  async #bringAll(): Promise<void> {
    const { clock, log } = this.#parts
    const { signal } = this.#abort
    for (let failures = 0; !signal.aborted; ) {
      const next = this.#destination.paused ? undefined : this.#next()
      if (next === undefined) {
        if (this.#calls.signal.aborted) this.#calls = new AbortController()
        await clock.sleep(LONGEST_REST_MS, AbortSignal.any([signal, this.#calls.signal]))
        continue
      }
      const [StudyInstanceUID, waiting] = next
      try {
        const { lacking } = await this.#bring(StudyInstanceUID, {
          signal,
          total() {},
          received: outcome => outcome !== 'duplicate' && this.#parts.outages.came(StudyInstanceUID),
          failed() {},
        })
        failures = 0
        this.#came += 1
        this.#trouble.bringing = ''
        this.#isOver(StudyInstanceUID, waiting, lacking)
        await this.#keepWhenDone()
      } catch (thrown) {
        if (signal.aborted) return
        const { code, detail, message } = toIsocenterError(thrown)
        failures += 1
        this.#trouble.bringing = detail ?? message
        log.warn(
          { destination: this.#destination.name, StudyInstanceUID, code, detail },
          'a study could not be brought',
        )
        this.#failed(StudyInstanceUID, waiting)
        await clock.sleep(backOff(failures, clock.random()), signal)
      }
    }
  }

  #isOver(StudyInstanceUID: string, waiting: Waiting, lacking: number): void {
    // One that was wanted anew meanwhile is looked into again.
    if (this.#queue.get(StudyInstanceUID) !== waiting) return
    this.#queue.delete(StudyInstanceUID)
    this.#counts.set(StudyInstanceUID, waiting.images)
    this.#arrived(StudyInstanceUID, lacking)
  }

  #arrived(StudyInstanceUID: string, lacking: number): void {
    const listed = this.#listed.get(StudyInstanceUID)
    if (listed) listed.state = lacking === 0 ? 'here' : 'incomplete'
  }

  /** Behind the others of its rank; given up for now where others come and it does not. */
  #failed(StudyInstanceUID: string, waiting: Waiting): void {
    if (this.#queue.get(StudyInstanceUID) !== waiting) return
    if (waiting.failures === 0) waiting.others = this.#came
    waiting.failures += 1
    if (waiting.failures >= MOST_FAILURES && this.#came > waiting.others) this.#isOver(StudyInstanceUID, waiting, 1)
    else {
      this.#queue.delete(StudyInstanceUID)
      this.#queue.set(StudyInstanceUID, waiting)
    }
  }

  /** Of what waits the first of the smallest rank. */
  #next(): [string, Waiting] | undefined {
    let first: [string, Waiting] | undefined
    for (const entry of this.#queue) {
      if (!this.#bringing.has(entry[0]) && (!first || entry[1].rank < first[1].rank)) first = entry
    }
    return first
  }

  /** Never twice at once. */
  async #bring(StudyInstanceUID: string, progress: BringProgress): ReturnType<typeof bringStudy> {
    while (this.#bringing.has(StudyInstanceUID)) await this.#bringing.get(StudyInstanceUID)
    const { source, store, audit } = this.#parts
    const { name } = this.#destination
    const { promise: over, resolve } = Promise.withResolvers<void>()
    this.#bringing.set(StudyInstanceUID, over)
    try {
      return await bringStudy(StudyInstanceUID, { name, source, store, audit, paced: this.#paced }, progress)
    } finally {
      this.#bringing.delete(StudyInstanceUID)
      resolve()
      this.#calls.abort()
    }
  }

  readonly #paced = async (bytes: number, signal: AbortSignal): Promise<void> => {
    const { pace, clock } = this.#parts
    const rate = bytesPerSecondAt(this.#destination.limits, clock.now())
    const wait = pace.book(bytes, rate, clock.ticks())
    if (wait > 0) await clock.sleep(wait, signal)
  }

  async #keptCursor(): Promise<Cursor> {
    const all = await this.#parts.store.read.getSettings(SETTINGS)
    const kept = all[this.#destination.name]
    const { rules } = typeof kept === 'object' && kept !== null && 'rules' in kept ? kept : { rules: '' }
    const cursor = readCursor(kept)
    return rules === this.#rules() ? cursor : { ...cursor, reconciledAt: 0 }
  }

  #rules(): string {
    return JSON.stringify([this.#destination.pull, this.#destination.route])
  }

  async #keepWhenDone(): Promise<void> {
    if (!this.#cursor || this.#queue.size > 0) return
    this.#parts.outages.caughtUp(this.#lookedAt ?? 0)
    for (const seen of this.#found.splice(0)) this.#reader?.done(seen)
    if (!this.#isUnkept) return
    this.#isUnkept = false
    await this.#parts.store.setSetting(SETTINGS, this.#destination.name, { ...this.#cursor, rules: this.#rules() })
  }
}
