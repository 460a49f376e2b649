import {
  frameAttributes,
  type ImageAttributes,
  type ManifestInstance,
  type SeriesManifest,
} from '../../shared/viewing/image.ts'

/** One place in a stack: a frame with a picture, or an instance that has none and says why. */
export interface StackEntry {
  imageId: string
  instance: ManifestInstance
  /** 1-based. */
  frame: number
  unshowable?: string
}

export interface SeriesStack {
  manifest: SeriesManifest
  entries: StackEntry[]
  /** The entries with a picture, in order: what a viewport is given. */
  imageIds: string[]
}

export interface CatalogFrame {
  manifest: SeriesManifest
  instance: ManifestInstance
  frame: number
  attributes: ImageAttributes
}

const frames = new Map<string, CatalogFrame>()

/** An image id is a URL; the scheme picks our loader. contentId names exact bytes, so an id never changes its meaning. */
export function imageIdOf(contentId: number, frame: number): string {
  return `iso:${contentId}:${frame}`
}

/** Lays a series out as a stack and makes its frames known to the loader and the metadata provider. */
export function catalogSeries(manifest: SeriesManifest): SeriesStack {
  const entries: StackEntry[] = []
  for (const instance of manifest.instances) {
    if (instance.unshowable !== undefined) {
      entries.push({ imageId: imageIdOf(instance.contentId, 0), instance, frame: 1, unshowable: instance.unshowable })
      continue
    }
    for (let frame = 1; frame <= Math.max(1, instance.NumberOfFrames); frame++) {
      const imageId = imageIdOf(instance.contentId, frame)
      entries.push({ imageId, instance, frame })
      frames.set(imageId, { manifest, instance, frame, attributes: frameAttributes(manifest, instance, frame) })
    }
  }
  const imageIds = entries.filter(entry => entry.unshowable === undefined).map(entry => entry.imageId)
  return { manifest, entries, imageIds }
}

export function describeFrame(imageId: string): CatalogFrame | undefined {
  return frames.get(imageId)
}
