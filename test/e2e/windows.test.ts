import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSlices, renumbered } from '../bench/ctStudies.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/** Chromium gives one host six connections for all windows together: the budget of `client.ts` must leave room for one more window. */
const SERIES = 9
const SLICES = 8

let station: RunningStation
let browser: Browser

beforeAll(async () => {
  station = await startStation()
  const slices = buildSlices(SLICES)
  for (let series = 0; series < SERIES; series++) {
    await sendBytes(renumbered(slices, 1, series), { port: station.dimsePort, associations: 2 })
  }
  browser = await launchChromium()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

async function openFirst(page: Page): Promise<void> {
  await page.bringToFront()
  await page.locator('[data-study]').first().waitFor()
  await page.getByRole('grid', { name: 'Studies' }).getByRole('rowgroup').focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
}

test('four windows of nine panes load whole, each jumps, and a fifth window opens', { timeout: 180_000 }, async () => {
  const { context, page: first, trouble } = await openWorkstation(browser, station.url)
  const pages = [first]
  while (pages.length < 4) {
    const page = await context.newPage()
    await page.goto(station.origin)
    pages.push(page)
  }
  for (const page of pages) {
    await openFirst(page)
    await page.keyboard.press('Alt+4')
  }
  for (const page of pages) {
    await page.bringToFront()
    await page.keyboard.press('End')
    await page.waitForFunction(count => {
      const panes = window.isocenter.viewports()
      return panes.length === count && panes.every(pane => pane.settled)
    }, SERIES)
    await expect.poll(() => page.locator('[data-pane="0"]').textContent()).toContain(`${SLICES}/${SLICES}`)
  }
  const fifth = await context.newPage()
  await fifth.goto(station.origin)
  await openFirst(fifth)
  for (const page of pages) {
    await page.waitForFunction(
      count => window.isocenter.viewports().reduce((sum, pane) => sum + pane.loaded, 0) === count,
      SERIES * SLICES,
      { timeout: 60_000 },
    )
  }
  expect(trouble.found).toEqual([])
})
