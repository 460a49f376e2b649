import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import type { Draft } from '../../shared/viewing/draft.ts'
import { type KeptResult, keptResults } from '../../shared/viewing/selftest/verdict.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** The self-test as IT runs it; and what becomes of measuring where a decoder, or the graphics card, is made to lie. */
const PHANTOMS = path.join(REPOSITORY, 'resources/selftest')
const STUDY = '2.25.7700'
/** Two phantoms as a study: in one and in another encoding. */
const EXPLICIT = { file: 'explicit-signed.dcm', series: '2.25.7700.1' }
const JPEG_LS = { file: 'jpegls-signed.dcm', series: '2.25.7700.19' }
/** A run on a busy machine without a graphics card. */
const RUN_MS = 150_000

let station: RunningStation
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-selftest-'))
  for (const { file } of [EXPLICIT, JPEG_LS]) await copyFile(path.join(PHANTOMS, file), path.join(folder, file))
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
})
afterAll(async () => {
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const kept = async (): Promise<KeptResult[]> =>
  keptResults.catch([]).parse((await station.call('settings.get', {})).selfTest)
const outcome = (page: Page) => page.getByTestId('self-test-outcome')
const shot = (page: Page, name: string) =>
  page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `self-test-${name}.png`) })

async function runIt(page: Page): Promise<string> {
  await page.getByRole('grid', { name: 'Studies' }).waitFor()
  const before = (await kept())[0]?.at
  if ((await page.locator('.self-test').count()) === 0) await page.keyboard.press('F7')
  await page.getByRole('button', { name: /^Run/ }).click()
  // The newest result is another when it has been kept.
  await expect.poll(async () => (await kept())[0]?.at, { timeout: RUN_MS }).not.toBe(before)
  await outcome(page).waitFor()
  return (await outcome(page).textContent()) ?? ''
}

async function openStudy(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
}

async function shows(page: Page, series: string): Promise<void> {
  await page.waitForFunction(series => {
    const [pane] = window.isocenter?.viewports() ?? []
    return pane?.settled && pane.seriesUID === series
  }, series)
}

const marksKept = async (): Promise<number> =>
  ((await station.call('draft.get', { StudyInstanceUID: STUDY })).draft as Draft | null)?.marks.length ?? 0

async function drawLength(page: Page): Promise<void> {
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.keyboard.press('l')
  await page.mouse.move(x - 60, y)
  await page.mouse.down()
  await page.mouse.move(x, y + 20, { steps: 4 })
  await page.mouse.move(x + 60, y + 40, { steps: 4 })
  await page.mouse.up()
}

test('a new installation tests itself when nobody works, passes, and gives a certificate', {
  timeout: 240_000,
}, async () => {
  const browser = await launchChromium()
  try {
    const { page, trouble } = await openWorkstation(browser, station.url, { width: 1200, height: 800 })
    await expect.poll(async () => (await kept()).length, { timeout: RUN_MS }).toBe(1)
    const [result] = await kept()
    expect(result).toMatchObject({ failed: 0, failures: [], machine: { renderer: '', drawnBy: 'page' } })
    expect(result!.passed).toBeGreaterThan(600)

    await page.keyboard.press('F7')
    await expect
      .poll(() => outcome(page).textContent())
      .toMatch(/^Passed, .*: ([\d,]+) of \1 passed, 34 not possible here/)
    await shot(page, 'page')
    await expect.poll(() => page.getByRole('button', { name: 'Save as file' }).count()).toBe(1)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as file' }).click(),
    ])
    const saved = await readFile(await download.path(), 'utf8')
    const { sha256, result: whole } = JSON.parse(saved) as { sha256: string; result: { cells: unknown[] } }
    expect(createHash('sha256').update(JSON.stringify(whole)).digest('hex')).toBe(sha256)
    expect(whole.cells.length).toBe(result!.passed + result!.impossible)

    await page.emulateMedia({ media: 'print' })
    const certificate = page.getByRole('region', { name: 'Certificate' })
    expect(await certificate.isVisible()).toBe(true)
    expect(await page.locator('.self-test, .worklist').filter({ visible: true }).count()).toBe(0)
    const paper = await certificate.textContent()
    expect(paper).toContain(`PASSED: ${result!.passed} of ${result!.passed} passed`)
    expect(paper).toContain(sha256)
    await page.setViewportSize({ width: 794, height: 1123 })
    await shot(page, 'certificate')

    // Another start, the same machine: it has passed.
    await page.emulateMedia({ media: null })
    await page.reload()
    await page.getByRole('grid', { name: 'Studies' }).waitFor()
    await page.keyboard.press('F7')
    await expect.poll(() => outcome(page).textContent()).toMatch(/^Passed/)
    expect(trouble.found).toEqual([])
  } finally {
    await browser.close()
  }
})

