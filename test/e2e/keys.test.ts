import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** The phantoms are made at that moment: seconds, minutes on a machine that has much else to do. */
const SAMPLES_MS = 300_000

/** One user's hand, in two windows of one station: each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let second: Page
let trouble: PageTrouble

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `keys-${name}.png`) })
const settings = () => page.getByRole('dialog', { name: 'Settings' })
const row = (id: string) => page.locator(`[data-action="${id}"]`)
const button = (where: Page, name: string | RegExp) => where.getByRole('button', { name, exact: true })
const title = (where: Page, name: string) => button(where, name).getAttribute('title')
const pressed = (where: Page, name: string) => button(where, name).getAttribute('aria-pressed')

async function openStudy(where: Page): Promise<void> {
  await where.locator('[data-study]').filter({ hasText: '山田' }).dblclick()
  await where.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

async function openSettings(): Promise<void> {
  await page.keyboard.press('Control+,')
  await settings().waitFor()
}

/** The first Esc empties what is searched for. */
async function closeSettings(): Promise<void> {
  await page.getByRole('searchbox').fill('')
  await page.keyboard.press('Escape')
  await settings().waitFor({ state: 'detached' })
}

beforeAll(async () => {
  station = await startStation()
  await station.job(await station.call('samples.load', {}))
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('[data-study]').nth(4).waitFor()
  await page.locator('.viewer').waitFor({ state: 'attached' })
  second = await context.newPage()
  await second.goto(new URL('/', station.url).href)
  await second.locator('.viewer').waitFor({ state: 'attached' })
}, SAMPLES_MS)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

test('the keys of the worklist are shown where one looks for them, and Settings lists every action', async () => {
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog', { name: 'Keys and mouse' })
  await sheet.getByText('Save list').waitFor()
  expect(await sheet.locator('.key-line').filter({ hasText: 'Save list' }).locator('kbd').textContent()).toBe('Ctrl+S')
  await sheet.getByRole('button', { name: 'Change keys…' }).click()
  await settings().waitFor()
  // Not on its Close button, where Enter would close it again.
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Keys')
  expect(await page.locator('[data-action]').count()).toBeGreaterThan(100)
  await page.getByRole('searchbox').fill('length')
  await expect.poll(() => page.locator('[data-action]').count()).toBe(1)
  await shot('settings')
})

test('a pressed key that is taken says by whom; cancelled nothing changes, swapped both have the other’s', async () => {
  await button(page, 'L: another key for Length').click()
  await page.keyboard.press('Escape')
  await settings().waitFor()
  expect(await button(page, 'L: another key for Length').count()).toBe(1)
  await button(page, 'L: another key for Length').click()
  await page.keyboard.press('Control+w')
  await page.getByRole('alert').getByText('It belongs to the window.').waitFor()
  await page.keyboard.press('g')
  const held = page.getByRole('alertdialog')
  expect(await held.textContent()).toContain('G is Layout… (Hanging).')
  await shot('conflict')
  await held.getByRole('button', { name: 'Cancel' }).click()
  expect(await row('mark-length').textContent()).toContain('L')
  await button(page, 'L: another key for Length').click()
  await page.keyboard.press('g')
  await page.keyboard.press('Enter')
  // The hand is where it was: the focus is on the key that was just given.
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('G')
  await page.getByRole('searchbox').fill('layout…')
  await button(page, 'L: another key for Layout…').waitFor()
  await closeSettings()
})

test('it holds at once, in the other window too: the key, the tooltip and the key sheet', async () => {
  await openStudy(page)
  await page.keyboard.press('g')
  await expect.poll(() => pressed(page, 'Length')).toBe('true')
  expect(await title(page, 'Length')).toBe('Length (G)')
  await page.keyboard.press('Escape')
  await openStudy(second)
  await expect.poll(() => title(second, 'Layout…')).toBe('Layout… (L)')
  await second.keyboard.press('l')
  await second.getByRole('dialog', { name: 'Layout' }).waitFor()
  await second.keyboard.press('Escape')
  await second.keyboard.press('?')
  const line = second.locator('.key-line').filter({ hasText: 'Length' })
  expect(await line.locator('kbd').textContent()).toBe('G')
  await second.keyboard.press('Escape')
})

