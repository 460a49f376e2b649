import { cache } from '@cornerstonejs/core'
import type { Calibration, Mark } from '../../../shared/viewing/draft.ts'
import { storedPadding } from '../../../shared/viewing/grey.ts'
import {
  describe,
  type MarkPixels,
  type MarkValues,
  type Measured,
  markScale,
  markValues,
  measure,
} from '../../../shared/viewing/measure/measure.ts'
import { type MeasuredFrame, type Point, type Scale, scaleOf } from '../../../shared/viewing/measure/scale.ts'
import type { SeriesStart, UptakeKind } from '../../../shared/viewing/suv.ts'
import { heard, msg, t, useLanguage } from '../../i18n/index.ts'
import { measuringAllowed } from '../../selftest/index.ts'
import { type CatalogFrame, describeFrame } from '../catalog.ts'
import { isSlideId, slideValues } from '../slides/openSlides.ts'
import { startOf, useUptake } from '../uptake.ts'
import { isCoarse } from '../volume/coarse.ts'
import { draftOf } from './drafts.ts'

/** The modality values of a frame; undefined while they are not here. */
function valuesIn(imageId: string, { attributes }: CatalogFrame): MarkPixels | undefined {
  const image = cache.getImage(imageId)
  if (image === undefined || isCoarse(imageId)) return undefined
  const { columns, rows, slope, intercept } = image
  // What a modality LUT has made of padding is no longer known for it.
  const padding = attributes.ModalityLUT ? undefined : storedPadding(attributes)
  return { pixels: image.getPixelData(), columns, rows, slope, intercept, padding, components: image.color ? 3 : 1 }
}

/** What lies under a mark, and its points there: of a slide the one tile that a probe is in. */
function under<M extends Pick<Mark, 'kind' | 'points'>>(
  mark: M,
  imageId: string,
  described: CatalogFrame,
): { pixels: MarkPixels | undefined; at: M } {
  if (!isSlideId(imageId)) return { pixels: valuesIn(imageId, described), at: mark }
  const [point] = mark.points
  const tile = mark.kind === 'probe' && point ? slideValues(imageId, point) : undefined
  if (tile === undefined) return { pixels: undefined, at: mark }
  const [x0, y0] = tile.corner
  return { pixels: tile.pixels, at: { ...mark, points: mark.points.map(([x, y]): Point => [x - x0, y - y0]) } }
}

function calibrationOf({ manifest, instance, displaySet }: CatalogFrame): Calibration | undefined {
  // A phantom of the self-test: the station has no such study, and nobody opens one.
  if (instance.contentId < 0) return undefined
  return draftOf(manifest.StudyInstanceUID).draft.calibrations[displaySet]
}

function measured(frame: CatalogFrame): MeasuredFrame {
  const { manifest, instance, attributes } = frame
  const { Modality } = manifest
  return { Modality, SOPClassUID: instance.SOPClassUID, attributes, calibration: calibrationOf(frame) }
}

/** What deciding units takes of a frame, with what a reader has calibrated of it. */
export function measuredFrame(imageId: string): MeasuredFrame | undefined {
  const described = describeFrame(imageId)
  return described && measured(described)
}

const UNKNOWN: Scale = { unit: 'px', x: 1, y: 1, note: '' }

/** The scale a mark through these points is measured by; of no points, the image's own. */
export function scaleAt(imageId: string, points: readonly Point[]): Scale {
  const frame = measuredFrame(imageId)
  return frame ? scaleOf(frame, points) : UNKNOWN
}

/** The scale a mark is measured and drawn by. */
export function scaleOfMark(mark: Mark, imageId: string): Scale {
  const frame = measuredFrame(imageId)
  return frame ? markScale(mark, frame) : UNKNOWN
}

/** The pixels of a frame, as a wire follows them; undefined while they are not here. */
export function pixelsOf(imageId: string): MarkPixels | undefined {
  const described = describeFrame(imageId)
  return described && valuesIn(imageId, described)
}

