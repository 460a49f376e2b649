import type { AuditEvent } from '../../../shared/audit.ts'
import type { Unwritten } from './log.ts'

/** ms. A gathered message is written when nothing came for so long, or when it began so long ago. */
export const GATHER = { quiet: 10_000, longest: 60_000 }
/** The same access again within this is counted. */
const ONCE_MS = 10 * 60_000
/** Of all kinds; beyond, the oldest is written. */
const MOST_OPEN = 20_000
/** A study of more classes has them as one: a message has an end. */
const MOST_CLASSES = 64

interface Held {
  /** What was written already has count 0. */
  event: AuditEvent
  count: number
  first: number
  last: number
  session: string | undefined
  /** Of gathered ones: by SOP class. */
  instances: Map<string, number> | undefined
}

/**
 * What is told many times and written once: pure but for the clock, which is given. `once`: written at once, the repeats when their time
 * is over. `gather`: the instances of a study, when a session is over, quiet or long.
 */
export class Coalescer {
  readonly #held = new Map<string, Held>()
  readonly #station: string

  constructor(station: string) {
    this.#station = station
  }

  /** What is to be written now. */
  once(key: string, event: AuditEvent, now: number): Unwritten[] {
    const before = this.#held.get(`once ${key}`)
    if (before && now - before.first < ONCE_MS) {
      if (before.count === 0) before.event = event
      before.count += 1
      before.last = now
      return []
    }
    const ended = before ? this.#end(`once ${key}`, before) : []
    this.#held.set(`once ${key}`, {
      event,
      count: 0,
      first: now,
      last: now,
      session: undefined,
      instances: undefined,
    })
    return [...ended, this.#written(event, now), ...this.#tooMany()]
  }

  gather(session: string, event: AuditEvent, SOPClassUID: string, now: number): Unwritten[] {
    const { action, outcome, study, participants } = event
    const to = participants.at(-1)?.UserID
    const key = `gather ${session} ${event.event} ${action} ${outcome} ${study?.StudyInstanceUID} ${to}`
    let held = this.#held.get(key)
    if (!held) {
      held = { event, count: 0, first: now, last: now, session, instances: new Map() }
      this.#held.set(key, held)
    }
    const { instances } = held
    if (instances) {
      const of = instances.has(SOPClassUID) || instances.size < MOST_CLASSES ? SOPClassUID : ''
      instances.set(of, (instances.get(of) ?? 0) + 1)
    }
    held.count = 1
    held.last = now
    return this.#tooMany()
  }

  finish(session: string): Unwritten[] {
    return this.#endAll(({ session: of }) => of === session)
  }

  due(now: number): Unwritten[] {
    return this.#endAll(({ instances, first, last }) =>
      instances ? now - last >= GATHER.quiet || now - first >= GATHER.longest : now - first >= ONCE_MS,
    )
  }

  /** All of it, at the end. */
  all(): Unwritten[] {
    return this.#endAll(() => true)
  }

  #endAll(isOver: (held: Held) => boolean): Unwritten[] {
    const written: Unwritten[] = []
    for (const [key, held] of this.#held) if (isOver(held)) written.push(...this.#end(key, held))
    return written
  }

  #end(key: string, { event, count, first, last, instances }: Held): Unwritten[] {
    this.#held.delete(key)
    if (count === 0) return []
    if (!instances || !event.study) return [this.#written(event, last, count)]
    return [this.#written({ ...event, study: { ...event.study, instances: Object.fromEntries(instances) } }, first)]
  }

  #tooMany(): Unwritten[] {
    if (this.#held.size <= MOST_OPEN) return []
    const [oldest] = this.#held
    return oldest ? this.#end(...oldest) : []
  }

  #written(event: AuditEvent, at: number, count = 1): Unwritten {
    return { at, count, event, station: this.#station }
  }
}
