import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Draft, EMPTY_DRAFT } from '../../shared/viewing/draft.ts'
import { lengthExtent } from '../../shared/viewing/measure/measure.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { BASE_SPACING, HOLE, SLIDE_SERIES, SLIDE_STUDY, slideColour, slideFiles } from '../fixtures/slides.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A pyramid of known colours in a pane; each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let context: BrowserContext
let folder = ''

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `slides-${name}.png`) })
const slide = () => page.getByTestId('slide')
const told = async (name: string) => Number(await slide().getAttribute(`data-${name}`))

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-slides-'))
  for (const { name, bytes } of slideFiles()) await writeFile(path.join(folder, `${name}.dcm`), bytes)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium({ gl: false })
  await open()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function open(): Promise<void> {
  ;({ context, page, trouble } = await openWorkstation(browser, station.url, { search: 'rendering=cpu' }))
  await page.locator(`[data-study="${SLIDE_STUDY}"]`).dblclick()
  await slide().waitFor()
}

/** The colour on the screen at a point of the largest level; undefined while tiles are on their way. */
async function colourAt(x: number, y: number): Promise<number[] | undefined> {
  if ((await told('lacking')) !== 0) return undefined
  const [zoom, cx, cy] = [await told('zoom'), await told('x'), await told('y')]
  return page.locator('.slide canvas').evaluate(
    (one, [px, py]) => {
      const canvas = one as HTMLCanvasElement
      const { data } = canvas
        .getContext('2d')!
        .getImageData(Math.floor(canvas.width / 2 + px!), Math.floor(canvas.height / 2 + py!), 1, 1)
      return [...data.subarray(0, 3)]
    },
    [(x - cx) * zoom, (y - cy) * zoom],
  )
}

test('a slide opens whole, before its label, with the tiles of the level that fits the screen', async () => {
  await expect.poll(() => told('lacking')).toBe(0)
  const level = await told('level')
  expect(level).toBeGreaterThan(0)
  for (const [x, y] of [
    [700, 700],
    [4000, 3000],
    [7900, 5900],
  ] as const) {
    await expect.poll(() => colourAt(x, y)).toEqual([...slideColour(level, x, y)])
  }
  // One card for the three levels, one for the label.
  expect(await page.locator('[data-set]').count()).toBe(2)
  await shot('whole')
})

