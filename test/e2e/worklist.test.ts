import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A reader's day at the list, in one station: each test goes on where the one before ended. */
const SC = '1.2.840.10008.5.1.4.1.1.7'
const TODAY = new Date().toLocaleDateString('sv-SE').replaceAll('-', '')

let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  station = await startStation()
  for (const [number, family] of ['ADLER', 'BERG', 'CASTELL', 'DORN', 'EKLUND'].entries()) {
    await send(number, { PatientName: `${family}^ANNA`, Modality: number < 2 ? 'CT' : 'MR' })
  }
  // The same patient once more, years ago.
  await send(5, { PatientName: 'ADLER^ANNA', PatientID: 'ID-0', StudyDate: '20190203', StudyDescription: 'KNEE OLD' })
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
  await rows(page).nth(5).waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const rows = (where: Page) => where.locator('[data-study]')
const row = (where: Page, text: string) => rows(where).filter({ hasText: text })
const names = async () => (await rows(page).allInnerTexts()).map(text => /[A-Z]{4,}(?=, ANNA)/.exec(text)?.[0])
const statusOf = (where: Page, text: string) => row(where, text).getAttribute('data-status')
const grid = () => page.getByRole('grid', { name: 'Studies' })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 })
/** What the page keeps of how the list is, a moment after the last change of it. */
const kept = () => eventually(async () => (await station.call('settings.get', {})).worklist)
/** No row is touched by the pointer there. */
const lookAway = () => page.mouse.move(700, 5)

test('a click on a head sorts, again the other way', async () => {
  await page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button').click()
  await eventually(names).toEqual(['ADLER', 'ADLER', 'BERG', 'CASTELL', 'DORN', 'EKLUND'])
  await page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button').click()
  await eventually(names).toEqual(['EKLUND', 'DORN', 'CASTELL', 'BERG', 'ADLER', 'ADLER'])
})

test('filters by date, modality and status hold together, and are there again after the window was closed', async () => {
  await button('Today').click()
  await eventually(() => rows(page).count()).toBe(5)
  await button('CT').click()
  await eventually(names).toEqual(['BERG', 'ADLER'])
  await kept().toMatchObject({ filter: { modalities: ['CT'] } })
  await page.reload()
  await eventually(names).toEqual(['BERG', 'ADLER'])
  expect(await button('CT').getAttribute('aria-pressed')).toBe('true')
})

test('what is shown is saved under a name, with its live count; renamed, deleted, and brought back', async () => {
  await button('Save list').click()
  const field = page.getByRole('textbox', { name: 'Name of the list' })
  expect(await field.inputValue()).toBe('CT today')
  await field.press('Enter')
  await eventually(() => button(/^CT today/).textContent()).toBe('CT today2 · 2 unread')
  await button(/^All studies/).click()
  await eventually(() => rows(page).count()).toBe(6)
  await kept().toMatchObject({ lists: [{ name: 'CT today' }], filter: { modalities: [] } })
  await page.reload()
  await button(/^CT today/).click()
  await eventually(names).toEqual(['BERG', 'ADLER'])
  await button(/^CT today/).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByRole('textbox', { name: 'Name of the list' }).fill('CT of the day')
  await page.keyboard.press('Enter')
  await button(/^CT of the day/).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await eventually(() => button(/^CT of the day/).count()).toBe(0)
  await button('Undo').click()
  await button(/^CT of the day/).waitFor()
})

test('what a filter hides says so when it arrives', async () => {
  await lookAway()
  await send(6, { PatientName: 'FONTAINE^ANNA', StudyDate: '20200101', Modality: 'CT' })
  await button('1 hidden by date: show').click()
  await row(page, 'FONTAINE').waitFor()
  await button(/^All studies/).click()
  await eventually(() => rows(page).count()).toBe(7)
})

test('R marks read and unread at once, Ctrl+Z takes it back, and a second window sees it', async () => {
  const second = await context.newPage()
  await second.goto(new URL('/', station.url).href)
  await rows(second).nth(6).waitFor()
  await row(page, 'DORN').click()
  await page.keyboard.press('r')
  await eventually(() => statusOf(page, 'DORN')).toBe('read')
  await eventually(() => statusOf(second, 'DORN')).toBe('read')
  await page.getByText('Marked as read').waitFor()
  await shot('worklist-read')
  await page.keyboard.press('Control+z')
  await eventually(() => statusOf(page, 'DORN')).toBe('new')
  await eventually(() => statusOf(second, 'DORN')).toBe('new')
  // Who has it open is seen by the others.
  await station.call('window.shows', { window: 'elsewhere', StudyInstanceUID: uid(3), user: 'maria' })
  await eventually(() => row(second, 'DORN').textContent()).toContain('open: maria')
  await eventually(() => statusOf(second, 'DORN')).toBe('opened')
  await station.call('window.shows', { window: 'elsewhere', StudyInstanceUID: '', user: 'maria' })
  await second.close()
})

