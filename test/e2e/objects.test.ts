import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { doseObject, type Grid, segmentationObject, structureSetObject } from '../fixtures/drawnObjects.ts'
import { sharedDataFolder } from '../fixtures/sharedData.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * What is drawn on images: a phantom with a bright ball, its segmentation, a structure set and a dose that grows evenly from right to
 * left, so that every figure and every place is known; then real files, where they are.
 */
const STUDY = '2.25.91001'
const CT = `${STUDY}.1`
const FRAME = `${STUDY}.9`
const SLICES = 15
const [COLUMNS, ROWS] = [80, 64]
const ORIGIN = [-60, -48, -30] as const
const SPACING = 1.5
const STEP = 4
const BALL = { centre: [6, -6, -2], radius: 18 } as const
/** The objects' own grid: finer slices, other origin. */
const GRID: Grid = {
  FrameOfReferenceUID: FRAME,
  Rows: 60,
  Columns: 60,
  frames: 24,
  origin: [-54, -48, -28],
  spacing: 2,
}
const inBall = ([x, y, z]: readonly [number, number, number]) =>
  Math.hypot(x - BALL.centre[0], y - BALL.centre[1], z - BALL.centre[2]) <= BALL.radius
const doseAt = ([x]: readonly [number, number, number]) => 30 + 0.4 * x
const LONELY = '2.25.91002'

let folder = ''
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

async function write(name: string, values: NewDataSet): Promise<void> {
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: String(values.SOPClassUID),
    MediaStorageSOPInstanceUID: String(values.SOPInstanceUID),
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  const dataSet = writeDataSet(values, encodingOf(TS.ExplicitVRLittleEndian))
  await writeFile(path.join(folder, name), Buffer.concat([meta, dataSet]))
}

const about = { PatientID: 'OBJECTS-1', PatientName: 'OBJECTS^PHANTOM', StudyDate: '20260601', StudyInstanceUID: STUDY }

function slice(index: number): NewDataSet {
  const z = ORIGIN[2] + index * STEP
  const pixels = Int16Array.from({ length: COLUMNS * ROWS }, (_, i) => {
    const place = [ORIGIN[0] + (i % COLUMNS) * SPACING, ORIGIN[1] + Math.floor(i / COLUMNS) * SPACING, z] as const
    return inBall(place) ? 1100 + (i % 7) : 924
  })
  return {
    ...about,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `${CT}.${index + 1}`,
    SeriesInstanceUID: CT,
    Modality: 'CT',
    SeriesNumber: 1,
    InstanceNumber: index + 1,
    FrameOfReferenceUID: FRAME,
    ImagePositionPatient: [ORIGIN[0], ORIGIN[1], z],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [SPACING, SPACING],
    SliceThickness: STEP,
    Rows: ROWS,
    Columns: COLUMNS,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleSlope: 1,
    RescaleIntercept: -1024,
    WindowCenter: [50],
    WindowWidth: [400],
    PixelData: pixels,
  }
}

