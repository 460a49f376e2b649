import { expect, test } from 'vitest'
import { displayPixels } from '../../renderer/viewer/pixels.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { nativeFrame, UnshowableError } from '../../shared/viewing/samples.ts'

const GL = { asStored: false }
const CPU = { asStored: true }

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

function show(bytes: Uint8Array<ArrayBuffer>, attributes: ImageAttributes, options = GL) {
  return displayPixels(nativeFrame(bytes, attributes), attributes, options)
}

test('CT pixels become Hounsfield units', () => {
  const shown = show(bytesOf(new Uint16Array([0, 1024, 1064, 4095])), ct)
  expect([...shown.pixels]).toEqual([-1024, 0, 40, 3071])
  expect(shown).toMatchObject({ min: -1024, max: 3071, slope: 1, intercept: 0, components: 1 })
})

test('what old files keep above Bits Stored does not reach the picture', () => {
  const shown = show(bytesOf(new Uint16Array([0xf000, 0x1400, 0x0428, 0x0fff])), ct)
  expect([...shown.pixels]).toEqual([-1024, 0, 40, 3071])
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

test('a slope that leaves the integers: floats for GL, slope and intercept for the CPU renderer', () => {
  const pet = { ...ct, BitsStored: 16, HighBit: 15, RescaleSlope: 0.5, RescaleIntercept: 0.25 }
  const bytes = () => bytesOf(new Uint16Array([0, 1, 2, 3]))
  expect([...show(bytes(), pet, GL).pixels]).toEqual([0.25, 0.75, 1.25, 1.75])
  expect(show(bytes(), pet, CPU)).toMatchObject({ min: 0, max: 3, slope: 0.5, intercept: 0.25 })
})

test('Float Pixel Data is shown by both renderers', () => {
  const dose = { Rows: 1, Columns: 3, BitsAllocated: 32 }
  const bytes = () => bytesOf(new Float32Array([-1.5, 0, 1.5]))
  expect([...show(bytes(), dose, GL).pixels]).toEqual([-1.5, 0, 1.5])
  const cpu = show(bytes(), dose, CPU)
  expect([...cpu.pixels].map(value => value * cpu.slope + cpu.intercept)).toEqual([
    -1.5,
    expect.closeTo(0, 4),
    expect.closeTo(1.5, 4),
  ])
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

test('a VOI LUT alone is applied; a stored window goes before it', () => {
  const voi = { ...ct, RescaleIntercept: 0, VOILUT: [lut([0, 128, 255], 1, 8)] }
  const applied = show(bytesOf(new Uint16Array([0, 1, 2, 3])), voi)
  expect(applied.voiApplied).toBe(true)
  expect([...applied.pixels]).toEqual([0, 0, 128, 255])
  const windowed = show(bytesOf(new Uint16Array([0, 1, 2, 3])), { ...voi, WindowCenter: [2], WindowWidth: [4] })
  expect(windowed.voiApplied).toBe(false)
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
