import { cross, dot, type Point3 } from '../geometry.ts'

/** Indices of a voxel, its centre at whole numbers: (0, 0, 0) is the centre of the first one. */
export type Voxel = readonly [number, number, number]

/**
 * Voxels in rows, columns and slices, evenly spaced in the patient (LPS, mm). The third step need not be at right angles to the
 * others: a tilted gantry shears the block.
 */
export interface VolumeGrid {
  FrameOfReferenceUID: string
  size: readonly [number, number, number]
  /** Centre of voxel (0, 0, 0). */
  origin: Point3
  /** From a voxel to the next one in its row, in its column, and on the next slice. */
  steps: readonly [Point3, Point3, Point3]
}

/** `value * slope + intercept` is the modality value. Voxel (i, j, k) stands at `(k * size[1] + j) * size[0] + i`. */
export interface Volume {
  grid: VolumeGrid
  values: Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array
  slope: number
  intercept: number
}

/** Where a voxel's centre lies in the patient; fractions lie between centres. */
export function voxelToPatient({ origin, steps: [i, j, k] }: VolumeGrid, [a, b, c]: Voxel): Point3 {
  return [
    origin[0] + a * i[0] + b * j[0] + c * k[0],
    origin[1] + a * i[1] + b * j[1] + c * k[1],
    origin[2] + a * i[2] + b * j[2] + c * k[2],
  ]
}

/** The other way round, for many points: reckons the inverse once. The steps must span space (RangeError otherwise). */
export function patientToVoxel({ origin, steps: [i, j, k] }: VolumeGrid): (point: Point3) => Voxel {
  const a = cross(j, k)
  const b = cross(k, i)
  const c = cross(i, j)
  const determinant = dot(i, a)
  if (!(Math.abs(determinant) > 0)) throw new RangeError('The steps of the grid lie in one plane.')
  return point => {
    const from: Point3 = [point[0] - origin[0], point[1] - origin[1], point[2] - origin[2]]
    return [dot(from, a) / determinant, dot(from, b) / determinant, dot(from, c) / determinant]
  }
}

/** mm by which voxels of two grids may lie beside one another and be the same. */
const SAME_MM = 1e-3

/** Whether the voxels of two grids stand in the same places. */
export function alikeGrids(a: VolumeGrid, b: VolumeGrid): boolean {
  if (a.FrameOfReferenceUID !== b.FrameOfReferenceUID || a.size.some((count, axis) => count !== b.size[axis]))
    return false
  const [x, y, z] = a.size.map(count => count - 1) as [number, number, number]
  return (
    [
      [0, 0, 0],
      [x, 0, 0],
      [0, y, 0],
      [0, 0, z],
    ] as const
  ).every(corner => {
    const [one, other] = [voxelToPatient(a, corner), voxelToPatient(b, corner)]
    return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]) <= SAME_MM
  })
}