const box = (z: number): Array<[number, number, number]> => [
  [-20, -20, z],
  [20, -20, z],
  [20, 10, z],
  [-20, 10, z],
]

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-objects-'))
  for (let index = 0; index < SLICES; index++) await write(`ct${index}.dcm`, slice(index))
  const series = (number: number, name: string) => ({
    ...about,
    SOPInstanceUID: `${STUDY}.${number}.1`,
    SeriesInstanceUID: `${STUDY}.${number}`,
    SeriesNumber: number,
    SeriesDescription: name,
  })
  await write('seg.dcm', { ...segmentationObject(GRID, [{ label: 'Ball', holds: inBall }]), ...series(2, 'Lesions') })
  const contours = [-14, -10, -6, -2, 2, 6].map(z => ({ type: 'CLOSED_PLANAR', points: box(z) }))
  const rois = [
    { name: 'Box', colour: [255, 0, 0], contours },
    { name: 'Isocentre', contours: [{ type: 'POINT', points: [[0, 0, -2] as const] }] },
  ]
  await write('struct.dcm', { ...structureSetObject(FRAME, rois, CT), ...series(3, 'Contours') })
  const plan = `${STUDY}.5.1`
  await write('dose.dcm', {
    ...doseObject(GRID, doseAt),
    ...series(4, 'Plan dose'),
    ReferencedRTPlanSequence: [{ ReferencedSOPInstanceUID: plan }],
  })
  await write('plan.dcm', {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5',
    Modality: 'RTPLAN',
    RTPlanLabel: 'PHANTOM',
    DoseReferenceSequence: [{ DoseReferenceDescription: 'Target', TargetPrescriptionDose: 40 }],
    FractionGroupSequence: [{ NumberOfFractionsPlanned: 20 }],
    ...series(5, 'Plan'),
  })
  await write('lonely.dcm', {
    ...structureSetObject(`${LONELY}.9`, rois, `${LONELY}.1`),
    ...about,
    StudyInstanceUID: LONELY,
    PatientID: 'OBJECTS-2',
    SOPInstanceUID: `${LONELY}.3.1`,
    SeriesInstanceUID: `${LONELY}.3`,
    SeriesDescription: 'Contours alone',
  })
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url, { search: 'rendering=cpu' }))
  await openStudy(STUDY)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function openStudy(study: string): Promise<void> {
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${study}"]`).dblclick()
  await page.locator('.series-card').first().waitFor()
}

const settled = (series: string) =>
  expect
    .poll(() =>
      page.evaluate(() => {
        const [pane] = window.isocenter.viewports()
        return pane?.settled ? pane.seriesUID : ''
      }),
    )
    .toBe(series)

/** The image on the screen by its number, once it is there. */
async function goTo(number: number): Promise<void> {
  await page.keyboard.press('Home')
  for (let at = 1; at < number; at++) await page.keyboard.press('PageDown')
  await expect.poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.SOPInstanceUID)).toBe(`${CT}.${number}`)
}

/** The lines over the first pane by name: the corners of all of them, image coordinates. */
function lines(): Promise<Record<string, { left: number; top: number; right: number; bottom: number }>> {
  return page.evaluate(() => {
    const found: Record<string, { left: number; top: number; right: number; bottom: number }> = {}
    for (const group of document.querySelectorAll('[data-pane="0"] .objects [data-name]')) {
      const numbers =
        (group.querySelector('.object-line')?.getAttribute('d') ?? '').match(/-?[\d.]+/g)?.map(Number) ?? []
      const xs = numbers.filter((_, index) => index % 2 === 0)
      const ys = numbers.filter((_, index) => index % 2 === 1)
      found[group.getAttribute('data-name') ?? ''] = {
        left: Math.min(...xs),
        right: Math.max(...xs),
        top: Math.min(...ys),
        bottom: Math.max(...ys),
      }
    }
    return found
  })
}
const names = async () => Object.keys(await lines())

/** Image coordinates of a place of the patient. */
const column = (x: number) => (x - ORIGIN[0]) / SPACING + 0.5
const row = (y: number) => (y - ORIGIN[1]) / SPACING + 0.5

