/**
 * `npm run bench -- windows [--full]`: four windows of one browser, 3×3 panes each, every pane a series of its own and all
 * streams open. How long from the key that jumps to the last image until a window presents it, while the others load on?
 * Then a fifth window opens and shows its first image.
 */
import type { Page } from 'playwright-core'
import type {} from '../../renderer/viewer/probe.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { startStation } from '../fixtures/station.ts'
import { buildSlices, renumbered } from './ctStudies.ts'
import { machine, summary } from './figures.ts'
import { untilQuiet } from './quiet.ts'

const SERIES = 9
const FULL = process.argv.includes('--full')
const SLICES = FULL ? 150 : 40
const WINDOWS = 4
const ROUNDS = FULL ? 5 : 2

let StudyInstanceUID = ''
const station = await startStation()
try {
  console.log(`windows: ${WINDOWS} windows of 3×3 panes, ${SERIES} series of ${SLICES} CT slices 512×512, ${machine()}`)
  const slices = buildSlices(SLICES)
  for (let series = 0; series < SERIES; series++) {
    const images = renumbered(slices, 1, series)
    StudyInstanceUID = images[0]?.StudyInstanceUID ?? ''
    await sendBytes(images, { port: station.dimsePort, associations: 4 })
  }
  await untilQuiet(station)
  // Without a graphics card the browser itself draws its windows: on the CPU, or (where it is told to) by a GL in software.
  await measure('drawn by the CPU', { gl: false })
  await measure('drawn by software GL', { gl: true })
} finally {
  await station.stop()
}

async function measure(name: string, options: { gl: boolean }): Promise<void> {
  const browser = await launchChromium(options)
  try {
    const { context, page, trouble } = await openWorkstation(browser, station.url)
    const jumps: number[] = []
    let streaming = 0
    let fifthMs = 0
    for (let round = 0; round < ROUNDS; round++) {
      const pages: Page[] = []
      for (let number = 0; number < WINDOWS; number++) {
        const window = await context.newPage()
        await window.goto(station.origin)
        pages.push(window)
      }
      for (const window of pages) await openNine(window)
      for (const window of pages) {
        // The window that is looked at: the browser draws the others at leisure.
        await window.bringToFront()
        streaming += (await loaded(window)) < SERIES * SLICES ? 1 : 0
        jumps.push(await jumpToEnd(window))
      }
      if (round === ROUNDS - 1) {
        const fifth = await context.newPage()
        const started = performance.now()
        await fifth.goto(station.origin)
        await openFirst(fifth)
        fifthMs = performance.now() - started
      }
      for (const window of pages) await window.close()
    }
    await page.close()
    console.log(
      `${name.padEnd(20)} jump to the last image: ${summary(jumps)}; ${streaming} of ${jumps.length} while its own streams were still open; a fifth window's first image ${fifthMs.toFixed(0)} ms after its navigation`,
    )
    if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
  } finally {
    await browser.close()
  }
}

async function openFirst(page: Page): Promise<void> {
  await page.locator('[data-study]').first().waitFor()
  await page.getByRole('grid', { name: 'Studies' }).getByRole('rowgroup').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
}

async function openNine(page: Page): Promise<void> {
  await page.bringToFront()
  await openFirst(page)
  await page.keyboard.press('Alt+4')
  await page.waitForFunction(count => window.isocenter.viewports().length === count, SERIES)
}

/** Frames in this window's cache, all panes. */
function loaded(page: Page): Promise<number> {
  return page.evaluate(() => window.isocenter.viewports().reduce((sum, pane) => sum + pane.loaded, 0))
}

/** From the key's own time stamp to the frame of the display after the pane says it shows the last image. */
async function jumpToEnd(page: Page): Promise<number> {
  const seriesUID = await page.evaluate(() => window.isocenter.viewports()[0]?.seriesUID ?? '')
  const { instances } = await station.call('series.open', { StudyInstanceUID, SeriesInstanceUID: seriesUID })
  await page.evaluate(last => {
    const scope = window as Window & { jumped?: Promise<number> }
    scope.jumped = new Promise(resolve => {
      addEventListener(
        'keydown',
        event => {
          const look = () => {
            const pane = window.isocenter.viewports()[0]
            // Drawn, perhaps in this very frame: when the next one begins it has been presented.
            if (pane?.settled && pane.SOPInstanceUID === last) {
              requestAnimationFrame(presented => resolve(presented - event.timeStamp))
            } else requestAnimationFrame(look)
          }
          requestAnimationFrame(look)
        },
        { capture: true, once: true },
      )
    })
  }, instances.at(-1)?.SOPInstanceUID)
  await page.keyboard.press('End')
  return page.evaluate(() => (window as Window & { jumped?: Promise<number> }).jumped ?? Number.NaN)
}