test('values that are off by half a unit stop measuring on images in that encoding, and on no others', {
  timeout: 240_000,
}, async () => {
  const browser = await launchChromium()
  try {
    const { page, context } = await openWorkstation(browser, station.url, { width: 1200, height: 800 })
    // The phantom's header says another intercept: what is decoded is then not what the formula says.
    await context.route(/\/assets\/jpegls-signed-[^/]*\.dcm$/, async route => {
      const other = await readFile(path.join(PHANTOMS, 'jpegls-signed.dcm'))
      other.write('-9.5', other.indexOf(Buffer.from([0x28, 0, 0x52, 0x10])) + 8)
      await route.fulfill({ body: other, contentType: 'application/dicom' })
    })
    expect(await runIt(page)).toMatch(/^Failed, .*\d+ of \d+ passed/)
    expect((await kept())[0]?.verdict).toMatchObject({ everything: false, tools: [], card: false })
    expect((await kept())[0]?.failures).toEqual([
      expect.objectContaining({
        phantom: 'jpegls-signed',
        path: 'values',
        expected: '-1016',
        found: expect.stringMatching(/^-1015\.5 /),
      }),
    ])
    await shot(page, 'failed')

    await openStudy(page)
    await shows(page, EXPLICIT.series)
    const banner = page.getByRole('alert').filter({ hasText: 'self-test failed' })
    expect(await banner.textContent()).toMatch(/JPEG-LS Lossless .*is decoded wrongly/)
    await drawLength(page)
    await expect.poll(marksKept).toBe(1)
    await expect
      .poll(() => page.locator('[data-pane="0"] .mark-label').allTextContents())
      .toEqual([expect.stringMatching(/mm$/)])
    await page.locator(`[data-set^="${JPEG_LS.series}"]`).dblclick()
    await shows(page, JPEG_LS.series)
    await drawLength(page)
    await expect.poll(() => page.getByText(/Not measured\. .*JPEG-LS/).count()).toBe(1)
    expect(await page.locator('[data-pane="0"] .mark-label').count()).toBe(0)
    expect(await marksKept()).toBe(1)
    await shot(page, 'refused')
  } finally {
    await browser.close()
  }
})

test('a graphics card that draws wrongly is left aside until it draws rightly again', {
  timeout: 400_000,
}, async () => {
  const browser = await launchChromium({ gl: true })
  try {
    const { page, trouble } = await openWorkstation(browser, station.url, {
      width: 900,
      height: 640,
      search: 'rendering=gl',
    })
    await page.getByRole('grid', { name: 'Studies' }).waitFor()
    await page.waitForFunction(() => window.isocenter?.rendering().path === 'gl')
    // A driver that puts everything a pixel aside.
    await page.evaluate(() => {
      const { uniform2f } = WebGL2RenderingContext.prototype
      const faulty = Object.assign(window, { fault: 1 })
      WebGL2RenderingContext.prototype.uniform2f = function (place, x, y) {
        uniform2f.call(this, place, Math.abs(x) > 10 ? x + faulty.fault : x, y)
      }
    })
    expect(await runIt(page)).toMatch(/^Failed/)
    expect((await kept())[0]?.verdict).toMatchObject({ everything: false, tools: [], syntaxes: [], card: true })
    expect(await page.evaluate(() => window.isocenter.rendering().path)).toBe('cpu')
    await openStudy(page)
    expect(await page.getByRole('alert').first().textContent()).toMatch(/images are drawn without it/)
    await shot(page, 'card')
    await page.evaluate(() => Object.assign(window, { fault: 0 }))
    await page.keyboard.press('Backspace')
    expect(await runIt(page)).toMatch(/^Passed, .*: ([\d,]+) of \1 passed\.$/)
    expect(await page.evaluate(() => window.isocenter.rendering().path)).toBe('gl')
    expect(trouble.found).toEqual([])
  } finally {
    await browser.close()
  }
})
