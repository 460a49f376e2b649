import type { SeriesSummary } from '../contract.ts'
import type { DisplaySet } from './displaySet.ts'

/** What is read first comes first: images, then scouts, then pictures of reports, then what has no picture. */
export const KIND_RANK: Record<DisplaySet['kind'], number> = {
  stack: 0,
  cine: 0,
  slide: 0,
  localizer: 1,
  secondary: 2,
  other: 3,
}

/** As makers and sites name them; the short ones only as words, they begin others. */
export function isLocalizerDescription(description: string): boolean {
  return /locali[sz]er|scout|topogram|surview|scano|(^|[^a-z])(loc|survey|pilot|3[ -]?pl(ane)?)([^a-z]|$)/i.test(
    description,
  )
}

/** Dose reports, protocol pages and screen saves, which CT and PET consoles send as images among the others. */
export function isSecondaryDescription(description: string): boolean {
  return /dose (report|info|summary|record)|patient protocol|exam protocol|screen ?(save|shot|capture)/i.test(
    description,
  )
}

/** Not pictures of the patient as acquired: other modalities of a study are hung before them. */
const SECONDARY = new Set(['OT', 'SC', 'DOC', 'RTDOSE', 'RTIMAGE'])

export type OrderedSeries = Pick<
  SeriesSummary,
  | 'SeriesInstanceUID'
  | 'Modality'
  | 'SeriesNumber'
  | 'SeriesDescription'
  | 'SeriesDate'
  | 'SeriesTime'
  | 'hasImages'
  | 'localizer'
>

/**
 * Where in its study a series stands, or (when its manifest is here) a set of it of this kind: what its images say counts besides
 * what the series is called, so that a card does not move when its manifest comes, unless it is something else than it was called.
 */
export function readingRank(
  { hasImages, localizer, Modality, SeriesDescription }: OrderedSeries,
  kind: DisplaySet['kind'] = hasImages ? (localizer ? 'localizer' : 'stack') : 'other',
): number {
  const isSecondary = SECONDARY.has(Modality) || isSecondaryDescription(SeriesDescription)
  const called = isSecondary ? 'secondary' : isLocalizerDescription(SeriesDescription) ? 'localizer' : 'stack'
  return Math.max(KIND_RANK[kind], KIND_RANK[called])
}

/** By number, those without one last; then by time; the UID only makes the order the same every time. */
function compareSeries(a: OrderedSeries, b: OrderedSeries): number {
  const number = (series: OrderedSeries) => series.SeriesNumber ?? Number.MAX_SAFE_INTEGER
  const text = (series: OrderedSeries) => `${series.SeriesDate} ${series.SeriesTime} ${series.SeriesInstanceUID}`
  return number(a) - number(b) || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)
}

/** A study's series as they are offered: by number, then time; localizers, dose reports and screen saves last. A new array. */
export function orderSeries<Series extends OrderedSeries>(series: readonly Series[]): Series[] {
  return [...series].sort((a, b) => readingRank(a) - readingRank(b) || compareSeries(a, b))
}

/** The series to hang first; undefined when there is none at all. */
export function firstDiagnostic<Series extends OrderedSeries>(series: readonly Series[]): Series | undefined {
  return orderSeries(series)[0]
}
