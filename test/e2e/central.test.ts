import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ctObject, part10 } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { CentralArchive } from '../faults/centralArchive.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** A station gets an archive to send to, which then goes, comes back and refuses; each test goes on from the one before. */
let station: RunningStation
let orthanc: CentralArchive
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  ;[station, orthanc] = await Promise.all([startStation(), CentralArchive.open()])
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 800 }))
  await page.getByText('No studies yet').waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await orthanc?.close()
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const url = () => `${orthanc.origin}/dicom-web`
const stored = async () => (await orthanc.instances()).length
const settings = () => page.getByRole('region', { name: 'Central', exact: true })
const activity = () => page.getByRole('complementary', { name: 'Activity' })
const archive = () => activity().getByRole('region', { name: 'Destination Archive' })
const row = (name: string) => page.locator('[data-study]').filter({ hasText: name })
/** Marked as not proved to be elsewhere. */
const chip = (name: string) => row(name).locator('.custody-chip')
const statusLine = () => page.locator('.status-line')

/** Images of a patient's study of their own, as a scanner sends them. */
function study(number: number, name: string, images: number, StudyDate = '') {
  const StudyInstanceUID = `1.2.826.0.1.3680043.10.70.${number}`
  return Array.from({ length: images }, (_, index) =>
    ctObject(number * 100 + index, {
      StudyInstanceUID,
      SeriesInstanceUID: `${StudyInstanceUID}.1`,
      StudyDate,
      PatientName: name,
      PatientID: `CENTRAL-${number}`,
    }),
  )
}

async function receive(objects: ReturnType<typeof study>): Promise<void> {
  const sent = await sendBytes(objects, { port: station.dimsePort })
  expect(sent.map(({ status }) => status)).toEqual(objects.map(() => 0))
}

test('the page of destinations says what one is; one is added by keys alone and tried before it is kept', async () => {
  await receive(study(1, 'First^Ann', 2))
  await row('First').waitFor()
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Central', exact: true }).press('Enter')
  await settings().getByText('What arrives stays on this station alone').waitFor()
  await shot('central-empty')
  await settings().getByRole('button', { name: 'Add destination' }).press('Enter')
  // The first field has the focus.
  await page.keyboard.type('Archive')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type('nonsense')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('Address: as in https://').waitFor()
  const address = page.getByRole('textbox', { name: 'Address of its DICOMweb services' })
  await address.fill('http://127.0.0.1:9/dicom-web')
  await page.getByRole('button', { name: 'Try', exact: true }).press('Enter')
  await settings().getByRole('status').getByText('127.0.0.1:9').waitFor()
  await address.fill(url())
  await page.keyboard.press('Tab')
  await page.keyboard.type(orthanc.origin)
  await page.getByRole('button', { name: 'Try', exact: true }).press('Enter')
  await settings().getByText('Works: DICOMweb and Orthanc').waitFor()
})

test('the rules are tried with a study before they are kept, and Enter keeps them', async () => {
  await settings().getByRole('button', { name: 'Add rule' }).press('Enter')
  // The rule that was added has the focus.
  await page.keyboard.type('Do not')
  await settings().getByRole('textbox', { name: 'Modality' }).fill('CT')
  await settings().getByRole('textbox', { name: 'Study to try the rules with' }).fill('first')
  await settings().getByRole('button', { name: /First/ }).press('Enter')
  const answers = settings().getByRole('list', { name: 'Where it would go' })
  await answers.getByText('would get nothing of it').waitFor()
  await settings().getByRole('combobox', { name: 'What it does' }).selectOption('Send before all else')
  await answers.getByText('would get all 2 images, before all else.').waitFor()
  await answers.getByText(/rule 1/i).waitFor()
  await shot('central-form')
  expect((await station.call('destinations.list', {})).destinations).toEqual([])
  await settings().getByRole('textbox', { name: 'Modality' }).press('Enter')
  await settings().getByRole('button', { name: 'Edit Archive' }).waitFor()
  const { destinations } = await station.call('destinations.list', {})
  expect(destinations).toMatchObject([
    { name: 'Archive', proof: 'equal', rules: [{ send: true, urgency: 'urgent', modalities: ['CT'] }] },
  ])
  expect(destinations[0]?.route).toEqual({ kind: 'dicomweb', url: url(), orthanc: orthanc.origin })
})

