import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { dataSetBytes, part10, smallCT } from '../fixtures/oddFiles.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A folder from the day it is named in Settings to the day it is watched no more; each test goes on from the one before. */
let place: string
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  place = mkdtempSync(path.join(tmpdir(), 'isocenter-folders-'))
  for (const name of ['us', 'done']) mkdirSync(path.join(place, name))
  station = await startStation()
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Folders', exact: true }).click()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  rmSync(place, { recursive: true, force: true })
})

const folder = () => page.getByRole('region', { name: `Folder ${path.join(place, 'us')}` })
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })

test('a folder is watched from Settings; one of the station itself is refused in words', async () => {
  await page.getByText('No folder is watched yet.').waitFor()
  await page.getByLabel('Folder on the station').fill(path.join(station.dataDir, 'files'))
  await page.getByRole('button', { name: 'Watch', exact: true }).click()
  await page.getByRole('alert').getByText('lies in a folder of the station itself').waitFor()
  // What the station refuses is written into the browser's console by the browser itself.
  expect(trouble.found.splice(0)).toEqual([expect.stringContaining('400 (Bad Request)')])
  await page.getByLabel('Folder on the station').fill(path.join(place, 'us'))
  await page.getByLabel('What comes there').fill('Ultrasound 2')
  await page.getByLabel('What becomes of files').selectOption('move')
  await page.getByLabel('Where they are moved to').fill(path.join(place, 'done'))
  await page.getByRole('button', { name: 'Watch', exact: true }).click()
  await folder().getByText('Watched; all that is there is done with.').waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
})

test('what comes, what does not and why stands beside it', async () => {
  writeFileSync(path.join(place, 'us', 'IM0001.dcm'), part10(dataSetBytes(smallCT())))
  writeFileSync(path.join(place, 'us', 'report.txt'), 'not an image, '.repeat(50))
  await folder().getByText('1 image since the start, 1 not taken').waitFor({ timeout: 20_000 })
  await folder().getByText('IM0001.dcm').waitFor()
  await folder().getByText('1 file needs a look').click()
  await folder().getByText('This is not a DICOM file.').waitFor()
  await shot('folders')
  rmSync(path.join(place, 'us'), { recursive: true })
  await folder().getByText('It is not there.').waitFor({ timeout: 20_000 })
  await shot('folders-gone')
})

test('a folder is left alone with one button, which can be taken back', async () => {
  await folder().getByRole('button', { name: 'Stop watching' }).click()
  await page.getByText('No folder is watched yet.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
  await folder().getByText('moved to').waitFor()
  await page.keyboard.press('Escape')
  expect(trouble.found).toEqual([])
  await context.close()
})
