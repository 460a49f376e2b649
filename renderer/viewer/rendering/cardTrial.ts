import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import { castRays, type RayJob, type RayMode } from '../../../shared/viewing/volume/rays.ts'

/** Rays a side by which a card is tried, and grey levels (of 255) by which its picture may differ in the mean. */
const TRIED = 32
const MOST_APART = 1
/** Colour in the mean (of 255) from which a picture proves anything: of a cropped-away volume a card that draws nothing is right, too. */
const LEAST_SEEN = 8 * MOST_APART

/** What draws a volume in place of the processor. */
interface Drawer {
  volume: Volume
  draw: (job: RayJob) => Uint8ClampedArray
}

/** A card is believed once a small picture of this very volume, with something in it, is the processor's: tried until then, for each mode. */
export class CardTrial {
  readonly #passed = new Set<RayMode['kind']>()

  /** Throws where the card does not draw what the processor does. */
  check(drawer: Drawer, job: RayJob): void {
    if (this.#passed.has(job.mode.kind)) return
    const { camera, width, height } = job
    const mmPerPixel = (camera.mmPerPixel * Math.max(width, height)) / TRIED
    const small = { ...job, camera: { ...camera, mmPerPixel }, width: TRIED, height: TRIED, first: 0, end: TRIED }
    const [own, right] = [drawer.draw(small), castRays(drawer.volume, small)]
    const apart = own.reduce((sum, level, at) => sum + Math.abs(level - right[at]!), 0) / own.length
    if (!(apart <= MOST_APART)) throw new Error(`The graphics card draws volumes ${apart.toFixed(1)} levels beside.`)
    const colour = right.reduce((sum, level, at) => (at % 4 === 3 ? sum : sum + level), 0)
    if (colour / (3 * TRIED * TRIED) >= LEAST_SEEN) this.#passed.add(job.mode.kind)
  }
}
