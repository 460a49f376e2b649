import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import type { Draft } from '../../shared/viewing/draft.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { type DayStudy, writeReadingDay } from '../fixtures/readingDay.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A reading day without a mouse: from the list through every study to the last. `ISOCENTER_DAY=30` is the whole of it. */
const STUDIES = Number(process.env.ISOCENTER_DAY ?? 6)

let folder: string
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let day: DayStudy[]

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-day-'))
  day = await writeReadingDay(folder, STUDIES)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  await station.call('settings.set', { key: 'reporting', value: { name: 'Curie^Marie' } })
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 1200 }))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const press = (...keys: string[]) =>
  keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
const draftOf = async ({ StudyInstanceUID }: DayStudy) =>
  (await station.call('draft.get', { StudyInstanceUID })).draft as Draft | null

/** What was made of a study and is stored in it, presentation states apart: those are as many as panes were looked at. */
const savedOf = async ({ StudyInstanceUID }: DayStudy) => {
  const { series } = await station.call('study.get', { StudyInstanceUID })
  const ours = new Set(['DOC', 'KO', 'SR'])
  return series
    .map(({ Modality }) => Modality)
    .filter(modality => ours.has(modality))
    .toSorted()
}

/** The list of the patient's studies: the one before is hung beside, if no rule has hung it. */
async function showPrior(prior: string): Promise<void> {
  const hung = () =>
    page.evaluate(uid => window.isocenter.panes().some(({ seriesUID }) => seriesUID.startsWith(`${uid}.`)), prior)
  await press('Alt+p')
  const row = page.locator(`[data-prior="${prior}"]`)
  await expect.poll(() => row.evaluate(own => own === document.activeElement)).toBe(true)
  if (!(await hung())) {
    await press('Enter')
    await expect.poll(hung).toBe(true)
  }
  await press('Alt+p')
  await row.waitFor({ state: 'detached' })
}

/** Walks the fields of the report to the last: of choices the first, elsewhere the text. */
async function fillIn(text: string): Promise<void> {
  const left = async () =>
    Number(/(\d+) to fill in/.exec((await page.locator('[data-report]').textContent()) ?? '')?.[1] ?? 0)
  const selected = () =>
    page.evaluate(() => {
      const field = document.activeElement
      if (!(field instanceof HTMLTextAreaElement)) return ''
      return field.value.slice(field.selectionStart, field.selectionEnd)
    })
  await press('Home')
  for (let rest = await left(); rest > 0; rest = await left()) {
    // From section to section: not every one has a field.
    for (let step = 0; step < 10 && !/^\[.*\]$/.test(await selected()); step++) await press('Tab')
    if ((await selected()).includes('|')) {
      await page.locator('[role="option"]').first().waitFor()
      await press('1')
    } else {
      await page.keyboard.type(text)
      await press('Tab')
    }
    await expect.poll(left).toBeLessThan(rest)
  }
}

/** A picture of the study stands in the active pane; ms since `from` of the page's clock. */
const opened = ({ StudyInstanceUID }: DayStudy) =>
  page
    .waitForFunction(
      uid => window.isocenter.viewports().some(({ seriesUID, settled }) => settled && seriesUID.startsWith(`${uid}.`)),
      StudyInstanceUID,
    )
    .then(() => page.evaluate(() => performance.now()))

test('a day by keys alone: list, images, priors, marks, key images, report, signed, next; nothing jumps, nothing is wrong', async () => {
  await page.evaluate(() => {
    const kept = window as Window & { jumps?: number }
    kept.jumps = 0
    new PerformanceObserver(list => {
      for (const entry of list.getEntries() as Array<PerformanceEntry & { value: number; hadRecentInput: boolean }>) {
        if (!entry.hadRecentInput) kept.jumps = (kept.jumps ?? 0) + entry.value
      }
    }).observe({ type: 'layout-shift', buffered: false })
  })
  // The day's list: what is of that day, in the order it was made.
  await page.keyboard.press('/')
  await page.keyboard.type('20261120-')
  const rows = page.locator('[data-study]')
  await expect.poll(() => rows.count()).toBe(STUDIES)
  const order = await rows.evaluateAll(all => all.map(row => row.getAttribute('data-study')))
  day.sort((a, b) => order.indexOf(a.StudyInstanceUID) - order.indexOf(b.StudyInstanceUID))
  const waits: number[] = []
  await press('ArrowDown', 'Home', 'Enter')
  for (const [index, study] of day.entries()) {
    await opened(study)
    // Through the stack, the next series, and back.
    await press('PageDown', 'PageDown', 'ArrowRight', 'ArrowLeft')
    await opened(study)
    if (study.prior !== undefined) await showPrior(study.prior)
    // A length and a key image.
    await press(
      'L',
      'F3',
      'ArrowLeft',
      'ArrowLeft',
      'Enter',
      'ArrowRight',
      'ArrowRight',
      'ArrowRight',
      'Enter',
      'F3',
      'Space',
    )
    await expect.poll(async () => (await draftOf(study))?.marks.length).toBe(1)
    await expect.poll(async () => (await draftOf(study))?.keyImages.length).toBe(1)
    // The report, signed: the study is read, its marks are saved.
    await press('F4')
    await page.locator('[data-report] textarea').first().waitFor()
    await press('F6')
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA')
    await fillIn(`Nothing of note in ${study.PatientName}.`)
    if (index === 0) await shot('reading-day')
    await press('Control+Shift+Enter')
    await expect.poll(() => savedOf(study), { timeout: 60_000 }).toEqual(['DOC', 'KO', 'SR', 'SR'])
    await press('F4')
    const next = day[index + 1]
    const from = await page.evaluate(() => performance.now())
    await press('Control+Enter')
    if (next !== undefined) waits.push((await opened(next)) - from)
  }
  await expect
    .poll(async () =>
      (await station.call('studies.list', { search: '20261120-' })).studies.map(one => one.reading.status),
    )
    .toEqual(day.map(() => 'read'))
  const median = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 0
  console.log(`reading day: ${STUDIES} studies, next → first image: median ${Math.round(median)} ms`)
  expect(await page.evaluate(() => (window as Window & { jumps?: number }).jumps)).toBeLessThan(0.1)
  expect(trouble.found).toEqual([])
}, 600_000)
