/**
 * `npm run bench -- view [--orthanc] [--gl] [--full] [--smoke] [--ours] [--alone]`: Isocenter beside OHIF's own build. Same Chromium, same
 * renderer (the CPU; --gl: software GL), OHIF's pane and ours equal in device pixels, nothing gzipped, each with a browser of its own.
 * - from the key or click on the warm study list to the picture, read back, and to all 300 slices in the cache;
 * - from nothing (a browser that has just started, the study's address or the list's) to that picture;
 * - memory of the page then: JavaScript's heap with its buffers, and what of the renderer's process is resident.
 * The server for both is our station, or with --orthanc Orthanc: OHIF reads its DICOMweb, and our page, which speaks to a station alone,
 * has a station before it on whose disk none of the images lie: it gets each from Orthanc when it is asked for.
 * Ours alone (station only; `--alone`: nothing else): another series when it is here, the next study (Ctrl+Enter) when it was read ahead,
 * and the first image with hanging protocols and without. --ours: without OHIF; --smoke: a handful of slices, and without OHIF, which is a
 * download.
 * The cold boots open the last study of the list: nothing is read ahead of it, so that memory is that of one series in both.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import type {} from '../../renderer/viewer/probe.ts'
import { CentralArchive } from '../faults/centralArchive.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'
import { type BenchStudy, bringStudy } from './benchStudy.ts'
import { buildSlices, renumbered } from './ctStudies.ts'
import { machine, percentile, summary } from './figures.ts'
import { openOhif, openOhifRow, serveOhif, stationAsSource } from './ohif.ts'
import { armColdBoot, armFirstImage } from './presented.ts'
import { untilQuiet } from './quiet.ts'

const SMOKE = process.argv.includes('--smoke')
const GL = process.argv.includes('--gl')
const ORTHANC = process.argv.includes('--orthanc')
const BESIDE = !process.argv.includes('--alone')
const WITH_OHIF = !SMOKE && !process.argv.includes('--ours')
const FULL = process.argv.includes('--full')
const SLICES = SMOKE ? 12 : 300
/** Of each application; one more warms it. */
const OPENINGS = SMOKE ? 1 : FULL ? 8 : 4
const COLD_BOOTS = SMOKE ? 1 : FULL ? 5 : 3
/** What is read ahead, or switched to, is small: it is not what comes behind it that is measured. */
const FEW_SLICES = SMOKE ? 6 : 40
const SERIES = SMOKE ? 3 : 6
const WALKED = SMOKE ? 3 : 9
const VIEWPORT = { width: 1440, height: 900 }
const SEARCH = `rendering=${GL ? 'gl' : 'cpu'}`
/** As a reader looks at a row before he opens it; OHIF's has to be folded out for its button. */
const REST_MS = 1500

interface Opened {
  firstMs: number
  cachedMs: number
}

interface Memory {
  heapMB: number
  residentMB: number
}

interface Figures {
  opened: Opened[]
  cold: number[]
  memory: Memory[]
}

interface Size {
  width: number
  height: number
}

const TIMES: Array<[what: string, of: (figures: Figures) => number[]]> = [
  ['list to first image, read back', ({ opened }) => opened.map(one => one.firstMs)],
  [`list to ${SLICES} slices in the cache`, ({ opened }) => opened.map(one => one.cachedMs)],
  ['cold boot to first image', ({ cold }) => cold],
]
const MEMORY: Array<[what: string, of: (figures: Figures) => number[]]> = [
  ['heap with buffers', ({ memory }) => memory.map(one => one.heapMB)],
  ['renderer resident', ({ memory }) => memory.map(one => one.residentMB)],
]

const archive = ORTHANC ? await CentralArchive.open() : undefined
const station = await startStation(archive && { config: archivedAt(archive) })
try {
  console.log(`view: ${SLICES} CT slices 512×512, ${GL ? 'software GL' : 'CPU path'}, ${machine()}`)
  const studies: BenchStudy[] = []
  const slices = buildSlices(BESIDE ? SLICES : FEW_SLICES)
  for (let number = 0; BESIDE && number <= OPENINGS; number++) {
    studies.push(await bringStudy(station, number, [renumbered(slices, number)]))
  }
  const few = slices.slice(0, FEW_SLICES)
  const several: BenchStudy[] = []
  const walked: BenchStudy[] = []
  if (!ORTHANC) {
    const series = Array.from({ length: SERIES }, (_, at) => renumbered(few, 10, at))
    several.push(await bringStudy(station, 10, series))
    // Last, so that they are the first of the list, newest first.
    for (let number = 20; number < 20 + WALKED; number++) {
      walked.unshift(await bringStudy(station, number, [renumbered(few, number)]))
    }
  }
  if (archive) await untilAllAway(station, studies)
  await untilQuiet(station)
  if (BESIDE) {
    const ohif = WITH_OHIF ? await measureOhif(studies) : undefined
    if (ohif) tell('OHIF', ohif.figures)
    const ours = await measureOurs(studies, ohif?.pane)
    tell('Isocenter', ours)
    if (ohif) compare(ours, ohif.figures)
  }
  for (const one of several) await switchSeries(one)
  if (walked.length > 0) {
    await walk(walked, true)
    await walk(walked, false)
    await openings(walked)
  }
} finally {
  await station.stop()
  await archive?.close()
}

