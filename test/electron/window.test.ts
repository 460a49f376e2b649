import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { REPOSITORY } from '../fixtures/station.ts'
import { openWorkstation, type Workstation } from './workstation.ts'

/** For everything: software rendering on a busy machine. */
const PATIENCE = 60_000
vi.setConfig({ testTimeout: 2 * PATIENCE })
let workstation: Workstation

beforeAll(async () => {
  workstation = await openWorkstation()
}, 120_000)
afterAll(() => workstation?.close())

const screenshot = (name: string) =>
  workstation.page.screenshot({ path: path.join(REPOSITORY, `out/screenshots/electron-${name}.png`) })

/** The process that holds the data folder. */
const stationPid = (): number => JSON.parse(readFileSync(path.join(workstation.dataDir, 'station.lock'), 'utf8')).pid

test('the window opens on the worklist, which tells how to send to this station', async () => {
  const { page, app } = workstation
  await page.getByText('No studies yet').waitFor({ timeout: PATIENCE })
  expect(new URL(page.url()).search).toBe('')
  const windows = await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map(window => [window.getTitle(), window.isVisible(), window.getBackgroundColor()]),
  )
  expect(windows).toEqual([['Isocenter', true, '#0A0A0A']])
  await screenshot('empty-worklist')
})

test('the sample studies arrive on the worklist by themselves', async () => {
  const { page } = workstation
  await page.getByRole('button', { name: 'Load sample studies' }).click()
  await page.locator('[data-study]').filter({ hasText: 'CT' }).first().waitFor({ timeout: PATIENCE })
  await page
    .getByText(/134 stored|done/)
    .first()
    .waitFor({ timeout: PATIENCE })
  await page.keyboard.press('Escape')
  await screenshot('worklist')
})

test('a CT opens and its pixels are on the screen', async () => {
  const { page, app } = workstation
  await page.locator('[data-study]').filter({ hasText: 'CT' }).first().dblclick()
  await page.waitForFunction(
    () => window.isocenter.viewports().some(viewport => viewport.settled && viewport.loaded === viewport.images),
    undefined,
    { timeout: PATIENCE },
  )
  // A torso has many greys; an empty pane has one.
  const greys = await page.evaluate(() => {
    const [viewport] = window.isocenter.viewports()
    const picture = viewport && window.isocenter.readPixels(viewport.id)
    return picture ? new Set(picture.data.filter((_, at) => at % 4 === 0)).size : 0
  })
  expect(greys).toBeGreaterThan(50)
  const [title] = await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map(window => window.getTitle()),
  )
  expect(title).toBe('Isocenter')
  await screenshot('ct')
})

test('the page has no Node, opens no window and is granted nothing', async () => {
  const { page, app } = workstation
  const probe = await page.evaluate(async () => ({
    process: typeof Reflect.get(globalThis, 'process'),
    require: typeof Reflect.get(globalThis, 'require'),
    bridge: Object.keys(Reflect.get(globalThis, 'desktop')).sort(),
    opened: window.open('https://example.org/') !== null,
    geolocation: (await navigator.permissions.query({ name: 'geolocation' })).state,
    notifications: (await navigator.permissions.query({ name: 'notifications' })).state,
  }))
  expect(probe).toEqual({
    process: 'undefined',
    require: 'undefined',
    bridge: ['chooseImport', 'openDictation', 'platform'],
    opened: false,
    geolocation: 'denied',
    notifications: 'denied',
  })
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})

test('a file is saved from the station; of another origin none', async () => {
  const { page, app, dataDir } = workstation
  const saved = path.join(dataDir, 'saved.txt')
  // In the user's place: where it is saved is said without the dialog.
  await app.evaluate(({ session }, to) => {
    session.fromPartition('workstation').on('will-download', (event, item) => {
      if (!event.defaultPrevented) item.setSavePath(to)
    })
  }, saved)
  const save = (address: string) =>
    page.evaluate(from => {
      const link = document.createElement('a')
      link.href = from
      link.download = 'any'
      link.click()
    }, address)
  await save('data:text/plain,of-nobody')
  await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 500)))
  expect(existsSync(saved)).toBe(false)
  await save('/healthz')
  await expect.poll(() => existsSync(saved) && readFileSync(saved, 'utf8'), { timeout: PATIENCE }).toContain('writable')
})

