import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { languageWalk } from '../fixtures/walkLanguage.ts'

/** The phantoms are made at that moment: seconds, minutes on a machine that has much else to do. */
const SAMPLES_MS = 300_000

/** What patients' files, keys and other programs say, in English for good. */
const THEIRS = [
  /^(Shift|Ctrl|Alt|Esc|Enter|Tab|Space)\b/,
  /^English$/,
  // A sample study's own description, in a tooltip.
  /^CT chest and abdomen$/,
  // Names of transfer syntaxes (PS3.6 annex A).
  /^(JPEG|High-Throughput JPEG)[- ].*: (\d+ Bit|Farbe|mit Vorzeichen)/,
  /\.(dcm|json|ts|pem)\b/,
  // Report templates and hanging protocols that ship are files, named as whoever wrote them named them.
  /^(MRI of the brain|CT of |CT spine and bones|Radiograph of )/,
]

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let walk: ReturnType<typeof languageWalk>

const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key)
}
const dialog = () => page.locator('dialog[open]')
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `german-${name}.png`) })
/** What was found since, and what is left to find. */
const untranslated = () => walk.found.splice(0).map(({ where, text }) => `${where}: ${text}`)

beforeAll(async () => {
  station = await startStation()
  await station.job(await station.call('samples.load', {}))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 800 }))
  await station.call('settings.set', { key: 'appearance', value: { language: 'de', contrast: 'system' } })
  await page.reload()
  await page.getByPlaceholder('Name, ID oder Auftrag').waitFor()
  walk = languageWalk(page, THEIRS)
  await page.locator('[data-study]').nth(4).waitFor()
  await page.locator('.viewer').waitFor({ state: 'attached' })
}, SAMPLES_MS)
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

test('the worklist, its menus and the dialogs of every key', async () => {
  await walk.look('worklist')
  const first = page.locator('[data-study]').first()
  await first.click()
  await walk.look('worklist, chosen')
  await first.click({ button: 'right' })
  await page.getByRole('menu').first().waitFor()
  await walk.look('menu of a study')
  await press('Escape')
  for (const key of [
    'Control+i',
    'F8',
    'F7',
    '?',
    'Shift+F1',
    'Alt+d',
    'F9',
    'Control+k',
    'Alt+x',
    'Control+e',
    'Control+f',
  ]) {
    await press(key)
    await page.waitForTimeout(300)
    if ((await dialog().count()) === 0) continue
    await walk.look(key)
    await shot(key.replace(/\W/g, '-'))
    await press('Escape')
    await dialog().waitFor({ state: 'detached' })
  }
  await press('Control+j')
  await walk.look('activity')
  await press('Control+j')
  expect(untranslated()).toEqual([])
})

test('every page of the settings, and what is written in its forms', async () => {
  await press('Control+,')
  await dialog().waitFor()
  const chips = page.locator('.settings > .dialog-body > .chips > button')
  for (const chip of await chips.all()) {
    await chip.click()
    const name = (await chip.textContent()) ?? ''
    await page.waitForTimeout(200)
    await walk.look(`settings ${name}`)
    await shot(`settings-${name}`)
    const adds = page.locator('.settings-page button', { hasText: /(hinzufügen|einrichten|anlegen|Neue)/ })
    for (let at = 0; at < (await adds.count()); at++) {
      if (!(await adds.nth(at).isEnabled())) continue
      await adds.nth(at).click()
      await page.waitForTimeout(100)
      await walk.look(`settings ${name}, form ${at}`)
      await shot(`settings-${name}-form-${at}`)
      if ((await page.locator('.settings-page form').count()) > 0) {
        await page.keyboard.press('Escape')
        if ((await dialog().count()) === 0) {
          await press('Control+,')
          await dialog().waitFor()
          await chip.click()
        }
      }
    }
  }
  await press('Escape')
  expect(untranslated()).toEqual([])
})

test('the viewer: panes, menus, panels', async () => {
  for (const at of [0, 2, 4]) {
    await page.locator('[data-study]').nth(at).dblclick()
    await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
    await walk.look(`viewer ${at}`)
    await shot(`viewer-${at}`)
    const box = (await page.locator('.pane').first().boundingBox())!
    for (const [key, y] of [
      ['l', 0.4],
      ['e', 0.6],
    ] as const) {
      await press(key)
      await page.mouse.move(box.x + box.width * 0.35, box.y + box.height * y)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * (y + 0.08), { steps: 4 })
      await page.mouse.up()
    }
    await walk.look(`viewer ${at} marks`)
    await shot(`viewer-${at}-marks`)
    for (const key of ['g', 't', 'Control+e', 'Control+p', 'F2', 'F3', 'F4', 'p']) {
      await press(key)
      await page.waitForTimeout(250)
      await walk.look(`viewer ${at} ${key}`)
      if ((await dialog().count()) > 0) {
        await press('Escape')
        await dialog().waitFor({ state: 'detached' })
      }
    }
    await press('q')
    const menu = page.getByRole('menu').first()
    await menu.waitFor()
    const entries = await menu.getByRole('menuitem').count()
    for (let entry = 0; entry < entries; entry++) {
      await menu.getByRole('menuitem').nth(entry).hover()
      await page.waitForTimeout(60)
      await walk.look(`viewer ${at} menu`)
    }
    await press('Escape', 'Escape')
    while ((await page.getByRole('menu').count()) > 0) await press('Escape')
    await press('Backspace')
    await page.locator('[data-study]').first().waitFor()
  }
  expect([...new Set(untranslated())]).toEqual([])
})

test('what the station says: a node that does not answer, a form it refuses', async () => {
  const nobody = { AET: 'LEER', host: '127.0.0.1', port: 9 }
  const echo = await station.call('node.echo', nobody)
  expect(echo.sentence).toContain('nobody listens')
  await station.call('nodes.set', { nodes: [{ name: 'Leer', ...nobody }] })
  await press('Control+,')
  await dialog().waitFor()
  await page.getByRole('button', { name: 'Netzwerk', exact: true }).click()
  await page.getByRole('button', { name: 'Echo' }).first().click()
  await page.getByText('aber an 127.0.0.1:9 hört niemand').first().waitFor()
  await walk.look('echo')
  await shot('echo')
  await page.getByRole('button', { name: 'Zentrale', exact: true }).click()
  await page.getByRole('button', { name: 'Ziel hinzufügen' }).click()
  const form = page.locator('.settings-page form').first()
  await form.locator('select').first().selectOption({ index: 1 })
  await form.getByRole('button', { name: 'Untersuchungen hinzufügen' }).click()
  await page.getByText('weder Datum noch Patienten-ID').waitFor()
  await walk.look('what a node brings')
  await shot('central-node')
  await press('Escape')
  if ((await dialog().count()) > 0) await press('Escape')
  await press('F7')
  await page.getByRole('button', { name: 'Starten' }).click()
  await page.locator('dialog[open] table').first().waitFor({ timeout: 60_000 })
  await walk.look('self-test')
  await shot('self-test')
  await press('Escape')
  expect(untranslated()).toEqual([])
  expect(walk.seen).toBeGreaterThan(1000)
  expect(trouble.found).toEqual([])
})