// ── the servers ──

function archivedAt({ origin }: CentralArchive) {
  const route = { kind: 'dicomweb' as const, url: `${origin}/dicom-web`, orthanc: origin }
  return { settleAfterSeconds: 0, destinations: [{ name: 'Orthanc', route }] }
}

/** All of it sent to Orthanc, proved to lie there, and gone from the station's own disk. */
async function untilAllAway(station: RunningStation, studies: BenchStudy[]): Promise<void> {
  for (const { StudyInstanceUID, slices } of studies) {
    for (;;) {
      const { custody } = await station.call('sync.study', { StudyInstanceUID })
      if (custody[0]?.confirmed.equal === slices) break
      await wait(500)
    }
    await station.call('reading.set', { studies: [{ StudyInstanceUID, status: 'read' }], user: 'bench' })
  }
  await station.call('cache.set', { mostGigabytes: 0, keepDays: 0 })
  const all = studies.reduce((sum, { slices }) => sum + slices, 0)
  for (;;) {
    await station.call('cache.evict', {})
    if ((await station.call('cache.plan', {})).away.images === all) break
    await wait(500)
  }
  // What is fetched from now on stays.
  await station.call('cache.set', { keepDays: 7 })
}

// ── both applications ──

async function measureOurs(studies: BenchStudy[], wanted: Size | undefined): Promise<Figures> {
  const figures: Figures = { opened: [], cold: [], memory: [] }
  const browser = await launchChromium({ gl: GL })
  let viewport = VIEWPORT
  try {
    const { page, context, trouble } = await openWorkstation(browser, station.url, { ...VIEWPORT, search: SEARCH })
    for (const [index, study] of studies.entries()) {
      await page.locator(`[data-study="${study.StudyInstanceUID}"]`).click()
      await page.waitForTimeout(REST_MS)
      const opened = await timeOpening(page, study, () => page.keyboard.press('Enter'))
      // The first opening warms both.
      if (index > 0) figures.opened.push(opened)
      else if (wanted) viewport = await fitted(page, wanted)
      await page.keyboard.press('Backspace')
      await page.waitForTimeout(500)
    }
    if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
    await context.close()
  } finally {
    await browser.close()
  }
  for (let run = 0; run < COLD_BOOTS; run++) {
    await cold(figures, async browser => {
      const [study] = studies as [BenchStudy]
      const context = await browser.newContext({ viewport })
      const page = await context.newPage()
      const first = await armColdBoot(context, page, study.expected)
      // As soon as the row is there: nobody's hand is measured.
      await context.addInitScript(uid => {
        const look = () => {
          const row = document.querySelector(`[data-study="${uid}"]`)
          if (row) row.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }, study.StudyInstanceUID)
      const address = new URL(station.url)
      address.searchParams.set('rendering', GL ? 'gl' : 'cpu')
      await page.goto(address.href)
      return { page, study, first }
    })
  }
  return figures
}

/** The window in which our pane is as large as theirs. */
async function fitted(page: Page, wanted: Size): Promise<Size> {
  const own = (await page.locator('.pane canvas').first().boundingBox()) ?? wanted
  const viewport = {
    width: Math.round(VIEWPORT.width + wanted.width - own.width),
    height: Math.round(VIEWPORT.height + wanted.height - own.height),
  }
  await page.setViewportSize(viewport)
  return viewport
}

async function measureOhif(studies: BenchStudy[]): Promise<{ figures: Figures; pane: Size }> {
  const figures: Figures = { opened: [], cold: [], memory: [] }
  let pane: Size = VIEWPORT
  const ohif = await serveOhif(archive ? { origin: archive.origin, headers: {} } : stationAsSource(station), {
    cpu: !GL,
  })
  const browser = await launchChromium({ gl: GL })
  try {
    const { page, context } = await openOhif(browser, ohif.origin, VIEWPORT)
    for (const [index, study] of studies.entries()) {
      await openOhifRow(page, study.title)
      await page.waitForTimeout(REST_MS)
      const opened = await timeOpening(page, study, () => page.getByText('Basic Viewer').first().click())
      if (index > 0) figures.opened.push(opened)
      pane = (await page.locator('canvas.cornerstone-canvas').first().boundingBox()) ?? pane
      await page.goBack()
      await page.waitForTimeout(500)
    }
    await context.close()
  } finally {
    await browser.close()
  }
  try {
    for (let run = 0; run < COLD_BOOTS; run++) {
      await cold(figures, async browser => {
        const [study] = studies as [BenchStudy]
        const { context, page } = await openOhif(browser, 'about:blank', VIEWPORT)
        const first = await armColdBoot(context, page, study.expected)
        await page.goto(`${ohif.origin}/viewer?StudyInstanceUIDs=${study.StudyInstanceUID}`)
        return { page, study, first }
      })
    }
  } finally {
    ohif.server.close()
    ohif.server.closeAllConnections()
  }
  return { figures, pane }
}

/** Images of a study that are decoded in the page's cache, ours or OHIF's. */
function countCached(StudyInstanceUID: string): number {
  const { isocenter, cornerstone } = window as unknown as {
    isocenter?: Window['isocenter']
    cornerstone?: { cache: { _imageCache: Map<string, { loaded?: boolean }> } }
  }
  if (isocenter !== undefined) return isocenter.viewports()[0]?.loaded ?? 0
  const all = [...(cornerstone?.cache._imageCache ?? [])]
  return all.filter(([imageId, { loaded }]) => loaded && imageId.includes(StudyInstanceUID)).length
}

/** Both from the same key or click. */
async function timeOpening(page: Page, study: BenchStudy, act: () => Promise<void>): Promise<Opened> {
  const first = await armFirstImage(page, study.expected)
  await page.evaluate(`window.counted = ${countCached.toString()}`)
  await page.evaluate(
    ({ uid, slices }) => {
      const scope = window as Window & { counted?: typeof countCached; cachedMs?: Promise<number> }
      scope.cachedMs = new Promise(resolve => {
        const begin = (event: Event) => {
          const look = () => {
            if ((scope.counted?.(uid) ?? 0) >= slices) resolve(performance.now() - event.timeStamp)
            else setTimeout(look, 20)
          }
          setTimeout(look, 100)
        }
        for (const kind of ['keydown', 'click']) addEventListener(kind, begin, { capture: true, once: true })
      })
    },
    { uid: study.StudyInstanceUID, slices: study.slices },
  )
  await act()
  const firstMs = await first()
  const cachedMs = await page.evaluate(() => (window as Window & { cachedMs?: Promise<number> }).cachedMs ?? Number.NaN)
  return { firstMs, cachedMs }
}

/** One boot in a browser that has just started; then, with all slices in the cache, what it holds in memory. */
async function cold(
  figures: Figures,
  boot: (browser: Browser) => Promise<{ page: Page; study: BenchStudy; first: () => Promise<number> }>,
): Promise<void> {
  const browser = await launchChromium({ gl: GL })
  try {
    const { page, study, first } = await boot(browser)
    figures.cold.push(await first())
    while ((await page.evaluate(countCached, study.StudyInstanceUID)) < study.slices) await wait(200)
    await wait(2000)
    figures.memory.push(await memoryOf(browser, page))
  } finally {
    await browser.close()
  }
}

async function memoryOf(browser: Browser, page: Page): Promise<Memory> {
  const client = await page.context().newCDPSession(page)
  await client.send('HeapProfiler.collectGarbage')
  // `backingStorageSize`: the array buffers, which is where pixels are.
  const heap = (await client.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number }
  const whole = await browser.newBrowserCDPSession()
  const { processInfo } = await whole.send('SystemInfo.getProcessInfo')
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  // A spare one waits beside it.
  const resident = await Promise.all(renderers.map(({ id }) => residentMB(id)))
  return { heapMB: (heap.usedSize + (heap.backingStorageSize ?? 0)) / 1e6, residentMB: Math.max(...resident) }
}

async function residentMB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024) / 1e6
}

