import {
  Brush,
  ChevronsUpDown,
  Eraser,
  type LucideIcon,
  PaintBucket,
  Scissors,
  Shapes,
  SlidersHorizontal,
} from 'lucide-react'
import { type Action, act } from '../action.ts'
import { type SegmentTool, takeSegmentTool, undoSegments, useSegmenting } from './segmentStore.ts'
import { interpolateActive } from './wholeSegment.ts'

export const TOOL_ICONS: Record<SegmentTool, LucideIcon> = {
  brush: Brush,
  erase: Eraser,
  threshold: SlidersHorizontal,
  grow: PaintBucket,
  scissors: Scissors,
}

/** What can be done with segments of ours. */
export function segmentActions(): Action[] {
  const { tool, listed } = useSegmenting.getState()
  return [
    ...(Object.keys(TOOL_ICONS) as SegmentTool[]).map(own =>
      act(`segment-${own}`, { icon: TOOL_ICONS[own], run: () => takeSegmentTool(own), pressed: tool === own }),
    ),
    act('segment-interpolate', { icon: ChevronsUpDown, run: interpolateActive }),
    act('segments', { icon: Shapes, run: () => useSegmenting.setState({ listed: !listed }), pressed: listed }),
  ]
}

/** Undo and redo are of segments first where those are in hand. */
export function withSegmentUndo(actions: Action[]): Action[] {
  return actions.map(action => {
    const direction = action.id === 'mark-undo' ? 'undo' : action.id === 'mark-redo' ? 'redo' : undefined
    return direction === undefined ? action : { ...action, run: () => undoSegments(direction) || action.run() }
  })
}
