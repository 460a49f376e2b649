import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * The reader's hand on known geometry: a phantom of 128 × 128 pixels of 1 mm whose axial, sagittal and coronal stacks share a
 * frame of reference (the cube from 0 to 128 mm), the same patient's study of fourteen months before, and another patient's.
 * Each test goes on where the one before ended.
 */
const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2'
const MM = 128

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `hand-${name}.png`) })
const pane = (index: number) => page.locator(`[data-pane="${index}"]`)
const number = (index: number) => pane(index).getByTestId('image-number').textContent()

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-hand-'))
  const now = { PatientName: 'HAND^PHANTOM', PatientID: 'HAND-1', StudyDate: '20260601', StudyInstanceUID: '2.25.7001' }
  await writeStack('axial', { ...now, SeriesInstanceUID: '2.25.70011', SeriesNumber: 1 }, [1, 0, 0, 0, 1, 0], at => [
    0,
    0,
    at,
  ])
  await writeStack(
    'sagittal',
    { ...now, SeriesInstanceUID: '2.25.70012', SeriesNumber: 2 },
    [0, 1, 0, 0, 0, -1],
    at => [at, 0, MM - 1],
  )
  await writeStack('coronal', { ...now, SeriesInstanceUID: '2.25.70013', SeriesNumber: 3 }, [1, 0, 0, 0, 0, -1], at => [
    0,
    at,
    MM - 1,
  ])
  // The same slices at half the distance, as a reconstruction of its own.
  await writeStack(
    'thin',
    { ...now, SeriesInstanceUID: '2.25.70014', SeriesNumber: 4 },
    [1, 0, 0, 0, 1, 0],
    at => [0, 0, at],
    4,
  )
  await writeStack(
    'gap',
    { ...now, SeriesInstanceUID: '2.25.70015', SeriesNumber: 5 },
    [1, 0, 0, 0, 1, 0],
    at => [0, 0, at],
    8,
    40,
  )
  await writeStack(
    'mammogram',
    {
      ...now,
      SeriesInstanceUID: '2.25.70016',
      SeriesNumber: 6,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.2',
      Modality: 'MG',
      PixelSpacing: [],
      ImagerPixelSpacing: [0.1, 0.1],
      ImageLaterality: 'L',
      ViewPosition: 'CC',
      PatientOrientation: ['A', 'R'],
      FrameOfReferenceUID: '',
    },
    [],
    () => [],
    MM,
  )
  await writeStack(
    'prior',
    {
      ...now,
      StudyDate: '20250401',
      StudyInstanceUID: '2.25.7002',
      SeriesInstanceUID: '2.25.70021',
      SeriesNumber: 1,
      StudyDescription: 'chest',
      FrameOfReferenceUID: '2.25.79',
    },
    [1, 0, 0, 0, 1, 0],
    at => [0, 0, at],
  )
  await writeStack(
    'stranger',
    {
      PatientName: 'SOMEBODY^ELSE',
      PatientID: 'HAND-2',
      StudyDate: '20260601',
      StudyInstanceUID: '2.25.7003',
      SeriesInstanceUID: '2.25.70031',
      SeriesNumber: 1,
    },
    [1, 0, 0, 0, 1, 0],
    at => [0, 0, at],
  )
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator('[data-study="2.25.7001"]').dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const settle = () => page.waitForFunction(() => window.isocenter.viewports().every(one => one.settled))
const sees = (index: number, text: string) => expect.poll(() => number(index)).toContain(text)
const range = (index = 0) => page.evaluate(at => window.isocenter.viewports()[at]?.range, index)

/** A point of a pane's picture (image coordinates) on the page: each is 128 × 128 and fitted. */
async function pointOf(index: number, x: number, y: number): Promise<[number, number]> {
  const box = (await pane(index).locator('.canvas').boundingBox())!
  const zoom = Math.min(box.width, box.height) / MM
  return [box.x + box.width / 2 + (x - MM / 2) * zoom, box.y + box.height / 2 + (y - MM / 2) * zoom]
}

