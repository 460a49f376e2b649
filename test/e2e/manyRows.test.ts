import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeIds } from '../../renderer/worklist/studyOrder.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { fillIndex } from '../fixtures/manyStudies.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/** A list of many screens: what stands on the screen is what stands at that place of the list. */
const STUDIES = 5000

let dataDir: string
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
/** Study ids in the order of the list. */
let order: Uint32Array

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-rows-'))
  fillIndex(dataDir, STUDIES, Date.now() - 60_000)
  station = await startStation({ dataDir })
  order = decodeIds((await station.call('studies.order', {})).ids)
  browser = await launchChromium({ scrollbars: true })
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('[data-study]').nth(10).waitFor()
  await page.getByRole('status').getByText('5,000 studies').waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const grid = () => page.getByRole('grid', { name: 'Studies' })
const shownRows = () =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.study-rows [data-index]')].map(row => ({
      index: Number(row.dataset.index),
      id: row.id,
      blank: row.dataset.blank !== undefined,
    })),
  )

/** Waits for the rows to be there and in their order; each must be the study of its place. */
async function expectRowsFrom(first: (index: number) => boolean): Promise<void> {
  await expect.poll(async () => (await shownRows()).filter(row => row.blank).length, { timeout: 20_000 }).toBe(0)
  await expect
    .poll(async () => (await shownRows()).map(row => row.index), { timeout: 20_000 })
    .toSatisfy((indexes: number[]) => indexes.every((index, at) => at === 0 || index === indexes[at - 1]! + 1))
  const rows = await shownRows()
  expect(rows[0]?.index).toSatisfy(first)
  expect(rows.map(row => row.id)).toEqual(rows.map(row => `study-${order[row.index]}`))
}

test('dragged by its thumb, the list shows the studies of the place it is let go at', async () => {
  const box = (await page.locator('.study-rows').boundingBox())!
  const x = box.x + box.width - 5
  await page.mouse.move(x, box.y + 6)
  await page.mouse.down()
  await page.mouse.move(x, box.y + box.height / 2, { steps: 10 })
  await page.mouse.up()
  await expectRowsFrom(index => index > STUDIES / 4 && index < (STUDIES * 3) / 4)
})

test('the frame after a leap has a row at every place of the view, and no name of the place before', async () => {
  const seen = await page.evaluate(async () => {
    const scroller = document.querySelector<HTMLElement>('.study-rows')!
    const head = scroller.querySelector<HTMLElement>('.study-head')!.offsetHeight
    const { top } = scroller.getBoundingClientRect()
    const frames = []
    for (const place of [0.9, 0.3, 0.6]) {
      scroller.scrollTop = Math.round(scroller.scrollHeight * place)
      await new Promise(resolve => requestAnimationFrame(resolve))
      const expected: number[] = []
      const drawn: number[] = []
      for (let y = head + 2; y < scroller.clientHeight - 2; y += 10) {
        const row = document.elementFromPoint(300, top + y)?.closest<HTMLElement>('[data-index]')
        drawn.push(Number(row?.dataset.index ?? -1))
        expected.push(Math.floor((scroller.scrollTop + y - head) / (row?.offsetHeight ?? 1)))
      }
      const blank = [...scroller.querySelectorAll('[data-blank]')]
      const readable = blank.flatMap(row => [...row.children]).filter(cell => cell.checkVisibility()).length
      frames.push({ drawn, expected, blank: blank.length, readable })
    }
    return frames
  })
  for (const { drawn, expected, readable } of seen) {
    expect(drawn).toEqual(expected)
    expect(readable).toBe(0)
  }
  // Where nobody has been, the rows cannot be here in the first frame: these were the places to be filled.
  expect(seen.some(({ blank }) => blank > 0)).toBe(true)
  await expectRowsFrom(index => index > STUDIES / 2)
})

test('End, Home and the pages between reach every row by key, and what is explained on hover is of the row that stands there', async () => {
  await grid().focus()
  await page.keyboard.press('End')
  await expectRowsFrom(index => index > STUDIES - 60)
  const current = page.locator('[aria-selected=true]')
  expect(await current.getAttribute('aria-rowindex')).toBe(String(STUDIES))
  expect(await grid().getAttribute('aria-activedescendant')).toBe(await current.getAttribute('id'))
  for (let pages = 0; pages < 3; pages++) await page.keyboard.press('PageUp')
  await expectRowsFrom(index => index > STUDIES - 120)
  await page.keyboard.press('Home')
  await expectRowsFrom(index => index === 0)
  expect(await current.getAttribute('aria-rowindex')).toBe('1')
  // Marks stand only where there is something to mark.
  expect(await page.locator('[data-index="3"] [data-column=flags] svg').isVisible()).toBe(false)
  const cell = page.locator('[data-index="3"] [data-column=images]')
  await cell.hover()
  const { studies } = await station.call('studies.rows', { ids: [order[3]!] })
  const [said] = (await cell.getAttribute('title'))?.split('\n') ?? []
  expect(said).toBe(`${studies[0]?.NumberOfStudyRelatedSeries} series`)
})

test('a click on a row after scrolling chooses the study that was under the pointer', async () => {
  await page.mouse.move(400, 400)
  for (let notch = 0; notch < 7; notch++) await page.mouse.wheel(0, 250)
  let before = 0
  const rests = async () => {
    const now = await page.locator('.study-rows').evaluate(scroller => scroller.scrollTop)
    const isSame = now > 0 && now === before
    before = now
    return isSame
  }
  await expect.poll(rests, { interval: 250, timeout: 20_000 }).toBe(true)
  const under = await page.evaluate(
    () => document.elementFromPoint(400, 400)?.closest<HTMLElement>('[data-study]')?.dataset.study,
  )
  await page.mouse.click(400, 400)
  expect(under).toBeDefined()
  await expect.poll(() => page.locator('[aria-selected=true]').getAttribute('data-study')).toBe(under)
})

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  expect(trouble.found).toEqual([])
})
