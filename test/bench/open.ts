/**
 * `npm run bench -- open [--full]`: from the key on the worklist to the presented frame whose read-back is the expected image
 * at its window, 300-slice CT not opened before, for software GL and the CPU path (`--cpu`: that alone). 30 studies with --full, else 6.
 * Two habits: Enter at once after the arrow key (nothing could be read ahead), and Enter after resting on the row for a second.
 */
import type { Browser, Page } from 'playwright-core'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import type { ExpectedPicture } from '../fixtures/picture.ts'
import { startStation } from '../fixtures/station.ts'
import { type BenchImage, buildSlices, renumbered } from './ctStudies.ts'
import { machine, summary } from './figures.ts'
import { armPresented, expectedImage } from './presented.ts'
import { untilQuiet } from './quiet.ts'

const SLICES = 300
const RUNS = process.argv.includes('--full') ? 30 : 6
const RESTS = { 'Enter at once': 0, 'after 1 s on the row': 1000 }

interface Opening {
  StudyInstanceUID: string
  expected: ExpectedPicture
}

const station = await startStation()
let browser: Browser | undefined
try {
  console.log(`open: ${RUNS} studies of ${SLICES} CT slices 512×512, ${machine()}`)
  const slices = buildSlices(SLICES)
  const studies: Opening[] = []
  for (let number = 0; number < RUNS + 1; number++) {
    const images = renumbered(slices, number)
    await sendBytes(images, { port: station.dimsePort, associations: 4 })
    const [{ StudyInstanceUID, SeriesInstanceUID }] = images as [BenchImage]
    const manifest = await station.call('series.open', { StudyInstanceUID, SeriesInstanceUID })
    const first = images.find(image => image.SOPInstanceUID === manifest.instances[0]?.SOPInstanceUID)
    if (!first) throw new Error('the manifest does not begin with an image that was sent')
    studies.push({ expected: expectedImage(manifest, first), StudyInstanceUID })
  }
  await untilQuiet(station)
  for (const rendering of process.argv.includes('--cpu') ? (['cpu'] as const) : (['gl', 'cpu'] as const)) {
    // The CPU path as on a machine without a graphics card: there the browser draws its windows on the CPU too.
    browser = await launchChromium({ gl: rendering === 'gl' })
    for (const [habit, restMs] of Object.entries(RESTS)) {
      const figures: number[] = []
      const { context, page, trouble } = await openWorkstation(browser, station.url, {
        search: `rendering=${rendering}`,
      })
      await page.locator('[data-study]').first().waitFor()
      // Newest first is the list's order; the first row is only there to come from.
      for (const [row, study] of studies.toReversed().entries()) {
        if (row > 0) figures.push(await openOne(page, row, study, restMs))
      }
      if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
      const path = await page.evaluate(() => window.isocenter.rendering())
      if (process.argv.includes('--each')) console.log(figures.map(ms => ms.toFixed(0)).join(' '))
      console.log(`${path.path === 'gl' ? 'software GL' : 'CPU path   '}  ${habit.padEnd(22)} ${summary(figures)}`)
      await context.close()
    }
    await browser.close()
  }
} finally {
  await browser?.close()
  await station.stop()
}

/** One opening by keyboard alone, from the row above. A window of its own has not opened any of them before. */
async function openOne(page: Page, row: number, study: Opening, restMs: number): Promise<number> {
  await page.getByRole('grid', { name: 'Studies' }).getByRole('rowgroup').focus()
  await page.keyboard.press('Home')
  for (let at = 1; at < row; at++) await page.keyboard.press('ArrowDown')
  // Reading ahead for the row above is over.
  await page.waitForTimeout(1000)
  const presented = await armPresented(page, study.expected)
  await page.keyboard.press('ArrowDown')
  if (restMs > 0) await page.waitForTimeout(restMs)
  await page.keyboard.press('Enter')
  const ms = await presented()
  await page.waitForTimeout(300)
  await page.keyboard.press('Backspace')
  await page.locator('[data-study]').first().waitFor()
  return ms
}
