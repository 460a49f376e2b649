import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import type { Draft, Mark } from '../../shared/viewing/draft.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * Marks on a phantom of known densities: a bright box (300 HU with a known pattern) on a ground of -100 HU, pixels that are not
 * square. Where its edges are on the screen is read back from the canvas, so that placing is judged by the picture itself.
 */
const CT = '1.2.840.10008.5.1.4.1.1.2'
const STUDY = '2.25.88001'
const SERIES = '2.25.880011'
const [COLUMNS, ROWS] = [160, 120]
const BOX = { left: 30, top: 20, right: 110, bottom: 80 }
const SPACING = [0.8, 0.5]

let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble
let folder = ''
let dataDir = ''

const hounsfield = Int16Array.from({ length: COLUMNS * ROWS }, (_, i) => {
  const [x, y] = [i % COLUMNS, Math.floor(i / COLUMNS)]
  const bright = x >= BOX.left && x < BOX.right && y >= BOX.top && y < BOX.bottom
  return bright ? 300 + ((x * 7 + y * 13) % 11) : -100
})

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-marks-'))
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-marks-data-'))
  for (let slice = 1; slice <= 3; slice++) await writeSlice(slice)
  station = await startStation({ dataDir })
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  await openStudy()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
  await rm(dataDir, { recursive: true, force: true })
})

async function writeSlice(slice: number): Promise<void> {
  const SOPInstanceUID = `${SERIES}.${slice}`
  const dataSet = writeDataSet(
    {
      SOPClassUID: CT,
      SOPInstanceUID,
      StudyInstanceUID: STUDY,
      SeriesInstanceUID: SERIES,
      PatientID: 'MARKS-1',
      PatientName: 'MARKS^PHANTOM',
      StudyDate: '20260601',
      Modality: 'CT',
      SeriesNumber: 3,
      InstanceNumber: slice,
      ImagePositionPatient: [0, 0, slice * 2],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: SPACING,
      RescaleSlope: 1,
      RescaleIntercept: -1024,
      WindowCenter: [100],
      WindowWidth: [300],
      Rows: ROWS,
      Columns: COLUMNS,
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      PixelData: Uint16Array.from(hounsfield, value => value + 1024),
    },
    encodingOf(TS.ExplicitVRLittleEndian),
  )
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: CT,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  await writeFile(path.join(folder, `${slice}.dcm`), Buffer.concat([meta, dataSet]))
}

async function openStudy(): Promise<void> {
  ;({ context, page, trouble } = await openWorkstation(browser, station.url, { width: 1200, height: 800 }))
  await openFromList()
}

async function openFromList(): Promise<void> {
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

const marks = async (): Promise<Mark[]> =>
  ((await station.call('draft.get', { StudyInstanceUID: STUDY })).draft as Draft | null)?.marks ?? []

/** Waits until the station keeps so many marks, whatever it takes. */
async function kept(count: number): Promise<Mark[]> {
  await expect.poll(async () => (await marks()).length, { timeout: 20_000 }).toBe(count)
  return marks()
}

const labels = (): Promise<string[]> => page.locator('[data-pane="0"] .mark-label').allTextContents()

/** Where the bright box is on the page, edge to edge, read from the canvas: CSS pixels. */
async function boxOnScreen(): Promise<{ left: number; top: number; right: number; bottom: number }> {
  // Two frames of the display: what was asked for is on the screen.
  await page.evaluate(
    () => new Promise<void>(resolve => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  )
  return page.evaluate(() => {
    const image = window.isocenter.readPixels('pane-0')!
    const canvas = document.querySelector('[data-pane="0"] .canvas')!.getBoundingClientRect()
    const box = { left: image.width, top: image.height, right: 0, bottom: 0 }
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        if (image.data[(y * image.width + x) * 4]! < 200) continue
        box.left = Math.min(box.left, x)
        box.top = Math.min(box.top, y)
        box.right = Math.max(box.right, x + 1)
        box.bottom = Math.max(box.bottom, y + 1)
      }
    }
    return {
      left: box.left / devicePixelRatio + canvas.left,
      top: box.top / devicePixelRatio + canvas.top,
      right: box.right / devicePixelRatio + canvas.left,
      bottom: box.bottom / devicePixelRatio + canvas.top,
    }
  })
}

async function drag(key: string, from: [number, number], to: [number, number]): Promise<void> {
  await page.keyboard.press(key)
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2)
  await page.mouse.move(...to)
  await page.mouse.up()
}

