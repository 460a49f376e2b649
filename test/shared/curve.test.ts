import { expect, test } from 'vitest'
import { cross, dot, type Point3 } from '../../shared/viewing/geometry.ts'
import { flipped, imageToDevice, turned, type View } from '../../shared/viewing/view.ts'
import { acrossAt, curveThrough, isLying, shownSides, straightPicture } from '../../shared/viewing/volume/curve.ts'
import type { Volume, VolumeGrid } from '../../shared/viewing/volume/grid.ts'
import { voxelToPatient } from '../../shared/viewing/volume/grid.ts'
import { PlaneSampler } from '../../shared/viewing/volume/sample.ts'

const RADIUS = 40
/** A quarter of a circle in the coronal plane, from the top to the left. */
function arc(count: number): Point3[] {
  return Array.from({ length: count }, (_, n): Point3 => {
    const angle = (Math.PI / 2) * (n / (count - 1))
    return [RADIUS * Math.sin(angle), 3, RADIUS * Math.cos(angle)]
  })
}

function helix(count: number, turns = 1.5, pitch = 30, radius = 20): Point3[] {
  return Array.from({ length: count }, (_, n): Point3 => {
    const angle = 2 * Math.PI * turns * (n / (count - 1))
    return [radius * Math.cos(angle), radius * Math.sin(angle), (pitch * angle) / (2 * Math.PI)]
  })
}

test('the length of an arc and of a helix, from a few points of them, is that of their formulas', () => {
  const quarter = (Math.PI / 2) * RADIUS
  expect(curveThrough(arc(7), 0.5)!.length / quarter).toBeCloseTo(1, 2)
  expect(Math.abs(curveThrough(arc(13), 0.5)!.length / quarter - 1)).toBeLessThan(0.002)
  const turn = Math.hypot(2 * Math.PI * 20, 30)
  expect(Math.abs(curveThrough(helix(25), 0.5)!.length / (1.5 * turn) - 1)).toBeLessThan(0.005)
  expect(
    curveThrough(
      [
        [0, 0, 0],
        [0, 0, 30],
      ],
      1,
    )!.length,
  ).toBeCloseTo(30, 6)
})

test('a curve goes through its points, in equal steps, and what lies across it does not turn about it', () => {
  const points = helix(16)
  const { stations, step } = curveThrough(points, 0.4)!
  for (const point of points) {
    const near = Math.min(...stations.map(({ at }) => Math.hypot(at[0] - point[0], at[1] - point[1], at[2] - point[2])))
    expect(near).toBeLessThanOrEqual(step / 2 + 1e-3)
  }
  for (let i = 1; i < stations.length; i++) {
    const [before, here] = [stations[i - 1]!, stations[i]!]
    const between = Math.hypot(...here.at.map((part, axis) => part - before.at[axis]!))
    expect(Math.abs(between / step - 1)).toBeLessThan(0.002)
    expect(Math.abs(dot(here.across, here.along))).toBeLessThan(1e-9)
    // Turned about the curve: the part of its change that lies beside both.
    const aside = cross(here.along, here.across)
    expect(Math.abs(dot(before.across, aside))).toBeLessThan(2e-3)
  }
})

test('along a straight line down, left is left and a turn of 90° shows the back', () => {
  const { stations } = curveThrough(
    [
      [5, 5, 50],
      [5, 5, 0],
    ],
    1,
  )!
  for (const station of stations) {
    expect(station.across).toEqual([1, 0, 0])
    const turned = acrossAt(station, Math.PI / 2)
    expect(Math.abs(turned[1])).toBeCloseTo(1, 9)
  }
})

test('points in one place make no curve', () => {
  expect(curveThrough([[1, 2, 3]], 1)).toBeUndefined()
  expect(
    curveThrough(
      [
        [1, 2, 3],
        [1, 2, 3.1],
      ],
      1,
    ),
  ).toBeUndefined()
})

