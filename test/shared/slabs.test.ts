import { expect, test } from 'vitest'
import { cross, dot, type ImagePlane, imageToPatient, type Point2, type Point3 } from '../../shared/viewing/geometry.ts'
import { isInside, type Polygon } from '../../shared/viewing/objects/polygons.ts'
import { axesOf, maskOn, type Region } from '../../shared/viewing/objects/slabs.ts'
import { type Contour, regionOf } from '../../shared/viewing/objects/structureSet.ts'

const FRAME = '1.2.3'

function planeAt(position: Point3, row: Point3, column: Point3, size = 48, spacing = 1): ImagePlane {
  const normal = cross(row, column)
  const [Rows, Columns, rowSpacing, columnSpacing] = [size, size, spacing, spacing]
  return { FrameOfReferenceUID: FRAME, position, row, column, normal, rowSpacing, columnSpacing, Rows, Columns }
}

function ring(radius: number, z: number, count = 40): Contour {
  const points = Array.from({ length: count }, (_, at): Point3 => {
    const angle = (2 * Math.PI * (at + 0.3)) / count
    return [radius * Math.cos(angle), radius * Math.sin(angle), z]
  })
  return { kind: 'closed', points, images: [] }
}

/** By definition: a point is of the place nearest to it, no farther than half its reach, and inside by the outlines drawn there. */
function brute(contours: readonly Contour[], spacing: number, plane: ImagePlane): Uint8Array {
  const places = [...new Set(contours.map(({ points }) => points[0]![2]))].sort((a, b) => a - b)
  const data = new Uint8Array(plane.Rows * plane.Columns)
  for (let y = 0; y < plane.Rows; y++) {
    for (let x = 0; x < plane.Columns; x++) {
      const [px, py, pz] = imageToPatient(plane, [x + 0.5, y + 0.5])
      const nearest = places.reduce((best, one) => (Math.abs(one - pz) <= Math.abs(best - pz) ? one : best))
      if (Math.abs(nearest - pz) > spacing / 2) continue
      const around = contours.filter(({ points }) => {
        const flat: Polygon = points.map(([cx, cy]): Point2 => [cx, cy])
        return points[0]![2] === nearest && isInside([px, py], flat)
      })
      if (around.length % 2 === 1) data[y * plane.Columns + x] = 1
    }
  }
  return data
}

function turn(angle: number, tilt: number): { row: Point3; column: Point3 } {
  const [c, s, ct, st] = [Math.cos(angle), Math.sin(angle), Math.cos(tilt), Math.sin(tilt)]
  return { row: [c, s * ct, s * st], column: [-s, c * ct, c * st] }
}

test('on a plane at any angle a structure holds exactly the pixels its outlines hold', () => {
  const contours = Array.from({ length: 11 }, (_, k) => -15 + 3 * k).flatMap(z => [
    ring(14 - Math.abs(z) / 3, z),
    ring(6, z),
  ])
  const region = regionOf(contours, FRAME)
  const turns: Array<{ row: Point3; column: Point3 }> = [
    { row: [1, 0, 0], column: [0, 0, -1] },
    { row: [0, 0, 1], column: [0, 1, 0] },
    turn(0.3, 0.9),
    turn(1.2, 2.2),
    turn(-2.5, 0.2),
  ]
  for (const { row, column } of turns) {
    const position = [0, 1, 2].map(axis => -23.6 * (row[axis]! + column[axis]!) + 0.137) as [number, number, number]
    const plane = planeAt(position, row, column)
    const wanted = brute(contours, 3, plane)
    expect(wanted.some(Boolean)).toBe(true)
    const off = maskOn(region, plane)!.data.reduce((sum, value, at) => sum + Math.abs(value - wanted[at]!), 0)
    expect(off).toBe(0)
  }
})

test('two outlines of one place drawn as two slabs are both there, and a place half way is the upper one’s', () => {
  const plane = planeAt([-20, 0, 10], [1, 0, 0], [0, 0, -1], 40, 1)
  const contours = [ring(10, 0), ring(10, 4)]
  const { data } = maskOn(regionOf(contours, FRAME), plane)!
  const rows = Array.from({ length: plane.Rows }, (_, y) => data.subarray(y * 40, (y + 1) * 40).some(Boolean))
  // z = 10 − y: from 5 (exclusive: 4 + 2 = 6 would be the end) down to −2.
  expect(rows.flatMap((has, y) => (has ? [10 - y] : []))).toEqual([6, 5, 4, 3, 2, 1, 0, -1, -2])
})

test('a slab of pixels is asked for those the plane cuts, and never unpacked for it', () => {
  const size = 32
  let asked = 0
  const slabs = Array.from({ length: 20 }, (_, k) => ({
    plane: planeAt([0, 0, k], [1, 0, 0], [0, 1, 0], size),
    thickness: 1,
    mask: (): never => {
      throw new Error('unpacked')
    },
    holds: (at: number) => {
      asked++
      return at % size >= 4 && at % size < 10
    },
  }))
  const region: Region = { slabs }
  const coronal = planeAt([0, 7, 25], [1, 0, 0], [0, 0, -1], size)
  const { data } = maskOn(region, coronal)!
  expect(data.reduce((sum, value) => sum + value, 0)).toBe(20 * 6)
  expect(asked).toBeLessThanOrEqual(20 * size)
  expect(dot(coronal.normal, [0, 1, 0])).toBe(1)
})

test('contours of thousands of directions are refused, thousands in one direction are gathered', () => {
  const leaf = (n: number): Contour => {
    // Evenly over a half sphere: the golden angle round, evenly in height.
    const [height, angle] = [n / 4000, n * 2.399963]
    const flat = Math.sqrt(1 - height * height)
    const { row, column } = axesOf([flat * Math.cos(angle), flat * Math.sin(angle), height])
    const point = (x: number, y: number): Point3 => [
      row[0] * x + column[0] * y,
      row[1] * x + column[1] * y,
      row[2] * x + column[2] * y,
    ]
    return { kind: 'closed', points: [point(0, 0), point(9, 0), point(9, 9)], images: [] }
  }
  const leaves = Array.from({ length: 4000 }, (_, n) => leaf(n))
  expect(() => regionOf(leaves, FRAME)).toThrow(/more directions/)
  const many = Array.from({ length: 5000 }, (_, k) => ring(5, k % 2 === 0 ? k : k - 0.96, 6))
  expect(regionOf(many, FRAME).slabs).toHaveLength(2500)
})
