import type { Mark } from '../../../shared/viewing/draft.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix, invertMatrix, type Matrix } from '../../../shared/viewing/view.ts'
import { t } from '../../i18n/index.ts'
import { useTextSize } from '../../ui/index.ts'
import type { Pane } from '../pane.ts'
import type { PaneState } from '../paneState.ts'
import { isSlideId, markOnSlide } from '../slides/openSlides.ts'
import { draftOf } from './drafts.ts'
import { type Box, labelBox } from './edit.ts'
import { linesOf, scaleOfMark } from './figures.ts'
import { useMarks } from './marksStore.ts'

type MarkedState = Pick<PaneState, 'stack' | 'shown' | 'transform'>

/** What marks are drawn on: a pane's picture, or a slide that lies over it. */
export interface MarkedPane {
  id: string
  element: HTMLElement
  state: {
    getState: () => MarkedState
    subscribe: (listener: (now: MarkedState, before: MarkedState) => void) => () => void
  }
}

export function isPicture(pane: MarkedPane): pane is Pane {
  return 'setRange' in pane
}

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

export function shownFrame(pane: MarkedPane | undefined): ShownFrame | undefined {
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

/** The marks that are seen on a frame, the one in hand as the hand has it now. */
export function marksOn(shown: ShownFrame): Mark[] {
  const { live, hidden } = useMarks.getState()
  if (hidden) return []
  const here = ({ SOPInstanceUID, frame }: Mark) => SOPInstanceUID === shown.SOPInstanceUID && frame === shown.frame
  const { marks } = draftOf(shown.StudyInstanceUID).draft
  const own = isSlideId(shown.imageId)
    ? marks.flatMap(mark => markOnSlide(shown.imageId, mark) ?? [])
    : marks.filter(here)
  const kept = own.filter(({ id }) => id !== live?.mark.id)
  return live !== undefined && here(live.mark) ? [...kept, live.mark] : kept
}

const LABEL_FONT = '11px "Inter Variable", "Noto Sans JP Variable", sans-serif'
/** CSS pixels at a text size of 100 %. */
const LABEL_LINE = 14

let ruler: CanvasRenderingContext2D | null | undefined
const widths = new Map<string, number>()

/** A canvas knows nothing of the page's tabular figures, in which signs and figures are all as wide as a slashed 0. */
const FIGURES = /[-\d]/g
const WIDER = 1.03

/** CSS pixels at a text size of 100 %. */
function textWidth(text: string): number {
  const known = widths.get(text)
  if (known !== undefined) return known
  ruler ??= document.createElement('canvas').getContext('2d')
  if (ruler) ruler.font = LABEL_FONT
  const width = (ruler?.measureText(text.replace(FIGURES, '0')).width ?? text.length * 7) * WIDER
  // Figures change with every move of a handle.
  if (widths.size > 2000) widths.clear()
  widths.set(text, width)
  return width
}

export interface MarkLabel {
  lines: string[]
  box: Box
  /** From one line to the next, CSS pixels. */
  line: number
}

/** A mark's label as it lies in the pane; undefined when it says nothing. */
export function labelOf(mark: Mark, shown: ShownFrame, pane: { width: number; height: number }): MarkLabel | undefined {
  const figures = linesOf(mark, shown.imageId)
  const lines = mark.locked && useMarks.getState().selected === mark.id ? [...figures, t('locked')] : figures
  if (lines.length === 0) return undefined
  const larger = useTextSize.getState().percent / 100
  const line = LABEL_LINE * larger
  const size = { width: Math.max(...lines.map(textWidth)) * larger, height: lines.length * line }
  return { lines, line, box: labelBox(mark, size, shown.transform, pane, scaleOfMark(mark, shown.imageId)) }
}