/** Draws the box's outline by hand, by the picture alone, in many looks; each corner must lie within half a device pixel. */
async function outlineInEveryLook(scale: number): Promise<number> {
  const looks: Array<{ keys: string[]; turned: boolean }> = [
    { keys: [], turned: false },
    { keys: ['Shift+R'], turned: true },
    { keys: ['Shift+H'], turned: true },
    { keys: ['Shift+V', '-'], turned: true },
    { keys: ['Shift+R', '-', '-'], turned: false },
    { keys: ['='], turned: false },
    { keys: ['Shift+R'], turned: true },
  ]
  let count = (await marks()).length
  for (const { keys, turned } of looks) {
    for (const key of keys) await page.keyboard.press(key)
    const { left, top, right, bottom } = await boxOnScreen()
    await drag('Shift+E', [left, top], [right, bottom])
    count++
    const mark = (await kept(count)).at(-1)!
    // Opening a study and looking at it keeps nothing: the first revision is the first mark's.
    if (count === 1) expect((await station.call('draft.get', { StudyInstanceUID: STUDY })).rev).toBe(1)
    // Device pixels for one image pixel, along its columns and its rows.
    const [across, down] = turned ? [bottom - top, right - left] : [right - left, bottom - top]
    const wanted = [
      { low: BOX.left, high: BOX.right, half: (0.5 * 80) / across / scale },
      { low: BOX.top, high: BOX.bottom, half: (0.5 * 60) / down / scale },
    ]
    for (const [axis, { low, high, half }] of wanted.entries()) {
      const placed = mark.points.map(point => point[axis]!).sort((one, two) => one - two)
      const where = `${keys} ${axis === 0 ? 'column' : 'row'}`
      // A device pixel is drawn by its centre, so an edge that is seen lies within half of one of the pixel's.
      expect(Math.abs(placed[0]! - low), where).toBeLessThanOrEqual(half * 1.02)
      expect(Math.abs(placed[1]! - high), where).toBeLessThanOrEqual(half * 1.02)
    }
  }
  return count
}

test('a mark stands where the hand put it, to half a device pixel, however the image is turned, mirrored and zoomed', async () => {
  // Squares, so that an edge on the screen is the pixel's edge.
  await page.keyboard.press('i')
  const count = await outlineInEveryLook(1)
  // What was drawn in other looks is still on the box's edge in this one.
  const { left, top, right, bottom } = await boxOnScreen()
  const drawn = await page.locator('[data-kind=rectangle] .mark-line').evaluateAll(lines =>
    lines.map(line => {
      const { left, top, right, bottom } = line.getBoundingClientRect()
      return [left, top, right, bottom]
    }),
  )
  expect(drawn).toHaveLength(count)
  for (const edges of drawn) {
    // Half a pixel of this look (1:1, the smallest), half of the one it was drawn in, half of the line.
    for (const [i, edge] of [left, top, right, bottom].entries()) expect(Math.abs(edges[i]! - edge)).toBeLessThan(2)
  }
  await page.keyboard.press('Shift+F')
})

test('undo takes back one mark after the other, redo brings them again', async () => {
  const before = (await marks()).length
  for (let i = 0; i < before; i++) await page.keyboard.press('Control+z')
  await kept(0)
  expect(await page.locator('[data-mark]').count()).toBe(0)
  await page.keyboard.press('Control+Shift+z')
  await kept(1)
})

