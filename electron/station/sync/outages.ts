import { type Outage, outage } from '../../../shared/sync.ts'

/** Shorter ones are nobody's news. */
const LEAST_MS = 60_000
const KEPT = 5

/**
 * What was exchanged with one archive after it had been away: what waited goes out, what changed there comes. Counted until nothing waits
 * and the archive was looked at again to the end; the last ones are kept until a person has seen them.
 */
export class Outages {
  #all: Outage[]
  #awaySince: number | undefined
  /** The last one is still counted. */
  #counts = { images: false, studies: false }
  readonly #came = new Set<string>()
  readonly #keep: (all: Outage[]) => void

  /** `kept`: as `keep` was given it last, in a process before this one. */
  constructor(kept: unknown, keep: (all: Outage[]) => void) {
    const read = outage.array().safeParse(kept)
    this.#all = read.success ? read.data : []
    this.#keep = keep
  }

  get all(): Outage[] {
    return this.#all
  }

  away(since: number): void {
    this.#awaySince ??= since
  }

  /** `pulls`: studies come from there by themselves. */
  back(now: number, pulls: boolean): void {
    const from = this.#awaySince
    this.#awaySince = undefined
    if (from === undefined || now - from < LEAST_MS) return
    this.#came.clear()
    this.#counts = { images: true, studies: pulls }
    this.#all = [...this.#all, { from, until: now, images: 0, studies: 0 }].slice(-KEPT)
  }

  sent(images: number): void {
    const last = this.#all.at(-1)
    if (last && this.#counts.images && images > 0) this.#set({ ...last, images: last.images + images })
  }

  came(StudyInstanceUID: string): void {
    const last = this.#all.at(-1)
    if (!last || !this.#counts.studies || this.#came.has(StudyInstanceUID)) return
    this.#came.add(StudyInstanceUID)
    this.#set({ ...last, studies: this.#came.size })
  }

  /** Nothing waits any more. */
  drained(): void {
    if (this.#awaySince === undefined && this.#counts.images) this.#end('images')
  }

  /** It was looked at since, and all that was found is here. */
  caughtUp(lookedAt: number): void {
    const last = this.#all.at(-1)
    if (last && lookedAt >= last.until && this.#counts.studies) this.#end('studies')
  }

  #set(last: Outage): void {
    this.#all = this.#all.with(-1, last)
  }

  #end(what: 'images' | 'studies'): void {
    this.#counts = { ...this.#counts, [what]: false }
    this.#keep(this.#all)
  }
}
