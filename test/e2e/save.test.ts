import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { type Draft, EMPTY_DRAFT, type Mark } from '../../shared/viewing/draft.ts'
import { ctObject } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** What a reader marked becomes objects of the study and comes back from them; each test goes on from the one before. */
const STUDY = '1.2.826.0.1.3680043.10.81'
const SERIES = `${STUDY}.1`
const IMAGES = Array.from({ length: 3 }, (_, index) =>
  ctObject(8100 + index, {
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: SERIES,
    PatientName: 'Saved^Ann',
    PatientID: 'SAVE-1',
    StudyDate: '20260601',
    PixelSpacing: [0.75, 0.75],
    ImagePositionPatient: [0, 0, index * 2],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    RescaleSlope: 1,
    RescaleIntercept: -1024,
  }),
)

let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  station = await startStation()
  const sent = await sendBytes(IMAGES, { port: station.dimsePort })
  expect(sent.map(({ status }) => status)).toEqual(IMAGES.map(() => 0))
  await keep({ ...EMPTY_DRAFT, marks: MARKS, keyImages: KEYS })
  browser = await launchChromium()
  await openStudy()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const place = (image: number) => ({
  SeriesInstanceUID: SERIES,
  SOPInstanceUID: IMAGES[image]!.SOPInstanceUID,
  frame: 1,
})
const mark = (kind: Mark['kind'], points: Mark['points'], more: Partial<Mark> = {}): Mark => ({
  id: crypto.randomUUID(),
  kind,
  ...place(0),
  points,
  text: '',
  ...more,
})
const MARKS: Mark[] = [
  mark('length', [
    [10.125, 20.5],
    [40.25, 20.5],
  ]),
  mark('ellipse', [
    [8.5, 8.25],
    [30.75, 24.125],
  ]),
  mark(
    'spline',
    [
      [10, 10],
      [40, 12.001],
      [38.5, 40],
      [12.345, 38],
    ],
    place(1),
  ),
  mark('vertebra', [[20.002, 33.25]], { text: 'L4' }),
  mark(
    'polyline',
    [
      [5, 5],
      [20, 6],
      [11.5, 30],
    ],
    { closed: true, locked: true },
  ),
  mark(
    'arrow',
    [
      [10, 50],
      [25, 60],
    ],
    { text: 'Größe 4 mm', label: [30.5, 55.125], ...place(2) },
  ),
]
const KEYS = [place(1)]

async function keep(draft: Draft): Promise<void> {
  const { rev } = await station.call('draft.get', { StudyInstanceUID: STUDY })
  expect(await station.call('draft.put', { StudyInstanceUID: STUDY, draft, rev })).toEqual({ rev: rev + 1 })
}

const draft = async () => (await station.call('draft.get', { StudyInstanceUID: STUDY })).draft as Draft | null

async function openStudy(): Promise<void> {
  ;({ context, page, trouble } = await openWorkstation(browser, station.url, { width: 1280, height: 720 }))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
}

/** The page is left, and the study opened in another. */
async function reopen(): Promise<void> {
  expect(trouble.found).toEqual([])
  await context.close()
  await openStudy()
}

const list = () => page.getByRole('complementary', { name: 'Marks and key images' })
const saved = () => list().locator('.saved-line')
const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })

/** The objects of a kind that the study has on the station. */
async function stored(Modality: string): Promise<Array<Record<string, { Value?: unknown[] }>>> {
  const found = await station.get(`/dicom-web/studies/${STUDY}/instances?Modality=${Modality}`)
  if (found.status === 204) return []
  const instances = (await found.json()) as Array<Record<string, { Value: string[] }>>
  return Promise.all(
    instances.map(async one => {
      const address = `/dicom-web/studies/${STUDY}/series/${one['0020000E']!.Value[0]}/instances/${one['00080018']!.Value[0]}`
      return ((await (await station.get(`${address}/metadata`)).json()) as [never])[0]
    }),
  )
}

