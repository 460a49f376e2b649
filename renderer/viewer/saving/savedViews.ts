import { type DisplayedArea, presentationOf } from '../../../shared/viewing/documents/presentationState.ts'
import type { DisplayShutter, SetView } from '../../../shared/viewing/draft.ts'
import { shuttersIn } from '../../../shared/viewing/shutter.ts'
import type { ReferencedFrame } from '../../../shared/viewing/writing/content.ts'
import { CHOSEN, isChanged } from '../../../shared/viewing/writing/presentationState.ts'
import { studyContents } from '../../series/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { greysAndTurn } from '../documents/index.ts'
import { openStacks } from '../stacks.ts'
import { storedWindows, type VoiRange, windowToRange } from '../windows.ts'
import type { SavedState } from './savedStore.ts'

/** A state is of a display set when it names its very frames: one image of many may be several sets. */
export function isOfSet(
  { state }: SavedState,
  images: ReadonlyArray<Pick<ReferencedFrame, 'SOPInstanceUID' | 'frame' | 'frames'>>,
): boolean {
  const held = new Map<string, { shown: Set<number>; frames: number }>()
  for (const { SOPInstanceUID, frame, frames } of images) {
    const one = held.get(SOPInstanceUID) ?? { shown: new Set(), frames: Math.max(1, frames) }
    held.set(SOPInstanceUID, one)
    one.shown.add(frame)
  }
  return (
    state.references.length === held.size &&
    state.references.every(({ SOPInstanceUID, frames }) => {
      const one = held.get(SOPInstanceUID)
      if (one === undefined) return false
      // No number is written where all frames are meant.
      return one.shown.size === (frames.length || one.frames) && frames.every(frame => one.shown.has(frame))
    })
  )
}

/** The display sets of a study that a state of ours is of, each with the last one; `states`: newest first. */
export async function setsWithStates(
  StudyInstanceUID: string,
  states: readonly SavedState[],
): Promise<Array<{ stack: SeriesStack; last: SavedState }>> {
  if (states.length === 0) return []
  const { series } = await studyContents(StudyInstanceUID)
  const found: Array<{ stack: SeriesStack; last: SavedState }> = []
  for (const { SeriesInstanceUID, hasImages } of series) {
    const stacks = hasImages ? await openStacks(StudyInstanceUID, SeriesInstanceUID).catch(() => []) : []
    for (const stack of stacks) {
      const images = stack.entries.flatMap(({ instance: { SOPInstanceUID, NumberOfFrames }, frame, unshowable }) =>
        unshowable === undefined ? [{ SOPInstanceUID, frame, frames: NumberOfFrames }] : [],
      )
      const last = images.length === 0 ? undefined : states.find(one => isOfSet(one, images))
      if (last !== undefined) found.push({ stack, last })
    }
  }
  return found
}

/** To a millionth of its width: decimal strings round. A state whose reader set no window has each image's own. */
function isAlike(range: VoiRange | undefined, own: VoiRange | undefined): boolean {
  if (range === undefined || own === undefined) return false
  const near = (own.upper - own.lower) * 1e-6
  return Math.abs(range.lower - own.lower) <= near && Math.abs(range.upper - own.upper) <= near
}

/** A display set as its state of ours says it was seen, at its first image; undefined where it says nothing of that. */
export function viewAsSaved({ state }: SavedState, { entries }: SeriesStack): SetView | undefined {
  const entry = entries.find(({ unshowable }) => unshowable === undefined)
  const attributes = describeFrame(entry?.imageId ?? '')?.attributes
  const frame = entry && presentationOf(state, entry.instance.SOPInstanceUID, entry.frame)
  if (entry === undefined || frame === undefined || attributes === undefined) return undefined
  const { range, inverted, quarterTurns, mirrored } = greysAndTurn(state, frame.window, attributes)
  const [stored] = storedWindows(attributes)
  const own = stored && windowToRange(stored, attributes.VOILUTFunction)
  // States of before said not which windows the reader had set.
  const isOfReader = frame.window?.explanation === CHOSEN || !isAlike(range, own)
  const view: SetView = {
    ...(frame.window && range && isOfReader && { range: { lower: range.lower, upper: range.upper } }),
    inverted,
    quarterTurns,
    mirrored,
    ...sizeOf(frame.area),
    SOPInstanceUID: entry.instance.SOPInstanceUID,
    frame: entry.frame,
  }
  return isChanged(view) ? view : undefined
}

/** What the reader covered by a state of ours: what it says beyond the images' own. */
export function shutterAsSaved({ state }: SavedState, stack: SeriesStack): DisplayShutter | undefined {
  const own = ownShutters(stack).map(one => JSON.stringify(one))
  return shuttersIn(state.shutter).find(one => !own.includes(JSON.stringify(one)))
}

/**
 * What all images of a set cover of themselves, shape by shape; none where they do not, or not alike. A state says it anew: with one,
 * the image's own is not what is shown (PS3.4 N.2.1).
 */
export function ownShutters({ imageIds }: SeriesStack): DisplayShutter[] {
  const found = imageIds.map(imageId => shuttersIn(describeFrame(imageId)?.attributes ?? {}))
  const [first = []] = found
  return found.every(one => JSON.stringify(one) === JSON.stringify(first)) ? first : []
}

/** Zoom and place, where the state is not of the whole picture fitted. */
function sizeOf(area: DisplayedArea | undefined): Pick<SetView, 'zoom' | 'centre'> {
  if (area?.mode !== 'MAGNIFY' || area.magnification === undefined) return {}
  const { from, to, magnification } = area
  return { zoom: magnification, centre: [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2] }
}