/** Ends of a line of a pane, as image coordinates, sorted. */
async function imageLine(index: number, other: string): Promise<number[][]> {
  const ends = await pane(index).locator(`[data-reference="${other}"]`).getAttribute('data-ends')
  const box = (await pane(index).locator('.canvas').boundingBox())!
  const zoom = Math.min(box.width, box.height) / MM
  const [x1, y1, x2, y2] = ends!.split(',').map(Number) as [number, number, number, number]
  const image = (x: number, y: number) => [(x - box.width / 2) / zoom + MM / 2, (y - box.height / 2) / zoom + MM / 2]
  return [image(x1, y1), image(x2, y2)].sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!)
}

async function edges(index: number): Promise<Record<string, string | null>> {
  const found: Record<string, string | null> = {}
  for (const edge of ['left', 'right', 'top', 'bottom']) {
    found[edge] = await pane(index).locator(`[data-edge="${edge}"]`).textContent()
  }
  return found
}

test('a wheel notch is one image, with Shift ten; the ends are ends; PgUp, Home and End do the same', async () => {
  await sees(0, 'image 1/16')
  await page.mouse.move(...(await pointOf(0, 64, 64)))
  for (let notch = 0; notch < 3; notch++) await page.mouse.wheel(0, notch === 1 ? 900 : 120)
  await sees(0, 'image 4/16')
  await page.keyboard.down('Shift')
  await page.mouse.wheel(0, 120)
  await page.keyboard.up('Shift')
  await sees(0, 'image 14/16')
  for (let notch = 0; notch < 5; notch++) await page.mouse.wheel(0, 120)
  await sees(0, 'image 16/16')
  await page.keyboard.press('PageUp')
  await sees(0, 'image 15/16')
  await page.keyboard.press('Home')
  await sees(0, 'image 1/16')
})

test('a layout fills with what follows; panes of one space scroll by position, not by number', async () => {
  await page.keyboard.press('Alt+3')
  await page.waitForFunction(() => window.isocenter.viewports().filter(one => one.settled).length === 4)
  const series = await page.evaluate(() => window.isocenter.viewports().map(one => one.seriesUID.at(-1)))
  expect(series).toEqual(['1', '2', '3', '4'])
  await page.mouse.move(...(await pointOf(0, 64, 64)))
  for (let notch = 0; notch < 4; notch++) await page.mouse.wheel(0, 120)
  await sees(0, 'image 5/16')
  await sees(3, 'image 9/32')
  await sees(1, 'image 1/16')
  // And back from the finer one: to the nearest.
  await page.mouse.move(...(await pointOf(3, 64, 64)))
  await page.mouse.wheel(0, 120)
  await page.mouse.wheel(0, 120)
  await sees(3, 'image 11/32')
  await sees(0, 'image 6/16')
  await page.keyboard.press('k')
  await page.mouse.wheel(0, -120)
  await page.mouse.wheel(0, -120)
  await sees(3, 'image 9/32')
  await sees(0, 'image 6/16')
  await page.keyboard.press('k')
})

test('reference lines lie where the other picture cuts this one', async () => {
  await page.mouse.click(...(await pointOf(0, 64, 64)))
  await page.keyboard.press('Home')
  for (let step = 0; step < 4; step++) await page.keyboard.press('PageDown')
  await sees(0, 'image 5/16')
  // z = 32 in a sagittal picture that begins at z = 127: 95 rows down, over its whole width.
  const line = await imageLine(1, 'pane-0')
  const expected = [
    [0, 95.5],
    [128, 95.5],
  ]
  const off = line.flat().map((value, index) => Math.abs(value - expected.flat()[index]!))
  expect(Math.max(...off)).toBeLessThan(0.5)
  // In the active pane stand all the others' planes; the parallel one has none.
  expect(await pane(0).locator('[data-reference]').count()).toBe(2)
  expect(await pane(1).locator('[data-reference]').count()).toBe(1)
  await page.keyboard.press('Shift+K')
  await expect.poll(() => page.locator('[data-reference]').count()).toBe(0)
  await page.keyboard.press('Shift+K')
})

