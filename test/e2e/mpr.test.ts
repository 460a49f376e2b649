import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { ctAttributes } from '../fixtures/ctAttributes.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * Three planes of a CT of a body of soft tissue with one bright ball at (62, 40, 50) mm: 96 × 96 pixels of 1 mm, 60 slices of
 * 1.5 mm; the same with two slices missing, and as a tilted gantry writes it. Each test goes on where the one before ended.
 */
const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2'
const STUDY = '2.25.71001'
const SIDE = 96
const SLICES = 60
const STEP = 1.5
const BALL = [62, 40, 50] as const
const TILT = 0.3

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `mpr-${name}.png`) })
const pane = (index: number) => page.locator(`[data-pane="${index}"]`)

function value(x: number, y: number, z: number): number {
  if (Math.hypot(x - BALL[0], y - BALL[1], z - BALL[2]) < 5) return 400
  const inside = Math.hypot((x - 48) / 40, (y - 48) / 30) < 1 && z > 6 && z < 84
  if (!inside) return -1000
  // A soft ball of another grey, and a dark tube from front to back: something to look at.
  if (Math.hypot(x - 30, z - 60) < 7) return -700
  return Math.hypot((x - 40) / 14, (y - 60) / 9, (z - 35) / 20) < 1 ? 90 : 30
}

async function writeSeries(number: number, slices: number[], tilt = 0, phase = 0): Promise<void> {
  const SeriesInstanceUID = `${STUDY}.${number}`
  const [cosine, sine] = [Math.cos(tilt), Math.sin(tilt)]
  for (const k of slices) {
    const pixels = new Uint16Array(SIDE * SIDE)
    const z0 = k * STEP - (tilt === 0 ? 0 : 14)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) pixels[y * SIDE + x] = value(x - 6 * phase, y * cosine, z0 + y * sine) + 1024
    const SOPInstanceUID = `${SeriesInstanceUID}.${phase * 1000 + k + 1}`
    const dataSet = writeDataSet(
      {
        SOPClassUID: CT_CLASS,
        SOPInstanceUID,
        StudyInstanceUID: STUDY,
        SeriesInstanceUID,
        FrameOfReferenceUID: '2.25.79001',
        PatientName: 'MPR^PHANTOM',
        PatientID: 'MPR-1',
        StudyDate: '20260601',
        Modality: 'CT',
        SeriesNumber: number,
        SeriesDescription: ['', 'whole', 'gap', 'tilted', 'through time'][number] ?? '',
        InstanceNumber: phase * 1000 + k + 1,
        ...(phase > 0 && { TemporalPositionIdentifier: phase }),
        ImagePositionPatient: [0, 0, z0],
        ImageOrientationPatient: [1, 0, 0, 0, cosine, sine],
        SliceThickness: STEP,
        ...ctAttributes(SIDE),
        PixelData: pixels,
      },
      encodingOf(TS.ExplicitVRLittleEndian),
    )
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: CT_CLASS,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    })
    await writeFile(path.join(folder, `${number}-${phase}-${k}.dcm`), Buffer.concat([meta, dataSet]))
  }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-mpr-'))
  const all = Array.from({ length: SLICES }, (_, k) => k)
  await writeSeries(1, all)
  await writeSeries(
    2,
    all.filter(k => k !== 30 && k !== 31),
  )
  await writeSeries(3, all, TILT)
  for (const phase of [1, 2]) await writeSeries(4, all, 0, phase)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await settled(1)
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** So many panes, and each shows what it is to show. */
async function settled(count: number): Promise<void> {
  await page.waitForFunction(count => {
    const panes = window.isocenter.viewports()
    return panes.length === count && panes.every(one => one.settled)
  }, count)
}

/** All of the volume is in the pictures. */
async function whole(): Promise<void> {
  await settled(4)
  await expect.poll(() => page.locator('.mark', { hasText: /^loaded/ }).count()).toBe(0)
}

const text = (index: number) => pane(index).locator('.overlays').textContent()

async function edges(index: number): Promise<string> {
  const found = ['left', 'right', 'top', 'bottom'].map(edge =>
    pane(index).locator(`[data-edge="${edge}"]`).textContent(),
  )
  return (await Promise.all(found)).join(' ')
}

