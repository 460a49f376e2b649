import { describe, expect, test } from 'vitest'
import { Problems } from '../../electron/station/base/problems.ts'
import { Alarms } from '../../electron/station/sync/alarms.ts'
import { backOff, LONGEST_PAUSE_MS } from '../../electron/station/sync/backOff.ts'
import { Breaker } from '../../electron/station/sync/breaker.ts'
import { afterAudit, afterLook, afterSend, neverSent } from '../../electron/station/sync/custody.ts'
import { inBatches } from '../../electron/station/sync/halving.ts'
import { bytesPerSecondAt, Pace } from '../../electron/station/sync/pace.ts'
import { etaSeconds, Rates } from '../../electron/station/sync/rates.ts'
import { Suspects } from '../../electron/station/sync/suspects.ts'
import { queuedItem } from '../fakes/fakeCarrier.ts'

const about = { now: 1_000_000, random: 0.5, wanted: 'equal', allFailed: false } as const

describe('the pause before another try', () => {
  test('doubles from a second to ten minutes and stays there for ever', () => {
    expect([1, 2, 3, 4].map(attempts => backOff(attempts, 0.5))).toEqual([1000, 2000, 4000, 8000])
    expect(backOff(1000, 0.5)).toBe(600_000)
  })

  test('differs by up to thirty percent, so that what failed together does not come back together', () => {
    expect(backOff(1, 0)).toBe(700)
    expect(backOff(1, 1 - 1e-9)).toBe(1300)
    expect(backOff(50, 1 - 1e-9)).toBeLessThanOrEqual(LONGEST_PAUSE_MS)
  })
})

describe('the breaker', () => {
  test('opens at the fifth failure in a row, for longer each time up to half a minute, and closes at once', () => {
    const breaker = new Breaker()
    let now = 0
    const fail = () => {
      now += breaker.wait(now)
      breaker.failed(now, 1)
      return breaker.wait(now)
    }
    expect([fail(), fail(), fail(), fail()]).toEqual([100, 200, 400, 800])
    expect(breaker.openSince).toBeUndefined()
    expect([fail(), fail(), fail(), fail(), fail(), fail(), fail()]).toEqual([
      5000, 7500, 11_250, 16_875, 25_312.5, 30_000, 30_000,
    ])
    expect(breaker.openSince).toBe(1500)
    breaker.worked()
    expect([breaker.wait(now), breaker.openSince]).toEqual([0, undefined])
    expect(fail()).toBe(100)
  })

  test('what was under way when it opened makes it wait no longer', () => {
    const breaker = new Breaker()
    for (let now = 0; breaker.openSince === undefined; now += breaker.wait(now)) breaker.failed(now, 1)
    const now = breaker.openSince!
    breaker.failed(now, 1)
    breaker.failed(now, 1)
    expect(breaker.wait(now)).toBe(5000)
  })

  test('a person need not wait for it', () => {
    const breaker = new Breaker()
    for (let now = 0; breaker.openSince === undefined; now += breaker.wait(now)) breaker.failed(now, 1)
    breaker.hurry()
    expect(breaker.wait(breaker.openSince!)).toBe(0)
  })
})

describe('batches', () => {
  test('of what went wrong are halved down to one', () => {
    const items = Array.from({ length: 10 }, (_, n) => queuedItem(n, { attempts: 1 }))
    expect(inBatches(items, 10).map(batch => batch.length)).toEqual([5, 5])
    const twice = items.map(item => ({ ...item, attempts: 2 }))
    expect(inBatches(twice, 10).map(batch => batch.length)).toEqual([2, 2, 2, 2, 2])
    const often = items.map(item => ({ ...item, attempts: 99 }))
    expect(inBatches(often, 10).map(batch => batch.length)).toEqual(Array(10).fill(1))
  })

  test('keep their order, and what never failed goes with nothing that did', () => {
    const items = [0, 0, 3, 0].map((attempts, n) => queuedItem(n, { attempts }))
    expect(inBatches(items, 10).map(batch => batch.map(item => item.contentId))).toEqual([[0, 1], [2], [3]])
  })
})

