import { frameTimes } from '../../../shared/viewing/cine.ts'
import { applyMatrix } from '../../../shared/viewing/view.ts'
import { t } from '../../i18n/index.ts'
import { describeFrame } from '../catalog.ts'
import { CpuScreen } from '../cpuScreen.ts'
import type { Pane } from '../pane.ts'
import { livePanes, useSession } from '../session.ts'
import { isCoarse } from '../volume/coarse.ts'
import { composeGrid, composePane, type PictureParts } from './compose.ts'

export type PictureFormat = 'png' | 'jpeg'
/** A canvas of more pixels a side is refused by browsers. */
const LARGEST_SIDE = 16_384

/** The part of the page that is one pane's picture. */
export function pictureElement(pane: Pane): HTMLElement {
  return pane.element.closest<HTMLElement>('.pane-picture') ?? pane.element
}

/** Panes that are seen and show an image, in their order. */
export function seenPanes(): Pane[] {
  const { oneUp, layout } = useSession.getState()
  const count = layout.rows * layout.columns
  return livePanes().filter((pane, index) => {
    const covered = oneUp !== undefined && oneUp !== index
    return index < count && !covered && pane.state.getState().shown !== undefined
  })
}

export function pictureOf(panes: Pane[], parts: PictureParts): Promise<HTMLCanvasElement> {
  const [only] = panes
  if (only !== undefined && panes.length === 1) return composePane(pictureElement(only), parts)
  return composeGrid(panes.map(pictureElement), parts)
}

/** The image alone, a pixel of the picture for each of its own, windowed and turned as it is seen; what is covered of it stays so. */
export function pixelsOf(pane: Pane): HTMLCanvasElement {
  const { image } = pane
  const { zoom, transform, quarterTurns } = pane.state.getState()
  if (image === undefined || transform === undefined) throw new Error(t('There is no picture.'))
  const upright = quarterTurns % 2 === 0
  const corner = applyMatrix(transform, [0, 0])
  const opposite = applyMatrix(transform, [image.columns, image.rows])
  // As it lies on the screen, pixels that are not square among them.
  const ratio = window.devicePixelRatio / zoom
  const width = Math.round(Math.abs(opposite[0] - corner[0]) * ratio)
  const height = Math.round(Math.abs(opposite[1] - corner[1]) * ratio)
  if (Math.max(width, height) > LARGEST_SIDE) throw new Error(t('The image is too large for a picture.'))
  const holder = document.createElement('div')
  const screen = new CpuScreen(holder)
  const size =
    width > 0 && height > 0
      ? { width, height }
      : { width: upright ? image.columns : image.rows, height: upright ? image.rows : image.columns }
  screen.resize(size)
  const [x, y] = [(corner[0] + opposite[0]) / 2, (corner[1] + opposite[1]) / 2]
  pane.drawAbout(screen, [x, y], 1 / zoom)
  const canvas = holder.querySelector('canvas')
  const context = canvas?.getContext('2d')
  if (!canvas || !context) throw new Error(t('There is no picture.'))
  const place = new DOMMatrix()
    .translate(size.width / 2, size.height / 2)
    .scale(ratio)
    .translate(-x, -y)
  context.imageSmoothingEnabled = false
  for (const shutter of pictureElement(pane).querySelectorAll<HTMLCanvasElement>('canvas.shutter')) {
    context.setTransform(place.multiply(new DOMMatrix(getComputedStyle(shutter).transform)))
    context.drawImage(shutter, 0, 0)
  }
  return canvas
}

/** Of a picture of a pane, the part where its image is: paper has no room for the black around it. */
export function onImage(pane: Pane, picture: HTMLCanvasElement): HTMLCanvasElement {
  const { image } = pane
  const { transform } = pane.state.getState()
  if (image === undefined || transform === undefined) return picture
  const scale = picture.width / pictureElement(pane).clientWidth
  const corners = [applyMatrix(transform, [0, 0]), applyMatrix(transform, [image.columns, image.rows])]
  const span = (axis: 0 | 1, most: number): [number, number] => {
    const ends = corners.map(corner => Math.max(0, Math.min(most, Math.round(corner[axis] * scale))))
    return [Math.min(...ends), Math.max(...ends)]
  }
  const [left, right] = span(0, picture.width)
  const [top, bottom] = span(1, picture.height)
  if (right - left < 2 || bottom - top < 2) return picture
  const part = document.createElement('canvas')
  part.width = right - left
  part.height = bottom - top
  part.getContext('2d')?.drawImage(picture, -left, -top)
  return part
}

export function fileOf(canvas: HTMLCanvasElement, format: PictureFormat): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error(t('The picture could not be made.'))))
    canvas.toBlob(done, `image/${format}`, 0.92)
  })
}

/** Resolves when the pane shows the image at that place; false where it cannot be shown. */
export function showAt(pane: Pane, index: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const state = pane.state.getState()
      if (signal.aborted) finish(() => reject(signal.reason))
      else if (pane.stack !== undefined && index >= pane.stack.entries.length) finish(() => resolve(false))
      else if (state.index === index && state.reason !== undefined) finish(() => resolve(false))
      // A coarse one stands in for the one that is meant.
      else if (state.index === index && state.shown === index && !state.loading && !isCoarse(pane.entry?.imageId ?? ''))
        finish(() => resolve(true))
    }
    const finish = (end: () => void) => {
      stop()
      signal.removeEventListener('abort', look)
      end()
    }
    const stop = pane.state.subscribe(look)
    signal.addEventListener('abort', look)
    pane.goTo(index)
    look()
  })
}

/** What lies over the picture is drawn a turn later than it. */
const drawnOver = () => new Promise<void>(resolve => requestAnimationFrame(() => setTimeout(resolve, 0)))

/**
 * Every `step`-th image of what a pane shows, one after the other, each as it is seen; the pane is at its image again when this ends,
 * however it does. What cannot be shown is left out.
 */
export async function eachImage(
  pane: Pane,
  places: readonly number[],
  signal: AbortSignal,
  take: (index: number) => Promise<void>,
): Promise<void> {
  const before = pane.state.getState().index
  const series = pane.stack?.manifest.SeriesInstanceUID
  const isThere = () => pane.stack?.manifest.SeriesInstanceUID === series
  pane.stop()
  try {
    for (const index of places) {
      if (!(await showAt(pane, index, signal))) continue
      await drawnOver()
      // Another study was opened meanwhile: its images are no part of this.
      if (!isThere()) throw new Error(t('The pane shows something else now.'))
      await take(index)
    }
  } finally {
    if (isThere()) pane.goTo(before)
  }
}

/** How long an image of the pane's stack is on the screen when it plays, ms. */
export function frameTimeOf(pane: Pane, index: number): number {
  const described = describeFrame(pane.stack?.entries[index]?.imageId ?? '')
  if (described === undefined) return frameTimes({}, 1)[0]!
  const { attributes, instance, frame } = described
  const times = frameTimes(attributes, Math.max(1, instance.NumberOfFrames))
  return times[frame - 1] ?? times[0]!
}
