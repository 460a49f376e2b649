import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { freePort } from '../fixtures/freePort.ts'
import { BODY, LESION, REMOTE, SCANS, SHIFT, writePriorStudies, writeRemoteStudies } from '../fixtures/priorStudies.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A patient with two priors here, one on another archive, and an archive that is away. Each test goes on where the one before ended. */
let station: RunningStation
let archive: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''
let remoteFolder = ''

const { NOW, SHIFTED, SAME_GRID } = SCANS
const pane = (index: number) => page.locator(`[data-pane="${index}"]`)
const inPane = (index: number, id: string) => pane(index).getByTestId(id)
const shot = (name: string) =>
  page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `compare-${name}.png`) })
const list = () => page.getByRole('complementary', { name: 'Studies of the patient' })
const row = (study: string) => list().locator(`[data-prior="${study}"]`)
const number = (index: number) => inPane(index, 'image-number').textContent()
const press = async (key: string, times: number) => {
  for (let at = 0; at < times; at++) await page.keyboard.press(key)
}

type Grid = { spacing: number; origin: readonly [number, number, number] }
const lesionIn = ({ spacing, origin }: Grid): [number, number] => [
  (LESION[0] - origin[0]) / spacing + 0.5,
  (LESION[1] - origin[1]) / spacing + 0.5,
]

/** Where a point of a pane's image is in the pane, CSS pixels. */
const inPicture = (index: number, [x, y]: [number, number]) =>
  page.evaluate(
    ([index, x, y]) => {
      const { a, b, c, d, e, f } = window.isocenter.viewports().find(one => one.id === `pane-${index}`)!.transform!
      return [a * x! + c * y! + e, b * x! + d * y! + f] as const
    },
    [index, x, y],
  )

async function pointAt(index: number, point: [number, number]): Promise<void> {
  const box = (await pane(index).locator('.canvas').boundingBox())!
  const [x, y] = await inPicture(index, point)
  await page.mouse.move(box.x + x + 1, box.y + y + 1)
  await page.mouse.move(box.x + x, box.y + y)
}

/** The grey of what lies over a pane's picture, at a pixel of that picture. */
const greyAt = (index: number, id: string, [x, y]: [number, number]) =>
  page.evaluate(
    ({ index, id, x, y }) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`[data-pane="${index}"] [data-testid="${id}"]`)
      return canvas?.getContext('2d')?.getImageData(Math.floor(x), Math.floor(y), 1, 1).data[0]
    },
    { index, id, x, y },
  )

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-compare-'))
  remoteFolder = await mkdtemp(path.join(tmpdir(), 'isocenter-compare-'))
  await writePriorStudies(folder)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  await writeRemoteStudies(remoteFolder)
  archive = await startStation()
  await archive.job(await archive.call('import.start', { paths: [remoteFolder] }))
  await archive.call('aets.set', { aets: ['ARCHIVE'] })
  const host = '127.0.0.1'
  await archive.call('nodes.set', { nodes: [{ name: 'Reader', AET: 'ISOCENTER', host, port: station.dimsePort }] })
  await station.call('nodes.set', {
    nodes: [
      { name: 'Archive', AET: 'ARCHIVE', host, port: archive.dimsePort },
      { name: 'Gone', AET: 'GONE', host, port: await freePort() },
    ],
  })
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 720 }))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${NOW.study}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await archive?.stop()
  for (const one of [folder, remoteFolder]) await rm(one, { recursive: true, force: true })
})

test('the patient’s studies stand in a list, here and on archives; who has only the same number is none of them', async () => {
  await page.keyboard.press('Alt+p')
  await row(SHIFTED.study).waitFor()
  await expect.poll(() => row(REMOTE.study).textContent(), { timeout: 20_000 }).toContain('on Archive')
  await expect.poll(() => list().getByRole('status').textContent(), { timeout: 20_000 }).toBe('Gone could not be asked')
  const order = await list()
    .locator('[data-prior]')
    .evaluateAll(rows => rows.map(one => one.getAttribute('data-prior')))
  expect(order).toEqual([NOW.study, SHIFTED.study, SAME_GRID.study, REMOTE.study])
  expect(await row(NOW.study).getAttribute('aria-current')).toBe('true')
  expect(await row(SHIFTED.study).textContent()).toContain('12 months before')
  await shot('priors')
})

