import { judgeSpacing, placesOf } from '../displaySetSpacing.ts'
import { cross, dot, type ImagePlane, imagePlane, imageToPatient, type Point3, parallel } from '../geometry.ts'
import { rescale } from '../grey.ts'
import type { ImageAttributes } from '../image.ts'
import { type VolumeGrid, voxelToPatient } from './grid.ts'

/** From two slices of a grid: `(1 - part) * from + part * to`; one frame as it is where they are the same. */
export interface SliceSource {
  /** Indices into the frames that were given. */
  from: number
  to: number
  part: number
}

/** How frames become a volume, before a single pixel is here. */
export interface VolumePlan {
  grid: VolumeGrid
  slices: SliceSource[]
  type: 'Int16' | 'Uint16' | 'Float32'
  /** What makes modality values of the voxels; 1 and 0 where frames differ in it: then voxels are modality values. */
  slope: number
  intercept: number
  /** Columns and rows of a frame for one voxel, and slices: 1 unless memory did not allow it. */
  decimation: { inPlane: number; slices: number }
  /** The slices stood unevenly and were interpolated to an even grid. */
  resampled: boolean
  /** Degrees between the slices' normal and the way from one to the next; 0 where that is under a pixel in all. */
  tilt: number
}

/** Why frames make no volume, in words for the reader. */
export interface VolumeRefusal {
  refusal: string
}

/** Fewer say nothing of a third direction. */
const FEWEST_SLICES = 4
/** Of an uneven stack: slices are not interpolated to more than so many times as many. */
const MOST_FILLED_IN = 4
/** Tried in turn until the volume fits: what of the frames is left out. */
const DECIMATIONS = [
  { inPlane: 1, slices: 1 },
  { inPlane: 2, slices: 1 },
  { inPlane: 2, slices: 2 },
  { inPlane: 4, slices: 2 },
  { inPlane: 4, slices: 4 },
] as const

/** Bytes a plan's voxels take. */
export function bytesOf({ grid, type }: Pick<VolumePlan, 'grid' | 'type'>): number {
  const [x, y, z] = grid.size
  return x * y * z * (type === 'Float32' ? 4 : 2)
}

/**
 * The evenly spaced block that the frames of one display set fill, in any order they come, or why there is none. The slices may
 * be tilted against their way (a gantry: the block is sheared) and stand unevenly (interpolated along the way).
 * @param budget bytes the voxels may take
 */
export function volumePlan(frames: readonly ImageAttributes[], budget: number): VolumePlan | VolumeRefusal {
  const first = frames[0]
  if (first === undefined || frames.length < FEWEST_SLICES) {
    return refuse(`There are ${frames.length} images: a volume takes at least ${FEWEST_SLICES}.`)
  }
  if (
    frames.some(
      ({ SamplesPerPixel = 1, PhotometricInterpretation = '' }) =>
        SamplesPerPixel > 1 || PhotometricInterpretation === 'PALETTE COLOR',
    )
  ) {
    return refuse('The images are in colour.')
  }
  const planes = frames.map(imagePlane)
  const lost = planes.filter(plane => plane === undefined).length
  if (lost > 0) return refuse(`${lost} of ${frames.length} images do not say where they lie in the patient.`)
  return arranged(frames, planes as ImagePlane[], budget)
}

function refuse(refusal: string): VolumeRefusal {
  return { refusal }
}

function arranged(
  frames: readonly ImageAttributes[],
  planes: ImagePlane[],
  budget: number,
): VolumePlan | VolumeRefusal {
  const [reference] = planes as [ImagePlane, ...ImagePlane[]]
  const { row, column, normal, Rows, Columns, rowSpacing, columnSpacing } = reference
  const differs = planes.find(one => one.Rows !== Rows || one.Columns !== Columns)
  if (differs) {
    return refuse(`The images differ in size: ${Columns} × ${Rows} and ${differs.Columns} × ${differs.Rows}.`)
  }
  const apart = (a: number, b: number, pixels: number) => Math.abs(a - b) * pixels > Math.min(a, b) / 2
  if (planes.some(one => apart(one.columnSpacing, columnSpacing, Columns) || apart(one.rowSpacing, rowSpacing, Rows))) {
    return refuse('The images differ in the size of their pixels.')
  }
  if (planes.some(one => one.FrameOfReferenceUID !== reference.FrameOfReferenceUID)) {
    return refuse('The images are of different frames of reference.')
  }
  if (planes.some(one => !parallel(one.normal, normal) || dot(one.row, row) < 0.9 || dot(one.column, column) < 0.9)) {
    return refuse('The images are not parallel.')
  }
  if (Rows < 2 || Columns < 2) return refuse('The images are lines.')
  const distances = planes.map(({ position }) => dot(position, normal))
  const order = distances.map((_, index) => index).sort((a, b) => distances[a]! - distances[b]!)
  const places = placesOf(distances)
  const duplicated = frames.length - new Set(places).size
  if (duplicated > 0) {
    return refuse(`${duplicated} ${duplicated === 1 ? 'image lies' : 'images lie'} where another one is.`)
  }
  const along = order.map(index => distances[index]!)
  const { missing, uneven } = judgeSpacing(along)
  if (missing > 0) return refuse(`${missing} ${missing === 1 ? 'slice is' : 'slices are'} missing.`)
  return laid(frames, planes, order, along, uneven || drifts(along), budget)
}

