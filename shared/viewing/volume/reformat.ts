import { cross, dot, type ImagePlane, type Point3 } from '../geometry.ts'
import { type VolumeGrid, voxelToPatient } from './grid.ts'

export type ReformatName = 'axial' | 'coronal' | 'sagittal'
export const REFORMATS: readonly ReformatName[] = ['axial', 'coronal', 'sagittal']

/** How planes are turned in the patient: unit vectors along a row, along a column, and the way the planes are paged. */
export interface Axes {
  row: Point3
  column: Point3
  pages: Point3
}

/** The patient's own: feet below, or front above; paged from head to feet, front to back, right to left. */
export const PATIENT_AXES: Readonly<Record<ReformatName, Axes>> = {
  axial: { row: [1, 0, 0], column: [0, 1, 0], pages: [0, 0, -1] },
  coronal: { row: [1, 0, 0], column: [0, 0, -1], pages: [0, 1, 0] },
  sagittal: { row: [0, 1, 0], column: [0, 0, -1], pages: [1, 0, 0] },
}

/** A pixel is made larger before a picture gets wider than this. */
const MOST_PIXELS = 1024
const MOST_PLANES = 4096
/** cos 1°: a step of the grid that lies so near to the normal gives the planes their distance. */
const ALONG = Math.cos(Math.PI / 180)

/** Parallel planes through a volume, as large as it needs. */
export interface PlaneStack {
  count: number
  /** mm from one to the next. */
  spacing: number
  /** The plane of a page, 0 to `count` − 1. */
  plane(page: number): ImagePlane
  /** The page nearest to a point, within the stack. */
  page(point: Point3): number
}

/**
 * The planes that show a whole volume one after the other, turned as `axes` say. One of them goes through `anchor`, whose
 * projection is a pixel's centre: with a voxel's centre for it, planes along the grid show the voxels as they are.
 */
export function planesThrough(grid: VolumeGrid, axes: Axes, anchor: Point3 = grid.origin): PlaneStack {
  const { row, column, pages } = axes
  const lengths = grid.steps.map(step => Math.hypot(...step))
  const steep = grid.steps.findIndex((step, axis) => Math.abs(dot(step, pages)) >= ALONG * lengths[axis]!)
  const finest = Math.min(...lengths)
  const edges = cornersOf(grid, 0.5)
  const [left, right] = extentOf(edges, row, anchor)
  const [above, below] = extentOf(edges, column, anchor)
  const pixel = Math.max(finest, (right - left) / MOST_PIXELS, (below - above) / MOST_PIXELS)
  const [front, back] = extentOf(cornersOf(grid, 0), pages, anchor)
  const spacing = Math.max(
    steep === -1 ? pixel : Math.abs(dot(grid.steps[steep]!, pages)),
    (back - front) / (MOST_PLANES - 1),
  )
  const [firstColumn, Columns] = centresIn(left, right, pixel)
  const [firstRow, Rows] = centresIn(above, below, pixel)
  const [firstPage, count] = centresIn(front, back, spacing)
  const normal = cross(row, column)
  const common = { FrameOfReferenceUID: grid.FrameOfReferenceUID, row, column, normal, Rows, Columns }
  return {
    count,
    spacing,
    plane: page => {
      const [x, y, z] = [firstColumn * pixel, firstRow * pixel, (firstPage + page) * spacing]
      const at = (axis: 0 | 1 | 2) => anchor[axis] + row[axis] * x + column[axis] * y + pages[axis] * z
      return { ...common, rowSpacing: pixel, columnSpacing: pixel, position: [at(0), at(1), at(2)] }
    },
    page: point => {
      const far = dot([point[0] - anchor[0], point[1] - anchor[1], point[2] - anchor[2]], pages)
      return Math.max(0, Math.min(count - 1, Math.round(far / spacing) - firstPage))
    },
  }
}

/** Turned about a unit vector by an angle (radians, right hand). */
export function turnedAxes({ row, column, pages }: Axes, about: Point3, angle: number): Axes {
  const turn = (vector: Point3) => turned(vector, about, angle)
  return { row: turn(row), column: turn(column), pages: turn(pages) }
}

/** Rodrigues' formula. */
function turned(vector: Point3, about: Point3, angle: number): Point3 {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  const aside = cross(about, vector)
  const along = dot(about, vector) * (1 - cosine)
  const part = (axis: 0 | 1 | 2) => vector[axis] * cosine + aside[axis] * sine + about[axis] * along
  return [part(0), part(1), part(2)]
}

/** Of the block of voxels, `beyond` steps outside the centres of its outermost. */
function cornersOf(grid: VolumeGrid, beyond: number): Point3[] {
  const [x, y, z] = grid.size.map(size => [-beyond, size - 1 + beyond]) as [number[], number[], number[]]
  return x.flatMap(i => y.flatMap(j => z.map(k => voxelToPatient(grid, [i, j, k]))))
}

function extentOf(corners: Point3[], direction: Point3, anchor: Point3): [number, number] {
  const at = corners.map(corner => dot(corner, direction) - dot(anchor, direction))
  return [Math.min(...at), Math.max(...at)]
}

/** The first multiple of `step` within the extent, and how many there are; at least one. */
function centresIn(from: number, to: number, step: number): [first: number, count: number] {
  // A hair: rounding takes no plane away, and half a pixel at both edges gives none more.
  const first = Math.ceil(from / step - 1e-6)
  const last = Math.max(first, Math.ceil(to / step + 1e-6) - 1)
  return [first, last - first + 1]
}
