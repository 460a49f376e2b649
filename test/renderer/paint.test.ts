import { expect, test } from 'vitest'
import { displayTable } from '../../renderer/viewer/displayTable.ts'
import { BLACK, paint, type Raster } from '../../renderer/viewer/paint.ts'
import {
  applyMatrix,
  fitZoom,
  flipped,
  imageToDevice,
  invertMatrix,
  panned,
  turned,
  type View,
  zoomedAbout,
} from '../../shared/viewing/view.ts'

/** Values 0 to 255 shown as they are. */
const PLAIN = displayTable({
  min: 0,
  max: 255,
  slope: 1,
  intercept: 0,
  range: { lower: 0, upper: 255 },
  counted: true,
  asStored: false,
  inverted: false,
  attributes: {},
})

function ramp(columns: number, rows: number): Raster {
  const pixels = new Uint8Array(columns * rows)
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 37 + (i >> 3) * 11) % 256
  return { pixels, columns, rows, components: 1 }
}

function painted(
  raster: Raster,
  view: Partial<View>,
  size: { width: number; height: number },
  nearest = false,
  aspect = 1,
) {
  const whole: View = {
    zoom: 1,
    centre: [raster.columns / 2, raster.rows / 2],
    quarterTurns: 0,
    mirrored: false,
    ...view,
  }
  const matrix = imageToDevice(whole, size, aspect)
  const out = new Uint32Array(size.width * size.height).fill(BLACK)
  paint(raster, matrix, raster.components === 1 ? PLAIN : undefined, out, size, nearest)
  return { grey: (x: number, y: number) => (out[y * size.width + x] ?? 0) & 0xff, out, matrix }
}

const ORIENTATIONS = [0, 1, 2, 3].flatMap(quarterTurns =>
  [false, true].map(mirrored => ({ quarterTurns, mirrored }) as Pick<View, 'quarterTurns' | 'mirrored'>),
)

test.each(ORIENTATIONS)(
  '1:1 is exact, pixel by pixel: $quarterTurns quarter turns, mirrored $mirrored',
  orientation => {
    const raster = ramp(20, 14)
    const size = { width: 40, height: 37 }
    const { grey, matrix } = painted(raster, orientation, size)
    let seen = 0
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const [column, row] = applyMatrix(invertMatrix(matrix), [x + 0.5, y + 0.5]).map(Math.floor) as [number, number]
        const inside = column >= 0 && column < 20 && row >= 0 && row < 14
        expect(grey(x, y)).toBe(inside ? raster.pixels[row * 20 + column] : 0)
        seen += inside ? 1 : 0
      }
    }
    expect(seen).toBe(20 * 14)
  },
)

/** Written the other way round: for one device pixel, straight from the definition. */
function linearAt(raster: Raster, point: [number, number]): number {
  const value = (column: number, row: number) => {
    const [c, r] = [Math.max(0, Math.min(raster.columns - 1, column)), Math.max(0, Math.min(raster.rows - 1, row))]
    return raster.pixels[r * raster.columns + c] ?? 0
  }
  const [x, y] = [point[0] - 0.5, point[1] - 0.5]
  const [c, r] = [Math.floor(x), Math.floor(y)]
  const [fx, fy] = [x - c, y - r]
  return (
    (1 - fx) * (1 - fy) * value(c, r) +
    fx * (1 - fy) * value(c + 1, r) +
    (1 - fx) * fy * value(c, r + 1) +
    fx * fy * value(c + 1, r + 1)
  )
}

function areaAt(raster: Raster, point: [number, number], halfWidth: number, halfHeight: number): number {
  let [sum, area] = [0, 0]
  for (let row = 0; row < raster.rows; row++) {
    const tall = Math.max(0, Math.min(row + 1, point[1] + halfHeight) - Math.max(row, point[1] - halfHeight))
    for (let column = 0; tall > 0 && column < raster.columns; column++) {
      const wide = Math.max(0, Math.min(column + 1, point[0] + halfWidth) - Math.max(column, point[0] - halfWidth))
      sum += wide * tall * (raster.pixels[row * raster.columns + column] ?? 0)
      area += wide * tall
    }
  }
  return sum / area
}

