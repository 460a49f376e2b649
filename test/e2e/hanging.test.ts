import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import {
  CR_PRIOR,
  CR_STUDY,
  CT_STUDY,
  imageUid,
  MG_PRIOR,
  MG_SIZES,
  MG_STUDY,
  MG_VIEWS,
  writeHangingPatients,
} from '../fixtures/hangingPatients.ts'
import { PET_CT_STUDY, writePetCt } from '../fixtures/petCt.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** Studies hang by protocol as they are opened. Each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const shot = (name: string, of = page) =>
  of.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `hanging-${name}.png`) })
const mark = (of = page) => of.getByTestId('hanging').textContent()
const imagesIn = (of = page) =>
  of.evaluate(() => {
    const shown = window.isocenter.viewports().filter(({ settled }) => settled)
    return Object.fromEntries(shown.map(({ id, SOPInstanceUID }) => [id.replace('pane-', ''), SOPInstanceUID]))
  })
const panesOf = (of = page) => of.locator('[data-pane]').count()
const view = (study: string, laterality: string, name: string) =>
  imageUid(
    study,
    MG_VIEWS.findIndex(one => one.laterality === laterality && one.view === name),
  )

async function openFromWorklist(uid: string): Promise<void> {
  await page.locator(`[data-study="${uid}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports().some(({ settled }) => settled))
}

async function back(): Promise<void> {
  await page.keyboard.press('Backspace')
  await page.locator(`[data-study="${CT_STUDY}"]`).waitFor()
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-hanging-'))
  await writeHangingPatients(folder)
  await writePetCt(folder)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 720 }))
  await page.locator('.viewer').waitFor({ state: 'attached' })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Of each pane: millimetres to the CSS pixel, and how far the picture's wall is from the pane's edge it belongs to. */
const lies = () =>
  page.evaluate(
    ([sizes, study]) =>
      window.isocenter.viewports().map(({ id, SOPInstanceUID, transform }) => {
        const [columns, , mm] = SOPInstanceUID.startsWith(study as string)
          ? (sizes as unknown as number[][])[0]!
          : (sizes as unknown as number[][])[1]!
        const { width } = document.querySelector(`[data-pane="${id.slice(5)}"] .canvas`)!.getBoundingClientRect()
        const { a, e } = transform!
        const edges = [e, a * columns! + e].sort((one, other) => one - other)
        const isRight = Number(id.slice(5)) % 2 === 1
        return {
          scale: Math.round((1000 * mm!) / Math.abs(a)) / 1000,
          off: Math.round(isRight ? edges[0]! : width - edges[1]!),
        }
      }),
    [[MG_SIZES[MG_STUDY], MG_SIZES[MG_PRIOR]], MG_STUDY] as const,
  )

test('mammograms: prior above current, walls in the middle, one scale; stages have a key', async () => {
  await openFromWorklist(MG_STUDY)
  await expect.poll(imagesInPage).toEqual({
    0: view(MG_PRIOR, 'R', 'CC'),
    1: view(MG_PRIOR, 'L', 'CC'),
    2: view(MG_STUDY, 'R', 'CC'),
    3: view(MG_STUDY, 'L', 'CC'),
  })
  expect(await mark()).toBe('Mammography 1/6')
  await expect
    .poll(async () => {
      const all = await lies()
      return [new Set(all.map(({ scale }) => scale)).size, ...all.map(({ off }) => Math.abs(off) <= 1)]
    })
    .toEqual([1, true, true, true, true])
  const first = (await lies())[0]?.scale
  await shot('mammography')
  await page.keyboard.press('Alt+.')
  await expect.poll(imagesInPage).toEqual({
    0: view(MG_PRIOR, 'R', 'MLO'),
    1: view(MG_PRIOR, 'L', 'MLO'),
    2: view(MG_STUDY, 'R', 'MLO'),
    3: view(MG_STUDY, 'L', 'MLO'),
  })
  expect(await mark()).toBe('Mammography 2/6')
  await page.keyboard.press('Alt+.')
  await expect.poll(async () => Object.keys(await imagesIn()).length).toBe(8)
  await shot('mammography-eight')
  await page.keyboard.press('Alt+,')
  await page.keyboard.press('Alt+,')
  await expect.poll(async () => (await imagesIn())[3]).toBe(view(MG_STUDY, 'L', 'CC'))
  await page.waitForFunction(() => window.isocenter.viewports().length === 4)
  await expect
    .poll(async () => (await lies()).map(({ scale, off }) => [scale === first, Math.abs(off) <= 1]))
    .toEqual(Array.from({ length: 4 }, () => [true, true]))
})
const imagesInPage = () => imagesIn()

/** A window of its own, in which requests that `isHeld` knows stay on their way until they are let go. */
async function windowThatWaits(api: string, isHeld: (body: string) => boolean) {
  const { page: late } = await openWorkstation(browser, station.url)
  let letGo = () => {}
  const held = new Promise<void>(resolve => {
    letGo = resolve
  })
  await late.route(`**/api/${api}`, async route => {
    if (isHeld(route.request().postData() ?? '')) await held
    await route.continue()
  })
  return { late, letGo }
}

test('a prior that comes after the study has been read anew hangs', async () => {
  const isPrior = (body: string) => body.includes(`"${MG_PRIOR}"`)
  const { late, letGo } = await windowThatWaits('study.get', isPrior)
  let read = 0
  late.on('requestfinished', request => {
    if (request.url().endsWith('/api/study.get') && request.postData()?.includes(`"${MG_STUDY}"`)) read++
  })
  await late.locator(`[data-study="${MG_STUDY}"]`).dblclick()
  // Opening a study is a change of it: it is read again a second later.
  await expect.poll(() => read).toBe(2)
  // What was read is taken into the session a moment behind the answer: without this the test would pass by an older way.
  await late.evaluate(() => new Promise(resolve => setTimeout(resolve, 300)))
  letGo()
  await expect.poll(() => imagesIn(late)).toMatchObject({ 0: view(MG_PRIOR, 'R', 'CC'), 1: view(MG_PRIOR, 'L', 'CC') })
  await late.close()
})

test('what a protocol hangs is no change of the reader’s: nothing of it is kept as such', async () => {
  await back()
  const { draft } = await station.call('draft.get', { StudyInstanceUID: MG_STUDY })
  expect(draft).toBeNull()
})

test('a radiograph stands beside its prior', async () => {
  await openFromWorklist(CR_STUDY)
  await expect.poll(imagesInPage).toEqual({ 0: imageUid(CR_STUDY, 0), 1: imageUid(CR_PRIOR, 0) })
  expect(await mark()).toBe('Chest radiograph 1/2')
  await shot('radiograph')
  await back()
})

test('a CT by window; the layout a reader makes of it is his, and wins when it is opened again', async () => {
  await openFromWorklist(CT_STUDY)
  await expect.poll(async () => Object.keys(await imagesIn()).length).toBe(2)
  const ranges = await page.evaluate(() => window.isocenter.viewports().map(({ range }) => range))
  expect(ranges).toEqual([
    { lower: -160, upper: 239 },
    { lower: -1350, upper: 149 },
  ])
  await expect.poll(() => mark()).toBe('CT chest 1/3')
  await shot('ct')
  await page.keyboard.press('Alt+.')
  await page.keyboard.press('Alt+.')
  await expect.poll(() => mark()).toBe('CT chest 3/3')
  const planes = () => page.evaluate(() => window.isocenter.panes().map(({ set }) => set.split('#')[1]))
  await expect.poll(planes).toEqual(['mpr-axial', 'mpr-coronal', 'mpr-sagittal', undefined])
  await expect.poll(async () => Object.keys(await imagesIn()).length).toBe(4)
  await shot('planes')
  await page.keyboard.press('Alt+,')
  await page.keyboard.press('Alt+,')
  await expect.poll(() => mark()).toBe('CT chest 1/3')
  await page.keyboard.press('Alt+6')
  await expect.poll(() => mark()).toBe('CT chest changed')
  await back()
  await expect
    .poll(async () => (await station.call('draft.get', { StudyInstanceUID: CT_STUDY })).draft)
    .toMatchObject({ layout: { rows: 2, columns: 1 } })
  await openFromWorklist(CT_STUDY)
  await expect.poll(() => panesOf()).toBe(2)
  expect(await page.getByTestId('hanging').count()).toBe(0)
  expect(await page.locator('.grid').evaluate(grid => getComputedStyle(grid).gridTemplateRows.split(' ').length)).toBe(
    2,
  )
})

test('a PET/CT: the PET, the CT, one over the other, and the MIP', async () => {
  await back()
  await openFromWorklist(PET_CT_STUDY)
  await expect.poll(() => mark()).toBe('PET/CT 1/3')
  await page.locator('[data-pane="2"] .fused').waitFor()
  await page.locator('[data-pane="3"] .volume-canvas canvas[data-settled="true"]').waitFor({ timeout: 60_000 })
  const shown = await page.evaluate(() => window.isocenter.panes().map(({ id, seriesUID }) => [id, seriesUID]))
  expect(shown).toEqual([
    ['pane-0', `${PET_CT_STUDY}.3`],
    ['pane-1', `${PET_CT_STUDY}.2`],
    ['pane-2', `${PET_CT_STUDY}.2`],
    ['pane-3', `${PET_CT_STUDY}.3`],
  ])
  await shot('pet-ct')
  await back()
  await openFromWorklist(CT_STUDY)
})

test('what is seen is saved as a protocol, with its words, and hangs before those that ship', async () => {
  await page.keyboard.press('Alt+s')
  const form = page.getByRole('dialog', { name: 'Save what I see' })
  await form.getByLabel('Name').fill('My chest')
  await expect.poll(() => form.locator('form [role=status]').textContent()).toContain('it hangs what is seen now')
  expect(await form.getByTestId('hanging-preview').textContent()).toContain('For: CT · chest')
  await shot('save')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await page.keyboard.press('Alt+n')
  const chooser = page.getByRole('dialog', { name: 'Hanging protocol' })
  await expect.poll(() => chooser.locator('.hanging-row').first().textContent()).toContain('My chest')
  await shot('chooser')
  await chooser.getByRole('button', { name: 'Soft tissue and lung' }).click()
  await expect.poll(() => mark()).toBe('CT chest 1/3')
  await page.keyboard.press('Control+,')
  const settings = page.getByRole('dialog', { name: 'Settings' })
  await settings.getByRole('button', { name: 'Hanging', exact: true }).click()
  expect(await settings.getByLabel('Name of My chest').inputValue()).toBe('My chest')
  await settings.getByRole('button', { name: 'Edit' }).click()
  const text = settings.getByRole('textbox', { name: 'Protocols as text' })
  await text.fill((await text.inputValue()).replace('"rows": 2', '"rows": 7'))
  await settings.getByRole('button', { name: 'Take' }).click()
  await expect.poll(() => settings.textContent()).toContain('no. 1 › stages › no. 1 › rows')
  await shot('settings')
  await page.keyboard.press('Escape')
})

test('another window shows the next stage of the same study, follows the first, and is blank without a study', async () => {
  const opened = page.context().waitForEvent('page')
  await page.keyboard.press('Alt+w')
  const second = await opened
  await expect.poll(() => mark(second), { timeout: 20_000 }).toBe('My chest ')
  expect(await second.locator('.viewer-head').textContent()).toContain('CHEST CT')
  await back()
  await expect.poll(() => second.locator('.viewer-head').textContent()).not.toContain('CHEST CT')
  await expect.poll(() => imagesIn(second)).toEqual({})
  await openFromWorklist(MG_STUDY)
  await expect.poll(() => mark(second)).toBe('Mammography 2/6')
  await expect.poll(async () => (await imagesIn(second))[3]).toBe(view(MG_STUDY, 'L', 'MLO'))
  await shot('second-window', second)
  expect(await mark()).toBe('Mammography 1/6')
  await page.close()
  await expect.poll(() => second.isClosed()).toBe(true)
  expect(trouble.found).toEqual([])
})

test('panes that still wait for their series are filled by a layout the reader chooses', async () => {
  const isPrior = (body: string) => body.includes(`"${MG_PRIOR}"`)
  const { late, letGo } = await windowThatWaits('study.get', isPrior)
  await late.locator(`[data-study="${MG_STUDY}"]`).dblclick()
  await expect.poll(() => imagesIn(late)).toEqual({ 2: view(MG_STUDY, 'R', 'CC'), 3: view(MG_STUDY, 'L', 'CC') })
  await late.keyboard.press('Alt+3')
  await expect.poll(async () => Object.keys(await imagesIn(late))).toEqual(['0', '1', '2', '3'])
  letGo()
  await late.close()
})
