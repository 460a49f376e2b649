import { expect, test } from 'vitest'
import { Outages } from '../../electron/station/sync/outages.ts'
import type { KeptOutage } from '../../shared/sync.ts'

const MINUTE = 60_000
const of = (StudyInstanceUID: string, images: number) => Array<string>(images).fill(StudyInstanceUID)

test('what was exchanged after an archive had been away is counted until nothing waits and it was looked at, and kept', () => {
  let kept: KeptOutage[] = []
  const outages = new Outages(undefined, all => (kept = all))
  outages.sent(of('1.9', 5))
  outages.away(MINUTE)
  outages.away(2 * MINUTE)
  // Nothing waits for an archive that is away, either: that ends nothing.
  outages.drained()
  outages.back(100 * MINUTE, true)
  outages.back(101 * MINUTE, true)
  outages.sent(of('1.7', 400))
  outages.sent([...of('1.7', 2), ...of('1.8', 10)])
  for (const uid of ['1.1', '1.2', '1.1', '1.3']) outages.came(uid)
  outages.drained()
  // Later ones are the day's work, not the outage's.
  outages.sent(of('1.9', 7))
  // It was looked at before that: what changed meanwhile is still to come.
  outages.caughtUp(99 * MINUTE)
  outages.came('1.4')
  outages.caughtUp(102 * MINUTE)
  outages.came('1.5')
  const told = [{ from: MINUTE, until: 100 * MINUTE, times: 1, images: 412, studies: 4 }]
  expect(outages.all).toEqual(told)
  const came = ['1.1', '1.2', '1.3', '1.4'].map(StudyInstanceUID => ({ StudyInstanceUID, images: 0, came: true }))
  const exchanged = [
    { StudyInstanceUID: '1.7', images: 402, came: false },
    { StudyInstanceUID: '1.8', images: 10, came: false },
    ...came,
  ]
  expect(outages.exchanged(100 * MINUTE)).toEqual(exchanged)
  expect(outages.exchanged(99 * MINUTE)).toEqual([])
  expect(kept).toEqual([{ ...told[0], exchanged }])

  const again = new Outages(kept, () => {})
  expect(again.all).toEqual(told)
  expect(again.exchanged(100 * MINUTE)).toEqual(exchanged)
  expect(new Outages('nonsense', () => {}).all).toEqual([])
  // As they were kept before there were details.
  const bare = { from: 1, until: 2, images: 3, studies: 4 }
  expect(new Outages([bare], () => {}).all).toEqual([{ ...bare, times: 1 }])
})

test('a short outage is told when something was exchanged, and leaves no trace when nothing was', () => {
  const outages = new Outages(undefined, () => {})
  const awayFor = (ms: number, from: number) => {
    outages.away(from)
    outages.back(from + ms, false)
  }
  awayFor(4000, MINUTE)
  outages.sent(of('1.1', 3))
  outages.drained()
  for (let n = 2; n < 20; n++) {
    awayFor(4000, n * MINUTE)
    outages.drained()
  }
  awayFor(4000, 20 * MINUTE)
  outages.sent(of('1.2', 1))
  const told = outages.all.filter(({ images }) => images > 0)
  expect(told).toEqual([
    { from: MINUTE, until: MINUTE + 4000, times: 1, images: 3, studies: 0 },
    { from: 20 * MINUTE, until: 20 * MINUTE + 4000, times: 1, images: 1, studies: 0 },
  ])
})

test('a line that comes and goes before all has left is one outage', () => {
  const outages = new Outages(undefined, () => {})
  for (const minute of [1, 3, 5]) {
    outages.away(minute * MINUTE)
    outages.back((minute + 1) * MINUTE, false)
    outages.sent(of('1.1', 10))
  }
  outages.drained()
  expect(outages.all).toEqual([{ from: MINUTE, until: 6 * MINUTE, times: 3, images: 30, studies: 0 }])
  expect(outages.exchanged(6 * MINUTE)).toEqual([{ StudyInstanceUID: '1.1', images: 30, came: false }])
})
