import { cache, type Types } from '@cornerstonejs/core'
import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import { type VolumePlan, volumePlan } from '../../../shared/viewing/volume/plan.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { failureOf, needFrame } from '../frameLoader.ts'

/** Bytes of voxels. More is decimated, and the volume's steps say so. */
const BUDGET = 384 * 2 ** 20
/** Frames on their way at once: two requests are, the others are decoded meanwhile. */
const AT_ONCE = 6

const ARRAYS = { Int16: Int16Array, Uint16: Uint16Array, Float32: Float32Array }

/**
 * A stack's frames as one volume. `told`: how many are here. Rejects in words where they make none, or one cannot be had, and with
 * an AbortError.
 */
export async function stackVolume(
  stack: SeriesStack,
  told: (loaded: number) => void,
  signal: AbortSignal,
): Promise<Volume> {
  const { imageIds } = stack
  const plan = volumePlan(
    imageIds.map(imageId => describeFrame(imageId)?.attributes ?? {}),
    BUDGET,
  )
  if ('refusal' in plan) throw new Error(plan.refusal)
  const [columns, rows, slices] = plan.grid.size
  const values = new ARRAYS[plan.type](columns * rows * slices)
  const needed = [...new Set(plan.slices.flatMap(({ from, to }) => [from, to]))]
  let here = 0
  for (let at = 0; at < needed.length; at += AT_ONCE) {
    await Promise.all(
      needed.slice(at, at + AT_ONCE).map(async index => {
        const image = await imageOf(imageIds[index]!)
        plan.slices.forEach(({ from, to, part }, k) => {
          const share = (from === index ? 1 - part : 0) + (to === index ? part : 0)
          if (share > 0) put(image, share, values.subarray(k * columns * rows, (k + 1) * columns * rows), plan)
        })
        told(++here)
      }),
    )
    signal.throwIfAborted()
  }
  return { grid: plan.grid, values, slope: plan.slope, intercept: plan.intercept }
}

async function imageOf(imageId: string): Promise<Types.IImage> {
  await needFrame(imageId)
  const image = cache.getImage(imageId)
  if (image === undefined) throw new Error(failureOf(imageId) ?? 'An image could not be kept in memory.')
  return image
}

/** Adds a share of a frame to a slice: stored values, or modality values where frames differ in what makes them. */
function put(image: Types.IImage, share: number, slice: Volume['values'], plan: VolumePlan): void {
  const pixels = image.getPixelData()
  const { columns, slope, intercept } = image
  const [across, down] = plan.grid.size
  const by = plan.decimation.inPlane
  const [factor, offset] = plan.type === 'Float32' ? [slope, intercept] : [1, 0]
  for (let y = 0; y < down; y++) {
    const from = y * by * columns
    const to = y * across
    for (let x = 0; x < across; x++) slice[to + x]! += share * (pixels[from + x * by]! * factor + offset)
  }
}