test('one more window opens on the next display, however often it is asked for, follows the first and closes with it', async () => {
  const { page, app } = workstation
  const nextDisplay = { x: 800, y: 100, width: 800, height: 900 }
  await app.evaluate(({ screen }, workArea) => {
    const [one] = screen.getAllDisplays()
    Reflect.set(screen, 'getAllDisplays', () => [one, { ...one, workArea }])
  }, nextDisplay)
  const bounds = () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(window => window.getBounds()))
  const head = page.locator('.viewer-head')
  const opened = app.waitForEvent('window', { timeout: PATIENCE })
  await page.keyboard.press('Alt+w')
  await page.keyboard.press('Alt+w')
  const other = await opened
  const patient = (await head.locator('.viewer-title .id').textContent()) ?? ''
  expect(patient).not.toBe('')
  await expect.poll(() => other.locator('.viewer-head').textContent(), { timeout: PATIENCE }).toContain(patient)
  expect(await bounds()).toHaveLength(2)
  expect(await bounds()).toContainEqual(nextDisplay)
  await page.keyboard.press('Backspace')
  await expect.poll(() => other.locator('.viewer-head').textContent(), { timeout: PATIENCE }).not.toContain(patient)
  await page.reload()
  await expect.poll(async () => (await bounds()).length, { timeout: PATIENCE }).toBe(1)
  await page.locator('[data-study]').filter({ hasText: 'CT' }).first().dblclick()
  await page.waitForFunction(() => window.isocenter.viewports().some(({ settled }) => settled), undefined, {
    timeout: PATIENCE,
  })
})

test('until here the page had no error and violated no policy', () => {
  expect(workstation.trouble).toEqual([])
})

test('a station that is killed comes back, and the window finds it without being reloaded', async () => {
  const { page } = workstation
  const first = stationPid()
  const origin = await page.evaluate(() => {
    Reflect.set(globalThis, 'sameDocument', true)
    return location.origin
  })
  process.kill(first, 'SIGKILL')
  await expect.poll(() => alive(stationPid()) && stationPid() !== first, { timeout: PATIENCE }).toBe(true)
  await expect
    .poll(
      () =>
        fetch(`${origin}/healthz`).then(
          r => r.status,
          () => 0,
        ),
      { timeout: PATIENCE },
    )
    .toBe(200)
  await page.getByRole('button', { name: 'Worklist' }).click()
  await page.getByRole('textbox', { name: 'Search studies' }).fill('SYNTHETIC')
  await page.locator('[data-study]').first().waitFor({ timeout: PATIENCE })
  expect(await page.evaluate(() => Reflect.get(globalThis, 'sameDocument'))).toBe(true)
  await screenshot('after-restart')
})

test('a page that crashes is loaded anew', async () => {
  const { app } = workstation
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer())
  // A script that was given to the page as it died never answers.
  const isBack = () =>
    Promise.race([
      app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(
          'document.body.innerText.includes("AE ISOCENTER:")',
        ),
      ),
      new Promise(resolve => setTimeout(resolve, 2000, false)),
    ])
  await expect.poll(() => isBack().catch(() => false), { timeout: PATIENCE }).toBe(true)
})

// Late, because Playwright waits for a navigation it saw begin before it does anything else with the page.
test('the page cannot leave the station', async () => {
  const { app } = workstation
  const urlAfter = await app.evaluate(async ({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    await contents?.executeJavaScript("location.href = 'https://example.org/'; 0")
    await new Promise(resolve => setTimeout(resolve, 1000))
    return contents?.getURL()
  })
  expect(urlAfter).toMatch(/^http:\/\/127\.0\.0\.1:/)
})

test('closing the window drains the station', async () => {
  const pid = stationPid()
  await workstation.close()
  await expect.poll(() => alive(pid), { timeout: PATIENCE }).toBe(false)
})

function alive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z')
  } catch {
    return false
  }
}
