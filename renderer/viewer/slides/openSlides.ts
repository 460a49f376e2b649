import type { Mark } from '../../../shared/viewing/draft.ts'
import { frameAttributes, type ManifestInstance, type SeriesManifest } from '../../../shared/viewing/image.ts'
import type { MarkPixels } from '../../../shared/viewing/measure/measure.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { readSlidePart, type SlidePart } from '../../../shared/viewing/slides/readSlide.ts'
import { makeSlide, type Slide, type SlideLevel } from '../../../shared/viewing/slides/slide.ts'
import { fetchMetadata } from '../../client.ts'
import { t } from '../../i18n/index.ts'
import { type CatalogFrame, describeScheme, type SeriesStack, type StackEntry, schemeOf } from '../catalog.ts'
import { decodeTile } from './tiles.ts'

/** Levels of one slide; a real one has ten or so, or some parts of a concatenation more. */
const MOST_INSTANCES = 100
/** Tiles whose values a probe has asked for. */
const MOST_TILES = 32
const SCHEME = 'slide'

/** A slide as a pane holds it: `instances` are those it was made of, by their place. */
export interface OpenSlide {
  slide: Slide
  instances: ManifestInstance[]
  /**
   * The largest level as an image that marks are drawn on: its total pixel matrix, named by the first instance that has tiles of it
   * (PS3.3 C.8.12.4.1.4).
   */
  entry: StackEntry
}

interface Known {
  open: OpenSlide
  manifest: SeriesManifest
  described: CatalogFrame
  tiles: Map<string, MarkPixels | undefined>
}

const known = new Map<string, Known>()
const opening = new WeakMap<SeriesStack, Promise<OpenSlide>>()
const listeners = new Set<() => void>()

describeScheme(SCHEME, imageId => known.get(imageId)?.described)

export function isSlideId(imageId: string): boolean {
  return schemeOf(imageId) === SCHEME
}