test('STAT by key; a new list has it on top', async () => {
  await row(page, 'BERG').click()
  await page.keyboard.press('!')
  await eventually(() => row(page, 'BERG').textContent()).toContain('STAT')
  await button('Today').click()
  await eventually(async () => (await names())[0]).toBe('BERG')
  await row(page, 'BERG').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Priority' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Routine' }).click()
  await eventually(() => row(page, 'BERG').textContent()).not.toContain('STAT')
  await button(/^All studies/).click()
})

test('a study that becomes one of a list that is held is counted on the pill', async () => {
  await button('CT').click()
  await eventually(names).toEqual(expect.arrayContaining(['BERG', 'ADLER', 'FONTAINE']))
  await row(page, 'BERG').click()
  // One more series, of the modality that is filtered by, in a study that was here before the list was read.
  await send(3, {
    PatientName: 'DORN^ANNA',
    SeriesInstanceUID: `${uid(3)}.9`,
    SOPInstanceUID: `${uid(3)}.10`,
    Modality: 'CT',
  })
  await button('1 new ↑').waitFor()
  expect(await names()).not.toContain('DORN')
  await button('1 new ↑').click()
  await row(page, 'DORN').waitFor()
  await button('CT').click()
  await button(/^All studies/).click()
  await eventually(() => rows(page).count()).toBe(7)
})

test('letters typed on the list search, also those that are keys; a barcode opens its only hit', async () => {
  const search = page.getByRole('textbox', { name: 'Search studies' })
  await row(page, 'EKLUND').click()
  await grid().focus()
  await page.keyboard.type('berg', { delay: 30 })
  await eventually(names).toEqual(['BERG'])
  await page.keyboard.press('Escape')
  await eventually(() => rows(page).count()).toBe(7)
  await grid().focus()
  // Begins with the key of "read": nothing is marked by it.
  await page.keyboard.type('ro', { delay: 30 })
  await eventually(() => search.inputValue()).toBe('ro')
  await page.getByText('No study matches').waitFor()
  await page.keyboard.press('Escape')
  await eventually(() => rows(page).count()).toBe(7)
  await page.waitForTimeout(500)
  const marked = await Promise.all(
    [0, 1, 2, 3, 4].map(number => station.call('study.get', { StudyInstanceUID: uid(number) })),
  )
  expect(marked.map(answer => answer.study.reading.status)).not.toContain('read')
  await grid().focus()
  await page.keyboard.type('1000004', { delay: 5 })
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
  expect(await page.locator('.viewer-head').textContent()).toContain('EKLUND')
  await page.keyboard.press('Backspace')
  await button(/^All studies/).click()
})

test('N walks the list as it stood while studies arrive; opening alone never marks read, Ctrl+Enter does', async () => {
  await page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button').click()
  await eventually(names).toEqual(['ADLER', 'ADLER', 'BERG', 'CASTELL', 'DORN', 'EKLUND', 'FONTAINE'])
  await row(page, 'BERG').dblclick()
  const title = () => page.locator('.viewer-head').textContent()
  await eventually(title).toContain('BERG')
  await send(7, { PatientName: 'BZZZ^ANNA' })
  await page.keyboard.press('n')
  await eventually(title).toContain('CASTELL')
  await page.keyboard.press('Shift+N')
  await eventually(title).toContain('BERG')
  const statusOfBerg = async () => (await station.call('study.get', { StudyInstanceUID: uid(1) })).study.reading.status
  // It is told behind the picture.
  await eventually(statusOfBerg).toBe('opened')
  await page.keyboard.press('Control+Enter')
  await eventually(title).toContain('CASTELL')
  await eventually(statusOfBerg).toBe('read')
  await page.keyboard.press('Backspace')
  // Back where the reading is, and the list has not moved: what came is told.
  await eventually(() => page.locator('[aria-selected=true]').textContent()).toContain('CASTELL')
  expect(await names()).not.toContain('BZZZ')
  await button('1 new ↑').click()
  await row(page, 'BZZZ').waitFor()
})