describe('what ends an archive', () => {
  test('is known when it ended it twice alone', () => {
    const suspects = new Suspects()
    suspects.strike(7, 0)
    suspects.died(7)
    expect([suspects.has(7), suspects.isPoison(7)]).toEqual([true, false])
    suspects.strike(7, 60_000)
    suspects.died(7)
    expect(suspects.isPoison(7)).toBe(true)
  })

  test('is given five times where the archive lives on', () => {
    const suspects = new Suspects()
    for (const at of [0, 10_000, 20_000, 30_000]) suspects.strike(7, at)
    expect(suspects.isPoison(7)).toBe(false)
    suspects.strike(7, 40_000)
    expect(suspects.isPoison(7)).toBe(true)
  })

  test('is not told from a line that fails others, too, until it was five times and something got through', () => {
    const suspects = new Suspects()
    const strike = (at: number) => {
      suspects.strike(7, at)
      suspects.died(7)
    }
    strike(0)
    // What was on the line beside it says nothing.
    suspects.otherReset(10)
    strike(30_000)
    expect(suspects.isPoison(7)).toBe(true)
    suspects.otherReset(40_000)
    expect(suspects.isPoison(7)).toBe(false)
    for (const at of [50_000, 60_000, 70_000]) strike(at)
    expect(suspects.isPoison(7)).toBe(false)
    suspects.taken()
    expect(suspects.isPoison(7)).toBe(true)
  })

  test('is none of many that all end the connection: then it is the line', () => {
    const suspects = new Suspects()
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 50; n++) suspects.strike(n, round * 60_000 + n * 1000)
    }
    expect(Array.from({ length: 50 }, (_, n) => suspects.isPoison(n))).toEqual(Array(50).fill(false))
  })

  test('is forgotten when it arrived, and of thousands the eldest are', () => {
    const suspects = new Suspects()
    suspects.strike(7, 0)
    suspects.clear(7)
    expect(suspects.has(7)).toBe(false)
    for (let n = 0; n < 1001; n++) suspects.strike(n, n)
    expect([suspects.has(0), suspects.has(1), suspects.has(1000)]).toEqual([false, true, true])
  })
})

describe('the pace', () => {
  const limits = [
    { from: '07:00', to: '19:00', kilobytesPerSecond: 1000 },
    { from: '12:00', to: '13:00', kilobytesPerSecond: 200 },
  ]
  const at = (hour: number) => new Date(2026, 10, 22, hour, 30).getTime()

  test('is the narrowest limit of the hour', () => {
    expect([8, 12, 22].map(hour => bytesPerSecondAt(limits, at(hour)))).toEqual([1_000_000, 200_000, Infinity])
  })

  test('lets through no more than the limit over any time, whoever asks', () => {
    const pace = new Pace()
    let now = 0
    let sent = 0
    while (now < 10_000) {
      now += pace.book(64_000, 1_000_000, now)
      sent += 64_000
    }
    expect(sent).toBeGreaterThan(9_900_000)
    expect(sent).toBeLessThan(10_500_000)
    expect(pace.book(1e9, Infinity, now)).toBe(0)
    expect(pace.book(64_000, 1_000_000, now)).toBe(0)
  })
})

test('rates are of the last half minute, and say when it is over', () => {
  const rates = new Rates()
  for (let now = 0; now < 60_000; now += 100) rates.add(2, 1000, now)
  const rate = rates.at(60_000)
  expect(rate.imagesPerSecond).toBeCloseTo(20, -1)
  expect(etaSeconds({ objects: 200, bytes: 0 }, { imagesPerSecond: 20, bytesPerSecond: 10_000 })).toBe(10)
  expect(etaSeconds({ objects: 200, bytes: 1e6 }, { imagesPerSecond: 20, bytesPerSecond: 10_000 })).toBe(100)
  expect(rates.at(200_000)).toEqual({ imagesPerSecond: 0, bytesPerSecond: 0 })
  expect(etaSeconds({ objects: 200, bytes: 1e6 }, rates.at(200_000))).toBeNull()
  expect(etaSeconds({ objects: 0, bytes: 0 }, rates.at(200_000))).toBe(0)
})

describe('what becomes of an image that was to be sent', () => {
  const item = queuedItem(1, { attempts: 2 })
  const base = { contentId: 1, reason: 'because' }
  const listed = { ...base, kind: 'listed', sentMd5: 'm', sentSha256: 's' } as const

  test.each([
    ['listed, it is sent and looked for at once', listed, about, { state: 'sent', nextAt: about.now, sentMd5: 'm' }],
    [
      'listed where no more is asked for, it is confirmed by that',
      listed,
      { ...about, wanted: 'listed' },
      { state: 'confirmed', proof: 'listed' },
    ],
    [
      'refused for now, it is tried again later, for ever',
      { ...base, kind: 'refused', permanent: false },
      about,
      { state: 'queued', attempts: 3, nextAt: about.now + 4000 },
    ],
    ['refused for good, it is dead', { ...base, kind: 'refused', permanent: true }, about, { state: 'dead' }],
    ['not even reached, nothing counts against it', { ...base, kind: 'unreached' }, about, { state: 'queued' }],
    [
      'perhaps there, it is looked for before it is sent again',
      { ...base, kind: 'ambiguous' },
      about,
      { state: 'unsure', attempts: 3, nextAt: about.now + 4000 },
    ],
    [
      'where nothing worked at all, the breaker waits, not the image',
      { ...base, kind: 'ambiguous' },
      { ...about, allFailed: true },
      { state: 'unsure', nextAt: about.now },
    ],
  ] as const)('%s', (_, outcome, circumstances, expected) => {
    expect(afterSend(item, outcome, circumstances)).toMatchObject({ contentId: 1, reason: 'because', ...expected })
  })

  test('nested too deep, it is never sent', () => {
    expect(neverSent(queuedItem(1, { nestsTooDeep: true }))).toMatchObject({
      state: 'dead',
      reason: expect.stringMatching(/nested/),
    })
    expect(neverSent(item)).toBeUndefined()
  })
})