test('Enter hangs the best matching series of a prior beside the active pane', async () => {
  await row(SHIFTED.study).press('Enter')
  await expect.poll(() => number(1)).toContain(`/${SHIFTED.slices}`)
  await expect.poll(() => page.evaluate(() => window.isocenter.panes()[1]?.seriesUID)).toBe(`${SHIFTED.study}.2`)
  expect(await pane(0).getAttribute('data-active')).toBe('')
  expect(await inPane(1, 'study-date').getAttribute('class')).toBe('another-study')
  await page.keyboard.press('Alt+p')
  await list().waitFor({ state: 'detached' })
})

test('a pane that is scrolled alone is linked from there: by position, through both stacks', async () => {
  await pointAt(0, lesionIn(NOW))
  await page.keyboard.press('Home')
  await press('PageDown', 20)
  await expect.poll(() => number(0)).toContain('image 21/')
  // Another frame of reference: nobody says where its slices lie, and it has not moved.
  const at = Number(/image (\d+)/.exec((await number(1)) ?? '')?.[1])
  const wanted = (LESION[2] + SHIFT - SHIFTED.origin[2]) / SHIFTED.step + 1
  await pointAt(1, lesionIn(SHIFTED))
  await page.keyboard.down('Alt')
  for (let by = at; by !== wanted; by += Math.sign(wanted - by)) await page.mouse.wheel(0, 100 * Math.sign(wanted - by))
  await expect.poll(() => number(1)).toContain(`image ${wanted}/`)
  await page.keyboard.up('Alt')
  await expect.poll(() => number(0)).toContain('image 21/')
  await expect.poll(() => inPane(1, 'link').textContent()).toBe('linked by position +12.5 mm')
  await press('PageDown', 5)
  // 75 mm here is 87.5 mm there.
  await expect
    .poll(async () => [await number(0), await number(1)])
    .toEqual([
      expect.stringContaining('image 26/'),
      expect.stringContaining(`image ${(75 + SHIFT - SHIFTED.origin[2]) / SHIFTED.step + 1}/`),
    ])
  await press('PageUp', 5)
  await expect.poll(() => number(1)).toContain(`image ${wanted}/`)
})

test('the point under the pointer is shown there, too: dashed, as the link reckons it', async () => {
  await pointAt(0, lesionIn(NOW))
  await page.keyboard.press('x')
  const cross = inPane(1, 'crosshair')
  await expect.poll(() => cross.getAttribute('data-approximated')).toBe('')
  const [x, y] = await inPicture(1, lesionIn(SHIFTED))
  expect(Math.abs(Number(await cross.getAttribute('data-x')) - x)).toBeLessThan(1)
  expect(Math.abs(Number(await cross.getAttribute('data-y')) - y)).toBeLessThan(1)
  expect(await inPane(0, 'crosshair').getAttribute('data-approximated')).toBeNull()
  await shot('crosshair')
  await page.keyboard.press('Escape')
})

test('one swipes over the other, divided by the hand or by keys', async () => {
  await page.keyboard.press('Alt+j')
  const divider = page.getByRole('slider', { name: 'Divider between the two series' })
  await divider.waitFor()
  await expect.poll(() => inPane(0, 'compare').textContent(), { timeout: 20_000 }).toContain('12.5 mm along the slices')
  await expect.poll(() => inPane(0, 'compare').textContent()).toContain('resampled')
  // 100 HU in its own window, 40 ± 200.
  await expect.poll(() => greyAt(0, 'swiped', lesionIn(NOW)), { timeout: 20_000 }).toBeCloseTo((255 * 260) / 400, -1)
  await press('ArrowRight', 2)
  expect(await divider.getAttribute('aria-valuenow')).toBe('54')
  const box = (await pane(0).locator('.canvas').boundingBox())!
  const handle = (await divider.boundingBox())!
  await page.mouse.move(handle.x + handle.width / 2, box.y + 60)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.3, box.y + 60, { steps: 3 })
  await page.mouse.up()
  await expect.poll(() => divider.getAttribute('aria-valuenow')).toBe('30')
  await shot('swipe')
  // What is saved is divided there, too: left of the divider lies the first, 120 HU.
  await divider.focus()
  await press('ArrowRight', 32)
  await expect.poll(() => divider.getAttribute('aria-valuenow')).toBe('94')
  const [x, y] = await inPicture(0, lesionIn(NOW))
  await page.keyboard.press('Control+E')
  await page
    .getByRole('dialog')
    .getByRole('radio', { name: /This pane/ })
    .check()
  const downloading = page.waitForEvent('download')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  const picture = await readFile(await (await downloading).path(), 'base64')
  const level = await page.evaluate(
    async ({ picture, x, y }) => {
      const bytes = Uint8Array.from(atob(picture), letter => letter.charCodeAt(0))
      const context = new OffscreenCanvas(1, 1).getContext('2d')!
      context.drawImage(await createImageBitmap(new Blob([bytes])), -Math.floor(x), -Math.floor(y))
      return context.getImageData(0, 0, 1, 1).data[0]
    },
    { picture, x, y },
  )
  expect(level).toBeCloseTo((255 * 280) / 400, -1)
})

