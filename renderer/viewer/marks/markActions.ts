import {
  Bone,
  ChartColumn,
  Circle,
  CircleDashed,
  Contrast,
  CopyPlus,
  Diameter,
  DraftingCompass,
  EyeOff,
  HeartPulse,
  LassoSelect,
  List,
  Lock,
  type LucideIcon,
  Magnet,
  MoveUpRight,
  PencilRuler,
  Pipette,
  Redo2,
  Ruler,
  ScanSearch,
  Shapes,
  Spline,
  SquareDashed,
  Star,
  Trash2,
  TriangleRight,
  Type,
  Undo2,
  Waypoints,
} from 'lucide-react'
import { keyImageId, type Mark } from '../../../shared/viewing/draft.ts'
import { isReformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { t } from '../../i18n/index.ts'
import { actionRow } from '../../keys/index.ts'
import { announce, undoLast } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import type { Pane } from '../pane.ts'
import type { DraftKeeper } from './draftKeeper.ts'
import { draftOf } from './drafts.ts'
import { FIRST_GLASS } from './Magnifier.tsx'
import { type MarkTool, takeMarkTool, useMarks } from './marksStore.ts'
import { shownFrame } from './onPane.ts'

const ICONS: Record<MarkTool, LucideIcon> = {
  length: Ruler,
  angle: TriangleRight,
  cobb: Spline,
  bidirectional: Diameter,
  ellipse: CircleDashed,
  rectangle: SquareDashed,
  probe: Pipette,
  arrow: MoveUpRight,
  text: Type,
  openAngle: DraftingCompass,
  circle: Circle,
  polyline: Waypoints,
  freehand: LassoSelect,
  spline: Shapes,
  livewire: Magnet,
  cardiothoracic: HeartPulse,
  vertebra: Bone,
  calibrate: PencilRuler,
  spotWindow: Contrast,
}

export function markName(kind: MarkTool): string {
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
  if (before === undefined) return
  if (before.locked) announce('This mark is locked: unlock it to delete it')
  else keeper?.edit([{ mark: { before } }])
}

/** A locked mark is neither moved nor deleted until it is unlocked. */
export function toggleLock(keeper: DraftKeeper | undefined, id: string | undefined): void {
  const before = keeper?.draft.marks.find(mark => mark.id === id)
  if (before === undefined) {
    announce('Select a mark first')
    return
  }
  const { locked, ...unlocked } = before
  keeper?.edit([{ mark: { before, after: locked ? unlocked : { ...before, locked: true } } }])
}

/** Nothing is selected or in hand that is not seen. */
function toggleHidden(): void {
  const { hidden } = useMarks.getState()
  useMarks.setState(
    hidden ? { hidden: false } : { hidden: true, tool: undefined, stays: false, live: undefined, selected: undefined },
  )
}

function selectedIn(keeper: DraftKeeper | undefined): Mark | undefined {
  const { selected } = useMarks.getState()
  return keeper?.draft.marks.find(mark => mark.id === selected)
}

function askWhereToCopy(keeper: DraftKeeper | undefined): void {
  if (selectedIn(keeper) === undefined) announce('Select a mark first')
  else useMarks.setState({ copying: true })
}

/** What can be done with marks in the pane a reader is at: keys, menu, palette and tooltips are made of it. */
export function markActions(pane: Pane | undefined): Action[] {
  const { tool, stays, listed, selected, hidden, glass, histogram } = useMarks.getState()
  const keeper = keeperOf(pane)
  return [
    ...(Object.keys(ICONS) as MarkTool[]).map(kind =>
      act(`mark-${kind}`, {
        ...(tool === kind && stays && { name: t('{{name}}, stays in hand', { name: t(markName(kind)) }) }),
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
    act('magnifier', {
      icon: ScanSearch,
      run: () => useMarks.setState({ glass: glass === undefined ? FIRST_GLASS : undefined }),
      pressed: glass !== undefined,
    }),
    act('mark-histogram', {
      icon: ChartColumn,
      run: () => useMarks.setState({ histogram: !histogram }),
      pressed: histogram,
    }),
    act('mark-copy', { icon: CopyPlus, run: () => askWhereToCopy(keeper) }),
    act('mark-lock', {
      icon: Lock,
      run: () => toggleLock(keeper, selected),
      pressed: selectedIn(keeper)?.locked === true,
    }),
    act('mark-hide', { icon: EyeOff, run: toggleHidden, pressed: hidden }),
  ]
}
