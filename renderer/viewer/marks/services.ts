import type { Mark } from '../../../shared/viewing/draft.ts'
import { lengthOf } from '../../../shared/viewing/measure/geometry.ts'
import { middleRange } from '../../../shared/viewing/measure/histogram.ts'
import { fileScale, isCalibratable } from '../../../shared/viewing/measure/scale.ts'
import { t } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import { describeFrame } from '../catalog.ts'
import { draftOf } from './drafts.ts'
import { measuredFrame, pixelsOf, valuesUnder } from './figures.ts'
import type { Service } from './marksStore.ts'
import { isPicture, type MarkedPane } from './onPane.ts'

/** Why a tool cannot be used on an image, in words; undefined: it can. */
export function refusalOf(service: Service, imageId: string): string | undefined {
  if (service === 'spotWindow') {
    return pixelsOf(imageId)?.components === 3 ? t('A colour image has no window') : undefined
  }
  const frame = measuredFrame(imageId)
  return frame && isCalibratable(frame) ? undefined : t('This image says itself what its pixels measure')
}

/** Sets the window from what the rectangle holds: 1 % of its values are black, 1 % white. */
export function windowByMark(pane: MarkedPane, mark: Mark, imageId: string): void {
  if (!isPicture(pane)) return
  const { slope, intercept } = pixelsOf(imageId) ?? {}
  const held = valuesUnder(mark, imageId)
  const middle = held && middleRange(held.values)
  // A pane's window is in modality values, whatever PET is measured in.
  const range = middle && { lower: middle.lower / held.factor, upper: middle.upper / held.factor }
  if (range === undefined || slope === undefined || intercept === undefined) {
    announce('No pixel lies in the rectangle: the window stays')
    return
  }
  const { stack } = pane
  const { range: before } = pane.view()
  // One value alone still needs a width.
  pane.setRange(range.upper > range.lower ? range : { lower: range.lower - 0.5, upper: range.upper + 0.5 })
  announce('Window set from the rectangle', async () => {
    if (pane.stack !== stack) throw new Error(t('Its series is no longer in the pane.'))
    pane.setRange(before)
  })
}

const LEAST_MM = 0.01
const MOST_MM = 100_000

/** What a reader wrote of a line, in millimetres; a comma is a point. */
export function millimetresOf(text: string): number | undefined {
  const value = Number(text.trim().replace(',', '.'))
  return text.trim() !== '' && value >= LEAST_MM && value <= MOST_MM ? value : undefined
}

/** Keeps that the line is so long: from now on its display set is measured by it. */
export function calibrateBy(mark: Mark, imageId: string, text: string): void {
  const [described, frame, mm] = [describeFrame(imageId), measuredFrame(imageId), millimetresOf(text)]
  if (described === undefined || frame === undefined || mm === undefined) {
    announce('A length in millimetres is needed: nothing was calibrated')
    return
  }
  const [a, b] = mark.points
  const scale = fileScale(frame, mark.points)
  const drawn = a && b ? lengthOf(a, b, scale) : 0
  if (drawn === 0) return
  const { displaySet, manifest } = described
  const keeper = draftOf(manifest.StudyInstanceUID)
  const before = keeper.draft.calibrations[displaySet]
  const { SOPInstanceUID, frame: number } = mark
  const after = { unit: scale.unit, drawn, mm, SOPInstanceUID, frame: number }
  keeper.edit([{ displaySet, calibration: { ...(before && { before }), after } }])
}
