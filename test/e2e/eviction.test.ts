import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ctObject } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { CentralArchive } from '../faults/centralArchive.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A study goes to an archive, leaves this station, and is asked for; each test goes on from the one before. */
const StudyInstanceUID = '1.2.826.0.1.3680043.10.71'
const SeriesInstanceUID = `${StudyInstanceUID}.1`
const IMAGES = 6
let station: RunningStation
let orthanc: CentralArchive
let browser: Browser
let page: Page
const row = () => page.locator('[data-study]').filter({ hasText: 'Gone' })
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const objects = Array.from({ length: IMAGES }, (_, index) =>
  ctObject(7100 + index, {
    StudyInstanceUID,
    SeriesInstanceUID,
    StudyDate: '20250102',
    PatientName: 'Gone^Ann',
    PatientID: 'GONE-1',
  }),
)
const series = `/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}`
const frameOf = (index: number) => station.get(`${series}/instances/${objects[index]!.SOPInstanceUID}/frames/1`)
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
/** Without the boundary, which is another each time. */
const pixelsOf = async (index: number) => {
  const response = await frameOf(index)
  expect(response.status).toBe(200)
  const body = await bytesOf(response)
  const begin = body.indexOf('\r\n\r\n') + 4
  return body.subarray(begin, begin + 64 * 64 * 2)
}
const files = () =>
  readdirSync(path.join(station.dataDir, 'files'), { recursive: true, withFileTypes: true }).filter(one => one.isFile())
    .length

beforeAll(async () => {
  orthanc = await CentralArchive.open()
  station = await startStation({
    config: {
      settleAfterSeconds: 0,
      destinations: [
        { name: 'Archive', route: { kind: 'dicomweb', url: `${orthanc.origin}/dicom-web`, orthanc: orthanc.origin } },
      ],
    },
  })
  browser = await launchChromium()
  ;({ page } = await openWorkstation(browser, station.url, { width: 1280, height: 800 }))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await orthanc?.close()
})

let before: Buffer[]

test('what is proved to lie at the archive leaves, and the plan says beforehand what and why', async () => {
  const sent = await sendBytes(objects, { port: station.dimsePort })
  expect(sent.map(({ status }) => status)).toEqual(objects.map(() => 0))
  await expect
    .poll(async () => (await station.call('sync.study', { StudyInstanceUID })).custody[0]?.confirmed.equal, {
      timeout: 30_000,
    })
    .toBe(IMAGES)
  await expect.poll(files, { timeout: 20_000 }).toBe(IMAGES)
  // Its files are there before its rows say so.
  await expect
    .poll(() => station.call('cache.plan', {}), { timeout: 20_000 })
    .toMatchObject({ studies: 0, kept: [{ reason: 'unread', studies: 1 }] })
  await station.call('reading.set', { studies: [{ StudyInstanceUID, status: 'read' }], user: 'ann' })
  before = await Promise.all(objects.map((_, index) => pixelsOf(index)))
  const wanted = await station.call('cache.plan', {})
  expect(wanted).toMatchObject({ studies: 0, kept: [{ reason: 'young', studies: 1 }] })
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Storage', exact: true }).click()
  const leaving = page.getByRole('region', { name: 'Leaving for the archives' })
  await leaving.getByText('received or used lately').waitFor()
  await leaving.getByRole('spinbutton', { name: 'At most, in GB here' }).fill('0')
  await leaving.getByRole('spinbutton', { name: 'Keep for, in days' }).fill('0')
  await page.keyboard.press('Enter')
  await leaving.getByRole('row', { name: /Would leave now 1 study/ }).waitFor()
  await shot('storage-leaving')
  const plan = await station.call('cache.plan', {})
  expect(plan).toMatchObject({ studies: 1, kept: [], away: { images: 0 } })
  await leaving.getByRole('button', { name: 'Let 1 study leave now' }).press('Enter')
  await leaving.getByRole('row', { name: /Have left 6 images/ }).waitFor()
  await shot('storage-left')
  await expect.poll(files).toBe(0)
  await page.keyboard.press('Escape')
  await row().getByText('away', { exact: true }).waitFor()
  await shot('worklist-away')
  expect((await station.call('cache.plan', {})).away.images).toBe(IMAGES)
})

test('a key gets all of it back as a job; another keeps it here, and taken back it leaves again', async () => {
  const plan = () => station.call('cache.plan', {})
  await row().click()
  await page.keyboard.press('Alt+g')
  await expect.poll(async () => (await plan()).away.images, { timeout: 20_000 }).toBe(0)
  await page.keyboard.press('Control+j')
  const activity = page.getByRole('complementary', { name: 'Activity' })
  await activity.getByText('A study from the archive').first().waitFor()
  await activity.getByText(`${IMAGES} received`).waitFor()
  await shot('activity-get')
  await page.keyboard.press('Escape')
  const { records } = await station.call('audit.list', { text: 'Fetched back from an archive for a reader' })
  expect(records[0]).toMatchObject({ event: 'instancesTransferred', study: { StudyInstanceUID } })

  await page.keyboard.press('Alt+k')
  await row().getByRole('img', { name: 'Kept here' }).waitFor()
  await shot('worklist-kept')
  await expect.poll(plan, { timeout: 20_000 }).toMatchObject({ studies: 0, kept: [{ reason: 'pinned', studies: 1 }] })
  expect(await station.call('cache.evict', {})).toEqual({ studies: 0, bytes: 0 })
  await page.keyboard.press('Alt+k')
  await row().getByRole('img', { name: 'Kept here' }).waitFor({ state: 'hidden' })
  // Its files have to settle before they can leave once more.
  await expect.poll(plan, { timeout: 20_000 }).toMatchObject({ studies: 1 })
  expect(await station.call('cache.evict', {})).toMatchObject({ studies: 1 })
  await row().getByText('away', { exact: true }).waitFor()
})

test('while the archive is away that is said, and nothing is lost by asking', async () => {
  await orthanc.kill()
  const response = await frameOf(0)
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('which is offline')
  await row().dblclick()
  // The first image was loaded while it was here, as of any study that stands selected.
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await page.keyboard.press('ArrowDown')
  await page.getByText('which is offline').first().waitFor()
  await shot('viewer-away')
  await page.goto(station.origin)
  await row().waitFor()
  const rows = await station.get(`/dicom-web/studies?StudyInstanceUID=${StudyInstanceUID}`)
  expect(await rows.json()).toMatchObject([{ '00201208': { Value: [IMAGES] }, '00080056': { Value: ['NEARLINE'] } }])
})

test('the same address answers with the same pixels, and the rest of the study comes behind it', async () => {
  await orthanc.start()
  await row().dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.loaded === 6, undefined, { timeout: 20_000 })
  await shot('viewer-back')
  await expect.poll(async () => (await station.call('cache.plan', {})).away.images, { timeout: 20_000 }).toBe(0)
  for (const [index, pixels] of before.entries()) expect((await pixelsOf(index)).equals(pixels)).toBe(true)
  const rows = await station.get(`/dicom-web/studies?StudyInstanceUID=${StudyInstanceUID}`)
  expect(await rows.json()).toMatchObject([{ '00080056': { Value: ['ONLINE'] } }])
})
