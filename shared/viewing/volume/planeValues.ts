import { type ImagePlane, imageToPatient, type Point3 } from '../geometry.ts'
import { patientToVoxel, type Volume, type Voxel } from './grid.ts'

/** A voxel reaches half a step beyond its centre: so far out a value is the outermost one's. */
const HALF = 0.5

/**
 * The values of a volume on a plane of the same frame of reference, `columns` × `rows` points that divide the plane's picture evenly,
 * row by row: modality values, trilinear between voxels' centres; NaN outside of the volume.
 */
export function planeValues(volume: Volume, plane: ImagePlane, columns: number, rows: number): Float32Array {
  const { grid, values, slope, intercept } = volume
  const [ni, nj, nk] = grid.size
  const toVoxel = patientToVoxel(grid)
  const across = plane.Columns / columns
  const down = plane.Rows / rows
  const at = (x: number, y: number): Voxel => toVoxel(imageToPatient(plane, [x, y]) as Point3)
  const start = at(across / 2, down / 2)
  const right = difference(at(across * 1.5, down / 2), start)
  const below = difference(at(across / 2, down * 1.5), start)
  const found = new Float32Array(columns * rows)
  const slice = ni * nj
  for (let y = 0; y < rows; y++) {
    let i = start[0] + y * below[0]
    let j = start[1] + y * below[1]
    let k = start[2] + y * below[2]
    for (let x = 0; x < columns; x++, i += right[0], j += right[1], k += right[2]) {
      const to = y * columns + x
      if (!(i >= -HALF && j >= -HALF && k >= -HALF && i <= ni - HALF && j <= nj - HALF && k <= nk - HALF)) {
        found[to] = Number.NaN
        continue
      }
      const ci = i < 0 ? 0 : Math.min(i, ni - 1)
      const cj = j < 0 ? 0 : Math.min(j, nj - 1)
      const ck = k < 0 ? 0 : Math.min(k, nk - 1)
      const i0 = ci | 0
      const j0 = cj | 0
      const k0 = ck | 0
      const from = k0 * slice + j0 * ni + i0
      // At the last voxel its neighbour is itself, with no weight.
      const di = i0 < ni - 1 ? 1 : 0
      const dj = j0 < nj - 1 ? ni : 0
      const dk = k0 < nk - 1 ? slice : 0
      const fi = ci - i0
      const fj = cj - j0
      const fk = ck - k0
      const low = mix(
        mix(values[from]!, values[from + di]!, fi),
        mix(values[from + dj]!, values[from + dj + di]!, fi),
        fj,
      )
      const next = from + dk
      const high = mix(
        mix(values[next]!, values[next + di]!, fi),
        mix(values[next + dj]!, values[next + dj + di]!, fi),
        fj,
      )
      found[to] = mix(low, high, fk) * slope + intercept
    }
  }
  return found
}

function mix(a: number, b: number, part: number): number {
  return a + (b - a) * part
}

function difference(a: Voxel, b: Voxel): Voxel {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
