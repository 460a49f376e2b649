import { Dwell, SEEN_ZOOM } from '../../../shared/viewing/seen.ts'
import { isReformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { noteSeen, type SeenFrame, wasSeen } from './keeper.ts'

/** A picture that something lies over is looked after this often. */
export const COVERED_MS = 250

/** The frame that can be seen now, if it was not seen before. What has no picture is seen as its tile, which says why. */
function unseenFrame({ stack, shown, index, zoom }: PaneState): SeenFrame | undefined {
  const wanted = stack?.entries[index]
  const entry = wanted?.unshowable === undefined ? stack?.entries[shown ?? -1] : wanted
  if (stack === undefined || entry === undefined) return undefined
  // Of a slide its tiles are seen (watchTiles.ts).
  if (stack.set.kind === 'slide') return undefined
  if (entry.unshowable === undefined && zoom < SEEN_ZOOM) return undefined
  // A plane through all images shows none of them.
  if (isReformatUid(entry.instance.SOPInstanceUID)) return undefined
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  const seen = {
    StudyInstanceUID,
    SeriesInstanceUID,
    SOPInstanceUID: entry.instance.SOPInstanceUID,
    frame: entry.frame,
  }
  return wasSeen(seen) ? undefined : seen
}

/** No other room, other pane or minimised window, nor a volume or a difference in the slices' place: cheap enough for every picture. */
function isInSight(element: Element): boolean {
  return (
    document.visibilityState === 'visible' &&
    element.closest('[data-behind], .viewer:not([data-visible])') === null &&
    !element.parentElement?.querySelector(':scope > .volume, :scope > .compared[data-whole]')
  )
}

/** Nor a dialog. */
export function isUncovered(element: Element): boolean {
  return isInSight(element) && document.querySelector('dialog:modal') === null
}

/** Notes what stands in a pane long enough to be seen. Returns what ends it. */
export function watchSeen(pane: Pane): () => void {
  const dwell = new Dwell()
  let frame: SeenFrame | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let covered = false

  const wait = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined
      look()
    }, ms)
  }
  const keyOf = ({ SOPInstanceUID, frame: number }: SeenFrame) => `${SOPInstanceUID} ${number}`

  /** Whether the one that is there has been there long enough; where it cannot be seen, its time begins anew. */
  const look = () => {
    if (frame === undefined) return
    const now = performance.now()
    if (!isUncovered(pane.element)) {
      covered = true
      dwell.show(undefined, now)
      wait(COVERED_MS)
      return
    }
    if (covered) {
      covered = false
      dwell.show(keyOf(frame), now, pane.state.getState().playing)
    }
    const left = dwell.left(now)
    if (left > 0) {
      wait(left)
      return
    }
    dwell.show(undefined, now)
    noteSeen(frame)
    frame = undefined
  }

  const follow = (state: PaneState) => {
    const next = unseenFrame(state)
    if (next?.SOPInstanceUID === frame?.SOPInstanceUID && next?.frame === frame?.frame) return
    const now = performance.now()
    const before = frame
    frame = next
    covered = next !== undefined && !isInSight(pane.element)
    // A busy page may bring the next picture before the timer: what stood long enough counts all the same.
    const seen = dwell.show(next === undefined || covered ? undefined : keyOf(next), now, state.playing)
    if (before !== undefined && seen !== undefined && isUncovered(pane.element)) noteSeen(before)
    if (next !== undefined) wait(covered ? COVERED_MS : Math.max(1, dwell.left(now)))
  }

  follow(pane.state.getState())
  const stop = pane.state.subscribe(follow)
  return () => {
    stop()
    clearTimeout(timer)
  }
}
