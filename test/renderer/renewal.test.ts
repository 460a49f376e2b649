import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { renewalOf } from '../../renderer/viewer/volume/renewal.ts'

/** Planes of a volume that fills: each drawing waits until it is told that its pictures are done. */
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function planes() {
  const drawn: Array<PromiseWithResolvers<void>> = []
  const volume = { whole: false }
  const renewal = renewalOf(
    () => volume.whole,
    () => {
      const picture = Promise.withResolvers<void>()
      drawn.push(picture)
      return [picture.promise]
    },
  )
  return { drawn, volume, ...renewal }
}

test('a picture begun before the last slices came, and done while the others are drawn for them, is drawn again', async () => {
  const { drawn, volume, soon } = planes()
  volume.whole = true
  soon()
  await vi.advanceTimersByTimeAsync(0)
  expect(drawn.length).toBe(1)
  // It says that it lacks slices, as reformats.ts does.
  soon()
  drawn[0]!.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(drawn.length).toBe(2)
  drawn[1]!.resolve()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(drawn.length).toBe(2)
})

test('while slices come they are drawn now and then, at once with the last one, and past one that never is done', async () => {
  const { drawn, volume, soon } = planes()
  for (let slice = 0; slice < 10; slice++) soon()
  await vi.advanceTimersByTimeAsync(399)
  expect(drawn.length).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(drawn.length).toBe(1)
  // An overtaken picture: the others are not kept from being drawn again.
  soon()
  await vi.advanceTimersByTimeAsync(2000)
  expect(drawn.length).toBe(1)
  volume.whole = true
  soon()
  await vi.advanceTimersByTimeAsync(0)
  expect(drawn.length).toBe(2)
})

test('what is no longer looked at is drawn no more', async () => {
  const { drawn, soon, stop } = planes()
  soon()
  stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(drawn.length).toBe(0)
  // Nor for what came while it was drawn.
  const other = planes()
  other.volume.whole = true
  other.soon()
  await vi.advanceTimersByTimeAsync(0)
  other.soon()
  other.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(other.drawn.length).toBe(1)
})
