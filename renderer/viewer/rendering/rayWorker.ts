import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import {
  type Camera,
  type CropBox,
  castRays,
  finestStep,
  halvedVolume,
  type RayMode,
} from '../../../shared/viewing/volume/rays.ts'
import { CardTrial } from './cardTrial.ts'
import { RayCard } from './rayCard.ts'

/** Voxels in shared memory, and whether the graphics card may draw them. */
interface RayVolume {
  kind: 'volume'
  volume: Volume
  card: boolean
}

/** What is drawn; `coarse` = at once, of as few voxels as that takes. A newer request ends the one before. */
interface RayRequest {
  kind: 'draw'
  id: number
  camera: Camera
  crop: CropBox
  mode: RayMode
  width: number
  height: number
  coarse: boolean
}

/** Rows of a picture, from `first` on; `done` with the last. */
export interface RayAnswer {
  id: number
  first: number
  width: number
  height: number
  rgba: Uint8ClampedArray<ArrayBuffer>
  done: boolean
  /** What drew it, and of every how manieth voxel each way. */
  by: 'card' | 'processor'
  everyNth: number
  /** That the picture took. */
  ms: number
}

export type ToRays = RayRequest | RayVolume

/** While it turns no more voxels than these are looked at. */
const COARSE_VOXELS = 1_000_000
/** Rows drawn before it is looked whether something newer is wanted. */
const ROWS = 12
/** Of a card: a system takes the whole card away from a picture that keeps it for seconds. */
const CARD_ROWS = 32
const CARD_BAND_MS = 30

let levels: Volume[] = []
let newest = -1
let trial = new CardTrial()
/** Undefined where the processor draws. */
let card: Promise<RayCard | undefined> = Promise.resolve(undefined)

addEventListener('message', ({ data }: MessageEvent<ToRays>) => {
  if (data.kind === 'volume') {
    levels = [data.volume]
    trial = new CardTrial()
    // What a card cannot hold, or fails at, is drawn without it.
    card = data.card ? RayCard.open(data.volume).catch(() => undefined) : Promise.resolve(undefined)
    return
  }
  newest = data.id
  void draw(data)
})

function coarseLevel(): number {
  let level = 0
  for (;;) {
    const { size } = levels[level]!.grid
    if (size[0] * size[1] * size[2] <= COARSE_VOXELS || Math.min(...size) < 4) return level
    level++
    levels[level] ??= halvedVolume(levels[level - 1]!)
  }
}

async function draw(request: RayRequest): Promise<void> {
  const ready = await card
  if (levels.length === 0 || request.id !== newest) return
  if (ready !== undefined) {
    try {
      await drawByCard(ready, request)
      return
    } catch {
      // Taken away, or out of memory: it is not asked again for this volume.
      card = Promise.resolve(undefined)
      ready.close()
    }
  }
  await drawByProcessor(request)
}

/** The same box in a volume that was halved. */
function cropIn({ grid }: Volume, crop: CropBox): CropBox {
  const by = levels[0]!.grid.size.map((count, axis) => count / grid.size[axis]!)
  return {
    from: crop.from.map((at, axis) => Math.max(0, at / by[axis]!)) as [number, number, number],
    to: crop.to.map((at, axis) => Math.min(grid.size[axis]! - 1, at / by[axis]!)) as [number, number, number],
  }
}

/** A task of its own: what was asked meanwhile comes in between. */
function turn(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve))
}

async function drawByCard(drawer: RayCard, { id, camera, crop, mode, width, height }: RayRequest): Promise<void> {
  const began = performance.now()
  const { volume } = drawer
  const job = { camera, crop: cropIn(volume, crop), mode, width, height, step: finestStep(volume.grid) }
  trial.check(drawer, { ...job, first: 0, end: height })
  const rgba = new Uint8ClampedArray(4 * width * height)
  let rows = CARD_ROWS
  for (let first = 0; first < height; ) {
    const end = Math.min(height, first + rows)
    const from = performance.now()
    rgba.set(drawer.draw({ ...job, first, end }), 4 * width * first)
    rows = performance.now() - from < CARD_BAND_MS ? rows * 2 : Math.max(1, rows >> 1)
    first = end
    if (first < height) await turn()
    if (id !== newest) return
  }
  const ms = performance.now() - began
  const answer: RayAnswer = {
    id,
    first: 0,
    width,
    height,
    rgba,
    done: true,
    by: 'card',
    everyNth: 2 ** drawer.halvings,
    ms,
  }
  postMessage(answer, { transfer: [rgba.buffer] })
}

async function drawByProcessor({ id, camera, crop, mode, width, height, coarse }: RayRequest): Promise<void> {
  const began = performance.now()
  const volume = levels[coarse ? coarseLevel() : 0]!
  const job = { camera, crop: cropIn(volume, crop), mode, width, height, step: finestStep(volume.grid) }
  const rows = coarse ? height : ROWS
  for (let first = 0; first < height; first += rows) {
    const end = Math.min(height, first + rows)
    const rgba = castRays(volume, { ...job, first, end })
    const done = end === height
    const ms = performance.now() - began
    const answer: RayAnswer = { id, first, width, height, rgba, done, by: 'processor', everyNth: 1, ms }
    postMessage(answer, { transfer: [rgba.buffer] })
    await turn()
    if (id !== newest) return
  }
}