/** Where the lines of the other planes meet in a pane, CSS pixels of the pane. */
async function centre(index: number): Promise<[number, number]> {
  const lines = pane(index).getByTestId('mpr-lines')
  return [Number(await lines.getAttribute('data-x')), Number(await lines.getAttribute('data-y'))]
}

/** The middle of what is white in a pane, CSS pixels; undefined where nothing is. */
function ballIn(index: number): Promise<[number, number] | undefined> {
  return page.evaluate(index => {
    const data = window.isocenter.readPixels(`pane-${index}`)
    if (data === undefined) return undefined
    let [count, x, y] = [0, 0, 0]
    for (let i = 0; i < data.width * data.height; i++) {
      if (data.data[i * 4]! < 250) continue
      count++
      x += (i % data.width) + 0.5
      y += Math.floor(i / data.width) + 0.5
    }
    return count === 0 ? undefined : [x / count / devicePixelRatio, y / count / devicePixelRatio]
  }, index)
}

/** Where the plane of a pane lies, by its name: mm to the feet, to the back, or to the left. */
async function mm(index: number): Promise<number> {
  const name = await page.evaluate(
    index => window.isocenter.viewports().find(one => one.id === `pane-${index}`)!.SOPInstanceUID,
    index,
  )
  return Number(name.split(':')[3])
}

/** CSS pixels of a millimetre in a pane: all three planes have pixels of 1 mm. */
function pixelsPerMm(index: number): Promise<number> {
  return page.evaluate(
    index => window.isocenter.viewports().find(one => one.id === `pane-${index}`)!.transform!.a,
    index,
  )
}

async function onPage(index: number, [x, y]: [number, number]): Promise<[number, number]> {
  const box = (await pane(index).locator('.canvas').boundingBox())!
  return [box.x + x, box.y + y]
}

async function drag(index: number, from: [number, number], to: [number, number]): Promise<void> {
  await page.mouse.move(...(await onPage(index, from)))
  await page.mouse.down()
  await page.mouse.move(...(await onPage(index, [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2])))
  await page.mouse.move(...(await onPage(index, to)))
  await page.mouse.up()
}

test('V hangs the three planes beside the series, upright and whole', async () => {
  await page.keyboard.press('v')
  await whole()
  expect(await edges(0)).toBe('R L A P')
  expect(await edges(1)).toBe('R L H F')
  expect(await edges(2)).toBe('A P H F')
  for (const [index, name] of ['axial', 'coronal', 'sagittal'].entries()) expect(await text(index)).toContain(name)
  expect(await text(1)).toContain('resampled')
  expect(await text(3)).not.toContain('resampled')
  await expect.poll(() => page.getByTestId('mpr-lines').count()).toBe(3)
  await shot('three-planes')
})

test('the lines go with the hand, and where they meet lies the same point in every plane', async () => {
  // In the coronal plane up and down is z, left and right x; in the axial one y is missing still.
  const start = await centre(1)
  const scale = await pixelsPerMm(1)
  await drag(1, start, [start[0] + (BALL[0] - (await mm(2))) * scale, start[1] - (BALL[2] + (await mm(0))) * scale])
  await settled(4)
  const before = await centre(0)
  await drag(0, before, [before[0], before[1] + (BALL[1] - (await mm(1))) * (await pixelsPerMm(0))])
  await settled(4)
  for (const index of [0, 1, 2]) {
    const far = async () => {
      const [ball, lines] = [await ballIn(index), await centre(index)]
      return ball === undefined ? Number.NaN : Math.hypot(ball[0] - lines[0], ball[1] - lines[1])
    }
    // A voxel and a half: the hand's own pixel, and slices of 1.5 mm.
    await expect.poll(far, { message: `pane ${index}` }).toBeLessThan(1.5 * (await pixelsPerMm(index)))
  }
  // The images beside them go to that point, too, and the crosshair says where it is.
  const aside = async () => {
    const cross = pane(3).getByTestId('crosshair')
    const [x, y] = [await cross.getAttribute('data-x'), await cross.getAttribute('data-y')].map(Number)
    const ball = await ballIn(3)
    return ball === undefined ? Number.NaN : Math.hypot(ball[0] - x!, ball[1] - y!)
  }
  await expect.poll(aside, { message: 'the images' }).toBeLessThan(1.5 * (await pixelsPerMm(3)))
  await shot('ball')
})

