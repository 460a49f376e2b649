import { type Destination, isWithin } from '../../../shared/sync.ts'

/** So much may go at once after a pause. */
const BURST_MS = 250

/** The narrowest limit in force at a moment (epoch ms), in bytes per second; Infinity where there is none. */
export function bytesPerSecondAt(limits: Destination['limits'], at: number): number {
  const inForce = limits.filter(limit => isWithin(limit, at)).map(limit => limit.kilobytesPerSecond * 1000)
  return Math.min(Number.POSITIVE_INFINITY, ...inForce)
}

/** A token bucket: bytes are booked, and whoever booked them waits until the line had time for all that was booked before. */
export class Pace {
  /** When the line has sent all that is booked, ms of a clock that is never set. */
  #freeAt = Number.NEGATIVE_INFINITY

  /** Books `bytes`; milliseconds until they may go. */
  book(bytes: number, bytesPerSecond: number, now: number): number {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) {
      this.#freeAt = Number.NEGATIVE_INFINITY
      return 0
    }
    const from = Math.max(this.#freeAt, now - BURST_MS)
    this.#freeAt = from + (bytes / bytesPerSecond) * 1000
    return Math.max(0, from - now)
  }
}