test('orientation letters are the patient’s, also turned and mirrored', async () => {
  expect(await edges(0)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' })
  expect(await edges(1)).toEqual({ left: 'A', right: 'P', top: 'H', bottom: 'F' })
  await page.keyboard.press('Shift+R')
  await expect.poll(() => edges(0)).toEqual({ left: 'P', right: 'A', top: 'R', bottom: 'L' })
  await page.keyboard.press('Shift+H')
  await expect.poll(() => edges(0)).toEqual({ left: 'A', right: 'P', top: 'R', bottom: 'L' })
  await page.keyboard.press('Shift+F')
  await expect.poll(() => edges(0)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' })
})

test('Shift+click sends the others to the slice through the point; Esc takes the crosshair away and stays', async () => {
  await page.keyboard.down('Shift')
  await page.mouse.click(...(await pointOf(0, 40.5, 80.5)))
  await page.keyboard.up('Shift')
  await sees(1, 'image 6/16')
  await sees(2, 'image 11/16')
  await sees(3, 'image 9/32')
  await settle()
  expect(await page.getByTestId('crosshair').count()).toBe(4)
  // The point in the sagittal picture: y = 80, z = 32.
  const cross = pane(1).getByTestId('crosshair')
  const [x, y] = await pointOf(1, 80.5, 95.5)
  const box = (await pane(1).locator('.canvas').boundingBox())!
  expect(Math.abs(Number(await cross.getAttribute('data-x')) + box.x - x)).toBeLessThan(2)
  expect(Math.abs(Number(await cross.getAttribute('data-y')) + box.y - y)).toBeLessThan(2)
  await shot('crosshair')
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByTestId('crosshair').count()).toBe(0)
  // The key does the same for where the pointer is.
  await page.mouse.move(...(await pointOf(0, 80.5, 16.5)))
  await page.keyboard.press('x')
  await sees(1, 'image 11/16')
  await sees(2, 'image 3/16')
  await page.keyboard.press('Escape')
  expect(await page.locator('.viewer').getAttribute('data-visible')).toBe('')
})

test('double click gives a pane the whole grid, and back', async () => {
  const grid = (await page.locator('.grid').boundingBox())!
  const width = async () => (await pane(1).boundingBox())!.width
  await page.mouse.dblclick(...(await pointOf(1, 64, 64)))
  await expect.poll(width).toBeGreaterThan(grid.width - 2)
  await expect.poll(() => pane(0).isVisible()).toBe(false)
  await page.mouse.dblclick(...(await pointOf(1, 64, 64)))
  await expect.poll(width).toBeLessThan(grid.width / 2 + 2)
  await sees(0, 'image 5/16')
})

test('right click is the menu, right drag is the window; the digits are the modality’s', async () => {
  const [x, y] = await pointOf(0, 64, 64)
  await page.mouse.click(x, y, { button: 'right' })
  const menu = page.getByRole('menu', { name: 'Viewer' })
  await menu.getByRole('menuitem', { name: 'Window', exact: true }).click()
  const windows = page.getByRole('menu', { name: 'Window' })
  await windows.waitFor()
  await shot('menu')
  await windows.getByText('Lung').click()
  await expect.poll(() => range()).toEqual({ lower: -1350, upper: 149 })
  expect(await menu.count()).toBe(0)
  await page.keyboard.press('0')
  await expect.poll(() => range()).toEqual({ lower: 0, upper: 255 })
  await page.mouse.move(x, y)
  await page.mouse.down({ button: 'right' })
  await page.mouse.move(x + 40, y, { steps: 4 })
  await page.mouse.up({ button: 'right' })
  const wider = (await range())!
  expect(wider.upper - wider.lower).toBeGreaterThan(256)
  expect(await menu.count()).toBe(0)
  // It sticks to the series, not to the slice.
  await page.keyboard.press('PageDown')
  await sees(0, 'image 6/16')
  expect(await range()).toEqual(wider)
  await page.keyboard.press('0')
})

test('middle drag pans, Ctrl+wheel zooms about the pointer, F fits again', async () => {
  const zoom = () => pane(0).getByTestId('zoom').textContent()
  const fitted = await zoom()
  const [x, y] = await pointOf(0, 64, 64)
  await page.mouse.move(x, y)
  await page.keyboard.down('Control')
  await page.mouse.wheel(0, -120)
  await page.keyboard.up('Control')
  await expect.poll(zoom).not.toBe(fitted)
  const letters = await edges(0)
  await page.mouse.down({ button: 'middle' })
  await page.mouse.move(x + 50, y + 10, { steps: 3 })
  await page.mouse.up({ button: 'middle' })
  expect(await edges(0)).toEqual(letters)
  await page.keyboard.press('=')
  await expect.poll(zoom).toBe('1:1')
  await page.keyboard.press('f')
  await expect.poll(zoom).toBe(fitted)
})

test('the scale bar is as long as it says', async () => {
  const bar = pane(0).getByTestId('scale-bar')
  const mm = Number(await bar.getAttribute('data-mm'))
  const [a, b] = [await pointOf(0, 0, 0), await pointOf(0, mm, 0)]
  expect(Math.abs((await bar.boundingBox())!.width - (b[0] - a[0]))).toBeLessThan(1.5)
  expect(await bar.textContent()).toBe(`${mm / 10} cm`)
})

test('a prior is listed with its age, unfolds, and carries its date in amber beside the new study', async () => {
  const other = page.locator('[data-other-study="2.25.7002"]')
  expect(await other.textContent()).toContain('14 months before')
  expect(await other.textContent()).toContain('CT chest')
  await other.click()
  const card = page.locator('[data-set^="2.25.70021"]')
  await card.scrollIntoViewIfNeeded()
  await card.dragTo(pane(3))
  await expect.poll(() => pane(3).getByTestId('study-date').getAttribute('class')).toContain('another-study')
  await page.waitForFunction(() => window.isocenter.viewports()[3]?.seriesUID === '2.25.70021')
  expect(await pane(3).getByTestId('study-date').textContent()).toMatch(/2025/)
  expect(await pane(0).getByTestId('study-date').getAttribute('class')).toBeNull()
  expect(await page.locator('.stranger').count()).toBe(0)
  await shot('prior')
})

test('another patient’s series, dropped from another window, stands under a warning band', async () => {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer()
    const dropped = { StudyInstanceUID: '2.25.7003', SeriesInstanceUID: '2.25.70031', id: '2.25.70031' }
    dataTransfer.setData('application/x-isocenter-series', JSON.stringify(dropped))
    const pane = document.querySelector('[data-pane="2"]')
    pane?.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }))
  })
  await pane(2).locator('.stranger').waitFor()
  expect(await pane(2).locator('.stranger').textContent()).toContain('HAND-2')
  await page.waitForFunction(() => window.isocenter.viewports()[2]?.seriesUID === '2.25.70031')
  expect(await pane(2).locator('.overlays').textContent()).toContain('SOMEBODY')
  // It has the frame of reference of this patient (a badly anonymised one), and is still nobody's here: nothing is linked.
  expect(await pane(2).locator('[data-reference]').count()).toBe(0)
  const before = await number(0)
  await page.mouse.move(...(await pointOf(2, 64, 64)))
  await page.mouse.wheel(0, 120)
  await sees(2, 'image 2/16')
  expect(await number(0)).toBe(before)
  await shot('stranger')
})

