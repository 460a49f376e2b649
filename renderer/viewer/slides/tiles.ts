import {
  frameAttributes,
  type ImageAttributes,
  type ManifestInstance,
  type SeriesManifest,
} from '../../../shared/viewing/image.ts'
import { fetchFrame } from '../../client.ts'
import { whyOf } from '../../i18n/index.ts'
import { decodeFrame } from '../decode.ts'
import { type DisplayPixels, displayPixels } from '../pixels.ts'
import { initialRange } from '../windows.ts'

/** Of all slides together; what was drawn last stays. Six screens of 3840 × 2160 (a view holds 160 MB at most). */
const MOST_BYTES = 256 * 2 ** 20
/** Two of the browser's connections are for single frames (client.ts). */
const AT_ONCE = 2

const kept = new Map<string, ImageBitmap>()
let keptBytes = 0

function keyOf(contentId: number, frame: number): string {
  return `${contentId}:${frame}`
}

function keep(key: string, bitmap: ImageBitmap): void {
  // Another pane with the same slide may have brought it meanwhile.
  if (kept.has(key)) {
    bitmap.close()
    return
  }
  kept.set(key, bitmap)
  keptBytes += 4 * bitmap.width * bitmap.height
  for (const [oldest, old] of kept) {
    if (keptBytes <= MOST_BYTES || oldest === key) break
    kept.delete(oldest)
    keptBytes -= 4 * old.width * old.height
    old.close()
  }
}

/** A tile that somebody looks at. */
export interface WantedTile {
  instance: ManifestInstance
  frame: number
}

/** The tiles of one slide in one pane: what is looked at now comes first, what is no longer looked at is not asked for. */
export class Tiles {
  readonly #manifest: SeriesManifest
  readonly #onTile: () => void
  #queue: WantedTile[] = []
  readonly #underway = new Map<string, AbortController>()
  readonly #failed = new Map<string, string>()

  constructor(manifest: SeriesManifest, onTile: () => void) {
    this.#manifest = manifest
    this.#onTile = onTile
  }

  /** The pixels, if they are here. */
  at(instance: ManifestInstance, frame: number): ImageBitmap | undefined {
    const key = keyOf(instance.contentId, frame)
    const bitmap = kept.get(key)
    if (bitmap !== undefined) {
      kept.delete(key)
      kept.set(key, bitmap)
    }
    return bitmap
  }

  /** Why a tile is not to be had; undefined: nothing is known against it. */
  failureOf(instance: ManifestInstance, frame: number): string | undefined {
    return this.#failed.get(keyOf(instance.contentId, frame))
  }

  /** From now on these are asked for, in this order, and no others. */
  want(tiles: WantedTile[]): void {
    this.#queue = tiles.filter(({ instance, frame }) => {
      const key = keyOf(instance.contentId, frame)
      return !kept.has(key) && !this.#failed.has(key) && !this.#underway.has(key)
    })
    const wanted = new Set(tiles.map(({ instance, frame }) => keyOf(instance.contentId, frame)))
    for (const [key, controller] of this.#underway) if (!wanted.has(key)) controller.abort()
    this.#next()
  }

  /** What failed is tried again when it is wanted next. */
  retry(): void {
    this.#failed.clear()
  }

  dispose(): void {
    this.#queue = []
    for (const controller of this.#underway.values()) controller.abort()
  }

  #next(): void {
    while (this.#underway.size < AT_ONCE) {
      const tile = this.#queue.shift()
      if (tile === undefined) return
      const key = keyOf(tile.instance.contentId, tile.frame)
      const controller = new AbortController()
      this.#underway.set(key, controller)
      this.#load(tile, controller.signal)
        .then(
          bitmap => keep(key, bitmap),
          (thrown: unknown) => {
            if (controller.signal.aborted) return
            this.#failed.set(key, whyOf(thrown))
          },
        )
        .finally(() => {
          this.#underway.delete(key)
          this.#onTile()
          this.#next()
        })
    }
  }

  async #load({ instance, frame }: WantedTile, signal: AbortSignal): Promise<ImageBitmap> {
    const { display, attributes, columns, rows } = await decodeTile(this.#manifest, instance, frame, signal)
    return createImageBitmap(toImageData(display, attributes, columns, rows))
  }
}

/** One tile as the screen takes it. Rejects like `fetchFrame` and `decodeFrame`. */
export async function decodeTile(
  manifest: SeriesManifest,
  instance: ManifestInstance,
  frame: number,
  signal?: AbortSignal,
): Promise<{ display: DisplayPixels; attributes: ImageAttributes; columns: number; rows: number }> {
  const { StudyInstanceUID, SeriesInstanceUID } = manifest
  const { SOPInstanceUID, TransferSyntaxUID } = instance
  const bytes = await fetchFrame({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame }, signal)
  const attributes = frameAttributes(manifest, instance, frame)
  const decoded = await decodeFrame(bytes, TransferSyntaxUID, attributes)
  const { columns, rows } = decoded
  return { display: displayPixels(decoded, attributes), attributes, columns, rows }
}

/** Greys by the stored window, else by all that the bits can say: a window of each tile's own would make a chequerboard. */
function toImageData(display: DisplayPixels, attributes: ImageAttributes, columns: number, rows: number): ImageData {
  const { pixels, components, slope, intercept } = display
  const image = new ImageData(columns, rows)
  const rgba = new Uint32Array(image.data.buffer)
  if (components === 3) {
    for (let at = 0, from = 0; at < rgba.length; at++, from += 3) {
      rgba[at] = 0xff000000 | ((pixels[from + 2] ?? 0) << 16) | ((pixels[from + 1] ?? 0) << 8) | (pixels[from] ?? 0)
    }
    return image
  }
  const { BitsStored = 8, PixelRepresentation = 0, PhotometricInterpretation } = attributes
  const least = PixelRepresentation === 1 ? -(2 ** (BitsStored - 1)) : 0
  const ends = [least, least + 2 ** BitsStored - 1].map(value => value * slope + intercept) as [number, number]
  const { lower, upper } = initialRange(attributes, { min: Math.min(...ends), max: Math.max(...ends) })
  const isInverse = PhotometricInterpretation === 'MONOCHROME1'
  for (let at = 0; at < rgba.length; at++) {
    const value = (((pixels[at] ?? 0) * slope + intercept - lower) / (upper - lower)) * 255
    const cut = Math.round(Math.max(0, Math.min(255, value)))
    const grey = isInverse ? 255 - cut : cut
    rgba[at] = 0xff000000 | (grey << 16) | (grey << 8) | grey
  }
  return image
}
