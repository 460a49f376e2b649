import { expect, test } from 'vitest'
import { interleave, outward } from '../../renderer/viewer/loadOrder.ts'
import { WheelNotches } from '../../renderer/viewer/wheel.ts'
import {
  dragWindow,
  initialRange,
  rangeToWindow,
  storedWindows,
  windowPresets,
  windowToRange,
} from '../../renderer/viewer/windows.ts'

test('40/400 shows -160 to 239, the standard’s linear function', () => {
  expect(windowToRange({ center: 40, width: 400 })).toEqual({ lower: -160, upper: 239 })
  expect(windowToRange({ center: 40, width: 400 }, 'LINEAR_EXACT')).toEqual({ lower: -160, upper: 240 })
})

test('a range shown as W/L and back is the same window', () => {
  for (const VOILUTFunction of ['LINEAR', 'LINEAR_EXACT', 'SIGMOID']) {
    const window = { center: 37.5, width: 81 }
    expect(rangeToWindow(windowToRange(window, VOILUTFunction), VOILUTFunction)).toEqual(window)
  }
})

test('stored windows carry their explanation; one without width is left out', () => {
  const attributes = {
    WindowCenter: [40, -600, 5],
    WindowWidth: [400, 1500],
    WindowCenterWidthExplanation: ['SOFT', 'LUNG'],
  }
  expect(storedWindows(attributes).map(window => window.label)).toEqual(['SOFT', 'LUNG'])
  expect(windowPresets('MR', attributes)).toHaveLength(2)
  expect(windowPresets('CT', attributes)[0]).toMatchObject({ label: 'Abdomen' })
})

test('an image without a window opens with all its values, a flat one with something to see', () => {
  expect(initialRange({}, { min: 10, max: 250 })).toEqual({ lower: 10, upper: 250 })
  expect(initialRange({}, { min: 7, max: 7 })).toEqual({ lower: 6.5, upper: 7.5 })
})

test('a drag to the right widens, a drag down raises the centre', () => {
  const before = { lower: 0, upper: 100 }
  expect(dragWindow(before, 1000, 0.1, 0)).toEqual({ lower: -50, upper: 150 })
  expect(dragWindow(before, 1000, 0, 0.1)).toEqual({ lower: 100, upper: 200 })
  expect(dragWindow(before, 1000, -1, 0)).toEqual({ lower: 49.5, upper: 50.5 })
})

test('frames are ordered outward, three ahead for one behind, each once', () => {
  expect(outward(10, 4, 1)).toEqual([4, 5, 6, 7, 3, 8, 9, 2, 1, 0])
  expect(outward(5, 4, 1)).toEqual([4, 3, 2, 1, 0])
  expect(outward(5, 2, -1)).toEqual([2, 1, 0, 3, 4])
  expect(outward(0, 0, 1)).toEqual([])
})

test('what is on the screens comes first, then the panes in turn; what is here is not asked again', () => {
  const stack = (name: string, index: number) => ({
    imageIds: [0, 1, 2].map(i => `${name}${i}`),
    index,
    direction: 1 as const,
  })
  const order = interleave([stack('a', 0), stack('b', 2)], id => id === 'a1')
  expect(order.slice(0, 2)).toEqual(['a0', 'b2'])
  expect([...order].sort()).toEqual(['a0', 'a2', 'b0', 'b1', 'b2'])
})

test('the same series in two panes is asked for once', () => {
  const imageIds = ['x0', 'x1', 'x2', 'x3']
  const order = interleave(
    [
      { imageIds, index: 0, direction: 1 },
      { imageIds, index: 3, direction: 1 },
    ],
    () => false,
  )
  expect([...order].sort()).toEqual(imageIds)
})

const turn = (deltaY: number, timeStamp: number) => ({ deltaX: 0, deltaY, deltaMode: 0, timeStamp })

test('one notch is one image, however large the system makes it', () => {
  for (const size of [53, 100, 120, 240]) {
    const wheel = new WheelNotches()
    expect([wheel.take(turn(size, 0)), wheel.take(turn(size, 20)), wheel.take(turn(-size, 40))]).toEqual([1, 1, -1])
  }
})

test('a touchpad’s small deltas are gathered', () => {
  const wheel = new WheelNotches()
  const notches = Array.from({ length: 20 }, (_, i) => wheel.take(turn(10, i * 16)))
  expect(notches.reduce((sum, notch) => sum + notch, 0)).toBe(4)
})