describe('what becomes of an image that was looked for', () => {
  const sent = queuedItem(1, { state: 'sent', attempts: 2 })
  const unsure = queuedItem(1, { state: 'unsure', attempts: 2 })
  const base = { contentId: 1, reason: '' }
  const seen = { ...about, suspected: false, poison: false }

  test('there as wanted, it is confirmed by what was shown', () => {
    expect(afterLook(sent, { ...base, kind: 'there', proof: 'equal' }, seen)).toEqual({
      contentId: 1,
      state: 'confirmed',
      proof: 'equal',
      attempts: 0,
      reason: '',
    })
  })

  test('where less can be shown than is wanted, the row says so', () => {
    const outcome = afterLook(sent, { ...base, reason: 'no WADO', kind: 'there', proof: 'present' }, seen)
    expect(outcome).toMatchObject({ state: 'confirmed', proof: 'present' })
    expect(outcome.reason).toBe('it is there, but whether it is equal could not be shown: no WADO')
  })

  test('another one under its UID is nothing that a resend heals', () => {
    expect(afterLook(unsure, { ...base, reason: 'other bytes', kind: 'other' }, seen)).toMatchObject({
      state: 'dead',
      reason: 'other bytes',
    })
  })

  test('not there, it is sent again: at once if nobody said it was, else less and less often', () => {
    expect(afterLook(unsure, { ...base, kind: 'absent' }, seen)).toMatchObject({ state: 'queued', nextAt: about.now })
    expect(afterLook(sent, { ...base, kind: 'absent' }, seen)).toMatchObject({
      state: 'queued',
      attempts: 3,
      nextAt: about.now + 4000,
    })
    expect(afterLook(unsure, { ...base, kind: 'absent' }, { ...seen, suspected: true })).toMatchObject({
      state: 'queued',
      nextAt: about.now + 4000,
    })
    expect(afterLook(unsure, { ...base, kind: 'absent' }, { ...seen, poison: true })).toMatchObject({
      state: 'dead',
      reason: expect.stringMatching(/connection ended/),
    })
  })

  test('not to be seen, it stays what it was', () => {
    expect(afterLook(unsure, { ...base, kind: 'unknown' }, seen)).toMatchObject({ state: 'unsure', attempts: 3 })
    expect(afterLook(sent, { ...base, kind: 'unknown' }, { ...seen, allFailed: true })).toEqual({
      contentId: 1,
      state: 'sent',
      nextAt: about.now,
      reason: '',
    })
  })

  test('confirmed and not there any more, it is lost and sent again', () => {
    const look = (kind: 'absent' | 'unknown' | 'other') => afterAudit(sent, { ...base, kind }, about.now, false)
    expect(look('absent')).toMatchObject({ state: 'queued', lost: true, nextAt: about.now })
    expect(look('unknown')).toBeUndefined()
    expect(look('other')).toMatchObject({ state: 'dead', lost: true })
    expect(afterAudit(sent, { ...base, kind: 'there', proof: 'equal' }, about.now, false)).toBe('there')
  })

  test('what came from there and was taken away there is gone, and not lost; what is damaged there is sent again all the same', () => {
    const look = (reason: string) => afterAudit(sent, { ...base, kind: 'absent', reason }, about.now, true)
    expect(look('')).toMatchObject({ state: 'gone', lost: true })
    expect(look('its file is damaged there')).toMatchObject({ state: 'queued', lost: true })
    const changed = { ...base, kind: 'other' as const, reason: 'PatientName differs' }
    expect(afterAudit(sent, changed, about.now, true)).toMatchObject({ state: 'gone', lost: true })
  })
})

test('one sentence stands for a destination while something lasts, and is taken back', () => {
  const problems = new Problems()
  const alarms = new Alarms('Archive', problems)
  alarms.raise('full', '507')
  alarms.raise('full', '503')
  expect(problems.list()).toMatchObject([
    { sentence: expect.stringMatching(/takes nothing at the moment/), detail: '507' },
  ])
  // That it is away says its badge.
  alarms.raise('away', 'ECONNREFUSED')
  expect(problems.list()).toEqual([])
  alarms.raise('full', '507')
  alarms.clear('away')
  expect(problems.list()).toHaveLength(1)
  alarms.clear('full')
  expect(problems.list()).toEqual([])
})

test('what nobody holds any more is told with who else does; that something was refused is taken back when it was sent again', () => {
  const problems = new Problems()
  const alarms = new Alarms('Archive', problems)
  const image = (contentId: number, holders: string[]) => ({ contentId, StudyInstanceUID: '1.2', holders })
  // Found by two looks, told once.
  alarms.tellNowhere([image(1, ['Second'])])
  alarms.tellNowhere([image(2, [])])
  expect(problems.list()).toMatchObject([
    {
      severity: 'failure',
      sentence: expect.stringMatching(/"Archive" has lost 2 images .* Other archives that hold 1 of them: "Second"/),
      detail: '2 images of study 1.2',
    },
  ])
  alarms.tell('dead')
  expect(problems.list()).toHaveLength(2)
  alarms.refusedAgainSent()
  expect(problems.list()).toHaveLength(1)
})
