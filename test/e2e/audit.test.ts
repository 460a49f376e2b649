import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'

/** The trail as who answers for it reads it; each test goes on from the one before. */
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  station = await startStation()
  const objects = [1, 2, 3].map(n => {
    const { SOPInstanceUID, bytes } = ctSlice(n)
    return { SOPClassUID: CT_IMAGE, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet: bytes }
  })
  await sendBytes(objects, { port: station.dimsePort })
  await fetch(`${station.origin}/dicom-web/studies`, { headers: { authorization: 'Api-Key wrong' } })
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('[data-study]').first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const audit = () => page.getByRole('region', { name: 'Audit' })
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })

test('Settings › Audit shows who did what, and finds words', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Audit', exact: true }).click()
  await audit().getByText('3 images').waitFor()
  await audit().getByText('A wrong key').waitFor()
  await shot('audit')
  await audit().getByRole('searchbox').fill('wrong key')
  await expect.poll(() => audit().getByRole('row').count()).toBe(2)
  await audit().getByRole('searchbox').fill('nobody has done this')
  await audit().getByText('No record has these words.').waitFor()
  await audit().getByRole('searchbox').fill('')
  await audit().getByText('3 images').waitFor()
})

test('the chain is checked in words, and a span of days is a file', async () => {
  await audit().getByRole('button', { name: 'Check the chain' }).focus()
  await page.keyboard.press('Enter')
  await audit().getByText('records are as they were written').waitFor()
  const downloading = page.waitForEvent('download')
  await audit().getByRole('link', { name: 'XML' }).click()
  expect(readFileSync(await (await downloading).path(), 'utf8')).toContain('<AuditMessage>')
  const folder = path.join(station.dataDir, 'audit')
  const file = path.join(folder, readdirSync(folder).find(name => name.startsWith('audit-')) ?? '')
  writeFileSync(file, readFileSync(file, 'utf8').replace('A wrong key', 'A right key'))
  await audit().getByRole('button', { name: 'Check the chain' }).click()
  await audit().getByText('was changed after it was written').waitFor()
  await shot('audit-broken')
  await page.keyboard.press('Escape')
  expect(trouble.found).toEqual([])
  await context.close()
})
