import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { dcmtk } from '../dimse/harness.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { ctSlice, keyObjects, type TestObject } from '../store/objects.ts'

/** Deleting, moving and rejecting at the worklist, in one station: each test goes on where the one before ended. */
let folder: string
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble

const adler = [1, 2, 3].map(n => ctSlice(n, { PatientName: 'ADLER^ANNA' }, { size: 16 }))

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-bin-'))
  station = await startStation()
  await store(...adler, ctSlice(1, { PatientName: 'ADLER^ANNA', SeriesDescription: 'Lung' }, { series: 2, size: 16 }))
  await store(ctSlice(1, { PatientName: 'BERG^BEA' }, { study: 2, size: 16 }))
  await store(ctSlice(1, { PatientName: 'CASTELL^CLEO' }, { study: 3, size: 16 }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await rows().nth(2).waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const rows = () => page.locator('[data-study]')
const row = (text: string) => rows().filter({ hasText: text })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const dialog = (name: string) => page.getByRole('dialog', { name, exact: true })
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 })
const imagesOf = async (search: string) =>
  (await station.call('studies.list', { search })).studies.map(study => study.NumberOfStudyRelatedInstances)
const files = async () => (await station.call('station.status', {})).instances

test('Del asks why; the study is gone, and Ctrl+Z brings it back where it was', async () => {
  await row('BERG').click()
  await page.keyboard.press('Delete')
  await dialog('Delete study').waitFor()
  expect(await button('Delete').isDisabled()).toBe(true)
  await page.keyboard.type('Wrong patient')
  await shot('delete')
  await page.keyboard.press('Enter')
  await eventually(() => row('BERG').count()).toBe(0)
  await page.getByText(/^Deleted: .*1 image$/).waitFor()
  expect(await imagesOf('')).toHaveLength(2)
  await page.keyboard.press('Control+z')
  await row('BERG').waitFor()
  expect(await imagesOf('berg')).toEqual([1])
})

test('a series goes from its picture, and comes back from Deleted, which says what, by whom and why', async () => {
  await row('ADLER').click()
  const figure = page.locator('[data-series="2.25.1000.1.2"]')
  await figure.focus()
  await page.keyboard.press('Delete')
  await dialog('Delete series').waitFor()
  await button('Sent twice').click()
  await button('Delete').click()
  await eventually(() => figure.count()).toBe(0)
  expect(await imagesOf('adler')).toEqual([3])
  await page.keyboard.press('Alt+d')
  const entry = page.locator('[data-removal][data-state=binned]')
  await eventually(() => entry.textContent()).toMatch(
    /Anna[\s\S]*Lung[\s\S]*1 image[\s\S]*Deleted .* by .*: Sent twice/i,
  )
  await shot('deleted')
  await entry.getByRole('button', { name: 'Take back' }).click()
  await eventually(() => entry.count()).toBe(0)
  await page.keyboard.press('Escape')
  await figure.waitFor()
  expect(await imagesOf('adler')).toEqual([4])
})

test('a purge names its images and asks for a word; then nothing brings them back', async () => {
  await row('CASTELL').click()
  await page.keyboard.press('Delete')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('Not ours')
  await page.keyboard.press('Enter')
  await eventually(() => row('CASTELL').count()).toBe(0)
  await button('Deleted').click()
  const entry = page.locator('[data-removal]').filter({ hasText: 'Not ours' })
  await entry.getByRole('button', { name: 'Purge…' }).click()
  const purge = page.getByRole('button', { name: 'Purge 1 image' })
  expect(await purge.isDisabled()).toBe(true)
  await page.keyboard.type('purge')
  await shot('purge')
  await purge.click()
  await eventually(() => entry.getAttribute('data-state')).toBe('purged')
  expect(await entry.textContent()).not.toMatch(/cleo/i)
  expect(await entry.getByRole('button').count()).toBe(0)
  await page.keyboard.press('Escape')
  expect(await files()).toBe(5)
})

test('Shift+F2 shows a study under the patient it belongs to; the pill takes it back', async () => {
  await row('BERG').click()
  await page.keyboard.press('Shift+F2')
  await dialog('Move study').waitFor()
  await button('Wrong patient').click()
  await page.getByRole('textbox', { name: 'Search the patient it belongs to' }).fill('adler')
  const target = page.locator('[data-target="2.25.1000.1"]')
  await target.click()
  await shot('move')
  await button('To this patient').click()
  await eventually(() => row('BERG').count()).toBe(0)
  await eventually(() => row('ADLER').count()).toBe(2)
  expect(await imagesOf('adler')).toHaveLength(2)
  await button('Undo').click()
  await row('BERG').waitFor()
  expect(await imagesOf('adler')).toHaveLength(1)
})

test('a rejection note a scanner sends takes its images off the list by itself', async () => {
  await store(keyObjects(1, { code: '113037', slices: adler }))
  await eventually(() => imagesOf('adler')).toEqual([1])
  await page.keyboard.press('Alt+d')
  const entry = page.locator('[data-removal]').filter({ hasText: 'Patient Safety' })
  await eventually(() => entry.textContent()).toMatch(/3 images[\s\S]*Rejected by a note .* by CT_ROOM_1/)
  await store(adler[0]!)
  await eventually(() => entry.textContent()).toMatch(/arrived again/)
  expect(await imagesOf('adler')).toEqual([1])
  await entry.getByRole('button', { name: 'Take back' }).click()
  await eventually(() => imagesOf('adler')).toEqual([5])
  await page.keyboard.press('Escape')
})

test('the viewer is told when what it shows is rejected, and its strip deletes a series', async () => {
  await row('ADLER').dblclick()
  const cards = page.locator('.series-card')
  await eventually(() => cards.count()).toBeGreaterThan(1)
  await store(keyObjects(2, { code: '113001', slices: adler.slice(0, 1) }))
  await page.getByText('Images of this study were deleted, rejected or moved').waitFor()
  await cards.filter({ hasText: 'Lung' }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Delete series…' }).click()
  await dialog('Delete series').waitFor()
  await button('Poor quality').click()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await eventually(() => cards.filter({ hasText: 'Lung' }).count()).toBe(0)
  await button('Undo').click()
  await eventually(() => cards.filter({ hasText: 'Lung' }).count()).toBe(1)
})

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  // What the browser itself says of a frame, or of a study's series, that was being asked for when it was deleted.
  const late = /status of 404 .*(\/frames\/1|\/api\/study\.get)\)/
  expect(trouble.found.filter(one => !late.test(one))).toEqual([])
})

async function store(...objects: TestObject[]): Promise<void> {
  const paths: string[] = []
  for (const { SOPInstanceUID, TransferSyntaxUID, bytes } of objects) {
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: DataSet.read(bytes, encodingOf(TransferSyntaxUID)).string('SOPClassUID'),
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    })
    const file = path.join(folder, SOPInstanceUID)
    await writeFile(file, Buffer.concat([meta, bytes]))
    paths.push(file)
  }
  const where = ['-aet', 'CT_ROOM_1', '-aec', 'ISOCENTER', '127.0.0.1', `${station.dimsePort}`]
  const sent = await dcmtk('storescu', ...where, ...paths)
  if (sent.code !== 0) throw new Error(`storescu: ${sent.output}`)
}
