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
  { plane, slab, outside, earlier, coarse = 1 }: PlaneRequest,
  isCancelled: () => boolean,
): Promise<PlanePixels | undefined> {
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

/** By a message: timers that follow one another are held back for 4 ms each. */
function turn(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}
