import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesIn, startDcmqrscp, startStorescp } from '../dimse/archive.ts'
import { ctObject, dcmtk, temporaryFolder } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { createAuthority } from '../fixtures/certificates.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { freePort } from '../fixtures/freePort.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** An archive comes to the network, and a scanner that is set up wrongly; each test goes on from the one before. */
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble
let port: number

beforeAll(async () => {
  station = await startStation()
  port = await freePort()
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
  await page.getByText('No studies yet').waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const node = (name: string) => page.getByRole('region', { name: `Node ${name}` })
const doctor = () => page.getByRole('region', { name: 'Association doctor' })
const activity = () => page.getByRole('complementary', { name: 'Activity' })
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })

test('a node is added by keys alone, tried before it is kept, and kept', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Network', exact: true }).click()
  await page.getByText('None yet. Anybody may send').waitFor()
  await page.getByText('No association has failed').waitFor()
  await shot('network-empty')
  await page.getByRole('button', { name: 'Add node' }).press('Enter')
  // The first field has the focus.
  await page.keyboard.type('STORESCP')
  await page.keyboard.press('Tab')
  await page.keyboard.type('127.0.0.1')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Control+A')
  await page.keyboard.type(String(port))
  await page.keyboard.press('Tab')
  await page.keyboard.type('Archive')
  const form = page.getByRole('form', { name: 'New node' })
  await form.getByRole('checkbox', { name: 'Delete' }).press('Space')
  await form.getByRole('button', { name: 'Echo' }).press('Enter')
  await form.getByText(`nobody listens at 127.0.0.1:${port}`).waitFor()
  await shot('network-form')
  await form.getByRole('textbox', { name: 'Name', exact: true }).press('Enter')
  await node('Archive').getByText('may query, retrieve, commitment, delete').waitFor()
  const { nodes } = await station.call('nodes.list', {})
  expect(nodes).toMatchObject([{ name: 'Archive', AET: 'STORESCP', host: '127.0.0.1', port }])
})

test('what the station refuses stands under the form, and Esc leaves the form alone', async () => {
  await page.getByRole('button', { name: 'Add node' }).click()
  await page.keyboard.type('STORESCP')
  await page.getByRole('textbox', { name: 'Host name or IP address' }).fill('127.0.0.1')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('two nodes have the same AE title').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('form', { name: 'New node' }).waitFor({ state: 'detached' })
  expect(await page.getByRole('dialog', { name: 'Settings' }).isVisible()).toBe(true)
})

test('an echo that failed is in the list of what went wrong, and trying again says when it works', async () => {
  await doctor().getByText('nobody listens at').waitFor()
  await node('Archive').getByRole('button', { name: 'Echo' }).click()
  await node('Archive').getByText('nobody listens at').waitFor()
  await doctor().getByText('2 times').waitFor()
  await startStorescp(port)
  await doctor().getByRole('button', { name: 'Try again' }).click()
  await doctor().getByText('An association and C-ECHO work now.').waitFor()
  await node('Archive')
    .getByText(/Works: answered in \d+ ms, OFFIS_DCMTK/)
    .waitFor()
})

test('a scanner with the wrong AE title: the sentence, the second AE title, the dry run', async () => {
  const ask = () => dcmtk('echoscu', '-aet', 'CT1', '-aec', 'OLDPACS', '127.0.0.1', String(station.dimsePort))
  expect((await ask()).code).not.toBe(0)
  await doctor().getByText('CT1 (127.0.0.1) called us "OLDPACS"; we are ISOCENTER.').waitFor()
  await doctor().getByRole('button', { name: 'And now?' }).click()
  await doctor().getByText('Would be refused again').waitFor()
  await shot('network')
  await page.getByRole('textbox', { name: 'Another AE title' }).fill('OLDPACS')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'No longer answer to OLDPACS' }).waitFor()
  await doctor().getByRole('button', { name: 'And now?' }).click()
  await doctor().getByText('Would be accepted now').waitFor()
  expect((await ask()).code).toBe(0)
})

test('TLS is set up with pasted certificates, listened to, and its key never shown', async () => {
  const authority = createAuthority(temporaryFolder(), 'hospital')
  const own = authority.sign('workstation', 20)
  const [certificate, key, trusted] = [own.certificateFile, own.keyFile, authority.trustedFile].map(file =>
    readFileSync(file, 'utf8'),
  ) as [string, string, string]
  const tls = page.getByRole('region', { name: 'TLS' })
  await tls.getByRole('button', { name: 'Set up TLS' }).click()
  const form = page.getByRole('form', { name: 'TLS of this station' })
  await form.getByRole('textbox', { name: 'Certificate, with' }).fill(certificate)
  await form.getByRole('textbox', { name: 'Its key' }).fill('/nowhere.key')
  await form.getByRole('textbox', { name: 'Authorities' }).fill(trusted)
  await form.getByRole('textbox', { name: 'TLS port' }).fill('0')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByRole('alert').getByText('nowhere.key').waitFor()
  await form.getByRole('textbox', { name: 'Its key' }).fill(key)
  await shot('network-tls-form')
  await form.getByRole('button', { name: 'Save' }).click()
  await tls.getByText('workstation').waitFor()
  await tls.locator('.attention').getByText('until').waitFor()
  await shot('network-tls')
  const status = await station.call('tls.get', {})
  expect(JSON.stringify(status)).not.toContain('PRIVATE KEY')
  const scanner = authority.sign('scanner')
  const how = ['--enable-tls', scanner.keyFile, scanner.certificateFile, '--add-cert-file', authority.trustedFile]
  expect((await dcmtk('echoscu', ...how, '-aec', 'ISOCENTER', '127.0.0.1', String(status.port))).code).toBe(0)
  const { problems } = await station.call('problems.list', {})
  expect(problems.map(({ sentence }) => sentence).join()).toMatch(/The certificate of this station ends in \d+ days/)
})

