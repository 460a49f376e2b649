import type { DraftLayout, SetView } from '../../../shared/viewing/draft.ts'
import type { SeriesStack } from '../catalog.ts'
import { ownView } from '../hanging/hangingState.ts'
import type { Pane } from '../pane.ts'
import type { PaneView } from '../paneState.ts'
import type { Assignment } from '../strip.ts'
import { draftOf } from './drafts.ts'

/** A drag of the window or a run of the wheel is kept when it rests this long. */
const REST_MS = 250

/** What hung where when the study was left; a pane may have been empty. */
export interface KeptHanging {
  layout: { rows: number; columns: number }
  assigned: Array<Assignment | undefined>
  active: number
}

/** The study whose draft was read for an opening that has not come yet. */
let readAhead: string | undefined

/** Reads a study's draft, so that opening it waits for nothing. Other windows of the browser tell what they change of it meanwhile. */
export async function readDraftAhead(StudyInstanceUID: string): Promise<void> {
  const keeper = draftOf(StudyInstanceUID)
  await keeper.newest()
  readAhead = keeper.isRead ? StudyInstanceUID : undefined
}

/**
 * A study's hanging; undefined when none was kept or it cannot be had now. Its draft is read anew but where it was read ahead: then
 * `isAhead`, and whoever opens asks `isHungOtherwise` behind the picture.
 */
export async function keptHanging(
  StudyInstanceUID: string,
): Promise<{ hanging: KeptHanging | undefined; isAhead: boolean }> {
  const keeper = draftOf(StudyInstanceUID)
  const isAhead = readAhead === StudyInstanceUID
  readAhead = undefined
  if (!isAhead) await keeper.newest()
  const { layout } = keeper.draft
  return { hanging: layout === null ? undefined : hangingOf(layout), isAhead }
}

/** Reads the draft of a study that was hung by one read ahead; true where another workstation has hung it otherwise since. */
export async function isHungOtherwise(StudyInstanceUID: string): Promise<boolean> {
  const keeper = draftOf(StudyInstanceUID)
  const before = keeper.draft.layout
  await keeper.newest()
  const { layout } = keeper.draft
  return layout !== null && JSON.stringify(layout) !== JSON.stringify(before)
}

/** The draft of a study is here: nothing has to be waited for. */
export function isDraftHere(StudyInstanceUID: string): boolean {
  return draftOf(StudyInstanceUID).isRead
}

function hangingOf({ rows, columns, panes, active }: DraftLayout): KeptHanging {
  const assigned = panes.slice(0, rows * columns).map((pane): Assignment | undefined => {
    if (pane === null) return undefined
    const { StudyInstanceUID, displaySet } = pane
    // A display set's id begins with its series (shared/viewing/displaySet.ts).
    return { StudyInstanceUID, SeriesInstanceUID: displaySet.split('#')[0] ?? '', id: displaySet }
  })
  return { layout: { rows, columns }, assigned, active: Math.min(active, rows * columns - 1) }
}

/** Resolves when a study's draft is here, or cannot be had. */
export function draftIsHere(StudyInstanceUID: string): Promise<void> {
  return draftOf(StudyInstanceUID).ready
}

/** How and where a display set was left; undefined when the reader never changed anything, or that image is gone. */
export function keptView(stack: SeriesStack): { index: number; view: PaneView } | undefined {
  const kept = draftOf(stack.manifest.StudyInstanceUID).draft.views[stack.set.id]
  if (kept === undefined) return undefined
  const index = stack.entries.findIndex(
    ({ instance, frame }) => instance.SOPInstanceUID === kept.SOPInstanceUID && frame === kept.frame,
  )
  return { index: Math.max(0, index), view: kept }
}

function viewOf(pane: Pane): { id: string; study: string; view: SetView } | undefined {
  const { stack, shown, playing } = pane.state.getState()
  const entry = stack?.entries[shown ?? -1]
  if (stack === undefined || entry === undefined || playing) return undefined
  const { range, inverted, quarterTurns, mirrored, zoom, centre } = ownView(stack.set.id, pane.view())
  return {
    id: stack.set.id,
    study: stack.manifest.StudyInstanceUID,
    view: {
      ...(range && { range: { lower: range.lower, upper: range.upper } }),
      inverted,
      quarterTurns,
      mirrored,
      ...(zoom !== undefined && centre !== undefined && { zoom, centre }),
      SOPInstanceUID: entry.instance.SOPInstanceUID,
      frame: entry.frame,
    },
  }
}

const asOpened = new WeakMap<Pane, () => void>()

/** What the pane shows now was not set by the reader: it is what the set opens with. */
export function noteAsOpened(pane: Pane): void {
  asOpened.get(pane)?.()
}

const waiting = new WeakMap<Pane, () => void>()

/** What a pane shows is about to go: what the reader changed of it just now is kept without waiting for it to rest. */
export function keepViewNow(pane: Pane): void {
  waiting.get(pane)?.()
}

const untouched = new WeakMap<Pane, () => boolean>()

/** Whether a pane shows its set as it opened: at most another image of it is looked at. */
export function isAsOpened(pane: Pane): boolean {
  return untouched.get(pane)?.() ?? true
}

/** A view without which image is looked at. */
function lookOf({ SOPInstanceUID: _, frame: __, ...look }: SetView): string {
  return JSON.stringify(look)
}

/** Keeps what a reader changes of the view in a pane. Looking at a series as it opens keeps nothing. Returns what ends it. */
export function keepViews(pane: Pane): () => void {
  /** What the pane showed first of the set it shows: what the reader has not changed. */
  let opened: { set: string; said: string; look: string } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const keep = () => {
    clearTimeout(timer)
    timer = undefined
    const now = viewOf(pane)
    if (now === undefined || opened?.said === JSON.stringify(now.view)) return
    const keeper = draftOf(now.study)
    const { views } = keeper.draft
    if (JSON.stringify(views[now.id]) === JSON.stringify(now.view)) return
    // From now on every change counts, also the one back to the beginning.
    if (opened) opened.said = ''
    keeper.arrange({ views: { ...views, [now.id]: now.view } })
  }
  const openedAs = ({ id, view }: { id: string; view: SetView }) => ({
    set: id,
    said: JSON.stringify(view),
    look: lookOf(view),
  })
  const keepWaiting = () => {
    if (timer !== undefined) keep()
  }
  waiting.set(pane, keepWaiting)
  asOpened.set(pane, () => {
    const now = viewOf(pane)
    if (now !== undefined) opened = openedAs(now)
  })
  untouched.set(pane, () => {
    const now = viewOf(pane)
    return now === undefined || opened?.set !== now.id || opened.look === lookOf(now.view)
  })
  const stop = pane.state.subscribe(({ stack, shown, loading }) => {
    if (stack === undefined || shown === undefined || loading) return
    if (opened?.set !== stack.set.id) {
      const now = viewOf(pane)
      opened = now === undefined ? undefined : openedAs(now)
    }
    clearTimeout(timer)
    timer = setTimeout(keep, REST_MS)
  })
  return () => {
    keepWaiting()
    stop()
  }
}