test('figures are those of the pixels under the mark', async () => {
  await page.keyboard.press('Control+z')
  await kept(0)
  const { left, top, right, bottom } = await boxOnScreen()
  // The left edge, top to bottom: 60 rows of 0.8 mm.
  await drag('l', [left, top], [left, bottom])
  const [length] = await kept(1)
  const mm = Math.abs(length!.points[1]![1] - length!.points[0]![1]) * 0.8
  expect(await labels()).toEqual([`${mm.toFixed(1)} mm`])
  expect(Math.abs(mm - 48)).toBeLessThan(0.3)
  await page.keyboard.press('Delete')
  await kept(0)

  // An ellipse within the box, against a count over every pixel.
  await drag('e', [left + 41, top + 33], [right - 37, bottom - 29])
  const [ellipse] = await kept(1)
  const [[ax, ay], [bx, by]] = ellipse!.points as [[number, number], [number, number]]
  const inside = Array.from(hounsfield.entries()).filter(([i]) => {
    const [x, y] = [(i % COLUMNS) + 0.5, Math.floor(i / COLUMNS) + 0.5]
    return ((2 * x - ax - bx) / (bx - ax)) ** 2 + ((2 * y - ay - by) / (by - ay)) ** 2 <= 1
  })
  const values = inside.map(([, value]) => value)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  const area = (Math.PI / 4) * Math.abs((bx - ax) * (by - ay)) * 0.5 * 0.8
  // Ramanujan's second formula: right to a tenth of a millimetre by far.
  const [rx, ry] = [(Math.abs(bx - ax) * 0.5) / 2, (Math.abs(by - ay) * 0.8) / 2]
  const h = ((rx - ry) / (rx + ry)) ** 2
  const perimeter = Math.PI * (rx + ry) * (1 + (3 * h) / (10 + Math.sqrt(4 - 3 * h)))
  values.sort((one, two) => one - two)
  const median = (values[values.length >> 1]! + values[(values.length - 1) >> 1]!) / 2
  expect(await labels()).toEqual([
    `${area.toFixed(1)} mm²`,
    `perimeter ${perimeter.toFixed(1)} mm`,
    `mean ${mean.toFixed(1)} SD ${sd.toFixed(2)} HU`,
    `median ${median} min ${values[0]} max ${values.at(-1)} n ${values.length}`,
  ])
  await page.keyboard.press('Delete')
  await kept(0)

  // The box's last pixel, probed with the image mirrored: the pixel under the pointer's own device pixel.
  await page.keyboard.press('Shift+H')
  const mirrored = await boxOnScreen()
  await page.keyboard.press('d')
  await page.mouse.click(mirrored.left, mirrored.top)
  const [probe] = await kept(1)
  expect(probe!.points).toEqual([[BOX.right - 0.5, BOX.top + 0.5]])
  const value = hounsfield[BOX.top * COLUMNS + BOX.right - 1]
  expect(await labels()).toEqual([`${value} HU`, `column ${BOX.right} row ${BOX.top + 1}`])
  await page.keyboard.press('Shift+H')
  await page.keyboard.press('Delete')
  await kept(0)
})

test('a tool is for one use; Esc cancels what is being drawn; a handle is taken and moved', async () => {
  const { left, top, right, bottom } = await boxOnScreen()
  await drag('l', [left + 20, top + 20], [right - 20, top + 20])
  await kept(1)
  // The tool before has the left button again: a drag beside the mark makes none.
  await page.mouse.move(left + 20, bottom + 60)
  await page.mouse.down()
  await page.mouse.move(left + 80, bottom + 70)
  await page.mouse.up()
  await page.keyboard.press('0')
  expect(await marks()).toHaveLength(1)

  await page.keyboard.press('a')
  await page.mouse.click(left + 40, top + 60)
  await page.mouse.move(left + 90, top + 60)
  expect(await page.locator('[data-mark]').count()).toBe(2)
  await page.keyboard.press('Escape')
  expect(await page.locator('[data-mark]').count()).toBe(1)
  // Another tool taken in the middle: what was begun is gone, the new one draws.
  await page.mouse.click(left + 40, top + 60)
  await drag('l', [left + 30, top + 90], [left + 90, top + 90])
  await kept(2)
  await page.keyboard.press('Delete')
  await kept(1)
  await page.keyboard.press('Escape')

  await page.mouse.move(right - 20, top + 20)
  await page.mouse.down()
  await page.mouse.move(right - 20, top + 60)
  await page.mouse.move(right - 20, bottom - 20)
  await page.mouse.up()
  await expect
    .poll(async () => (await marks())[0]!.points.map(([, y]) => Math.round(y)), { timeout: 20_000 })
    .not.toEqual([expect.anything(), Math.round((await marks())[0]!.points[0]![1])])
  await page.keyboard.press('Control+z')
  await expect.poll(async () => new Set((await marks())[0]!.points.map(([, y]) => y)).size, { timeout: 20_000 }).toBe(1)
  // Three clicks make an angle.
  await page.keyboard.press('a')
  for (const [x, y] of [
    [left + 40, bottom - 40],
    [left + 40, top + 80],
    [left + 120, top + 80],
  ] as const) {
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.up()
  }
  await kept(2)
  expect((await labels()).some(label => label === '90.0°')).toBe(true)
  // An arrow with words.
  await drag('Shift+L', [right - 60, bottom - 60], [right + 30, bottom + 30])
  await page.getByLabel('Text of the mark').fill('lesion')
  await page.keyboard.press('Enter')
  await kept(3)
  expect(await labels()).toContain('lesion')
})

