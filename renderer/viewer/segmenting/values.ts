import { cache } from '@cornerstonejs/core'
import { storedPadding } from '../../../shared/viewing/grey.ts'
import type { SliceValues } from '../../../shared/viewing/segmenting/grow.ts'
import { describeFrame } from '../catalog.ts'
import { needFrame } from '../frameLoader.ts'
import type { Work } from './work.ts'

export interface FrameValues extends SliceValues {
  padding: { low: number; high: number } | undefined
}

/** The modality values of a slice; undefined while they are not here, and of colours. */
export function valuesHere(work: Work, slice: number): FrameValues | undefined {
  const imageId = work.entries[slice]?.imageId ?? ''
  const image = cache.getImage(imageId)
  if (image === undefined || image.color) return undefined
  const attributes = describeFrame(imageId)?.attributes ?? {}
  const { slope, intercept } = image
  const padding = attributes.ModalityLUT ? undefined : storedPadding(attributes)
  return { pixels: image.getPixelData(), slope, intercept, padding }
}

/** The same, fetched where need be. */
export async function valuesOf(work: Work, slice: number): Promise<FrameValues | undefined> {
  const imageId = work.entries[slice]?.imageId
  if (imageId === undefined || !(await needFrame(imageId))) return undefined
  return valuesHere(work, slice)
}
