import type { Mark } from '../../../shared/viewing/draft.ts'
import type { SavedMeasurements } from '../../../shared/viewing/writing/readMeasurements.ts'
import { announce } from '../../ui/index.ts'
import { draftOf } from '../marks/drafts.ts'
import { newerThan } from './save.ts'
import { NOTHING_SAVED, useSaved } from './savedStore.ts'

/** The marks of a saved version in the place of the reader's own; the keys of undo bring those back. */
export function takeSaved(StudyInstanceUID: string, report: SavedMeasurements): void {
  const keeper = draftOf(StudyInstanceUID)
  const { marks } = keeper.draft
  const before = new Map(marks.map(mark => [mark.id, mark]))
  const theirs = new Set(report.marks.map(({ id }) => id))
  const gone = marks.filter(({ id }) => !theirs.has(id)).map(mark => ({ mark: { before: mark } }))
  const come = report.marks.map(after => {
    const mine = before.get(after.id)
    return { mark: { ...(mine && { before: mine }), after } }
  })
  if (gone.length + come.length > 0 && !keeper.edit([...gone, ...come])) return
  keeper.arrange({ continues: report.SOPInstanceUID })
  announce('The saved version was taken; undo brings your marks back')
}

/** The marks of another program beside the reader's own. */
export function addMarksOf(StudyInstanceUID: string, report: SavedMeasurements): void {
  const keeper = draftOf(StudyInstanceUID)
  keeper.edit(missingOf(StudyInstanceUID, report).map(after => ({ mark: { after } })))
}

/** The marks of a report that the draft does not have. */
export function missingOf(StudyInstanceUID: string, { marks }: SavedMeasurements): Mark[] {
  const here = new Set(draftOf(StudyInstanceUID).draft.marks.map(({ id }) => id))
  return marks.filter(({ id }) => !here.has(id))
}

/** The key for it: takes the newer version where there is one. */
export function takeNewer(StudyInstanceUID: string): void {
  const versions = useSaved.getState().studies.get(StudyInstanceUID) ?? NOTHING_SAVED
  const newer = newerThan(draftOf(StudyInstanceUID).draft, versions)
  if (newer === undefined) announce('There is no newer saved version')
  else takeSaved(StudyInstanceUID, newer)
}
