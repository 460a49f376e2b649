import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { type Draft, EMPTY_DRAFT } from '../../shared/viewing/draft.ts'
import { type BenchImage, buildSlices, renumbered } from '../bench/ctStudies.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/** The next study, read ahead: it takes the place of the one before in one drawing, and nothing of that one is ever on it. */

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
/** Each of another patient, newest first. */
const studies: string[] = []
/** Six of them lie there from the beginning. */
let slices: BenchImage[] = []
const FIRST = 6
/** By study. */
const seriesOf = new Map<string, string[]>()

beforeAll(async () => {
  station = await startStation()
  await station.call('settings.set', { key: 'hanging', value: { automatic: false } })
  slices = buildSlices(FIRST + 2)
  for (const number of [1, 2, 3]) {
    const series = [0, 1].map(at => ofPatient(number, at))
    for (const images of series) await send(images.slice(0, FIRST))
    studies.unshift(series[0]![0]!.StudyInstanceUID)
    seriesOf.set(
      studies[0]!,
      series.map(([image]) => image!.SeriesInstanceUID),
    )
  }
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const PATIENT = 'SYNTHETIC-'
const idOf = (number: number) => `PATIENT-${number}`

function ofPatient(number: number, series: number): BenchImage[] {
  const images = renumbered(slices, number, series)
  for (const { dataSet } of images) {
    const bytes = Buffer.from(dataSet.buffer, dataSet.byteOffset, dataSet.length)
    const at = bytes.indexOf(PATIENT, 0, 'latin1')
    bytes.write(`${idOf(number)} `, at, 'latin1')
  }
  return images
}

const send = (images: BenchImage[]) => sendBytes(images, { port: station.dimsePort, associations: 1 })

interface Watched {
  /** By frame of the display: the ID in the title, those over the panes, of which studies the pictures are, and how many marks lie on them. */
  frames: Array<{ title: string; ids: string[]; pictures: string[]; marks: number }>
  /** Calls begun after the key, and whether the first picture was there. */
  calls: Array<{ name: string; isShown: boolean }>
}

/** Everything that is drawn from the next key on, until the study's pictures stand in all panes. */
async function watch(study: string, panes: number, key: string): Promise<Watched> {
  await page.evaluate(
    ({ own: series, count }) => {
      const scope = window as Window & { watched?: Promise<Watched> }
      const found: Watched = { frames: [], calls: [] }
      const pictures = () => window.isocenter.viewports().map(({ seriesUID }) => seriesUID)
      const isShown = () => pictures().filter(one => series.includes(one)).length === count
      const fetchIt = window.fetch
      scope.watched = new Promise(resolve => {
        const begin = () => {
          window.fetch = (input, init) => {
            found.calls.push({ name: String(input), isShown: pictures().some(one => series.includes(one)) })
            return fetchIt(input, init)
          }
          const look = () => {
            const idIn = (element: Element | null) => /PATIENT-\d/.exec(element?.textContent ?? '')?.[0] ?? ''
            const title = idIn(document.querySelector('.viewer-title .id'))
            const ids = [...document.querySelectorAll('.pane .overlays .id')].map(idIn)
            const marks = document.querySelectorAll('[data-mark]').length
            found.frames.push({ title, ids, pictures: pictures(), marks })
            if (!isShown()) requestAnimationFrame(look)
            else {
              window.fetch = fetchIt
              resolve(found)
            }
          }
          requestAnimationFrame(look)
        }
        addEventListener('keydown', begin, { capture: true, once: true })
      })
    },
    { own: seriesOf.get(study)!, count: panes },
  )
  await page.keyboard.press(key)
  return page.evaluate(() => (window as Window & { watched?: Promise<Watched> }).watched!)
}

/** The study is hung in so many panes, and the one `ahead` of it is here whole. */
async function hasHung(study: string, panes: number, ahead?: string): Promise<void> {
  await page.waitForFunction(
    ({ own, count }) => {
      const all = window.isocenter.viewports()
      return all.length === count && all.every(one => own.includes(one.seriesUID) && one.settled)
    },
    { own: seriesOf.get(study)!, count: panes },
  )
  if (ahead !== undefined) await page.waitForFunction(one => window.isocenter.studyAhead() === one, ahead)
}

const marksOf = async (StudyInstanceUID: string) =>
  ((await station.call('draft.get', { StudyInstanceUID })).draft as Draft | null)?.marks.length ?? 0

test('it stands there in one drawing, with nothing asked before it, and no mark of the patient before on it', async () => {
  const [first, second, third] = studies as [string, string, string]
  await page.locator(`[data-study="${first}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
  await page.keyboard.press('Alt+2')
  await hasHung(first, 2, second)
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  await page.keyboard.press('l')
  await page.mouse.move(box.x + 200, box.y + 250)
  await page.mouse.down()
  await page.mouse.move(box.x + 300, box.y + 280, { steps: 3 })
  await page.mouse.up()
  await page.locator('[data-mark]').waitFor()

  const next = await watch(second, 2, 'Control+Enter')
  expect(next.frames.map(({ title }) => title)).not.toContain('')
  for (const { title, ids, pictures, marks } of next.frames) {
    // In each frame of the display all is of one patient: title, words and pictures.
    const [study, id] = title === idOf(2) ? [second, idOf(2)] : [first, idOf(3)]
    expect([...new Set([title, ...ids])]).toEqual([id])
    expect(pictures.filter(one => !seriesOf.get(study)!.includes(one))).toEqual([])
    if (study === second) expect(marks).toBe(0)
  }
  expect(next.calls.filter(({ isShown }) => !isShown).map(({ name }) => name)).toEqual([])
  // What was begun behind the picture has come about.
  await expect
    .poll(async () => (await station.call('study.get', { StudyInstanceUID: first })).study.reading.status)
    .toBe('read')
  await expect.poll(() => marksOf(first)).toBe(1)
  expect(await marksOf(second)).toBe(0)

  await hasHung(second, 2, third)
  const after = await watch(third, 2, 'n')
  expect(after.frames.map(({ title }) => title)).not.toContain('')
  await hasHung(third, 2)
  await page.keyboard.press('Shift+N')
  await page.keyboard.press('Shift+N')
  await hasHung(first, 2)
  expect(await page.locator('[data-pane="0"] [data-mark]').count()).toBe(1)
  expect(trouble.found).toEqual([])
})

test('what another workstation has drawn and hung since it was read ahead is there behind the first picture', async () => {
  const [first, second] = studies as [string, string, string]
  await hasHung(first, 2, second)
  const { draft, rev } = await station.call('draft.get', { StudyInstanceUID: second })
  const { series } = await station.call('study.get', { StudyInstanceUID: second })
  const panes = series.map(({ SeriesInstanceUID }) => ({ StudyInstanceUID: second, displaySet: SeriesInstanceUID }))
  const layout = { rows: 2, columns: 1, panes, active: 1 }
  const put = await station.call('draft.put', {
    StudyInstanceUID: second,
    draft: { ...EMPTY_DRAFT, ...(draft as object), layout },
    rev,
  })
  expect(put.rev).not.toBeNull()
  await page.keyboard.press('n')
  // First as it was known, in two panes as well; then one above the other.
  const topOf = async (at: number) => (await page.locator(`[data-pane="${at}"]`).boundingBox())?.y ?? 0
  await expect.poll(async () => (await topOf(1)) - (await topOf(0))).toBeGreaterThan(0)
  await hasHung(second, 2)
  expect(trouble.found).toEqual([])
})

test('what was changed of a view in the moment before the next study is kept with the study it was changed in', async () => {
  const [first, second, third] = studies as [string, string, string]
  await page.keyboard.press('n')
  await hasHung(third, 2)
  await page.keyboard.press('Shift+I')
  await page.keyboard.press('Shift+N')
  await hasHung(second, 2)
  const inverted = async (StudyInstanceUID: string) => {
    const { views = {} } = ((await station.call('draft.get', { StudyInstanceUID })).draft ?? {}) as Partial<Draft>
    return Object.values(views).filter(view => view.inverted).length
  }
  await expect.poll(() => inverted(third)).toBe(1)
  expect(await inverted(first)).toBe(0)
  expect(await inverted(second)).toBe(0)
  expect(trouble.found).toEqual([])
})

test('images that came while the study was being left are in its stack when it is opened again', async () => {
  const [first, second] = studies as [string, string]
  const [sixth, seventh] = ofPatient(2, 0).slice(FIRST) as [BenchImage, BenchImage]
  const imagesOf = (own: string[]) =>
    page.evaluate(
      uids =>
        window.isocenter
          .viewports()
          .filter(one => uids.includes(one.seriesUID))
          .map(({ images }) => images)
          .sort(),
      own,
    )
  await hasHung(second, 2)
  await send([sixth])
  await expect.poll(() => imagesOf(seriesOf.get(second)!)).toEqual([FIRST, FIRST + 1])
  // Told of, but the next look at the study is due a second after the last: it is left before.
  await send([seventh])
  await page.waitForTimeout(300)
  await page.keyboard.press('Shift+N')
  await page.waitForFunction(
    own => window.isocenter.viewports().some(one => own.includes(one.seriesUID)),
    seriesOf.get(first)!,
  )
  await page.keyboard.press('n')
  await hasHung(second, 2)
  await expect.poll(() => imagesOf(seriesOf.get(second)!)).toEqual([FIRST, FIRST + 2])
  expect(trouble.found).toEqual([])
})

test('its own layout, kept while the draft of the next study is read once more, hangs nothing anew under the reader’s hand', async () => {
  const [, second, third] = studies as [string, string, string]
  await hasHung(second, 2, third)
  let answer = () => {}
  const held = new Promise<void>(resolve => (answer = resolve))
  await page.route('**/api/draft.get', async route => {
    if (route.request().postData()?.includes(third)) await held
    await route.continue()
  })
  await page.keyboard.press('n')
  await hasHung(third, 2)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowLeft')
  // Hung anew, the pane would give the grid back.
  await page.keyboard.press('u')
  const isOneUp = () => page.locator('[data-one-up]').count()
  await expect.poll(isOneUp).toBe(1)
  answer()
  const draftNow = async () => (await station.call('draft.get', { StudyInstanceUID: third })).draft as Draft | null
  await expect.poll(async () => (await draftNow())?.layout?.panes.length).toBe(2)
  await page.keyboard.press('Space')
  await expect.poll(async () => (await draftNow())?.keyImages.length).toBe(1)
  await hasHung(third, 2)
  expect(await isOneUp()).toBe(1)
  await page.unroute('**/api/draft.get')
  expect(trouble.found).toEqual([])
})
