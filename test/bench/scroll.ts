/**
 * `npm run bench -- scroll [--full]`: Isocenter beside OHIF's own build, same station, same browser, same pane in device
 * pixels. Every slice has its number drawn along its lower edge; what counts is what the browser presented (screencast).
 * - distinct slices a second while the wheel turns 60 notches a second over 300 (and with --full 1,000) cached images; the way back
 *   without the screencast, which takes as much of the machine as the pages do: the number on the canvas as each frame begins;
 * - from the key or click on the warm study list to the first image whose read-back is right.
 * For software GL and for the CPU path (no GL at all); `--cpu` or `--gl`: that alone.
 */
import type { Browser, CDPSession, Page } from 'playwright-core'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { startStation } from '../fixtures/station.ts'
import { type BenchStudy, bringStudy } from './benchStudy.ts'
import { buildSlices, numbered, renumbered } from './ctStudies.ts'
import { machine, summary } from './figures.ts'
import { openOhif, openOhifRow, serveOhif, stationAsSource } from './ohif.ts'
import { armFirstImage } from './presented.ts'
import { untilQuiet } from './quiet.ts'
import { rate, readNumbers, screencast } from './screencast.ts'

const FULL = process.argv.includes('--full')
const SLICES = FULL ? [300, 1000] : [300]
const OPENINGS = FULL ? 10 : 4
const VIEWPORT = { width: 1440, height: 900 }
const NOTCH_MS = 1000 / 60

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
  for (let number = 0; number < OPENINGS + 1; number++) {
    studies.push(await bringStudy(station, number, [renumbered(sixty, number)]))
  }
  const scrolled: BenchStudy[] = []
  for (const [i, count] of SLICES.entries()) {
    const images = numbered(renumbered(buildSlices(count), 14 + i))
    scrolled.push(await bringStudy(station, 14 + i, [images]))
  }
  await untilQuiet(station)
  const only = ['--cpu', '--gl'].filter(one => process.argv.includes(one))
  for (const gl of only.length === 1 ? [only[0] === '--gl'] : [true, false]) {
    const name = gl ? 'software GL' : 'no GL (CPU)'
    const ohif = await serveOhif(stationAsSource(station), { cpu: !gl })
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

/** Turns the wheel over the middle of the pane and counts what the browser presents; then back, without a screencast. */
async function scroll(browser: Browser, page: Page, name: string, box: Box, slices: number): Promise<void> {
  const side = Math.min(box.width, box.height)
  const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2]
  const bits = numberPlaces().map(({ x, y }) => ({ x: left + (x / 512) * side, y: top + (y / 512) * side }))
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x, y)
  const turn = async (client: CDPSession, deltaY: number) => {
    const started = performance.now()
    for (let notch = 0; notch < slices - 1; notch++) {
      void client.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x, y, deltaX: 0, deltaY }).catch(() => {})
      const wait = started + (notch + 1) * NOTCH_MS - performance.now()
      if (wait > 0) await page.waitForTimeout(wait)
    }
    await page.waitForTimeout(2000)
  }
  const told = (how: string, seen: Seen[]) => {
    const { perSecond, p95Ms, slices: distinct } = rate(seen)
    console.log(
      `${name}  ${slices} images: ${perSecond.toFixed(1)} slices/s ${how} (${distinct} of ${slices}), p95 interval ${p95Ms.toFixed(0)} ms, pane ${Math.round(box.width)}×${Math.round(box.height)}`,
    )
  }
  const frames = await screencast(page, client => turn(client, 120))
  told('presented', await readNumbers(browser, frames, { bits }, page.viewportSize() ?? VIEWPORT))
  const client = await page.context().newCDPSession(page)
  const stop = await sampleCanvas(page, bits)
  await turn(client, -120)
  told('on the canvas as frames begin, no screencast', await stop())
}

interface Seen {
  number: number
  /** Seconds. */
  timestamp: number
}

/**
 * The number on the canvas as each frame of the display begins: what the frame before has handed to the compositor. One row of the
 * canvas is read, the same for both applications; no frame is drawn once more for it, as a screencast has them.
 */
async function sampleCanvas(page: Page, bits: Array<{ x: number; y: number }>): Promise<() => Promise<Seen[]>> {
  await page.evaluate(bits => {
    const scope = window as Window & { sampled?: Seen[] }
    const seen: Seen[] = []
    scope.sampled = seen
    const [{ x, y }] = bits as [{ x: number; y: number }]
    const lies = ({ left, right, top, bottom }: DOMRect) => left <= x && x < right && top <= y && y < bottom
    const canvases = [...document.querySelectorAll('canvas')].filter(one => lies(one.getBoundingClientRect()))
    // The picture's own is the largest; marks have theirs above it.
    const canvas = canvases.sort((a, b) => b.width * b.height - a.width * a.height)[0]!
    const box = canvas.getBoundingClientRect()
    const scale = canvas.width / box.width
    const copy = new OffscreenCanvas(canvas.width, 1)
    const context = copy.getContext('2d', { willReadFrequently: true })!
    const look = (now: number) => {
      if (scope.sampled !== seen) return
      context.drawImage(canvas, 0, -Math.floor((y - box.top) * scale))
      const { data } = context.getImageData(0, 0, canvas.width, 1)
      const number = bits.reduce((sum, bit, index) => {
        const red = data[Math.floor((bit.x - box.left) * scale) * 4] ?? 0
        return sum + (red > 127 ? 2 ** index : 0)
      }, 0)
      seen.push({ number, timestamp: now / 1000 })
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }, bits)
  return () =>
    page.evaluate(() => {
      const scope = window as Window & { sampled?: Seen[] }
      const seen = scope.sampled ?? []
      delete scope.sampled
      return seen
    })
}

function numberPlaces(): Array<{ x: number; y: number }> {
  return Array.from({ length: 10 }, (_, bit) => ({ x: bit * 50 + 8 + 20, y: 512 - 28 }))
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
  const { context, page } = await openOhif(browser, origin, VIEWPORT)
  const openings: number[] = []
  for (const [index, study] of studies.entries()) {
    await openOhifRow(page, study.title)
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
    await openOhifRow(page, study.title)
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