test('one key saves what was marked as a report, a selection and views, and the list says so', async () => {
  await page.keyboard.press('m')
  await saved()
    .getByText(`${MARKS.length + KEYS.length} changes not saved`)
    .waitFor()
  await shot('save-unsaved')
  await page.keyboard.press('Control+s')
  await page.getByText(`Saved: ${MARKS.length} marks, 1 key image, 1 view`).waitFor()
  await saved()
    .getByText(/^Saved \d\d:\d\d$/)
    .waitFor()
  await shot('save-saved')
  const counts = await Promise.all(['SR', 'KO', 'PR'].map(async modality => (await stored(modality)).length))
  expect(counts).toEqual([1, 1, 1])
  const [report] = await stored('SR')
  // Patient and study are the image's own.
  expect(report).toMatchObject({
    '00100020': { Value: ['SAVE-1'] },
    '00080016': { Value: ['1.2.840.10008.5.1.4.1.1.88.33'] },
  })
  await page.keyboard.press('Control+s')
  await page.getByText('Nothing has changed since the last save').waitFor()
  expect(await stored('SR')).toHaveLength(1)
})

test('without a draft, as on another station, the same marks come back from the report', async () => {
  await keep(EMPTY_DRAFT)
  await reopen()
  await expect.poll(async () => (await draft())?.marks, { timeout: 20_000 }).toEqual(MARKS)
  expect((await draft())?.keyImages).toEqual(KEYS)
  await page.keyboard.press('m')
  await saved()
    .getByText(/^Saved \d\d:\d\d$/)
    .waitFor()
  await expect.poll(() => page.locator('[data-pane="0"] .mark-label').allTextContents()).toContain('22.6 mm')
})

test('a later save is a version of its own that names the one before; marks keep their identity', async () => {
  const before = (await stored('SR'))[0]!
  await list().getByRole('button', { name: 'Delete', exact: true }).first().click()
  await saved().getByText('1 change not saved').waitFor()
  await saved().getByRole('button', { name: 'Save' }).click()
  await page.getByText(`Saved: ${MARKS.length - 1} marks`).waitFor()
  await expect.poll(async () => (await stored('SR')).length).toBe(2)
  const uid = (one: typeof before) => one['00080018']!.Value![0]
  const after = (await stored('SR')).find(one => uid(one) !== uid(before))!
  expect(after['0020000E']).toEqual(before['0020000E'])
  expect(JSON.stringify(after['0040A360'])).toContain(String(uid(before)))
  // Undo edits the draft alone.
  await page.keyboard.press('Control+z')
  await saved().getByText('1 change not saved').waitFor()
  expect(await stored('SR')).toHaveLength(2)
})

test('a version that was saved meanwhile is offered, the own marks stay until it is taken', async () => {
  const mine = (await draft())!
  const { continues: _, ...unrelated } = mine
  await keep({ ...unrelated, marks: mine.marks.slice(0, 2) } as Draft)
  await reopen()
  await page.keyboard.press('m')
  await saved()
    .getByText(/^Another version was saved/)
    .waitFor()
  await shot('save-newer')
  expect((await draft())?.marks).toHaveLength(2)
  await saved().getByRole('button', { name: 'Take it' }).click()
  await expect.poll(async () => (await draft())?.marks.length).toBe(MARKS.length - 1)
  await saved()
    .getByText(/^Saved \d\d:\d\d$/)
    .waitFor()
})

test('what could not be saved is said and kept, and the button tries again', async () => {
  await page.route('**/dicom-web/studies', route => route.abort())
  await page.keyboard.press('Space')
  await saved().getByText('1 change not saved').waitFor()
  await page.keyboard.press('Control+s')
  await saved()
    .getByText(/^Not saved: /)
    .waitFor()
  await shot('save-failed')
  expect((await draft())?.keyImages).toHaveLength(2)
  await page.unroute('**/dicom-web/studies')
  // The browser's own word for the request that was cut.
  trouble.found.length = 0
  await saved().getByRole('button', { name: 'Try again' }).click()
  await saved()
    .getByText(/^Saved \d\d:\d\d$/)
    .waitFor()
  expect(await stored('KO')).toHaveLength(2)
})

