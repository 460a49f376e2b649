import type { Mark } from '../../../shared/viewing/draft.ts'
import { keyImageId } from '../../../shared/viewing/draft.ts'
import type { SavedMeasurements } from '../../../shared/viewing/writing/readMeasurements.ts'
import { announce } from '../../ui/index.ts'
import { draftOf } from '../marks/drafts.ts'
import { continuing, NOTHING_SAVED, newerThan, useSaved } from './savedStore.ts'

interface Turn<T> {
  before?: T
  after?: T
}

/** What makes `mine` into `theirs`, thing by thing. */
function turns<T>(mine: readonly T[], theirs: readonly T[], idOf: (one: T) => string): Array<Turn<T>> {
  const before = new Map(mine.map(one => [idOf(one), one]))
  const kept = new Set(theirs.map(idOf))
  const gone = mine.filter(one => !kept.has(idOf(one))).map((one): Turn<T> => ({ before: one }))
  const come = theirs.map((after): Turn<T> => {
    const own = before.get(idOf(after))
    return own === undefined ? { after } : { before: own, after }
  })
  return [...gone, ...come]
}

/** Marks and key images of the newest saved version in the place of the reader's own; the keys of undo bring those back. */
export function takeNewer(StudyInstanceUID: string): void {
  const versions = useSaved.getState().studies.get(StudyInstanceUID) ?? NOTHING_SAVED
  const keeper = draftOf(StudyInstanceUID)
  const { marks, keyImages, calibrations } = keeper.draft
  const newest = newerThan(keeper.draft, versions)
  if (newest.newer === undefined) {
    announce('There is no newer saved version')
    return
  }
  const { report, selection } = newest
  const changes = [
    ...turns(marks, report?.marks ?? marks, ({ id }) => id).map(mark => ({ mark })),
    // Marks are measured by the calibrations they came with.
    ...turns(Object.entries(calibrations), Object.entries(report?.calibrations ?? calibrations), ([set]) => set).map(
      ({ before, after }) => ({
        displaySet: (after ?? before)![0],
        calibration: { ...(before && { before: before[1] }), ...(after && { after: after[1] }) },
      }),
    ),
    ...turns(keyImages, selection?.keyImages ?? keyImages, keyImageId).map(keyImage => ({ keyImage })),
  ]
  if (changes.length > 0 && !keeper.edit(changes)) return
  keeper.arrange({ continues: continuing(newest, versions) })
  announce('The saved version was taken; undo brings your marks back')
}

/** The marks of another program beside the reader's own. */
export function addMarksOf(StudyInstanceUID: string, report: SavedMeasurements): void {
  const changes = missingOf(StudyInstanceUID, report).map(after => ({ mark: { after } }))
  draftOf(StudyInstanceUID).edit(changes)
}

/** The marks of a version that was saved beside the reader's; what is saved next stands for both. */
export function mergeVersion(StudyInstanceUID: string, report: SavedMeasurements): void {
  const keeper = draftOf(StudyInstanceUID)
  const { calibrations, continues = [] } = keeper.draft
  const changes = [
    ...missingOf(StudyInstanceUID, report).map(after => ({ mark: { after } })),
    // A series that both calibrated keeps the reader's own.
    ...Object.entries(report.calibrations).flatMap(([displaySet, after]) =>
      calibrations[displaySet] === undefined ? [{ displaySet, calibration: { after } }] : [],
    ),
  ]
  if (keeper.edit(changes)) keeper.arrange({ continues: [...continues, report.SOPInstanceUID] })
}

/** The marks of a report that the draft does not have. */
export function missingOf(StudyInstanceUID: string, { marks }: SavedMeasurements): Mark[] {
  const here = new Set(draftOf(StudyInstanceUID).draft.marks.map(({ id }) => id))
  return marks.filter(({ id }) => !here.has(id))
}
