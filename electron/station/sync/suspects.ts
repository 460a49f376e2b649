/** Alone on the line, it ended the whole archive so often, and no other connection ended meanwhile: it is given up. */
const DEATHS = 2
/** It ended the connection alone, and the archive answered right after: that may be the line. */
const STRIKES = 5
/** What was under way beside the object that ended an archive ended with it. */
const SAME_MOMENT_MS = 2000
/** Known at most; one that is forgotten has to end the connection once more. */
const MOST = 1000

interface Suspect {
  strikes: number
  /** After so many of them the archive did not answer. */
  deaths: number
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
    else this.#suspects.set(contentId, { strikes: 1, deaths: 0, since: now, badLine: false, otherTaken: false })
    const [eldest] = this.#suspects.keys()
    if (this.#suspects.size > MOST && eldest !== undefined) this.#suspects.delete(eldest)
  }

  /** After it had gone alone, the archive did not answer. */
  died(contentId: number): void {
    const known = this.#suspects.get(contentId)
    if (known) known.deaths += 1
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
    const { strikes, deaths, badLine, otherTaken } = suspect
    // On a line that fails everything nothing is known of an object.
    return badLine ? strikes >= STRIKES && otherTaken : deaths >= DEATHS || strikes >= STRIKES
  }
}