/** The values in a mark that encloses an area, in their unit; undefined of any other, of colours, and while they are not here. */
export function valuesUnder(mark: Mark, imageId: string): MarkValues | undefined {
  const described = describeFrame(imageId)
  if (described === undefined || !isMeasured(mark, described)) return undefined
  const { uptake } = useUptake.getState()
  return markValues(mark, measured(described), startOf(described.manifest), valuesIn(imageId, described), uptake)
}

function isMeasured({ kind }: Pick<Mark, 'kind'>, { instance: { TransferSyntaxUID } }: CatalogFrame): boolean {
  return measuringAllowed({ kind, TransferSyntaxUID })
}

interface Reckoned {
  imageId: string
  pixels: MarkPixels['pixels'] | undefined
  calibration: Calibration | undefined
  uptake: UptakeKind
  /** Another one when images have come that were taken before the others. */
  start: SeriesStart
  language: string
  lines: string[]
}
const reckoned = new WeakMap<Mark, Reckoned>()

const WORDS = new Set<string>([
  msg('perimeter'),
  msg('crosses itself too often for an area'),
  msg('mean'),
  msg('median'),
  msg('mapped'),
  msg('column'),
  msg('row'),
  msg('not measured: the self-test failed'),
])

type Say = (words: string) => string
const inEnglish: Say = words => words
const inOwnWords: Say = words => (WORDS.has(words) ? t(words) : heard(words))

/** What stands beside a mark where nothing of it is measured. */
function unmeasured({ text }: Mark, described: CatalogFrame | undefined, say: Say): string[] {
  const own = text === '' ? [] : text.split('\n')
  return described === undefined ? own : [...own, say('not measured: the self-test failed')]
}

/** What stands beside a mark as it is written into objects, in English: its words and figures. */
export function writtenLinesOf(mark: Mark, imageId: string): string[] {
  const described = describeFrame(imageId)
  if (described === undefined || !isMeasured(mark, described)) return unmeasured(mark, described, inEnglish)
  const { pixels, at } = under(mark, imageId, described)
  return describe(mark, figuresOf(at, described, pixels))
}

/** What stands beside a mark: its words and figures. Reckoned once for as long as all it is reckoned of stays. */
export function linesOf(mark: Mark, imageId: string): string[] {
  const described = describeFrame(imageId)
  if (described === undefined || !isMeasured(mark, described)) return unmeasured(mark, described, inOwnWords)
  const { pixels, at } = under(mark, imageId, described)
  const calibration = calibrationOf(described)
  const before = reckoned.get(mark)
  const { uptake } = useUptake.getState()
  const { language } = useLanguage.getState()
  const start = startOf(described.manifest)
  const sameFrame = before?.imageId === imageId && before.pixels === pixels?.pixels
  const sameUnits = before?.calibration === calibration && before?.uptake === uptake && before.start === start
  if (sameFrame && sameUnits && before.language === language) return before.lines
  const lines = describe(mark, figuresOf(at, described, pixels), inOwnWords)
  reckoned.set(mark, { imageId, pixels: pixels?.pixels, calibration, uptake, start, language, lines })
  return lines
}

function figuresOf(
  mark: Pick<Mark, 'kind' | 'points'>,
  described: CatalogFrame,
  pixels: MarkPixels | undefined,
): Measured {
  return measure(mark, measured(described), startOf(described.manifest), pixels, useUptake.getState().uptake)
}

/**
 * Everything that is measured of a mark on a frame: the scale alone where the self-test lets nothing be measured (but its own phantoms);
 * undefined where the frame is not known.
 */
export function measuredOf(mark: Pick<Mark, 'kind' | 'points'>, imageId: string): Measured | undefined {
  const described = describeFrame(imageId)
  if (described === undefined) return undefined
  const { pixels, at } = under(mark, imageId, described)
  const figures = figuresOf(at, described, pixels)
  const { scale, valueUnit } = figures
  return described.instance.contentId < 0 || isMeasured(mark, described) ? figures : { scale, valueUnit }
}