// ── ours alone ──

async function openList(automatic: boolean) {
  await station.call('settings.set', { key: 'hanging', value: { automatic } })
  const browser = await launchChromium({ gl: GL })
  const opened = await openWorkstation(browser, station.url, { ...VIEWPORT, search: SEARCH })
  await opened.page.locator('[data-study]').first().waitFor()
  return { browser, ...opened }
}

/** The page has all it was told to read ahead, and does nothing. */
async function untilReadAhead(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const all = window.isocenter.viewports()
    return all.length > 0 && all.every(one => one.loaded === one.images)
  })
  await page.waitForTimeout(2500)
}

/** → to each series of a study that is wholly here, then ← to each again. */
async function switchSeries({ StudyInstanceUID, firsts }: BenchStudy): Promise<void> {
  const { browser, page, trouble } = await openList(false)
  try {
    await page.locator(`[data-study="${StudyInstanceUID}"]`).dblclick()
    await untilReadAhead(page)
    const times = async (key: string, pictures: typeof firsts) => {
      const found: number[] = []
      for (const expected of pictures) {
        const shown = await armFirstImage(page, expected)
        await page.keyboard.press(key)
        found.push(await shown())
        await page.waitForTimeout(600)
      }
      return found
    }
    console.log(`Isocenter  another series, never shown: ${summary(await times('ArrowRight', firsts.slice(1)))}`)
    console.log(
      `Isocenter  another series, shown before: ${summary(await times('ArrowLeft', firsts.slice(0, -1).reverse()))}`,
    )
    if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
  } finally {
    await browser.close()
  }
}

