import { createStore } from 'zustand/vanilla'
import {
  type Calibration,
  type DisplayShutter,
  type Draft,
  EMPTY_DRAFT,
  type KeyImage,
  keyImageId,
  type Mark,
  mergeDrafts,
  parseDraft,
} from '../../../shared/viewing/draft.ts'
import { isCurvedUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { msg, whyOf } from '../../i18n/index.ts'

/** What a keeper needs of the counter. */
export interface DraftCounter {
  get(StudyInstanceUID: string): Promise<{ draft: unknown; rev: number }>
  /** Durable when it resolves with the next `rev`; null: made on one that is no longer the newest. The page may be gone before the answer. */
  put(StudyInstanceUID: string, draft: Draft, rev: number): Promise<{ rev: number | null }>
  /** Other windows that have the study open should read it again. */
  tell(StudyInstanceUID: string): void
}

export interface DraftState {
  draft: Draft
  /** Everything in `draft` is on the station's disk. */
  saved: boolean
  /** Why it is not, for a person; it is tried again until it is. */
  trouble: string | undefined
}

/** One thing as it was and as it became; undefined = not there. */
interface Turn<T> {
  before?: T
  after?: T
}
export type Change =
  | { mark: Turn<Mark> }
  | { keyImage: Turn<KeyImage> }
  | { displaySet: string; calibration: Turn<Calibration> }
  | { displaySet: string; shutter: Turn<DisplayShutter | null> }

const TOO_MUCH = msg('That is more than is kept of one study (1,000 marks, 50,000 points).')
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 10_000
const MAX_UNDO = 200
const NEWER = msg(
  'The marks of this study were made by a newer version: they are kept, but not shown, and new ones are not kept.',
)

/** A reader's draft of one study: kept from the moment it changes, until the station has it. */
export class DraftKeeper {
  readonly state = createStore<DraftState>(() => ({
    draft: EMPTY_DRAFT,
    saved: true,
    trouble: undefined,
  }))
  readonly #study: string
  readonly #counter: DraftCounter
  /** What the station has, and as which revision; undefined = to be read (again). */
  #base: Draft = EMPTY_DRAFT
  #rev: number | undefined
  /** The revision last heard of, also while it is read anew; the station refuses what was made on another. */
  #heard = 0
  /** How often it was asked to be read: an answer that was on its way then does not tell of it. */
  #asked = 0
  #ready: Promise<void> | undefined
  /** On its way to the station. */
  #sent: Draft | undefined
  #working: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #retry = FIRST_RETRY_MS
  #unreadable = false
  #isRead = false
  #isTried = false
  #undo: Change[][] = []
  #redo: Change[][] = []

  constructor(StudyInstanceUID: string, counter: DraftCounter) {
    this.#study = StudyInstanceUID
    this.#counter = counter
  }

  get draft(): Draft {
    return this.state.getState().draft
  }

  /** Whether `draft` goes on from what the station has. */
  get isRead(): boolean {
    return this.#isRead && !this.#unreadable
  }

  /** Resolves when the first reading has been tried. */
  get ready(): Promise<void> {
    this.#ready ??= this.read().finally(() => {
      this.#isTried = true
    })
    return this.#ready
  }

  /** As the station has it now. A first reading that is on its way tells that, too: it is not asked for twice. */
  newest(): Promise<void> {
    return this.#isTried ? this.read() : this.ready
  }

  /** Reads what the station has now; what is not yet kept stays on top of it. Resolves when that has been tried. */
  read(): Promise<void> {
    this.#asked++
    this.#rev = undefined
    return this.#work()
  }

  /** Marks, key images, calibrations and shutters; one step of undo. False: nothing of it is kept, and `trouble` says why. */
  edit(changes: Change[]): boolean {
    if (changes.length === 0 || !this.#set(applyChanges(this.draft, changes))) return false
    this.#undo = [...this.#undo.slice(1 - MAX_UNDO), changes]
    this.#redo = []
    return true
  }

  /** False: there was nothing to take back. */
  undo(): boolean {
    const changes = this.#undo.pop()
    if (changes === undefined) return false
    this.#redo.push(changes)
    this.#set(applyChanges(this.draft, changes.map(reversed).reverse()))
    return true
  }

  redo(): void {
    const changes = this.#redo.pop()
    if (changes === undefined) return
    this.#undo.push(changes)
    this.#set(applyChanges(this.draft, changes))
  }

  /** Views, layout, and what is read back from a saved version: not undone by the keys of marks. */
  arrange(part: Partial<Omit<Draft, 'version'>>): void {
    this.#set({ ...this.draft, ...part })
  }

  /** Now, for good: the page is being left. */
  flush(): void {
    const draft = lasting(this.draft)
    if (this.#unreadable || same(draft, this.#sent ?? this.#base)) return
    clearTimeout(this.#timer)
    // One more follows the one that is on its way. Nobody is left to hear of a failure.
    this.#counter.put(this.#study, draft, this.#sent === undefined ? this.#heard : this.#heard + 1).catch(() => {})
  }

  /** The station is back. */
  retry(): void {
    if (this.state.getState().trouble === undefined) return
    this.#retry = FIRST_RETRY_MS
    void this.#work()
  }

  #set(draft: Draft): boolean {
    // What could not be read again is never kept: the station would hold it for a newer version's for ever.
    if (parseDraft(draft) === undefined) {
      this.state.setState({ trouble: TOO_MUCH })
      return false
    }
    // Said of an edit that was not taken; this one is.
    const { trouble } = this.state.getState()
    this.state.setState({ draft, saved: false, trouble: trouble === TOO_MUCH ? undefined : trouble })
    void this.#work()
    return true
  }

  #work(): Promise<void> {
    clearTimeout(this.#timer)
    this.#working ??= this.#untilKept().finally(() => {
      this.#working = undefined
    })
    return this.#working
  }

  async #untilKept(): Promise<void> {
    try {
      for (;;) {
        if (this.#rev === undefined) await this.#readOnce()
        const draft = lasting(this.draft)
        if (this.#unreadable || this.#rev === undefined) return
        if (same(draft, this.#base)) break
        await this.#putOnce(draft, this.#rev)
      }
      this.#retry = FIRST_RETRY_MS
      this.state.setState({ saved: true, trouble: undefined })
    } catch (thrown) {
      this.state.setState({ trouble: whyOf(thrown) })
      this.#timer = setTimeout(() => void this.#work(), this.#retry)
      this.#retry = Math.min(LAST_RETRY_MS, this.#retry * 2)
    }
  }

  async #readOnce(): Promise<void> {
    const { draft: kept, rev } = await this.#newest()
    const theirs = parseDraft(kept)
    this.#unreadable = theirs === undefined
    this.#isRead = true
    if (theirs === undefined) {
      this.state.setState({ trouble: NEWER, saved: false })
      return
    }
    const draft = mergeDrafts(this.#base, this.draft, theirs)
    this.#base = theirs
    this.#rev = rev
    this.#heard = rev
    // Nothing changed: nobody is told, nothing is drawn anew.
    if (!same(draft, this.draft)) this.state.setState({ draft })
  }

  async #newest(): Promise<{ draft: unknown; rev: number }> {
    for (;;) {
      const asked = this.#asked
      const answer = await this.#counter.get(this.#study)
      if (asked === this.#asked) return answer
    }
  }

  async #putOnce(draft: Draft, made: number): Promise<void> {
    this.#sent = draft
    try {
      const { rev } = await this.#counter.put(this.#study, draft, made)
      if (rev === null) {
        this.#rev = undefined
        return
      }
      this.#base = draft
      this.#heard = rev
      // A read that was asked for meanwhile still has to be made.
      if (this.#rev === made) this.#rev = rev
      this.#counter.tell(this.#study)
    } finally {
      this.#sent = undefined
    }
  }
}

/** Marks on straightened pictures go with them: their curve is not kept. */
function lasting(draft: Draft): Draft {
  const marks = draft.marks.filter(({ SOPInstanceUID }) => !isCurvedUid(SOPInstanceUID))
  return marks.length === draft.marks.length ? draft : { ...draft, marks }
}

function same(a: Draft, b: Draft): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function reversed(change: Change): Change {
  const turn = <T>({ before, after }: Turn<T>) => ({
    ...(after !== undefined && { before: after }),
    ...(before !== undefined && { after: before }),
  })
  if ('mark' in change) return { mark: turn(change.mark) }
  if ('keyImage' in change) return { keyImage: turn(change.keyImage) }
  if ('shutter' in change) return { ...change, shutter: turn(change.shutter) }
  return { ...change, calibration: turn(change.calibration) }
}

/** By identity: what another window has changed meanwhile stays. */
function applyChanges(draft: Draft, changes: Change[]): Draft {
  let { marks, keyImages, calibrations, shutters } = draft
  for (const change of changes) {
    if ('mark' in change) marks = applied(marks, one => one.id, change.mark)
    else if ('keyImage' in change) keyImages = applied(keyImages, keyImageId, change.keyImage)
    else if ('shutter' in change) shutters = withSet(shutters, change.displaySet, change.shutter.after)
    else calibrations = withSet(calibrations, change.displaySet, change.calibration.after)
  }
  return { ...draft, marks, keyImages, calibrations, shutters }
}

function withSet<T>(all: Record<string, T>, displaySet: string, after: T | undefined): Record<string, T> {
  const { [displaySet]: _, ...others } = all
  return after === undefined ? others : { ...others, [displaySet]: after }
}

function applied<T>(all: T[], idOf: (one: T) => string, { before, after }: Turn<T>): T[] {
  const which = after ?? before
  if (which === undefined) return all
  const id = idOf(which)
  const there = all.some(one => idOf(one) === id)
  if (after === undefined) return all.filter(one => idOf(one) !== id)
  return there ? all.map(one => (idOf(one) === id ? after : one)) : [...all, after]
}
