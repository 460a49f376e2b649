import type { Samples } from '../../shared/viewing/samples.ts'
import type { Matrix, Size } from '../../shared/viewing/view.ts'
import { kernel, placeBlocks } from './paintKernel.ts'

/**
 * The CPU path's picture: resampled in modality values, then through the display table (look: linear on the stored values
 * before the window; area-filtered below 1:1). The image's axes lie along the screen's, so both are resampled one after
 * the other: a source row once along its columns, then rows are blended.
 */
export interface Raster {
  pixels: Samples
  columns: number
  rows: number
  components: 1 | 3
}

/** Display words (RGBA in memory order) for values from `first` on, `steps` entries a unit. */
export interface DisplayTable {
  words: Uint32Array
  first: number
  steps: number
}

export const BLACK = 0xff000000

/** One image axis on the screen: for each device pixel which source samples it takes, and how much of each. */
interface Axis {
  /** First device pixel and how many. */
  from: number
  count: number
  /** Words between neighbours in the output. */
  stride: number
  /** First source sample of each device pixel, and how many from there (`taps` of weight each). */
  start: Int32Array
  taps: Int32Array
  /** `widest` weights a device pixel. */
  weights: Float64Array
  widest: number
  /** Every device pixel takes one sample, whole. */
  exact: boolean
}

/** The device pixels of one axis, first and one past the last, whose centres lie in the image. */
export function coveredBy(samples: number, scale: number, offset: number, extent: number): [from: number, to: number] {
  const ends = [offset, offset + scale * samples]
  const from = Math.min(extent, Math.max(0, Math.ceil(Math.min(...ends) - 0.5)))
  const to = Math.min(extent, Math.ceil(Math.max(...ends) - 0.5))
  return [from, Math.max(from, to)]
}

/**
 * @param scale device pixels for one sample; negative when the axis runs backwards
 * @param offset device position of the sample's axis origin
 */
function axisOf(
  samples: number,
  scale: number,
  offset: number,
  extent: number,
  stride: number,
  nearest: boolean,
): Axis {
  const [from, to] = coveredBy(samples, scale, offset, extent)
  const count = to - from
  const size = Math.abs(scale)
  const aligned = size === 1 && Number.isInteger(offset)
  const exact = nearest || aligned
  const widest = exact ? 1 : size >= 1 ? 2 : Math.ceil(1 / size) + 1
  const start = new Int32Array(count)
  const taps = new Int32Array(count)
  const weights = new Float64Array(count * widest)
  for (let i = 0; i < count; i++) {
    const at = (from + i + 0.5 - offset) / scale
    if (exact) {
      start[i] = Math.max(0, Math.min(samples - 1, Math.floor(at)))
      taps[i] = 1
      weights[i] = 1
    } else if (size >= 1) {
      const low = Math.max(0, Math.min(samples - 1, at - 0.5))
      const first = Math.min(Math.floor(low), Math.max(0, samples - 2))
      start[i] = first
      taps[i] = Math.min(2, samples)
      weights[2 * i] = 1 - (low - first)
      weights[2 * i + 1] = low - first
    } else {
      const half = 0.5 / size
      const [lower, upper] = [Math.max(0, at - half), Math.min(samples, at + half)]
      const first = Math.floor(lower)
      const last = Math.min(samples, Math.ceil(upper))
      start[i] = first
      taps[i] = Math.min(widest, last - first)
      for (let k = 0; k < taps[i]!; k++) {
        const covered = Math.min(upper, first + k + 1) - Math.max(lower, first + k)
        weights[i * widest + k] = covered / (upper - lower)
      }
    }
  }
  return { from, count, stride, start, taps, weights, widest, exact }
}

/** The part of the screen an image covers: outside of it nothing is written. */
export interface Covered {
  left: number
  top: number
  right: number
  bottom: number
}

/**
 * Paints `raster` through `matrix` (image to device) into `out`, `size.width` words a row. Colour images (3 components) are
 * shown as they are and need no table.
 */
export function paint(
  raster: Raster,
  matrix: Matrix,
  table: DisplayTable | undefined,
  out: Uint32Array,
  size: Size,
  nearest: boolean,
): Covered {
  const { a, b, c, d, e, f } = matrix
  const turned = a === 0
  const { width, height } = size
  const across = turned
    ? axisOf(raster.columns, b, f, height, width, nearest)
    : axisOf(raster.columns, a, e, width, 1, nearest)
  const down = turned ? axisOf(raster.rows, c, e, width, 1, nearest) : axisOf(raster.rows, d, f, height, width, nearest)
  if (table !== undefined && across.exact && down.exact) paintExact(raster, across, down, table, out)
  else if (across.count > 0 && down.count > 0) paintBlended(raster, across, down, table, out)
  const [x, y] = turned ? [down, across] : [across, down]
  return { left: x.from, top: y.from, right: x.from + x.count, bottom: y.from + y.count }
}

