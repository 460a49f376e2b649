import { expect, test } from 'vitest'
import { type CompletenessFacts, judgeCompleteness, type SeriesFacts } from '../../shared/viewing/completeness.ts'

const AXIAL = [1, 0, 0, 0, 1, 0]

/** Slices at these heights, numbered from 1. */
function stack(heights: number[], numbers = heights.map((_, index) => index + 1)): SeriesFacts {
  return {
    SeriesInstanceUID: '1.2',
    name: 'Series 3 (T2)',
    instances: heights.length,
    InstanceNumber: numbers,
    slices: heights.map(z => ({ position: [0, 0, z], orientation: AXIAL })),
    acquisitions: [],
  }
}

const facts = (more: Partial<CompletenessFacts>): CompletenessFacts => ({
  lists: [],
  here: 10,
  listed: 0,
  lacking: [],
  series: [],
  sender: null,
  ...more,
})
const step = { source: 'step', AET: 'CT1', final: true, total: 10, absent: 0 } as const
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

test('a list of all that is here proves it', () => {
  expect(judgeCompleteness(facts({ lists: [step], listed: 10 }))).toEqual({
    verdict: 'proved',
    missing: 0,
    reasons: ['The performed procedure step of CT1 names 10 objects; all are here.'],
  })
})

test('what a list names and is not here is missing, by series', () => {
  const lists = [{ ...step, total: 60, absent: 50 }]
  const lacking = [
    { SeriesInstanceUID: '1.2', count: 10 },
    { SeriesInstanceUID: '1.9', count: 40 },
  ]
  const verdict = judgeCompleteness(facts({ lists, listed: 10, lacking, series: [stack(range(10))] }))
  expect(verdict).toEqual({
    verdict: 'missing',
    missing: 50,
    reasons: [
      'The performed procedure step of CT1 names 60 objects; 50 of them are not here.',
      'Series 3 (T2): 10 not here, 10 are.',
      'A whole series is not here: 40 objects (1.9).',
    ],
  })
})

test('a list of a part, or a step that goes on, proves nothing', () => {
  const part = judgeCompleteness(facts({ lists: [{ ...step, total: 4 }], listed: 4 }))
  expect(part.verdict).toBe('looksComplete')
  expect(part.reasons).toContain('6 objects of it stand on no list.')
  const going = judgeCompleteness(facts({ lists: [step, { ...step, AET: 'CT2', final: false }], listed: 10 }))
  expect(going.verdict).toBe('looksComplete')
  expect(going.reasons).toContain('CT2 has not said yet that its procedure step is done.')
})

test('nobody said anything: it looks complete where no slice is missing', () => {
  const { verdict, reasons } = judgeCompleteness(facts({ series: [stack(range(10))] }))
  expect(verdict).toBe('looksComplete')
  expect(reasons[0]).toBe('Nobody has said what belongs to it.')
})

test('a gap between slices is a hint, which a proof overrules', () => {
  const gap = stack([0, 3, 6, 9, 15, 18, 21])
  expect(judgeCompleteness(facts({ series: [gap] }))).toMatchObject({
    verdict: 'missing',
    missing: 1,
    reasons: ['Series 3 (T2): a slice seems to be missing (a gap in their positions).'],
  })
  expect(judgeCompleteness(facts({ series: [gap], lists: [step], listed: 10 })).verdict).toBe('proved')
})

test('phases in one place, and stacks in different planes, are no gaps', () => {
  const twice = stack([...range(8), ...range(8)])
  const sagittal = {
    ...stack(range(8)),
    slices: range(8).map(x => ({ position: [x * 20, 0, 0], orientation: [0, 1, 0, 0, 0, -1] })),
  }
  expect(judgeCompleteness(facts({ series: [twice, sagittal] })).verdict).toBe('looksComplete')
})

test('numbers count where there are no positions, and only few may lack', () => {
  const numbered = (InstanceNumber: number[]): SeriesFacts => ({
    ...stack([]),
    InstanceNumber,
    instances: InstanceNumber.length,
  })
  const one = numbered([...range(20).map(n => n + 1)].filter(n => n !== 7))
  expect(judgeCompleteness(facts({ series: [one] }))).toMatchObject({ verdict: 'missing', missing: 1 })
  expect(judgeCompleteness(facts({ series: [numbered(range(20).map(n => n * 2))] })).verdict).toBe('looksComplete')
  expect(
    judgeCompleteness(
      facts({
        series: [
          stack(
            range(9),
            range(9).map(n => n * 10),
          ),
        ],
      }),
    ).verdict,
  ).toBe('looksComplete')
})

test('images that say how many they are are believed as a hint, also where positions show no gap', () => {
  const cut = { ...stack(range(10)), acquisitions: [{ ImagesInAcquisition: 12, instances: 10 }] }
  expect(judgeCompleteness(facts({ series: [cut] }))).toEqual({
    verdict: 'missing',
    missing: 2,
    reasons: ['Series 3 (T2): 2 images seem to be missing (its images say how many they are).'],
  })
  const whole = { ...stack(range(10)), acquisitions: [{ ImagesInAcquisition: 10, instances: 10 }] }
  expect(judgeCompleteness(facts({ series: [whole] })).verdict).toBe('looksComplete')
  expect(judgeCompleteness(facts({ series: [cut], lists: [step], listed: 10 })).verdict).toBe('proved')
})

test('what the sender counts proves it or says what lacks; a list weighs more', () => {
  const series = [stack(range(10))]
  const sender = (instances: number, ...more: Array<{ SeriesInstanceUID: string; instances: number }>) => ({
    AET: 'CT1',
    series: [{ SeriesInstanceUID: '1.2', instances }, ...more],
  })
  expect(judgeCompleteness(facts({ series, sender: sender(10) }))).toEqual({
    verdict: 'proved',
    missing: 0,
    reasons: ['CT1, asked what it has of the study, counts 10 objects; as many are here, series by series.'],
  })
  expect(judgeCompleteness(facts({ series, sender: sender(12, { SeriesInstanceUID: '1.9', instances: 1 }) }))).toEqual({
    verdict: 'missing',
    missing: 3,
    reasons: [
      'CT1, asked what it has of the study, counts 13 objects.',
      'Series 3 (T2): 2 more there than here.',
      'A whole series is only there: one object (1.9).',
    ],
  })
  // It has less than it sent: it proves nothing.
  expect(judgeCompleteness(facts({ series, sender: sender(9) })).verdict).toBe('looksComplete')
  expect(judgeCompleteness(facts({ series, sender: { AET: 'CT1', series: [] } })).reasons[0]).toBe(
    'Nobody has said what belongs to it.',
  )
  expect(judgeCompleteness(facts({ series, sender: sender(12), lists: [step], listed: 10 })).verdict).toBe('proved')
})
