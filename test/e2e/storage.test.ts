import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'

/** A second disk of a running station, from the day it comes to the day it is taken out; each test goes on from the one before. */
let disks: string
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  disks = mkdtempSync(path.join(tmpdir(), 'isocenter-disks-'))
  mkdirSync(path.join(disks, 'nas'))
  station = await startStation({
    config: {
      settleAfterSeconds: 0,
      volumes: [{ id: 'nas', path: path.join(disks, 'nas'), rule: { modalities: ['CT'] } }],
    },
  })
  const slices = [1, 2, 3].map(n => ctSlice(n))
  const sent = await sendBytes(
    slices.map(({ SOPInstanceUID, bytes }) => ({
      SOPClassUID: CT_IMAGE,
      SOPInstanceUID,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
      dataSet: bytes,
    })),
    { port: station.dimsePort },
  )
  expect(sent.map(({ status }) => status)).toEqual([0, 0, 0])
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('[data-study]').first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  rmSync(disks, { recursive: true, force: true })
})

const disk = (name: string) => page.getByRole('region', { name: `Disk ${name}` })
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })

test('Storage shows each disk, what is free and what exists there alone', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Storage', exact: true }).click()
  await disk('nas').getByText('3 images').waitFor({ timeout: 20_000 })
  await disk('nas').getByText('3 only here').waitFor()
  await disk('nas').getByText('takes CT').waitFor()
  await disk('data').getByText('0 images').waitFor()
  await page.getByText('3 images exist on one disk only').waitFor()
  await shot('storage')
})

test('a disk that is gone is said, and the list of what it alone held is a file', async () => {
  const root = path.join(disks, 'nas')
  renameSync(root, `${root}.away`)
  mkdirSync(root)
  await disk('nas').getByText('not there').waitFor({ timeout: 20_000 })
  const downloading = page.waitForEvent('download')
  await disk('nas').getByRole('link', { name: 'CSV' }).click()
  const file = await (await downloading).path()
  const rows = readFileSync(file, 'utf8').trimEnd().split('\r\n')
  expect(rows).toHaveLength(4)
  expect(rows[1]).toContain(ctSlice(1).SOPInstanceUID)
  await shot('storage-gone')
  rmSync(root, { recursive: true })
  renameSync(`${root}.away`, root)
  await disk('nas').getByText('free', { exact: false }).first().waitFor({ timeout: 20_000 })
})

test('a disk is emptied with one button while the station runs', async () => {
  await disk('nas').getByRole('button', { name: 'Empty' }).click()
  await disk('nas').getByText('Empty: it may be taken out.').waitFor({ timeout: 20_000 })
  await disk('data').getByText('3 images').waitFor()
  await disk('nas').getByRole('button', { name: 'Use again' }).click()
  await disk('nas').getByText('takes CT').waitFor({ timeout: 20_000 })
  await page.keyboard.press('Escape')
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(trouble.found).toEqual([])
  await context.close()
})
