import { create } from 'zustand'
import type { ObjectReference } from '../../../shared/viewing/documents/reference.ts'
import type { Region } from '../../../shared/viewing/documents/report.ts'
import { t } from '../../i18n/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { draftOf } from '../marks/drafts.ts'
import { assignSeries, leaveSetAt, livePanes, type Session, setActive, setLayout, useSession } from '../session.ts'

/** The region a reader asked for last: drawn wherever its picture is. */
export const useRegion = create<{ shown: { SOPInstanceUID: string; frames: number[]; region: Region } | undefined }>(
  () => ({ shown: undefined }),
)

interface Place {
  stack: SeriesStack
  index: number
}

const placesOf = new WeakMap<Session['stacks'], Map<string, Place[]>>()

/** Every instance that is laid out, by its UID: made anew when a series comes. */
function places(): Map<string, Place[]> {
  const { stacks } = useSession.getState()
  const known = placesOf.get(stacks)
  if (known) return known
  const made = new Map<string, Place[]>()
  for (const stack of [...stacks.values()].flat()) {
    stack.entries.forEach((entry, index) => {
      const { SOPInstanceUID } = entry.instance
      const all = made.get(SOPInstanceUID)
      if (all) all.push({ stack, index })
      else made.set(SOPInstanceUID, [{ stack, index }])
    })
  }
  placesOf.set(stacks, made)
  return made
}

/** Where a reference hangs among what is laid out; undefined where it is not here. */
export function findReference({ SOPInstanceUID, frames }: ObjectReference): Place | undefined {
  const all = places().get(SOPInstanceUID) ?? []
  const [frame] = frames
  return all.find(({ stack, index }) => frame === undefined || stack.entries[index]?.frame === frame) ?? all[0]
}

export function referenceWords(place: Place): string {
  const { SeriesNumber } = place.stack.manifest
  const image = t('image {{number}}', { number: place.index + 1 })
  return SeriesNumber === undefined ? image : `${t('series {{number}}', { number: String(SeriesNumber) })} ${image}`
}

/**
 * Shows an image beside the document that names it: in a pane that has its series, else in another pane than `from`, made where
 * there is none. The region, if the document draws one, lies over it.
 */
export function showReference(from: string | undefined, reference: ObjectReference, region?: Region): void {
  const place = findReference(reference)
  if (place === undefined) return
  const { SOPInstanceUID, frames } = reference
  useRegion.setState({ shown: region && { SOPInstanceUID, frames, region } })
  const { stack, index } = place
  const hung = livePanes().find(pane => pane.stack?.set.id === stack.set.id)
  if (hung !== undefined) {
    hung.goTo(index)
    // What stands behind the one pane would not be seen.
    if (useSession.getState().oneUp !== undefined) useSession.setState({ oneUp: undefined })
    setActive(numberOf(hung.id))
    return
  }
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  const view = draftOf(StudyInstanceUID).draft.views[stack.set.id]
  leaveSetAt(stack.set.id, { index, view: view ?? { inverted: false, quarterTurns: 0, mirrored: false } })
  assignSeries({ StudyInstanceUID, SeriesInstanceUID, id: stack.set.id }, paneBeside(from))
}

function numberOf(pane: string): number {
  return Number(pane.replace('pane-', ''))
}

/** A pane that is not the document's. */
function paneBeside(from: string | undefined): number | undefined {
  if (from === undefined) return undefined
  const { layout, oneUp } = useSession.getState()
  const own = numberOf(from)
  if (layout.rows * layout.columns === 1) setLayout({ rows: 1, columns: 2 })
  else if (oneUp !== undefined) useSession.setState({ oneUp: undefined })
  return own === 0 ? 1 : 0
}
