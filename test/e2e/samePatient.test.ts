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
import { ctSlice, type TestObject } from '../store/objects.ts'

let folder: string
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-same-'))
  station = await startStation()
  await store(ctSlice(1, { PatientName: 'BERG^BEA' }, { study: 2, size: 16 }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await rows().first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const rows = () => page.locator('[data-study]')
const row = (text: string) => rows().filter({ hasText: text })
const dialog = (name: string) => page.getByRole('dialog', { name, exact: true })
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 })

test('an emergency and its patient are proposed, shown as one by a key, and taken back by the pill', async () => {
  const bea = { PatientName: 'ERNST^EVA', PatientID: '4711', PatientBirthDate: '19800101', PatientSex: 'F' }
  const emergency = { PatientName: 'UNKNOWN^TRAUMA', PatientID: 'NOTFALL-17', PatientBirthDate: '', PatientSex: '' }
  await store(ctSlice(1, { ...bea, AccessionNumber: 'E-1' }, { study: 41, size: 16 }))
  await store(ctSlice(1, { ...emergency, AccessionNumber: 'E-1' }, { study: 42, size: 16 }))
  // The pointer is over the list: what arrives waits to be let in.
  await eventually(async () => {
    await page.keyboard.press('F5')
    return row('UNKNOWN').count()
  }).toBe(1)
  await row('UNKNOWN').click()
  await page.keyboard.press('Shift+F2')
  await dialog('Move study').getByText('Possibly the same: same accession number').waitFor()
  await shot('move-proposed')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Alt+J')
  const proposal = page.getByRole('option').filter({ hasText: 'NOTFALL-17' })
  await proposal.waitFor()
  await proposal.click()
  await shot('same-patient')
  await page.getByRole('listbox', { name: 'Possible same patient' }).press('s')
  await eventually(() => proposal.count()).toBe(0)
  expect((await station.call('studies.list', { search: '4711' })).total).toBe(2)
  await dialog('Possible same patient').getByRole('button', { name: 'Undo' }).click()
  await proposal.waitFor()
  expect((await station.call('studies.list', { search: '4711' })).total).toBe(1)
  await proposal.click()
  await page.getByRole('listbox', { name: 'Possible same patient' }).press('n')
  await eventually(() => proposal.count()).toBe(0)
  await page.keyboard.press('Escape')
  expect(trouble.found).toEqual([])
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
