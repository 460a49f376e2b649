import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A new user's first hour, in one station and one window: each test goes on where the one before ended. */
const run = promisify(execFile)
const SC = '1.2.840.10008.5.1.4.1.1.7'

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-e2e-'))
  station = await startStation()
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const row = (text: string) => page.locator('[data-study]').filter({ hasText: text })

async function openStudy(text: string): Promise<void> {
  await row(text).dblclick()
  // Until then the panes are those of the study before.
  await page.locator('.viewer-title').filter({ hasText: text }).waitFor()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

async function backToWorklist(): Promise<void> {
  await page.keyboard.press('Backspace')
  await row('SYNTHETIC').first().waitFor()
}

test('the empty worklist teaches: AE title, address, port, import, samples', async () => {
  await page.getByText('No studies yet').waitFor()
  const text = () => page.locator('body').textContent()
  await expect.poll(text).toContain(`storescu -aec ISOCENTER`)
  await expect.poll(text).toContain(String(station.dimsePort))
  await shot('empty')
})

test('sample studies come at a click, in the patients’ own scripts', async () => {
  await page.getByRole('button', { name: 'Load sample studies' }).click()
  const jobs = await station.call('jobs.list', {})
  await station.job(jobs.jobs[0]!)
  await page.keyboard.press('Control+j')
  for (const name of ['山田', '洪', 'Διονύσιος', 'Людмила']) await row(name).waitFor({ timeout: 30_000 })
  const list = await page.locator('[data-study]').allInnerTexts()
  expect(list.length).toBe(5)
  expect(list.join(' ')).toMatch(/[\u0600-\u06ff]{3}/)
  // Thumbnails are made after arrival: the selected study's appear by themselves.
  await row('山田').click()
  await page.locator('.series-panel img, [aria-label*=eries] img').first().waitFor({ timeout: 30_000 })
  await shot('worklist')
})

test('what a scanner pushes is on the worklist by itself, and the cursor stays where it is', async () => {
  await row('Людмила').click()
  const before = await page.locator('[aria-selected=true]').getAttribute('data-study')
  await page.mouse.move(5, 5)
  const file = path.join(folder, 'pushed.dcm')
  await writeFile(file, secondaryCapture('2.25.5001', { PatientName: 'PUSHED^BY DCMTK', PatientID: 'PUSH-1' }))
  await run('storescu', ['-aec', 'ISOCENTER', '-aet', 'CT_ROOM_1', '127.0.0.1', String(station.dimsePort), file], {
    env: { ...process.env, TCP_NODELAY: '1' },
  })
  // The reader has chosen a row, so the list holds still and says so.
  await page.getByRole('button', { name: /1 new/ }).click()
  await row('PUSHED').waitFor()
  expect(await row('PUSHED').textContent()).toContain('CT_ROOM_1')
  expect(await page.locator('[aria-selected=true]').getAttribute('data-study')).toBe(before)
})

test('search finds by parts of the name in any order, and by ID', async () => {
  const search = page.getByPlaceholder('Name, ID or accession')
  await search.fill('dcmtk pushed')
  await expect.poll(() => page.locator('[data-study]').count()).toBe(1)
  await search.fill('PUSH-1')
  await expect.poll(() => page.locator('[data-study]').count()).toBe(1)
  await search.fill('nobody of that name')
  await expect.poll(() => page.locator('[data-study]').count()).toBe(0)
  await shot('nothing-found')
  await search.fill('')
  await expect.poll(() => page.locator('[data-study]').count()).toBe(6)
})

test('a CT opens, scrolls by one image a notch, keeps its window, and is marked SYNTHETIC', async () => {
  await openStudy('山田')
  expect(await page.locator('.viewer').textContent()).toContain('SYNTHETIC')
  const first = await page.evaluate(() => window.isocenter.viewports()[0]!)
  const box = await page.locator('[data-pane="0"] .canvas').boundingBox()
  await page.mouse.move(box!.x + box!.width / 2, box!.y + box!.height / 2)
  for (let notch = 0; notch < 3; notch++) {
    await page.mouse.wheel(0, 120)
    await page.waitForTimeout(60)
  }
  await page.waitForFunction(uid => {
    const pane = window.isocenter.viewports()[0]
    return pane?.settled && pane.SOPInstanceUID !== uid
  }, first.SOPInstanceUID)
  await expect.poll(() => page.locator('[data-pane="0"]').textContent()).toMatch(/4\/60/)
  await page.keyboard.press('2')
  const range = () => page.evaluate(() => window.isocenter.viewports()[0]!.range)
  const lungs = { lower: -1350, upper: 149 }
  await expect.poll(range).toEqual(lungs)
  await page.keyboard.press('End')
  await expect.poll(() => page.locator('[data-pane="0"]').textContent()).toMatch(/60\/60/)
  expect(await range()).toEqual(lungs)
  await page.keyboard.press('Home')
  await page.keyboard.press('0')
  for (let step = 0; step < 24; step++) await page.keyboard.press('PageDown')
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  // All of the series arrives by the one stream.
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.loaded === 60, undefined, { timeout: 30_000 })
  await shot('ct')
  await page.keyboard.press('Escape')
  expect(await page.locator('.viewer').textContent()).toContain('SYNTHETIC')
  await backToWorklist()
})

