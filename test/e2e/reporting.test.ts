import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { EMPTY_DRAFT, type Mark } from '../../shared/viewing/draft.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'

/** A report by keyboard alone: written, a measurement in it, signed, stored, found locked. Each test goes on where the one before ended. */
const STUDY = '2.25.1000.77'
const SLICES = 5
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `report-${name}.png`) })
const press = (...keys: string[]) =>
  keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
const section = (name: string) => page.getByRole('textbox', { name, exact: true })
const shownImage = () => page.evaluate(() => window.isocenter.viewports()[0]?.SOPInstanceUID)
const versions = async () => (await station.call('report.get', { StudyInstanceUID: STUDY })).versions
const hasCaret = (name: string) => section(name).evaluate(own => own === document.activeElement)

/** 20 columns of 0.5 mm. */
const mark = (length: number): Mark => ({
  id: 'mark-1',
  kind: 'length',
  SeriesInstanceUID: `${STUDY}.1`,
  SOPInstanceUID: `${STUDY}.1.2`,
  frame: 1,
  points: [
    [10, 10],
    [10 + length, 10],
  ],
  text: '',
})

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-report-'))
  for (let slice = 1; slice <= SLICES; slice++) {
    const { SOPInstanceUID, bytes } = ctSlice(
      slice,
      { StudyDescription: 'CT Chest', PatientName: 'Müller^Anna', PatientID: 'REPORT-1' },
      { study: 77 },
    )
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: CT_IMAGE,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    })
    await writeFile(path.join(folder, `${slice}.dcm`), Buffer.concat([meta, bytes]))
  }
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  const draft = { ...EMPTY_DRAFT, marks: [mark(20)] }
  await station.call('draft.put', { StudyInstanceUID: STUDY, draft, rev: 0 })
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 720 }))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the template that fits is there; fields are walked by Tab, macros open, a measurement is inserted', async () => {
  await press('F4')
  await expect.poll(() => page.getByLabel('Template').inputValue()).toBe('ct-chest')
  await press('F6')
  await expect.poll(() => hasCaret('Indication')).toBe(true)
  await press('Home', 'Tab')
  await page.keyboard.type('Cough')
  await expect.poll(() => section('Indication').inputValue()).toBe('Cough')
  // The next field is a choice of the next section.
  await press('Tab')
  await expect.poll(() => hasCaret('Technique')).toBe(true)
  await page.getByRole('option', { name: 'without and with' }).waitFor()
  await press('2')
  await expect.poll(() => section('Technique').inputValue()).toBe('CT of the chest with intravenous contrast.')
  await expect.poll(() => hasCaret('Comparison')).toBe(true)
  await press('Enter')
  await expect.poll(() => section('Comparison').inputValue()).toBe('None.')
  await expect.poll(() => hasCaret('Findings')).toBe(true)
  await press('ArrowDown', 'Enter')
  await expect.poll(() => section('Findings').inputValue()).toContain('Lungs and airways: finding.')
  await shot('choices')
  for (let field = 0; field < 5; field++) await press('1')
  await expect.poll(() => hasCaret('Impression')).toBe(true)
  await page.keyboard.type('Nodule of .m')
  await press('Tab')
  await page.getByRole('option', { name: /Length · 10\.0 mm/ }).waitFor()
  await press('Enter')
  await expect.poll(() => section('Impression').inputValue()).toBe('Nodule of 10.0 mm')
  await page.keyboard.type('. .na')
  await press('Space')
  await expect.poll(() => section('Impression').inputValue()).toBe('Nodule of 10.0 mm. No acute abnormality. ')
  expect(await page.locator('.report-backdrop mark[data-kind="figure"]').allTextContents()).toEqual(['10.0 mm'])
  await expect.poll(async () => (await versions())[0]?.content.sections.at(-1)?.links.length).toBe(1)
  await shot('written')
})

