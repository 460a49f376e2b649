/**
 * `npm run bench -- scroll [--full]`: Isocenter beside OHIF's own build, same station, same browser, same pane in device
 * pixels. Every slice has its number drawn along its lower edge; what counts is what the browser presented (screencast).
 * - distinct slices a second while the wheel turns 60 notches a second over 300 (and with --full 1,000) cached images;
 * - from the key or click on the warm study list to the first image whose read-back is right.
 * For software GL and for the CPU path (no GL at all; `--cpu`: that alone).
 */
import type { Browser, Page } from 'playwright-core'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import type { ExpectedPicture } from '../fixtures/picture.ts'
import { startStation } from '../fixtures/station.ts'
import { type BenchImage, buildSlices, numbered, renumbered } from './ctStudies.ts'
import { machine, summary } from './figures.ts'
import { serveOhif } from './ohif.ts'
import { expectedImage } from './presented.ts'
import { untilQuiet } from './quiet.ts'
import { rate, readNumbers, screencast } from './screencast.ts'

const FULL = process.argv.includes('--full')
const SLICES = FULL ? [300, 1000] : [300]
const OPENINGS = FULL ? 10 : 4
const VIEWPORT = { width: 1440, height: 900 }
/** The slices' own, overwritten in place. */
const DESCRIPTION = 'CT chest and abdomen'
const NOTCH_MS = 1000 / 60

interface BenchStudy {
  /** Its description: what tells OHIF's rows apart. */
  title: string
  StudyInstanceUID: string
  slices: number
  expected: ExpectedPicture
}

/** Where the image's pane is, CSS pixels. */
interface Box {
  x: number
  y: number
  width: number
  height: number
}

const station = await startStation()
try {
  console.log(`scroll: CT 512×512, ${machine()}`)
  const studies: BenchStudy[] = []
  // Opened by both from their lists: small, so that what is measured is the first image.
  const sixty = buildSlices(60)
  for (let number = 0; number < OPENINGS + 1; number++) studies.push(await bring(renumbered(sixty, number), number))
  const scrolled: BenchStudy[] = []
  for (const [i, count] of SLICES.entries()) {
    scrolled.push(await bring(numbered(renumbered(buildSlices(count), 14 + i)), 14 + i))
  }
  await untilQuiet(station)
  for (const gl of process.argv.includes('--cpu') ? [false] : [true, false]) {
    const name = gl ? 'software GL' : 'no GL (CPU)'
    const ohif = await serveOhif(station, { cpu: !gl })
    const browser = await launchChromium({ gl })
    try {
      const pane = await measureOhif(browser, ohif.origin, name, studies, scrolled)
      await measureOurs(browser, name, gl, studies, scrolled, pane)
    } finally {
      await browser.close()
      ohif.server.close()
    }
  }
} finally {
  await station.stop()
}

async function bring(images: BenchImage[], number: number): Promise<BenchStudy> {
  const title = `CT bench ${String(number).padStart(3, '0')}`
  for (const { dataSet } of images) {
    const bytes = Buffer.from(dataSet.buffer, dataSet.byteOffset, dataSet.length)
    bytes.write(title.padEnd(DESCRIPTION.length), bytes.indexOf(DESCRIPTION, 0, 'latin1'), 'latin1')
  }
  await sendBytes(images, { port: station.dimsePort, associations: 4 })
  const [{ StudyInstanceUID, SeriesInstanceUID }] = images as [BenchImage]
  const manifest = await station.call('series.open', { StudyInstanceUID, SeriesInstanceUID })
  const first = images.find(image => image.SOPInstanceUID === manifest.instances[0]?.SOPInstanceUID)
  if (!first) throw new Error('the manifest does not begin with an image that was sent')
  return { title, StudyInstanceUID, slices: images.length, expected: expectedImage(manifest, first) }
}

/** Turns the wheel over the middle of the pane and counts what the browser presents. */
async function scroll(browser: Browser, page: Page, name: string, box: Box, slices: number): Promise<void> {
  const side = Math.min(box.width, box.height)
  const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2]
  const bits = numberPlaces().map(({ x, y }) => ({ x: left + (x / 512) * side, y: top + (y / 512) * side }))
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x, y)
  const frames = await screencast(page, async client => {
    const started = performance.now()
    for (let notch = 0; notch < slices - 1; notch++) {
      void client.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY: 120 }).catch(() => {})
      const wait = started + (notch + 1) * NOTCH_MS - performance.now()
      if (wait > 0) await page.waitForTimeout(wait)
    }
    await page.waitForTimeout(2000)
  })
  const seen = await readNumbers(browser, frames, { bits }, page.viewportSize() ?? VIEWPORT)
  const { perSecond, p95Ms, slices: distinct } = rate(seen)
  console.log(
    `${name}  ${slices} images: ${perSecond.toFixed(1)} slices/s presented (${distinct} of ${slices}), p95 interval ${p95Ms.toFixed(0)} ms, pane ${Math.round(box.width)}×${Math.round(box.height)}`,
  )
}

function numberPlaces(): Array<{ x: number; y: number }> {
  return Array.from({ length: 10 }, (_, bit) => ({ x: bit * 50 + 8 + 20, y: 512 - 28 }))
}

