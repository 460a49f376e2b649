import { expect, test } from 'vitest'
import { type ImagePlane, imageToPatient } from '../../shared/viewing/geometry.ts'
import type { VolumeGrid } from '../../shared/viewing/volume/grid.ts'
import { type Axes, PATIENT_AXES, planesThrough, turnedAxes } from '../../shared/viewing/volume/reformat.ts'
import {
  coarserPlane,
  type PartialVolume,
  PlaneSampler,
  reachesNew,
  type Slab,
  spreadOut,
} from '../../shared/viewing/volume/sample.ts'

const SIZE = [24, 20, 30] as const
const OUTSIDE = -2000
const grid: VolumeGrid = {
  FrameOfReferenceUID: '1.2',
  size: SIZE,
  origin: [-10, -8, 0],
  steps: [
    [0.9, 0, 0],
    [0, 0.9, 0],
    [0, 0, 1.4],
  ],
}

function volumeWith(here: (k: number) => boolean): PartialVolume & { here: Uint8Array } {
  const values = new Int16Array(SIZE[0] * SIZE[1] * SIZE[2])
  for (let at = 0; at < values.length; at++) values[at] = ((at * 2_654_435_761) >>> 20) % 1000
  return {
    grid,
    values,
    slope: 1,
    intercept: 0,
    here: Uint8Array.from({ length: SIZE[2] }, (_, k) => (here(k) ? 1 : 0)),
  }
}

function sampled(
  volume: PartialVolume,
  plane: ImagePlane,
  slab?: Slab,
  earlier?: ConstructorParameters<typeof PlaneSampler>[4],
) {
  const sampler = new PlaneSampler(volume, plane, slab, OUTSIDE, earlier)
  sampler.rows(0, plane.Rows)
  return sampler.pixels
}

const SLABS: Array<Slab | undefined> = [undefined, { mode: 'MIP', thickness: 6 }, { mode: 'average', thickness: 4 }]
const TURNS: Array<[name: string, axes: Axes]> = [
  ['axial', PATIENT_AXES.axial],
  ['coronal', PATIENT_AXES.coronal],
  ['sagittal', PATIENT_AXES.sagittal],
  ['oblique', turnedAxes(turnedAxes(PATIENT_AXES.coronal, [0, 0, 1], 0.5), [1, 0, 0], 0.4)],
]

test.each(TURNS)('%s: gone on from an earlier picture it is the same as made anew', (_, axes) => {
  const planes = planesThrough(grid, axes)
  for (const slab of SLABS) {
    for (const page of [2, Math.floor(planes.count / 2), planes.count - 3]) {
      const plane = planes.plane(page)
      const before = volumeWith(k => k % 3 === 0)
      const pixels = sampled(before, plane, slab)
      const after = volumeWith(k => k % 3 === 0 || k === 10 || k > 22)
      const earlier = { pixels, here: before.here, outside: OUTSIDE }
      expect(sampled(after, plane, slab, earlier)).toEqual(sampled(after, plane, slab))
      // What is told to hold nothing new is the same as it was.
      if (!reachesNew(after, plane, slab, before.here)) expect(sampled(after, plane, slab)).toEqual(pixels)
    }
  }
})

test('an axial plane hears nothing of slices far from it', () => {
  const planes = planesThrough(grid, PATIENT_AXES.axial)
  const plane = planes.plane(planes.page([0, 0, 5 * 1.4]))
  const before = volumeWith(k => k < 12)
  expect(
    reachesNew(
      volumeWith(k => k < 12 || k > 20),
      plane,
      undefined,
      before.here,
    ),
  ).toBe(false)
  expect(
    reachesNew(
      volumeWith(k => k < 12 || k > 20),
      plane,
      { mode: 'MIP', thickness: 60 },
      before.here,
    ),
  ).toBe(true)
  const lacking = volumeWith(k => k < 12 && k !== 5)
  expect(reachesNew(before, plane, undefined, lacking.here)).toBe(true)
})

test('an earlier picture with another value for nothing is not gone on from', () => {
  const plane = planesThrough(grid, PATIENT_AXES.coronal).plane(5)
  const before = volumeWith(k => k > 3)
  const pixels = sampled(before, plane).fill(77)
  const earlier = { pixels, here: before.here, outside: -1 }
  expect(sampled(before, plane, undefined, earlier)).toEqual(sampled(before, plane))
})

test('a coarse picture shows the same place: each of its pixels in the middle of those it stands for', () => {
  const plane = planesThrough(grid, PATIENT_AXES.coronal).plane(5)
  for (const by of [2, 3]) {
    const coarse = coarserPlane(plane, by)
    const fine = imageToPatient(plane, [by / 2, by / 2])
    imageToPatient(coarse, [0.5, 0.5]).forEach((part, axis) => {
      expect(part).toBeCloseTo(fine[axis]!, 9)
    })
    const numbered = Int16Array.from({ length: coarse.Rows * coarse.Columns }, (_, at) => at)
    const spread = spreadOut(numbered, plane, by)
    expect(spread.length).toBe(plane.Rows * plane.Columns)
    for (const [x, y] of [
      [0, 0],
      [7, 11],
      [plane.Columns - 1, plane.Rows - 1],
    ] as const) {
      expect(spread[y * plane.Columns + x]).toBe(Math.floor(y / by) * coarse.Columns + Math.floor(x / by))
    }
  }
})