function paintExact(raster: Raster, across: Axis, down: Axis, table: DisplayTable, out: Uint32Array): void {
  const { pixels, columns } = raster
  const { words, first, steps } = table
  const last = words.length - 1
  const { start, count, stride } = across
  const offset = 0.5 - first * steps
  for (let j = 0; j < down.count; j++) {
    const row = down.start[j]! * columns
    let at = (down.from + j) * down.stride + across.from * stride
    for (let i = 0; i < count; i++) {
      let index = (pixels[row + start[i]!]! * steps + offset) | 0
      if (index < 0) index = 0
      else if (index > last) index = last
      out[at] = words[index]!
      at += stride
    }
  }
}

/**
 * Resampled by the kernel, row by row: a source row once along its columns, then each device row from the lines it lies between
 * or under.
 */
function paintBlended(
  raster: Raster,
  across: Axis,
  down: Axis,
  table: DisplayTable | undefined,
  out: Uint32Array,
): void {
  const { pixels, columns, components } = raster
  const { count, widest, exact } = across
  const even = count + (count % 2)
  const words = table?.words
  const at = placeBlocks({
    row: 8 * (columns + 1),
    starts: 4 * even,
    taps: 4 * even,
    weights: 8 * even * widest,
    // Two lines are kept: neighbours share one, whichever way the axis runs.
    line0: 8 * even * components,
    line1: 8 * even * components,
    sum: 8 * even * components,
    table: 4 * (words?.length ?? 0),
    out: 4 * even,
  })
  const { buffer } = kernel.memory
  const row = new Float64Array(buffer, at.row, columns + 1)
  const sum = new Float64Array(buffer, at.sum, even * components)
  const drawn = new Uint32Array(buffer, at.out, count)
  const starts = new Int32Array(buffer, at.starts, even)
  starts[even - 1] = 0
  starts.set(across.start)
  new Int32Array(buffer, at.taps, count).set(across.taps)
  const weights = new Float64Array(buffer, at.weights, even * widest)
  if (widest === 2) for (let i = 0; i < count; i++) weights[i] = across.weights[2 * i + 1]!
  else weights.set(across.weights)
  if (words !== undefined) new Uint32Array(buffer, at.table, words.length).set(words)

  const resample = (source: number, component: number, line: number) => {
    const from = source * columns * components
    if (components === 1) row.set(pixels.subarray(from, from + columns))
    else for (let i = 0; i < columns; i++) row[i] = pixels[from + i * components + component]!
    // The last sample has no second: its own value stands in.
    row[columns] = row[columns - 1]!
    if (exact) {
      const picked = new Float64Array(buffer, line, count)
      for (let i = 0; i < count; i++) picked[i] = row[across.start[i]!]!
    } else if (widest === 2) kernel.lerpRow(at.row, at.starts, at.weights, line, line + 8 * count)
    else kernel.sumRow(at.row, at.starts, at.taps, at.weights, 8 * widest, line, line + 8 * count)
  }
  const kept = [at.line0, at.line1] as const
  const rowOf = [-1, -1]
  let turn: 0 | 1 = 0
  const lineOf = (source: number): number => {
    if (rowOf[0] === source) return kept[0]
    if (rowOf[1] === source) return kept[1]
    turn = turn === 0 ? 1 : 0
    rowOf[turn] = source
    for (let component = 0; component < components; component++) {
      resample(source, component, kept[turn] + 8 * even * component)
    }
    return kept[turn]
  }
  const write = (low: number, high: number, part: number, deviceRow: number) => {
    const end = at.out + 4 * count
    if (table === undefined) kernel.colourWords(low, high, 8 * even, part, at.out, end)
    else {
      const { first, steps } = table
      const last = table.words.length - 1
      kernel.greyWords(low, high, part, steps, 0.5 - first * steps, at.table, last, at.out, end)
    }
    const start = (down.from + deviceRow) * down.stride + across.from * across.stride
    if (across.stride === 1) out.set(drawn, start)
    else for (let i = 0; i < count; i++) out[start + i * across.stride] = drawn[i]!
  }
  for (let j = 0; j < down.count; j++) {
    const first = down.start[j]!
    const taps = down.taps[j]!
    if (down.widest <= 2) {
      const part = taps === 2 ? down.weights[2 * j + 1]! : 0
      const low = lineOf(first)
      write(low, part === 0 ? low : lineOf(first + 1), part, j)
    } else {
      sum.fill(0)
      for (let k = 0; k < taps; k++) {
        kernel.addLine(lineOf(first + k), down.weights[j * down.widest + k]!, at.sum, at.sum + 8 * even * components)
      }
      write(at.sum, at.sum, 0, j)
    }
  }
}
