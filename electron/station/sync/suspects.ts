/** Alone on the line, it ended the connection so often: it is given up. */
const STRIKES = 2
/** The same while connections end for other objects, too: then it may be the line. */
const STRIKES_ON_A_BAD_LINE = 5
/** What was under way beside the object that ended an archive ended with it. */
const SAME_MOMENT_MS = 2000
/** Known at most; one that is forgotten has to end the connection once more. */
const MOST = 1000

/**
 * Objects that went alone and ended the connection. One file can end a whole archive (64 nested sequences and Orthanc is gone), and
 * an endless retry would end it again and again. Times are ms of a clock that is never set.
 */
export class Suspects {
  readonly #strikes = new Map<number, { count: number; at: number }>()
  #otherAt = Number.NEGATIVE_INFINITY

  has(contentId: number): boolean {
    return this.#strikes.has(contentId)
  }

  /** It went alone, and the connection ended before there was an answer. */
  strike(contentId: number, now: number): void {
    const known = this.#strikes.get(contentId)
    this.#strikes.set(contentId, { count: (known?.count ?? 0) + 1, at: known?.at ?? now })
    const [eldest] = this.#strikes.keys()
    if (this.#strikes.size > MOST && eldest !== undefined) this.#strikes.delete(eldest)
  }

  /** The connection ended for objects that are not suspected. */
  otherReset(now: number): void {
    this.#otherAt = now
  }

  /** It arrived after all, or is out of the queue. */
  clear(contentId: number): void {
    this.#strikes.delete(contentId)
  }

  /** Whether it is what ends the archive, as far as one can know from here. */
  isPoison(contentId: number): boolean {
    const known = this.#strikes.get(contentId)
    if (!known) return false
    const badLine = this.#otherAt > known.at + SAME_MOMENT_MS
    return known.count >= (badLine ? STRIKES_ON_A_BAD_LINE : STRIKES)
  }
}