test.each(ORIENTATIONS)(
  'above 1:1 it is linear between centres: $quarterTurns turns, mirrored $mirrored',
  orientation => {
    const raster = ramp(9, 7)
    const size = { width: 31, height: 33 }
    const { grey, matrix } = painted(raster, { ...orientation, zoom: 2.7 }, size, false, 1.3)
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const at = applyMatrix(invertMatrix(matrix), [x + 0.5, y + 0.5])
        if (at[0] < 0 || at[1] < 0 || at[0] >= 9 || at[1] >= 7) expect(grey(x, y)).toBe(0)
        else expect(Math.abs(grey(x, y) - linearAt(raster, at))).toBeLessThanOrEqual(0.6)
      }
    }
  },
)

test.each(ORIENTATIONS)(
  'below 1:1 it is the mean of what a device pixel covers: $quarterTurns turns, mirrored $mirrored',
  orientation => {
    const raster = ramp(61, 45)
    const size = { width: 30, height: 28 }
    const zoom = 0.37
    const { grey, matrix } = painted(raster, { ...orientation, zoom }, size)
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const at = applyMatrix(invertMatrix(matrix), [x + 0.5, y + 0.5])
        if (at[0] < 0 || at[1] < 0 || at[0] >= 61 || at[1] >= 45) expect(grey(x, y)).toBe(0)
        else expect(Math.abs(grey(x, y) - areaAt(raster, at, 0.5 / zoom, 0.5 / zoom))).toBeLessThanOrEqual(0.6)
      }
    }
  },
)

test.each([0.37, 1, 2.7])(
  'at ×%d a colour is what its planes are as greys, and a value is itself in any type',
  zoom => {
    const size = { width: 31, height: 29 }
    const planes = [3, 4, 5].map(factor => {
      const raster = ramp(23, 17)
      return { ...raster, pixels: Uint8Array.from(raster.pixels, value => (value * factor) % 256) }
    })
    const pixels = new Uint8Array(23 * 17 * 3).map((_, i) => planes[i % 3]!.pixels[Math.floor(i / 3)]!)
    for (const orientation of ORIENTATIONS) {
      const view = { ...orientation, zoom }
      const colour = painted({ pixels, columns: 23, rows: 17, components: 3 }, view, size, false, 1.2).out
      for (const [plane, raster] of planes.entries()) {
        const { out } = painted(raster, view, size, false, 1.2)
        for (const [i, word] of colour.entries()) {
          expect(Math.abs(((word >> (8 * plane)) & 255) - (out[i]! & 255))).toBeLessThanOrEqual(1)
        }
        for (const type of [Int16Array, Uint16Array, Int32Array, Float32Array, Float64Array]) {
          expect(painted({ ...raster, pixels: type.from(raster.pixels) }, view, size, false, 1.2).out).toEqual(out)
        }
      }
    }
  },
)

test('a fine grid is grey below 1:1, never moiré', () => {
  const pixels = new Uint8Array(300 * 300)
  for (let i = 0; i < pixels.length; i++) pixels[i] = ((i % 300) + Math.floor(i / 300)) % 2 === 0 ? 0 : 255
  const { grey } = painted(
    { pixels, columns: 300, rows: 300, components: 1 },
    { zoom: 0.21 },
    { width: 63, height: 63 },
  )
  for (let x = 2; x < 61; x++) expect(Math.abs(grey(x, 30) - 127.5)).toBeLessThan(8)
})

test('nearest shows samples as squares', () => {
  const raster: Raster = { pixels: new Uint8Array([10, 200]), columns: 2, rows: 1, components: 1 }
  const { grey } = painted(raster, { zoom: 4 }, { width: 8, height: 4 }, true)
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(x => grey(x, 2))).toEqual([10, 10, 10, 10, 200, 200, 200, 200])
})

test('colours stay with their places when turned', () => {
  const raster: Raster = { pixels: new Uint8Array([255, 0, 0, 0, 255, 0]), columns: 2, rows: 1, components: 3 }
  const { out } = painted(raster, { quarterTurns: 1 }, { width: 1, height: 2 })
  expect([...out].map(word => (word & 0xffffff).toString(16))).toEqual(['ff', 'ff00'])
})

test('an image of one pixel, and one wider than its pane, are drawn', () => {
  const one = painted(
    { pixels: new Uint8Array([77]), columns: 1, rows: 1, components: 1 },
    { zoom: 5 },
    { width: 5, height: 5 },
  )
  expect(one.grey(0, 0)).toBe(77)
  expect(one.grey(4, 4)).toBe(77)
  const wide = painted(ramp(400, 3), { zoom: 2, centre: [390, 1.5] }, { width: 20, height: 6 })
  expect(wide.grey(10, 3)).toBeGreaterThan(0)
})