test('what was here before goes there, is compared, and its mark goes away', async () => {
  await expect.poll(stored).toBe(2)
  await settings().getByText('all that was sent is proved').waitFor()
  await shot('central')
  await page.keyboard.press('Escape')
  await expect.poll(() => chip('First').isVisible()).toBe(false)
  await row('First').click()
  await page.keyboard.press('Alt+c')
  const dialog = page.getByRole('dialog', { name: 'On the server' })
  await dialog.getByRole('cell', { name: 'Equal 2' }).waitFor()
  await dialog.getByText('2 images proved').waitFor()
  await shot('custody')
  await page.keyboard.press('Escape')
})

test('a removed destination comes back by the notice', async () => {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Central', exact: true }).press('Enter')
  await settings().getByRole('button', { name: 'Remove Archive' }).press('Enter')
  await settings().getByText('What arrives stays on this station alone').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
  await settings().getByRole('button', { name: 'Remove Archive' }).waitFor()
  await page.keyboard.press('Escape')
})

test('while it is paused a study waits, is marked in list and viewer, and leaves when it goes on', async () => {
  await page.keyboard.press('Control+j')
  await archive().getByRole('button', { name: 'Pause Archive' }).press('Enter')
  await archive().getByText('paused since').waitFor()
  await receive(study(2, 'Second^Bob', 3))
  await archive().getByText('3 waiting').waitFor()
  await statusLine().getByText('Archive paused · 3 waiting').waitFor()
  await page.keyboard.press('Escape')
  // A row is chosen: the list holds still until it is told.
  await page.keyboard.press('F5')
  await expect.poll(() => chip('Second').getAttribute('aria-label')).toBe('3 of 3 not on the server')
  await shot('custody-chip')
  await chip('Second').click()
  const dialog = page.getByRole('dialog', { name: 'On the server' })
  await dialog.getByRole('cell', { name: 'Waiting 3' }).waitFor()
  await dialog.getByRole('button', { name: 'Send first' }).click()
  await dialog.getByText('3 images go before all others').waitFor()
  await page.keyboard.press('Escape')
  await row('Second').dblclick()
  await page.locator('.custody-mark').getByText('3 not on the server').waitFor()
  await shot('custody-viewer')
  await page.keyboard.press('Control+j')
  await archive().getByRole('button', { name: 'Resume Archive' }).press('Enter')
  await page.locator('.custody-mark').waitFor({ state: 'detached' })
  expect(await stored()).toBe(5)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Backspace')
  await expect.poll(() => chip('Second').isVisible()).toBe(false)
})

test('an archive that is gone is one badge with what waits; back again, the badge goes by itself', async () => {
  await orthanc.kill()
  await receive(study(3, 'Third^Cleo', 4))
  await statusLine()
    .getByText(/^Archive offline since .+ · 4 waiting$/)
    .waitFor()
  expect(await page.locator('.central-badge').count()).toBe(1)
  await statusLine().click()
  await archive().getByText('offline since').waitFor()
  await archive().getByText('next try').waitFor()
  await activity()
    .getByText(/^Of this list’s \d stud.+ all is here\.$/)
    .waitFor()
  await shot('activity-offline')
  await orthanc.start()
  await archive().getByRole('button', { name: 'Send to Archive now' }).press('Enter')
  await page.locator('.central-badge').waitFor({ state: 'detached' })
  await expect.poll(stored).toBe(9)
  await archive().getByText('all that was sent is proved').waitFor()
  await page.keyboard.press('Escape')
})

