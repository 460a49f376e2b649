import { expect, test } from 'vitest'
import type { SeriesSummary } from '../../shared/contract.ts'
import {
  addSeen,
  countFrames,
  Dwell,
  hasFrame,
  joinRuns,
  mergeSeenTexts,
  nextUnseen,
  readSeen,
  SEEN_MS,
  SEEN_TEXT,
  type SeenFrames,
  unseenOf,
  unseenWords,
  writeSeen,
} from '../../shared/viewing/seen.ts'
import { barRuns, imageAt, rowOf } from '../../shared/viewing/stackBar.ts'

const one = (uids: string[]): SeenFrames => new Map(uids.map(uid => [uid, [[1, 1]]]))

test('runs are joined where they touch or overlap, whatever order they come in', () => {
  expect(
    joinRuns(
      [
        [5, 6],
        [1, 2],
      ],
      [
        [3, 3],
        [6, 9],
        [20, 20],
      ],
    ),
  ).toEqual([
    [1, 3],
    [5, 9],
    [20, 20],
  ])
  expect(hasFrame([[1, 3]], 3)).toBe(true)
  expect(hasFrame([[1, 3]], 4)).toBe(false)
  expect(hasFrame(undefined, 1)).toBe(false)
})

test('a series of thousands is one short line, and comes back as it was', () => {
  const uids = Array.from({ length: 3000 }, (_, index) => `1.2.840.99.7.${index + 1}`)
  const text = writeSeen(one(uids.filter(uid => !uid.endsWith('.244'))))
  expect(text).toBe('1.2.840.99.7.:1-243,245-3000:1')
  expect([...readSeen(text).keys()].sort()).toEqual(uids.filter(uid => !uid.endsWith('.244')).sort())
})

test('UIDs of any kind come back: last components beyond 2^53, leading zeros, no dot, many frames', () => {
  const seen: SeenFrames = new Map([
    ['1.3.12.2.1107.5.1.4.30000018060107103437500012345', [[1, 1]]],
    ['1.3.12.2.1107.5.1.4.30000018060107103437500012346', [[1, 1]]],
    ['1.2.3.007', [[1, 1]]],
    ['1.2.3.008', [[1, 1]]],
    ['17', [[1, 1]]],
    [
      '2.25.5',
      [
        [1, 96],
        [98, 98],
      ],
    ],
  ])
  expect(readSeen(writeSeen(seen))).toEqual(seen)
  expect(writeSeen(seen)).toContain('30000018060107103437500012345-30000018060107103437500012346')
  expect(countFrames(seen)).toBe(5 + 97)
})

test('two windows lose nothing of each other, in either order, said once or twice', () => {
  const left = writeSeen(one(['1.2.1', '1.2.2', '1.3.9']))
  const right = writeSeen(new Map([...one(['1.2.2', '1.2.3']), ['1.3.9', [[2, 4]]]]))
  const both = mergeSeenTexts(left, right)
  expect(readSeen(mergeSeenTexts(right, left))).toEqual(readSeen(both))
  expect(mergeSeenTexts(both, right)).toBe(both)
  expect(readSeen(both)).toEqual(
    new Map([
      ['1.2.1', [[1, 1]]],
      ['1.2.2', [[1, 1]]],
      ['1.2.3', [[1, 1]]],
      ['1.3.9', [[1, 4]]],
    ]),
  )
})

test('what is damaged or made to burst says nothing, and costs little', () => {
  expect(readSeen('').size).toBe(0)
  expect(readSeen('1.2.:5:1;;nonsense;1.2.:7;1.3.:x-y:1;1.4.:3-1:1;1.5.:4:0').size).toBe(1)
  expect(readSeen('1.2.:0-99999999999999999999:1').size).toBeLessThanOrEqual(100_000)
  expect(readSeen(`1.2.:${Array(20_000).fill('1-99999').join()}:1`).size).toBeLessThan(100_000)
  expect(readSeen('1'.repeat(SEEN_TEXT + 1)).size).toBe(0)
  const random = Array.from({ length: 6000 }, (_, index) => `2.25.${(BigInt(index + 1) * 7919n ** 8n).toString()}`)
  const full = writeSeen(one(random.slice(0, 3000)))
  // More than is kept: what was there stays.
  const long = random.map(uid => `${uid.slice(5)}.${uid.slice(5, 35)}${'1'.repeat(25)}`)
  expect(mergeSeenTexts(full, writeSeen(one(long)))).toBe(full)
})

test('a picture is seen when it stood for 80 ms without a break', () => {
  const dwell = new Dwell()
  expect(dwell.left(0)).toBe(Number.POSITIVE_INFINITY)
  expect(dwell.show('a', 0)).toBeUndefined()
  expect(dwell.left(30)).toBe(SEEN_MS - 30)
  expect(dwell.show('b', 79)).toBeUndefined()
  // Back and away again: each time too short.
  expect(dwell.show('a', 120)).toBeUndefined()
  expect(dwell.show('b', 199)).toBeUndefined()
  expect(dwell.show('a', 279)).toBe('b')
  expect(dwell.show(undefined, 400)).toBe('a')
  expect(dwell.show('c', 900)).toBeUndefined()
})

test('in a clip that plays, the rounds of a frame add up; a look in passing does not', () => {
  const dwell = new Dwell()
  const seen = new Set<string>()
  let now = 0
  const step = (key: string, playing: boolean) => {
    const done = dwell.show(key, now, playing)
    if (done !== undefined) seen.add(done)
    now += 33
  }
  for (let round = 0; round < 2; round++) for (const key of ['1', '2', '3']) step(key, true)
  expect([...seen]).toEqual([])
  for (const key of ['1', '2', '3', '1']) step(key, true)
  expect([...seen]).toEqual(['1', '2', '3'])
  for (let round = 0; round < 5; round++) for (const key of ['4', '5']) step(key, false)
  expect(seen.size).toBe(3)
})

