import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { raceToCached } from '../bench/cachedRace.ts'
import { buildSlices, renumbered } from '../bench/ctStudies.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

const SLICES = 12

let station: RunningStation
let browser: Browser

beforeAll(async () => {
  station = await startStation()
  browser = await launchChromium()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

test('the viewer and Cornerstone’s wadouri loader bring the same values of a whole series', async () => {
  const slices = buildSlices(SLICES)
  const [raced, warmUp] = [renumbered(slices, 1), renumbered(slices.slice(0, 2), 2)]
  await sendBytes([...raced, ...warmUp], { port: station.dimsePort, associations: 2 })
  const { ours, wadouri } = await raceToCached(browser, station, raced[0]!, warmUp[0]!, 1)
  expect(ours).toHaveLength(1)
  expect(ours[0]!.images).toBe(SLICES)
  expect(wadouri[0]!.images).toBe(SLICES)
  expect(ours[0]!.middle).not.toBe(0)
  expect(wadouri[0]!.middle).toBe(ours[0]!.middle)
})
