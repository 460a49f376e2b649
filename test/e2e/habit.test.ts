import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { accessibilityOf } from '../fixtures/accessibility.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** The phantoms are made at that moment: seconds, minutes on a machine that has much else to do. */
const SAMPLES_MS = 300_000

/** One user who works by keyboard and reads German: each test goes on where the one before ended. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `habit-${name}.png`) })
const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key)
}
const dialog = (name: string) => page.getByRole('dialog', { name, exact: true })
const menu = (name: string) => page.getByRole('menu', { name, exact: true })
const first = () => page.locator('[data-study]').filter({ hasText: '山田' })
const focused = () => page.evaluate(() => document.activeElement?.getAttribute('role'))
const entry = () => page.evaluate(() => document.activeElement?.querySelector('.menu-name')?.textContent)

/** What a button writes that does not fit into it. */
const cutOff = (within: string) =>
  page.evaluate(
    selector =>
      [...document.querySelectorAll<HTMLElement>(`${selector} button, ${selector} label, ${selector} h2`)]
        .filter(one => one.offsetWidth > 0 && one.scrollWidth > one.clientWidth + 1)
        .map(one => one.textContent),
    within,
  )

beforeAll(async () => {
  station = await startStation()
  await station.job(await station.call('samples.load', {}))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 720 }))
  await page.locator('[data-study]').nth(4).waitFor()
  await page.locator('.viewer').waitFor({ state: 'attached' })
}, SAMPLES_MS)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

test('a menu by keyboard: letters jump, → opens what lies behind, ← goes back, Esc closes and the focus returns', async () => {
  await first().click()
  const before = await focused()
  await first().click({ button: 'right' })
  await menu('Study').waitFor()
  await press('p')
  await expect.poll(entry).toBe('Priority')
  await press('ArrowRight')
  await expect.poll(entry).toBe('STAT')
  await shot('menu')
  await press('ArrowLeft')
  await expect.poll(entry).toBe('Priority')
  expect(await menu('Priority').count()).toBe(0)
  await press('Escape')
  expect(await page.getByRole('menu').count()).toBe(0)
  expect(await focused()).toBe(before)
  await first().click({ button: 'right' })
  await press('p', 'Enter', 'ArrowDown')
  await expect.poll(entry).toBe('Urgent')
  await press('Enter')
  await expect.poll(() => first().textContent()).toContain('Urgent')
})

test('the palette is in every room: what belongs elsewhere says so, a page is opened by its name in either language', async () => {
  await press('Control+k')
  await dialog('Find an action').waitFor()
  await page.keyboard.type('rotate right')
  await expect.poll(() => page.getByRole('option').textContent()).toContain('Open a study first')
  await page.getByRole('combobox').fill('anzeige')
  await expect.poll(() => page.getByRole('option').first().textContent()).toContain('Settings: Display')
  await shot('palette')
  await press('Enter')
  await dialog('Settings').waitFor()
  expect(await page.getByRole('button', { name: 'Display', exact: true }).getAttribute('aria-pressed')).toBe('true')
  expect(await page.getByRole('dialog').count()).toBe(1)
})

test('another language holds at once, in every room, and is kept; so does high contrast', async () => {
  await page.getByLabel('Language').selectOption('de')
  await dialog('Einstellungen').waitFor()
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const before = await ground()
  await press('Control+Alt+0')
  await expect.poll(ground).not.toBe(before)
  await shot('settings-contrast')
  await press('Control+Alt+0')
  await expect.poll(ground).toBe(before)
  await shot('settings-german')
  await press('Escape')
  await page.getByRole('columnheader', { name: 'Geburtsdatum und Alter' }).waitFor()
  await expect.poll(() => first().textContent()).toContain('Eilig')
  await page.reload()
  await page.getByPlaceholder('Name, ID oder Auftrag').waitFor()
  await first().waitFor()
  await shot('worklist-german')
})

