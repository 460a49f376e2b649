/** Alone on the line, it ended the connection so often, and nothing else did meanwhile: it is given up. */
const STRIKES = 2
/** The same while connections end for other objects, too, so that it may be the line; and something did get through. */
const STRIKES_ON_A_BAD_LINE = 5
/** What was under way beside the object that ended an archive ended with it. */
const SAME_MOMENT_MS = 2000
/** Known at most; one that is forgotten has to end the connection once more. */
const MOST = 1000

interface Suspect {
  strikes: number
  /** Of the first one. */
  since: number
  /** Connections ended for something else meanwhile. */
  badLine: boolean
  /** Something else was taken meanwhile. */
  otherTaken: boolean
}

/**
 * Objects that went alone and ended the connection. One file can end a whole archive (64 nested sequences and Orthanc is gone), and
 * an endless retry would end it again and again. Times are ms of a clock that is never set.
 */
export class Suspects {
  readonly #suspects = new Map<number, Suspect>()

  has(contentId: number): boolean {
    return this.#suspects.has(contentId)
  }

  /** It went alone, and the connection ended before there was an answer. */
  strike(contentId: number, now: number): void {
    this.otherReset(now, contentId)
    const known = this.#suspects.get(contentId)
    if (known) known.strikes += 1
    else this.#suspects.set(contentId, { strikes: 1, since: now, badLine: false, otherTaken: false })
    const [eldest] = this.#suspects.keys()
    if (this.#suspects.size > MOST && eldest !== undefined) this.#suspects.delete(eldest)
  }

  /** The connection ended for other objects than this one. */
  otherReset(now: number, contentId?: number): void {
    for (const [id, suspect] of this.#suspects) {
      if (id !== contentId && now > suspect.since + SAME_MOMENT_MS) suspect.badLine = true
    }
  }

  /** The archive took objects. */
  taken(): void {
    for (const suspect of this.#suspects.values()) suspect.otherTaken = true
  }

  /** It arrived after all, or is out of the queue. */
  clear(contentId: number): void {
    this.#suspects.delete(contentId)
  }

  /** Whether it is what ends the archive, as far as one can know from here. */
  isPoison(contentId: number): boolean {
    const suspect = this.#suspects.get(contentId)
    if (!suspect) return false
    if (!suspect.badLine) return suspect.strikes >= STRIKES
    return suspect.strikes >= STRIKES_ON_A_BAD_LINE && suspect.otherTaken
  }
}
