/** Wrong keys an address may offer in a row, and how long it takes until it may offer one more. */
const AT_ONCE = 10
const REFILL_MS = 6_000
/** Addresses remembered; the oldest go first. */
const MOST_ADDRESSES = 10_000

interface Bucket {
  tokens: number
  at: number
}

/**
 * A bucket of tokens per address: ten wrong keys at once, ten a minute for ever. Pure but for the clock that is handed in.
 */
export class FailureLimit {
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  /** @param now ms of a clock that does not go back. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Counts a failure; false when it was one too many. */
  fail(address: string): boolean {
    const tokens = this.#tokens(address)
    this.#buckets.delete(address)
    this.#buckets.set(address, { tokens: Math.max(0, tokens - 1), at: this.#now() })
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MOST_ADDRESSES) break
      this.#buckets.delete(oldest)
    }
    return tokens >= 1
  }

  /** Seconds until the address may try again; 0 = now. */
  retryAfter(address: string): number {
    const tokens = this.#tokens(address)
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * REFILL_MS) / 1000)
  }

  #tokens(address: string): number {
    const bucket = this.#buckets.get(address)
    if (!bucket) return AT_ONCE
    return Math.min(AT_ONCE, bucket.tokens + (this.#now() - bucket.at) / REFILL_MS)
  }
}

/** The key is for people of this machine too: nobody else's failures may lock them out. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address)
}
