import { crChest } from './chestRadiograph.ts'
import { ctTorso, SAMPLE_CT } from './ctTorso.ts'
import { mgPair } from './mammogram.ts'
import { MR_PLANES, mrBrain } from './mrBrain.ts'
import type { SampleObject } from './synthetic.ts'
import { usCine } from './ultrasoundCine.ts'

/** How many objects `sampleObjects` makes. */
export const SAMPLE_COUNT = SAMPLE_CT.slices + MR_PLANES.reduce((sum, plane) => sum + plane.slices, 0) + 1 + 2 + 1

/** The sample studies a new user can load, one object at a time: the quick ones first. About 47 MB in all. */
export function* sampleObjects(): Generator<SampleObject> {
  yield* mgPair()
  yield* usCine()
  yield* ctTorso(SAMPLE_CT)
  yield* crChest()
  yield* mrBrain()
}
