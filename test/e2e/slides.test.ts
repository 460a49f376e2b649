import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { slideWords } from '../../shared/viewing/slides/view.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { BASE_SPACING, HOLE, SLIDE_STUDY, slideColour, slideFiles } from '../fixtures/slides.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A pyramid of known colours in a pane; each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
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
  ;({ page, trouble } = await openWorkstation(browser, station.url, { search: 'rendering=cpu' }))
  await page.locator(`[data-study="${SLIDE_STUDY}"]`).dblclick()
  await slide().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

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
  await page.mouse.move(fromX, fromY)
  await page.mouse.down()
  await page.mouse.move(fromX + 200, fromY, { steps: 3 })
  await page.mouse.up()
  await expect.poll(() => page.getByTestId('slide-length').textContent()).toBe(slideWords((200 / zoom) * BASE_SPACING))
  await shot('measured')
  expect(trouble.found).toEqual([])
})
