import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { REPOSITORY, startStation } from '../fixtures/station.ts'

/** Takes the pictures of the help from the built station: `node test/e2e/helpPictures.ts`. Of the program's own phantoms alone. */
const FOLDER = path.join(REPOSITORY, 'renderer/help/pictures')
const LANGUAGES = ['en', 'de']

const study = (page: Page) => page.locator('[data-study]').filter({ hasText: '山田' })

/** How each topic's picture comes about, one after the other in one window. */
const TAKEN: Array<{ topic: string; reach: (page: Page) => Promise<void> }> = [
  {
    topic: 'find-study',
    reach: async page => {
      await study(page).click()
      await page.getByRole('img').first().waitFor()
    },
  },
  {
    topic: 'find-action',
    reach: async page => {
      await page.keyboard.press('Control+k')
      await page.getByRole('option').first().waitFor()
    },
  },
  {
    topic: 'look',
    reach: async page => {
      await page.keyboard.press('Escape')
      await study(page).dblclick()
      await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
    },
  },
]

const station = await startStation()
const browser = await launchChromium()
try {
  await mkdir(FOLDER, { recursive: true })
  await station.job(await station.call('samples.load', {}))
  for (const language of LANGUAGES) {
    // Found by its English name: the other language comes after.
    const { context, page } = await openWorkstation(browser, station.url, { width: 1120, height: 680 })
    await station.call('settings.set', { key: 'appearance', value: { language, contrast: 'system' } })
    await page.reload()
    await page.locator(`html[lang=${language}]`).waitFor()
    await page.locator('.viewer').waitFor({ state: 'attached' })
    for (const { topic, reach } of TAKEN) {
      await reach(page)
      await page.screenshot({ path: path.join(FOLDER, `${topic}.${language}.png`) })
    }
    await context.close()
  }
} finally {
  await browser.close()
  await station.stop()
}