test('what differs is grey about zero, in HU, and told with both values', async () => {
  await page.keyboard.press('Alt+j')
  // 120 now, 100 then; ± 200 HU.
  await expect
    .poll(() => greyAt(0, 'subtracted', lesionIn(NOW)), { timeout: 20_000 })
    .toBe(Math.round((255 * 220) / 400))
  await pointAt(0, lesionIn(NOW))
  await expect.poll(() => inPane(0, 'pointer-value').textContent()).toBe('120 − 100 = 20 HU')
  const body: [number, number] = [lesionIn(NOW)[0] - 25, lesionIn(NOW)[1]]
  await pointAt(0, body)
  await expect.poll(() => inPane(0, 'pointer-value').textContent()).toBe(`${BODY} − ${BODY} = 0 HU`)
  expect(await greyAt(0, 'subtracted', body)).toBe(128)
  await shot('subtract')
  // Another slice is another difference: never the one before's.
  await press('PageDown', 1)
  await expect.poll(() => number(0)).toContain('image 22/')
  await expect.poll(() => inPane(0, 'subtracted').getAttribute('data-image')).toBe('21')
  await press('PageUp', 1)
  await expect.poll(() => number(0)).toContain('image 21/')
  await page.keyboard.press('Alt+j')
  await expect.poll(() => inPane(0, 'compare').count()).toBe(0)
})

test('a prior of the same grid is subtracted as it is; the presets are the difference’s window', async () => {
  await page.keyboard.press('Alt+p')
  await row(SAME_GRID.study).press('Enter')
  await expect.poll(() => page.evaluate(() => window.isocenter.panes()[1]?.seriesUID)).toBe(`${SAME_GRID.study}.1`)
  await expect
    .poll(async () => [await number(0), await number(1)])
    .toEqual([expect.stringContaining('image 21/'), expect.stringContaining('image 21/')])
  await page.keyboard.press('Alt+p')
  await expect.poll(() => inPane(1, 'link').textContent()).toBe('linked by position 0.0 mm')
  await press('Alt+j', 2)
  await expect
    .poll(() => greyAt(0, 'subtracted', lesionIn(NOW)), { timeout: 20_000 })
    .toBe(Math.round((255 * 270) / 400))
  expect(await inPane(0, 'compare').textContent()).not.toContain('resampled')
  await pointAt(0, lesionIn(NOW))
  await expect.poll(() => inPane(0, 'pointer-value').textContent()).toBe('120 − 50 = 70 HU')
  // Stroke: 30 wide, so that 70 HU are white.
  await page.keyboard.press('7')
  await expect.poll(() => greyAt(0, 'subtracted', lesionIn(NOW))).toBe(255)
  await page.keyboard.press('0')
  await page.keyboard.press('Alt+j')
})

test('what an archive alone has is fetched by one key, and is then read like the others', async () => {
  await page.keyboard.press('Alt+p')
  await row(REMOTE.study).press('Enter')
  await expect.poll(() => row(REMOTE.study).textContent(), { timeout: 20_000 }).not.toMatch(/on Archive|coming/)
  await expect.poll(() => row(REMOTE.study).textContent()).toContain(`${REMOTE.slices} images`)
  await row(REMOTE.study).press('Enter')
  await expect.poll(() => page.evaluate(() => window.isocenter.panes()[1]?.seriesUID)).toBe(`${REMOTE.study}.1`)
  await shot('fetched')
})

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  expect(trouble.found).toEqual([])
})
