import { expect, test } from 'vitest'
import { displayPixels } from '../../renderer/viewer/pixels.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { nativeFrame, UnshowableError } from '../../shared/viewing/samples.ts'

function bytesOf(
  array: Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
) {
  return new Uint8Array(array.buffer)
}

function lut(values: number[], first: number, bits: number) {
  const data = btoa(String.fromCharCode(...new Uint8Array(new Uint16Array(values).buffer)))
  return { entries: values.length, first, bits, data }
}

const ct: ImageAttributes = {
  Rows: 1,
  Columns: 4,
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  RescaleSlope: 1,
  RescaleIntercept: -1024,
}

function show(bytes: Uint8Array<ArrayBuffer>, attributes: ImageAttributes) {
  return displayPixels(nativeFrame(bytes, attributes), attributes)
}

test('pixels stay as stored, with what makes modality values of them', () => {
  const shown = show(bytesOf(new Uint16Array([0, 1024, 1064, 4095])), ct)
  expect([...shown.pixels]).toEqual([0, 1024, 1064, 4095])
  expect(shown).toMatchObject({ min: 0, max: 4095, slope: 1, intercept: -1024, components: 1 })
  expect(shown.valueRange).toEqual({ min: -1024, max: 3071 })
})

test('what old files keep above Bits Stored does not reach the picture', () => {
  const shown = show(bytesOf(new Uint16Array([0xf000, 0x1400, 0x0428, 0x0fff])), ct)
  expect([...shown.pixels]).toEqual([0, 1024, 1064, 4095])
})

test('the sign is extended from Bits Stored', () => {
  const signed = { ...ct, PixelRepresentation: 1, RescaleIntercept: 0 }
  const shown = show(bytesOf(new Uint16Array([0x0fff, 0x0800, 1, 0x07ff])), signed)
  expect([...shown.pixels]).toEqual([-1, -2048, 1, 2047])
})

test('clean bytes are not copied', () => {
  const bytes = bytesOf(new Uint16Array([0, 1, 2, 3]))
  const shown = show(bytes, { ...ct, RescaleIntercept: 0 })
  expect(shown.pixels.buffer).toBe(bytes.buffer)
})

test('Float Pixel Data keeps its values', () => {
  const dose = { Rows: 1, Columns: 3, BitsAllocated: 32 }
  expect([...show(bytesOf(new Float32Array([-1.5, 0, 1.5])), dose).pixels]).toEqual([-1.5, 0, 1.5])
})

test('32-bit integers keep their values', () => {
  const dose = { ...ct, Columns: 2, BitsAllocated: 32, BitsStored: 32, HighBit: 31, RescaleIntercept: 0 }
  expect([...show(bytesOf(new Uint32Array([0, 4_000_000])), dose).pixels]).toEqual([0, 4_000_000])
})

test('1-bit frames, first pixel in the lowest bit', () => {
  const mask = { Rows: 2, Columns: 5, BitsAllocated: 1, BitsStored: 1, HighBit: 0, SamplesPerPixel: 1 }
  expect([...show(new Uint8Array([0b00010101, 0b11]), mask).pixels]).toEqual([1, 0, 1, 0, 1, 0, 0, 0, 1, 1])
})

test('a modality LUT replaces slope and intercept, ends clamped', () => {
  const shown = show(bytesOf(new Uint16Array([0, 10, 11, 99])), { ...ct, ModalityLUT: lut([100, 200], 10, 16) })
  expect([...shown.pixels]).toEqual([100, 100, 200, 200])
})

const colour: ImageAttributes = { Rows: 1, Columns: 2, BitsAllocated: 8, BitsStored: 8, SamplesPerPixel: 3 }

test('RGB by pixel and by plane', () => {
  const rgb = { ...colour, PhotometricInterpretation: 'RGB' }
  expect([...show(new Uint8Array([1, 2, 3, 4, 5, 6]), rgb).pixels]).toEqual([1, 2, 3, 4, 5, 6])
  const planar = { ...rgb, PlanarConfiguration: 1 }
  expect([...show(new Uint8Array([1, 4, 2, 5, 3, 6]), planar).pixels]).toEqual([1, 2, 3, 4, 5, 6])
})

test('YBR_FULL red is red', () => {
  const ybr = { ...colour, Columns: 1, PhotometricInterpretation: 'YBR_FULL' }
  const [r, g, b] = show(new Uint8Array([76, 85, 255]), ybr).pixels
  expect([r! > 250, g! < 5, b! < 5]).toEqual([true, true, true])
})

test('YBR_FULL_422 shares its colour between two pixels; a file that lies and sends all samples is believed by its length', () => {
  const ybr = { ...colour, PhotometricInterpretation: 'YBR_FULL_422' }
  expect([...show(new Uint8Array([10, 20, 128, 128]), ybr).pixels]).toEqual([10, 10, 10, 20, 20, 20])
  expect([...show(new Uint8Array([10, 128, 128, 20, 128, 128]), ybr).pixels]).toEqual([10, 10, 10, 20, 20, 20])
})

test('palette colour of 16 bits', () => {
  const palette = {
    ...colour,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'PALETTE COLOR',
    PaletteColorLookupTable: {
      red: lut([0, 0xff00], 0, 16),
      green: lut([0x8000, 0], 0, 16),
      blue: lut([0, 0xffff], 0, 16),
    },
  }
  expect([...show(new Uint8Array([0, 1]), palette).pixels]).toEqual([0, 128, 0, 255, 0, 255])
})

test('what cannot be shown says why', () => {
  expect(() => show(new Uint8Array(3), ct)).toThrow(UnshowableError)
  expect(() => show(new Uint8Array(3), ct)).toThrow(/cut short: 3 of 8 bytes/)
  expect(() => show(new Uint8Array(8), { ...ct, Rows: 0 })).toThrow(/no rows/)
  expect(() => show(new Uint8Array(8), { ...colour, PhotometricInterpretation: 'HSV' })).toThrow(/HSV/)
})
