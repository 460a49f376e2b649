import type { Mark } from '../../../shared/viewing/draft.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix, invertMatrix, type Matrix } from '../../../shared/viewing/view.ts'
import type { Pane } from '../pane.ts'
import { draftOf } from './drafts.ts'
import { type Box, labelBox } from './edit.ts'
import { linesOf } from './figures.ts'
import { useMarks } from './marksStore.ts'

/** The frame whose pixels are on the screen of a pane, and how it lies there. */
export interface ShownFrame {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  frame: number
  imageId: string
  /** Image coordinates to CSS pixels of the pane. */
  transform: Matrix
}

export function shownFrame(pane: Pane | undefined): ShownFrame | undefined {
  const { stack, shown, transform } = pane?.state.getState() ?? {}
  const entry = stack?.entries[shown ?? -1]
  if (stack === undefined || entry === undefined || transform === undefined) return undefined
  const { StudyInstanceUID, SeriesInstanceUID } = stack.manifest
  const { SOPInstanceUID } = entry.instance
  return { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame: entry.frame, imageId: entry.imageId, transform }
}

export function imagePoint(shown: ShownFrame, point: Point): Point {
  return applyMatrix(invertMatrix(shown.transform), point)
}

/** The marks on a frame, the one in hand as the hand has it now. */
export function marksOn(shown: ShownFrame): Mark[] {
  const { live } = useMarks.getState()
  const here = ({ SOPInstanceUID, frame }: Mark) => SOPInstanceUID === shown.SOPInstanceUID && frame === shown.frame
  const kept = draftOf(shown.StudyInstanceUID).draft.marks.filter(mark => here(mark) && mark.id !== live?.mark.id)
  return live !== undefined && here(live.mark) ? [...kept, live.mark] : kept
}

export const LABEL_FONT = '11px "Inter Variable", "Noto Sans JP Variable", sans-serif'
export const LABEL_LINE = 14

let ruler: CanvasRenderingContext2D | null | undefined
const widths = new Map<string, number>()

function textWidth(text: string): number {
  const known = widths.get(text)
  if (known !== undefined) return known
  ruler ??= document.createElement('canvas').getContext('2d')
  if (ruler) ruler.font = LABEL_FONT
  const width = ruler?.measureText(text).width ?? text.length * 7
  // Figures change with every move of a handle.
  if (widths.size > 2000) widths.clear()
  widths.set(text, width)
  return width
}

export interface MarkLabel {
  lines: string[]
  box: Box
}

/** A mark's label as it lies in the pane; undefined when it says nothing. */
export function labelOf(mark: Mark, shown: ShownFrame, pane: { width: number; height: number }): MarkLabel | undefined {
  const lines = linesOf(mark, shown.imageId)
  if (lines.length === 0) return undefined
  const size = { width: Math.max(...lines.map(textWidth)), height: lines.length * LABEL_LINE }
  return { lines, box: labelBox(mark, size, shown.transform, pane) }
}
