import type { DraftLayout } from '../../../shared/viewing/draft.ts'
import { windowNumber } from '../../otherWindows.ts'
import { isByRule } from '../hanging/hangingState.ts'
import { type Session, useSession } from '../session.ts'
import type { Assignment } from '../strip.ts'
import { draftOf } from './drafts.ts'

type Hung = Assignment | undefined

/** A set that is named by its bare series is still to be named: that is no change of the reader's. */
function sameSet(a: Hung, b: Hung): boolean {
  if (a === undefined || b === undefined) return a === b
  const bare = a.id === a.SeriesInstanceUID || b.id === b.SeriesInstanceUID
  return a.SeriesInstanceUID === b.SeriesInstanceUID && (bare || a.id === b.id)
}

function hungIn({ layout, assigned }: Session): Hung[] {
  return Array.from({ length: layout.rows * layout.columns }, (_, index) => assigned[index])
}

function layoutOf(session: Session): DraftLayout {
  return {
    rows: session.layout.rows,
    columns: session.layout.columns,
    panes: hungIn(session).map(one => (one ? { StudyInstanceUID: one.StudyInstanceUID, displaySet: one.id } : null)),
    active: session.active,
  }
}

/** Keeps the layout and what hangs in it from the reader's first change on. Returns what ends it. */
export function keepLayout(): () => void {
  return useSession.subscribe((now, before) => {
    const study = now.study?.StudyInstanceUID
    // What opening a study hangs is not the reader's doing.
    if (study === undefined || study !== before.study?.StudyInstanceUID) return
    // The draft has one layout: the first window's.
    if (windowNumber() !== 1) return
    if (now.layout === before.layout && now.assigned === before.assigned) return
    const [hung, hungBefore] = [hungIn(now), hungIn(before)]
    const same = now.layout === before.layout && hung.every((one, index) => sameSet(one, hungBefore[index]))
    // Nor is what a protocol hangs when late series come, or stage by stage.
    if ((same || isByRule()) && draftOf(study).draft.layout === null) return
    draftOf(study).arrange({ layout: layoutOf(now) })
  })
}
