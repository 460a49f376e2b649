import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import { type PartialVolume, PlaneSampler, type Slab } from '../../../shared/viewing/volume/sample.ts'

/** A plane to be sampled; `outside` stands where the volume is not. */
export interface PlaneRequest {
  plane: ImagePlane
  slab: Slab | undefined
  outside: number
}

export type PlanePixels = PlaneSampler['pixels']

/** Rows between two looks at the clock. */
const BAND = 16
/** Messages are heard, and hands felt, at least so often. */
const TURN_MS = 12

/** Samples a plane in turns, letting others in between; undefined when it was cancelled. */
export async function sampleInTurns(
  volume: PartialVolume,
  { plane, slab, outside }: PlaneRequest,
  isCancelled: () => boolean,
): Promise<PlanePixels | undefined> {
  const sampler = new PlaneSampler(volume, plane, slab, outside)
  let began = performance.now()
  for (let y = 0; y < plane.Rows; y += BAND) {
    sampler.rows(y, Math.min(plane.Rows, y + BAND))
    if (performance.now() - began < TURN_MS) continue
    await turn()
    if (isCancelled()) return undefined
    began = performance.now()
  }
  return sampler.pixels
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
