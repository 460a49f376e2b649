import type { Samples } from '../../shared/viewing/samples.ts'
import type { Matrix, Size } from '../../shared/viewing/view.ts'

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
  if (raster.components === 3) paintColour(raster, across, down, out)
  else if (table !== undefined && across.exact && down.exact) paintExact(raster, across, down, table, out)
  else if (table !== undefined) paintGrey(raster, across, down, table, out)
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

/** One source row along the columns: `line[i]` for each device pixel of the axis. */
function resampleRow(
  pixels: Raster['pixels'],
  row: number,
  step: number,
  axis: Axis,
  line: Float64Array,
  place: number,
): void {
  const { start, taps, weights, widest, count } = axis
  if (widest === 1) {
    for (let i = 0; i < count; i++) line[place + i] = pixels[row + start[i]! * step]!
    return
  }
  if (widest === 2) {
    for (let i = 0; i < count; i++) {
      const at = row + start[i]! * step
      const low = pixels[at]!
      // A row of one sample has no second: its weight is nothing, and so must be the value.
      const high = taps[i] === 2 ? pixels[at + step]! : low
      line[place + i] = low + (high - low) * weights[2 * i + 1]!
    }
    return
  }
  for (let i = 0; i < count; i++) {
    let at = row + start[i]! * step
    let sum = 0
    const end = i * widest + taps[i]!
    for (let k = i * widest; k < end; k++, at += step) sum += pixels[at]! * weights[k]!
    line[place + i] = sum
  }
}

/**
 * Calls `use` for each device row with the two resampled lines it lies between and how far (0 to 1) it is at the second. A
 * source row is resampled once. (Lines of 64 bits: without conversions a row takes half the time.)
 */
function blendRows(
  raster: Raster,
  across: Axis,
  down: Axis,
  use: (low: Float64Array, high: Float64Array, part: number, deviceRow: number) => void,
): void {
  const { pixels, columns, components } = raster
  const length = across.count * components
  // Two rows are kept: neighbours share one, whichever way the axis runs.
  const kept = [new Float64Array(length), new Float64Array(length)] as const
  const rowOf = [-1, -1]
  const blended = new Float64Array(length)
  let turn = 0
  const lineOf = (row: number): Float64Array => {
    if (rowOf[0] === row) return kept[0]
    if (rowOf[1] === row) return kept[1]
    turn = 1 - turn
    const line = kept[turn as 0 | 1]
    rowOf[turn] = row
    for (let component = 0; component < components; component++) {
      resampleRow(pixels, row * columns * components + component, components, across, line, component * across.count)
    }
    return line
  }
  for (let j = 0; j < down.count; j++) {
    const first = down.start[j]!
    const taps = down.taps[j]!
    if (down.widest <= 2) {
      const part = taps === 2 ? down.weights[2 * j + 1]! : 0
      const low = lineOf(first)
      use(low, part === 0 ? low : lineOf(first + 1), part, j)
    } else {
      blended.fill(0)
      for (let k = 0; k < taps; k++) {
        const weight = down.weights[j * down.widest + k]!
        const line = lineOf(first + k)
        for (let i = 0; i < length; i++) blended[i] = blended[i]! + line[i]! * weight
      }
      use(blended, blended, 0, j)
    }
  }
}

function paintGrey(raster: Raster, across: Axis, down: Axis, table: DisplayTable, out: Uint32Array): void {
  const { words, first, steps } = table
  const last = words.length - 1
  const { count, stride } = across
  const offset = 0.5 - first * steps
  blendRows(raster, across, down, (low, high, part, j) => {
    let at = (down.from + j) * down.stride + across.from * stride
    for (let i = 0; i < count; i++) {
      const value = low[i]!
      let index = ((value + (high[i]! - value) * part) * steps + offset) | 0
      if (index < 0) index = 0
      else if (index > last) index = last
      out[at] = words[index]!
      at += stride
    }
  })
}

function paintColour(raster: Raster, across: Axis, down: Axis, out: Uint32Array): void {
  const { count, stride } = across
  blendRows(raster, across, down, (low, high, part, j) => {
    let at = (down.from + j) * down.stride + across.from * stride
    const at8 = (i: number) => (low[i]! + (high[i]! - low[i]!) * part + 0.5) | 0
    for (let i = 0; i < count; i++) {
      out[at] = BLACK | (at8(2 * count + i) << 16) | (at8(count + i) << 8) | at8(i)
      at += stride
    }
  })
}
