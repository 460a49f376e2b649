import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { type Draft, EMPTY_DRAFT, type Mark } from '../../shared/viewing/draft.ts'
import { applyMatrix } from '../../shared/viewing/view.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { hounsfield, PHANTOM, writePhantom } from '../fixtures/toolsPhantom.ts'

/** Every tool by the real mouse on a phantom whose pixels are not square: what the labels say is reckoned here by other ways. */
const { study, sections, scan, spacing, disc, columns } = PHANTOM
const PATIENCE = { timeout: 20_000 }

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

/** A mark of version 1 that was kept before this version came. */
const OLD: Mark = {
  id: 'old',
  kind: 'length',
  SeriesInstanceUID: sections,
  SOPInstanceUID: `${sections}.1`,
  frame: 1,
  points: [
    [10, 10],
    [50, 10],
  ],
  text: '',
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-tools-'))
  await writePhantom(folder)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  const { calibrations: _, ...first } = { ...EMPTY_DRAFT, marks: [OLD] }
  await station.call('draft.put', { StudyInstanceUID: study, draft: { ...first, version: 1 }, rev: 0 })
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 800 }))
  await openFromList()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})
/** Each test begins with no mark, the first section, as stored and fitted. */
afterEach(async () => {
  expect(trouble.found).toEqual([])
  for (const key of ['Escape', 'Escape', 'Shift+F', 'Home']) await page.keyboard.press(key)
  for (let left = (await draft()).marks.length; left > 0; left--) {
    await page.keyboard.press('Control+z')
    await kept(left - 1)
  }
})

async function openFromList(): Promise<void> {
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${study}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

async function draft(): Promise<Draft> {
  return ((await station.call('draft.get', { StudyInstanceUID: study })).draft as Draft | null) ?? EMPTY_DRAFT
}

/** Waits until the station keeps so many marks. */
async function kept(count: number): Promise<Mark[]> {
  await expect.poll(async () => (await draft()).marks.length, PATIENCE).toBe(count)
  return (await draft()).marks
}

const labels = (): Promise<string[]> => page.locator('[data-pane="0"] .mark-label').allTextContents()

/** From millimetres of the phantom to the page's CSS pixels, as it lies on the screen now. */
async function pageOf(): Promise<(place: readonly [x: number, y: number]) => [x: number, y: number]> {
  // Two frames of the display: what was asked for is on the screen.
  const transform = await page.evaluate(
    () =>
      new Promise<ReturnType<typeof window.isocenter.viewports>[number]['transform']>(resolve =>
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.isocenter.viewports()[0]?.transform))),
      ),
  )
  const box = await page.locator('[data-pane="0"] .canvas').boundingBox()
  return ([x, y]) => {
    const [left, top] = applyMatrix(transform!, [x / spacing.x, y / spacing.y])
    return [box!.x + left, box!.y + top]
  }
}

async function click(...places: Array<[x: number, y: number]>): Promise<void> {
  const onPage = await pageOf()
  for (const place of places) {
    await page.mouse.move(...onPage(place))
    await page.mouse.down()
    await page.mouse.up()
  }
}

async function drag(...places: Array<[x: number, y: number]>): Promise<void> {
  const onPage = await pageOf()
  for (const [index, place] of places.entries()) {
    await page.mouse.move(...onPage(place))
    if (index === 0) await page.mouse.down()
  }
  await page.mouse.up()
}

const onDisc = (part: number, radius: number = disc.radius): [number, number] => [
  disc.x + radius * Math.cos(part),
  disc.y + radius * Math.sin(part),
]

/** The values whose pixel's centre a shape holds, least first. */
function valuesWhere(holds: (x: number, y: number) => boolean): number[] {
  return Array.from(hounsfield.entries())
    .filter(([i]) => holds((i % columns) + 0.5, Math.floor(i / columns) + 0.5))
    .map(([, value]) => value)
    .sort((a, b) => a - b)
}

/** What a label says of values. */
function statisticsLines(values: number[]): string[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  const median = (values[values.length >> 1]! + values[(values.length - 1) >> 1]!) / 2
  return [
    `mean ${mean.toFixed(1)} SD ${sd.toFixed(1)} HU`,
    `median ${Number.isInteger(median) ? median : median.toFixed(1)} min ${values[0]} max ${values.at(-1)} n ${values.length}`,
  ]
}

