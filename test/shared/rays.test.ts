import { describe, expect, test } from 'vitest'
import { cross, dot, type Point3 } from '../../shared/viewing/geometry.ts'
import { patientToVoxel, type Volume, voxelToPatient } from '../../shared/viewing/volume/grid.ts'
import {
  boundsOf,
  type Camera,
  castRays,
  finestStep,
  halvedVolume,
  type RayMode,
  turnedCamera,
  wholeBox,
} from '../../shared/viewing/volume/rays.ts'
import { RAY_PRESETS, rayMode, rayPresets } from '../../shared/viewing/volume/transfers.ts'

/** Columns to the left, rows to the back, slices to the head, sheared; one bright voxel in a volume of 10. */
const grid: Volume['grid'] = {
  FrameOfReferenceUID: '1.2',
  size: [21, 17, 13],
  origin: [-20, -16, 30],
  steps: [
    [2, 0, 0],
    [0, 2, 0],
    [0, 0.5, 3],
  ],
}
const BRIGHT = [14, 5, 9] as const

function phantom(): Volume {
  const values = new Int16Array(21 * 17 * 13).fill(10)
  values[(BRIGHT[2] * 17 + BRIGHT[1]) * 21 + BRIGHT[0]] = 1000
  return { grid, values, slope: 1, intercept: 0 }
}

const SIDE = 101
const mip = (upper: number): RayMode =>
  rayMode(RAY_PRESETS.find(({ id }) => id === 'mip')!, 'CT', { lower: 0, upper }, 0)

function brightest(volume: Volume, camera: Camera, crop = wholeBox(volume.grid)): { x: number; y: number } {
  const job = { camera, crop, mode: mip(1000), width: SIDE, height: SIDE, first: 0, end: SIDE, step: 0.5 }
  const rgba = castRays(volume, job)
  let [x, y, sum] = [0, 0, 0]
  for (let at = 0; at < SIDE * SIDE; at++) {
    const weight = rgba[4 * at]! > 60 ? rgba[4 * at]! : 0
    x += weight * (at % SIDE)
    y += weight * Math.floor(at / SIDE)
    sum += weight
  }
  return { x: x / sum - (SIDE - 1) / 2, y: y / sum - (SIDE - 1) / 2 }
}

const front: Camera = { centre: boundsOf(grid).centre, right: [1, 0, 0], down: [0, 0, -1], mmPerPixel: 1 }

describe('maximum intensity', () => {
  const place = voxelToPatient(grid, BRIGHT)
  const from = (camera: Camera) => place.map((part, axis) => part - camera.centre[axis]!) as unknown as Point3

  test.each([
    ['from the front', front],
    ['from the left', { ...front, right: [0, 1, 0] as Point3 }],
    ['from the head', { ...front, right: [-1, 0, 0] as Point3, down: [0, 1, 0] as Point3 }],
    ['turned by hand', turnedCamera(front, { vertical: 0.7, horizontal: -0.4 })],
  ])('a bright voxel is where it lies in the patient, %s', (_name, camera) => {
    const found = brightest(phantom(), camera)
    expect(Math.abs(found.x - dot(from(camera), camera.right))).toBeLessThan(0.5)
    expect(Math.abs(found.y - dot(from(camera), camera.down))).toBeLessThan(0.5)
  })

  test('what is cropped away is not seen', () => {
    const crop = { ...wholeBox(grid), to: [20, 16, BRIGHT[2] - 2] as const }
    expect(brightest(phantom(), front, crop).x).toBeNaN()
  })

  test('rows are drawn alike whether at once or one by one', () => {
    const job = { camera: front, crop: wholeBox(grid), mode: mip(1000), width: 40, height: 30, step: 1 }
    const whole = castRays(phantom(), { ...job, first: 0, end: 30 })
    const some = castRays(phantom(), { ...job, first: 11, end: 17 })
    expect(some).toEqual(whole.slice(4 * 40 * 11, 4 * 40 * 17))
  })

  test('beside a PET’s volume it is white, as where nothing is in it', () => {
    const mode = rayMode(rayPresets('PT')[0]!, 'PT', { lower: 0, upper: 10 }, 0)
    const job = { camera: front, crop: wholeBox(grid), mode, width: SIDE, height: 1, first: 0, end: 1, step: 1 }
    expect([...castRays(phantom(), job).subarray(0, 4)]).toEqual([255, 255, 255, 255])
  })
})