test('a ready set is taken whole, kept with the user, and undone', async () => {
  await openSettings()
  await page.getByLabel('Set of keys').selectOption('weasis')
  await settings().getByText('From the shortcuts on weasis.org', { exact: false }).waitFor()
  await closeSettings()
  await page.keyboard.press('t')
  await expect.poll(() => pressed(page, 'Pan')).toBe('true')
  await expect.poll(() => title(second, 'Pan')).toBe('Pan (T)')
  // Another window, opened later, has it from the station.
  const third = await (await browser.newContext()).newPage()
  await third.goto(station.url)
  await third.locator('.viewer').waitFor({ state: 'attached' })
  await openStudy(third)
  await expect.poll(() => title(third, 'Pan')).toBe('Pan (T)')
  await third.close()
  await page.keyboard.press('Control+z')
  await expect.poll(() => title(page, 'Length')).toBe('Length (G)')
})

test('keys go out as text and come in again; one is reset, then all', async () => {
  await openSettings()
  await settings().getByText('Export and import').click()
  const text = page.getByRole('textbox', { name: 'Keys as text' })
  const exported = JSON.parse(await text.inputValue())
  expect(exported).toEqual({
    isocenter: 'keys',
    version: 1,
    set: 'isocenter',
    changes: { 'mark-length': ['G'], 'layout': ['L'] },
  })
  await shot('text')
  await text.fill('nonsense')
  await button(page, 'Take').click()
  await page.getByText('Nothing was changed', { exact: false }).waitFor()
  const file = { ...exported, changes: { 'fit': ['J'], 'fly': ['Q'], 'mark-length': ['G'], 'layout': ['L'] } }
  await page
    .getByLabel('File: Keys as text')
    .setInputFiles({ name: 'keys.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(file)) })
  await page.getByText('Read.', { exact: false }).waitFor()
  await button(page, 'Take').click()
  await page.getByText('Taken, but for: fly').waitFor()
  await expect.poll(() => title(second, 'Fit')).toBe('Fit (J)')
  await button(page, 'Reset Length').click()
  await expect.poll(() => title(second, 'Layout…')).toBe('Layout… (G)')
  await expect.poll(() => title(second, 'Length')).toBe('Length (L)')
  expect(await title(second, 'Fit')).toBe('Fit (J)')
  await button(page, 'Reset all').click()
  await expect.poll(() => title(second, 'Fit')).toBe('Fit (F)')
  await closeSettings()
})

test('in the viewer undo takes back what its notice offers, when nothing drawn is left to take back', async () => {
  await page.keyboard.press('r')
  await page.getByText('Marked as read').waitFor()
  await page.keyboard.press('Control+z')
  await page.getByText('Taken back').waitFor()
  await page.keyboard.press('Backspace')
})

test('a list is filtered, saved, named and deleted by keys alone', async () => {
  await page.locator('.worklist[data-visible]').waitFor()
  await page.keyboard.press('Control+s')
  await page.getByText('There is nothing to save', { exact: false }).waitFor()
  await page.keyboard.press('Alt+3')
  const unread = page.getByRole('navigation', { name: 'Lists' }).getByRole('button', { name: /^Unread/ })
  await expect.poll(() => unread.getAttribute('aria-pressed')).toBe('true')
  await page.keyboard.press('/')
  // More than one has it: of a single one, Enter opens the study.
  await page.keyboard.type('SYNTHETIC')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+s')
  await page.getByRole('textbox', { name: 'Name of the list' }).waitFor()
  await page.keyboard.type('My own')
  await page.keyboard.press('Enter')
  const list = page.getByRole('navigation', { name: 'Lists' }).getByRole('button', { name: /^My own/ })
  await expect.poll(() => list.getAttribute('aria-pressed')).toBe('true')
  await page.keyboard.press('F2')
  await page.keyboard.type('Renamed')
  await page.keyboard.press('Enter')
  const renamed = page.getByRole('navigation', { name: 'Lists' }).getByRole('button', { name: /^Renamed/ })
  await renamed.waitFor()
  await page.keyboard.press('Alt+1')
  await page.keyboard.press('Alt+5')
  await expect.poll(() => renamed.getAttribute('aria-pressed')).toBe('true')
  await page.keyboard.press('Control+Delete')
  await expect.poll(() => renamed.count()).toBe(0)
  await page.keyboard.press('Alt+1')
})

test('everything in worklist, viewer and settings is reached by Tab, and shows that it is', async () => {
  for (const open of [
    async () => {},
    openSettings,
    async () => {
      await closeSettings()
      await openStudy(page)
    },
  ]) {
    await open()
    const found = await tabThrough()
    expect(found.unreached).toEqual([])
    expect(found.unseen).toEqual([])
  }
  await shot('focus')
})

/** Tabs until the focus is where it was: which enabled controls in sight were not met, and which show nothing when they are. */
async function tabThrough(): Promise<{ unreached: string[]; unseen: string[] }> {
  await page.evaluate(() => {
    const scope: ParentNode = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document
    const isOpen = (one: Element) => one.closest('[inert], [hidden]') === null && (one as HTMLElement).checkVisibility()
    for (const one of scope.querySelectorAll('button, input, select, textarea, summary, [role=grid]')) {
      // A list of options or heads is one stop: the arrows go on from there.
      const stop = one.getAttribute('tabindex') !== '-1' && !(one as HTMLButtonElement).disabled
      if (stop && isOpen(one)) one.setAttribute('data-met', 'no')
    }
  })
  const unseen: string[] = []
  for (let step = 0; step < 400; step++) {
    await page.keyboard.press('Tab')
    const met = await page.evaluate(() => {
      const one = document.activeElement
      if (!(one instanceof HTMLElement) || one === document.body) return 'outside'
      const before = one.getAttribute('data-met')
      one.setAttribute('data-met', 'yes')
      const { outlineStyle, outlineWidth } = getComputedStyle(one)
      // The table's focus is its cursor row's edge, or its head's while there is none.
      const edges = [...one.querySelectorAll('[role=row]')].map(row => getComputedStyle(row).boxShadow)
      const shows =
        (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) || edges.join().includes('45, 212, 191')
      return before === 'yes' ? 'again' : shows ? 'seen' : `${one.outerHTML.slice(0, 120)}`
    })
    if (met === 'again') break
    if (met !== 'seen' && met !== 'outside') unseen.push(met)
  }
  const unreached = await page
    .locator('[data-met=no]')
    .evaluateAll(found => found.map(one => one.outerHTML.slice(0, 160)))
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('[data-met]')) one.removeAttribute('data-met')
  })
  return { unreached, unseen }
}