test('a removed node comes back by the notice', async () => {
  await page.getByRole('button', { name: 'Remove Archive' }).click()
  await node('Archive').waitFor({ state: 'detached' })
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
  await node('Archive').waitFor()
  await doctor().getByRole('button', { name: 'Dismiss' }).first().click()
  await expect.poll(() => doctor().getByRole('button', { name: 'Dismiss' }).count()).toBe(1)
})

test('a study is sent to a node by keys from its row, and Activity counts it', async () => {
  const { folder } = await startStorescp(port)
  const sent = await sendBytes([ctObject(1), ctObject(2)], { port: station.dimsePort })
  expect(sent.map(({ status }) => status)).toEqual([0, 0])
  await page.keyboard.press('Escape')
  await page.locator('[data-study]').first().click()
  await page.keyboard.press('Alt+t')
  const dialog = page.getByRole('dialog', { name: 'Send to…' })
  await dialog.getByRole('button', { name: 'Archive' }).waitFor()
  await shot('send-to')
  await page.keyboard.press('Enter')
  await activity().getByText('A study to Archive').waitFor()
  await activity().getByText('2 sent').waitFor()
  expect(filesIn(folder).size).toBe(2)
  // Esc closes the dialog over Activity, not both.
  await page.keyboard.press('Control+Shift+F')
  await page.getByRole('dialog', { name: 'Find on another archive' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await activity().isVisible()).toBe(true)
  await page.keyboard.press('Escape')
  await activity().waitFor({ state: 'detached' })
})

test('who sent it is no node: said on its row without taking room, and in Network, where it becomes one', async () => {
  const from = page.locator('[data-study]').first().locator('.unknown-sender')
  await from.waitFor()
  await from.hover()
  await shot('stranger-row')
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Network', exact: true }).click()
  const sender = page.getByRole('region', { name: 'Station SENDER' })
  await sender.getByText('2 images').waitFor()
  await shot('network-strangers')
  await sender.getByRole('button', { name: 'Add as node' }).click()
  const form = page.getByRole('form', { name: 'New node' })
  expect(await form.getByRole('textbox', { name: 'Host name or IP address' }).inputValue()).toBe('127.0.0.1')
  await form.getByRole('button', { name: 'Save' }).click()
  await node('SENDER').waitFor()
  await sender.waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await from.waitFor({ state: 'detached' })
})

test('another archive is searched by keys, and a study of it fetched', async () => {
  await startDcmqrscp(port, station.dimsePort, [
    ctObject(3, { StudyInstanceUID: '1.2.826.0.1.3680043.10.9', PatientName: 'Roe^Ann' }),
  ])
  await station.call('nodes.set', { nodes: [{ name: 'Archive', AET: 'ARCHIVE', host: '127.0.0.1', port }] })
  // Whoever types quickly asks before the list has been read again: the node has another AE title now.
  await page.route('**/api/nodes.list', async route => {
    await wait(1000)
    await route.continue()
  })
  await page.keyboard.press('Control+Shift+F')
  const dialog = page.getByRole('dialog', { name: 'Find on another archive' })
  // The field for the name has the focus.
  await dialog.getByRole('option', { name: 'Archive' }).waitFor({ state: 'attached' })
  await page.keyboard.type('roe')
  await page.keyboard.press('Enter')
  const row = dialog.getByRole('button', { name: /Roe/ })
  await row.waitFor()
  await page.unroute('**/api/nodes.list')
  await shot('find-elsewhere')
  await row.press('Enter')
  await dialog.getByText('asked for').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+j')
  await activity().getByText('1 received').waitFor()
  await page.keyboard.press('Escape')
  const { total } = await station.call('studies.list', { search: 'roe' })
  expect(total).toBe(1)
})

test('a station that has gone is said, and what it last said stays', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Network', exact: true }).click()
  await node('Archive').waitFor()
  await station.stop()
  await page.getByText('does not answer; this is what it last said.').waitFor({ timeout: 20_000 })
  await node('Archive').waitFor()
  await shot('network-offline')
  // The browser itself says that nobody answers.
  expect(trouble.found.filter(found => !/ERR_CONNECTION|Failed to load/.test(found))).toEqual([])
  await context.close()
})
