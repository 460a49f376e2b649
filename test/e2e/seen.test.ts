import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * A study that is sent in two halves while it is read: 24 slices of which one never comes, a second series, a scout, a dose
 * report; behind it in the list another study. Each test goes on where the one before ended.
 */
const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2'
const DOSE_REPORT_CLASS = '1.2.840.10008.5.1.4.1.1.88.67'
const STUDY = '2.25.8101'
const [AXIAL, CORONAL, SCOUT, REPORT] = [1, 2, 3, 4].map(number => `2.25.8101${number}`) as [
  string,
  string,
  string,
  string,
]
const NEXT = '2.25.8102'
const SLICES = 24
const MISSING = 13
const MATRIX = 64

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `seen-${name}.png`) })
const bar = () => page.locator('[data-pane="0"] .stack-bar')
const figure = async (name: string) => Number(await bar().getAttribute(`data-${name}`))
const isSeen = (count: number) => expect.poll(() => figure('seen')).toBe(count)
const number = () => page.locator('[data-pane="0"]').getByTestId('image-number').textContent()
const isAt = (text: string) => expect.poll(number).toContain(text)
const shown = () => page.evaluate(() => window.isocenter.viewports()[0])
const notice = () => page.locator('.notice').textContent()

function slice(at: number, attributes: NewDataSet): SendObject {
  const SOPInstanceUID = `${attributes.SeriesInstanceUID}.${at + 1}`
  const dataSet = writeDataSet(
    {
      SOPClassUID: CT_CLASS,
      SOPInstanceUID,
      PatientName: 'SEEN^PHANTOM',
      PatientID: 'SEEN-1',
      StudyDate: '20260601',
      StudyInstanceUID: STUDY,
      Modality: 'CT',
      FrameOfReferenceUID: `${attributes.SeriesInstanceUID}.9`,
      InstanceNumber: at + 1,
      ImagePositionPatient: [0, 0, at * 5],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [1, 1],
      SliceThickness: 5,
      Rows: MATRIX,
      Columns: MATRIX,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      WindowCenter: 128,
      WindowWidth: 256,
      PixelData: new Uint8Array(MATRIX * MATRIX).fill(40 + at * 8),
      ...attributes,
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  return { SOPClassUID: CT_CLASS, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet }
}

const axial = (at: number) =>
  slice(at, {
    SeriesInstanceUID: AXIAL,
    SeriesNumber: 1,
    SeriesDescription: 'axial',
    ImageType: ['ORIGINAL', 'PRIMARY'],
  })
const places = Array.from({ length: SLICES }, (_, at) => at).filter(at => at !== MISSING)

function report(): SendObject {
  const SOPInstanceUID = `${REPORT}.1`
  const dataSet = writeDataSet(
    {
      SOPClassUID: DOSE_REPORT_CLASS,
      SOPInstanceUID,
      PatientName: 'SEEN^PHANTOM',
      PatientID: 'SEEN-1',
      StudyDate: '20260601',
      StudyInstanceUID: STUDY,
      SeriesInstanceUID: REPORT,
      SeriesNumber: 999,
      SeriesDescription: 'Dose Report',
      Modality: 'SR',
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  return { SOPClassUID: DOSE_REPORT_CLASS, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet }
}

async function open(): Promise<void> {
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

/** One notch of a real wheel over the picture. */
async function notch(): Promise<void> {
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.wheel(0, 120)
}

beforeAll(async () => {
  station = await startStation()
  const to = { port: station.dimsePort }
  const next = { StudyInstanceUID: NEXT, SeriesInstanceUID: `${NEXT}1`, SeriesNumber: 1, PatientID: 'SEEN-2' }
  await sendBytes(
    [0, 1, 2].map(at => slice(at, next)),
    to,
  )
  const coronal = { SeriesInstanceUID: CORONAL, SeriesNumber: 2, SeriesDescription: 'coronal' }
  const scout = { SeriesInstanceUID: SCOUT, SeriesNumber: 3, ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }
  await sendBytes(
    [
      ...places.filter(at => at % 2 === 0).map(axial),
      ...[0, 1, 2, 3, 4, 5].map(at =>
        slice(at, { ...coronal, ImageOrientationPatient: [1, 0, 0, 0, 0, -1], ImagePositionPatient: [0, at * 5, 0] }),
      ),
      slice(0, scout),
      report(),
    ],
    to,
  )
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await open()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

test('what stands on the screen is seen; the bar says so, what is loaded, and where we are', async () => {
  await isAt('image 1/12')
  for (let at = 1; at < 5; at++) {
    await isSeen(at)
    await notch()
    await isAt(`image ${at + 1}/12`)
  }
  await isSeen(5)
  await expect.poll(() => figure('loaded')).toBe(12)
  await expect.poll(() => bar().getAttribute('aria-valuenow')).toBe('5')
  // The rest of the study is read behind it, though nobody has hung it.
  await expect
    .poll(() => page.locator(`[data-set="${CORONAL}"] progress`).getAttribute('aria-label'), { timeout: 60_000 })
    .toBe('6 of 6 images loaded')
})

test('the second half slots in: the same image under its new number, window and view as they were', async () => {
  await page.keyboard.press('3')
  const before = (await shown())!
  const focus = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 80))
  await sendBytes(places.filter(at => at % 2 === 1).map(axial), { port: station.dimsePort })
  await isAt('image 9/23')
  const after = (await shown())!
  expect(after.SOPInstanceUID).toBe(before.SOPInstanceUID)
  expect(after.range).toEqual(before.range)
  expect(after.transform).toEqual(before.transform)
  expect(await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 80))).toBe(focus)
  await isAt('arriving, 23 so far')
  await expect.poll(() => page.locator(`[data-set="${AXIAL}"]`).textContent()).toContain('CT · 23')
  // Slice 14 never came.
  await expect.poll(() => figure('gaps')).toBe(1)
  await isSeen(5)
  await expect.poll(() => figure('loaded')).toBe(23)
  await shot('arriving')
})

test('a press on the bar goes to the image there', async () => {
  const box = (await bar().boundingBox())!
  await page.mouse.click(box.x + box.width / 2, box.y + (box.height * 19.5) / 23)
  await isAt('image 20/23')
  await isSeen(6)
  // The keys are still the picture's.
  await page.keyboard.press('PageUp')
  await isAt('image 19/23')
  await isSeen(7)
})

test('marked as read, what was not seen is said, series by series, and one press goes there', async () => {
  await page.keyboard.press('r')
  await expect
    .poll(notice)
    .toContain(
      'Marked as read · series 1: 16 of 23 not seen · 1 series never opened · 1 localizer not opened · 1 report not opened',
    )
  await shot('notice')
  await page.getByRole('button', { name: 'Show them' }).click()
  // 20 was seen: the next that was not is 21.
  await isAt('image 21/23')
  await isSeen(8)
  await page.keyboard.press('Shift+U')
  await isAt('image 22/23')
  await isSeen(9)
  await page.keyboard.press('Shift+U')
  await isSeen(10)
  // From the last image on to the series that was never opened.
  await page.keyboard.press('Shift+U')
  await expect.poll(async () => (await shown())?.seriesUID).toBe(CORONAL)
  await isAt('image 1/6')
  await isSeen(1)
})

test('a window that is opened anew knows what was seen', async () => {
  await page.reload()
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await open()
  await page.locator(`[data-set="${AXIAL}"]`).dblclick()
  await expect.poll(async () => (await shown())?.seriesUID).toBe(AXIAL)
  await expect.poll(() => figure('seen')).toBeGreaterThanOrEqual(10)
})

test('who wants to be asked is asked, and Ctrl+Enter goes on all the same', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Reading' }).click()
  await page.getByRole('checkbox', { name: 'Ask before' }).check()
  await shot('setting')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const reading = async () => (await station.call('study.get', { StudyInstanceUID: STUDY })).study.reading.status
  await page.keyboard.press('r')
  await expect.poll(reading).toBe('opened')
  await page.keyboard.press('Control+Enter')
  const question = page.getByRole('dialog', { name: 'Not everything was seen' })
  await expect.poll(() => question.textContent()).toContain('1 report not opened')
  await shot('question')
  expect(await reading()).toBe('opened')
  await page.keyboard.press('Control+Enter')
  await expect.poll(reading).toBe('read')
  await expect.poll(async () => (await shown())?.seriesUID).toBe(`${NEXT}1`)
  expect(trouble.found).toEqual([])
})
