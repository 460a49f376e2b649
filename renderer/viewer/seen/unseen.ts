import {
  countFrames,
  hasFrame,
  nextUnseen,
  type SeriesToRead,
  type Unseen,
  unseenOf,
  unseenWords,
} from '../../../shared/viewing/seen.ts'
import { heard } from '../../i18n/index.ts'
import { studyContents } from '../../series/index.ts'
import { announce } from '../../ui/index.ts'
import type { SeriesStack, StackEntry } from '../catalog.ts'
import { fitDocument } from '../documents/reach.ts'
import { activePane, assignSeries, hangAt, layOut, ownItems, type Session, useSession } from '../session.ts'
import { assignmentOf, type StripItem } from '../strip.ts'
import { seenFrames, syncSeen } from './keeper.ts'

/** What of the study that is open was not seen, also in words. */
export interface UnseenReport {
  StudyInstanceUID: string
  unseen: Unseen
  words: string
}

/** What of a series' stacks is to be seen: its pictures; of one that has none, what its tiles say. */
function toSee(stacks: readonly SeriesStack[]): (entry: StackEntry) => boolean {
  const hasPictures = stacks.some(({ imageIds }) => imageIds.length > 0)
  return entry => !hasPictures || entry.unshowable === undefined
}

function framesOf(stacks: readonly SeriesStack[]): NonNullable<SeriesToRead['frames']> {
  return stacks.flatMap(stack =>
    stack.set.kind === 'slide'
      ? slideTiles(stack)
      : stack.entries
          .filter(toSee(stacks))
          .map(({ instance, frame }) => ({ SOPInstanceUID: instance.SOPInstanceUID, frame })),
  )
}

/** A slide is looked over by its smallest level: the tiles of that one are what is to be seen of it. */
function slideTiles({ manifest, set }: SeriesStack): NonNullable<SeriesToRead['frames']> {
  const smallest = manifest.instances[set.pictureless.at(-1) ?? -1]
  if (smallest === undefined) return []
  const { SOPInstanceUID, NumberOfFrames } = smallest
  return Array.from({ length: NumberOfFrames }, (_, at) => ({ SOPInstanceUID, frame: at + 1 }))
}

/**
 * What of a study nobody of this user's windows has had on the screen; undefined when that is nothing. One that is open as it is on
 * the screen when it is asked, whatever is opened before the answer; one that is still on its way by its series. Rejects like `call`.
 */
export async function unseenOfStudy(StudyInstanceUID: string): Promise<UnseenReport | undefined> {
  const open = useSession.getState()
  const isOpen = open.study?.StudyInstanceUID === StudyInstanceUID
  const { series } = isOpen ? open : await studyContents(StudyInstanceUID)
  const stacks: Session['stacks'] = isOpen ? open.stacks : new Map()
  const toRead = series.map((one): SeriesToRead => {
    const laidOut = stacks.get(one.SeriesInstanceUID)
    return { series: one, frames: laidOut && framesOf(laidOut) }
  })
  await syncSeen(StudyInstanceUID)
  const unseen = unseenOf(toRead, uid => seenFrames(StudyInstanceUID, uid))
  return unseen && { StudyInstanceUID, unseen, words: heard(unseenWords(unseen)) }
}

/** To the next image of the open study that was not seen: in the active pane's stack, then in the series after it. */
export function goToNextUnseen(): void {
  const session = useSession.getState()
  const pane = activePane()
  if (session.study === undefined || pane === undefined) return
  const { StudyInstanceUID } = session.study
  const items = ownItems(session)
  const isUnseen = (at: number, index: number) => {
    const { SeriesInstanceUID, stack, images } = items[at] as StripItem
    const seen = seenFrames(StudyInstanceUID, SeriesInstanceUID)
    // Its manifest is on the way: how much of it was seen is known all the same.
    if (stack === undefined) return !session.stacks.has(SeriesInstanceUID) && countFrames(seen ?? new Map()) < images
    if (stack.set.kind === 'slide') {
      return slideTiles(stack).some(({ SOPInstanceUID, frame }) => !hasFrame(seen?.get(SOPInstanceUID), frame))
    }
    const entry = stack.entries[index]
    if (entry === undefined || !toSee(session.stacks.get(SeriesInstanceUID) ?? [stack])(entry)) return false
    return !hasFrame(seen?.get(entry.instance.SOPInstanceUID), entry.frame)
  }
  const shown = items.findIndex(item => item.stack !== undefined && item.stack.set.id === pane.stack?.set.id)
  const from = shown === -1 ? { stack: 0, index: -1 } : { stack: shown, index: pane.state.getState().index }
  const found = nextUnseen(
    items.map(({ stack }) => stack?.entries.length ?? 1),
    isUnseen,
    from,
  )
  const item = items[found?.stack ?? -1]
  if (found === undefined || item === undefined) {
    announce('Every image of this study was seen')
    return
  }
  if (found.stack === shown) {
    pane.goTo(found.index)
    if (item.stack?.set.kind === 'slide') fitDocument(pane.id, 'fit')
    return
  }
  if (item.stack !== undefined) {
    hangAt(item.stack, found.index)
    return
  }
  // Which of its images it is shows when it is laid out. What cannot be had is told by the pane.
  layOut(item).then(goToNextUnseen, () => assignSeries(assignmentOf(item)))
}