test.each([0.4, 0.5, 1, 7])(
  'a curve that turns back on itself has directions all along it, in steps of %s mm',
  step => {
    const there: Point3[] = [
      [0, 0, 0],
      [0, 0, 40],
    ]
    for (const points of [
      [...there, there[0]!],
      [...there, [0, 0, 10] as Point3, [0, 0, 30] as Point3],
    ]) {
      const { stations, length } = curveThrough(points, step)!
      expect(length).toBeGreaterThanOrEqual(70)
      for (const { along, across } of stations) {
        expect(Math.hypot(...along)).toBeCloseTo(1, 9)
        expect(Math.hypot(...across)).toBeCloseTo(1, 9)
        expect(dot(along, across)).toBeCloseTo(0, 9)
      }
    }
  },
)

/** How far along the arc a voxel lies, and how far from it: the voxels say so themselves. */
function arcVolume(): Volume {
  const grid: VolumeGrid = {
    FrameOfReferenceUID: '1.2',
    size: [60, 20, 60],
    origin: [-8, -6, -8],
    steps: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  }
  const values = new Float32Array(60 * 20 * 60)
  let at = 0
  for (let k = 0; k < 60; k++) {
    for (let j = 0; j < 20; j++) {
      for (let i = 0; i < 60; i++, at++) {
        const [x, , z] = voxelToPatient(grid, [i, j, k])
        values[at] = Math.atan2(x, z) * RADIUS
      }
    }
  }
  return { grid, values, slope: 1, intercept: 0 }
}

test('down the middle of a straightened arc a millimetre is a millimetre of the arc', () => {
  const volume = arcVolume()
  const curve = curveThrough(arc(13), 0.5)!
  const { rows, Columns, pixel } = straightPicture(curve, '1.2', 8, 0)
  const middle = (Columns - 1) / 2
  const length = (Math.PI / 2) * RADIUS
  rows.forEach((row, index) => {
    const sampler = new PlaneSampler(volume, row, undefined, -1)
    sampler.rows(0, 1)
    // What the phantom says of the arc's length up to here, against rows times the pixel.
    expect(Math.abs(sampler.pixels[middle]! - index * pixel)).toBeLessThan(length * 0.003)
    // Across, at right angles to it, all are as far along.
    for (const column of [0, Columns - 1]) {
      if (index < 20 || index > rows.length - 20) continue
      expect(Math.abs(sampler.pixels[column]! - index * pixel)).toBeLessThan(0.5)
    }
  })
  expect(rows.length * pixel).toBeCloseTo(length, -1)
})

test('straight across a millimetre is a millimetre of the patient, whatever the turn', () => {
  const curve = curveThrough(helix(16), 0.4)!
  for (const angle of [0, 0.7, Math.PI / 2]) {
    const { rows, Columns, pixel } = straightPicture(curve, '1.2', 30, angle)
    expect((Columns - 1) * pixel).toBeCloseTo(30, 0)
    rows.forEach(({ position, row, columnSpacing }, index) => {
      const middle = position.map((part, axis) => part + (row[axis]! * columnSpacing * (Columns - 1)) / 2)
      const { at } = curve.stations[index]!
      expect(Math.hypot(...middle.map((part, axis) => part - at[axis]!))).toBeLessThan(1e-9)
      expect(Math.hypot(...row)).toBeCloseTo(1, 9)
    })
  }
})

test('the sides that are said of a straightened picture go with it when it is mirrored and turned', () => {
  const view: View = { zoom: 2, centre: [10, 10], quarterTurns: 0, mirrored: false }
  const shown = (one: View) => {
    const matrix = imageToDevice(one, { width: 100, height: 100 }, 1)
    return [...shownSides('R', 'L', matrix), isLying(matrix)]
  }
  expect(shown(view)).toEqual(['R', 'L', false])
  expect(shown(flipped(view, 'horizontal'))).toEqual(['L', 'R', false])
  expect(shown(flipped(view, 'vertical'))).toEqual(['R', 'L', false])
  expect(shown(turned(view, 2))).toEqual(['L', 'R', false])
  // Clockwise: what was at the left is on top.
  expect(shown(turned(view, 1))).toEqual(['R', 'L', true])
  expect(shown(turned(view, 3))).toEqual(['L', 'R', true])
})
