import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** What a reader sees while something is missing, and on a display that scales: nothing is cut off, nothing lies over another. */
let station: RunningStation
let browser: Browser

/** The phantoms are made at that moment: seconds, minutes on a machine that has much else to do. */
const SAMPLES_MS = 300_000

beforeAll(async () => {
  station = await startStation()
  await station.job(await station.call('samples.load', {}))
}, SAMPLES_MS)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const shot = (page: Page, name: string) =>
  page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `state-${name}.png`) })

/** A window of 1280 × 800 CSS pixels on a display that scales; what matches `silent` is never answered. */
async function openScaled(scale: number, silent: string[] = []): Promise<Page> {
  await browser?.close()
  browser = await launchChromium({ scale })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: scale })
  const page = await context.newPage()
  for (const path of silent) await page.route(path, () => new Promise(() => {}))
  await page.goto(station.url)
  return page
}

async function openStudy(page: Page, text: string): Promise<void> {
  await page.locator('[data-study]').filter({ hasText: text }).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

/** Controls of a bar that lie over each other or stick out of the window. */
const crowded = (page: Page, bar: string) =>
  page.locator(`${bar} button:visible, ${bar} input:visible`).evaluateAll(found => {
    const boxes = found.map(one => ({
      name: one.getAttribute('aria-label') ?? one.textContent,
      box: one.getBoundingClientRect(),
    }))
    return boxes.flatMap(({ name, box }, index) => {
      const out = box.left < 0 || box.right > innerWidth + 0.5
      const over = boxes.slice(index + 1).filter(({ box: other }) => {
        const apart = box.right <= other.left + 1 || other.right <= box.left + 1
        return !apart && box.bottom > other.top + 1 && other.bottom > box.top + 1
      })
      return [...(out ? [`${name} sticks out`] : []), ...over.map(other => `${name} over ${other.name}`)]
    })
  })

test('at 150 % no control of the bars is cut off or lies over another, and the patient is named', async () => {
  const page = await openScaled(1.5)
  await page.locator('[data-study]').nth(4).waitFor()
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator('[data-study]').filter({ hasText: '山田' }).click()
  await page.locator('.series-panel img').first().waitFor({ timeout: 60_000 })
  expect(await crowded(page, '.worklist-head')).toEqual([])
  expect(await crowded(page, '.filter-bar')).toEqual([])
  // Every column that is shown at first is in the window.
  const table = await page.locator('.study-rows').evaluate(one => ({ all: one.scrollWidth, seen: one.clientWidth }))
  expect(table.all).toBeLessThanOrEqual(table.seen)
  await shot(page, 'worklist-150')
  await openStudy(page, '山田')
  expect(await crowded(page, '.viewer-head')).toEqual([])
  const named = (await page.locator('.viewer-title strong').boundingBox())!
  expect(named.width).toBeGreaterThan(60)
  await shot(page, 'viewer-150')
})

test('an image that is on its way says so under its own number; the list shows that it is being read', async () => {
  // No picture comes, from the first on: one that was read ahead would be there at once.
  const page = await openScaled(1, ['**/frames/**', '**/api/frames'])
  await page.locator('[data-study]').nth(4).waitFor()
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator('[data-study]').filter({ hasText: '洪' }).dblclick()
  await page
    .getByText(/^loading/i)
    .first()
    .waitFor()
  await shot(page, 'viewer-loading')
  await page.unrouteAll({ behavior: 'ignoreErrors' })

  const fresh = await page.context().newPage()
  await fresh.route('**/api/studies.*', () => new Promise(() => {}))
  await fresh.goto(new URL('/', station.url).href)
  await fresh.locator('.skeleton-row').first().waitFor()
  await shot(fresh, 'worklist-loading')
})