test('nothing moves under a resting pointer', async () => {
  await page.getByRole('columnheader', { name: 'Arrived' }).getByRole('button').click()
  await eventually(async () => (await names())[0]).toBe('BZZZ')
  await lookAway()
  await send(8, { PatientName: 'GRUBER^ANNA' })
  // At the top, with no pointer: it comes in.
  await eventually(async () => (await names())[0]).toBe('GRUBER')
  const box = await row(page, 'CASTELL').boundingBox()
  await page.mouse.move(box!.x + 200, box!.y + 10)
  await send(9, { PatientName: 'HAAS^ANNA' })
  await button('1 new ↑').waitFor()
  expect(await row(page, 'CASTELL').boundingBox()).toEqual(box)
  await page.mouse.click(box!.x + 200, box!.y + 10)
  expect(await page.locator('[aria-selected=true]').textContent()).toContain('CASTELL')
  await shot('worklist-arrivals')
})

test('the other studies of a patient stand on a line, and open at a click', async () => {
  await row(page, 'ADLER').first().click()
  await page.getByText('Other studies of this patient:').waitFor()
  const [other] = await page.locator('.patient-study').all()
  await other!.click()
  await eventually(() => page.locator('.viewer-head').textContent()).toContain('ADLER')
  await page.keyboard.press('Backspace')
})

test('columns: hidden, moved and made wider by key, kept over a reload; larger text has higher rows', async () => {
  const heads = () =>
    page.getByRole('columnheader').evaluateAll(all => all.map(head => (head as HTMLElement).dataset.column))
  const head = page.getByRole('columnheader', { name: 'Sex' })
  await head.click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Hide' }).click()
  expect(await heads()).not.toContain('sex')
  const id = page.getByRole('columnheader', { name: 'ID', exact: true })
  const before = (await id.boundingBox())!.width
  await id.getByRole('button').focus()
  await page.keyboard.press('Control+ArrowLeft')
  await page.keyboard.press('Shift+ArrowRight')
  await eventually(async () => (await id.boundingBox())!.width).toBeGreaterThan(before)
  await page.keyboard.press('Control+Alt+=')
  await page.keyboard.press('Control+Alt+=')
  const height = async () => (await row(page, 'CASTELL').boundingBox())?.height
  await eventually(height).toBe(35)
  await shot('worklist-large')
  const order = await heads()
  expect(order.indexOf('id')).toBeLessThan(order.indexOf('name'))
  await kept().toMatchObject({ textSize: 125 })
  await page.reload()
  await eventually(height).toBe(35)
  expect(await heads()).toEqual(order)
})

test('a head dragged takes its column along', async () => {
  const modality = await page.getByRole('columnheader', { name: 'Modality' }).boundingBox()
  const status = await page.getByRole('columnheader', { name: 'Status' }).boundingBox()
  await page.mouse.move(modality!.x + 10, modality!.y + 10)
  await page.mouse.down()
  await page.mouse.move(status!.x + 2, status!.y + 10, { steps: 5 })
  await page.mouse.up()
  const first = () => page.getByRole('columnheader').first().getAttribute('data-column')
  await eventually(first).toBe('modality')
})

test('while the station is away the list says so and stays; it goes on by itself', async () => {
  // A chosen row holds the list still; what is searched for meanwhile is a new list all the same.
  await row(page, 'CASTELL').click()
  await context.setOffline(true)
  await page.getByRole('textbox', { name: 'Search studies' }).fill('adler')
  await page.getByText('The station is not reachable').waitFor()
  expect(await rows(page).count()).toBeGreaterThan(0)
  await shot('worklist-offline')
  await context.setOffline(false)
  await eventually(names).toEqual(['ADLER', 'ADLER'])
})

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  // What the browser itself says of a request while it is offline.
  expect(trouble.found.filter(one => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
})

function uid(number: number): string {
  return `2.25.6100${number}`
}

async function send(number: number, texts: Record<string, string>): Promise<void> {
  const SOPInstanceUID = texts.SOPInstanceUID ?? `${uid(number)}.3`
  const dataSet = writeDataSet(
    {
      SOPClassUID: SC,
      SOPInstanceUID,
      StudyInstanceUID: uid(number),
      SeriesInstanceUID: `${uid(number)}.2`,
      PatientID: `ID-${number}`,
      AccessionNumber: `100000${number}`,
      StudyDate: TODAY,
      Modality: 'OT',
      Rows: 16,
      Columns: 16,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      PixelData: new Uint8Array(256).fill(number * 20),
      ...texts,
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  const object: SendObject = { SOPClassUID: SC, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet }
  const [result] = await sendBytes([object], { port: station.dimsePort, callingAET: 'CT_ROOM_1' })
  if (result?.status !== 0) throw new Error(`C-STORE ended with ${result?.status.toString(16)}`)
}
