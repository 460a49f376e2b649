import type { ChangeFeed } from './source.ts'

/** How far an archive's list of changes was worked off. Kept in the vault; losing it, or an older one, costs a look at everything. */
export interface Cursor {
  seq: number
  /** Of the change `seq`; '' = there was none, and `seq` is 0. */
  mark: string
  /** When everything was last looked at, epoch ms; 0 = never. */
  reconciledAt: number
}

/** Writers that share a database commit their changes out of order: so many before the cursor are read again. */
const OVERLAP = 1000
const DAY_MS = 86_400_000
/** Numbers that were worked off, within the overlap; more than a burst between two looks brings. */
const MOST_REMEMBERED = 20_000

/** Never is it safe to trust a cursor that is not one, or the clock where it goes back. */
export function isReconcileDue({ reconciledAt }: Pick<Cursor, 'reconciledAt'>, now: number): boolean {
  return reconciledAt === 0 || reconciledAt > now || now - reconciledAt >= DAY_MS
}

export function readCursor(kept: unknown): Cursor {
  const { seq, mark, reconciledAt } = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0)
  return { seq: number(seq), mark: typeof mark === 'string' ? mark : '', reconciledAt: number(reconciledAt) }
}

/** What a look at the list showed: studies to look into, and the cursor that holds once they are here. */
export type Seen =
  | { kind: 'changes'; studies: string[]; cursor: Cursor; handled: number[] }
  /** Everything is to be looked at: the list says nothing of what came before `cursor`. `isDue`: whatever was seen of it before. */
  | { kind: 'everything'; cursor: Cursor; isDue: boolean }

/** Reads an archive's list of changes from where it was left: again some way back, and anew where it is another list. */
export class ChangeReader {
  readonly #feed: ChangeFeed
  /** Of changes within the overlap: already looked into, by this process. */
  readonly #handled = new Set<number>()

  constructor(feed: ChangeFeed) {
    this.#feed = feed
  }

  /** What came since. Nothing is kept before `done` is called with it. */
  async look(cursor: Cursor, now: number, signal: AbortSignal): Promise<Seen> {
    const head = await this.#feed.head(signal)
    // An empty list has nothing to be known by: it may have been filled and emptied again since.
    const isOther =
      cursor.seq === 0 || cursor.seq > head.seq || (await this.#feed.markAt(cursor.seq, signal)) !== cursor.mark
    if (isOther) this.#handled.clear()
    const isDue = isReconcileDue(cursor, now)
    if (isOther || isDue) {
      return { kind: 'everything', isDue, cursor: { ...head, reconciledAt: isDue ? now : cursor.reconciledAt } }
    }
    const studies = new Set<string>()
    const handled: number[] = []
    let since = Math.max(0, cursor.seq - OVERLAP)
    for (;;) {
      const page = await this.#feed.page(since, signal)
      const fresh = page.changes.filter(({ seq }) => !this.#handled.has(seq))
      for (const uid of await this.#feed.studiesOf(
        fresh.map(({ id }) => id),
        signal,
      ))
        studies.add(uid)
      handled.push(...fresh.map(({ seq }) => seq))
      // What comes while it is read belongs to the next look.
      if (page.done || page.last <= since || page.last >= head.seq) break
      since = page.last
    }
    return { kind: 'changes', studies: [...studies], cursor: { ...head, reconciledAt: cursor.reconciledAt }, handled }
  }

  /** All that it showed is here. */
  done(seen: Seen): void {
    if (seen.kind === 'everything') return
    for (const seq of seen.handled) this.#handled.add(seq)
    for (const seq of this.#handled) {
      if (this.#handled.size <= MOST_REMEMBERED && seq >= seen.cursor.seq - 2 * OVERLAP) break
      this.#handled.delete(seq)
    }
  }
}