test('a segmentation opened in the strip hangs its images, outlined where it lies', async () => {
  await page.locator(`[data-set^="${STUDY}.2"]`).dblclick()
  await settled(CT)
  await goTo(8)
  await expect.poll(names).toEqual(['Ball'])
  // Slice 8 lies at z = −2, through the centre: as wide as the pixels of 2 mm whose middles the ball holds.
  const { Ball } = await lines()
  const middles = (origin: number, centre: number) => {
    const first = Math.ceil((centre - BALL.radius - origin) / GRID.spacing)
    const last = Math.floor((centre + BALL.radius - origin) / GRID.spacing)
    return [origin + (first - 0.5) * GRID.spacing, origin + (last + 0.5) * GRID.spacing] as const
  }
  const [left, right] = middles(GRID.origin[0], BALL.centre[0])
  const [top, bottom] = middles(GRID.origin[1], BALL.centre[1])
  expect(Ball!.left).toBeCloseTo(column(left), 1)
  expect(Ball!.right).toBeCloseTo(column(right), 1)
  expect(Ball!.top).toBeCloseTo(row(top), 1)
  expect(Ball!.bottom).toBeCloseTo(row(bottom), 1)
  // On the screen it lies where the picture is bright: every corner within a pixel of 2 mm.
  const off = await page.evaluate(() => {
    const group = document.querySelector<SVGGraphicsElement>(
      '[data-pane="0"] .objects [data-name="Ball"] .object-line',
    )!
    const canvas = document.querySelector('[data-pane="0"] .canvas')!.getBoundingClientRect()
    const image = window.isocenter.readPixels('pane-0')!
    const bright = { left: image.width, right: 0, top: image.height, bottom: 0 }
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        if (image.data[(y * image.width + x) * 4]! < 100) continue
        bright.left = Math.min(bright.left, x)
        bright.right = Math.max(bright.right, x + 1)
        bright.top = Math.min(bright.top, y)
        bright.bottom = Math.max(bright.bottom, y + 1)
      }
    }
    const drawn = group.getBoundingClientRect()
    const { a } = window.isocenter.viewports()[0]!.transform!
    const ends = [drawn.left - bright.left, drawn.right - bright.right].map(one => one - canvas.left)
    const heights = [drawn.top - bright.top, drawn.bottom - bright.bottom].map(one => one - canvas.top)
    return [...ends, ...heights].map(one => Math.abs(one) / a)
  })
  for (const pixels of off) expect(pixels).toBeLessThan(GRID.spacing / SPACING)
  // Beyond the ball there is nothing.
  await goTo(14)
  await expect.poll(names).toEqual([])
})

test('the panel, by keyboard: volume, values inside, the largest slice, hidden and shown', async () => {
  const panel = page.locator('.structures')
  await expect.poll(() => panel.isVisible()).toBe(true)
  const ball = page.locator('[data-part="Ball"]')
  let voxels = 0
  for (let frame = 0; frame < GRID.frames; frame++)
    for (let y = 0; y < GRID.Rows; y++)
      for (let x = 0; x < GRID.Columns; x++)
        if (inBall([GRID.origin[0] + 2 * x, GRID.origin[1] + 2 * y, GRID.origin[2] + 2 * frame])) voxels++
  await expect.poll(() => ball.locator('.amount').textContent()).toBe(`${((voxels * 8) / 1000).toFixed(1)} ml`)
  await ball.locator('button').first().focus()
  await page.keyboard.press('Enter')
  // The images go to the ball's middle, and what is inside is measured on them.
  await expect.poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.SOPInstanceUID)).toBe(`${CT}.8`)
  const figures = page.getByTestId('part-figures')
  await expect.poll(() => figures.textContent()).toMatch(/mean \d+(\.\d+)? ± .* HU.* n [\d,]+/)
  // Each pixel of each slice whose middle lies in a voxel of the segment, and its value.
  const inside: number[] = []
  for (let index = 0; index < SLICES; index++) {
    const pixels = slice(index).PixelData as Int16Array
    pixels.forEach((stored, i) => {
      const place = [
        ORIGIN[0] + (i % COLUMNS) * SPACING,
        ORIGIN[1] + Math.floor(i / COLUMNS) * SPACING,
        ORIGIN[2] + index * STEP,
      ] as const
      const voxel = place.map((part, axis) => {
        const at = Math.floor((part - GRID.origin[axis]!) / GRID.spacing + 0.5)
        return GRID.origin[axis]! + at * GRID.spacing
      }) as [number, number, number]
      if (inBall(voxel)) inside.push(stored - 1024)
    })
  }
  const mean = inside.reduce((sum, one) => sum + one, 0) / inside.length
  const said = await figures.textContent()
  expect(said).toContain(`n ${inside.length.toLocaleString('en')}`)
  expect(said).toContain(`mean ${Number(mean.toPrecision(4))} ±`)
  expect(said).toContain(`${Math.min(...inside)} to ${Math.max(...inside)} HU`)
  await page.keyboard.press('Space')
  await expect.poll(names).toEqual([])
  await page.keyboard.press('Space')
  await expect.poll(names).toEqual(['Ball'])
  await page.keyboard.press('Shift+J')
  await expect.poll(() => page.locator('.objects-hidden').textContent()).toBe('structures hidden')
  await page.keyboard.press('Shift+J')
  await expect.poll(names).toEqual(['Ball'])
})