test('what is refused is listed with its reason, and sent again once what was wrong is put right', async () => {
  const [ours] = study(4, 'Fourth^Dan', 1)
  const [theirs] = study(4, 'Fourth^Dora', 1)
  // Somebody else has stored another version of it there.
  const put = await fetch(`${orthanc.origin}/instances`, { method: 'POST', body: new Uint8Array(part10(theirs!)) })
  expect(put.status).toBe(200)
  await receive([ours!])
  await page.keyboard.press('F5')
  await expect.poll(() => chip('Fourth').getAttribute('aria-label')).toBe('1 of 1 not on the server, 1 refused')
  await page.keyboard.press('Control+j')
  const refused = archive().getByRole('button', { name: '1 refused' })
  await refused.press('Enter')
  const list = page.getByRole('dialog', { name: 'Refused by archives' })
  const letter = list.getByRole('listitem').filter({ hasText: 'Fourth' })
  await letter.getByRole('button', { name: 'Send again' }).waitFor()
  expect(await letter.locator('.attention').textContent()).not.toBe('')
  await shot('refused')
  expect(await orthanc.lose(theirs!.SOPInstanceUID)).toBe(true)
  await letter.getByRole('button', { name: 'Send again' }).press('Enter')
  await list.getByText('Nothing was refused').waitFor()
  await page.keyboard.press('Escape')
  await archive().getByText('0 refused').waitFor()
  await archive().getByText('all that was sent is proved').waitFor()
  expect(await stored()).toBe(10)
  await page.keyboard.press('Escape')
  await expect.poll(() => chip('Fourth').isVisible()).toBe(false)
})

test('what comes here by itself is written by keys alone, and comes', async () => {
  const theirs = study(5, 'Fifth^Eve', 3, '20250102')
  for (const object of theirs) {
    const put = await fetch(`${orthanc.origin}/instances`, { method: 'POST', body: new Uint8Array(part10(object)) })
    expect(put.status).toBe(200)
  }
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Central', exact: true }).press('Enter')
  await settings().getByRole('button', { name: 'Edit Archive' }).press('Enter')
  await settings().getByRole('button', { name: 'Add studies' }).press('Enter')
  // The rule that was added has the focus.
  await page.keyboard.type('CT')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type('36500')
  await settings().getByRole('spinbutton', { name: 'Seconds between two looks' }).fill('1')
  await shot('central-pull-form')
  await page.keyboard.press('Enter')
  await settings().getByText('Comes here by itself: CT, of the last 36,500 days').waitFor()
  await settings().getByText('nothing more to come').waitFor({ timeout: 30_000 })
  await shot('central-pull')
  await page.keyboard.press('Escape')
  await page.keyboard.press('F5')
  await row('Fifth').waitFor()
  expect((await station.call('pull.status', {})).archives).toMatchObject([{ destination: 'Archive', queued: 0 }])
  expect(await stored()).toBe(13)
})

test('a thousand refusals are walked by keys to the last, and only those that are seen are drawn', async () => {
  const letters = Array.from({ length: 1000 }, (_, index) => ({
    contentId: index + 1,
    destination: 'Archive',
    at: 1_800_000_000_000 - index,
    attempts: 1,
    reason: 'it is out of resources (0xA700)',
    StudyInstanceUID: '2.25.1',
    SOPInstanceUID: `2.25.1.${index}`,
    PatientName: `Patient^${index + 1}`,
    lang: '',
    PatientID: '',
    StudyDate: '',
    StudyDescription: '',
    Modality: 'CT',
  }))
  await page.route('**/api/sync.dead', async route => {
    const { limit, before = Number.POSITIVE_INFINITY }: { limit: number; before?: number } = route
      .request()
      .postDataJSON()
    await route.fulfill({ json: { letters: letters.filter(({ at }) => at < before).slice(0, limit) } })
  })
  await page.keyboard.press('F9')
  const list = page.getByRole('list', { name: 'Refused images' })
  await list.getByText('Patient, 1', { exact: true }).waitFor()
  await list.focus()
  // The first page's end brings the second.
  await page.keyboard.press('End')
  await expect
    .poll(async () => {
      await page.keyboard.press('End')
      return list.getByText('Patient, 1000', { exact: true }).isVisible()
    })
    .toBe(true)
  expect(await list.getByRole('listitem').count()).toBeLessThan(60)
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.closest('[data-letter]')?.textContent))
    .toContain('Patient, 1000')
  await shot('refused-many')
  await page.unroute('**/api/sync.dead')
  await page.keyboard.press('Escape')
})

test('a station that has gone is said, and what it last said stays', async () => {
  await page.keyboard.press('Control+j')
  await archive().waitFor()
  await station.stop()
  await activity().getByText('this is what the station last said').waitFor()
  await archive().getByText('all that was sent is proved').waitFor()
  await shot('activity-station-gone')
  // The browser itself says that nobody answers.
  expect(trouble.found.filter(found => !/ERR_CONNECTION|Failed to load/.test(found))).toEqual([])
  await context.close()
})
