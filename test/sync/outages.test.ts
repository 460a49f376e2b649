import { expect, test } from 'vitest'
import { Outages } from '../../electron/station/sync/outages.ts'
import type { Outage } from '../../shared/sync.ts'

const MINUTE = 60_000

test('what was exchanged after an archive had been away is counted until nothing waits and it was looked at, and kept', () => {
  let kept: Outage[] = []
  const outages = new Outages(undefined, all => (kept = all))
  outages.sent(5)
  outages.away(MINUTE)
  outages.away(2 * MINUTE)
  // Nothing waits for an archive that is away, either: that ends nothing.
  outages.drained()
  outages.back(100 * MINUTE, true)
  outages.back(101 * MINUTE, true)
  outages.sent(400)
  outages.sent(12)
  for (const uid of ['1.1', '1.2', '1.1', '1.3']) outages.came(uid)
  outages.drained()
  // Later ones are the day's work, not the outage's.
  outages.sent(7)
  // It was looked at before that: what changed meanwhile is still to come.
  outages.caughtUp(99 * MINUTE)
  outages.came('1.4')
  outages.caughtUp(102 * MINUTE)
  outages.came('1.5')
  const told = [{ from: MINUTE, until: 100 * MINUTE, images: 412, studies: 4 }]
  expect(outages.all).toEqual(told)
  expect(kept).toEqual(told)

  const again = new Outages(kept, () => {})
  expect(again.all).toEqual(told)
  again.away(200 * MINUTE)
  again.back(200.5 * MINUTE, false)
  expect(again.all).toEqual(told)
  expect(new Outages('nonsense', () => {}).all).toEqual([])
})