test('opacity is of a millimetre: a slab lets through what its thickness lets through, however fine the steps', () => {
  const cube: Volume = {
    grid: {
      FrameOfReferenceUID: '1.2',
      size: [21, 21, 21],
      origin: [-10, -10, -10],
      steps: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
    values: new Int16Array(21 ** 3).fill(50),
    slope: 2,
    intercept: 0,
  }
  const colours = new Uint8Array(3 * 256).fill(200)
  for (const [opacity, step] of [
    [0.03, 1],
    [0.03, 0.25],
    [0.2, 0.5],
  ] as const) {
    const mode: RayMode = {
      kind: 'shaded',
      transfer: { lower: 0, upper: 200, colours, opacities: new Float32Array(256).fill(opacity) },
    }
    const camera: Camera = { ...front, centre: [0, 0, 0] }
    const [red] = castRays(cube, {
      camera,
      crop: wholeBox(cube.grid),
      mode,
      width: 1,
      height: 1,
      first: 0,
      end: 1,
      step,
    })
    // Even all over: half lit. One step more than the gaps between the samples.
    const wanted = 200 * (0.25 + 0.65 * 0.5) * (1 - (1 - opacity) ** (20 + step))
    expect(Math.abs(red! - wanted)).toBeLessThan(2)
  }
})

test('a volume of half as many voxels a side lies where it lay', () => {
  const linear = ([x, y, z]: Point3) => 3 * x - y + 2 * z
  const values = new Float32Array(21 * 17 * 13)
  for (let at = 0; at < values.length; at++) {
    const [i, j, k] = [at % 21, Math.floor(at / 21) % 17, Math.floor(at / (21 * 17))]
    values[at] = linear(voxelToPatient(grid, [i, j, k]))
  }
  const half = halvedVolume({ grid, values, slope: 1, intercept: 0 })
  expect(half.grid.size).toEqual([10, 8, 6])
  for (const voxel of [
    [0, 0, 0],
    [9, 7, 5],
    [3, 6, 2],
  ] as const) {
    const [i, j, k] = voxel
    expect(half.values[(k * 8 + j) * 10 + i]).toBeCloseTo(linear(voxelToPatient(half.grid, voxel)), 3)
  }
  expect(finestStep(half.grid)).toBe(4)
})

test('after a thousand turns a camera is still square, and turning all around ends where it began', () => {
  let camera = front
  for (let turn = 0; turn < 1000; turn++) camera = turnedCamera(camera, { vertical: 0.37, horizontal: -0.21 })
  expect(Math.hypot(...camera.right)).toBeCloseTo(1, 9)
  expect(Math.hypot(...camera.down)).toBeCloseTo(1, 9)
  expect(dot(camera.right, camera.down)).toBeCloseTo(0, 9)
  let around = front
  for (let step = 0; step < 8; step++) around = turnedCamera(around, { vertical: Math.PI / 4, horizontal: 0 })
  expect(cross(around.right, around.down).every((part, axis) => Math.abs(part - [0, 1, 0][axis]!) < 1e-9)).toBe(true)
})

test('the bounds of a volume hold all its corners', () => {
  const { centre, radius } = boundsOf(grid)
  const toVoxel = patientToVoxel(grid)
  expect(toVoxel(centre).map(part => Math.round(part * 1e6) / 1e6)).toEqual([10, 8, 6])
  for (let corner = 0; corner < 8; corner++) {
    const at = voxelToPatient(grid, [corner & 1 ? 20 : 0, corner & 2 ? 16 : 0, corner & 4 ? 12 : 0])
    expect(Math.hypot(...at.map((part, axis) => part - centre[axis]!))).toBeLessThanOrEqual(radius + 1e-9)
  }
})

test('each modality has its presets; a shift moves what is seen of them, a window what is part of it', () => {
  expect(rayPresets('CT').map(({ id }) => id)).toEqual(['mip', 'ct-bone', 'ct-vessels', 'ct-soft'])
  expect(rayPresets('MR').map(({ id }) => id)).toEqual(['mip', 'mr'])
  expect(rayPresets('PT').map(({ id }) => id)).toEqual(['mip', 'pet'])
  // Whatever a pane shows can be asked for as a volume: none is without a way to be drawn.
  for (const Modality of ['DX', 'XA', 'OT', '']) expect(rayPresets(Modality).map(({ id }) => id)).toEqual(['mip'])
  const shaded = (id: string, shift: number, window = { lower: 0, upper: 1000 }) => {
    const mode = rayMode(RAY_PRESETS.find(preset => preset.id === id)!, 'CT', window, shift)
    return mode.kind === 'shaded' ? mode.transfer : undefined
  }
  expect(shaded('ct-bone', 0)).toMatchObject({ lower: 130, upper: 1500 })
  expect(shaded('ct-bone', 100)).toMatchObject({ lower: 230, upper: 1600 })
  expect(shaded('mr', 100, { lower: 100, upper: 300 })).toMatchObject({ lower: 124, upper: 300 })
  // Nothing before it begins, and never less than nothing.
  expect(shaded('ct-soft', 0)?.opacities[0]).toBe(0)
  for (const preset of RAY_PRESETS) {
    if (preset.points === 'mip') continue
    expect(shaded(preset.id, 0)!.opacities.every(opacity => opacity >= 0 && opacity < 1)).toBe(true)
  }
})
