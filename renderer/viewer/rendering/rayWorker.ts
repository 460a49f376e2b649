import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import {
  type Camera,
  type CropBox,
  castRays,
  finestStep,
  halvedVolume,
  type RayMode,
} from '../../../shared/viewing/volume/rays.ts'

/** What is drawn; `coarse` = at once, of as few voxels as that takes. A newer request ends the one before. */
export interface RayRequest {
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
}

/** While it turns no more voxels than these are looked at. */
const COARSE_VOXELS = 1_000_000
/** Rows drawn before it is looked whether something newer is wanted. */
const ROWS = 12

let levels: Volume[] = []
let newest = -1

addEventListener('message', ({ data }: MessageEvent<RayRequest | { kind: 'volume'; volume: Volume }>) => {
  if (data.kind === 'volume') {
    levels = [data.volume]
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

async function draw({ id, camera, crop, mode, width, height, coarse }: RayRequest): Promise<void> {
  if (levels.length === 0) return
  const level = coarse ? coarseLevel() : 0
  const volume = levels[level]!
  const by = levels[0]!.grid.size.map((count, axis) => count / volume.grid.size[axis]!)
  const box: CropBox = {
    from: crop.from.map((at, axis) => Math.max(0, at / by[axis]!)) as [number, number, number],
    to: crop.to.map((at, axis) => Math.min(volume.grid.size[axis]! - 1, at / by[axis]!)) as [number, number, number],
  }
  const step = finestStep(volume.grid)
  const rows = coarse ? height : ROWS
  for (let first = 0; first < height; first += rows) {
    const end = Math.min(height, first + rows)
    const rgba = castRays(volume, { camera, crop: box, mode, width, height, first, end, step })
    const answer: RayAnswer = { id, first, width, height, rgba, done: end === height }
    postMessage(answer, { transfer: [rgba.buffer] })
    // A task of its own: what was asked meanwhile comes in between.
    await new Promise(resolve => setTimeout(resolve))
    if (id !== newest) return
  }
}
