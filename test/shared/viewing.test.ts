import { expect, test } from 'vitest'
import { encodeBase64 } from '../../shared/base64.ts'
import { defaultWindow, greyPipeline } from '../../shared/viewing/grey.ts'
import { orderInstances } from '../../shared/viewing/order.ts'

const axial = [1, 0, 0, 0, 1, 0]
const slice = (InstanceNumber: number | undefined, z: number, ImageOrientationPatient = axial) => ({
  InstanceNumber,
  NumberOfFrames: 1,
  ImagePositionPatient: [-100, -100, z],
  ImageOrientationPatient,
})
const numbers = (instances: Array<{ InstanceNumber?: number }>) => instances.map(({ InstanceNumber }) => InstanceNumber)

test('parallel slices come by place, not by number', () => {
  expect(numbers(orderInstances([slice(1, 30), slice(2, -10), slice(3, 5)]))).toEqual([2, 3, 1])
  const tilted = [0.9999, 0.01, 0, 0, 1, 0]
  expect(numbers(orderInstances([slice(1, 30), slice(2, -10, tilted), slice(3, 5)]))).toEqual([2, 3, 1])
})

test('a tilted gantry is measured along its own normal', () => {
  const [cos, sin] = [Math.cos(0.4), Math.sin(0.4)]
  const tilt = [1, 0, 0, 0, cos, -sin]
  const at = (InstanceNumber: number, d: number) => ({
    ...slice(InstanceNumber, 0, tilt),
    ImagePositionPatient: [0, sin * d, cos * d],
  })
  expect(numbers(orderInstances([at(1, 9), at(2, 3), at(3, 6)]))).toEqual([2, 3, 1])
})

test.each([
  ['two slices at one place', [slice(3, 1), slice(1, 1), slice(2, 5)]],
  ['another orientation among them', [slice(3, 1), slice(1, 2), slice(2, 0, [0, 1, 0, 0, 0, -1])]],
  ['a slice without place', [slice(3, 1), { InstanceNumber: 1, NumberOfFrames: 1 }, slice(2, 0)]],
  ['a multi-frame image', [slice(3, 1), { ...slice(1, 2), NumberOfFrames: 10 }, slice(2, 0)]],
])('%s: Instance Number decides', (_name, instances) => {
  expect(numbers(orderInstances(instances))).toEqual([1, 2, 3])
})

test('without numbers, the order is that of arrival; equal numbers keep it', () => {
  const same = [slice(undefined, 1), slice(undefined, 1)].map((each, id) => ({ ...each, id }))
  expect(orderInstances(same).map(({ id }) => id)).toEqual([0, 1])
  const mixed = [undefined, 5, 5, 1].map((InstanceNumber, id) => ({ InstanceNumber, NumberOfFrames: 1, id }))
  expect(orderInstances(mixed).map(({ id }) => id)).toEqual([3, 1, 2, 0])
  expect(orderInstances([])).toEqual([])
})

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
  expect(Array.from(greyPipeline(CT).toDisplay(stored))).toEqual(expected)
  expect(expected.slice(0, 2)).toEqual([0, 0])
  expect(expected.at(-1)).toBe(255)
})

test('MONOCHROME1 is inverted, LINEAR_EXACT and SIGMOID have their own curves', () => {
  const stored = Uint16Array.of(0, 50, 100)
  const base = { WindowCenter: [50], WindowWidth: [100] }
  expect(Array.from(greyPipeline({ ...base, VOILUTFunction: 'LINEAR_EXACT' }).toDisplay(stored))).toEqual([0, 128, 255])
  expect(Array.from(greyPipeline({ ...base, VOILUTFunction: 'SIGMOID' }).toDisplay(stored))).toEqual([30, 128, 225])
  const inverted = greyPipeline({ ...base, VOILUTFunction: 'LINEAR_EXACT', PhotometricInterpretation: 'MONOCHROME1' })
  expect(Array.from(inverted.toDisplay(stored))).toEqual([255, 127, 0])
})

const table = (first: number, bits: number, values: number[]) => ({
  entries: values.length,
  first,
  bits,
  data: encodeBase64(new Uint8Array(Uint16Array.from(values).buffer)),
})

test('modality and VOI tables, values beyond their ends clamped', () => {
  const VOILUT = [table(10, 12, [0, 2048, 4095])]
  expect(Array.from(greyPipeline({ VOILUT }).toDisplay(Int16Array.of(-5, 10, 11, 12, 99)))).toEqual([
    0, 0, 128, 255, 255,
  ])
  const ModalityLUT = table(0, 16, [10, 11, 12])
  expect(Array.from(greyPipeline({ VOILUT, ModalityLUT }).toDisplay(Uint8Array.of(0, 1, 2)))).toEqual([0, 128, 255])
  expect(
    Array.from(greyPipeline({ VOILUT }, { center: 50.5, width: 101 }).toDisplay(Uint8Array.of(0, 50, 100))),
  ).toEqual([0, 128, 255])
})

test('without a window the whole range is shown', () => {
  expect(defaultWindow({}, 0, 255)).toEqual({ center: 128, width: 256 })
  expect(defaultWindow({ WindowCenter: [40, 1], WindowWidth: [400, 2] }, 0, 255)).toEqual({ center: 40, width: 400 })
  expect(defaultWindow({ WindowCenter: [40], WindowWidth: [0] }, 5, 5)).toEqual({ center: 5.5, width: 1 })
  expect(Array.from(greyPipeline({}).toDisplay(Uint16Array.of(100, 150, 200)))).toEqual([0, 128, 255])
  expect(greyPipeline({}).toDisplay(new Uint8Array(0))).toHaveLength(0)
})