test('marking as read saves what is not saved', async () => {
  await page.keyboard.press('Space')
  await expect.poll(async () => (await draft())?.keyImages.length).toBe(1)
  await page.keyboard.press('r')
  await expect.poll(async () => (await stored('KO')).length).toBe(3)
})

test('how it was seen comes back where the draft is gone, and saving there does not put how it opens in its place', async () => {
  const seen = () => page.evaluate(() => window.isocenter.viewports()[0]?.transform)
  const turned = async () => {
    const [a, b] = await seen().then(matrix => [matrix?.a ?? 1, matrix?.b ?? 0])
    return Math.abs(a!) < 1e-9 && Math.abs(b!) > 0
  }
  const states = async () => (await stored('PR')).length
  const before = await states()
  await page.keyboard.press('Shift+R')
  await page.keyboard.press('Shift+I')
  await expect.poll(turned).toBe(true)
  await expect.poll(async () => Object.values((await draft())?.views ?? {})[0]?.inverted).toBe(true)
  await page.keyboard.press('Control+s')
  await expect.poll(states).toBe(before + 1)
  await keep(EMPTY_DRAFT)
  await reopen()
  await expect.poll(turned).toBe(true)
  await expect
    .poll(async () => Object.values((await draft())?.views ?? {})[0])
    .toMatchObject({
      inverted: true,
      quarterTurns: 1,
    })
  await page.keyboard.press('Control+s')
  await page.getByText('Nothing has changed since the last save').waitFor()
  expect(await states()).toBe(before + 1)
})

test('an area becomes the shutter of its images, by one key and undone by one; saved, it comes back without the draft', async () => {
  /** Of the shutter over the first pane's picture: the part that is covered; -1 where there is none. */
  const covered = () =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-pane="0"] canvas.planes')
      if (canvas === null) return -1
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      return data.filter((value, at) => at % 4 === 3 && value === 255).length / (data.length / 4)
    })
  const states = async () => (await stored('PR')).length
  const marks = (await draft())!.marks.length
  const before = await states()
  await page.keyboard.press('Control+b')
  await page.getByText('Draw an area first').waitFor()
  expect(await covered()).toBe(-1)
  await page.keyboard.press('Shift+E')
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x - 120, y - 100)
  await page.mouse.down()
  await page.mouse.move(x + 120, y + 100, { steps: 4 })
  await page.mouse.up()
  await expect.poll(async () => (await draft())?.marks.length).toBe(marks + 1)
  await page.keyboard.press('Control+b')
  await expect.poll(covered).toBeGreaterThan(0.5)
  const part = await covered()
  await expect.poll(async () => (await draft())?.marks.length).toBe(marks)
  await page.getByText('shutter', { exact: true }).waitFor()
  await shot('shutter')
  // Of the whole stack.
  await page.keyboard.press('PageDown')
  await expect.poll(covered).toBe(part)
  await page.keyboard.press('Control+z')
  await expect.poll(covered).toBe(-1)
  await page.keyboard.press('Control+y')
  await expect.poll(covered).toBe(part)
  await page.keyboard.press('Control+s')
  await expect.poll(states).toBe(before + 1)
  expect(JSON.stringify(await stored('PR'))).toContain('RECTANGULAR')
  await keep(EMPTY_DRAFT)
  await reopen()
  await expect.poll(covered, { timeout: 20_000 }).toBe(part)
  await page.keyboard.press('Control+s')
  await page.getByText('Nothing has changed since the last save').waitFor()
  // Taken away, that is a version, too.
  await page.keyboard.press('Control+b')
  await expect.poll(covered).toBe(-1)
  await page.keyboard.press('Control+s')
  await expect.poll(states).toBe(before + 2)
  await keep(EMPTY_DRAFT)
  await reopen()
  await expect.poll(async () => (await draft())?.marks.length, { timeout: 20_000 }).toBe(marks)
  expect(await covered()).toBe(-1)
})