test('the table: half units of LINEAR, SIGMOID, inversion, and steps between few values', () => {
  const at = (table: ReturnType<typeof displayTable>, value: number) =>
    (table.words[Math.round((value - table.first) * table.steps)] ?? 0) & 0xff
  const ct = {
    attributes: {},
    min: -1000,
    max: 3000,
    slope: 1,
    intercept: 0,
    counted: true,
    asStored: false,
    inverted: false,
  }
  // C 40 W 400: black to -160, white from 240 - 1 on (C.11.2.1.2.1).
  const linear = displayTable({ ...ct, range: { lower: -160, upper: 239 } })
  expect([at(linear, -1000), at(linear, -160), at(linear, 39), at(linear, 239), at(linear, 3000)]).toEqual([
    0, 0, 127, 255, 255,
  ])
  const sigmoid = displayTable({ ...ct, range: { lower: -160, upper: 240 }, attributes: { VOILUTFunction: 'SIGMOID' } })
  expect(at(sigmoid, 40)).toBe(Math.round(255 / 2))
  expect(at(sigmoid, 140)).toBe(Math.round(255 / (1 + Math.exp(-1))))
  const inverted = displayTable({ ...ct, inverted: true, range: { lower: -160, upper: 239 } })
  expect([at(inverted, -1000), at(inverted, 3000)]).toEqual([255, 0])
  const mask = displayTable({
    attributes: {},
    min: 0,
    max: 1,
    slope: 1,
    intercept: 0,
    counted: true,
    asStored: false,
    inverted: false,
    range: { lower: 0, upper: 1 },
  })
  expect(at(mask, 0.5)).toBe(128)
  const flat = displayTable({
    attributes: {},
    min: 5,
    max: 5,
    slope: 1,
    intercept: 0,
    counted: true,
    asStored: false,
    inverted: false,
    range: { lower: 4.5, upper: 5.5 },
  })
  expect(at(flat, 5)).toBe(128)
})

test('zoom about a point keeps what is under it; pan moves by what the hand moved', () => {
  const size = { width: 800, height: 600 }
  for (const orientation of ORIENTATIONS) {
    const view: View = { zoom: 1.7, centre: [200, 180], ...orientation }
    const before = applyMatrix(invertMatrix(imageToDevice(view, size, 1.2)), [100, 450])
    const after = applyMatrix(imageToDevice(zoomedAbout(view, size, 1.2, [100, 450], 2.5), size, 1.2), before)
    // The image's corner lies on a device pixel: half a pixel may be lost to that.
    expect(Math.abs(after[0] - 100)).toBeLessThanOrEqual(0.51)
    expect(Math.abs(after[1] - 450)).toBeLessThanOrEqual(0.51)
    const moved = applyMatrix(imageToDevice(panned(view, 1.2, 30, -12), size, 1.2), before)
    expect(Math.abs(moved[0] - 130)).toBeLessThanOrEqual(1.01)
    expect(Math.abs(moved[1] - 438)).toBeLessThanOrEqual(1.01)
  }
})

test('flips and turns are of what is seen, whatever was done before', () => {
  const size = { width: 100, height: 80 }
  const at = (view: View, point: [number, number]) => applyMatrix(imageToDevice(view, size, 1), point)
  for (const orientation of ORIENTATIONS) {
    const view: View = { zoom: 2, centre: [10, 10], ...orientation }
    const [x, y] = at(view, [13, 11])
    expect(at(flipped(view, 'horizontal'), [13, 11])).toEqual([100 - x, y])
    expect(at(flipped(view, 'vertical'), [13, 11])).toEqual([x, 80 - y])
    expect(at(turned(view, 1), [13, 11])).toEqual([50 - (y - 40), 40 + (x - 50)])
  }
})

test('fit shows all of a turned image with tall pixels', () => {
  expect(fitZoom({ width: 100, height: 100 }, { columns: 50, rows: 50, aspect: 2 }, 0)).toBe(1)
  expect(fitZoom({ width: 200, height: 50 }, { columns: 50, rows: 50, aspect: 2 }, 1)).toBe(1)
})