test('the wheel goes through the levels about the pointer, and what was not scanned is as the object says', async () => {
  const box = (await slide().boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  for (let turn = 0; turn < 12; turn++) await page.mouse.wheel(0, -100)
  await expect.poll(() => told('level')).toBe(0)
  await expect.poll(async () => colourAt(await told('x'), await told('y'))).toBeDefined()
  const [x, y] = [await told('x'), await told('y')]
  // The middle stayed in the middle, but for the half pixel that the pointer was beside it.
  expect(Math.hypot(x - 4096, y - 3072)).toBeLessThan(12)
  await expect.poll(() => colourAt(4200, 3200)).toEqual([...slideColour(0, 4200, 3200)])
  await shot('deep')
  await page.keyboard.press('f')
  await expect.poll(() => told('level')).toBeGreaterThan(0)
  for (let turn = 0; turn < 3; turn++) await page.mouse.wheel(0, -100)
  await expect.poll(() => told('level')).toBe(1)
  // In the hole of the middle level the smallest one stands in.
  const [holeX, holeY] = [HOLE.column * 1024 + 300, HOLE.row * 1024 + 300]
  await expect.poll(() => colourAt(holeX, holeY)).toEqual([...slideColour(2, holeX, holeY)])
  await shot('hole')
})

test('a line is as long as its pixels, and the scale bar says so too', async () => {
  await page.keyboard.press('f')
  await expect.poll(() => told('lacking')).toBe(0)
  const zoom = await told('zoom')
  const bar = page.locator('.slide').getByTestId('scale-bar')
  const width = (await bar.boundingBox())!.width
  expect((width / zoom) * BASE_SPACING).toBeCloseTo(Number(await bar.getAttribute('data-mm')), 1)
  const { x, y, width: all, height } = (await slide().boundingBox())!
  const [fromX, fromY] = [Math.round(x + all / 2 - 100), Math.round(y + height / 2)]
  await page.keyboard.press('l')
  await page.locator('.slide[data-measuring]').waitFor()
  await drag([fromX, fromY], [fromX + 200, fromY])
  const { text, unit } = lengthExtent((200 / zoom) * BASE_SPACING, { unit: 'mm', fine: true })
  await expect.poll(() => marks('length').locator('text').textContent()).toBe(`${text} ${unit}`)
  await shot('measured')
  expect(trouble.found).toEqual([])
})

const marks = (kind: string) => page.locator(`.slide .marks [data-kind="${kind}"]`)
const draft = async () => (await station.call('draft.get', { StudyInstanceUID: SLIDE_STUDY })).draft as Draft | null

async function drag(from: [number, number], to: [number, number]): Promise<void> {
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move(...to, { steps: 3 })
  await page.mouse.up()
}

/** CSS pixels of the page for a place of the largest level. */
async function onScreen(x: number, y: number): Promise<[number, number]> {
  const box = (await slide().boundingBox())!
  const [zoom, cx, cy] = [await told('zoom'), await told('x'), await told('y')]
  return [box.x + box.width / 2 + (x - cx) * zoom, box.y + box.height / 2 + (y - cy) * zoom]
}

/** Where a mark's line stands on the page: the corners of its box. */
async function lineOf(kind: string): Promise<number[]> {
  const { x, y, width, height } = (await marks(kind).locator('.mark-line').boundingBox())!
  return [x, y, x + width, y + height]
}

test('areas, arrows and probes are marks like any other, of the total pixel matrix', async () => {
  await page.keyboard.press('Escape')
  const [from, to] = [await onScreen(1000, 4000), await onScreen(2000, 5000)]
  await page.keyboard.press('e')
  await drag(from, to)
  // An ellipse of 0.5 mm by 0.5 mm.
  await expect.poll(() => marks('ellipse').locator('text').first().textContent()).toMatch(/^0\.\d+ mm²$|^\d+ µm²$/)
  const [area = '', of = ''] = (await marks('ellipse').locator('text').first().textContent())!.split(' ')
  const expected = (Math.PI / 4) * 1000 * 1000 * BASE_SPACING ** 2 * (of === 'µm²' ? 1e6 : 1)
  expect(Math.abs(Number(area) / expected - 1)).toBeLessThan(0.03)
  await page.keyboard.press('Shift+L')
  await drag(await onScreen(5000, 1500), await onScreen(5600, 1200))
  await page.locator('.mark-words').fill('mitosis')
  await page.keyboard.press('Enter')
  await expect.poll(() => marks('arrow').locator('text').textContent()).toBe('mitosis')
  await page.keyboard.press('d')
  const at = await onScreen(6200.5, 2200.5)
  await page.mouse.click(...at)
  await expect
    .poll(() => marks('probe').locator('text').first().textContent())
    .toBe(slideColour(0, 6200, 2200).join(' '))
  await expect.poll(async () => (await draft())?.marks.length).toBe(4)
  const [length] = (await draft())!.marks
  // Of the largest level, whichever was on the screen.
  expect(length).toMatchObject({ kind: 'length', SOPInstanceUID: `${SLIDE_SERIES}.1`, frame: 1 })
  await shot('marks')
})

test('they stay at their places of the slide when it is moved, and come back there when the page is loaded anew', async () => {
  const before = await lineOf('ellipse')
  await page.mouse.move((before[0]! + before[2]!) / 2, (before[1]! + before[3]!) / 2)
  for (let turn = 0; turn < 3; turn++) await page.mouse.wheel(0, -100)
  // Zoomed about its own middle it is as much larger.
  await expect
    .poll(async () => {
      const [x0 = 0, , x1 = 0] = await lineOf('ellipse')
      return (x1 - x0) / (before[2]! - before[0]!)
    })
    .toBeCloseTo(1.25 ** 3, 1)
  await page.keyboard.press('f')
  await expect.poll(() => lineOf('ellipse')).toEqual(before)
  await context.close()
  await open()
  await expect.poll(() => marks('ellipse').count()).toBe(1)
  await expect.poll(() => told('lacking')).toBe(0)
  await expect.poll(() => lineOf('ellipse')).toEqual(before)
})

test('the list brings a mark into the middle, with its figures', async () => {
  await page.mouse.move(700, 400)
  for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, -100)
  await page.keyboard.press('m')
  const row = page.locator('.marks-row', { hasText: 'mitosis' })
  await row.getByRole('button').first().click()
  await expect
    .poll(async () => [Math.round((await told('x')) / 50), Math.round((await told('y')) / 50)])
    .toEqual([106, 27])
  await expect(page.locator('.marks-row', { hasText: 'µm' }).count()).resolves.toBeGreaterThan(0)
  await page.keyboard.press('m')
  await page.keyboard.press('f')
})

test('saved they are a report in coordinates of the total pixel matrix, and come back from it at the same places', async () => {
  const before = { ellipse: await lineOf('ellipse'), marks: (await draft())!.marks }
  await page.keyboard.press('Control+s')
  await page.getByText(/Saved: 4 marks/).waitFor()
  await context.close()
  const { rev } = await station.call('draft.get', { StudyInstanceUID: SLIDE_STUDY })
  await station.call('draft.put', { StudyInstanceUID: SLIDE_STUDY, draft: EMPTY_DRAFT, rev })
  await open()
  await expect.poll(async () => (await draft())?.marks.length, { timeout: 20_000 }).toBe(4)
  const rounded = (all: Draft['marks']) =>
    all.map(({ id, kind, SOPInstanceUID, points }) => ({
      id,
      kind,
      SOPInstanceUID,
      points: points.map(point => point.map(value => Math.round(value * 100) / 100)),
    }))
  expect(rounded((await draft())!.marks)).toEqual(rounded(before.marks))
  const now = await lineOf('ellipse')
  for (const [at, value] of now.entries()) expect(value).toBeCloseTo(before.ellipse[at]!, 1)
  // Nothing differs from what is saved.
  await page.keyboard.press('Control+s')
  await page.getByText(/Nothing has changed since the last save/).waitFor()
})

test('a slide that was looked over whole counts as seen', async () => {
  const seen = async () => Object.entries((await station.call('seen.get', { StudyInstanceUID: SLIDE_STUDY })).series)
  await page.keyboard.press('f')
  await expect.poll(async () => String((await seen()).map(([, text]) => text)), { timeout: 10_000 }).toContain('3:1-4')
  expect(trouble.found).toEqual([])
})