/** Distances that differ by no more than rounding, each, may add up: some slice would stand a quarter of a step beside its place. */
function drifts(along: readonly number[]): boolean {
  const first = along[0]!
  const step = (along.at(-1)! - first) / (along.length - 1)
  return along.some((place, index) => Math.abs(place - first - index * step) > step / 4)
}

/** The grid of slices that are in `order`, `along` mm from the patient's origin. */
function laid(
  frames: readonly ImageAttributes[],
  planes: ImagePlane[],
  order: number[],
  along: number[],
  uneven: boolean,
  budget: number,
): VolumePlan | VolumeRefusal {
  const bottom = planes[order[0]!]!
  const top = planes[order.at(-1)!]!
  const { row, column, normal, rowSpacing, columnSpacing, Rows, Columns, FrameOfReferenceUID } = bottom
  const extent = along.at(-1)! - along[0]!
  const steps = along.length - 1
  const smallest = Math.min(...along.slice(1).map((place, i) => place - along[i]!))
  const count = uneven ? Math.round(extent / Math.max(smallest, extent / (steps * MOST_FILLED_IN))) : steps
  // Per mm of the normal: with a tilted gantry it also leads sideways.
  const [x, y, z] = bottom.position
  const way = times([top.position[0] - x, top.position[1] - y, top.position[2] - z], 1 / extent)
  const whole: VolumeGrid = {
    FrameOfReferenceUID,
    size: [Columns, Rows, count + 1],
    origin: bottom.position,
    steps: [times(row, columnSpacing), times(column, rowSpacing), times(way, extent / count)],
  }
  const most = Math.min(rowSpacing, columnSpacing) / 2
  for (const [at, index] of order.entries()) {
    const off = strays(whole, planes[index]!, ((along[at]! - along[0]!) / extent) * count)
    if (off > most) return refuse(`The images do not lie one behind the other: one is ${off.toFixed(1)} mm aside.`)
  }
  const slices = Array.from({ length: count + 1 }, (_, k): SliceSource => {
    if (!uneven) return { from: order[k]!, to: order[k]!, part: 0 }
    return between(order, along, along[0]! + (extent * k) / count)
  })
  const sideways = cross(way, normal)
  const shift = Math.hypot(...sideways) * extent
  const tilt = shift < 2 * most ? 0 : (Math.atan(Math.hypot(...sideways)) * 180) / Math.PI
  const values = valuesOf(frames)
  for (const decimation of DECIMATIONS) {
    const grid = decimated(whole, decimation)
    const kept = slices.filter((_, k) => k % decimation.slices === 0)
    if (Math.min(...grid.size) < 2 || bytesOf({ grid, ...values }) > budget) continue
    return { grid, slices: kept, ...values, decimation, resampled: uneven, tilt }
  }
  return refuse(`${Columns} × ${Rows} × ${count + 1} voxels are more than the memory takes.`)
}

/** mm that a frame's corners lie aside of where the grid has them, at the most. */
function strays(grid: VolumeGrid, plane: ImagePlane, k: number): number {
  const [columns, rows] = grid.size
  const corners = [
    [0, 0],
    [columns - 1, 0],
    [0, rows - 1],
  ] as const
  const off = corners.map(([i, j]) => {
    const wanted = voxelToPatient(grid, [i, j, k])
    const own = imageToPatient(plane, [i + 0.5, j + 0.5])
    return Math.hypot(wanted[0] - own[0], wanted[1] - own[1], wanted[2] - own[2])
  })
  return Math.max(...off)
}

function between(order: number[], along: number[], place: number): SliceSource {
  const above = Math.max(
    1,
    along.findIndex(one => one >= place - 1e-9),
  )
  const below = above - 1
  const part = (place - along[below]!) / (along[above]! - along[below]!)
  // What stands there is taken as it is.
  if (part < 1e-3) return { from: order[below]!, to: order[below]!, part: 0 }
  if (part > 1 - 1e-3) return { from: order[above]!, to: order[above]!, part: 0 }
  return { from: order[below]!, to: order[above]!, part }
}

function decimated(grid: VolumeGrid, { inPlane, slices }: VolumePlan['decimation']): VolumeGrid {
  const [x, y, z] = grid.size
  const [i, j, k] = grid.steps
  return {
    ...grid,
    size: [Math.ceil(x / inPlane), Math.ceil(y / inPlane), Math.ceil(z / slices)],
    steps: [times(i, inPlane), times(j, inPlane), times(k, slices)],
  }
}

/** The number type that holds every frame's values, and how they become modality values. */
function valuesOf(frames: readonly ImageAttributes[]): Pick<VolumePlan, 'type' | 'slope' | 'intercept'> {
  const { slope, intercept } = rescale(frames[0]!)
  const alike = frames.every(frame => {
    const own = rescale(frame)
    return frame.ModalityLUT === undefined && own.slope === slope && own.intercept === intercept
  })
  if (!alike || frames.some(({ BitsAllocated = 16 }) => BitsAllocated > 16)) {
    return { type: 'Float32', slope: 1, intercept: 0 }
  }
  const wide = ({ BitsAllocated = 16, BitsStored = BitsAllocated, PixelRepresentation = 0 }: ImageAttributes) =>
    PixelRepresentation === 0 && BitsStored > 15
  if (!frames.some(wide)) return { type: 'Int16', slope, intercept }
  if (frames.every(({ PixelRepresentation = 0 }) => PixelRepresentation === 0)) {
    return { type: 'Uint16', slope, intercept }
  }
  return { type: 'Float32', slope: 1, intercept: 0 }
}

function times(a: Point3, factor: number): Point3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor]
}