test('contours, isodoses and the histogram, against what they are made of', async () => {
  await page.locator(`[data-set^="${STUDY}.3"]`).dblclick()
  await page.locator('[data-part="Box"]').waitFor()
  await page.locator(`[data-set^="${STUDY}.4"]`).dblclick()
  await page.locator('[data-structures] [aria-label="Isodose levels"]').waitFor()
  await settled(CT)
  await goTo(8)
  await expect.poll(names).toContain('Isocentre')
  const drawn = await lines()
  expect(drawn.Box).toEqual({ left: 27.17, right: 53.83, top: 19.17, bottom: 39.17 })
  expect(drawn.Box!.left).toBeCloseTo(column(-20), 1)
  expect(drawn.Isocentre!.left).toBeCloseTo(column(0), 1)
  // Without the plan read, the greatest dose is 100 %: 30 + 0.4 · 64 Gy.
  const most = 30 + 0.4 * 64
  const level = drawn[`50 % · ${(most / 2).toFixed(2)} Gy`]!
  for (const edge of [level.left, level.right]) expect(edge).toBeCloseTo(column((most / 2 - 30) / 0.4), 1)
  await expect.poll(() => page.locator('[data-part="Box"] .amount').textContent()).toBe('28.8 ml')

  // The plan says what is prescribed, and the levels are of that.
  await page.locator('.structures-row.object button', { hasText: 'RTPLAN' }).click()
  await expect.poll(() => page.locator('.structures-facts').textContent()).toContain('prescribed 40 Gy')
  await expect.poll(names).toContain('90 % · 36.00 Gy')
  const prescribed = (await lines())['90 % · 36.00 Gy']!
  expect(prescribed.left).toBeCloseTo(column(15), 1)

  // Under the pointer: the dose there, and what lies there.
  const at = await page.evaluate(
    ([x, y]) => {
      const { a, d, e, f } = window.isocenter.viewports()[0]!.transform!
      const canvas = document.querySelector('[data-pane="0"] .canvas')!.getBoundingClientRect()
      return [canvas.left + a * x + e, canvas.top + d * y + f] as const
    },
    [column(-15), row(5)] as const,
  )
  await page.mouse.move(at[0], at[1])
  await expect
    .poll(() => page.getByTestId('under-pointer').textContent())
    .toMatch(/^2[34]\.\d\d Gy \((59|60)\.\d %\) · Box$/)

  await page.getByLabel('Dose–volume histogram').click()
  const cells = page.locator('[data-curve="Box"] td')
  await cells.first().waitFor()
  // x from −20 to 20, evenly: 22 to 38 Gy. D95 at a twentieth of the way, V30 half.
  const figures = (await cells.allTextContents()).map(Number.parseFloat)
  const expected = [28.8, 22, 30, 38, 22.32, 22.8, 30, 37.68]
  for (const [index, value] of expected.entries()) expect(Math.abs(figures[index]! - value)).toBeLessThan(0.15)
  await page.locator('.histogram input').fill('30')
  await expect.poll(async () => Math.round(Number.parseFloat((await cells.last().textContent()) ?? ''))).toBe(50)
  await page.keyboard.press('Escape')
  await page.locator('.histogram').waitFor({ state: 'detached' })
})

