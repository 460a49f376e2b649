import { type ImagePlane, imageToPatient, type Point3 } from '../geometry.ts'
import { patientToVoxel, type Volume } from './grid.ts'
import { addTo, freeLine, keepGreater, keepLess, lineOfFour, lineOfOne } from './sampleLines.ts'

/** What is made of the samples through a slab: the brightest, the darkest, or their mean. */
export type SlabMode = 'MIP' | 'MinIP' | 'average'

/** A plane with a thickness, mm, half of it to each side. */
export interface Slab {
  mode: SlabMode
  thickness: number
}

/** A volume that is still being filled: `here[k]` is 1 once slice k is. */
export interface PartialVolume extends Volume {
  here?: Uint8Array
}

/** A picture of the same plane that was made when fewer slices were here. */
export interface EarlierPicture {
  pixels: Int16Array | Float32Array
  /** What was here then. */
  here: Uint8Array
  outside: number
}

/** Steps this small lead along no direction. */
const NO_STEP = 1e-9

/**
 * The values of a volume on a plane, linear between the eight voxels around each point; row by row, so that whoever calls can
 * stop in between. A voxel reaches half a step beyond its centre; what lies farther out, or on a slice that is not here, is
 * `outside`. Values are the volume's own (before slope and intercept).
 */
export class PlaneSampler {
  readonly pixels: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>
  readonly #volume: PartialVolume
  /** Undefined where every slice is here. */
  readonly #here: Uint8Array | undefined
  readonly #plane: ImagePlane
  readonly #outside: number
  readonly #mode: SlabMode
  readonly #earlier: EarlierPicture | undefined
  /** Voxel coordinates of the first pixel's centre, and from a pixel to the next in its row, in its column. */
  readonly #start: Point3
  readonly #across: Point3
  readonly #down: Point3
  /** From the plane to the slab's layers. */
  readonly #layers: Point3[]
  readonly #line: Float64Array
  readonly #gathered: Float64Array
  readonly #count: Float64Array

  /**
   * @param outside fits Int16 where the volume's values do
   * @param earlier rows that nothing has come for since are taken from it
   */
  constructor(
    volume: PartialVolume,
    plane: ImagePlane,
    slab: Slab | undefined,
    outside: number,
    earlier?: EarlierPicture,
  ) {
    const { Columns, Rows, row, column, normal, position, columnSpacing, rowSpacing } = plane
    this.#volume = volume
    this.#here = volume.here?.includes(0) ? volume.here : undefined
    this.#plane = plane
    this.#outside = outside
    this.#mode = slab?.mode ?? 'average'
    const whole = volume.values instanceof Int16Array || volume.values.BYTES_PER_ELEMENT === 1
    this.pixels = whole ? new Int16Array(Rows * Columns) : new Float32Array(Rows * Columns)
    const fits = earlier?.pixels.length === this.pixels.length && earlier.outside === outside
    this.#earlier = fits ? earlier : undefined
    const toVoxel = patientToVoxel(volume.grid)
    this.#start = toVoxel(position)
    const from = this.#start
    const stepOf = (direction: Point3, mm: number): Point3 => {
      const [x, y, z] = toVoxel([
        position[0] + direction[0] * mm,
        position[1] + direction[1] * mm,
        position[2] + direction[2] * mm,
      ])
      return [x - from[0], y - from[1], z - from[2]]
    }
    this.#across = stepOf(row, columnSpacing)
    this.#down = stepOf(column, rowSpacing)
    this.#layers = layerOffsets(volume, slab, Math.min(columnSpacing, rowSpacing)).map(mm => stepOf(normal, mm))
    this.#line = new Float64Array(Columns)
    this.#gathered = new Float64Array(Columns)
    this.#count = new Float64Array(Columns)
  }