test('marked as read in the list it is saved, too', async () => {
  await page.keyboard.press('Space')
  await expect.poll(async () => (await draft())?.keyImages.length).toBe(2)
  await page.keyboard.press('Backspace')
  const row = page.locator(`[data-study="${STUDY}"]`)
  await row.click()
  const status = async () => {
    const { studies } = await station.call('studies.list', { search: 'SAVE-1' })
    return studies[0]?.reading.status
  }
  await page.keyboard.press('r')
  await expect.poll(status).toBe('opened')
  await page.keyboard.press('r')
  await expect.poll(status).toBe('read')
  await expect.poll(async () => (await stored('KO')).length).toBe(4)
  expect(trouble.found).toEqual([])
})

test('the layout a reader made is saved when it is asked for, and the study opens in it where the draft is gone', async () => {
  const panes = () => page.locator('[data-pane]').count()
  const layouts = async () =>
    (await stored('PR')).filter(one => one['00080016']?.Value?.[0] === '1.2.840.10008.5.1.4.1.1.131')
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  const marks = (await draft())!.marks.length
  await page.keyboard.press('Alt+2')
  await expect.poll(async () => (await draft())?.layout?.columns).toBe(2)
  await page.keyboard.press('Control+s')
  await page.getByText(/^Saved: .*the layout/).waitFor()
  expect(await layouts()).toHaveLength(1)
  await page.keyboard.press('Control+s')
  await page.getByText('Nothing has changed since the last save').waitFor()
  await keep(EMPTY_DRAFT)
  await reopen()
  await expect.poll(panes).toBe(2)
  expect(await page.evaluate(() => window.isocenter.viewports().length)).toBe(1)
  await shot('layout-reopened')
  await page.keyboard.press('Alt+1')
  await expect.poll(async () => (await draft())?.layout?.columns).toBe(1)
  await page.keyboard.press('Control+s')
  await expect.poll(async () => (await layouts()).length).toBe(2)
  await expect.poll(async () => (await draft())?.marks.length).toBe(marks)
  expect(trouble.found).toEqual([])
})

test('two versions saved beside each other are told of as two, and merged by whoever reads', async () => {
  const mine = (await draft())!
  const [first, ...rest] = mine.marks
  // As on a station that marked something of its own and knew of nothing else.
  const own = { ...first!, id: '5f0c2a4e-7d5b-4c3e-9a51-0d2b6a7c8e9f' }
  const { continues: _, ...unrelated } = mine
  await keep({ ...unrelated, marks: [own], keyImages: [] } as Draft)
  await reopen()
  await page.keyboard.press('m')
  const before = (await stored('SR')).length
  await saved().getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => (await stored('SR')).length).toBe(before + 1)
  await saved()
    .getByText(/^\d marks in a version saved beside this one/)
    .waitFor()
  await shot('save-beside')
  await saved().getByRole('button', { name: 'Add', exact: true }).click()
  await expect.poll(async () => (await draft())?.marks.length).toBe(rest.length + 2)
  await saved().getByRole('button', { name: 'Save' }).click()
  await expect.poll(async () => (await stored('SR')).length).toBe(before + 2)
  // Made from both: one head again, and nothing is offered.
  const merged = (await stored('SR')).filter(one => JSON.stringify(one['0040A360'] ?? '').split('00081155').length > 2)
  expect(merged).toHaveLength(1)
  await expect.poll(() => saved().getByRole('button', { name: 'Add', exact: true }).count()).toBe(0)
})
