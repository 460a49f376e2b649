import type { Samples } from '../samples.ts'
import type { Volume } from './grid.ts'
import type { VolumePlan } from './plan.ts'

/** A decoded frame: `value * slope + intercept` is the modality value. */
export interface FrameValues {
  pixels: Samples
  columns: number
  slope: number
  intercept: number
}

/** A volume without values yet. `buffer` takes `bytesOf` bytes: shared memory, where workers are to read it. */
export function emptyVolume({ grid, type, slope, intercept }: VolumePlan, buffer: ArrayBufferLike): Volume {
  // One constructor each: TypeScript takes no shared buffer for a union of them.
  const values =
    type === 'Int16' ? new Int16Array(buffer) : type === 'Uint16' ? new Uint16Array(buffer) : new Float32Array(buffer)
  return { grid, values, slope, intercept }
}

/** Puts slice `k` in its place, from its source frames as the plan names them (the same one twice where it is not blended). */
export function fillSlice(volume: Volume, plan: VolumePlan, k: number, from: FrameValues, to: FrameValues): void {
  const [columns, rows] = plan.grid.size
  const { inPlane } = plan.decimation
  const { part } = plan.slices[k]!
  const out = volume.values
  const base = k * columns * rows
  const { pixels } = from
  // As it lies in the frame: the usual case, one copy.
  const asIs = part === 0 && plan.slope === from.slope && plan.intercept === from.intercept
  if (asIs && inPlane === 1) {
    out.set(pixels.length === columns * rows ? pixels : pixels.subarray(0, columns * rows), base)
    return
  }
  const rounds = !(out instanceof Float32Array)
  const scale = ({ slope }: FrameValues) => slope / plan.slope
  const shift = ({ intercept }: FrameValues) => (intercept - plan.intercept) / plan.slope
  const [scaleA, shiftA, scaleB, shiftB] = [scale(from), shift(from), scale(to), shift(to)]
  const other = to.pixels
  for (let y = 0; y < rows; y++) {
    let at = base + y * columns
    let source = y * inPlane * from.columns
    for (let x = 0; x < columns; x++, at++, source += inPlane) {
      let value = pixels[source]! * scaleA + shiftA
      if (part !== 0) value += (other[source]! * scaleB + shiftB - value) * part
      out[at] = rounds ? Math.round(value) : value
    }
  }
}
