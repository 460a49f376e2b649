import { expect, test } from 'vitest'
import { firstDiagnostic, type OrderedSeries, orderSeries, readingRank } from '../../shared/viewing/seriesOrder.ts'

const series = (
  SeriesDescription: string,
  SeriesNumber: number | null,
  more: Partial<OrderedSeries> = {},
): OrderedSeries => ({
  SeriesInstanceUID: `2.25.${SeriesNumber ?? SeriesDescription.length}.${SeriesDescription}`,
  Modality: 'CT',
  SeriesDate: '20260102',
  SeriesTime: '101500',
  hasImages: true,
  localizer: false,
  SeriesNumber,
  SeriesDescription,
  ...more,
})
const names = (ordered: OrderedSeries[]) => ordered.map(({ SeriesDescription }) => SeriesDescription)

const STUDY = [
  series('Dose Report', 999),
  series('Structured dose', 997, { Modality: 'SR', hasImages: false }),
  series('Scout', 1),
  series('Abdomen later', 3, { SeriesTime: '111500' }),
  series('no number', null),
  series('Chest', 2),
  series('Abdomen', 3),
  series('Screen Save', 99),
]

test('by number, then time; scouts, then dose reports and screen saves, then what has no picture', () => {
  const expected = [
    'Chest',
    'Abdomen',
    'Abdomen later',
    'no number',
    'Scout',
    'Screen Save',
    'Dose Report',
    'Structured dose',
  ]
  expect(names(orderSeries(STUDY))).toEqual(expected)
  expect(names(orderSeries([...STUDY].reverse()))).toEqual(expected)
})

test('the first hung is the first diagnostic one; without one, what there is', () => {
  expect(firstDiagnostic(STUDY)?.SeriesDescription).toBe('Chest')
  expect(firstDiagnostic([series('Report', 1, { hasImages: false }), series('Topogram', 2)])?.SeriesDescription).toBe(
    'Topogram',
  )
  const unnamed = series('Serie 1', 1, { localizer: true })
  expect(firstDiagnostic([unnamed, series('Chest', 5)])?.SeriesDescription).toBe('Chest')
  // It stays where it is when its manifest comes.
  expect(readingRank(unnamed)).toBe(readingRank(unnamed, 'localizer'))
  expect(firstDiagnostic([])).toBeUndefined()
})

test('a set stands where its images say: the scout of a mixed series behind all stacks', () => {
  const routine = series('Routine', 1)
  expect(readingRank(routine, 'stack')).toBe(readingRank(routine))
  expect(readingRank(routine, 'cine')).toBe(readingRank(routine))
  expect(readingRank(routine, 'localizer')).toBe(readingRank(series('Scout', 2)))
  expect(readingRank(series('Scout', 2), 'localizer')).toBe(readingRank(series('Scout', 2)))
  expect(readingRank(series('Dose Report', 3), 'stack')).toBe(readingRank(series('Dose Report', 3)))
  expect(readingRank(routine, 'other')).toBe(readingRank(series('Report', 4, { hasImages: false })))
})
