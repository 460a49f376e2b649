import type { Page } from 'playwright-core'
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