/** Told when a slide or the values of one of its tiles are here. Returns the unsubscribe. */
export function onSlides(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function tell(): void {
  for (const listener of listeners) listener()
}

/** Whether an instance is a level of this slide. */
export function isOfSlide({ set, manifest }: SeriesStack, SOPInstanceUID: string): boolean {
  return set.kind === 'slide' && set.pictureless.some(at => manifest.instances[at]?.SOPInstanceUID === SOPInstanceUID)
}

/** The image of a slide that has been opened; undefined before. */
export function slideEntry({ set, manifest }: SeriesStack): StackEntry | undefined {
  for (const at of set.pictureless) {
    const found = known.get(`${SCHEME}:${manifest.instances[at]?.contentId}`)
    if (found?.described.displaySet === set.id) return found.open.entry
  }
  return undefined
}

/** Reads the headers of a slide's levels, once. Rejects like `fetchMetadata`, and where they do not say what tiles are a part of. */
export function openSlide(stack: SeriesStack): Promise<OpenSlide> {
  let promise = opening.get(stack)
  if (promise === undefined) {
    promise = readSlide(stack)
    promise.catch(() => opening.delete(stack))
    opening.set(stack, promise)
  }
  return promise
}

async function readSlide({ manifest, set }: SeriesStack): Promise<OpenSlide> {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const parts: SlidePart[] = []
  const instances: ManifestInstance[] = []
  for (const index of set.pictureless.slice(0, MOST_INSTANCES)) {
    const instance = manifest.instances[index]
    if (instance === undefined) continue
    const { SOPInstanceUID } = instance
    const part = readSlidePart(await fetchMetadata({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }))
    if (part === undefined) continue
    parts.push(part)
    instances.push(instance)
  }
  const slide = makeSlide(parts)
  const base = slide?.levels[0]
  const instance = instances[base?.parts[0] ?? -1]
  if (slide === undefined || base === undefined || instance === undefined) {
    throw new Error(t('It does not say what its tiles are a part of.'))
  }
  const imageId = `${SCHEME}:${instance.contentId}`
  const open: OpenSlide = { slide, instances, entry: { imageId, instance, frame: 1 } }
  const { PixelSpacing: _, ...own } = frameAttributes(manifest, instance, 1)
  const attributes = {
    ...own,
    Rows: base.rows,
    Columns: base.columns,
    ...(base.spacing && { PixelSpacing: [...base.spacing] }),
  }
  const described = { manifest, instance, frame: 1, displaySet: set.id, attributes }
  known.set(imageId, { open, manifest, described, tiles: known.get(imageId)?.tiles ?? new Map() })
  tell()
  return open
}

/** A mark as it lies on the slide's largest level, whichever it was drawn on; undefined where it is not of this slide. */
export function markOnSlide(imageId: string, mark: Mark): Mark | undefined {
  const { slide, instances, entry } = known.get(imageId)?.open ?? {}
  if (slide === undefined || instances === undefined || entry === undefined) return undefined
  const { SOPInstanceUID } = entry.instance
  if (mark.SOPInstanceUID === SOPInstanceUID) return mark
  const part = instances.findIndex(one => one.SOPInstanceUID === mark.SOPInstanceUID)
  const level = slide.levels.find(({ parts }) => parts.includes(part))
  if (level === undefined) return undefined
  const { scale, at } = level
  const place = ([x, y]: Point): Point => [x * scale[0] + at[0], y * scale[1] + at[1]]
  return {
    ...mark,
    SOPInstanceUID,
    frame: 1,
    points: mark.points.map(place),
    ...(mark.label && { label: place(mark.label) }),
  }
}

/** Values of the tile at a point of the largest level, and the tile's corner in it. */
interface TileValues {
  pixels: MarkPixels
  corner: Point
}

function tileAt({ open: { slide, instances } }: Known, [x, y]: Point) {
  const base = slide.levels[0] as SlideLevel
  // Of several layers nobody could say which one was looked at.
  if (slide.layers.length > 1 || x < 0 || y < 0 || x >= base.columns || y >= base.rows) return undefined
  const [column, row] = [Math.floor(x), Math.floor(y)]
  const [tile] = base.tilesIn(0, { x0: column, y0: row, x1: column + 1, y1: row + 1 })
  const instance = instances[tile?.part ?? -1]
  return tile && instance && { tile, instance, key: `${instance.contentId}:${tile.frame}` }
}

/** What is under a point of a slide; undefined where nothing was scanned, and while it is on its way (`onSlides`). */
export function slideValues(imageId: string, point: Point): TileValues | undefined {
  const slide = known.get(imageId)
  const found = slide && tileAt(slide, point)
  if (slide === undefined || found === undefined) return undefined
  const { tile, key } = found
  const pixels = slide.tiles.get(key)
  if (pixels !== undefined) return { pixels, corner: [tile.x, tile.y] }
  if (!slide.tiles.has(key)) void needSlideValues(imageId, point)
  return undefined
}

/** Brings the values under a point here; false where they cannot be had. */
export async function needSlideValues(imageId: string, point: Point): Promise<boolean> {
  const slide = known.get(imageId)
  const found = slide && tileAt(slide, point)
  if (slide === undefined || found === undefined) return false
  const { tile, instance, key } = found
  if (slide.tiles.get(key) !== undefined) return true
  slide.tiles.set(key, undefined)
  try {
    const { display, columns, rows } = await decodeTile(slide.manifest, instance, tile.frame)
    const { pixels, components, slope, intercept } = display
    slide.tiles.set(key, { pixels, components, slope, intercept, columns, rows, padding: undefined })
    for (const [oldest] of slide.tiles) {
      if (slide.tiles.size <= MOST_TILES) break
      slide.tiles.delete(oldest)
    }
    tell()
    return true
  } catch {
    // The picture says that its tile could not be had; the next look at the mark does not ask again.
    return false
  }
}
