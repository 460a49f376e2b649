import {
  CircleDashed,
  Diameter,
  List,
  type LucideIcon,
  MoveUpRight,
  Pipette,
  Redo2,
  Ruler,
  Spline,
  SquareDashed,
  Star,
  Trash2,
  TriangleRight,
  Type,
  Undo2,
} from 'lucide-react'
import { keyImageId, type MarkKind } from '../../../shared/viewing/draft.ts'
import { isReformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { actionRow } from '../../keys/index.ts'
import { announce, undoLast } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import type { Pane } from '../pane.ts'
import type { DraftKeeper } from './draftKeeper.ts'
import { draftOf } from './drafts.ts'
import { takeMarkTool, useMarks } from './marksStore.ts'
import { shownFrame } from './onPane.ts'

const ICONS: Record<MarkKind, LucideIcon> = {
  length: Ruler,
  angle: TriangleRight,
  cobb: Spline,
  bidirectional: Diameter,
  ellipse: CircleDashed,
  rectangle: SquareDashed,
  probe: Pipette,
  arrow: MoveUpRight,
  text: Type,
}

export function markName(kind: MarkKind): string {
  return actionRow(`mark-${kind}`).name
}

function keeperOf(pane: Pane | undefined): DraftKeeper | undefined {
  const study = pane?.stack?.manifest.StudyInstanceUID
  return study === undefined ? undefined : draftOf(study)
}

/** The image on the screen becomes a key image, or is one no longer. */
function toggleKeyImage(pane: Pane | undefined): void {
  const shown = shownFrame(pane)
  if (shown === undefined) return
  const { SeriesInstanceUID, SOPInstanceUID, frame } = shown
  if (isReformatUid(SOPInstanceUID)) {
    announce('A reformat is no image of the study: it cannot be a key image')
    return
  }
  const keeper = draftOf(shown.StudyInstanceUID)
  const before = keeper.draft.keyImages.find(one => keyImageId(one) === keyImageId(shown))
  keeper.edit([{ keyImage: before ? { before } : { after: { SeriesInstanceUID, SOPInstanceUID, frame } } }])
}

/** Takes a mark away; undo brings it back. */
export function deleteMark(keeper: DraftKeeper | undefined, id: string | undefined): void {
  const before = keeper?.draft.marks.find(mark => mark.id === id)
  if (before !== undefined) keeper?.edit([{ mark: { before } }])
}

/** What can be done with marks in the pane a reader is at: keys, menu, palette and tooltips are made of it. */
export function markActions(pane: Pane | undefined): Action[] {
  const { tool, stays, listed, selected } = useMarks.getState()
  const keeper = keeperOf(pane)
  return [
    ...(Object.keys(ICONS) as MarkKind[]).map(kind =>
      act(`mark-${kind}`, {
        ...(tool === kind && stays && { name: `${markName(kind)}, stays in hand` }),
        icon: ICONS[kind],
        run: () => takeMarkTool(kind),
        pressed: tool === kind,
      }),
    ),
    act('key-image', { icon: Star, run: () => toggleKeyImage(pane) }),
    act('mark-delete', { icon: Trash2, run: () => deleteMark(keeper, selected) }),
    act('mark-undo', {
      icon: Undo2,
      run: () => {
        // What was drawn comes first; then what was decided of the study, as the notice of it says.
        if (!keeper?.undo()) void undoLast()
      },
    }),
    act('mark-redo', { icon: Redo2, run: () => keeper?.redo() }),
    act('mark-list', { icon: List, run: () => useMarks.setState({ listed: !listed }), pressed: listed }),
  ]
}
