import { expect, test } from 'vitest'
import { encodeBase64 } from '../../shared/base64.ts'
import { defaultWindow, toDisplay } from '../../shared/viewing/grey.ts'

const CT = {
  RescaleSlope: 1,
  RescaleIntercept: -1024,
  WindowCenter: [40],
  WindowWidth: [400],
  PhotometricInterpretation: 'MONOCHROME2',
}

test('a linear window is that of PS3.3 C.11.2.1.2.1', () => {
  // c - 0.5 - (w-1)/2 = -160 is the last black, 239 the last before white.
  const stored = Int16Array.of(0, 864, 865, 1064, 1262, 1263, 1264, 3000)
  const expected = Array.from(stored, value => {
    const hu = value - 1024
    if (hu <= -160) return 0
    if (hu > 239) return 255
    return Math.round(((hu - 39.5) / 399 + 0.5) * 255)
  })
  expect(Array.from(toDisplay(stored, CT))).toEqual(expected)
  expect(expected.slice(0, 2)).toEqual([0, 0])
  expect(expected.at(-1)).toBe(255)
})

test('MONOCHROME1 is inverted, LINEAR_EXACT and SIGMOID have their own curves', () => {
  const stored = Uint16Array.of(0, 50, 100)
  const base = { WindowCenter: [50], WindowWidth: [100] }
  expect(Array.from(toDisplay(stored, { ...base, VOILUTFunction: 'LINEAR_EXACT' }))).toEqual([0, 128, 255])
  expect(Array.from(toDisplay(stored, { ...base, VOILUTFunction: 'SIGMOID' }))).toEqual([30, 128, 225])
  const inverted = { ...base, VOILUTFunction: 'LINEAR_EXACT', PhotometricInterpretation: 'MONOCHROME1' }
  expect(Array.from(toDisplay(stored, inverted))).toEqual([255, 128, 0])
})

const table = (first: number, bits: number, values: number[]) => ({
  entries: values.length,
  first,
  bits,
  data: encodeBase64(new Uint8Array(Uint16Array.from(values).buffer)),
})

test('modality and VOI tables, values beyond their ends clamped', () => {
  const VOILUT = [table(10, 12, [0, 2048, 4095])]
  expect(Array.from(toDisplay(Int16Array.of(-5, 10, 11, 12, 99), { VOILUT }))).toEqual([0, 0, 128, 255, 255])
  const ModalityLUT = table(0, 16, [10, 11, 12])
  expect(Array.from(toDisplay(Uint8Array.of(0, 1, 2), { VOILUT, ModalityLUT }))).toEqual([0, 128, 255])
  expect(Array.from(toDisplay(Uint8Array.of(0, 50, 100), { VOILUT }, { center: 50.5, width: 101 }))).toEqual([
    0, 128, 255,
  ])
})

test('without a window the whole range is shown', () => {
  expect(defaultWindow({}, 0, 255)).toEqual({ center: 128, width: 256 })
  expect(defaultWindow({ WindowCenter: [40, 1], WindowWidth: [400, 2] }, 0, 255)).toEqual({ center: 40, width: 400 })
  expect(defaultWindow({ WindowCenter: [40], WindowWidth: [0] }, 5, 5)).toEqual({ center: 5.5, width: 1 })
  expect(Array.from(toDisplay(Uint16Array.of(100, 150, 200), {}))).toEqual([0, 128, 255])
  expect(toDisplay(new Uint8Array(0), {})).toHaveLength(0)
})