test('a draft of the version before is shown, and kept in this one’s form with the next mark', async () => {
  await expect.poll(labels, PATIENCE).toEqual(['20.0 mm'])
  await page.keyboard.press('Alt+a')
  // 60° between two lines that do not meet.
  await click([30, 40], [50, 40], [50, 80], [60, 80 + 10 * Math.sqrt(3)])
  await kept(2)
  expect((await draft()).version).toBe(2)
  await expect.poll(async () => (await labels())[1], PATIENCE).toMatch(/^(59\.[5-9]|60\.[0-4])°$/)
  await page.locator('[data-mark=old]').waitFor({ state: 'attached' })
  await page.keyboard.press('Control+z')
  await kept(1)
  // What was there before cannot be undone: it is deleted, and that can.
  await click([15, 8])
  await page.keyboard.press('Delete')
  await kept(0)
})

test('a circle by three points has the figures of its circle, however the image is turned and mirrored', async () => {
  for (const key of ['Shift+R', 'Shift+H', '-']) await page.keyboard.press(key)
  await page.keyboard.press('Alt+e')
  await click(onDisc(0.3, 20), onDisc(2, 20), onDisc(4.4, 20))
  const [circle] = await kept(1)
  // Its centre and radius by the perpendicular bisectors, in millimetres.
  const [a, b, c] = circle!.points.map(([x, y]) => [x * spacing.x, y * spacing.y]) as [number, number][]
  const d = 2 * (a![0] * (b![1] - c![1]) + b![0] * (c![1] - a![1]) + c![0] * (a![1] - b![1]))
  const square = ([x, y]: [number, number]) => x * x + y * y
  const cx = (square(a!) * (b![1] - c![1]) + square(b!) * (c![1] - a![1]) + square(c!) * (a![1] - b![1])) / d
  const cy = (square(a!) * (c![0] - b![0]) + square(b!) * (a![0] - c![0]) + square(c!) * (b![0] - a![0])) / d
  const radius = Math.hypot(a![0] - cx, a![1] - cy)
  expect(Math.abs(radius - 20)).toBeLessThan(0.3)
  const values = valuesWhere((x, y) => Math.hypot(x * spacing.x - cx, y * spacing.y - cy) <= radius)
  await expect
    .poll(labels, PATIENCE)
    .toEqual([
      `${(Math.PI * radius ** 2).toFixed(1)} mm²`,
      `⌀ ${(2 * radius).toFixed(1)} mm perimeter ${(2 * Math.PI * radius).toFixed(1)} mm`,
      ...statisticsLines(values),
    ])
})

test('a polyline ends with a second press, closed on its first point; freehand and spline enclose what is drawn', async () => {
  await page.keyboard.press('Shift+P')
  await click([30, 50], [60, 50], [60, 90], [60, 90])
  await kept(1)
  expect(Number((await labels())[0]!.replace(' mm', ''))).toBeCloseTo(70, 0)
  await page.keyboard.press('Control+z')
  await kept(0)

  await page.keyboard.press('Shift+P')
  await click([35, 50], [60, 50], [60, 75], [35, 75], [35, 50])
  const [square] = await kept(1)
  expect(square).toMatchObject({ closed: true })
  expect(square!.points).toHaveLength(4)
  const edge = (axis: 0 | 1) => square!.points.map(point => point[axis]).sort((one, two) => one - two)
  const [[left, , , right], [top, , , bottom]] = [edge(0), edge(1)] as [number[], number[]]
  const inner = valuesWhere((x, y) => x >= left! && x <= right! && y >= top! && y <= bottom!)
  const [area, perimeter, ...statistics] = await labels()
  expect(Math.abs(Number.parseFloat(area!) - 625)).toBeLessThan(10)
  expect(perimeter).toMatch(/^perimeter (99\.\d|100\.\d) mm$/)
  expect(statistics).toEqual(statisticsLines(inner))
  await page.keyboard.press('Control+z')
  await kept(0)

  await page.keyboard.press('Shift+D')
  await drag(...Array.from({ length: 73 }, (_, i) => onDisc((i * Math.PI) / 36, 18)))
  const [outline] = await kept(1)
  expect(outline!.points.length).toBeGreaterThan(20)
  expect(Math.abs(Number.parseFloat((await labels())[0]!) / (Math.PI * 18 ** 2) - 1)).toBeLessThan(0.02)
  await page.keyboard.press('Control+z')
  await kept(0)

  await page.keyboard.press('Shift+S')
  await click(...[0, 1, 2, 3, 4, 5].map(i => onDisc((i * Math.PI) / 3, 18)))
  await page.keyboard.press('Enter')
  expect((await kept(1))[0]!.points).toHaveLength(6)
  expect(Math.abs(Number.parseFloat((await labels())[0]!) / (Math.PI * 18 ** 2) - 1)).toBeLessThan(0.04)
})