test('marks, key images, window, turn and layout survive a reload and the death of the station', async () => {
  const imageNumber = () => page.getByTestId('image-number').first().textContent()
  await page.keyboard.press('PageDown')
  // A key image is the one on the screen, not the one that is awaited.
  await expect.poll(imageNumber, { timeout: 20_000 }).toContain('image 2/3')
  await page.keyboard.press('Space')
  await page.keyboard.press('Shift+R')
  await page.keyboard.press('3')
  await page.keyboard.press('Alt+2')
  const settled = async (): Promise<Draft> => {
    await expect
      .poll(
        async () => {
          const { draft } = await station.call('draft.get', { StudyInstanceUID: STUDY })
          const { keyImages, views, layout } = draft as Draft
          const view = views[SERIES]
          return [
            keyImages.length,
            view?.quarterTurns,
            view?.range !== undefined,
            view?.SOPInstanceUID,
            layout?.columns,
          ]
        },
        { timeout: 20_000 },
      )
      .toEqual([1, 1, true, `${SERIES}.2`, 2])
    return (await station.call('draft.get', { StudyInstanceUID: STUDY })).draft as Draft
  }
  const before = await settled()

  const asLeft = async () => {
    await page.locator('[data-pane="1"]').waitFor()
    expect(await page.locator('.key-image').first().textContent()).toContain('KEY IMAGE')
    await expect.poll(imageNumber, { timeout: 20_000 }).toContain('image 2/3')
    await page.keyboard.press('PageUp')
    await expect.poll(() => page.locator('[data-pane="0"] [data-mark]').count(), { timeout: 20_000 }).toBe(3)
    await page.keyboard.press('PageDown')
    await settled()
  }
  await page.reload()
  await openFromList()
  await asLeft()

  // Killed outright; another station on the same folder.
  expect(trouble.found).toEqual([])
  await context.close()
  const died = once(station.process, 'exit')
  station.process.kill('SIGKILL')
  await died
  station = await startStation({ dataDir })
  expect((await station.call('draft.get', { StudyInstanceUID: STUDY })).draft).toMatchObject({ marks: before.marks })
  await openStudy()
  await asLeft()

  // The list leads back to a mark's image.
  await page.keyboard.press('m')
  await page
    .locator('.marks-list')
    .getByRole('button', { name: /^Angle/ })
    .click()
  await expect.poll(imageNumber, { timeout: 20_000 }).toContain('image 1/3')
  expect(trouble.found).toEqual([])
})

const openIn = async (other: Page) => {
  await other.locator('.viewer').waitFor({ state: 'attached' })
  await other.locator(`[data-study="${STUDY}"]`).dblclick()
  await other.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}
const probeAt = async (window: Page, x: number, y: number) => {
  await window.keyboard.press('d')
  await window.locator('[data-pane="0"] .canvas').click({ position: { x, y } })
}

test('a second window shows what the first marks, and the other way round', async () => {
  const second = await context.newPage()
  await second.goto(station.url)
  await openIn(second)
  await probeAt(second, 200, 300)
  await kept(4)
  await page.locator('[data-kind=probe]').first().waitFor({ state: 'attached' })
  await probeAt(page, 250, 350)
  await kept(5)
  await second.locator('[data-kind=probe]').nth(1).waitFor({ state: 'attached' })
  expect(trouble.found).toEqual([])
  await second.close()
})

test('two browsers that do not know of each other lose nothing of either', async () => {
  const other = await openWorkstation(browser, station.url, { width: 1200, height: 800 })
  await openIn(other.page)
  await probeAt(other.page, 200, 200)
  await kept(6)
  await probeAt(page, 250, 150)
  await kept(7)
  expect(other.trouble.found).toEqual([])
  // The browser itself reports the refusal by which the first learned of the second.
  expect(trouble.found.filter(found => !/409.*draft\.put/.test(found))).toEqual([])
  await other.context.close()
})

test('a mark that was made is kept, though the window is closed that instant', async () => {
  await probeAt(page, 300, 250)
  await page.close()
  await kept(8)
})

test('the same on a display of 150 %', async () => {
  const display = await launchChromium({ scale: 1.5 })
  page = await (await display.newContext({ viewport: null })).newPage()
  await page.goto(station.url)
  await openFromList()
  expect(await page.evaluate(() => devicePixelRatio)).toBe(1.5)
  for (const key of ['Alt+1', 'Shift+F', '0', 'i']) await page.keyboard.press(key)
  await outlineInEveryLook(1.5)
  await display.close()
})