test('keys by keyboard alone, in German', async () => {
  await press('Control+,')
  await dialog('Einstellungen').waitFor()
  await page.getByRole('searchbox').fill('Länge')
  await expect.poll(() => page.locator('[data-action]').count()).toBe(1)
  await page.getByRole('searchbox').focus()
  for (let step = 0; step < 4 && !(await page.evaluate(() => document.activeElement?.matches('.key'))); step++) {
    await press('Tab')
  }
  await press('Enter', 'Shift+F6')
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Shift+F6')
  await press('Escape')
  await dialog('Einstellungen').waitFor({ state: 'detached' })
})

test('the viewer speaks German; the English name of an action still finds it', async () => {
  await first().dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await press('q')
  await menu('Viewer').waitFor()
  await press('f', 'e', 'n')
  await expect.poll(entry).toBe('Fenster')
  await press('ArrowRight')
  await menu('Fenster').waitFor()
  await shot('viewer-german')
  await press('Escape', 'Escape')
  await press('Shift+F6')
  await expect.poll(() => page.getByRole('button', { name: 'Länge' }).getAttribute('aria-pressed')).toBe('true')
  await press('Escape', 'Control+k')
  await page.keyboard.type('pixels squares')
  await expect.poll(() => page.getByRole('option').textContent()).toContain('Pixel als Quadrate')
  await press('Enter')
  await expect.poll(() => page.getByTestId('zoom').first().textContent()).toContain('Quadrate')
  await press('Shift+F1')
  await dialog('Hilfe').waitFor()
  await page.getByRole('searchbox').fill('messen')
  await page.getByRole('heading', { name: 'Messen' }).waitFor()
  await shot('help-german')
  await press('Escape', 'Escape')
  await press('Backspace')
  await first().waitFor()
})

test('whatever is on the screen says what it is to a screen reader, and no id stands twice', async () => {
  const found: string[] = []
  let controls = 0
  const look = async (where: string) => {
    const { nameless, twice, controls: here } = await accessibilityOf(page)
    controls += here
    found.push(...nameless.map(one => `${where}: ${one}`), ...twice.map(id => `${where}: twice #${id}`))
  }
  await look('worklist')
  await press('Control+,')
  await dialog('Einstellungen').waitFor()
  for (const chip of await page.locator('.settings > .dialog-body > .chips > button').all()) {
    await chip.click()
    await look(`settings ${await chip.textContent()}`)
  }
  await press('Escape')
  const opened = [
    ['Control+i', 'Importieren'],
    ['F8', 'Testbild'],
    ['F7', 'Selbsttest der Messung'],
    ['?', 'Tasten und Maus'],
    ['Control+k', 'Aktion finden'],
    ['Shift+F1', 'Hilfe'],
    ['Alt+d', 'Gelöscht'],
    ['F9', 'Von Archiven abgelehnt'],
  ] as const
  for (const [key, name] of opened) {
    await press(key)
    await page.locator('dialog[open]').waitFor()
    await look(name)
    await press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  }
  await press('Control+j')
  await look('activity')
  await press('Control+j')
  await first().dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await look('viewer')
  for (const key of ['g', 't']) {
    await press(key)
    await page.locator('dialog[open]').waitFor()
    await look(`viewer ${key}`)
    await press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  }
  expect(found).toEqual([])
  expect(controls).toBeGreaterThan(300)
})

test('two fifths longer, nothing that can be pressed is cut off', async () => {
  await station.call('settings.set', { key: 'appearance', value: { language: 'pseudo', contrast: 'system' } })
  await page.reload()
  await page.getByPlaceholder('Näm').waitFor()
  await first().waitFor()
  await shot('worklist-pseudo')
  expect(await cutOff('.worklist-head')).toEqual([])
  await press('Control+,')
  await page.locator('dialog[open]').waitFor()
  await shot('settings-pseudo')
  expect(await cutOff('.settings')).toEqual([])
  await press('Escape')
  await first().dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await shot('viewer-pseudo')
  expect(trouble.found).toEqual([])
})