test('no console error, no unhandled rejection, no CSP report in all of this', () => {
  expect(trouble.found).toEqual([])
})

test.each([1, 1.5])('the test picture is drawn a device pixel for each of its own, at %f', async scale => {
  const scaled = await launchChromium({ scale })
  try {
    const window = await scaled.newContext({ viewport: null })
    const own = await window.newPage()
    await own.goto(station.url)
    await own.getByRole('grid', { name: 'Studies' }).waitFor()
    await own.keyboard.press('F8')
    const canvas = own.getByTestId('test-picture')
    await expect.poll(() => own.getByText(/Drawn 1:1 in \d+/).count()).toBe(1)
    const facts = await own.getByTestId('display-facts').textContent()
    expect(facts).toContain(scale === 1 ? 'Device pixel ratio 1: nothing scales' : 'Device pixel ratio 1.5')
    const drawn = await canvas.evaluate((one: HTMLCanvasElement) => ({ width: one.width, height: one.height }))
    const box = (await canvas.boundingBox())!
    expect(Math.abs(drawn.width - box.width * scale)).toBeLessThan(1)
    // What the screen has, against what was drawn: bars of one pixel survive nothing but 1:1.
    const png = await own.screenshot({
      path: path.join(REPOSITORY, 'out/screenshots', `keys-test-picture-${scale}.png`),
      scale: 'device',
    })
    const off = await own.evaluate(
      async ({ base64, left, top }) => {
        const bytes = Uint8Array.from(atob(base64), one => one.charCodeAt(0))
        const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
        const screen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!
        screen.drawImage(bitmap, 0, 0)
        const canvas = document.querySelector<HTMLCanvasElement>('[data-testid=test-picture]')!
        const { width, height } = canvas
        const drawn = canvas.getContext('2d')!.getImageData(0, 0, width, height).data
        const shown = screen.getImageData(left, top, width, height).data
        let different = 0
        for (let index = 0; index < drawn.length; index += 4) if (drawn[index] !== shown[index]) different++
        return different
      },
      { base64: png.toString('base64'), left: Math.round(box.x * scale), top: Math.round(box.y * scale) },
    )
    expect(off).toBe(0)
  } finally {
    await scaled.close()
  }
})
