/** Failures in a row after which an archive counts as away. */
const FAILURES = 5
const FIRST_PAUSE_MS = 100
const OPEN_MS = 5000
const OPEN_MOST_MS = 30_000

/**
 * Keeps an archive that does not work from being asked over and over. After a failure there is a short pause, after five in a row
 * it is open: 5 s at first, then longer up to 30 s, and after each of them one thing alone is tried. What works closes it.
 * Times are ms of a clock that is never set.
 */
export class Breaker {
  #failures = 0
  #openMs = 0
  #retryAt = 0
  /** Since when it has been open. */
  #since: number | undefined

  get openSince(): number | undefined {
    return this.#since
  }

  /** Milliseconds until something may be tried. */
  wait(now: number): number {
    return Math.max(0, this.#retryAt - now)
  }

  /** @param random in [0, 1). */
  failed(now: number, random: number): void {
    // What was under way when it opened says nothing new.
    if (this.#since !== undefined && now < this.#retryAt) return
    this.#failures += 1
    if (this.#failures < FAILURES) {
      this.#retryAt = now + FIRST_PAUSE_MS * 2 ** (this.#failures - 1)
      return
    }
    this.#since ??= now
    this.#openMs = Math.min(OPEN_MOST_MS, this.#openMs === 0 ? OPEN_MS : this.#openMs * 1.5)
    this.#retryAt = now + this.#openMs * (0.85 + 0.15 * random)
  }

  worked(): void {
    this.#failures = 0
    this.#openMs = 0
    this.#retryAt = 0
    this.#since = undefined
  }

  /** A person wants it tried now. */
  hurry(): void {
    this.#retryAt = 0
  }
}