test('a slab is thicker and thinner by keys, and said in the pane', async () => {
  await page.keyboard.press(']')
  await expect.poll(() => pane(0).getByTestId('reformat').textContent()).toBe('MIP 5 mm, resampled')
  await page.keyboard.press(']')
  await expect.poll(() => pane(2).getByTestId('reformat').textContent()).toBe('MIP 8 mm, resampled')
  // The ball is out of the plane by 7 mm: only a thick slab has it.
  await page.mouse.move(...(await onPage(0, await centre(0))))
  for (let step = 0; step < 5; step++) await page.keyboard.press('PageDown')
  await settled(4)
  await expect.poll(() => ballIn(0)).toBeUndefined()
  for (let step = 0; step < 2; step++) await page.keyboard.press(']')
  await expect.poll(() => pane(0).getByTestId('reformat').textContent()).toBe('MIP 15 mm, resampled')
  await expect.poll(async () => (await ballIn(0)) !== undefined).toBe(true)
  await shot('slab')
  await page.keyboard.press('Shift+M')
  await expect.poll(() => pane(1).getByTestId('reformat').textContent()).toBe('MinIP 15 mm, resampled')
  await expect.poll(() => ballIn(1)).toBeUndefined()
  for (let step = 0; step < 2; step++) await page.keyboard.press('Shift+M')
  await expect.poll(() => page.getByTestId('reformat').allTextContents()).toEqual(Array(3).fill('resampled'))
})

test('a length on a reformat is the plane’s millimetres, and is found again after the planes were gone', async () => {
  const scale = await pixelsPerMm(2)
  const [x, y] = await centre(2)
  await page.mouse.move(...(await onPage(2, [x + 20, y - 60])))
  await page.mouse.down()
  await page.mouse.up()
  await page.keyboard.press('l')
  await drag(2, [x + 20, y - 60], [x + 20 + 30 * scale, y - 60])
  await expect.poll(() => pane(2).locator('svg.marks text').allTextContents()).toEqual(['30.0 mm'])
  await page.keyboard.press('v')
  await settled(1)
  expect(await page.locator('svg.marks text').count()).toBe(0)
  await page.keyboard.press('m')
  const row = page.locator('.marks-row', { hasText: 'sagittal reformat' })
  await row.getByRole('button').first().click()
  await whole()
  await expect.poll(() => pane(2).locator('svg.marks text').allTextContents()).toEqual(['30.0 mm'])
  await page.keyboard.press('m')
})

test('a handle turns the two other planes; on those no mark is made, and V twice makes all straight again', async () => {
  const handle = pane(0).locator('circle.handle.sagittal').first()
  const [x, y] = [Number(await handle.getAttribute('cx')), Number(await handle.getAttribute('cy'))]
  const [cx, cy] = await centre(0)
  const turned = ([dx, dy]: [number, number], angle: number): [number, number] => [
    cx + dx * Math.cos(angle) - dy * Math.sin(angle),
    cy + dx * Math.sin(angle) + dy * Math.cos(angle),
  ]
  await drag(0, [x, y], turned([x - cx, y - cy], Math.PI / 6))
  await settled(4)
  await expect.poll(() => text(1)).toContain('oblique from coronal')
  await expect.poll(() => edges(1)).toBe('RA LP H F')
  const direction = async () => {
    const [dx, dy] = (await pane(0).locator('g[data-plane="coronal"]').getAttribute('data-direction'))!
      .split(',')
      .map(Number)
    return (Math.atan2(dy!, dx!) * 180) / Math.PI
  }
  await expect.poll(async () => Math.abs(((((await direction()) % 180) + 180) % 180) - 30)).toBeLessThan(0.5)
  await shot('oblique')
  await page.keyboard.press('l')
  const [mx, my] = await centre(1)
  await drag(1, [mx + 40, my + 40], [mx + 90, my + 60])
  await expect.poll(() => page.getByText('This plane was turned freely').count()).toBe(1)
  await page.keyboard.press('Escape')
  await page.keyboard.press('v')
  await settled(1)
  await page.keyboard.press('v')
  await whole()
  await expect.poll(() => edges(1)).toBe('R L H F')
  await page.keyboard.press('v')
  await settled(1)
})