test('a missing slice is told on the card and on the image after it', async () => {
  const card = page.locator('[data-set^="2.25.70015"]')
  expect(await card.textContent()).toContain('1 missing')
  await card.dragTo(pane(1))
  await page.waitForFunction(() => window.isocenter.viewports()[1]?.seriesUID === '2.25.70015')
  await page.keyboard.press('Home')
  for (let step = 0; step < 5; step++) await page.keyboard.press('PageDown')
  await sees(1, 'image 6/15')
  await expect.poll(() => pane(1).locator('.overlays').textContent()).toContain('slices are missing before this one')
  await shot('incomplete')
})

test('every key is one action’s; the sheet, the palette and the menu call it by the same name', async () => {
  await page.keyboard.press('?')
  const lines = await page
    .locator('.key-sheet section:not(:last-child) .key-line')
    .evaluateAll(found =>
      found.map(line => ({ name: line.children[0]!.textContent!, keys: line.children[1]!.textContent!.split(', ') })),
    )
  const keys = lines.flatMap(line => line.keys)
  expect(keys.length).toBeGreaterThan(50)
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
  await shot('keys')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByRole('option').first().waitFor()
  await shot('palette')
  const names = await page.getByRole('option').evaluateAll(found => found.map(one => one.children[1]!.textContent!))
  // What finds them does not find itself.
  for (const { name } of lines.filter(line => line.name !== 'Find an action')) expect(names).toContain(name)
  await page.keyboard.type('rotate right')
  await expect.poll(() => page.getByRole('option').count()).toBe(1)
  await page.keyboard.press('Enter')
  await expect.poll(() => edges(1)).toEqual({ left: 'P', right: 'A', top: 'R', bottom: 'L' })
  await page.keyboard.press('Shift+F')
})

