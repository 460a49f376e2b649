import {
  type Destination,
  type DestinationState,
  type DestinationSummary,
  isWithin,
  RANK,
} from '../../../shared/sync.ts'
import type { Log } from '../base/log.ts'
import type { DestinationCounts, Outbox, OutboxItem, OutboxOutcome } from '../store/index.ts'
import type { ProblemList } from './alarms.ts'
import { lookedFor, sentBy, triedBy } from './answers.ts'
import { Auditor } from './auditor.ts'
import { LONGEST_PAUSE_MS } from './backOff.ts'
import type { Carrier } from './carrier.ts'
import type { Clock } from './clock.ts'
import { afterLook, afterSend, isLesser, neverSent } from './custody.ts'
import { inBatches } from './halving.ts'
import { Health } from './health.ts'
import type { Outages } from './outages.ts'
import { bytesPerSecondAt, type Pace } from './pace.ts'
import { etaSeconds, Rates } from './rates.ts'

/** What is still under way when it ends is not given out again: see `#held`. */
const LEASE_MS = 60_000
const LOOKS_AT_ONCE = 2
const LOOK_OBJECTS = 40
/** An archive that nothing goes to is called this often, so that people know before something waits. */
const BEAT_MS = 15_000
const POLL_MS = 1000
const GRACE_MS = 3000
/** Between two batches it is still sending. */
const STILL_SENDING_MS = 2000
/** So many are taken out of their back-off by a person's word before the usual order holds again. */
const HURRIED_MOST = 10_000

export interface RunnerParts {
  outbox: Outbox
  carrier: Carrier
  clock: Clock
  /** Of the line to it, both ways. */
  pace: Pace
  log: Log
  problems: ProblemList
  /** How it does has changed. */
  changed(): void
  /** Something is neither at the destination nor here. */
  lost(): void
  outages: Outages
}

/**
 * Brings what waits for one destination there, and proves it: takes leases, sends, looks, settles. It shares nothing with the others,
 * so none of them is slowed by an archive that is away. What becomes of a row is decided in custody.ts.
 */
export class Runner {
  readonly #parts: RunnerParts
  #destination: Destination
  readonly #health: Health
  readonly #auditor: Auditor
  readonly #rates = new Rates()
  /** Leased and not settled: a lease that ends meanwhile gives nothing out twice. */
  readonly #held = new Set<number>()
  /** Suspects, which go when nothing else is on the line. */
  readonly #alone: OutboxItem[] = []
  readonly #work = new Set<Promise<void>>()
  readonly #abort = new AbortController()
  #sends = 0
  #looks = 0
  #beats = 0
  /** Whether a lease may bring something, as far as is known: no empty one is asked for at each image that arrives. */
  #may = { send: true, look: true }
  #nap = new AbortController()
  #stopping = false
  readonly #running: Promise<void>
  /** How far beyond now items are leased, ms, and those that were: a person's word goes before the back-off. */
  #hurry: { reachMs: number; seen: Set<number> } | undefined
  #sentAt = Number.NEGATIVE_INFINITY
  #due: number | null = null
  #shown: { state: DestinationState; since: number }

