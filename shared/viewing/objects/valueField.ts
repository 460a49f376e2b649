import { dot, type ImagePlane, imageToPatient, type Point3, patientToImage } from '../geometry.ts'
import type { Samples } from './outline.ts'

/** Values in parallel planes (a dose grid, a parametric map): any orientation, any distances between planes. */
export interface ValueField {
  /** Of the first plane, its position that plane's. */
  plane: ImagePlane
  /** mm along the normal from the first plane, ascending; the first is 0. */
  offsets: number[]
  /** Plane by plane, row by row. NaN = no value there. */
  values: Float32Array
  /** '' = a number without a unit. */
  unit: string
  max: number
}

/** The value at a place of the patient, linear in all three directions; undefined outside the voxels or where there is none. */
export function fieldSampler(field: ValueField): (point: Point3) => number | undefined {
  const { plane, offsets, values } = field
  const { Rows, Columns } = plane
  const count = offsets.length
  const size = Rows * Columns
  const step = (offsets[1] ?? 1) - (offsets[0] ?? 0)
  const lastStep = count > 1 ? offsets[count - 1]! - offsets[count - 2]! : step
  const inPlane = (k: number, column: number, row: number) => {
    const c0 = Math.min(Math.max(Math.floor(column), 0), Columns - 1)
    const r0 = Math.min(Math.max(Math.floor(row), 0), Rows - 1)
    const c1 = Math.min(c0 + 1, Columns - 1)
    const r1 = Math.min(r0 + 1, Rows - 1)
    const u = Math.min(Math.max(column - c0, 0), 1)
    const v = Math.min(Math.max(row - r0, 0), 1)
    const base = k * size
    const top = values[base + r0 * Columns + c0]! * (1 - u) + values[base + r0 * Columns + c1]! * u
    const bottom = values[base + r1 * Columns + c0]! * (1 - u) + values[base + r1 * Columns + c1]! * u
    return top * (1 - v) + bottom * v
  }
  return point => {
    const { at, distance } = patientToImage(plane, point)
    const [column, row] = [at[0] - 0.5, at[1] - 0.5]
    // A voxel reaches half a step beyond its centre.
    if (column < -0.5 || row < -0.5 || column > Columns - 0.5 || row > Rows - 0.5) return undefined
    if (distance < -step / 2 || distance > offsets[count - 1]! + lastStep / 2) return undefined
    let k = 0
    if (count > 2) {
      let [low, high] = [0, count - 1]
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (offsets[middle]! <= distance) low = middle
        else high = middle
      }
      k = low
    }
    const here = inPlane(k, column, row)
    if (count === 1) return Number.isNaN(here) ? undefined : here
    const w = Math.min(Math.max((distance - offsets[k]!) / (offsets[k + 1]! - offsets[k]!), 0), 1)
    const value =
      w === 0 ? here : w === 1 ? inPlane(k + 1, column, row) : here * (1 - w) + inPlane(k + 1, column, row) * w
    return Number.isNaN(value) ? undefined : value
  }
}

/** So many samples a side, at most: every pixel of a CT slice, every few of a larger picture. */
const MOST_SAMPLES = 640

/** The field over a picture, at its pixels' centres, no farther than the field reaches; undefined where it does not lie in it. */
export function sampleField(field: ValueField, plane: ImagePlane): Samples | undefined {
  const box = boxOn(field, plane)
  if (box === undefined) return undefined
  const [left, top, right, bottom] = box
  const step = Math.max(1, Math.ceil(Math.max(right - left, bottom - top) / MOST_SAMPLES))
  const columns = Math.floor((right - left) / step) + 1
  const rows = Math.floor((bottom - top) / step) + 1
  if (columns < 2 || rows < 2) return undefined
  const at = fieldSampler(field)
  const values = new Float32Array(columns * rows)
  let found = false
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = at(imageToPatient(plane, [left + column * step, top + row * step]))
      values[row * columns + column] = value ?? Number.NaN
      found ||= value !== undefined
    }
  }
  return found ? { values, columns, rows, left, top, step } : undefined
}

/** First and last pixel centres of the picture that the field's corners, seen along the normal, leave in question. */
function boxOn({ plane: own, offsets }: ValueField, plane: ImagePlane): [number, number, number, number] | undefined {
  const last = offsets.at(-1) ?? 0
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1]
  for (const x of [0, own.Columns]) {
    for (const y of [0, own.Rows]) {
      for (const offset of [0, last]) {
        const corner = imageToPatient(own, [x, y])
        const n = own.normal
        const { at } = patientToImage(plane, [
          corner[0] + n[0] * offset,
          corner[1] + n[1] * offset,
          corner[2] + n[2] * offset,
        ])
        left = Math.min(left, at[0])
        right = Math.max(right, at[0])
        top = Math.min(top, at[1])
        bottom = Math.max(bottom, at[1])
      }
    }
  }
  // The slice's own half thickness is seen from the side, too.
  const room = last === 0 ? 0 : (offsets[1] ?? 0) / 2 / Math.min(plane.rowSpacing, plane.columnSpacing)
  const tilted = Math.abs(dot(own.normal, plane.normal)) < 0.999 ? room : 0
  const clip = (value: number, most: number) => Math.min(Math.max(value, 0.5), most - 0.5)
  const box: [number, number, number, number] = [
    clip(Math.floor(left - tilted) + 0.5, plane.Columns),
    clip(Math.floor(top - tilted) + 0.5, plane.Rows),
    clip(Math.ceil(right + tilted) - 0.5, plane.Columns),
    clip(Math.ceil(bottom + tilted) - 0.5, plane.Rows),
  ]
  return box[2] > box[0] && box[3] > box[1] ? box : undefined
}
