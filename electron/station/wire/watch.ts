/** What a peer is given time for. */
export interface Limit {
  /** Milliseconds. */
  period: number
  /** So many bytes within the period earn another one; 0 = the period is all there is. */
  atLeast: number
  /** What is said when it has run out. */
  words: string
}

/**
 * A clock on the peer that stands still while the work is ours, so that a slow disk never aborts a sender, and that goes on where
 * it stood, so that many small pieces of our work give a slow-loris no time either.
 */
export class Watch {
  readonly #bytes: () => number
  readonly #expired: (words: string) => void
  #limit: Limit | undefined
  /** Of the period, at `#since`. */
  #left = 0
  #since = 0
  #mark = 0
  #held = false
  #timer: NodeJS.Timeout | undefined

  /** `bytes`: how many the peer has sent so far. `expired` is told once; the watch is off then. */
  constructor(bytes: () => number, expired: (words: string) => void) {
    this.#bytes = bytes
    this.#expired = expired
  }

  /** Watches over this from now on; over nothing when undefined. */
  set(limit: Limit | undefined): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#limit = limit
    this.restart()
    if (limit && !this.#held) this.#arm()
  }

  /** The peer has done what it had to: a new period begins. */
  restart(): void {
    this.#left = this.#limit?.period ?? 0
    this.#since = performance.now()
    this.#mark = this.#bytes()
  }

  /** Our work begins. */
  hold(): void {
    if (this.#held) return
    this.#held = true
    this.#left -= performance.now() - this.#since
  }

  /** Our work is done. */
  go(): void {
    if (!this.#held) return
    this.#held = false
    this.#since = performance.now()
    if (this.#limit && !this.#timer) this.#arm()
  }

  #arm(): void {
    const limit = this.#limit
    const timer = setTimeout(
      () =>
        // After the sockets: when our own loop stood still, what arrived meanwhile is read before anybody is judged.
        setImmediate(() => {
          if (this.#timer !== timer || this.#limit !== limit) return
          this.#timer = undefined
          if (limit) this.#judge(limit)
        }),
      Math.max(1, Math.ceil(this.#left)),
    )
    this.#timer = timer
  }

  #judge(limit: Limit): void {
    if (this.#held) return
    const now = performance.now()
    this.#left -= now - this.#since
    this.#since = now
    if (this.#left > 0) {
      this.#arm()
    } else if (limit.atLeast > 0 && this.#bytes() - this.#mark >= limit.atLeast) {
      this.restart()
      this.#arm()
    } else {
      this.#limit = undefined
      this.#expired(limit.words)
    }
  }
}