test('where the images are not here it says so, with a way out', async () => {
  await page.keyboard.press('Backspace')
  await openStudy(LONELY)
  await page.locator(`[data-set^="${LONELY}.3"]`).dblclick()
  const message = page.locator('[data-pane="0"] .pane-message')
  await expect.poll(() => message.textContent()).toContain('It is drawn on images that are not here.')
  for (const name of ['Show on its images', 'Tag browser', 'Send to…']) {
    expect(await message.getByRole('button', { name }).isVisible()).toBe(true)
  }
  expect(trouble.found).toEqual([])
})

const HIGHDICOM = path.join(sharedDataFolder, 'ImagingDataCommons__highdicom/data/test_files')
const SEGMENTED = ['ct_image.dcm', 'seg_image_ct_binary_single_frame.dcm'] as const
const segmented = SEGMENTED.every(name => existsSync(path.join(HIGHDICOM, name)))

test.runIf(segmented)('a segmentation of highdicom lies on the pixels of its CT that it was made of', async () => {
  const bytes = new Uint8Array(await readFile(path.join(HIGHDICOM, SEGMENTED[1])))
  const meta = readFileMeta(bytes)!
  const seg = DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
  const [columns, rows] = [seg.number('Columns')!, seg.number('Rows')!]
  const bits = seg.bytes('PixelData')!
  const expected = { left: columns, top: rows, right: 0, bottom: 0 }
  for (let i = 0; i < columns * rows; i++) {
    if (((bits[i >> 3]! >> (i & 7)) & 1) === 0) continue
    const [x, y] = [i % columns, Math.floor(i / columns)]
    expected.left = Math.min(expected.left, x)
    expected.top = Math.min(expected.top, y)
    expected.right = Math.max(expected.right, x + 1)
    expected.bottom = Math.max(expected.bottom, y + 1)
  }
  const copies = await mkdtemp(path.join(tmpdir(), 'isocenter-objects-seg-'))
  try {
    for (const name of SEGMENTED) await copyFile(path.join(HIGHDICOM, name), path.join(copies, name))
    await page.keyboard.press('Backspace')
    await station.job(await station.call('import.start', { paths: [copies] }))
    await page.keyboard.press('F5')
    await openStudy(seg.string('StudyInstanceUID'))
    await page.locator(`[data-set^="${seg.string('SeriesInstanceUID')}"]`).dblclick()
    await expect.poll(names).toEqual([seg.items('SegmentSequence')[0]!.string('SegmentLabel')])
    expect(Object.values(await lines())).toEqual([expected])
  } finally {
    await rm(copies, { recursive: true, force: true })
  }
})

const REAL = path.join(sharedDataFolder, 'didymo__OnkoDICOM/DICOM-RT-TEST')
const STRUCTURES = '20191031-215249_m.dcm'
const real = await readdir(REAL).catch((): string[] => [])

