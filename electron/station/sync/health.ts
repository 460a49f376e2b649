import type { Log } from '../base/log.ts'
import { Alarms, type ProblemList, type Standing } from './alarms.ts'
import { Breaker } from './breaker.ts'
import type { SendOutcome } from './carrier.ts'
import type { Clock } from './clock.ts'
import { Suspects } from './suspects.ts'

/** How an archive does, as far as what was sent to it and asked of it tells: when it may be tried, and what people are told. */
export class Health {
  /** What is sent to it, and what it is asked: one can work without the other. */
  readonly sending = new Breaker()
  readonly looking = new Breaker()
  readonly suspects = new Suspects()
  readonly alarms: Alarms
  /** What went wrong last; '' = nothing since it last worked. */
  trouble = ''
  /** Nothing of it answers, as against: it answers that it takes nothing. */
  unreachable = false
  readonly #name: string
  readonly #clock: Clock
  readonly #log: Log
  #contactAt: number

  constructor(name: string, clock: Clock, log: Log, problems: ProblemList) {
    this.#name = name
    this.#clock = clock
    this.#log = log
    this.alarms = new Alarms(name, problems)
    this.#contactAt = clock.ticks()
  }

  get isAway(): boolean {
    return this.sending.openSince !== undefined
  }

  /** Milliseconds since it last worked. */
  get silence(): number {
    return this.#clock.ticks() - this.#contactAt
  }

  /** What a send says of it; whether nothing of it worked. */
  sent(outcomes: SendOutcome[]): boolean {
    const [first] = outcomes
    const reset = outcomes.filter(outcome => outcome.kind === 'ambiguous' && outcome.reset)
    if (reset.length > 0) {
      const [only, ...more] = reset
      if (only && more.length === 0) this.suspects.strike(only.contentId, this.#clock.ticks())
      else this.suspects.otherReset(this.#clock.ticks())
    }
    // One that is refused for good was understood by an archive that works.
    const taken = outcomes.some(({ kind }) => kind === 'listed')
    if (taken) this.suspects.taken()
    const works = taken || outcomes.every(isRefusedForGood)
    if (works) this.#sendingWorks()
    else {
      this.unreachable = reset.length > 0 || outcomes.every(({ kind }) => kind === 'unreached')
      this.#failed(this.sending, this.unreachable ? 'away' : 'full', first?.reason ?? '')
    }
    return !works
  }

  /** Whether a look showed anything; `reason`: why not. */
  looked(saw: boolean, reason: string): void {
    if (saw) {
      this.looking.worked()
      this.#worked('blind')
    } else this.#failed(this.looking, 'blind', reason)
  }

  /** Whether it answered. Of one that takes nothing that says nothing new, unless there is nothing it could be tried with. */
  called(works: boolean, words: string, nothingWaits: boolean): void {
    if (!works) {
      this.unreachable = true
      this.#failed(this.sending, 'away', words)
    } else if (this.unreachable || nothingWaits) this.#sendingWorks()
    else this.#contactAt = this.#clock.ticks()
  }

  #sendingWorks(): void {
    this.sending.worked()
    this.unreachable = false
    this.#worked('away', 'full')
  }

  #worked(...kinds: Standing[]): void {
    this.#contactAt = this.#clock.ticks()
    if (!this.isAway && this.looking.openSince === undefined) this.trouble = ''
    for (const kind of kinds) this.alarms.clear(kind)
  }

  #failed(breaker: Breaker, kind: Standing, reason: string): void {
    const before = breaker.openSince
    breaker.failed(this.#clock.ticks(), this.#clock.random())
    this.trouble = reason
    if (breaker.openSince === undefined) return
    if (before === undefined) this.#log.warn({ destination: this.#name, kind, reason }, 'a destination does not work')
    // That it cannot be asked goes without saying while it is away.
    if (kind !== 'blind' || !this.isAway) this.alarms.raise(kind, reason)
  }
}

function isRefusedForGood(outcome: SendOutcome): boolean {
  return outcome.kind === 'refused' && outcome.permanent
}
