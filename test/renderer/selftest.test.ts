import { expect, test } from 'vitest'
import { displayTable } from '../../renderer/viewer/displayTable.ts'
import { BLACK, paint, type Raster } from '../../renderer/viewer/paint.ts'
import { type PhantomKind, phantomAttributes, storedPixels } from '../../shared/viewing/selftest/phantom.ts'
import {
  furthestFrom,
  pointerError,
  RATIOS,
  referencePicture,
  TEST_SIZE,
  TEST_VIEWS,
  type TestView,
  testMatrix,
  testRange,
} from '../../shared/viewing/selftest/reference.ts'
import type { Matrix } from '../../shared/viewing/view.ts'

/** The self-test's own judgement: the page's painter passes it, and what drivers and programs get wrong does not. */
const KINDS: PhantomKind[] = ['signed', 'unsigned', 'inverse', 'bytes', 'colour']

function reference(kind: PhantomKind, view: TestView): Float64Array {
  const reckoning = referencePicture(kind, view)
  for (;;) {
    const { done, value } = reckoning.next()
    if (done) return value
  }
}

/** What is wrong with a painter, if anything. */
interface Fault {
  matrix?: (matrix: Matrix) => Matrix
  pixels?: (pixels: Raster['pixels']) => Raster['pixels']
  intercept?: number
  widen?: number
  nearest?: boolean
}

function painted(kind: PhantomKind, view: TestView, fault: Fault = {}) {
  const attributes = phantomAttributes(kind)
  const { RescaleSlope: slope = 1, RescaleIntercept: intercept = 0 } = attributes
  const pixels = (fault.pixels ?? (same => same))(storedPixels(kind))
  const { lower, upper } = testRange(kind, view)
  const widen = fault.widen ?? 0
  const table =
    kind === 'colour'
      ? undefined
      : displayTable({
          attributes,
          min: Math.min(...pixels),
          max: Math.max(...pixels),
          counted: true,
          slope,
          intercept: intercept + (fault.intercept ?? 0),
          range: { lower: lower - widen, upper: upper + widen },
          asStored: false,
          inverted: view.inverted,
        })
  const raster: Raster = { pixels, columns: 128, rows: 96, components: kind === 'colour' ? 3 : 1 }
  const out = new Uint32Array(TEST_SIZE.width * TEST_SIZE.height).fill(BLACK)
  const matrix = testMatrix(view)
  paint(raster, (fault.matrix ?? (same => same))(matrix), table, out, TEST_SIZE, fault.nearest ?? view.nearest)
  return { rgba: new Uint8Array(out.buffer), size: TEST_SIZE, matrix }
}

const named = (name: string) => TEST_VIEWS.find(view => view.name === name)!

test.each(KINDS)('the page draws the phantom as the formulas say, in every view: %s', kind => {
  const wrong = TEST_VIEWS.flatMap(view => {
    const picture = painted(kind, view)
    const { worst, at } = furthestFrom(reference(kind, view), picture.rgba)
    return worst <= 1.001 ? [] : [`${view.name}: ${worst} at ${at}`]
  })
  expect(wrong).toEqual([])
})

test('the pointer finds the dots of every view on their pixels, whatever the device pixel ratio', () => {
  for (const view of TEST_VIEWS) {
    const allowed = 0.5 / Math.min(1, view.view.zoom)
    for (const ratio of RATIOS) {
      expect(pointerError(painted('signed', view), ratio), view.name).toBeLessThanOrEqual(allowed)
    }
  }
})

const FAULTS: Array<[what: string, view: string, fault: Fault]> = [
  ['a device pixel to the right', '1:1', { matrix: m => ({ ...m, e: m.e + 1 }) }],
  ['a device pixel down, enlarged', '2×', { matrix: m => ({ ...m, f: m.f + 1 }) }],
  ['mirrored where it should not be', '1:1', { matrix: m => ({ ...m, a: -m.a, e: m.e + 128 }) }],
  ['turned the other way', 'turned 90°', { matrix: m => ({ ...m, b: -m.b, c: -m.c, e: m.e - 96, f: m.f + 128 }) }],
  ['pixels taken for square ones', 'true shape', { matrix: m => ({ ...m, d: m.a, f: m.f + 24 }) }],
  ['samples as squares where they should be blended', '2×', { nearest: true }],
  ['samples left out where they should be averaged', '½×', { nearest: true }],
  ['values 16 units too high', '1:1', { intercept: 16 }],
  ['a window 2 % too wide', '1:1', { widen: 20 }],
  ['one value wrong of 12,288', '1:1', { pixels: values => values.with(7000, 0) as Raster['pixels'] }],
]

test.each(FAULTS)('it is noticed: %s', (_, name, fault) => {
  const view = named(name)
  expect(furthestFrom(reference('signed', view), painted('signed', view, fault).rgba).worst).toBeGreaterThan(1.001)
})

test('a picture that lies elsewhere than the pointer believes is noticed by the pointer', () => {
  const view = named('2×')
  const moved = painted('signed', view, { matrix: m => ({ ...m, e: m.e + 2 }) })
  expect(pointerError(moved, 1)).toBeGreaterThan(0.9)
})
