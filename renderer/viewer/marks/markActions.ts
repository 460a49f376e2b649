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
import type { Pane } from '../pane.ts'
import type { DraftKeeper } from './draftKeeper.ts'
import { draftOf } from './drafts.ts'
import { takeMarkTool, useMarks } from './marksStore.ts'
import { shownFrame } from './onPane.ts'

/** One thing a reader can do with marks, as the viewer's table of actions has them. */
interface MarkAction {
  id: string
  name: string
  keys: string[]
  group: 'Measure'
  icon: LucideIcon
  run: () => void
  pressed?: boolean
}

export const MARK_TOOLS: Array<{ kind: MarkKind; name: string; key: string; icon: LucideIcon }> = [
  { kind: 'length', name: 'Length', key: 'L', icon: Ruler },
  { kind: 'angle', name: 'Angle', key: 'A', icon: TriangleRight },
  { kind: 'cobb', name: 'Cobb angle', key: 'Shift+A', icon: Spline },
  { kind: 'bidirectional', name: 'Two axes', key: 'B', icon: Diameter },
  { kind: 'ellipse', name: 'Ellipse', key: 'E', icon: CircleDashed },
  { kind: 'rectangle', name: 'Rectangle', key: 'Shift+E', icon: SquareDashed },
  { kind: 'probe', name: 'Probe', key: 'D', icon: Pipette },
  { kind: 'arrow', name: 'Arrow', key: 'Shift+L', icon: MoveUpRight },
  { kind: 'text', name: 'Text', key: 'Y', icon: Type },
]

function keeperOf(pane: Pane | undefined): DraftKeeper | undefined {
  const study = pane?.stack?.manifest.StudyInstanceUID
  return study === undefined ? undefined : draftOf(study)
}

/** The image on the screen becomes a key image, or is one no longer. */
function toggleKeyImage(pane: Pane | undefined): void {
  const shown = shownFrame(pane)
  if (shown === undefined) return
  const { SeriesInstanceUID, SOPInstanceUID, frame } = shown
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
export function markActions(pane: Pane | undefined): MarkAction[] {
  const { tool, stays, listed, selected } = useMarks.getState()
  const keeper = keeperOf(pane)
  const group = 'Measure'
  return [
    ...MARK_TOOLS.map(
      ({ kind, name, key, icon }): MarkAction => ({
        id: `mark-${kind}`,
        name: tool === kind && stays ? `${name}, stays in hand` : name,
        keys: [key],
        group,
        icon,
        run: () => takeMarkTool(kind),
        pressed: tool === kind,
      }),
    ),
    { id: 'key-image', name: 'Key image', keys: ['Space'], group, icon: Star, run: () => toggleKeyImage(pane) },
    {
      id: 'mark-delete',
      name: 'Delete the selected mark',
      keys: ['Delete'],
      group,
      icon: Trash2,
      run: () => deleteMark(keeper, selected),
    },
    { id: 'mark-undo', name: 'Undo', keys: ['Ctrl+Z'], group, icon: Undo2, run: () => keeper?.undo() },
    { id: 'mark-redo', name: 'Redo', keys: ['Ctrl+Shift+Z', 'Ctrl+Y'], group, icon: Redo2, run: () => keeper?.redo() },
    {
      id: 'mark-list',
      name: 'Marks and key images',
      keys: ['M'],
      group,
      icon: List,
      run: () => useMarks.setState({ listed: !listed }),
      pressed: listed,
    },
  ]
}
