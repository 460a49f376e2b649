import { vertebraAfter } from '../../../shared/viewing/measure/spine.ts'
import { draftOf } from './drafts.ts'
import { useMarks } from './marksStore.ts'
import type { ShownFrame } from './onPane.ts'

type Series = Pick<ShownFrame, 'StudyInstanceUID' | 'SeriesInstanceUID'>

/** The label of the vertebra to come: as chosen, else the one after the last that was labelled in this series; undefined past the end. */
export function nextVertebra({ StudyInstanceUID, SeriesInstanceUID }: Series): string | undefined {
  const { direction, next } = useMarks.getState().spine
  if (next !== undefined) return next
  const last = draftOf(StudyInstanceUID).draft.marks.findLast(
    mark => mark.kind === 'vertebra' && mark.SeriesInstanceUID === SeriesInstanceUID,
  )
  if (last === undefined) return direction === 'down' ? 'C1' : 'S1'
  return vertebraAfter(last.text, direction)
}
