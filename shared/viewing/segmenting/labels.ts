import type { Point3 } from '../geometry.ts'

/** The voxels of a display set's own frames: what is drawn on it is drawn on these. */
export interface LabelGrid {
  columns: number
  rows: number
  slices: number
  /** mm between columns and between rows; where the file says nothing of them both count in pixels. */
  columnSpacing: number
  rowSpacing: number
  /** mm between slices; undefined where they are no even stack of one patient: then nothing reaches through them and nothing has a volume. */
  sliceSpacing: number | undefined
  /** Whether the distances are millimetres of the patient. */
  isMillimetres: boolean
}

/** ml of one voxel; undefined where the distances are not known. */
export function voxelVolume({ columnSpacing, rowSpacing, sliceSpacing, isMillimetres }: LabelGrid): number | undefined {
  return isMillimetres && sliceSpacing !== undefined ? (columnSpacing * rowSpacing * sliceSpacing) / 1000 : undefined
}

/** Pixels from (left, top) up to, but not with, (right, bottom). */
export interface Rect {
  left: number
  top: number
  right: number
  bottom: number
}

export function joined(a: Rect | undefined, b: Rect): Rect {
  if (a === undefined) return b
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  }
}

/** Bytes that all slices of one segmentation may take while it is worked on: 2,000 slices of 512 × 512. */
const MOST_LABEL_BYTES = 2 ** 29

/**
 * Which segment each voxel belongs to, 0 = none: a voxel is of one segment at most. Slices nobody has drawn on take no memory.
 */
export class LabelMap {
  readonly grid: LabelGrid
  readonly #slices: Array<Uint8Array | undefined>
  #bytes = 0

  constructor(grid: LabelGrid) {
    this.grid = grid
    this.#slices = new Array(grid.slices).fill(undefined)
  }

  /** Row by row; undefined where nothing was ever drawn. */
  slice(index: number): Uint8Array | undefined {
    return this.#slices[index]
  }

  /** The same, made where it is not there. Throws RangeError outside the grid, and where the map has grown too large. */
  ensure(index: number): Uint8Array {
    const here = this.#slices[index]
    if (here !== undefined) return here
    const size = this.grid.columns * this.grid.rows
    if (!(index >= 0 && index < this.grid.slices)) throw new RangeError('There is no such slice.')
    if (this.#bytes + size > MOST_LABEL_BYTES) throw new RangeError('The segmentation is too large to be drawn here.')
    this.#bytes += size
    const made = new Uint8Array(size)
    this.#slices[index] = made
    return made
  }

  /** The slices somebody has drawn on, in order. */
  drawn(): number[] {
    return this.#slices.flatMap((slice, index) => (slice === undefined ? [] : [index]))
  }
}

/** How many voxels of a slice each segment has; index = segment. */
export function countLabels(slice: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256)
  for (let i = 0; i < slice.length; i++) counts[slice[i]!]!++
  return counts
}

/** The least rectangle that holds all of a segment in a slice; undefined where it has none. */
export function boundsOf(slice: Uint8Array, columns: number, segment: number): Rect | undefined {
  const rows = slice.length / columns
  let [left, right, top, bottom] = [columns, -1, -1, -1]
  for (let y = 0; y < rows; y++) {
    const start = y * columns
    const first = slice.indexOf(segment, start)
    if (first === -1) break
    if (first >= start + columns) {
      // Straight to the row of the next one.
      y = Math.floor(first / columns) - 1
      continue
    }
    let last = start + columns - 1
    while (slice[last] !== segment) last--
    if (top === -1) top = y
    bottom = y
    left = Math.min(left, first - start)
    right = Math.max(right, last - start)
  }
  return top === -1 ? undefined : { left, top, right: right + 1, bottom: bottom + 1 }
}

/** A plane of pixels that a map is looked at on. */
export interface SampledPlane {
  columns: number
  rows: number
  /** Voxel coordinates (column, row, slice; whole numbers at centres) of the first pixel's centre, and per pixel along and down. */
  origin: Point3
  across: Point3
  down: Point3
}

/** The labels a plane cuts, each pixel that of the nearest voxel. */
export function sampleLabels(map: LabelMap, { columns, rows, origin, across, down }: SampledPlane): Uint8Array {
  const found = new Uint8Array(columns * rows)
  const { columns: width, rows: height } = map.grid
  for (let y = 0; y < rows; y++) {
    let x0 = origin[0] + y * down[0] + 0.5
    let y0 = origin[1] + y * down[1] + 0.5
    let z0 = origin[2] + y * down[2] + 0.5
    for (let x = 0; x < columns; x++, x0 += across[0], y0 += across[1], z0 += across[2]) {
      if (x0 < 0 || y0 < 0 || z0 < 0 || x0 >= width || y0 >= height) continue
      const slice = map.slice(Math.floor(z0))
      if (slice !== undefined) found[y * columns + x] = slice[Math.floor(y0) * width + Math.floor(x0)]!
    }
  }
  return found
}
