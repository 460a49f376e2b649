import type { DisplayShutter } from '../../shared/viewing/draft.ts'
import { regionOf } from '../../shared/viewing/measure/markRegion.ts'
import { shutterAround, shutterMask } from '../../shared/viewing/shutter.ts'
import { isReformatUid } from '../../shared/viewing/volume/reformatUid.ts'
import { announce } from '../ui/index.ts'
import { describeFrame } from './catalog.ts'
import { isPresented, usePresented } from './documents/index.ts'
import { draftOf } from './marks/drafts.ts'
import { scaleOfMark } from './marks/figures.ts'
import { useMarks } from './marks/marksStore.ts'
import { useKeptShutter } from './marks/ofSet.ts'
import { shownFrame } from './marks/onPane.ts'
import type { Pane } from './pane.ts'
import type { PaneState } from './paneState.ts'

/**
 * The selected area becomes the shutter of the images in the pane: outside it all of them are covered. Without one the shutter they
 * have is taken away. Either is one step of undo.
 */
export function toggleShutter(pane: Pane | undefined): void {
  const shown = shownFrame(pane)
  const described = describeFrame(shown?.imageId ?? '')
  if (shown === undefined || described === undefined) return
  if (isReformatUid(shown.SOPInstanceUID)) {
    announce('A reformat is no image of the study: it has no shutter')
    return
  }
  if (pane !== undefined && isPresented(pane)) {
    announce('A stored presentation state is shown here: your own shutter is set without it')
    return
  }
  const keeper = draftOf(shown.StudyInstanceUID)
  const { displaySet, attributes } = described
  const { selected } = useMarks.getState()
  const mark = keeper.draft.marks.find(({ id, SOPInstanceUID }) => {
    return id === selected && SOPInstanceUID === shown.SOPInstanceUID
  })
  const before = keeper.draft.shutters[displaySet]
  const was = before === undefined ? {} : { before }
  const region = mark && regionOf(mark, scaleOfMark(mark, shown.imageId))
  if (mark === undefined || region === undefined) {
    if (before) keeper.edit([{ displaySet, shutter: { ...was, after: null } }])
    else announce('Draw an area first, an ellipse, a rectangle or an outline: what is outside is covered')
    return
  }
  const after = shutterAround(region)
  const { Rows = 0, Columns = 0 } = attributes
  if (!shutterMask(after, Rows, Columns)?.includes(1)) {
    announce('The area holds no pixel: nothing is covered')
    return
  }
  // What was drawn for it is not measured any more; a locked mark stays.
  const drawnFor = mark.locked ? [] : [{ mark: { before: mark } }]
  if (keeper.edit([...drawnFor, { displaySet, shutter: { ...was, after } }])) useMarks.setState({ selected: undefined })
}

/** What the reader has covered of the picture in a pane; none while a presentation state says how it is seen. */
export function useReaderShutter(pane: Pane, { stack, shown }: PaneState): DisplayShutter | undefined {
  usePresented(({ panes }) => panes[pane.id])
  const displaySet = describeFrame(stack?.entries[shown ?? -1]?.imageId ?? '')?.displaySet ?? ''
  const shutter = useKeptShutter(stack?.manifest.StudyInstanceUID, displaySet)
  return isPresented(pane) ? undefined : shutter
}
