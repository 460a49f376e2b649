import type { ImagePlane, Point3 } from '../geometry.ts'
import { patientToVoxel, type Volume } from './grid.ts'

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

/**
 * The values of a volume on a plane, linear between the eight voxels around each point; row by row, so that whoever calls can
 * stop in between. A voxel reaches half a step beyond its centre; what lies farther out, or on a slice that is not here, is
 * `outside`. Values are the volume's own (before slope and intercept).
 */
export class PlaneSampler {
  readonly pixels: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>
  readonly #volume: PartialVolume
  readonly #plane: ImagePlane
  readonly #outside: number
  readonly #mode: SlabMode
  /** Voxel coordinates of the first pixel's centre, and from a pixel to the next in its row, in its column. */
  readonly #start: Point3
  readonly #across: Point3
  readonly #down: Point3
  /** From the plane to the slab's layers. */
  readonly #layers: Point3[]
  readonly #line: Float64Array
  readonly #gathered: Float64Array
  readonly #count: Uint32Array

  /** @param outside fits Int16 where the volume's values do */
  constructor(volume: PartialVolume, plane: ImagePlane, slab: Slab | undefined, outside: number) {
    const { Columns, Rows, row, column, normal, position, columnSpacing, rowSpacing } = plane
    this.#volume = volume
    this.#plane = plane
    this.#outside = outside
    this.#mode = slab?.mode ?? 'average'
    const whole = volume.values instanceof Int16Array || volume.values.BYTES_PER_ELEMENT === 1
    this.pixels = whole ? new Int16Array(Rows * Columns) : new Float32Array(Rows * Columns)
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
    const finest = Math.min(...volume.grid.steps.map(step => Math.hypot(...step)))
    const thickness = slab?.thickness ?? 0
    const layers = Math.max(1, Math.ceil(thickness / finest - 1e-6))
    this.#layers = Array.from({ length: layers }, (_, n) => stepOf(normal, ((n + 0.5) / layers - 0.5) * thickness))
    this.#line = new Float64Array(Columns)
    this.#gathered = new Float64Array(Columns)
    this.#count = new Uint32Array(Columns)
  }

  /** Fills the rows from `from` up to `to`. */
  rows(from: number, to: number): void {
    for (let y = from; y < to; y++) this.#row(y)
  }

  #row(y: number): void {
    const [startA, startB, startC] = this.#start
    const [downA, downB, downC] = this.#down
    const line = this.#line
    const gathered = this.#gathered
    const count = this.#count
    const mode = this.#mode
    count.fill(0)
    for (const [a, b, c] of this.#layers) {
      const [first, end] = this.#sampleLine(startA + y * downA + a, startB + y * downB + b, startC + y * downC + c)
      for (let x = first; x < end; x++) {
        const value = line[x]!
        // Not a number: on a slice that is not here.
        if (Number.isNaN(value)) continue
        if (count[x] === 0) gathered[x] = value
        else if (mode === 'average') gathered[x]! += value
        else if (mode === 'MIP' ? value > gathered[x]! : value < gathered[x]!) gathered[x] = value
        count[x]!++
      }
    }
    const { Columns } = this.#plane
    const { pixels } = this
    const rounds = pixels instanceof Int16Array
    const isMean = mode === 'average'
    let at = y * Columns
    for (let x = 0; x < Columns; x++, at++) {
      const n = count[x]!
      if (n === 0) pixels[at] = this.#outside
      else {
        const value = isMean ? gathered[x]! / n : gathered[x]!
        pixels[at] = rounds ? Math.round(value) : value
      }
    }
  }

  /** Samples into `#line` what lies in the volume, from this voxel on; returns the first pixel and one past the last. */
  #sampleLine(a0: number, b0: number, c0: number): [number, number] {
    const { grid, values, here } = this.#volume
    const [sizeA, sizeB, sizeC] = grid.size
    const [stepA, stepB, stepC] = this.#across
    const { Columns } = this.#plane
    let first = 0
    let end = Columns
    const clip = (start: number, step: number, size: number) => {
      // A hair more than half a step, so that rounding cuts nothing of a plane that lies on the edge.
      const [low, high] = [-0.500001, size - 0.499999]
      if (Math.abs(step) < 1e-12) {
        if (start < low || start > high) end = 0
        return
      }
      const [one, other] = [(low - start) / step, (high - start) / step]
      first = Math.max(first, Math.ceil(Math.min(one, other)))
      end = Math.min(end, Math.floor(Math.max(one, other)) + 1)
    }
    clip(a0, stepA, sizeA)
    clip(b0, stepB, sizeB)
    clip(c0, stepC, sizeC)
    if (first >= end) return [0, 0]
    const line = this.#line
    const slice = sizeA * sizeB
    const [lastA, lastB, lastC] = [sizeA - 1, sizeB - 1, sizeC - 1]
    for (let x = first; x < end; x++) {
      let a = a0 + x * stepA
      let b = b0 + x * stepB
      let c = c0 + x * stepC
      a = a < 0 ? 0 : Math.min(a, lastA)
      b = b < 0 ? 0 : Math.min(b, lastB)
      c = c < 0 ? 0 : Math.min(c, lastC)
      let i = a | 0
      let j = b | 0
      let k = c | 0
      if (i === lastA) i--
      if (j === lastB) j--
      if (k === lastC) k--
      a -= i
      b -= j
      c -= k
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
    return [first, end]
  }
}
