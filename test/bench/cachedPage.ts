/** The page of `cachedRace.ts`: the viewer's own frame loader and Cornerstone's wadouri loader side by side, one cache, one engine. */
import { cache, imageLoader, type Types } from '@cornerstonejs/core'
import dicomImageLoader from '@cornerstonejs/dicom-image-loader'
import { startEngine } from '../../renderer/viewer/engine.ts'
import { isLoaded, onFrames, orderStacks } from '../../renderer/viewer/frameLoader.ts'
import { dropStacks, openStacks } from '../../renderer/viewer/stacks.ts'

export interface CachedSeries {
  StudyInstanceUID: string
  SeriesInstanceUID: string
}

/** One way of loading a series: how long it took, and what the middle image is made of. */
export interface Cached {
  ms: number
  images: number
  /** Modality values summed, each by its place: two loaders agree on it or one is wrong. */
  middle: number
}

/** Chromium opens no more to one host. */
const CONNECTIONS = 6

/** From the UIDs alone: manifest, then the window's ordered stream. */
async function ours({ StudyInstanceUID, SeriesInstanceUID }: CachedSeries): Promise<Cached> {
  dropStacks(StudyInstanceUID)
  const started = performance.now()
  const [stack] = await openStacks(StudyInstanceUID, SeriesInstanceUID)
  if (stack === undefined) throw new Error('the series has nothing to show')
  const { imageIds } = stack
  orderStacks([{ imageIds, index: 0, direction: 1 }])
  await new Promise<void>(resolve => {
    const end = onFrames(() => {
      if (!imageIds.every(isLoaded)) return
      end()
      resolve()
    })
  })
  return result(started, imageIds)
}

/** The instances' own addresses are given: nothing but the files is asked for. */
async function wadouri(imageIds: string[]): Promise<Cached> {
  const started = performance.now()
  const queue = [...imageIds]
  const loadNext = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await imageLoader.loadAndCacheImage(next)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, loadNext))
  return result(started, imageIds)
}

function result(started: number, imageIds: string[]): Cached {
  const ms = performance.now() - started
  const middle = cache.getImage(imageIds[Math.floor(imageIds.length / 2)] ?? '')
  return {
    ms,
    images: imageIds.filter(imageId => cache.getImage(imageId) !== undefined).length,
    middle: middle === undefined ? Number.NaN : weighed(middle),
  }
}

function weighed(image: Types.IImage): number {
  const { slope, intercept } = image.preScale?.scaled === true ? { slope: 1, intercept: 0 } : image
  let sum = 0
  for (const [i, value] of image.getPixelData().entries()) sum += (value * slope + intercept) * (1 + (i % 97))
  return sum
}

const race = { ours, wadouri, purge: () => cache.purgeCache() }
declare global {
  interface Window {
    race: typeof race
  }
}
// Purges caches: before anything is registered.
dicomImageLoader.init({ maxWebWorkers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1)) })
startEngine()
window.race = race
