import type { Proof } from '../../../shared/sync.ts'
import type { Log } from '../base/log.ts'
import type { Outbox, OutboxItem } from '../store/index.ts'
import type { Alarms } from './alarms.ts'
import { lookedFor } from './answers.ts'
import type { Carrier } from './carrier.ts'
import type { Clock } from './clock.ts'
import { afterAudit } from './custody.ts'

/** First looked for again after this: an archive that takes images and loses them does so soon. */
const FIRST_MS = 120_000
/** From then on. */
const WEEK_MS = 7 * 86_400_000
const AT_ONCE = 40
const IDLE_MS = 10_000
/** Between two looks at least, and at least as long as the look took: half of the time is everybody else's. */
const LEAST_PAUSE_MS = 250
/** What cannot be seen now is left out for so long, so that it does not stand before all others. */
const UNSEEN_MS = 600_000
const UNSEEN_MOST = 1000

export interface AuditParts {
  name: string
  outbox: Outbox
  carrier: Carrier
  clock: Clock
  log: Log
  alarms: Alarms
  /** Undefined while it is not to be looked: it is paused, or away. */
  wanted(): Proof | undefined
  /** Something is to be sent again. */
  found(): void
  /** Something is neither there nor here. */
  lost(): void
}

/**
 * Looks for what was confirmed, again and again: after two minutes, then about once a week. What is not there any more is taken away
 * there, because a resend alone heals nothing (an archive that knows the UID keeps what it has), and sent again.
 */
export class Auditor {
  readonly #parts: AuditParts
  readonly #stop = new AbortController()
  readonly #unseen = new Map<number, number>()
  readonly #running: Promise<void>

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log, name } = this.#parts
    const { signal } = this.#stop
    while (!signal.aborted) {
      const began = clock.ticks()
      const looked = await this.#round().catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error, destination: name }, 'what was confirmed could not be looked for')
        return false
      })
      await clock.sleep(looked ? Math.max(LEAST_PAUSE_MS, clock.ticks() - began) : IDLE_MS, signal)
    }
  }

  /** Whether there was something to look for. */
  async #round(): Promise<boolean> {
    const { outbox, carrier, clock, name, alarms, log } = this.#parts
    const wanted = this.#parts.wanted()
    if (wanted === undefined) return false
    const items = await this.#due()
    if (items.length === 0) return false
    // Each says what it is by itself; what an archive lists is there for sure only when it is looked for.
    const proof = wanted === 'listed' ? 'present' : wanted
    const looks = await lookedFor(carrier, items, proof, this.#stop.signal)
    const missing = looks.filter(({ look }) => look.kind === 'absent').map(({ item }) => item)
    // Twice, before something is taken away from an archive.
    const again = missing.length === 0 ? [] : await lookedFor(carrier, missing, proof, this.#stop.signal)
    const now = clock.now()
    const perhapsLost = looks.filter(({ look }) => look.kind === 'absent' || look.kind === 'other')
    const theirs = new Set(
      perhapsLost.length > 0
        ? await outbox.theirs(
            name,
            perhapsLost.map(({ item }) => item.contentId),
          )
        : [],
    )
    const verdicts = [...looks.filter(({ look }) => look.kind !== 'absent'), ...again].map(({ item, look }) => ({
      item,
      verdict: afterAudit(item, look, now, theirs.has(item.contentId)),
    }))
    const there = verdicts.filter(({ verdict }) => verdict === 'there').map(({ item }) => item.contentId)
    if (there.length > 0) {
      const next = WEEK_MS * (0.8 + 0.4 * clock.random())
      await outbox.audited(name, there, now - FIRST_MS + Math.round(next))
    }
    const lost = verdicts.flatMap(({ item, verdict }) => (typeof verdict === 'object' ? [{ item, verdict }] : []))
    for (const { item, verdict } of lost) {
      // Without a copy here that can be sent again, nothing is taken away there.
      if (verdict.state === 'queued' && item.path !== '')
        await carrier.remove(item, this.#stop.signal).catch(() => false)
    }
    if (lost.length > 0) {
      const nowhere = await outbox.settle(
        name,
        lost.map(({ verdict }) => verdict),
      )
      const left = new Set(nowhere.map(({ contentId }) => contentId))
      const gone = lost.filter(({ verdict }) => verdict.state === 'gone' && !left.has(verdict.contentId))
      if (gone.length > 0)
        log.info({ destination: name, images: gone.length }, 'images were taken away where they came from')
      if (lost.length > gone.length) {
        const reason = lost.find(entry => !gone.includes(entry))?.verdict.reason
        log.warn({ destination: name, images: lost.length - gone.length, reason }, 'confirmed images were lost')
        this.#parts.found()
      }
      if (lost.length > gone.length + nowhere.length) alarms.tell('lost')
      if (nowhere.length > 0) {
        alarms.tellNowhere(nowhere)
        this.#parts.lost()
      }
    }
    for (const { item, verdict } of verdicts) if (verdict === undefined) this.#setAside(item.contentId)
    return true
  }

  async #due(): Promise<OutboxItem[]> {
    const { outbox, clock, name } = this.#parts
    const ticks = clock.ticks()
    for (const [contentId, until] of this.#unseen) if (until <= ticks) this.#unseen.delete(contentId)
    const items = await outbox.toAudit(name, clock.now() - FIRST_MS, AT_ONCE + this.#unseen.size)
    return items.filter(({ contentId }) => !this.#unseen.has(contentId)).slice(0, AT_ONCE)
  }

  #setAside(contentId: number): void {
    this.#unseen.set(contentId, this.#parts.clock.ticks() + UNSEEN_MS)
    const [eldest] = this.#unseen.keys()
    if (this.#unseen.size > UNSEEN_MOST && eldest !== undefined) this.#unseen.delete(eldest)
  }
}
