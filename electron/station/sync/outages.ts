import { type Exchange, type KeptOutage, keptOutage, type Outage } from '../../../shared/sync.ts'

const KEPT = 5
/** Studies that are named; the counts are of all. */
const MOST_NAMED = 50

/**
 * What was exchanged with one archive after it had been away: what waited goes out, what changed there comes. Counted until nothing waits
 * and the archive was looked at again to the end; a line that breaks again before is the same outage. The last ones are kept until a
 * person has seen them, and one after which nothing was exchanged is none.
 */
export class Outages {
  #all: KeptOutage[]
  #awaySince: number | undefined
  /** The last one is still counted. */
  #counts = { images: false, studies: false }
  /** Of the last one, by study. */
  #exchanged = new Map<string, Exchange>()
  readonly #came = new Set<string>()
  readonly #keep: (all: KeptOutage[]) => void

  /** `before`: as `keep` was given it last, in a process before this one. */
  constructor(before: unknown, keep: (all: KeptOutage[]) => void) {
    const read = keptOutage.array().safeParse(before)
    this.#all = read.success ? read.data : []
    this.#keep = keep
  }

  get all(): Outage[] {
    return this.#all.map(({ exchanged: _, ...told }) => told)
  }

  /** Of the one that ended at `until`, in the order they were exchanged; the first fifty. */
  exchanged(until: number): Exchange[] {
    return this.#all.find(one => one.until === until)?.exchanged ?? []
  }

  away(since: number): void {
    this.#awaySince ??= since
  }

  /** `pulls`: studies come from there by themselves. */
  back(now: number, pulls: boolean): void {
    const from = this.#awaySince
    this.#awaySince = undefined
    if (from === undefined) return
    const last = this.#all.at(-1)
    const goesOn = last && (this.#counts.images || this.#counts.studies)
    this.#counts = { images: true, studies: pulls }
    if (goesOn) {
      this.#set({ until: now, times: last.times + 1 })
      return
    }
    this.#came.clear()
    this.#exchanged = new Map()
    const news = this.#all.filter(({ images, studies }) => images + studies > 0)
    this.#all = [...news, { from, until: now, times: 1, images: 0, studies: 0, exchanged: [] }].slice(-KEPT)
  }

  /** Images that were taken, by the studies they are of. */
  sent(StudyInstanceUIDs: string[]): void {
    const last = this.#all.at(-1)
    if (!last || !this.#counts.images || StudyInstanceUIDs.length === 0) return
    for (const uid of StudyInstanceUIDs) this.#note(uid, ({ images }) => ({ images: images + 1 }))
    this.#set({ images: last.images + StudyInstanceUIDs.length })
  }

  came(StudyInstanceUID: string): void {
    const last = this.#all.at(-1)
    if (!last || !this.#counts.studies || this.#came.has(StudyInstanceUID)) return
    this.#came.add(StudyInstanceUID)
    this.#note(StudyInstanceUID, () => ({ came: true }))
    this.#set({ studies: this.#came.size })
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

  #note(StudyInstanceUID: string, change: (before: Exchange) => Partial<Exchange>): void {
    const known = this.#exchanged.get(StudyInstanceUID)
    if (!known && this.#exchanged.size >= MOST_NAMED) return
    const before = known ?? { StudyInstanceUID, images: 0, came: false }
    this.#exchanged.set(StudyInstanceUID, { ...before, ...change(before) })
  }

  #set(change: Partial<KeptOutage>): void {
    const last = this.#all.at(-1)
    if (last) this.#all = this.#all.with(-1, { ...last, ...change, exchanged: [...this.#exchanged.values()] })
  }

  #end(what: 'images' | 'studies'): void {
    this.#counts = { ...this.#counts, [what]: false }
    this.#keep(this.#all)
  }
}