test('while the caret is in the report the page keys scroll the images, letters are typed, F6 goes and returns', async () => {
  const before = await shownImage()
  await press('PageDown')
  await expect.poll(shownImage).not.toBe(before)
  expect(await hasCaret('Impression')).toBe(true)
  const scrolled = await shownImage()
  await page.mouse.move(600, 400)
  await page.mouse.wheel(0, 120)
  await expect.poll(shownImage).not.toBe(scrolled)
  await page.mouse.click(600, 400)
  expect(await hasCaret('Impression')).toBe(true)
  await press('F6')
  await expect.poll(() => hasCaret('Impression')).toBe(false)
  const written = await section('Impression').inputValue()
  await press('P')
  expect(await section('Impression').inputValue()).toBe(written)
  await press('F6')
  await expect.poll(() => hasCaret('Impression')).toBe(true)
})

test('a figure follows its mark while it is written', async () => {
  // The page keeps its own views meanwhile: then it is made on what it has kept.
  for (let kept: number | null = null; kept === null; ) {
    const { draft, rev } = await station.call('draft.get', { StudyInstanceUID: STUDY })
    const changed = { ...(draft as object), marks: [mark(30)] }
    ;({ rev: kept } = await station.call('draft.put', { StudyInstanceUID: STUDY, draft: changed as never, rev }))
  }
  // As another window tells of it.
  await page.evaluate(study => new BroadcastChannel('isocenter-drafts').postMessage(study), STUDY)
  await expect.poll(() => section('Impression').inputValue()).toBe('Nodule of 15.0 mm. No acute abnormality. ')
})

test('signed by key: it says by whom it has to be first, then it is locked, read, and stored as text and as paper', async () => {
  await press('Control+Shift+Enter')
  await page.getByText('Whose report it is has to be written').first().waitFor()
  await page.getByLabel('Signed by').focus()
  await page.keyboard.type('Curie, Marie')
  await press('Control+Shift+Enter')
  await expect.poll(async () => (await versions())[0]?.state).toBe('final')
  await expect.poll(async () => (await versions())[0]?.documents.length, { timeout: 20_000 }).toBe(2)
  const [report] = await versions()
  expect(report?.signature?.name).toBe('Curie^Marie')
  expect(report?.signature?.sha256).toMatch(/^[0-9a-f]{64}$/)
  const stored = () => station.call('study.get', { StudyInstanceUID: STUDY })
  const count = async (modality: string) => (await stored()).series.filter(one => one.Modality === modality).length
  expect(await count('DOC')).toBe(1)
  // The report, and the mark that was made: what is signed is read, and reading saves.
  await expect.poll(() => count('SR')).toBe(2)
  expect((await stored()).study.reading.status).toBe('read')
  await page.getByText('Locked: signed.').waitFor()
  expect(await page.locator('[data-report] textarea').count()).toBe(0)
  await shot('signed')
})

test('opened again it is locked, its figure leads to its image, its document opens, and an addendum is begun', async () => {
  await page.reload()
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
  await press('F4')
  const figure = page.getByRole('button', { name: '15.0 mm' })
  await figure.waitFor()
  expect(await page.locator('[data-report] textarea').count()).toBe(0)
  await press('End')
  await expect.poll(shownImage).toBe(`${STUDY}.1.${SLICES}`)
  await figure.click()
  await expect.poll(shownImage).toBe(`${STUDY}.1.2`)
  await page.getByRole('button', { name: 'Addendum' }).click()
  await section('Addendum').fill('The nodule is old.')
  await expect.poll(async () => (await versions())[1]?.content.sections[0]?.text).toBe('The nodule is old.')
  expect((await versions())[0]?.state).toBe('final')
  await page.getByRole('button', { name: /This study · Report( ·|$)/ }).click()
  await page.locator('.pane .report').first().waitFor({ state: 'attached' })
  // No image of the study is in front any more.
  await page.getByText('No image of this study is in front.').waitFor()
  await shot('behind')
  expect(trouble.found).toEqual([])
})
