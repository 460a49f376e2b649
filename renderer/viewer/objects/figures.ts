import { cache } from '@cornerstonejs/core'
import { storedPadding } from '../../../shared/viewing/grey.ts'
import type { DrawnObject } from '../../../shared/viewing/objects/readObject.ts'
import { type RegionFigures, RegionValues } from '../../../shared/viewing/objects/regionValues.ts'
import type { Segment } from '../../../shared/viewing/objects/segmentation.ts'
import { largestSlab, maskOn, type Region, regionVolume, slabArea } from '../../../shared/viewing/objects/slabs.ts'
import type { StructureROI } from '../../../shared/viewing/objects/structureSet.ts'
import { t } from '../../i18n/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { needFrame } from '../frameLoader.ts'
import type { Pane } from '../pane.ts'
import { patientFrame, planesOf } from '../space.ts'
import type { ListedObject } from './objectsStore.ts'

/** ms of the page's thread at a time. */
const SLICE_MS = 10

async function breathe(since: { at: number }, signal: AbortSignal): Promise<void> {
  if (performance.now() - since.at > SLICE_MS) {
    await new Promise(resolve => setTimeout(resolve))
    since.at = performance.now()
  }
  signal.throwIfAborted()
}

const volumes = new WeakMap<Region, number>()

/** ml, if it has been reckoned; NaN where the object does not say how thick its slices are. */
export function knownVolume(region: Region): number | undefined {
  return volumes.get(region)
}

/** Reckons the volumes of an object's parts, slice by slice; `tell` after each part. Rejects when it is given up. */
export async function reckonVolumes(
  parts: ReadonlyArray<Segment | StructureROI>,
  tell: () => void,
  signal: AbortSignal,
): Promise<void> {
  const since = { at: performance.now() }
  for (const { region } of parts) {
    if (volumes.has(region)) continue
    for (const slab of region.slabs) {
      slabArea(slab)
      await breathe(since, signal)
    }
    const flat = region.slabs.length > 0 && region.slabs.every(({ thickness }) => thickness === 0)
    volumes.set(region, flat ? Number.NaN : regionVolume(region))
    tell()
  }
}

/** A stack whose images lie in the object's frame of reference. */
export function sharesFrame(stack: SeriesStack, listed: ListedObject, object: DrawnObject): boolean {
  if (object.kind === 'plan' || object.FrameOfReferenceUID === '') return false
  const frame = patientFrame(listed.StudyInstanceUID, object.FrameOfReferenceUID)
  return planesOf(stack).some(plane => plane?.FrameOfReferenceUID === frame)
}

/** Of the modality values in a region on all images of a stack; asks for the images that it touches. */
export async function measureInside(
  region: Region,
  stack: SeriesStack,
  tell: (done: number, all: number) => void,
  signal: AbortSignal,
): Promise<RegionFigures | undefined> {
  const values = new RegionValues()
  const planes = planesOf(stack)
  const since = { at: performance.now() }
  for (const [index, plane] of planes.entries()) {
    await breathe(since, signal)
    const entry = stack.entries[index]
    const mask = plane && maskOn(region, plane)
    tell(index + 1, planes.length)
    if (mask === undefined || entry === undefined) continue
    const image = (await needFrame(entry.imageId)) ? cache.getImage(entry.imageId) : undefined
    if (image === undefined) throw new Error(t('An image that the structure lies on could not be had.'))
    // Of colours there is no value.
    if (image.color) return undefined
    const attributes = describeFrame(entry.imageId)?.attributes ?? {}
    const { columns, rows, slope, intercept } = image
    const padding = attributes.ModalityLUT ? undefined : storedPadding(attributes)
    values.add(mask, { pixels: image.getPixelData(), columns, rows, slope, intercept, padding })
  }
  return values.statistics
}

/** The pane goes to where the region is largest. False: it shows nothing of that place. */
export function goToLargest(region: Region, pane: Pane): boolean {
  const found = largestSlab(region)
  const { stack } = pane
  if (found === undefined || stack === undefined) return false
  const planes = planesOf(stack)
  let best = -1
  let least = Number.POSITIVE_INFINITY
  planes.forEach((plane, index) => {
    if (plane === undefined) return
    const { position, normal } = plane
    const distance = Math.abs(
      found.centre.reduce((sum, part, axis) => sum + (part - position[axis]!) * normal[axis]!, 0),
    )
    if (distance < least) {
      least = distance
      best = index
    }
  })
  if (best === -1) return false
  pane.goTo(best)
  return true
}