test('a livewire follows the disc’s edge from four clicks', async () => {
  await page.keyboard.press('Alt+l')
  await click(...[0, 1, 2, 3, 0].map(i => onDisc((i * Math.PI) / 2)))
  const [wire] = await kept(1)
  expect(wire).toMatchObject({ kind: 'livewire', closed: true })
  for (const [x, y] of wire!.points) {
    expect(Math.abs(Math.hypot(x * spacing.x - disc.x, y * spacing.y - disc.y) - disc.radius)).toBeLessThan(1.5)
  }
  expect(Math.abs(Number.parseFloat((await labels())[0]!) / (Math.PI * disc.radius ** 2) - 1)).toBeLessThan(0.04)
})

test('vertebrae are counted by themselves, from where and whichever way is chosen', async () => {
  await page.keyboard.press('Shift+Y')
  await click([20, 20], [20, 30])
  await kept(2)
  const bar = page.locator('.spine-bar')
  await bar.getByLabel('Next vertebra').selectOption('T12')
  await click([20, 40], [20, 50])
  await kept(4)
  expect((await kept(4)).map(({ text }) => text)).toEqual(['C1', 'C2', 'T12', 'L1'])
  // One back: the next one is L1 again; and from there up.
  await page.keyboard.press('Control+z')
  await kept(3)
  await expect.poll(() => bar.getByLabel('Next vertebra').inputValue(), PATIENCE).toBe('L1')
  await bar.getByLabel('counting').selectOption('up')
  await click([20, 60], [20, 70])
  expect((await kept(5)).map(({ text }) => text).slice(3)).toEqual(['L1', 'T12'])
  await page.keyboard.press('Escape')
  expect(await bar.count()).toBe(0)
})

test('a cardiothoracic ratio; a locked mark stays where it is; hidden marks come back; copies go where they are told', async () => {
  await page.keyboard.press('Shift+B')
  await click([40, 60], [65, 60], [25, 70], [75, 70])
  const [ratio] = await kept(1)
  expect((await labels())[0]).toBe('CTR 0.50')

  await page.keyboard.press('Alt+b')
  await expect.poll(async () => (await draft()).marks[0]?.locked, PATIENCE).toBe(true)
  await drag([40, 60], [45, 90])
  await page.keyboard.press('Delete')
  await page.getByText('This mark is locked').waitFor()
  expect((await kept(1))[0]).toEqual({ ...ratio, locked: true })

  await page.keyboard.press('Alt+d')
  await page.getByLabel('How many').fill('2')
  await page.keyboard.press('Enter')
  const copies = await kept(3)
  expect(copies.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual([1, 2, 3].map(slice => `${sections}.${slice}`))
  expect(copies[2]).toEqual({ ...ratio, id: copies[2]!.id, SOPInstanceUID: `${sections}.3` })
  await page.keyboard.press('PageDown')
  await expect.poll(() => page.locator('[data-kind=cardiothoracic]').count(), PATIENCE).toBe(1)
  await page.keyboard.press('Shift+G')
  await page.getByText('marks hidden').waitFor()
  expect(await page.locator('[data-mark]').count()).toBe(0)
  await page.keyboard.press('Shift+G')
  await expect.poll(() => page.locator('[data-mark]').count(), PATIENCE).toBe(1)
  // All copies are one step.
  await page.keyboard.press('Control+z')
  await kept(1)
  await page.keyboard.press('Control+z')
  await expect.poll(async () => (await draft()).marks[0]?.locked, PATIENCE).toBeUndefined()
})

test('a rectangle sets the window, an area has a histogram, a glass enlarges', async () => {
  await page.keyboard.press('Shift+W')
  await drag([40, 50], [60, 70])
  // 101 values, each as often as the others: 1 and 99 % of them.
  await expect
    .poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.range), PATIENCE)
    .toMatchObject({ lower: expect.closeTo(301, -0.5), upper: expect.closeTo(399, -0.5) })
  expect((await draft()).marks).toEqual([])
  await page.getByRole('button', { name: /^Undo/ }).click()
  await expect
    .poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.range), PATIENCE)
    .toMatchObject({ lower: expect.closeTo(-150, -0.5), upper: expect.closeTo(450, -0.5) })

  await page.keyboard.press('Shift+E')
  await drag([40, 50], [60, 70])
  const [area] = await kept(1)
  await page.keyboard.press('Alt+h')
  const panel = page.getByLabel('Histogram', { exact: true })
  await panel.getByText('51 bins of 2').waitFor()
  const [[ax, ay], [bx, by]] = area!.points as [[number, number], [number, number]]
  const values = valuesWhere((x, y) => x >= ax && x <= bx && y >= ay && y <= by)
  await panel.getByText(statisticsLines(values)[1]!).waitFor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await panel.getByRole('button', { name: 'Copy figures and bins' }).click()
  await panel.getByRole('button', { name: 'Copied' }).waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied.split('\n')).toEqual(
    expect.arrayContaining(['from\tto (HU)\tcount', `300\t301\t${values.filter(value => value < 302).length}`]),
  )
  await page.keyboard.press('Alt+h')
  expect(await panel.count()).toBe(0)

  await page.keyboard.press('Shift+Z')
  await page.mouse.move(...(await pageOf())([disc.x + disc.radius, disc.y]))
  const glass = page.locator('.magnifier')
  await glass.getByText('×3').waitFor()
  for (let notch = 0; notch < 8; notch++) await page.mouse.wheel(0, -100)
  await glass.getByText('×8').waitFor()
  // The disc's edge goes through its middle: bright to the left, dark to the right; and the stack has not moved.
  const sides = () =>
    glass.locator('.magnified canvas').evaluate(canvas => {
      const copy = new OffscreenCanvas(canvas.clientWidth, canvas.clientHeight).getContext('2d')!
      copy.drawImage(canvas as HTMLCanvasElement, 0, 0, canvas.clientWidth, canvas.clientHeight)
      const at = (x: number) => copy.getImageData(Math.round(canvas.clientWidth * x), 110, 1, 1).data[0]!
      return [at(0.4) > 128, at(0.6) > 128]
    })
  await expect.poll(sides, PATIENCE).toEqual([true, false])
  expect(await page.getByTestId('image-number').textContent()).toContain('image 1/4')
  await page.keyboard.press('Shift+Z')
  expect(await glass.count()).toBe(0)
})

