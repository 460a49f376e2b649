import { objectKind } from '../../../shared/viewing/objects/readObject.ts'
import { studyContents } from '../../series/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { assignSeries, paneAt, putBeside, useSession } from '../session.ts'
import { openStacks } from '../stacks.ts'
import { type Assignment, assignmentOf } from '../strip.ts'
import { sharesFrame } from './figures.ts'
import { type ListedObject, loadObject, objectsOf, useObjects } from './objectsStore.ts'

/**
 * Hangs a series as a reader opens it: one that is drawn on images brings those, with itself switched on. Where they are not here
 * its own tile says so.
 */
export function openSeries(wanted: Assignment, index = useSession.getState().active): void {
  const { StudyInstanceUID, SeriesInstanceUID } = wanted
  const laidOut = useSession.getState().stacks.get(SeriesInstanceUID)
  const objects = laidOut && drawnIn(laidOut)
  if (objects !== undefined && objects.length > 0) {
    void showOnImages(objects, index).then(shown => shown || assignSeries(wanted, index))
    return
  }
  // What is not known yet is hung as it is, and exchanged for its images if it turns out to be such a one.
  assignSeries(wanted, index)
  if (laidOut !== undefined) return
  const hung = useSession.getState().assigned[index]
  void openStacks(StudyInstanceUID, SeriesInstanceUID).then(
    found => {
      const now = useSession.getState().assigned[index]
      if (now?.SeriesInstanceUID !== hung?.SeriesInstanceUID) return
      const drawn = drawnIn(found)
      if (drawn.length > 0) void showOnImages(drawn, index)
    },
    () => {},
  )
}

/** What of a series is drawn on other images: a dose is, although it has pixels of its own. */
function drawnIn(laidOut: SeriesStack[]): ListedObject[] {
  if (!laidOut.every(isDrawn)) return []
  return objectsOf(laidOut).filter(({ kind }) => kind !== 'plan')
}

/** Reads objects and hangs the images of the first in a pane, unless it shows them. False: they are not here. */
export async function showOnImages(objects: ListedObject[], index = useSession.getState().active): Promise<boolean> {
  const study = useSession.getState().study?.StudyInstanceUID
  let found = false
  for (const listed of objects) {
    const object = await loadObject(listed)
    if (useSession.getState().study?.StudyInstanceUID !== study) return true
    if (object === undefined || object.kind === 'plan') continue
    useObjects.setState(({ off }) => {
      const next = new Set(off)
      next.delete(String(listed.contentId))
      return { off: next, hidden: false, listed: true }
    })
    if (found) continue
    const shown = paneAt(index)?.stack
    // What is assigned, not what it still shows while that is on its way.
    const stays = shown?.manifest.SeriesInstanceUID === useSession.getState().assigned[index]?.SeriesInstanceUID
    if (stays && shown !== undefined && !isDrawn(shown) && sharesFrame(shown, listed, object)) {
      found = true
      continue
    }
    const images = await imagesOf(listed, object.series, object)
    if (images !== undefined) {
      assignSeries(images, index)
      found = true
    }
  }
  if (!found) {
    useObjects.setState(({ imageless }) => ({
      imageless: new Set([...imageless, ...objects.map(({ SOPInstanceUID }) => SOPInstanceUID)]),
    }))
  }
  return found
}

/** It is itself something that is laid over images: a dose is no ground for its structures while a CT is here. */
function isDrawn({ entries }: SeriesStack): boolean {
  return entries.every(({ instance }) => objectKind(instance.SOPClassUID) !== undefined)
}

/** The series an object says it was made of; else one that its marks name; else any of its frame of reference. */
async function imagesOf(
  listed: ListedObject,
  series: ReadonlyArray<{ StudyInstanceUID: string; SeriesInstanceUID: string }>,
  object: Parameters<typeof sharesFrame>[2],
): Promise<Assignment | undefined> {
  const { stacks } = useSession.getState()
  const known = [...stacks.values()].flat().filter(stack => stack.imageIds.length > 0 && !isDrawn(stack))
  const hang = ({ manifest, set }: SeriesStack) => assignmentOf({ ...manifest, id: set.id })
  for (const { SeriesInstanceUID } of series) {
    const own = known.filter(stack => stack.manifest.SeriesInstanceUID === SeriesInstanceUID)
    const best = own.find(stack => sharesFrame(stack, listed, object)) ?? own[0]
    if (best !== undefined) return hang(best)
  }
  // By the images themselves: made before the series was split or renamed.
  const named = namedImages(object)
  const byImage = known.find(({ entries }) => entries.some(({ instance }) => named.has(instance.SOPInstanceUID)))
  if (byImage !== undefined) return hang(byImage)
  const byFrame = known.filter(stack => sharesFrame(stack, listed, object))
  if (byFrame.length > 0) return hang(byFrame.sort((a, b) => b.imageIds.length - a.imageIds.length)[0]!)
  // Of another study of the patient, which the object names; or of this one, and not laid out yet.
  for (const { StudyInstanceUID, SeriesInstanceUID } of series) {
    if (StudyInstanceUID === '') continue
    const contents = await studyContents(StudyInstanceUID).catch(() => undefined)
    if (contents?.series.some(one => one.SeriesInstanceUID === SeriesInstanceUID) !== true) continue
    putBeside(StudyInstanceUID)
    const laidOut = await openStacks(StudyInstanceUID, SeriesInstanceUID).catch(() => [])
    const stack = laidOut.find(one => one.imageIds.length > 0 && !isDrawn(one))
    if (stack !== undefined) return hang(stack)
  }
  return undefined
}

function namedImages(object: Parameters<typeof sharesFrame>[2]): Set<string> {
  if (object.kind === 'segmentation') {
    return new Set(object.segments.flatMap(one => one.onImages.map(({ image }) => image.SOPInstanceUID)))
  }
  if (object.kind === 'structures') {
    return new Set(object.segments.flatMap(one => one.contours.flatMap(({ images }) => images)))
  }
  return new Set()
}
