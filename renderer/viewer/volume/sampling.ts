import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import {
  coarserPlane,
  type EarlierPicture,
  type PartialVolume,
  PlaneSampler,
  type Slab,
  spreadOut,
} from '../../../shared/viewing/volume/sample.ts'

/** A plane to be sampled; `outside` stands where the volume is not. */
export interface PlaneRequest {
  plane: ImagePlane
  /** Instead of it, where each row lies in a plane of its own: of one row each. */
  lines?: readonly ImagePlane[]
  slab: Slab | undefined
  outside: number
  /** A picture of it to go on from, where slices have come since. */
  earlier?: EarlierPicture
  /** Pixels so many times as large stand in for its own: 1 = none. */
  coarse?: number
}

export type PlanePixels = PlaneSampler['pixels']

/** Rows between two looks at the clock. */
const BAND = 16
/** Messages are heard, and hands felt, at least so often. */
const TURN_MS = 12

/** Samples a plane in turns, letting others in between; undefined when it was cancelled. */
export async function sampleInTurns(
  volume: PartialVolume,
  request: PlaneRequest,
  isCancelled: () => boolean,
): Promise<PlanePixels | undefined> {
  if (request.lines !== undefined) return linesInTurns(volume, request, request.lines, isCancelled)
  const { plane, slab, outside, earlier, coarse = 1 } = request
  const sampled = coarse === 1 ? plane : coarserPlane(plane, coarse)
  const sampler = new PlaneSampler(volume, sampled, slab, outside, earlier)
  let began = performance.now()
  for (let y = 0; y < sampled.Rows; y += BAND) {
    sampler.rows(y, Math.min(sampled.Rows, y + BAND))
    if (performance.now() - began < TURN_MS) continue
    await turn()
    if (isCancelled()) return undefined
    began = performance.now()
  }
  return coarse === 1 ? sampler.pixels : spreadOut(sampler.pixels, plane, coarse)
}

async function linesInTurns(
  volume: PartialVolume,
  { plane, slab, outside }: PlaneRequest,
  lines: readonly ImagePlane[],
  isCancelled: () => boolean,
): Promise<PlanePixels | undefined> {
  const { Columns } = plane
  let pixels: PlanePixels | undefined
  let began = performance.now()
  for (const [y, line] of lines.entries()) {
    const sampler = new PlaneSampler(volume, line, slab, outside)
    sampler.rows(0, 1)
    const size = Columns * lines.length
    pixels ??= sampler.pixels instanceof Int16Array ? new Int16Array(size) : new Float32Array(size)
    pixels.set(sampler.pixels, y * Columns)
    if (performance.now() - began < TURN_MS) continue
    await turn()
    if (isCancelled()) return undefined
    began = performance.now()
  }
  return pixels
}

/** By a message: timers that follow one another are held back for 4 ms each. */
export function turn(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}
