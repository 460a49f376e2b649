import { dot, type ImagePlane, imageToPatient, type Point3 } from '../../../shared/viewing/geometry.ts'
import type { SampledPlane } from '../../../shared/viewing/segmenting/labels.ts'
import type { Pane } from '../pane.ts'
import { planeOf, planesOf } from '../space.ts'
import type { Work } from './work.ts'

/** What of a segmentation a pane's picture is: one of its slices, or a plane through them. */
export type View = { slice: number } | { plane: SampledPlane }

/** Of what is on the pane's screen; undefined where it shows none of it. */
export function viewOf(work: Work, pane: Pane): View | undefined {
  const { stack, shown } = pane.state.getState()
  const entry = stack?.entries[shown ?? -1]
  if (stack === undefined || entry === undefined || shown === undefined) return undefined
  const slice = work.slices.get(entry.imageId)
  if (slice !== undefined) return { slice }
  const plane = planeOf(stack, shown)
  if (plane === undefined) return undefined
  const same = sliceAt(work, plane)
  if (same !== undefined) return { slice: same }
  const cut = cutOf(work, plane)
  return cut && { plane: cut }
}

function planesOfWork({ stack }: Work): Array<ImagePlane | undefined> {
  return planesOf(stack).filter((_, index) => stack.entries[index]?.unshowable === undefined)
}

/** Pixels that two planes may differ by and be one: files round. */
const SAME = 0.02

/** The slice that lies exactly on a plane, pixel on pixel; undefined where none does. */
export function sliceAt(work: Work, plane: ImagePlane): number | undefined {
  const found = planesOfWork(work).findIndex(own => own !== undefined && isSamePlane(own, plane))
  return found === -1 ? undefined : found
}

function isSamePlane(a: ImagePlane, b: ImagePlane): boolean {
  if (a.FrameOfReferenceUID !== b.FrameOfReferenceUID || a.Rows !== b.Rows || a.Columns !== b.Columns) return false
  const least = Math.min(a.rowSpacing, a.columnSpacing)
  // All four corners: position, orientation and spacing in one.
  return (
    [
      [0, 0],
      [a.Columns, 0],
      [0, a.Rows],
      [a.Columns, a.Rows],
    ] as const
  ).every(corner => {
    const [p, q] = [imageToPatient(a, corner), imageToPatient(b, corner)]
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) < SAME * least
  })
}

/** How a plane cuts the voxels; undefined where they are no even stack, or lie in another space. */
function cutOf(work: Work, plane: ImagePlane): SampledPlane | undefined {
  const { sliceSpacing, slices } = work.map.grid
  const planes = planesOfWork(work)
  const [first, last] = [planes[0], planes.at(-1)]
  if (sliceSpacing === undefined || slices < 2 || first === undefined || last === undefined) return undefined
  if (first.FrameOfReferenceUID !== plane.FrameOfReferenceUID) return undefined
  const way = minus(last.position, first.position)
  const step = dot(way, first.normal) / (slices - 1)
  // Slices that are shifted against one another (a tilted gantry) are no box of voxels.
  const [along, down] = [dot(way, first.row) / first.columnSpacing, dot(way, first.column) / first.rowSpacing]
  if (Math.hypot(along, down) > 0.5) return undefined
  const voxel = (vector: Point3): Point3 => [
    dot(vector, first.row) / first.columnSpacing,
    dot(vector, first.column) / first.rowSpacing,
    dot(vector, first.normal) / step,
  ]
  const times = ([x, y, z]: Point3, factor: number): Point3 => [x * factor, y * factor, z * factor]
  return {
    columns: plane.Columns,
    rows: plane.Rows,
    origin: voxel(minus(plane.position, first.position)),
    across: voxel(times(plane.row, plane.columnSpacing)),
    down: voxel(times(plane.column, plane.rowSpacing)),
  }
}

function minus(a: Point3, b: Point3): Point3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