const series = (number: number, over: Partial<SeriesSummary> = {}): SeriesSummary => ({
  SeriesInstanceUID: `1.9.${number}`,
  Modality: 'CT',
  SeriesNumber: number,
  SeriesDescription: `series ${number}`,
  BodyPartExamined: '',
  SeriesDate: '',
  SeriesTime: '',
  NumberOfSeriesRelatedInstances: 4,
  frames: 4,
  hasImages: true,
  localizer: false,
  thumbnailSOPInstanceUID: '',
  flags: [],
  ...over,
})
const frames = (number: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ SOPInstanceUID: `1.9.${number}.${index + 1}`, frame: 1 }))

test('what was not seen is said by series; scouts, reports and what was never opened apart', () => {
  const study = [
    { series: series(4), frames: frames(4, 240) },
    { series: series(5), frames: frames(5, 3) },
    { series: series(6), frames: undefined },
    { series: series(7), frames: frames(7, 2) },
    { series: series(1, { localizer: true }), frames: frames(1, 3) },
    {
      series: series(999, { SeriesDescription: 'Dose Report', hasImages: false, Modality: 'SR' }),
      frames: frames(9, 1),
    },
  ]
  const seen = new Map([
    ['1.9.4', one(frames(4, 179).map(each => each.SOPInstanceUID))],
    ['1.9.5', one(frames(5, 3).map(each => each.SOPInstanceUID))],
  ])
  const unseen = unseenOf(study, uid => seen.get(uid))
  expect(unseen).toEqual({
    partly: [{ SeriesInstanceUID: '1.9.4', SeriesNumber: 4, unseen: 61, of: 240 }],
    neverOpened: ['1.9.6', '1.9.7'],
    localizers: ['1.9.1'],
    reports: ['1.9.999'],
  })
  expect(unseen && unseenWords(unseen)).toBe(
    'series 4: 61 of 240 not seen · 2 series never opened · 1 localizer not opened · 1 report not opened',
  )
  // An image of another series, or of one that was replaced, makes nothing seen.
  expect(unseenOf([study[3]!], () => one(['1.9.8.1', '1.9.8.2']))?.neverOpened).toEqual(['1.9.7'])
  // One picture of a scout is enough; nothing left is nothing to say.
  seen.set('1.9.1', one(['1.9.1.2']))
  expect(unseenOf([study[1]!, study[4]!], uid => seen.get(uid))).toBeUndefined()
})

test('a series that is not laid out yet is judged by how many of its frames were seen', () => {
  const study = [{ series: series(3, { frames: 12, NumberOfSeriesRelatedInstances: 1 }), frames: undefined }]
  const part: SeenFrames = new Map([['1.9.3.1', [[1, 5]]]])
  expect(unseenOf(study, () => part)?.partly).toEqual([
    { SeriesInstanceUID: '1.9.3', SeriesNumber: 3, unseen: 7, of: 12 },
  ])
  addSeen(part, new Map([['1.9.3.1', [[6, 12]]]]))
  expect(unseenOf(study, () => part)).toBeUndefined()
})

test('many series are counted, not listed', () => {
  const partly = [1, 2, 3, 4, 5].map(number => ({
    SeriesInstanceUID: `${number}`,
    SeriesNumber: number === 3 ? null : number,
    unseen: 1,
    of: 9,
  }))
  expect(unseenWords({ partly, neverOpened: ['1'], localizers: [], reports: ['1', '2'] })).toBe(
    'series 1: 1 of 9 not seen · series 2: 1 of 9 not seen · a series without a number: 1 of 9 not seen · 2 more series not seen to the end · 1 series never opened · 2 reports not opened',
  )
})

test('the next one not seen is looked for onwards, then round, and found nowhere when there is none', () => {
  const open = new Set(['0:1', '0:4', '2:0'])
  const isUnseen = (stack: number, index: number) => open.has(`${stack}:${index}`)
  const next = (stack: number, index: number) => nextUnseen([5, 3, 2], isUnseen, { stack, index })
  expect(next(0, 1)).toEqual({ stack: 0, index: 4 })
  expect(next(0, 4)).toEqual({ stack: 2, index: 0 })
  expect(next(2, 0)).toEqual({ stack: 0, index: 1 })
  open.clear()
  expect(next(0, 0)).toBeUndefined()
  open.add('1:2')
  expect(next(1, 2)).toEqual({ stack: 1, index: 2 })
  expect(nextUnseen([], isUnseen, { stack: 0, index: -1 })).toBeUndefined()
})

test('the bar: each image has its rows, and one that lacks something is never hidden among others', () => {
  const all = { loaded: true, seen: true, gap: false }
  expect(barRuns(4, 8, index => ({ loaded: index < 2, seen: index === 3, gap: index === 2 }))).toEqual({
    loaded: [{ from: 0, of: 4 }],
    seen: [{ from: 6, of: 2 }],
    gaps: [4],
  })
  // 1,000 images on 100 rows: the one that was not seen has its row.
  expect(barRuns(1000, 100, index => ({ ...all, seen: index !== 555 })).seen).toEqual([
    { from: 0, of: 55 },
    { from: 56, of: 44 },
  ])
  expect(barRuns(0, 10, () => all)).toEqual({ loaded: [], seen: [], gaps: [] })
})

test('a click on the row of an image goes to that image', () => {
  for (const images of [2, 7, 240]) {
    for (let index = 0; index < images; index++) expect(imageAt(rowOf(index, images, 480), images, 480)).toBe(index)
  }
  expect(imageAt(-20, 7, 480)).toBe(0)
  expect(imageAt(900, 7, 480)).toBe(6)
})