/** Ctrl+Enter through studies of which the next one is always read ahead. */
async function walk([first, ...rest]: BenchStudy[], automatic: boolean): Promise<void> {
  const { browser, page, trouble } = await openList(automatic)
  try {
    await page.locator(`[data-study="${first?.StudyInstanceUID}"]`).dblclick()
    const found: number[] = []
    for (const { expected } of rest) {
      await untilReadAhead(page)
      const shown = await armFirstImage(page, expected)
      await page.keyboard.press('Control+Enter')
      found.push(await shown())
    }
    console.log(`Isocenter  next study, read ahead, ${hung(automatic)}: ${summary(found)}`)
    if (trouble.found.length > 0) throw new Error(trouble.found.join('\n'))
  } finally {
    await browser.close()
  }
}

/** ↓ and Enter at once: nothing could be read ahead. In turns, each study once with and once without protocols. */
async function openings(studies: BenchStudy[]): Promise<void> {
  const found = new Map<boolean, number[]>([
    [true, []],
    [false, []],
  ])
  for (const automatic of [true, false]) {
    const { browser, page } = await openList(automatic)
    try {
      for (const [index, { StudyInstanceUID, expected }] of studies.entries()) {
        await page.getByRole('grid', { name: 'Studies' }).getByRole('rowgroup').focus()
        await page.locator(`[data-study="${studies[Math.max(0, index - 1)]?.StudyInstanceUID}"]`).click()
        await page.waitForTimeout(1000)
        if (index > 0) {
          const shown = await armFirstImage(page, expected)
          await page.keyboard.press('ArrowDown')
          await page.waitForFunction(
            uid => document.querySelector(`[data-study="${uid}"]`)?.getAttribute('aria-selected') === 'true',
            StudyInstanceUID,
          )
          await page.keyboard.press('Enter')
          // From the arrow key, so with the moments between the two.
          found.get(automatic)!.push(await shown())
          await page.keyboard.press('Backspace')
        }
      }
    } finally {
      await browser.close()
    }
  }
  for (const [automatic, times] of found) {
    console.log(`Isocenter  ↓ and Enter to first image, ${hung(automatic)}: ${summary(times)}`)
  }
}

function hung(automatic: boolean): string {
  return automatic ? 'hung by protocol' : 'hung by hand'
}

// ── in words ──

function tell(name: string, figures: Figures): void {
  for (const [what, of] of TIMES) console.log(`${name.padEnd(10)} ${what}: ${summary(of(figures))}`)
  for (const [what, of] of MEMORY) {
    console.log(`${name.padEnd(10)} ${what}, ${SLICES} slices: median ${percentile(of(figures), 50).toFixed(0)} MB`)
  }
}

function compare(ours: Figures, ohif: Figures): void {
  for (const [what, of] of [...TIMES, ...MEMORY]) {
    console.log(`Isocenter / OHIF  ${what}: ${(percentile(of(ours), 50) / percentile(of(ohif), 50)).toFixed(2)}`)
  }
}
