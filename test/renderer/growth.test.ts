import { expect, test, vi } from 'vitest'
import type { SeriesStack } from '../../renderer/viewer/catalog.ts'
import { goesOn, growLeft, grownStack, growPane, placesIn } from '../../renderer/viewer/growth.ts'
import { readingOn } from '../../renderer/viewer/loadOrder.ts'
import { oncePerStep } from '../../renderer/viewer/oncePerStep.ts'
import type { Pane } from '../../renderer/viewer/pane.ts'

const entries = (...ids: number[]) => ids.map(id => ({ imageId: `iso:${id}:1` }))

test('images that slot in between move the others up, and none is mistaken for another', () => {
  expect(placesIn(entries(1, 7, 2, 8, 3), entries(1, 2, 3))).toEqual([0, 2, 4])
  // One was replaced by other bytes: it is gone.
  expect(placesIn(entries(1, 9, 3), entries(1, 2, 3))).toEqual([0, -1, 2])
})

test('a series that falls apart while it arrives goes on with the part that has the image on the screen', () => {
  const stack = (...ids: number[]) => ({ entries: entries(...ids) }) as SeriesStack
  const [axial, sagittal] = [stack(1, 2, 5), stack(3, 4)]
  expect(grownStack([axial, sagittal], stack(1, 2, 3), 2)).toBe(sagittal)
  expect(grownStack([axial, sagittal], stack(1, 2, 3), 0)).toBe(axial)
  expect(grownStack([axial], stack(9), 0)).toBeUndefined()
})

test('where a set was left, it is taken up at the same image, in the part that has it', () => {
  const stack = (id: string, ...ids: number[]) =>
    ({ set: { id }, manifest: { SeriesInstanceUID: 's' }, entries: entries(...ids) }) as SeriesStack
  const before = stack('s', 1, 2, 3)
  const laidOut = [stack('s#a', 1, 7, 2), stack('s#b', 8, 3)]
  const left = new Map([['s', { index: 2 }]])
  growLeft(left, [before], laidOut)
  expect(left.get('s#b')).toEqual({ index: 1 })
  expect(goesOn(laidOut[0], before)).toBe(true)
  expect(goesOn(stack('s', 9), before)).toBe(false)
  expect(goesOn(undefined, before)).toBe(false)
})

test('a pane of key images alone does not become one of the whole series when that grows', () => {
  const stack = (...ids: number[]) =>
    ({ manifest: { SeriesInstanceUID: 's' }, entries: entries(...ids) }) as SeriesStack
  const grown = stack(1, 2, 3)
  const paneOf = (shown: SeriesStack) => {
    const pane = { state: { getState: () => ({ stack: shown, shown: 0, index: 0 }) }, grow: () => true }
    // Of a pane, all that growing asks.
    return pane as unknown as Pane
  }
  expect(growPane(paneOf(stack(2)), [grown])).toBe(grown)
  expect(growPane(paneOf({ ...stack(2), isChosen: true }), [grown])).toBeUndefined()
})

test('reading on: the rest of the study, the next one, its priors; what is here is left out, nothing comes twice', () => {
  const have = new Set(['b', 'e'])
  expect(readingOn([['a', 'b'], ['c'], ['a', 'd', 'e']], id => have.has(id))).toEqual(['a', 'c', 'd'])
})

test('many events make one run at a time, and the last of them is always followed by a run', async () => {
  vi.useFakeTimers()
  const began: string[] = []
  let finish = () => {}
  const failed: string[] = []
  const soon = oncePerStep(
    1000,
    key => {
      began.push(key)
      return new Promise((resolve, reject) => {
        finish = key === 'bad' ? () => reject(new Error('away')) : resolve
      })
    },
    key => failed.push(key),
  )
  soon('a')
  expect(began).toEqual(['a'])
  soon('a')
  soon('a')
  await vi.advanceTimersByTimeAsync(5000)
  // It is still at work.
  expect(began).toEqual(['a'])
  finish()
  await vi.advanceTimersByTimeAsync(0)
  expect(began).toEqual(['a', 'a'])
  finish()
  soon('a')
  await vi.advanceTimersByTimeAsync(999)
  expect(began).toEqual(['a', 'a'])
  await vi.advanceTimersByTimeAsync(1)
  expect(began).toEqual(['a', 'a', 'a'])
  finish()
  await vi.advanceTimersByTimeAsync(1000)
  soon('bad')
  finish()
  await vi.advanceTimersByTimeAsync(1000)
  expect(failed).toEqual(['bad'])
  vi.useRealTimers()
})