test('the tag browser is searched', async () => {
  await page.keyboard.press('t')
  await page.getByRole('searchbox', { name: 'Search the header' }).waitFor()
  await page.keyboard.type('patientid')
  await expect.poll(() => page.locator('.header-row').count()).toBe(1)
  expect(await page.locator('.header-row').textContent()).toContain('HAND-1')
  await shot('tags')
  // The first Esc empties the field, the second closes.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.locator('.header-view').waitFor({ state: 'detached' })
})

test('a projection says its side in large letters and its scale at the detector', async () => {
  await page.keyboard.press('Alt+1')
  await page.locator('[data-set^="2.25.70016"]').dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.seriesUID === '2.25.70016')
  const view = pane(0).locator('.view-position')
  await expect.poll(() => view.textContent()).toBe('L CC')
  expect(await view.getAttribute('data-large')).toBe('')
  expect(await pane(0).getByTestId('scale-bar').textContent()).toMatch(/ at detector$/)
  expect(await edges(0)).toEqual({ left: 'P', right: 'A', top: 'L', bottom: 'R' })
  await shot('mammogram')
})

test('the picker goes to 4×4, and what was hung comes back', async () => {
  await page.keyboard.press('g')
  await page.getByRole('button', { name: 'Layout 4×4' }).click()
  await expect.poll(() => page.locator('[data-pane]').count()).toBe(16)
  await expect.poll(() => page.evaluate(() => window.isocenter.viewports()[3]?.seriesUID)).toBe('2.25.70021')
  await settle()
  await shot('4x4')
})

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  expect(trouble.found).toEqual([])
})

