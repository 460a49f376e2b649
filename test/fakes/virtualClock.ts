import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../electron/station/sync/clock.ts'
import { createRandom } from '../faults/random.ts'

interface Timer {
  at: number
  order: number
  ring(): void
}

/** Time that passes only when everybody sleeps: days in seconds. Nothing it waits for may be outside of this process. */
export class VirtualClock implements Clock {
  readonly random: () => number
  #ticks = 0
  /** What the wall clock shows beyond the ticks; a test sets it. */
  offset: number
  readonly #timers: Timer[] = []
  #order = 0

  constructor(seed = 1, start = Date.UTC(2026, 10, 22, 12)) {
    this.random = createRandom(seed)
    this.offset = start
  }

  now(): number {
    return Math.floor(this.#ticks + this.offset)
  }

  ticks(): number {
    return this.#ticks
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const ring = () => {
        signal.removeEventListener('abort', ring)
        timer.at = Number.NEGATIVE_INFINITY
        resolve()
      }
      const timer = { at: this.#ticks + Math.max(0, ms), order: this.#order++, ring }
      signal.addEventListener('abort', ring)
      this.#timers.push(timer)
    })
  }

  /** Lets time pass until `done`, at most `mostMs`. False when it never came to that. */
  async pass(done: () => boolean, mostMs: number): Promise<boolean> {
    const end = this.#ticks + mostMs
    for (;;) {
      await turn()
      if (done()) return true
      const next = this.#next()
      if (!next || next.at > end) {
        this.#ticks = end
        return false
      }
      this.#ticks = next.at
      next.ring()
    }
  }

  /** Few sleep at a time: a list is enough. */
  #next(): Timer | undefined {
    let best: Timer | undefined
    let kept = 0
    for (const timer of this.#timers) {
      if (timer.at === Number.NEGATIVE_INFINITY) continue
      this.#timers[kept++] = timer
      if (!best || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer
    }
    this.#timers.length = kept
    return best
  }
}