  /** Fills the rows from `from` up to `to`. */
  rows(from: number, to: number): void {
    for (let y = from; y < to; y++) if (!this.#takeEarlier(y)) this.#row(y)
  }

  /** Copies a row of the picture before, where no slice that it is made of has come since. */
  #takeEarlier(y: number): boolean {
    if (this.#earlier === undefined || this.#volume.here === undefined) return false
    const { pixels, here } = this.#earlier
    const { Columns } = this.#plane
    const span = this.#across[2] * (Columns - 1)
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const [, , c] of this.#layers) {
      const at = this.#start[2] + y * this.#down[2] + c
      low = Math.min(low, at, at + span)
      high = Math.max(high, at, at + span)
    }
    const last = Math.min(here.length - 1, Math.floor(high) + 1)
    for (let k = Math.max(0, Math.ceil(low) - 1); k <= last; k++) if (this.#volume.here[k] !== here[k]) return false
    this.pixels.set(pixels.subarray(y * Columns, (y + 1) * Columns), y * Columns)
    return true
  }

  #row(y: number): void {
    const [startA, startB, startC] = this.#start
    const [downA, downB, downC] = this.#down
    const line = this.#line
    const gathered = this.#gathered
    const count = this.#count
    const mode = this.#mode
    gathered.fill(mode === 'average' ? 0 : mode === 'MIP' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
    count.fill(0)
    for (const [a, b, c] of this.#layers) {
      const [first, end] = this.#sampleLine(startA + y * downA + a, startB + y * downB + b, startC + y * downC + c)
      if (mode === 'average') addTo(gathered, count, line, first, end)
      else if (mode === 'MIP') keepGreater(gathered, line, first, end)
      else keepLess(gathered, line, first, end)
    }
    const { Columns } = this.#plane
    const row = this.pixels.subarray(y * Columns, (y + 1) * Columns)
    if (mode === 'average') for (let x = 0; x < Columns; x++) gathered[x]! /= count[x]!
    // Where there was nothing: 0 / 0, or infinite still.
    for (let x = 0; x < Columns; x++) if (!Number.isFinite(gathered[x]!)) gathered[x] = this.#outside
    if (row instanceof Int16Array) for (let x = 0; x < Columns; x++) gathered[x] = Math.round(gathered[x]!)
    row.set(gathered)
  }

  /** Samples into `#line` what lies in the volume, from this voxel on; returns the first pixel and one past the last. */
  #sampleLine(a0: number, b0: number, c0: number): [number, number] {
    const { size } = this.#volume.grid
    const across = this.#across
    const { Columns } = this.#plane
    const from = [a0, b0, c0] as const
    // A hair more than half a step, so that rounding cuts nothing of a plane that lies on the edge.
    const [first, end] = clipped([0, Columns], from, across, axis => [-0.500001, size[axis] - 0.499999])
    if (first >= end) return [0, 0]
    const [moveA, moveB, moveC] = across.map(step => Math.abs(step) > NO_STEP) as [boolean, boolean, boolean]
    if (moveA && !moveB && !moveC) this.#alongAxis(0, from, first, end)
    else if (moveB && !moveA && !moveC) this.#alongAxis(1, from, first, end)
    else if (this.#here === undefined) {
      // Between the outermost centres nothing has to be held back.
      const inner = clipped([first, end], from, across, axis => [0, size[axis] - 1 - 1e-6])
      const [innerFirst, innerEnd] = inner[0] < inner[1] ? inner : [end, end]
      this.#held(from, first, innerFirst)
      freeLine(this.#volume, this.#line, innerFirst, innerEnd, [from, across])
      this.#held(from, innerEnd, end)
    } else this.#held(from, first, end)
    return [first, end]
  }

  /** A line of voxels' own direction (0 along rows, 1 along columns): what is between the others is the same all along it. */
  #alongAxis(axis: 0 | 1, from: Point3, first: number, end: number): void {
    const { grid, values } = this.#volume
    const { size } = grid
    const strides = [1, size[0], size[0] * size[1]] as const
    const other = axis === 0 ? 1 : 0
    const [otherAt, otherPart] = between(from[other], size[other])
    const [k, part] = between(from[2], size[2])
    const line = this.#line
    const here = this.#here
    if (here !== undefined && ((part < 0.999 && here[k] === 0) || (part > 0.001 && here[k + 1] === 0))) {
      line.fill(Number.NaN, first, end)
      return
    }
    const base = otherAt * strides[other] + k * strides[2]
    const way = { start: from[axis], step: this.#across[axis], last: size[axis] - 1, base, stride: strides[axis] }
    // On the voxels' own plane there is one row of them, not four.
    if (otherPart === 0 && part === 0) lineOfOne(values, line, first, end, way)
    else {
      const [beside, above] = [strides[other], strides[2]]
      lineOfFour(values, line, first, end, way, [beside, above], [otherPart, part])
    }
  }

  /** Any line: beyond the outermost centres their values, not a number on slices that are not here. */
  #held([a0, b0, c0]: Point3, first: number, end: number): void {
    const { grid, values } = this.#volume
    const [sizeA, sizeB, sizeC] = grid.size
    const [stepA, stepB, stepC] = this.#across
    const line = this.#line
    const slice = sizeA * sizeB
    const here = this.#here
    for (let x = first; x < end; x++) {
      const [i, a] = between(a0 + x * stepA, sizeA)
      const [j, b] = between(b0 + x * stepB, sizeB)
      const [k, c] = between(c0 + x * stepC, sizeC)
      if (here !== undefined && ((c < 0.999 && here[k] === 0) || (c > 0.001 && here[k + 1] === 0))) {
        line[x] = Number.NaN
        continue
      }
      const at = k * slice + j * sizeA + i
      const low00 = values[at]!
      const low10 = values[at + sizeA]!
      const low0 = low00 + (values[at + 1]! - low00) * a
      const low1 = low10 + (values[at + sizeA + 1]! - low10) * a
      const low = low0 + (low1 - low0) * b
      const above = at + slice
      const high00 = values[above]!
      const high10 = values[above + sizeA]!
      const high0 = high00 + (values[above + 1]! - high00) * a
      const high1 = high10 + (values[above + sizeA + 1]! - high10) * a
      line[x] = low + (high0 + (high1 - high0) * b - low) * c
    }
  }
}