test('an image without a spacing is calibrated by hand, says so, and can be taken back', async () => {
  // The sections say themselves what they measure.
  await page.keyboard.press('Shift+Q')
  await click([20, 20])
  await page.getByText('This image says itself what its pixels measure').waitFor()
  await page.keyboard.press('Escape')

  await page.keyboard.press('ArrowRight')
  await page.waitForFunction(uid => window.isocenter.viewports()[0]?.seriesUID === uid, scan)
  await page.keyboard.press('l')
  // Aslant, so that the pixels' shape counts: 30 mm across and 40 down.
  await drag([20, 20], [50, 60])
  await kept(1)
  expect((await labels())[0]).toMatch(/ px$/)
  await page.keyboard.press('Shift+Q')
  await drag([20, 90], [70, 90])
  await page.getByLabel('Length of the line in millimetres').fill('50')
  await page.keyboard.press('Enter')
  await expect.poll(async () => (await labels())[0], PATIENCE).toMatch(/^(49\.[5-9]|50\.[0-5]) mm calibrated by hand$/)
  await page.locator('.corner .mark', { hasText: 'calibrated by hand' }).waitFor()
  await expect.poll(async () => Object.values((await draft()).calibrations), PATIENCE).toMatchObject([{ mm: 50 }])

  // The same after a reload, and until it is taken back.
  await page.reload()
  await openFromList()
  await page.keyboard.press('ArrowRight')
  await expect.poll(async () => (await labels())[0], PATIENCE).toContain('mm calibrated by hand')
  await page.keyboard.press('m')
  await page.getByRole('button', { name: 'Take the calibration back' }).click()
  await expect.poll(async () => (await labels())[0], PATIENCE).toMatch(/ px$/)
  await page.locator('.corner .mark', { hasText: 'uncalibrated' }).waitFor()
  await page.keyboard.press('Control+z')
  await expect.poll(async () => (await labels())[0], PATIENCE).toContain('mm calibrated by hand')
  await page.keyboard.press('Control+Shift+z')
  await expect.poll(async () => Object.keys((await draft()).calibrations).length, PATIENCE).toBe(0)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await kept(0)
})