test('MR in three orientations hangs in 2×2', async () => {
  await openStudy('洪')
  await page.keyboard.press('Alt+3')
  await page.waitForFunction(() => window.isocenter.viewports().filter(pane => pane.settled).length === 3)
  const series = await page.evaluate(() => window.isocenter.viewports().map(pane => pane.seriesUID))
  expect(new Set(series).size).toBe(3)
  // A pane that was there before the layout changed has a canvas of its new size: nothing is stretched.
  const stretched = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('[data-pane]')].flatMap(pane => {
        const canvas = pane.querySelector('canvas')
        if (!canvas) return []
        const box = canvas.getBoundingClientRect()
        return Math.abs(canvas.width / canvas.height - box.width / box.height) > 0.02 ? [pane.dataset.pane] : []
      }),
    )
  await expect.poll(stretched).toEqual([])
  await shot('mr')
  await backToWorklist()
})

test('a mammogram and a colour ultrasound cine open; the cine plays', async () => {
  await openStudy('Людмила')
  await page.keyboard.press('Alt+2')
  await page.waitForFunction(() => window.isocenter.viewports().filter(pane => pane.settled).length === 2)
  await shot('mg')
  await backToWorklist()
  await row('SYNTHETIC-US').dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  const coloured = await page.evaluate(() => {
    const { data } = window.isocenter.readPixels('pane-0')!
    let count = 0
    for (let at = 0; at < data.length; at += 4) if (Math.abs(data[at]! - data[at + 2]!) > 60) count += 1
    return count
  })
  expect(coloured).toBeGreaterThan(500)
  await page.waitForFunction(() => {
    const pane = window.isocenter.viewports()[0]
    return pane && pane.loaded === pane.images
  })
  const still = await page.evaluate(() => window.isocenter.viewports()[0]!.frame)
  await page.keyboard.press('c')
  await page.waitForFunction(frame => window.isocenter.viewports()[0]!.frame !== frame, still)
  await page.keyboard.press('c')
  await shot('us')
  await backToWorklist()
})

test('a broken file is kept, says in its tile why it cannot be shown, and offers its header', async () => {
  const file = path.join(folder, 'broken.dcm')
  // Claims to be JPEG and is not.
  await writeFile(
    file,
    secondaryCapture('2.25.5002', { PatientName: 'BROKEN^PIXELS', PatientID: 'BROKEN-1' }, TS.JPEGBaseline8Bit),
  )
  await station.job(await station.call('import.start', { paths: [file] }))
  await page.getByPlaceholder('Name, ID or accession').fill('broken')
  await row('BROKEN').dblclick()
  await page.getByText('This image cannot be shown.').waitFor()
  await shot('broken')
  await page.getByRole('button', { name: 'Tag browser' }).last().click()
  await page.getByText('PatientName').first().waitFor()
  await shot('header')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Backspace')
  await page.getByPlaceholder('Name, ID or accession').fill('')
})

test('a refused association is told in Activity, with the reason in words', async () => {
  await run('echoscu', ['-aec', 'SOMEBODY_ELSE', '127.0.0.1', String(station.dimsePort)]).catch(() => {})
  await page.keyboard.press('Control+j')
  await page
    .getByText(/SOMEBODY_ELSE/)
    .first()
    .waitFor()
  await shot('activity')
  await page.keyboard.press('Control+j')
})

test('import from the window: a folder is browsed, junk is counted and named', async () => {
  const inside = path.join(folder, 'to-import')
  await run('mkdir', ['-p', inside])
  await writeFile(path.join(inside, 'notes.txt'), 'no image')
  await writeFile(
    path.join(inside, 'one.dcm'),
    secondaryCapture('2.25.5003', { PatientName: 'IMPORTED^ONE', PatientID: 'I-1' }),
  )
  await page.keyboard.press('Control+i')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').first().fill(inside)
  await dialog.getByRole('textbox').first().press('Enter')
  await dialog.getByText('one.dcm').waitFor()
  await shot('import')
  await dialog
    .getByRole('button', { name: /^Import/ })
    .last()
    .click()
  await expect
    .poll(
      async () =>
        (await station.call('jobs.list', {})).jobs.find(job => job.kind === 'import' && job.notDicom === 1)?.stored,
    )
    .toBe(1)
  await page.keyboard.press('Escape')
})

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  expect(trouble.found).toEqual([])
})

function secondaryCapture(
  uid: string,
  patient: Record<string, string>,
  TransferSyntaxUID: string = TS.ExplicitVRLittleEndian,
) {
  const meta = writeFileMeta({ MediaStorageSOPClassUID: SC, MediaStorageSOPInstanceUID: `${uid}.1`, TransferSyntaxUID })
  const dataSet = writeDataSet(
    {
      SOPClassUID: SC,
      SOPInstanceUID: `${uid}.1`,
      StudyInstanceUID: `${uid}.2`,
      SeriesInstanceUID: `${uid}.3`,
      StudyDate: '20260601',
      Modality: 'OT',
      Rows: 64,
      Columns: 64,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      PixelData: fill(TransferSyntaxUID),
      ...patient,
    },
    encodingOf(TransferSyntaxUID),
  )
  return Buffer.concat([meta, dataSet])
}

function fill(TransferSyntaxUID: string): Uint8Array {
  const grey = Uint8Array.from({ length: 4096 }, (_, index) => index & 0xff)
  return TransferSyntaxUID === TS.ExplicitVRLittleEndian ? grey : encapsulate([[grey]], { bot: true })
}