  constructor(destination: Destination, parts: RunnerParts) {
    this.#destination = destination
    this.#parts = parts
    const { clock, log, outbox, carrier, problems } = parts
    this.#shown = { state: 'idle', since: clock.now() }
    this.#health = new Health(destination.name, clock, log, problems)
    this.#auditor = new Auditor({
      name: destination.name,
      outbox,
      carrier,
      clock,
      log,
      alarms: this.#health.alarms,
      wanted: () => (this.#destination.paused || this.#health.isAway ? undefined : this.#destination.proof),
      found: () => this.wake(),
      lost: parts.lost,
    })
    this.#running = this.#run()
  }

  get destination(): Destination {
    return this.#destination
  }

  /** The same route with other settings: they hold from now on. */
  set(destination: Destination): void {
    this.#destination = destination
    this.#may.look = true
    this.wake()
  }

  /** Something to send may be there. */
  wake(): void {
    this.#may.send = true
    this.#nap.abort()
  }

  /** Whatever the back-off and the breaker say. */
  hurry(): void {
    this.#health.sending.hurry()
    this.#health.looking.hurry()
    this.#hurry = { reachMs: LONGEST_PAUSE_MS, seen: new Set() }
    this.#may.look = true
    this.wake()
  }

  /** A person had what it refused sent again. */
  seen(): void {
    this.#health.alarms.refusedAgainSent()
  }

  /** Takes nothing new, gives what is on its way a few seconds, then aborts it. */
  async close(): Promise<void> {
    const { clock, carrier, log } = this.#parts
    this.#stopping = true
    this.#nap.abort()
    const auditing = this.#auditor.close()
    const within = async (ms: number) => {
      const late = new AbortController()
      await Promise.race([Promise.all([this.#running, auditing, ...this.#work]), clock.sleep(ms, late.signal)])
      late.abort()
    }
    await within(GRACE_MS)
    this.#abort.abort()
    if (this.#work.size > 0) await within(GRACE_MS)
    await carrier.close().catch((error: unknown) => log.warn({ err: error }, 'a carrier did not close cleanly'))
  }

  status(counts: Omit<DestinationCounts, 'name'>): DestinationSummary {
    const { clock } = this.#parts
    const { name, route } = this.#destination
    const [now, ticks] = [clock.now(), clock.ticks()]
    const state = this.#state(counts)
    if (state !== this.#shown.state) {
      const openSince = state === 'offline' ? (this.#health.sending.openSince ?? ticks) : ticks
      this.#shown = { state, since: Math.round(now - (ticks - openSince)) }
    }
    const rate = this.#rates.at(ticks)
    const flows = state === 'sending'
    const wait = this.#health.sending.wait(ticks)
    const waitsFor = state === 'waiting' && this.#due !== null ? this.#due : null
    return {
      name,
      kind: route.kind,
      address: route.kind === 'dicomweb' ? new URL(route.url).host : route.node,
      ...this.#shown,
      queued: counts.queued,
      queuedBytes: counts.queuedBytes,
      unproved: counts.unproved,
      confirmed: counts.confirmed,
      dead: counts.dead,
      oldest: counts.oldest,
      ...rate,
      etaSeconds: flows ? etaSeconds({ objects: counts.queued, bytes: counts.queuedBytes }, rate) : null,
      trouble: this.#health.trouble,
      nextTryAt: this.#health.isAway ? Math.round(now + wait) : waitsFor,
      outages: this.#parts.outages.all,
    }
  }

  #state({ queued, unproved }: Pick<DestinationCounts, 'queued' | 'unproved'>): DestinationState {
    if (this.#destination.paused) return 'paused'
    if (this.#health.isAway) return this.#health.unreachable ? 'offline' : 'waiting'
    if (queued + unproved === 0) return 'idle'
    const active = this.#sends + this.#looks > 0 || this.#parts.clock.ticks() - this.#sentAt < STILL_SENDING_MS
    if (active) return 'sending'
    return this.#due === null && unproved === 0 ? 'quiet hours' : 'waiting'
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts
    while (!this.#stopping) {
      const nap = new AbortController()
      this.#nap = nap
      try {
        if (await this.#start()) continue
        this.#beat()
        await clock.sleep(await this.#untilNext(), nap.signal)
        // The time has come for what could not be had before.
        if (!nap.signal.aborted) this.#may = { send: true, look: true }
      } catch (error) {
        if (this.#stopping) return
        log.error(
          { err: error, destination: this.#destination.name },
          'the outbox could not be read; it is tried again',
        )
        await clock.sleep(POLL_MS, nap.signal)
      }
    }
  }

  /** Begins what can be begun; whether something was. */
  async #start(): Promise<boolean> {
    if (this.#destination.paused) return false
    const looked = await this.#startLook()
    const sent = await this.#startSend()
    return looked || sent
  }

  async #startLook(): Promise<boolean> {
    const open = this.#health.looking.openSince !== undefined
    const wait = this.#health.looking.wait(this.#parts.clock.ticks())
    if (!this.#may.look || wait > 0 || this.#looks >= (open ? 1 : LOOKS_AT_ONCE)) return false
    this.#may.look = false
    const wanted = { objects: open ? 1 : LOOK_OBJECTS, bytes: Number.MAX_SAFE_INTEGER, rank: RANK.offPeak }
    const items = await this.#lease(wanted, ['sent', 'unsure'])
    if (items.length === 0) return false
    this.#may.look = true
    this.#looks += 1
    this.#begin(this.#look(items).finally(() => (this.#looks -= 1)))
    return true
  }

  async #startSend(): Promise<boolean> {
    const open = this.#health.isAway
    if (this.#health.sending.wait(this.#parts.clock.ticks()) > 0) return false
    if (this.#alone.length > 0) {
      const item = this.#sends === 0 ? this.#alone.shift() : undefined
      if (item) this.#beginSend(this.#sendAlone(item))
      return item !== undefined
    }
    if (!this.#may.send || this.#sends >= (open ? 1 : this.#destination.concurrency)) return false
    this.#may.send = false
    const { objects, bytes } = this.#parts.carrier.batch
    const items = await this.#lease({ objects: open ? 1 : objects, bytes, rank: this.#rank() }, ['queued'])
    if (items.length === 0) return false
    this.#may.send = true
    this.#alone.push(...items.filter(({ contentId }) => this.#health.suspects.has(contentId)))
    const others = items.filter(({ contentId }) => !this.#health.suspects.has(contentId))
    if (others.length > 0) this.#beginSend(this.#send(others))
    return true
  }

  #beginSend(sent: Promise<void>): void {
    this.#sends += 1
    this.#begin(
      sent.finally(() => {
        this.#sends -= 1
        this.#sentAt = this.#parts.clock.ticks()
      }),
    )
  }

  #begin(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error, destination: this.#destination.name }, 'a batch ended unforeseen')
      })
      .finally(() => {
        this.#work.delete(done)
        this.#noteOutage()
        this.#nap.abort()
        this.#parts.changed()
      })
    this.#work.add(done)
    this.#parts.changed()
  }

  #noteOutage(): void {
    const { clock, outages } = this.#parts
    const { isAway, unreachable, sending } = this.#health
    const now = clock.now()
    if (!isAway) outages.back(now, this.#destination.pull !== undefined)
    else if (unreachable) outages.away(Math.round(now - (clock.ticks() - (sending.openSince ?? clock.ticks()))))
  }

  #rank(): number {
    return isWithin(this.#destination.offPeak, this.#parts.clock.now()) ? RANK.offPeak : RANK.backfill
  }

  async #lease(
    wanted: { objects: number; bytes: number; rank: number },
    only: Array<'queued' | 'unsure' | 'sent'>,
  ): Promise<OutboxItem[]> {
    const { outbox, clock } = this.#parts
    const now = clock.now() + (this.#hurry?.reachMs ?? 0)
    const leased = await outbox.lease({
      destination: this.#destination.name,
      ...wanted,
      now,
      until: now + LEASE_MS,
      only,
    })
    const items = leased.filter(({ contentId }) => !this.#held.has(contentId))
    for (const { contentId } of items) this.#held.add(contentId)
    if (this.#hurry) {
      const { seen } = this.#hurry
      const allSeen = only.includes('queued') && items.every(({ contentId }) => seen.has(contentId))
      for (const { contentId } of items) seen.add(contentId)
      if (allSeen || seen.size > HURRIED_MOST) this.#hurry = undefined
    }
    return items
  }

  async #send(items: OutboxItem[]): Promise<void> {
    const never = items.map(neverSent).filter(outcome => outcome !== undefined)
    if (never.length > 0) await this.#settle(never)
    const dead = new Set(never.map(({ contentId }) => contentId))
    const rest = items.filter(({ contentId }) => !dead.has(contentId))
    for (const batch of inBatches(rest, this.#parts.carrier.batch.objects)) {
      const waits = this.#stopping || this.#health.sending.wait(this.#parts.clock.ticks()) > 0
      await (waits ? this.#giveBack(batch) : this.#sendBatch(batch))
    }
  }

  /** Only to an archive that answers now: else what ends it could not be told from a line that is cut. */
  async #sendAlone(item: OutboxItem): Promise<void> {
    if (!this.#stopping && (await this.#call())) await this.#send([item])
    else await this.#giveBack([item])
  }

  /** What ended the connection may have ended the archive with it. */
  async #lookWhetherItDied({ contentId }: OutboxItem): Promise<void> {
    if (!this.#health.suspects.has(contentId)) return
    const { works, words } = await triedBy(this.#parts.carrier, this.#abort.signal)
    if (works || this.#abort.signal.aborted) return
    this.#health.suspects.died(contentId)
    this.#health.called(false, words, false)
  }

  async #giveBack(items: OutboxItem[]): Promise<void> {
    const nextAt = this.#parts.clock.now()
    await this.#settle(items.map(({ contentId }) => ({ contentId, state: 'queued', nextAt })))
  }

  async #sendBatch(batch: OutboxItem[]): Promise<void> {
    const { carrier, clock } = this.#parts
    const paced = async (bytes: number) => {
      const rate = bytesPerSecondAt(this.#destination.limits, clock.now())
      const wait = this.#parts.pace.book(bytes, rate, clock.ticks())
      if (wait > 0) await clock.sleep(wait, this.#abort.signal)
    }
    const results = await sentBy(carrier, batch, paced, this.#abort.signal)
    const listed = results.filter(({ outcome }) => outcome.kind === 'listed').map(({ item }) => item)
    const aborted = this.#abort.signal.aborted
    const allFailed = aborted || this.#health.sent(results.map(({ outcome }) => outcome))
    if (!aborted) for (const { item } of results) await this.#lookWhetherItDied(item)
    const bytes = listed.reduce((sum, item) => sum + item.dataSetLength, 0)
    if (listed.length > 0) this.#rates.add(listed.length, bytes, clock.ticks())
    this.#noteOutage()
    this.#parts.outages.sent(listed.map(({ StudyInstanceUID }) => StudyInstanceUID))
    const about = { now: clock.now(), random: clock.random(), wanted: this.#destination.proof, allFailed }
    await this.#settle(results.map(({ item, outcome }) => afterSend(item, outcome, about)))
  }

  async #look(items: OutboxItem[]): Promise<void> {
    const { carrier, clock } = this.#parts
    const { proof } = this.#destination
    const results = await lookedFor(carrier, items, proof === 'listed' ? 'present' : proof, this.#abort.signal)
    const allFailed = results.every(({ look }) => look.kind === 'unknown')
    if (!this.#abort.signal.aborted) this.#health.looked(!allFailed, results[0]?.look.reason ?? '')
    for (const { item, look } of results) {
      // It said that it has it, or what it has is damaged: that would stand in the way of sending it again.
      if (look.kind === 'absent' && (item.state === 'sent' || look.reason !== '') && item.path !== '') {
        await carrier.remove(item, this.#abort.signal).catch(() => false)
      }
      if (look.kind === 'there' && isLesser(look.proof, proof)) this.#health.alarms.tell('lesser')
    }
    const about = { now: clock.now(), random: clock.random(), wanted: proof, allFailed }
    await this.#settle(
      results.map(({ item, look }) =>
        afterLook(item, look, {
          ...about,
          suspected: this.#health.suspects.has(item.contentId),
          poison: this.#health.suspects.isPoison(item.contentId),
        }),
      ),
    )
  }

  /** Calls an archive that nothing is sent to, to know whether it is there. */
  #beat(): void {
    const quiet = this.#sends + this.#looks + this.#beats + this.#alone.length === 0 && !this.#may.send
    if (!quiet || this.#destination.paused || this.#stopping) return
    const { isAway, unreachable, silence } = this.#health
    const due = isAway ? unreachable || this.#due === null : silence >= BEAT_MS
    if (!due || this.#health.sending.wait(this.#parts.clock.ticks()) > 0) return
    this.#beats += 1
    this.#begin(
      this.#call()
        .then(() => {})
        .finally(() => (this.#beats -= 1)),
    )
  }

  /** Whether it answers. */
  async #call(): Promise<boolean> {
    const { works, words } = await triedBy(this.#parts.carrier, this.#abort.signal)
    if (!this.#abort.signal.aborted) this.#health.called(works, words, this.#due === null)
    return works
  }

  /** Milliseconds until there is something to do, unless it is woken. */
  async #untilNext(): Promise<number> {
    const { outbox, clock } = this.#parts
    const ticks = clock.ticks()
    if (this.#destination.paused) return BEAT_MS
    this.#due = await outbox.nextDue(this.#destination.name, this.#rank())
    const waits = [this.#health.sending.wait(ticks), this.#health.looking.wait(ticks)].filter(wait => wait > 0)
    if (this.#due === null) {
      this.#parts.outages.drained()
      return Math.min(BEAT_MS, ...waits)
    }
    const ahead = this.#due - clock.now()
    if (ahead <= 0) return Math.min(BEAT_MS, ...(waits.length > 0 ? waits : [POLL_MS]))
    if (ahead > LONGEST_PAUSE_MS) {
      this.#hurry ??= { reachMs: ahead, seen: new Set() }
      return POLL_MS
    }
    return Math.min(BEAT_MS, ahead, ...waits)
  }

  /** Until it is kept, or the station ends: what was sent and is not written down would be sent again. */
  async #settle(outcomes: OutboxOutcome[]): Promise<void> {
    const { outbox, clock, log } = this.#parts
    const { name } = this.#destination
    for (let kept = false; !kept; ) {
      try {
        await outbox.settle(name, outcomes)
        kept = true
      } catch (error) {
        log.error({ err: error, destination: name }, 'what became of sent images could not be written')
        if (this.#abort.signal.aborted) return
        await clock.sleep(POLL_MS, this.#abort.signal)
      }
    }
    const now = clock.now()
    for (const { contentId, state, nextAt = now } of outcomes) {
      this.#held.delete(contentId)
      if (state === 'confirmed' || state === 'dead') this.#health.suspects.clear(contentId)
      if (nextAt > now) continue
      if (state === 'queued') this.#may.send = true
      else if (state === 'sent' || state === 'unsure') this.#may.look = true
    }
    const dead = outcomes.filter(({ state }) => state === 'dead')
    if (dead.length > 0) {
      log.warn({ destination: name, images: dead.length, reason: dead[0]?.reason }, 'images were refused for good')
      this.#health.alarms.tell('dead')
    }
    this.#nap.abort()
    this.#parts.changed()
  }
}
