import { expect, test } from 'vitest'
import { encodeBase64 } from '../../shared/base64.ts'
import { isColour, supplementalColours, toRGB } from '../../shared/viewing/colour.ts'
import { greyTable, opensWithVOILUT, toDisplay } from '../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'

const table = (first: number, bits: number, values: number[]) => ({
  entries: values.length,
  first,
  bits,
  data: encodeBase64(new Uint8Array(Uint16Array.from(values).buffer)),
})

const CT: ImageAttributes = { RescaleSlope: 1, RescaleIntercept: -1024, WindowCenter: [40], WindowWidth: [400] }
const greys = (attributes: ImageAttributes, min: number, max: number, rest: object = {}) =>
  greyTable({ attributes, window: undefined, min, max, slope: 1, intercept: -1024, ...rest })

test('the table of a CT is what its stored values are drawn as, one by one', () => {
  const stored = Uint16Array.from({ length: 4096 }, (_, i) => i)
  expect(greys(CT, 0, 4095)).toEqual(toDisplay(stored, CT))
  // Steps between the values: every fourth is that of the value.
  const fine = greys(CT, 0, 4095, { steps: 4 })
  expect(Uint8Array.from(stored, value => fine[4 * value]!)).toEqual(toDisplay(stored, CT))
})

test('padding is black, and in no window made from the values', () => {
  const padded = { ...CT, PixelPaddingValue: -2000 + 1024, PhotometricInterpretation: 'MONOCHROME1' }
  const drawn = greys(padded, -976, 2000)
  expect(drawn[0]).toBe(0)
  expect(drawn[1]).toBe(255)
  expect(greys(padded, -976, 2000, { invert: true })[0]).toBe(0)
  const range = { PixelPaddingValue: 100, PixelPaddingRangeLimit: 98 }
  expect([...toDisplay(Uint8Array.of(0, 10, 20, 98, 99, 100), range)]).toEqual([0, 128, 255, 0, 0, 0])
})

test('a window goes before a VOI LUT, a LUT alone is applied, and a reader’s window replaces both', () => {
  const VOILUT = [table(0, 8, [0, 255, 0])]
  expect(opensWithVOILUT({ VOILUT })).toBe(true)
  expect(opensWithVOILUT({ VOILUT, WindowCenter: [1], WindowWidth: [2] })).toBe(false)
  expect([...toDisplay(Uint8Array.of(0, 1, 2), { VOILUT })]).toEqual([0, 255, 0])
  expect([...toDisplay(Uint8Array.of(0, 1, 2), { VOILUT, WindowCenter: [1.5], WindowWidth: [3] })]).toEqual([
    0, 128, 255,
  ])
  expect([...toDisplay(Uint8Array.of(0, 1, 2), { VOILUT }, { center: 1.5, width: 3 })]).toEqual([0, 128, 255])
})

test('a window narrower than one value, as maps of small real values have, shows them all', () => {
  const map = { WindowCenter: [0.5], WindowWidth: [0.5] }
  expect([...toDisplay(Float32Array.of(0.2, 0.25, 0.5, 0.75, 0.8), map)]).toEqual([0, 0, 128, 255, 255])
})

test('a supplemental palette colours values from its first on, where the object says colour', () => {
  const palette = { red: table(10, 8, [255, 0]), green: table(10, 8, [0, 128]), blue: table(10, 8, [0, 7]) }
  const attributes = { PhotometricInterpretation: 'MONOCHROME2', PaletteColorLookupTable: palette }
  expect(supplementalColours(attributes)).toBeUndefined()
  const { first, colours } = supplementalColours({ ...attributes, PixelPresentation: 'COLOR' })!
  expect([first, ...colours]).toEqual([10, 255, 0, 0, 0, 128, 7])
})

test('YBR_PARTIAL_422 spans 16 to 235', () => {
  const frame = {
    columns: 2,
    rows: 1,
    samplesPerPixel: 3,
    planar: false,
    PhotometricInterpretation: 'YBR_PARTIAL_422',
    samples: Uint8Array.of(16, 235, 128, 128),
  }
  expect(isColour(frame)).toBe(true)
  expect([...toRGB(frame, { BitsStored: 8 })]).toEqual([0, 0, 0, 255, 255, 255])
})

test('four samples a pixel: the fourth is not a colour', () => {
  const frame = {
    columns: 1,
    rows: 1,
    samplesPerPixel: 4,
    planar: false,
    PhotometricInterpretation: 'RGB',
    samples: Uint8Array.of(1, 2, 3, 200),
  }
  expect([...toRGB(frame, { BitsStored: 8 })]).toEqual([1, 2, 3])
})