test('a series with missing slices is refused with the reason, and nothing moves', async () => {
  await page.locator(`[data-set^="${STUDY}.2"]`).dblclick()
  await page.waitForFunction(series => {
    const [one] = window.isocenter.viewports()
    return one?.settled && one.seriesUID === series
  }, `${STUDY}.2`)
  await page.keyboard.press('v')
  await expect.poll(() => page.getByTestId('mpr-refused').textContent()).toContain('2 slices are missing.')
  expect(await page.locator('[data-pane]').count()).toBe(1)
  await shot('refused')
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByTestId('mpr-refused').count()).toBe(0)
})

test('of a tilted gantry the anatomy is not sheared, and the correction is said', async () => {
  await page.locator(`[data-set^="${STUDY}.3"]`).dblclick()
  await page.waitForFunction(series => {
    const [one] = window.isocenter.viewports()
    return one?.settled && one.seriesUID === series
  }, `${STUDY}.3`)
  await page.keyboard.press('v')
  await whole()
  expect(await text(2)).toContain('gantry tilt 17.2° corrected')
  // The sagittal plane through the ball: as far from the body's lower edge as it is in the patient.
  const start = await centre(1)
  await shot('tilt')
  await drag(1, start, [start[0] + (BALL[0] - (await mm(2))) * (await pixelsPerMm(1)), start[1]])
  await settled(4)
  await expect.poll(async () => (await ballIn(2)) !== undefined).toBe(true)
  // Paged to the ball's own height, the axial plane shows it where it is in the patient: sheared it would lie 15 mm aside.
  await page.mouse.move(...(await onPage(2, await centre(2))))
  const [x, y] = await centre(2)
  const ball = (await ballIn(2))!
  await drag(2, [x, y], ball)
  await settled(4)
  expect(Math.abs((await mm(1)) - BALL[1])).toBeLessThan(1)
  expect(Math.abs(-(await mm(0)) - BALL[2])).toBeLessThan(1)
})

test('the next phase of a series through time comes in the same planes, at the same place', async () => {
  await page.keyboard.press('v')
  await settled(1)
  await page.locator(`[data-set^="${STUDY}.4"]`).first().dblclick()
  await page.waitForFunction(series => {
    const [one] = window.isocenter.viewports()
    return one?.settled && one.seriesUID === series
  }, `${STUDY}.4`)
  await page.keyboard.press('v')
  await whole()
  // The coronal plane through the ball, which phases move by 6 mm to the left each.
  const start = await centre(0)
  await drag(0, start, [start[0], start[1] + (BALL[1] - (await mm(1))) * (await pixelsPerMm(0))])
  await whole()
  const sets = () => page.evaluate(() => window.isocenter.panes().map(one => one.set))
  const [planes, before, names] = [await Promise.all([0, 1, 2].map(mm)), (await ballIn(1))!, await sets()]
  await page.keyboard.press('ArrowRight')
  await expect.poll(async () => (await sets()).some(set => names.includes(set))).toBe(false)
  await whole()
  expect(await Promise.all([0, 1, 2].map(mm))).toEqual(planes)
  const after = (await ballIn(1))!
  const scale = await pixelsPerMm(1)
  expect(Math.abs((after[0] - before[0]) / scale - 6)).toBeLessThan(0.5)
  expect(Math.abs(after[1] - before[1]) / scale).toBeLessThan(0.5)
  await page.keyboard.press('ArrowLeft')
  await expect.poll(sets).toEqual(names)
  await whole()
  expect(await Promise.all([0, 1, 2].map(mm))).toEqual(planes)
  await shot('phase')
  expect(trouble.found).toEqual([])
})
