import { expect, test } from 'vitest'
import { mayReload, type Run, restartDelay } from '../../electron/shell/restart.ts'

const crash: Run = { startedAt: 0, endedAt: 1_000, wasReady: true }
const neverReady: Run = { startedAt: 0, endedAt: 120_000, wasReady: false }
const healthy: Run = { startedAt: 0, endedAt: 3_600_000, wasReady: true }

test('a station that ran well is started again at once', () => {
  expect(restartDelay([healthy])).toBe(250)
  expect(restartDelay([crash, crash, crash, healthy])).toBe(250)
})

test('each unhealthy run in a row doubles the wait, up to half a minute', () => {
  const delays = Array.from({ length: 10 }, (_, n) => restartDelay(Array<Run>(n + 1).fill(crash)))
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  expect(restartDelay([healthy, crash, crash])).toBe(500)
})

test('a run that never was ready is not healthy however long it took', () => {
  expect(restartDelay([neverReady, neverReady])).toBe(500)
})

test('a page is reloaded three times in five minutes, then a person is asked', () => {
  const minute = 60_000
  expect(mayReload([], 0)).toBe(true)
  expect(mayReload([0, minute], 2 * minute)).toBe(true)
  expect(mayReload([0, minute, 2 * minute], 3 * minute)).toBe(false)
  expect(mayReload([0, minute, 2 * minute], 5 * minute)).toBe(true)
})
