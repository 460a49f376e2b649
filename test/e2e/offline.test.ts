import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { ctObject } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { CentralArchive } from '../faults/centralArchive.ts'
import { sha256Of } from '../faults/objects.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A whole reading while the archive is away: a study comes, is opened, measured and saved; then it all gets there by itself. */
const STUDY = '1.2.826.0.1.3680043.10.82'
const IMAGES = Array.from({ length: 3 }, (_, index) =>
  ctObject(8200 + index, {
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: `${STUDY}.1`,
    PatientName: 'Outage^Otto',
    PatientID: 'OUTAGE-1',
    PixelSpacing: [0.5, 0.5],
    ImagePositionPatient: [0, 0, index * 2],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  }),
)

let config: object
let station: RunningStation
let orthanc: CentralArchive
let browser: Browser
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  orthanc = await CentralArchive.open()
  const route = { kind: 'dicomweb' as const, url: `${orthanc.origin}/dicom-web`, orthanc: orthanc.origin }
  config = { destinations: [{ name: 'Archive', route }] }
  station = await startStation({ config })
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 720 }))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await orthanc?.close()
})

const statusLine = () => page.locator('.status-line')
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })

/** SOP Instance UID → SHA-256 of the data set, as the station has it. */
async function ownHashes(): Promise<Map<string, string[]>> {
  const found = await station.get(`/dicom-web/studies/${STUDY}/instances`)
  const all = new Map<string, string[]>()
  for (const one of (await found.json()) as Array<Record<string, { Value: string[] }>>) {
    const uid = one['00080018']!.Value[0]!
    const address = `/dicom-web/studies/${STUDY}/series/${one['0020000E']!.Value[0]}/instances/${uid}`
    const answer = await station.get(address, {
      accept: 'multipart/related; type="application/dicom"; transfer-syntax=*',
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const start = bytes.indexOf('\r\n\r\n') + 4
    const file = bytes.subarray(start, bytes.lastIndexOf('\r\n--'))
    all.set(uid, [sha256Of(file.subarray(readFileMeta(file)?.dataSetOffset))])
  }
  return all
}

test('while the archive is away a study that arrives is read, measured and saved', async () => {
  await orthanc.kill()
  const sent = await sendBytes(IMAGES, { port: station.dimsePort })
  expect(sent.map(({ status }) => status)).toEqual(IMAGES.map(() => 0))
  await statusLine()
    .getByText(/^Archive offline since .+ · 3 waiting$/)
    .waitFor({ timeout: 20_000 })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  const pane = (await page.locator('[data-pane="0"]').boundingBox())!
  const [x, y] = [pane.x + pane.width / 2, pane.y + pane.height / 2]
  await page.keyboard.press('l')
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + 40, y)
  await page.mouse.move(x + 80, y + 30)
  await page.mouse.up()
  await page.keyboard.press('Space')
  await page.keyboard.press('Control+s')
  await page.getByText(/^Saved: 1 mark, 1 key image, 1 view/).waitFor()
  await statusLine()
    .getByText(/^Archive offline since .+ · 6 waiting$/)
    .waitFor()
  await shot('offline-saved')
})

test('when it is back, images and saved objects get there by themselves, byte for byte', async () => {
  await orthanc.start()
  const own = await ownHashes()
  expect(own.size).toBe(6)
  await expect
    .poll(async () => new Map([...(await orthanc.hashes())].sort()), { timeout: 60_000 })
    .toEqual(new Map([...own].sort()))
  await page.locator('.central-badge').waitFor({ state: 'detached' })
  await shot('offline-back')
  // What that was is told until somebody has seen it: in a line, and study by study.
  await statusLine().click()
  const activity = page.getByRole('complementary', { name: 'Activity' })
  const line = activity.locator('.central-outage')
  await line.getByText(/^Archive was away .+ · 6 images went out$/).click()
  const row = line.locator('.central-exchanged-row')
  await row.getByText('Outage^Otto').or(row.getByText('Outage, Otto')).waitFor()
  expect(await row.textContent()).toMatch(/6 images went out.*OUTAGE-1/)
  await shot('offline-exchanged')
  await line.getByRole('button', { name: 'Seen' }).click()
  await line.waitFor({ state: 'detached' })
  expect(trouble.found).toEqual([])
})

test('another station brings it from the archive and shows the marks', async () => {
  const other = await startStation({ config })
  try {
    await other.job(await other.call('pull.study', { destination: 'Archive', StudyInstanceUID: STUDY }))
    const { series } = await other.call('study.get', { StudyInstanceUID: STUDY })
    expect(series.map(({ Modality }) => Modality)).toEqual(expect.arrayContaining(['CT', 'SR', 'KO']))
    const reader = await openWorkstation(browser, other.url, { width: 1280, height: 720 })
    await reader.page.locator(`[data-study="${STUDY}"]`).dblclick()
    const labels = reader.page.locator('[data-pane="0"] .mark-label')
    const own = page.locator('[data-pane="0"] .mark-label')
    await expect.poll(() => labels.count(), { timeout: 30_000 }).toBeGreaterThan(0)
    expect(await labels.allTextContents()).toEqual(await own.allTextContents())
    await reader.page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots/offline-other.png') })
    expect(reader.trouble.found).toEqual([])
    await reader.context.close()
  } finally {
    await other.stop()
  }
})
