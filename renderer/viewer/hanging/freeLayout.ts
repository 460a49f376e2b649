import type { SeriesSummary } from '../../../shared/contract.ts'
import { layoutAt, placeOf } from '../../../shared/viewing/hanging/chosenLayouts.ts'
import { firstDiagnostic } from '../../../shared/viewing/seriesOrder.ts'
import { keepLayoutAt, useHangingRules } from '../../hanging/index.ts'
import { displayHere, displayOf, windowNumber } from '../../otherWindows.ts'
import { assignmentOf, stripItems } from '../strip.ts'
import { useHanging } from './hangingState.ts'
import type { ByRule } from './opening.ts'

interface Grid {
  rows: number
  columns: number
}

/** No larger than it takes: rows give way first, and the shape stays where it can. */
function fitted({ rows, columns }: Grid, count: number): Grid {
  let grid = { rows, columns }
  while (grid.rows > 1 && (grid.rows - 1) * grid.columns >= count) grid = { ...grid, rows: grid.rows - 1 }
  while (grid.columns > 1 && grid.rows * (grid.columns - 1) >= count) grid = { ...grid, columns: grid.columns - 1 }
  return grid
}

/**
 * How a study opens that no protocol hangs, in a window whose layout was chosen before for studies of its modality: the series in
 * their order, in another window than the first those that the windows before it have no pane for. Undefined: nothing was chosen.
 */
export function openFreely(StudyInstanceUID: string, series: SeriesSummary[]): Omit<ByRule, 'linked'> | undefined {
  const Modality = firstDiagnostic(series)?.Modality ?? ''
  const window = windowNumber()
  const { layouts } = useHangingRules.getState()
  const chosen = layouts[placeOf(Modality, window, displayHere())]
  if (chosen === undefined) return undefined
  const items = stripItems(StudyInstanceUID, series, new Map()).filter(item => item.hasImages)
  if (items.length === 0) return undefined
  let begin = 0
  for (let before = 1; before < window; before++) {
    const { rows, columns } = layoutAt(layouts, Modality, before, displayOf(before)) ?? { rows: 1, columns: 1 }
    begin += rows * columns
  }
  const mine = begin < items.length ? items.slice(begin) : items
  const layout = fitted(chosen, mine.length)
  return { layout, assigned: mine.slice(0, layout.rows * layout.columns).map(assignmentOf), active: 0 }
}

/** A reader has chosen a layout for a study: where no protocol hung, the next of its modality opens in it, in this window on this display. */
export function noteChosenLayout(StudyInstanceUID: string, series: SeriesSummary[], { rows, columns }: Grid): void {
  const Modality = firstDiagnostic(series)?.Modality
  if (Modality === undefined || useHanging.getState().hung?.StudyInstanceUID === StudyInstanceUID) return
  void keepLayoutAt(placeOf(Modality, windowNumber(), displayHere()), { rows, columns })
}
