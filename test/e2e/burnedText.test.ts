import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { burnText } from '../fixtures/burnedText.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** Text in the pixels of what leaves: searched for, looked at, made black; each test goes on where the one before ended. */
const SC_IMAGE = '1.2.840.10008.5.1.4.1.1.7'
const [ROWS, COLUMNS, GREY] = [120, 160, 60]
/** One series with a name in both of its images, two without; and a study of one image without. */
const STUDY = '2.25.4713'
const PLAIN = '2.25.4714'

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

/** Grey but for its last pixel, which is the darkest, and the name. */
function image(study: string, series: number, number: number, text = ''): SendObject {
  const grey = new Uint8Array(ROWS * COLUMNS).fill(GREY)
  grey[grey.length - 1] = 0
  burnText(grey, COLUMNS, text, { left: 4, top: 4, scale: 1, level: 250 })
  const SOPInstanceUID = `${study}.${series}.${number}`
  const dataSet = writeDataSet(
    {
      ...{ SOPClassUID: SC_IMAGE, SOPInstanceUID },
      ...{ StudyInstanceUID: study, SeriesInstanceUID: `${study}.${series}`, SeriesNumber: series },
      ...{ PatientName: 'Doe^Jane', PatientID: study, Modality: 'OT', InstanceNumber: number },
      ...{ Rows: ROWS, Columns: COLUMNS, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2' },
      ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, PixelRepresentation: 0 },
      PixelData: { vr: 'OB', value: grey },
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  return { SOPClassUID: SC_IMAGE, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-text-'))
  station = await startStation()
  const images = [
    image(STUDY, 1, 1, 'DOE JANE 123'),
    image(STUDY, 1, 2, 'DOE JANE 123'),
    ...[image(STUDY, 2, 3), image(STUDY, 3, 4), image(PLAIN, 1, 1)],
  ]
  const sent = await sendBytes(images, { port: station.dimsePort })
  expect(sent.map(({ status }) => status)).toEqual(images.map(() => 0))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 900 }))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const dialog = () => page.getByRole('dialog')
const button = (name: string | RegExp) => dialog().getByRole('button', { name })
const search = () => dialog().locator('.export-search')
const areas = () => dialog().getByTestId('black-areas').locator('span')
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `text-${name}.png`) })

async function openExport(study: string): Promise<void> {
  await page.locator(`[data-study="${study}"]`).click()
  await page.keyboard.press('Alt+X')
  await dialog()
    .getByRole('radio', { name: /De-identified/ })
    .check()
  await button('Look for text in the pictures').waitFor()
}

test('a picture without text is said to have none', async () => {
  await openExport(PLAIN)
  await button('Look for text in the pictures').click()
  await search().getByText('No text was found.').waitFor()
  expect(await search().getByRole('status').textContent()).toBe('1 of 1 images')
  expect(await search().getByText('⚠').count()).toBe(0)
  expect(await button(/Propose black areas/).count()).toBe(0)
  await shot('none')
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
})

test('a search that is cancelled ends with the series it is in, and says how far it came', async () => {
  await openExport(STUDY)
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  let asked = 0
  await page.route('**/api/export.findText', async route => {
    asked += 1
    if (asked === 2) {
      reached.resolve()
      await held.promise
    }
    await route.continue()
  })
  await button('Look for text in the pictures').click()
  await reached.promise
  await search().getByRole('button', { name: 'Cancel' }).click()
  held.resolve()
  await button('Look for text in the pictures').waitFor()
  expect(asked).toBe(2)
  expect(await search().getByRole('status').textContent()).toMatch(/^[23] of 4 images$/)
  expect(await search().getByText('No text was found.').count()).toBe(0)
  await page.unroute('**/api/export.findText')
})

test('what is found is proposed, taken away and drawn by hand; the ZIP is black there and nowhere else', async () => {
  await button('Look for text in the pictures').click()
  await search().getByText('4 of 4 images').waitFor()
  await search()
    .getByText(/perhaps text in 2 of 2 images/)
    .waitFor()
  await button('Propose black areas (1)').click()
  await dialog().getByRole('combobox', { name: 'Series' }).selectOption(`${STUDY}.1`)
  await expect.poll(() => areas().count()).toBe(1)
  await shot('proposed')
  await button('None').click()
  await expect.poll(() => areas().count()).toBe(0)
  await button('Propose black areas (1)').click()
  await expect.poll(() => areas().count()).toBe(1)
  const picture = dialog().getByTestId('black-areas')
  await picture.scrollIntoViewIfNeeded()
  const box = (await picture.boundingBox())!
  const at = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const
  await page.mouse.move(...at(0.5, 0.6))
  await page.mouse.down()
  await page.mouse.move(...at(0.8, 0.9), { steps: 3 })
  await page.mouse.up()
  await expect.poll(() => areas().count()).toBe(2)
  await shot('drawn')
  const downloading = page.waitForEvent('download')
  await button('Save as ZIP').click()
  const pixels = await unpacked(await (await downloading).path())
  expect([...pixels.keys()].toSorted()).toEqual([1, 2, 3, 4])
  for (const [number, grey] of pixels) {
    const level = (x: number, y: number) => grey[Math.floor(y * ROWS) * COLUMNS + Math.floor(x * COLUMNS)]
    const isWritten = number <= 2
    // Beneath the name, in what was drawn, and beside both.
    expect([number, Math.max(...grey)]).toEqual([number, GREY])
    expect([number, level(0.1, 0.06), level(0.65, 0.75)]).toEqual([number, ...(isWritten ? [0, 0] : [GREY, GREY])])
    expect([number, level(0.3, 0.4), level(0.9, 0.75)]).toEqual([number, GREY, GREY])
  }
  expect(trouble.found).toEqual([])
})

/** The images' samples by Instance Number, unpacked by a program that is not ours. */
async function unpacked(zip: string): Promise<Map<number, Uint8Array>> {
  await promisify(execFile)('/usr/bin/python3', ['-m', 'zipfile', '-e', zip, folder])
  const entries = await readdir(path.join(folder, 'DICOM'), { recursive: true, withFileTypes: true })
  const found = new Map<number, Uint8Array>()
  for (const entry of entries.filter(one => one.isFile())) {
    const bytes = new Uint8Array(await readFile(path.join(entry.parentPath, entry.name)))
    const { dataSetOffset = 0, TransferSyntaxUID = '' } = readFileMeta(bytes) ?? {}
    const read = DataSet.read(bytes, encodingOf(TransferSyntaxUID), { offset: dataSetOffset })
    found.set(read.number('InstanceNumber') ?? 0, read.bytes('PixelData') ?? new Uint8Array())
  }
  return found
}