/** mm of a slab's layers from its plane: no farther apart than the voxels, or the pixels where those are coarser. */
function layerOffsets({ grid }: PartialVolume, slab: Slab | undefined, pixel: number): number[] {
  const finest = Math.max(Math.min(...grid.steps.map(step => Math.hypot(...step))), pixel * 0.999)
  const thickness = slab?.thickness ?? 0
  const layers = Math.max(1, Math.ceil(thickness / finest - 1e-6))
  return Array.from({ length: layers }, (_, n) => ((n + 0.5) / layers - 0.5) * thickness)
}

/** Points that a picture of a plane is made of. */
export function samplesIn(volume: PartialVolume, plane: ImagePlane, slab: Slab | undefined): number {
  const { Rows, Columns, rowSpacing, columnSpacing } = plane
  return Rows * Columns * layerOffsets(volume, slab, Math.min(columnSpacing, rowSpacing)).length
}

/** Whether a slice that a picture of a plane is made of is here now and was not then. */
export function reachesNew(
  volume: PartialVolume,
  plane: ImagePlane,
  slab: Slab | undefined,
  then: Uint8Array,
): boolean {
  const { here } = volume
  if (here === undefined) return false
  const [first, last] = slicesIn(volume, plane, slab)
  for (let k = first; k <= last; k++) if (here[k] !== then[k]) return true
  return false
}

/** The first and the last slice that a picture of a plane is made of; the first is greater where there is none. */
export function slicesIn({ grid }: Volume, plane: ImagePlane, slab: Slab | undefined): [first: number, last: number] {
  const toVoxel = patientToVoxel(grid)
  const half = (slab?.thickness ?? 0) / 2
  const { Columns, Rows, normal } = plane
  const along = [
    [0, 0],
    [Columns, 0],
    [0, Rows],
    [Columns, Rows],
  ].flatMap(([x, y]) => {
    const [px, py, pz] = imageToPatient(plane, [x!, y!])
    return [-half, half].map(mm => toVoxel([px + normal[0] * mm, py + normal[1] * mm, pz + normal[2] * mm])[2])
  })
  // A hair: a plane in a slice's middle is made of no other.
  const first = Math.max(0, Math.floor(Math.min(...along) + 1e-3))
  return [first, Math.min(grid.size[2] - 1, Math.ceil(Math.max(...along) - 1e-3))]
}

/** The voxel below, of two that exist, and the part of the way to the one above; held between the outermost centres. */
function between(at: number, size: number): [number, number] {
  const held = at < 0 ? 0 : Math.min(at, size - 1)
  const below = Math.min(held | 0, size - 2)
  return [below, held - below]
}

/** What of the points `[first, end)` of a line lies within the limits of each axis. */
function clipped(
  [first, end]: readonly [number, number],
  from: Point3,
  steps: Point3,
  limits: (axis: 0 | 1 | 2) => readonly [number, number],
): [number, number] {
  let [one, past] = [first, end]
  for (const axis of [0, 1, 2] as const) {
    const [low, high] = limits(axis)
    const step = steps[axis]
    if (Math.abs(step) < 1e-12) {
      if (from[axis] < low || from[axis] > high) return [first, first]
      continue
    }
    const [a, b] = [(low - from[axis]) / step, (high - from[axis]) / step]
    one = Math.max(one, Math.ceil(Math.min(a, b)))
    past = Math.min(past, Math.floor(Math.max(a, b)) + 1)
  }
  return [one, Math.max(one, past)]
}

/** A plane with pixels `by` times as large, over the same picture. */
export function coarserPlane(plane: ImagePlane, by: number): ImagePlane {
  const { position, row, column, rowSpacing, columnSpacing, Rows, Columns } = plane
  const aside = ((by - 1) / 2) * columnSpacing
  const down = ((by - 1) / 2) * rowSpacing
  const at = (axis: 0 | 1 | 2) => position[axis] + row[axis] * aside + column[axis] * down
  return {
    ...plane,
    position: [at(0), at(1), at(2)],
    rowSpacing: rowSpacing * by,
    columnSpacing: columnSpacing * by,
    Rows: Math.ceil(Rows / by),
    Columns: Math.ceil(Columns / by),
  }
}

/** The pixels of a coarser plane, each as often as it stands for pixels of the plane. */
export function spreadOut<T extends Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>>(
  pixels: T,
  { Rows, Columns }: ImagePlane,
  by: number,
): T {
  const across = Math.ceil(Columns / by)
  const out = (pixels instanceof Int16Array ? new Int16Array(Rows * Columns) : new Float32Array(Rows * Columns)) as T
  for (let y = 0; y < Rows; y++) {
    const at = y * Columns
    if (y % by !== 0) {
      out.copyWithin(at, at - Columns, at)
      continue
    }
    const base = (y / by) * across
    for (let x = 0; x < Columns; x++) out[at + x] = pixels[base + Math.floor(x / by)]!
  }
  return out
}