test.runIf(real.includes(STRUCTURES))('real contours lie where the file says, to a twentieth of a pixel', async () => {
  const bytes = new Uint8Array(await readFile(path.join(REAL, STRUCTURES)))
  const meta = readFileMeta(bytes)!
  const set = DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
  const copies = await mkdtemp(path.join(tmpdir(), 'isocenter-objects-real-'))
  try {
    for (const name of real) await copyFile(path.join(REAL, name), path.join(copies, name))
    await page.keyboard.press('Backspace')
    await station.job(await station.call('import.start', { paths: [copies] }))
    await page.keyboard.press('F5')
    const study = set.string('StudyInstanceUID')
    await openStudy(study)
    await page.locator(`[data-set^="${set.string('SeriesInstanceUID')}"]`).dblclick()
    await page.locator('[data-part]').first().waitFor()
    await page.locator('[data-part] .structures-row > button').first().click()
    await expect.poll(async () => (await names()).length).toBeGreaterThan(0)
    await expect.poll(() => page.evaluate(() => window.isocenter.viewports()[0]?.settled)).toBe(true)
    const shown = await page.evaluate(() => window.isocenter.viewports()[0]!.SOPInstanceUID)
    const drawn = await lines()
    // By hand: the contours that name this image, from patient to image coordinates of an axial slice.
    const image = await imageOf(shown)
    const roiNames = new Map(
      set.items('StructureSetROISequence').map(item => [item.number('ROINumber'), item.string('ROIName')]),
    )
    let compared = 0
    for (const roi of set.items('ROIContourSequence')) {
      const name = roiNames.get(roi.number('ReferencedROINumber')) ?? ''
      const on = roi
        .items('ContourSequence')
        .filter(one => one.items('ContourImageSequence')[0]?.string('ReferencedSOPInstanceUID') === shown)
      if (on.length !== 1 || drawn[name] === undefined) continue
      const numbers = on[0]!.numbers('ContourData')
      const xs = numbers.filter((_, i) => i % 3 === 0).map(x => (x - image.x) / image.spacing + 0.5)
      const ys = numbers.filter((_, i) => i % 3 === 1).map(y => (y - image.y) / image.spacing + 0.5)
      expect(drawn[name]!.left).toBeCloseTo(Math.min(...xs), 1)
      expect(drawn[name]!.right).toBeCloseTo(Math.max(...xs), 1)
      expect(drawn[name]!.top).toBeCloseTo(Math.min(...ys), 1)
      expect(drawn[name]!.bottom).toBeCloseTo(Math.max(...ys), 1)
      compared++
    }
    expect(compared).toBeGreaterThan(0)
  } finally {
    await rm(copies, { recursive: true, force: true })
    await context.close()
  }

  async function imageOf(SOPInstanceUID: string): Promise<{ x: number; y: number; spacing: number }> {
    for (const name of real.filter(one => one.startsWith('CT_'))) {
      const file = new Uint8Array(await readFile(path.join(REAL, name)))
      const head = readFileMeta(file)!
      if (head.MediaStorageSOPInstanceUID !== SOPInstanceUID) continue
      const image = DataSet.read(file, encodingOf(head.TransferSyntaxUID), { offset: head.dataSetOffset })
      const [x = 0, y = 0] = image.numbers('ImagePositionPatient')
      expect(image.numbers('ImageOrientationPatient')).toEqual([1, 0, 0, 0, 1, 0])
      return { x, y, spacing: image.numbers('PixelSpacing')[0] ?? 1 }
    }
    throw new Error('the image on the screen is none of the files')
  }
})

test('keys that a reader presses while a segmentation is on its way win over where its images hung before', async () => {
  const other = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const late = await other.newPage()
  await late.goto(station.url)
  let letGo = () => {}
  const held = new Promise<void>(resolve => {
    letGo = resolve
  })
  await late.route('**/api/series.open', async route => {
    if (route.request().postData()?.includes(`${STUDY}.2"`)) await held
    await route.continue()
  })
  const shownNow = () => late.evaluate(() => window.isocenter.viewports()[0]?.SOPInstanceUID)
  await late.locator(`[data-study="${STUDY}"]`).dblclick()
  await expect.poll(shownNow).toContain(`${CT}.`)
  await late.locator(`[data-set^="${STUDY}.2"]`).dblclick()
  await late.keyboard.press('Home')
  for (let at = 1; at < 8; at++) await late.keyboard.press('PageDown')
  await expect.poll(shownNow).toBe(`${CT}.8`)
  letGo()
  await late.locator('[data-pane="0"] .objects [data-name="Ball"]').first().waitFor()
  expect(await shownNow()).toBe(`${CT}.8`)
  await other.close()
})
