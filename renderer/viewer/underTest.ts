import { cache } from '@cornerstonejs/core'
import { displaySets } from '../../shared/viewing/displaySets.ts'
import type { SeriesManifest } from '../../shared/viewing/image.ts'
import { catalogSeries, describeFrame, type SeriesStack } from './catalog.ts'
import { CpuScreen } from './cpuScreen.ts'
import { startEngine } from './engine.ts'
import { frameImage } from './frameLoader.ts'
import { GlScreen } from './glScreen.ts'
import { measuredOf } from './marks/figures.ts'
import { Pane } from './pane.ts'
import type { Screen, ScreenFrame } from './screen.ts'

/**
 * The way of a patient's image, step by step, for the self-test: the same decoder, cache, screens, panes and figures, with a frame
 * that comes from elsewhere.
 */
export interface PhantomImage {
  stack: SeriesStack
  imageId: string
  frame: ScreenFrame
}

/** Decodes the only frame of a series and puts it into the cache, as the frame loader does. Rejects with an UnshowableError. */
export async function decodePhantom(manifest: SeriesManifest, bytes: Uint8Array<ArrayBuffer>): Promise<PhantomImage> {
  startEngine()
  const [stack] = catalogSeries(manifest, displaySets(manifest))
  const [imageId = ''] = stack?.imageIds ?? []
  const described = describeFrame(imageId)
  if (stack === undefined || described === undefined) throw new Error('The phantom is no image.')
  const image = await frameImage(imageId, described, bytes)
  if (cache.getImage(imageId) === undefined) cache.putImageSync(imageId, image)
  return { stack, imageId, frame: { image, attributes: described.attributes } }
}

export function forgetPhantom({ imageId }: PhantomImage): void {
  if (cache.getImage(imageId) !== undefined) cache.removeImageLoadObject(imageId, { force: true })
}

/** A screen of its own for one path; a sentence where there is none. */
export function screenUnderTest(path: 'page' | 'card'): Screen | string {
  const element = document.createElement('div')
  if (path === 'page') return new CpuScreen(element)
  const { card, resting, renderer } = startEngine()
  const tried = card ?? resting
  if (tried === undefined) return renderer === '' ? 'There is no WebGL 2.' : 'The page draws by itself.'
  return tried.lost ? 'The graphics card is away.' : new GlScreen(tried, element)
}

/** The browser has taken the graphics context away. */
export function cardIsAway(): boolean {
  const { card, resting } = startEngine()
  return (card ?? resting)?.lost ?? false
}

/** A whole pane, as a reader has it. */
export function paneUnderTest(element: HTMLDivElement): Pane {
  return new Pane(startEngine(), 'pane-under-test', element, { onMoved: () => {}, onWindow: () => {} })
}

/** The graphics card's name, and who draws. */
export function graphicsHere(): { renderer: string; drawnBy: 'page' | 'card' } {
  const { renderer, card, resting } = startEngine()
  return { renderer, drawnBy: card === undefined && resting === undefined ? 'page' : 'card' }
}

export { measuredOf }
