import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** Another program's way in, from the key that is made in Settings to the day it is revoked; each test goes on from the one before. */
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
/** Two pages of other origins; the first one is listed. */
let servers: Server[]
let secret = ''

const originOf = (server: Server) => `http://localhost:${(server.address() as AddressInfo).port}`

beforeAll(async () => {
  servers = await Promise.all(
    [1, 2].map(async () => {
      const server = createServer((_, response) =>
        response.setHeader('content-type', 'text/html').end('<!doctype html><title>A viewer</title>'),
      )
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
      return server
    }),
  )
  station = await startStation({ config: { web: { origins: servers.map(originOf).slice(0, 1) } } })
  await station.job(await station.call('samples.load', {}))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('[data-study]').first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  for (const server of servers ?? []) server.close()
  await station?.stop()
})

test('a key for a program is made in Settings and shown this once', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Access', exact: true }).click()
  await page.getByText('No other program has a key yet.').waitFor()
  await page.getByLabel('Which program the key is for').fill('Slicer in room 3')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const shown = page.locator('.access-key')
  secret = (await shown.textContent()) ?? ''
  expect(secret).toMatch(/^isocenter_[\w-]{43}$/)
  await page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', 'access.png') })
  await page.getByRole('button', { name: 'Done' }).click()
  await shown.waitFor({ state: 'detached' })
  await page.getByRole('cell', { name: 'Slicer in room 3' }).waitFor()
})

/** How many studies a page of that origin finds, or why none. `include`: by the cookie that this browser has, too. */
async function askFrom(
  origin: string,
  headers: Record<string, string>,
  credentials: RequestCredentials = 'same-origin',
): Promise<number | string> {
  const other = await page.context().newPage()
  try {
    await other.goto(origin)
    return await other.evaluate(
      async ({ url, given, credentials }) => {
        try {
          const response = await fetch(url, { headers: given, credentials })
          const studies = await response.json()
          return Array.isArray(studies) ? studies.length : response.status
        } catch (error) {
          return String(error)
        }
      },
      { url: `${station.origin}/dicom-web/studies`, given: headers, credentials },
    )
  } finally {
    await other.close()
  }
}

test('it opens DICOMweb to a page that is listed, and to no other', async () => {
  const { studies } = await station.call('studies.list', { sort: 'lastReceived', descending: true, limit: 100 })
  const withKey = { authorization: `Bearer ${secret}` }
  const [listed = '', unlisted = ''] = servers.map(originOf)
  expect(await askFrom(listed, withKey)).toBe(studies.length)
  expect(await askFrom(unlisted, withKey)).toContain('TypeError')
  expect(await askFrom(listed, {}, 'include')).toContain('TypeError')
  const read = await station.get('/dicom-web/studies', withKey)
  expect(read.status).toBe(200)
  await read.body?.cancel()
  const call = await fetch(`${station.origin}/api/studies.list`, { method: 'POST', headers: withKey, body: '{}' })
  expect(call.status).toBe(403)
})

test('revoked, it opens nothing', async () => {
  await page.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('button', { name: 'Lock out' }).click()
  await page.getByText('No other program has a key yet.').waitFor()
  expect((await station.get('/dicom-web/studies', { authorization: `Bearer ${secret}` })).status).toBe(401)
  // A browser says on its console what it kept from those other pages.
  expect(trouble.found.filter(words => !/CORS policy|ERR_FAILED/.test(words))).toEqual([])
})
