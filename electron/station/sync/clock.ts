import { setTimeout as wait } from 'node:timers/promises'

/** Time and chance, as the engine needs them: handed in, so that a test lets days pass in seconds. */
export interface Clock {
  /** Epoch ms, as it is written into rows; somebody may set it. */
  now(): number
  /** Ms of a clock that is never set. */
  ticks(): number
  /** Resolves after so long, or at once when `signal` is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** In [0, 1). */
  random(): number
}

export const systemClock: Clock = {
  now: Date.now,
  ticks: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => {}),
  random: Math.random,
}