test('a lost graphics context is told, the picture comes back without it, and with it when the card is back', async () => {
  const withCard = await launchChromium({ gl: true })
  try {
    // Software GL pays by the pixel.
    const { page: drawn, trouble: told } = await openWorkstation(withCard, station.url, { width: 900, height: 560 })
    // The canvas the card draws in is never in the document.
    await drawn.addInitScript(() => {
      const { getContext } = HTMLCanvasElement.prototype
      const found: WebGL2RenderingContext[] = []
      Object.assign(window, { contexts: found })
      Object.defineProperty(HTMLCanvasElement.prototype, 'getContext', {
        value(this: HTMLCanvasElement, kind: string, options?: object) {
          const context = getContext.call(this, kind, options)
          if (context instanceof WebGL2RenderingContext) found.push(context)
          return context
        },
      })
    })
    await drawn.goto(new URL('/?rendering=gl', station.url).href)
    await drawn.locator('.viewer').waitFor({ state: 'attached' })
    await drawn.locator('[data-study="2.25.7003"]').dblclick()
    await drawn.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
    const middle = () =>
      drawn.evaluate(() => {
        const shown = window.isocenter.readPixels('pane-0')!
        return shown.data[(Math.floor(shown.height / 2) * shown.width + Math.floor(shown.width / 2)) * 4]
      })
    await expect.poll(middle, { timeout: 60_000 }).toBeGreaterThan(150)
    // The pane is mounted anew on the other path: what is asked before that is the old one's answer.
    const mountedAnew = async (cause: () => Promise<void>) => {
      await drawn.evaluate(() => document.querySelector('[data-pane="0"] .canvas canvas')?.classList.add('old'))
      await cause()
      await drawn.locator('[data-pane="0"] .canvas canvas:not(.old)').waitFor({ state: 'attached' })
      await drawn.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
    }
    const path = () => drawn.evaluate(() => window.isocenter.rendering().path)
    expect(await path()).toBe('gl')
    await mountedAnew(() =>
      drawn.evaluate(() => {
        const { contexts = [] } = window as Window & { contexts?: WebGL2RenderingContext[] }
        const extensions = contexts.flatMap(one => one.getExtension('WEBGL_lose_context') ?? [])
        for (const extension of extensions) extension.loseContext()
        Object.assign(window, { giveBack: () => extensions[0]?.restoreContext() })
      }),
    )
    await drawn.getByText('The graphics card has failed').waitFor()
    await expect.poll(middle, { timeout: 60_000 }).toBeGreaterThan(150)
    const shown = () => drawn.getByTestId('image-number').textContent()
    const before = await shown()
    await drawn.keyboard.press('PageDown')
    await expect.poll(shown, { timeout: 60_000 }).not.toBe(before)
    await expect.poll(middle, { timeout: 60_000 }).toBeGreaterThan(150)
    expect(await path()).toBe('cpu')
    await mountedAnew(() => drawn.evaluate(() => (window as Window & { giveBack?: () => void }).giveBack?.()))
    await drawn.getByText('The graphics card is back').waitFor()
    expect(await path()).toBe('gl')
    await expect.poll(middle, { timeout: 60_000 }).toBeGreaterThan(150)
    // As it was left, and it goes on.
    const here = await shown()
    expect(here).not.toBe(before)
    await drawn.keyboard.press('PageDown')
    await expect.poll(shown, { timeout: 60_000 }).not.toBe(here)
    await expect.poll(middle, { timeout: 60_000 }).toBeGreaterThan(150)
    expect(told.found).toEqual([])
  } finally {
    await withCard.close()
  }
})

/** Slices every `step` mm through the cube, a disc of bone in its middle. */
async function writeStack(
  name: string,
  attributes: NewDataSet,
  ImageOrientationPatient: number[],
  position: (at: number) => number[],
  step = 8,
  missing = -1,
): Promise<void> {
  const pixels = Uint8Array.from({ length: MM * MM }, (_, index) =>
    Math.hypot((index % MM) - MM / 2, Math.floor(index / MM) - MM / 2) < 40 ? 200 : 60,
  )
  for (let at = 0; at < MM; at += step) {
    if (at === missing) continue
    const SOPInstanceUID = `${attributes.SeriesInstanceUID}.${at + 1}`
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: CT_CLASS,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    })
    const dataSet = writeDataSet(
      {
        SOPClassUID: CT_CLASS,
        SOPInstanceUID,
        Modality: 'CT',
        SeriesDescription: name,
        FrameOfReferenceUID: '2.25.78',
        InstanceNumber: at / step + 1,
        ImagePositionPatient: position(at),
        ImageOrientationPatient,
        PixelSpacing: [1, 1],
        SliceThickness: step,
        Rows: MM,
        Columns: MM,
        BitsAllocated: 8,
        BitsStored: 8,
        HighBit: 7,
        PixelRepresentation: 0,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        WindowCenter: 128,
        WindowWidth: 256,
        PixelData: pixels,
        ...attributes,
      },
      encodingOf(TS.ExplicitVRLittleEndian),
    )
    await writeFile(path.join(folder, `${name}-${at}.dcm`), Buffer.concat([meta, dataSet]))
  }
}