/** Resolves with ms from the next key or click to the frame in which the canvas shows the image; any canvas will do. */
async function armFirstImage(page: Page, expected: ExpectedPicture): Promise<() => Promise<number>> {
  await page.evaluate(wanted => {
    const scope = window as Window & { firstImage?: Promise<number> }
    scope.firstImage = new Promise<number>(resolve => {
      let started: number | undefined
      for (const kind of ['keydown', 'click']) {
        addEventListener(kind, event => (started ??= event.timeStamp), { capture: true, once: true })
      }
      const copy = document.createElement('canvas')
      const context = copy.getContext('2d', { willReadFrequently: true })!
      const shows = (canvas: HTMLCanvasElement) => {
        const [width, height] = [canvas.width, canvas.height]
        if (width < 300 || height < 300) return false
        copy.width = width
        copy.height = height
        context.drawImage(canvas, 0, 0)
        const { data } = context.getImageData(0, 0, width, height)
        const scale = Math.min(width / wanted.columns, height / wanted.rows)
        const [left, top] = [(width - wanted.columns * scale) / 2, (height - wanted.rows * scale) / 2]
        const wrong = wanted.points.filter(({ x, y, low, high }) => {
          const value = data[(Math.floor(top + y * scale) * width + Math.floor(left + x * scale)) * 4] ?? -1
          return value < (low[0] ?? 0) || value > (high[0] ?? 255)
        }).length
        return wrong <= wanted.points.length / 100
      }
      const look = () => {
        if (started !== undefined && [...document.querySelectorAll('canvas')].some(shows)) {
          const begun = started
          requestAnimationFrame(now => resolve(now - begun))
          return
        }
        requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })
  }, expected)
  return () => page.evaluate(() => (window as Window & { firstImage?: Promise<number> }).firstImage ?? Number.NaN)
}

async function measureOurs(
  browser: Browser,
  name: string,
  gl: boolean,
  studies: BenchStudy[],
  scrolled: BenchStudy[],
  pane: Box,
): Promise<void> {
  const search = gl ? 'rendering=gl' : 'rendering=cpu'
  const { context, page, trouble } = await openWorkstation(browser, station.url, { ...VIEWPORT, search })
  const openings: number[] = []
  const row = (study: BenchStudy) => page.locator(`[data-study="${study.StudyInstanceUID}"]`)
  await row(studies[0]!).waitFor()
  for (const [index, study] of studies.entries()) {
    await row(study).click()
    // As OHIF's row: opened folded out, its button clicked after a moment.
    await page.waitForTimeout(1500)
    const shown = await armFirstImage(page, study.expected)
    await page.keyboard.press('Enter')
    const ms = await shown()
    // The first opening warms both.
    if (index > 0) openings.push(ms)
    await page.keyboard.press('Backspace')
    await page.waitForTimeout(500)
  }
  console.log(`Isocenter  ${name}  list to first image: ${summary(openings)}`)
  for (const study of scrolled) {
    await row(study).click()
    await page.keyboard.press('Enter')
    await page.waitForFunction(count => window.isocenter.viewports()[0]?.loaded === count, study.slices, {
      timeout: 120_000,
    })
    const canvas = page.locator('.pane canvas').first()
    const own = (await canvas.boundingBox()) ?? pane
    // The same pane in device pixels as OHIF's.
    await page.setViewportSize({
      width: Math.round(VIEWPORT.width + pane.width - own.width),
      height: Math.round(VIEWPORT.height + pane.height - own.height),
    })
    await page.waitForTimeout(1000)
    await scroll(browser, page, `Isocenter  ${name}`, (await canvas.boundingBox()) ?? pane, study.slices)
    await page.setViewportSize(VIEWPORT)
    await page.keyboard.press('Backspace')
  }
  if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
  await context.close()
}

async function measureOhif(
  browser: Browser,
  origin: string,
  name: string,
  studies: BenchStudy[],
  scrolled: BenchStudy[],
): Promise<Box> {
  const context = await browser.newContext({ viewport: VIEWPORT, serviceWorkers: 'block' })
  // Its tour for newcomers lies over everything.
  await context.addInitScript(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync('[class^="shepherd-"] { display: none !important }')
    document.adoptedStyleSheets = [sheet]
  })
  const page = await context.newPage()
  const openings: number[] = []
  await page.goto(origin)
  for (const [index, study] of studies.entries()) {
    await openRow(page, study)
    await page.waitForTimeout(1500)
    const shown = await armFirstImage(page, study.expected)
    await page.getByText('Basic Viewer').first().click()
    const ms = await shown()
    if (index > 0) openings.push(ms)
    await page.goBack()
    await page.waitForTimeout(500)
  }
  console.log(`OHIF       ${name}  list to first image: ${summary(openings)}`)
  let box: Box = { x: 0, y: 0, width: 0, height: 0 }
  for (const study of scrolled) {
    await openRow(page, study)
    await page.getByText('Basic Viewer').first().click()
    const canvas = page.locator('canvas.cornerstone-canvas').first()
    await canvas.waitFor({ timeout: 120_000 })
    await page.waitForFunction(
      count =>
        ((window as Window & { cornerstone?: { cache: { _imageCache: Map<string, unknown> } } }).cornerstone?.cache
          ._imageCache.size ?? 0) >= count,
      study.slices,
      { timeout: 300_000 },
    )
    await page.waitForTimeout(2000)
    box = (await canvas.boundingBox()) ?? box
    await scroll(browser, page, `OHIF       ${name}`, box, study.slices)
    await page.goBack()
  }
  await context.close()
  return box
}

/** Chooses the study's row; what opens it is a button then. */
async function openRow(page: Page, study: BenchStudy): Promise<void> {
  await page.getByRole('row', { name: study.title }).click({ timeout: 60_000 })
}
