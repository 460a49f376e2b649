import type { BrowserContext, Page } from 'playwright-core'
import { toDisplay } from '../../shared/viewing/grey.ts'
import { frameAttributes, type SeriesManifest } from '../../shared/viewing/image.ts'
import { type ExpectedPicture, expectedPicture } from '../fixtures/picture.ts'
import type { BenchImage } from './ctStudies.ts'

/** The image at its own window: modality LUT, VOI, 8 bit. */
export function expectedImage(manifest: SeriesManifest, image: BenchImage): ExpectedPicture {
  const instance = manifest.instances.find(one => one.SOPInstanceUID === image.SOPInstanceUID)
  if (!instance) throw new Error(`${image.SOPInstanceUID} is not in the manifest`)
  const attributes = frameAttributes(manifest, instance, 1)
  const { Rows: rows = 0, Columns: columns = 0 } = attributes
  return expectedPicture(toDisplay(image.pixels, attributes), { rows, columns, components: 1 })
}

/**
 * Arms the page: from the next keydown on, every frame of the display is read back until pane 0 shows the expected image.
 * `presentedMs()` then resolves with milliseconds from the key event's own time stamp to that frame. Half of the points
 * (a torso fills half of its field) tell nothing; 99 of 100 must agree, and all of the image's marks with them.
 */
export async function armPresented(page: Page, expected: ExpectedPicture): Promise<() => Promise<number>> {
  await page.evaluate(wanted => {
    const scope = window as Window & { presented?: Promise<number> }
    scope.presented = new Promise<number>(resolve => {
      let started: number | undefined
      addEventListener(
        'keydown',
        event => {
          if (event.key === 'Enter') started = event.timeStamp
        },
        { capture: true, once: false },
      )
      const matches = (picture: ImageData) => {
        const scale = Math.min(picture.width / wanted.columns, picture.height / wanted.rows)
        const left = (picture.width - wanted.columns * scale) / 2
        const top = (picture.height - wanted.rows * scale) / 2
        let wrong = 0
        for (const { x, y, low, high } of wanted.points) {
          const at = (Math.floor(top + y * scale) * picture.width + Math.floor(left + x * scale)) * 4
          const value = picture.data[at] ?? -1
          if (value < (low[0] ?? 0) || value > (high[0] ?? 255)) wrong += 1
        }
        return wrong <= wanted.points.length / 100
      }
      const look = () => {
        if (started !== undefined) {
          const picture = window.isocenter.readPixels('pane-0')
          // Drawn, perhaps in this very frame: when the next one begins it has been presented.
          if (picture && matches(picture)) {
            const key = started
            requestAnimationFrame(now => resolve(now - key))
            return
          }
        }
        requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })
  }, expected)
  return () =>
    page.evaluate(() => {
      const { presented } = window as Window & { presented?: Promise<number> }
      return presented ?? Promise.reject(new Error('not armed'))
    })
}

interface Watched {
  expected: ExpectedPicture
  /** From the beginning of the page; else from the next key or click. */
  cold: boolean
}

/** In the page: ms to the frame of the display in which any canvas has been presented with the image. */
function watchFirstImage({ expected, cold }: Watched): void {
  const scope = window as Window & { firstImage?: Promise<number> }
  scope.firstImage = new Promise<number>(resolve => {
    let started = cold ? 0 : undefined
    for (const kind of ['keydown', 'click']) {
      addEventListener(kind, event => (started ??= event.timeStamp), { capture: true, once: true })
    }
    const copy = document.createElement('canvas')
    const context = copy.getContext('2d', { willReadFrequently: true })!
    // Of the part of the canvas from `from` on, `rows` high, the points that are not as they should be.
    const wrongIn = (canvas: HTMLCanvasElement, from: number, rows: number, points: ExpectedPicture['points']) => {
      const { width, height } = canvas
      copy.width = width
      copy.height = rows
      context.drawImage(canvas, 0, -from)
      const { data } = context.getImageData(0, 0, width, rows)
      const scale = Math.min(width / expected.columns, height / expected.rows)
      const [left, top] = [(width - expected.columns * scale) / 2, (height - expected.rows * scale) / 2]
      return points.filter(({ x, y, low, high }) => {
        const value = data[((Math.floor(top + y * scale) - from) * width + Math.floor(left + x * scale)) * 4] ?? -1
        return value < (low[0] ?? 0) || value > (high[0] ?? 255)
      }).length
    }
    const middle = expected.points[Math.floor(expected.points.length / 2)]!.y
    const across = expected.points.filter(({ y }) => y === middle)
    const shows = (canvas: HTMLCanvasElement) => {
      const { width, height } = canvas
      if (width < 300 || height < 300) return false
      // One row first: reading all of it in each frame takes longer than drawing it.
      const scale = Math.min(width / expected.columns, height / expected.rows)
      const row = Math.floor((height - expected.rows * scale) / 2 + middle * scale)
      if (wrongIn(canvas, row, 1, across) > 1) return false
      return wrongIn(canvas, 0, height, expected.points) <= expected.points.length / 100
    }
    const look = () => {
      if (started !== undefined && [...document.querySelectorAll('canvas')].some(shows)) {
        const begun = started
        requestAnimationFrame(now => resolve(now - begun))
        return
      }
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
}

const firstImageOf = (page: Page) => () =>
  page.evaluate(() => (window as Window & { firstImage?: Promise<number> }).firstImage ?? Number.NaN)

/** Resolves with ms from the next key or click to the frame in which a canvas, whoever's, shows the image. */
export async function armFirstImage(page: Page, expected: ExpectedPicture): Promise<() => Promise<number>> {
  await page.evaluate(watchFirstImage, { expected, cold: false })
  return firstImageOf(page)
}

/** The same for a page that is yet to be loaded, from the beginning of its navigation. */
export async function armColdBoot(
  context: BrowserContext,
  page: Page,
  expected: ExpectedPicture,
): Promise<() => Promise<number>> {
  await context.addInitScript(watchFirstImage, { expected, cold: true })
  return firstImageOf(page)
}
