import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { DOCUMENTS_STUDY, type DocumentName, documentFiles, documentSeries, SLICES } from '../fixtures/documents.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** What is stored beside the images opens in place, in one study; each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const shot = (name: string) =>
  page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `documents-${name}.png`) })
const number = (pane: number) => page.locator(`[data-pane="${pane}"]`).getByTestId('image-number').textContent()

async function hang(name: DocumentName | 'slices'): Promise<void> {
  const series = name === 'slices' ? `${DOCUMENTS_STUDY}.1` : documentSeries(name)
  await page.locator(`[data-set="${series}"]`).dblclick()
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-documents-'))
  for (const { name, bytes } of documentFiles()) await writeFile(path.join(folder, `${name}.dcm`), bytes)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { search: 'rendering=cpu' }))
  await page.locator(`[data-study="${DOCUMENTS_STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a stored presentation is applied and taken away again, and says whose it is', async () => {
  const before = await page.evaluate(() => window.isocenter.viewports()[0]!)
  await page.keyboard.press('Shift+O')
  await expect
    .poll(() => page.locator('.presentation-badge').textContent())
    .toMatch(/For the conference by Curie, Marie/)
  await page.locator('.presentation path').first().waitFor({ state: 'attached' })
  await expect.poll(() => page.locator('.presentation text').textContent()).toBe('look here')
  // Turned by a quarter: what lay along the row lies along the column.
  const turned = () => page.evaluate(() => window.isocenter.viewports()[0]!)
  await expect.poll(async () => Math.abs((await turned()).transform!.a) < 1e-9).toBe(true)
  expect((await turned()).range).toEqual({ lower: -100, upper: 99 })
  await shot('presentation')
  await page.getByRole('button', { name: 'Graphics only' }).click()
  await expect.poll(async () => (await turned()).transform).toEqual(before.transform)
  expect(await page.locator('.presentation path').count()).toBeGreaterThan(0)
  await page.keyboard.press('Shift+O')
  await expect.poll(() => page.locator('.presentation').count()).toBe(0)
  await expect.poll(async () => (await turned()).range).toEqual(before.range)
})

test('a pane shows only the key images, and all again at the one that is seen', async () => {
  await page.keyboard.press('Alt+K')
  await expect.poll(() => number(0)).toMatch(/image 1\/2$/)
  await page.keyboard.press('PageDown')
  await expect.poll(() => number(0)).toMatch(/image 2\/2$/)
  await page.keyboard.press('M')
  await page.getByText('Key images: Of Interest (2)').waitFor()
  await shot('key-images')
  await page.keyboard.press('M')
  await page.keyboard.press('Alt+K')
  await expect.poll(() => number(0)).toMatch(new RegExp(`image 4/${SLICES}$`))
})

test('a report is text with links, and a link shows its image with the region drawn', async () => {
  await hang('report')
  const report = page.locator('.report')
  await report.waitFor()
  const text = await report.textContent()
  expect(text).toContain('Chest CT Report')
  expect(text).toContain('completeverified')
  expect(text).toContain('verified by Curie, Marie, Radium Institute')
  expect(text).toContain('12.50 mm')
  expect(text).toContain('Lower lobe of right lung')
  expect(text).toContain('CT Image, which is not here')
  await shot('report')
  await page.getByRole('button', { name: /polyline on series 1 image 3/ }).click()
  await expect.poll(() => number(1)).toMatch(new RegExp(`image 3/${SLICES}$`))
  await page.locator('[data-pane="1"] [data-region="POLYLINE"]').waitFor({ state: 'attached' })
  await shot('report-region')
})

test('waveforms, letters and surfaces are drawn; what cannot be shown can be exported', async () => {
  await page.keyboard.press(',')
  await hang('ecg')
  await page.getByText('RHYTHM · 2 channels · 2.0 s · 500 samples/s').waitFor()
  await page.getByText('RR Interval: 1000 ms').waitFor()
  await shot('ecg')
  await hang('letter')
  await page.getByText('No fever & no pain.').waitFor()
  await hang('pdf')
  await expect.poll(() => page.locator('.pdf-text').textContent()).toBe('The chest is clear.')
  // Its letters are drawn: black on the paper.
  const darkest = () =>
    page.locator('.pdf-page canvas').evaluate(one => {
      const canvas = one as HTMLCanvasElement
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      return data.filter((_, at) => at % 4 === 0).reduce((least, value) => Math.min(least, value), 255)
    })
  await expect.poll(darkest).toBeLessThan(40)
  await shot('pdf')
  await hang('surface')
  await page.getByText('4 triangles · drag turns').waitFor()
  await shot('surface')
  await hang('pdf')
  await page.getByText('The chest is clear.').waitFor()
  await hang('oldFilm')
  await page.getByText('This video cannot be played here.').waitFor()
  await hang('raw')
  await page.getByText('This image cannot be shown.').waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  expect((await download).suggestedFilename()).toBe(`${documentSeries('raw')}.1.dcm`)
})

test('a video plays by the platform’s player', async () => {
  await hang('film')
  const video = page.locator('video')
  await expect.poll(() => video.evaluate(one => (one as HTMLVideoElement).readyState)).toBeGreaterThan(1)
  expect(await video.evaluate(one => (one as HTMLVideoElement).videoWidth)).toBe(64)
  await shot('video')
  expect(trouble.found).toEqual([])
})
