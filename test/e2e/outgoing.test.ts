import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { DOCUMENTS_STUDY, documentFiles, SLICES } from '../fixtures/documents.ts'
import { type FilmPrinter, startFilmPrinter } from '../fixtures/filmPrinter.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** Pictures, film, paper and files of one study; each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let printer: FilmPrinter
let trouble: PageTrouble
let folder = ''

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `out-${name}.png`) })

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-out-'))
  for (const { name, bytes } of documentFiles()) await writeFile(path.join(folder, `${name}.dcm`), bytes)
  station = await startStation()
  printer = await startFilmPrinter()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  const opened = await openWorkstation(browser, station.url, { search: 'rendering=cpu', width: 1280, height: 720 })
  ;({ page, trouble } = opened)
  await opened.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.locator(`[data-study="${DOCUMENTS_STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await printer?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** What pressing a button of the open dialog saves. */
async function saved(button: string): Promise<Buffer> {
  const downloading = page.waitForEvent('download')
  await page.getByRole('dialog').getByRole('button', { name: button }).click()
  return readFile(await (await downloading).path())
}

/** Size of a picture, how many of its pixels are lit, and the levels along its middle row. */
function looked(picture: Buffer, type: string) {
  return page.evaluate(
    async ({ base64, type }) => {
      const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
      const bitmap = await createImageBitmap(new Blob([bytes], { type }))
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
      const context = canvas.getContext('2d')!
      context.drawImage(bitmap, 0, 0)
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
      const { width, height } = bitmap
      const level = (x: number, y: number) => data[(y * width + x) * 4]!
      const lit = (left: number, right: number) => {
        let count = 0
        for (let y = 0; y < height / 4; y++) for (let x = left; x < right; x++) if (level(x, y) > 100) count++
        return count
      }
      const row = Array.from({ length: width }, (_, x) => level(x, Math.floor(height / 2)))
      return { width, height, row, leftCorner: lit(0, Math.floor(width / 6)) }
    },
    { base64: picture.toString('base64'), type },
  )
}

async function openPictures(choice: RegExp): Promise<void> {
  await page.keyboard.press('Control+E')
  await page.getByRole('dialog').getByRole('radio', { name: choice }).check()
}

test('a pane is saved as it is seen, with the patient’s name only where that is wished', async () => {
  await openPictures(/This pane/)
  await shot('pictures')
  const without = await looked(await saved('Save'), 'image/png')
  const pane = await page.locator('[data-pane="0"] .pane-picture').boundingBox()
  expect([without.width, without.height]).toEqual([Math.round(pane!.width), Math.round(pane!.height)])
  await openPictures(/This pane/)
  await page.getByRole('checkbox', { name: /patient’s name/ }).check()
  await page.getByText('written into the picture for good').waitFor()
  const picture = await saved('Save')
  await writeFile(path.join(REPOSITORY, 'out/screenshots/out-picture.png'), picture)
  const named = await looked(picture, 'image/png')
  expect(without.leftCorner).toBeLessThan(20)
  expect(named.leftCorner).toBeGreaterThan(200)
  // The image is the same, to the level, and as it is on the screen.
  const middle = (row: number[]) => row.slice(row.length / 2 - 50, row.length / 2 + 50)
  expect(middle(named.row)).toEqual(middle(without.row))
  const screen = await looked(await page.locator('[data-pane="0"] .pane-picture').screenshot(), 'image/png')
  expect(middle(named.row)).toEqual(middle(screen.row))
})

test('what is covered of a picture that is mirrored is covered in what leaves', async () => {
  const box = (await page.locator('[data-pane="0"] .pane-picture').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.keyboard.press('Shift+E')
  await page.mouse.move(x - 200, y - 100)
  await page.mouse.down()
  await page.mouse.move(x - 20, y + 100, { steps: 4 })
  await page.mouse.up()
  await page.keyboard.press('Control+b')
  await page.getByText('shutter', { exact: true }).waitFor()
  await page.keyboard.press('Shift+H')
  await page.waitForFunction(() => (window.isocenter.viewports()[0]?.transform?.a ?? 1) < 0)
  const screen = await looked(await page.locator('[data-pane="0"] .pane-picture').screenshot(), 'image/png')
  await openPictures(/This pane/)
  const picture = await looked(await saved('Save'), 'image/png')
  const sides = ({ row }: typeof picture) => [-60, 60].map(across => row[Math.floor(row.length / 2) + across]!)
  expect(sides(picture)).toEqual(sides(screen))
  expect(sides(picture)[0]).toBe(0)
  expect(sides(picture)[1]).toBeGreaterThan(0)
  await openPictures(/pixel for pixel/)
  const { row } = await looked(await saved('Save'), 'image/png')
  expect(row.slice(0, 32).every(level => level === 0)).toBe(true)
  expect(row.slice(37, 48).every(level => level > 0)).toBe(true)
  await page.keyboard.press('Shift+H')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await expect.poll(() => page.locator('[data-pane="0"] canvas.planes').count()).toBe(0)
})

test('an image alone has a pixel for each of its own, in JPEG too, and goes to the clipboard', async () => {
  await openPictures(/pixel for pixel/)
  const png = await looked(await saved('Save'), 'image/png')
  expect([png.width, png.height]).toEqual([64, 64])
  // Stored values rise by 2 a column; the window is 400 wide.
  expect(png.row[63]! - png.row[0]!).toBeGreaterThan(70)
  expect(png.row.every((level, x) => x === 0 || level >= png.row[x - 1]!)).toBe(true)
  await openPictures(/pixel for pixel/)
  await page.getByRole('combobox').selectOption('jpeg')
  const jpeg = await looked(await saved('Save'), 'image/jpeg')
  expect(jpeg.row.every((level, x) => Math.abs(level - png.row[x]!) <= 6)).toBe(true)
  await openPictures(/pixel for pixel/)
  await page.getByRole('dialog').getByRole('button', { name: 'Copy' }).click()
  await page.getByText('Copied').waitFor()
  const types = await page.evaluate(async () => (await navigator.clipboard.read()).flatMap(item => item.types))
  expect(types).toContain('image/png')
})

test('a stack is a film that plays for as long as it should, and the pane is where it was', async () => {
  await page.keyboard.press('PageDown')
  const at = () => page.locator('[data-pane="0"]').getByTestId('image-number').textContent()
  const before = await at()
  await openPictures(/A film/)
  const film = await saved('Save')
  expect(film.subarray(4, 8).toString()).toBe('ftyp')
  const played = await page.evaluate(async base64 => {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
    const video = document.createElement('video')
    video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }))
    await new Promise((resolve, reject) => {
      video.onloadeddata = resolve
      video.onerror = () => reject(new Error(video.error?.message))
    })
    return { seconds: video.duration, width: video.videoWidth, height: video.videoHeight }
  }, film.toString('base64'))
  const pane = await page.locator('[data-pane="0"] .pane-picture').boundingBox()
  expect(Math.abs(played.width - pane!.width)).toBeLessThanOrEqual(2)
  expect(played.seconds).toBeGreaterThan(0)
  expect((played.seconds * 1000) / SLICES).toBeGreaterThan(20)
  expect(await at()).toBe(before)
})

test('the preview is what is printed: as many sheets, each with its images and whose they are', async () => {
  await page.keyboard.press('Control+P')
  await page
    .getByRole('dialog')
    .getByRole('radio', { name: /every n-th/ })
    .check()
  await page.getByText('Print 2 sheets').waitFor()
  const sheets = page.locator('.print-sheets > .sheet')
  await expect.poll(() => sheets.locator('img').count()).toBe(SLICES)
  await shot('print')
  const text = await page.getByTestId('print-preview').locator('.sheet').textContent()
  expect(text).toContain('DOC-1')
  expect(text).toContain('1 / 2')
  const pdf = await page.pdf({ preferCSSPageSize: true })
  await writeFile(path.join(REPOSITORY, 'out/screenshots/out-print.pdf'), pdf)
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length).toBe(2)
  await page.getByRole('checkbox', { name: /patient’s name/ }).uncheck()
  await expect.poll(() => page.getByTestId('print-preview').locator('.sheet').textContent()).not.toContain('DOC-1')
  await page.evaluate(() => {
    window.print = () => document.documentElement.setAttribute('data-printed', '')
  })
  await page.getByRole('button', { name: /^Print / }).click()
  expect(await page.locator('html[data-printed]').count()).toBe(1)
  await page.keyboard.press('Escape')
  await expect.poll(() => sheets.count()).toBe(0)
})

test('a film has the levels that the preview shows, with a line that says whose it is', async () => {
  const { AET, port } = printer
  await station.call('print.setPrinters', { printers: [{ name: 'Film', AET, host: '127.0.0.1', port }] })
  await page.keyboard.press('Control+P')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Print on' }).selectOption('Film')
  await dialog.getByRole('spinbutton', { name: 'Columns' }).fill('1')
  await dialog.getByRole('spinbutton', { name: 'Rows' }).fill('1')
  const preview = page.getByTestId('print-preview')
  await expect.poll(() => preview.locator('.sheet.film img').count()).toBe(1)
  expect(await preview.locator('.sheet.film figcaption').textContent()).toContain('DOC-1')
  await shot('film')
  const seen = await preview.locator('.sheet.film img').evaluate((image: HTMLImageElement) => {
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight]
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    const levels = Array.from({ length: data.length / 4 }, (_, at) => data[at * 4]!)
    return { width: canvas.width, height: canvas.height, levels }
  })
  await dialog.getByRole('button', { name: 'Print one film' }).click()
  await expect.poll(async () => (await printer.printed()).pictures.length, { timeout: 20_000 }).toBe(1)
  const { pictures } = await printer.printed()
  const film = pictures[0]!
  expect(film.Columns).toBe(seen.width)
  // The image level by level, the line below it.
  expect([...film.pixels.subarray(0, seen.width * seen.height)]).toEqual(seen.levels)
  const line = film.pixels.subarray(seen.width * seen.height, film.Columns * film.Rows)
  expect(line.filter(level => level > 200).length).toBeGreaterThan(100)
})

test('a study leaves as a ZIP; de-identified, what may still name somebody is said before', async () => {
  await page.keyboard.press('Alt+X')
  const dialog = page.getByRole('dialog')
  await expect.poll(() => dialog.getByTestId('export-size').textContent()).toMatch(/^\d+ files/)
  await dialog.getByRole('radio', { name: /Its series/ }).check()
  await expect.poll(() => dialog.getByTestId('export-size').textContent()).toMatch(/^5 files/)
  await dialog.getByRole('radio', { name: 'This study' }).check()
  await dialog.getByRole('radio', { name: /De-identified/ }).check()
  await dialog.getByText(/are documents/).waitFor()
  await dialog.getByRole('checkbox', { name: /Make text in the pixels black/ }).check()
  await shot('export')
  await dialog.getByRole('checkbox', { name: /Make text in the pixels black/ }).uncheck()
  const zip = await saved('Save as ZIP')
  expect(zip.subarray(0, 2).toString()).toBe('PK')
  expect(zip.includes('DOCUMENTS^PHANTOM')).toBe(false)
  expect(zip.includes('DICOMDIR')).toBe(true)
  await page.getByText('Export of 1 study, de-identified', { exact: true }).waitFor()
  await shot('export-job')
  // From the list too.
  await page.keyboard.press('Backspace')
  await page.locator(`[data-study="${DOCUMENTS_STUDY}"]`).click()
  await page.keyboard.press('Alt+X')
  await dialog.getByText('As they are').waitFor()
  expect((await saved('Save as ZIP')).includes('DOCUMENTS^PHANTOM')).toBe(true)
  expect(trouble.found).toEqual([])
})
