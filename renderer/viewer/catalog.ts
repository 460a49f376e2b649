import type { DisplaySet, DisplaySetFrame } from '../../shared/viewing/displaySet.ts'
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
  /** mm along the set's normal. */
  position?: number
  marks?: DisplaySetFrame['marks']
  unshowable?: string
}

/** A display set as a pane shows it. */
export interface SeriesStack {
  manifest: SeriesManifest
  set: DisplaySet
  entries: StackEntry[]
  /** The entries with a picture, in order: what a viewport is given. */
  imageIds: string[]
  /** Of pictures that are made here (a reformat): the frames they are made of, which is what has to be loaded. */
  sourceIds?: string[]
  /** Only some images of its set, as the reader chose: more of the set is none of it. */
  isChosen?: true
}

export interface CatalogFrame {
  manifest: SeriesManifest
  instance: ManifestInstance
  frame: number
  /** The display set the frame stands in. */
  displaySet: string
  attributes: ImageAttributes
}

const frames = new Map<string, CatalogFrame>()

/** An image id is a URL; the scheme picks our loader. contentId names exact bytes, so an id never changes its meaning. */
export function imageIdOf(contentId: number, frame: number): string {
  return `iso:${contentId}:${frame}`
}

/** Lays a series out as stacks, one for each display set, and makes its frames known to the loader. */
export function catalogSeries(manifest: SeriesManifest, sets: DisplaySet[]): SeriesStack[] {
  return sets.map(set => {
    const entries = set.frames.map(({ instance: index, frame, position, marks }): StackEntry => {
      const instance = manifest.instances[index]!
      const imageId = imageIdOf(instance.contentId, frame)
      const attributes = frameAttributes(manifest, instance, frame)
      frames.set(imageId, { manifest, instance, frame, displaySet: set.id, attributes })
      const { unshowable } = instance
      return {
        imageId,
        instance,
        frame,
        ...(position !== undefined && { position }),
        ...(marks && { marks }),
        ...(unshowable !== undefined && { unshowable }),
      }
    })
    // Behind the stack, never in it: what cannot be shown says so in its tile instead of being silently absent.
    // A slide is one thing, however many levels it has.
    const alone = set.kind === 'slide' ? set.pictureless.slice(0, 1) : set.pictureless
    const pictureless = alone.map((index): StackEntry => {
      const instance = manifest.instances[index]!
      const unshowable = instance.unshowable ?? 'There is no picture in this object.'
      return { imageId: imageIdOf(instance.contentId, 0), instance, frame: 1, unshowable }
    })
    const imageIds = entries.filter(entry => entry.unshowable === undefined).map(entry => entry.imageId)
    return { manifest, set, entries: [...entries, ...pictureless], imageIds }
  })
}

type Describe = (imageId: string) => CatalogFrame | undefined
const makers = new Map<string, Describe>()

/** Pictures that are made here, by the scheme of their image ids: who knows them. */
export function describeScheme(scheme: string, describe: Describe): void {
  makers.set(scheme, describe)
}

export function describeFrame(imageId: string): CatalogFrame | undefined {
  return frames.get(imageId) ?? makers.get(schemeOf(imageId))?.(imageId)
}

export function schemeOf(imageId: string): string {
  return imageId.slice(0, imageId.indexOf(':'))
}
