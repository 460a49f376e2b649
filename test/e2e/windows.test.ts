import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSlices, renumbered } from '../bench/ctStudies.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

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
  await context.close()
})

test('a layout chosen where no protocol hangs comes back with the next study of the modality, window by window, until it is forgotten', async () => {
  await station.call('settings.set', { key: 'hanging', value: { automatic: false } })
  const slices = buildSlices(2)
  const studies = new Set<string>()
  for (const study of [2, 3]) {
    for (let series = 0; series < 6; series++) {
      const images = renumbered(slices, study, series)
      await sendBytes(images, { port: station.dimsePort })
      studies.add(images[0]!.StudyInstanceUID)
    }
  }
  const { context, page, trouble } = await openWorkstation(browser, station.url)
  const open = async (at: number) => {
    await page.locator(`[data-study="${[...studies][at]}"]`).dblclick()
    await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  }
  const hung = (of: Page) =>
    of.evaluate(() => {
      const panes = window.isocenter.viewports()
      return panes.every(({ settled }) => settled) ? panes.map(({ seriesUID }) => seriesUID) : []
    })
  await open(0)
  expect(await hung(page)).toHaveLength(1)
  await page.keyboard.press('Alt+3')
  await expect.poll(async () => (await hung(page)).length).toBe(4)
  const opened = context.waitForEvent('page')
  await page.keyboard.press('Alt+w')
  const other = await opened
  await other.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
  await other.bringToFront()
  await other.keyboard.press('Alt+2')
  await expect.poll(async () => (await hung(other)).length).toBe(2)
  await page.bringToFront()
  await page.keyboard.press('Backspace')
  await open(1)
  await expect.poll(async () => (await hung(page)).length).toBe(4)
  // It goes on where the first has no more panes.
  await expect.poll(async () => (await hung(other)).length).toBe(2)
  expect(new Set([...(await hung(page)), ...(await hung(other))]).size).toBe(6)
  await page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', 'windows-layout.png') })
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Hanging', exact: true }).click()
  await page.getByText(/^CT · window 1 · \d+ × \d+ · 2×2$/).waitFor()
  await page.getByText(/^CT · window 2 · \d+ × \d+ · 1×2$/).waitFor()
  await page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', 'windows-settings.png') })
  await page.getByRole('button', { name: 'Forget all' }).click()
  await page.getByText('None yet: a layout you choose comes back').waitFor()
  const kept = async () => (await station.call('settings.get', {})) as { hanging?: { layouts?: object } }
  await expect.poll(async () => (await kept()).hanging?.layouts).toEqual({})
  expect(trouble.found).toEqual([])
})
