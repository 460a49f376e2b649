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
 * A bright tube along a quarter of a circle of 40 mm in a coronal plane, with two dark beads 35 mm apart along it: 64 × 64 × 64
 * voxels of 1 mm. Each test goes on where the one before ended.
 */
const CT_CLASS = '1.2.840.10008.5.1.4.1.1.2'
const STUDY = '2.25.71301'
const SIDE = 64
const CENTRE = [8, 32, 8] as const
const RADIUS = 40
const BEADS = [14, 49] as const

let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble
let folder = ''

const pane = (index: number) => page.locator(`[data-pane="${index}"]`)

/** A point of the circle, so many mm along it from its top. */
function onArc(mm: number): [x: number, z: number] {
  const angle = mm / RADIUS
  return [CENTRE[0] + RADIUS * Math.sin(angle), CENTRE[2] + RADIUS * Math.cos(angle)]
}

function value(x: number, y: number, z: number): number {
  for (const bead of BEADS) {
    const [bx, bz] = onArc(bead)
    if (Math.hypot(x - bx, y - CENTRE[1], z - bz) < 2.5) return -400
  }
  const [dx, dz] = [x - CENTRE[0], z - CENTRE[2]]
  if (dx < 0 || dz < 0) return 20
  return Math.hypot(Math.hypot(dx, dz) - RADIUS, y - CENTRE[1]) < 5 ? 350 : 20
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-curved-'))
  const SeriesInstanceUID = `${STUDY}.1`
  for (let z = 0; z < SIDE; z++) {
    const pixels = new Uint16Array(SIDE * SIDE)
    for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) pixels[y * SIDE + x] = value(x, y, z) + 1024
    const SOPInstanceUID = `${SeriesInstanceUID}.${z + 1}`
    const dataSet = writeDataSet(
      {
        SOPClassUID: CT_CLASS,
        SOPInstanceUID,
        StudyInstanceUID: STUDY,
        SeriesInstanceUID,
        FrameOfReferenceUID: '2.25.79301',
        PatientName: 'CURVE^PHANTOM',
        PatientID: 'CURVE-1',
        StudyDate: '20260601',
        Modality: 'CT',
        SeriesNumber: 1,
        InstanceNumber: z + 1,
        ImagePositionPatient: [0, 0, z],
        ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
        SliceThickness: 1,
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
    await writeFile(path.join(folder, `${z}.dcm`), Buffer.concat([meta, dataSet]))
  }
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

async function settled(count: number): Promise<void> {
  await page.waitForFunction(count => {
    const panes = window.isocenter.viewports()
    return panes.length === count && panes.every(one => one.settled)
  }, count)
}

/** Where a point of a pane's picture (image coordinates) is on the page. */
async function onPage(index: number, [x, y]: [number, number]): Promise<[number, number]> {
  const box = (await pane(index).locator('.canvas').boundingBox())!
  const { a, b, c, d, e, f } = await page.evaluate(
    index => window.isocenter.viewports().find(one => one.id === `pane-${index}`)!.transform!,
    index,
  )
  return [box.x + a * x + c * y + e, box.y + b * x + d * y + f]
}

/** The modality values down the middle column of a pane's picture. */
function middleColumn(index: number): Promise<{ values: number[]; columns: number }> {
  return page.evaluate(index => {
    const id = `pane-${index}`
    const image = window.isocenter.image(id)!
    // 60 mm wide in pixels of 1 mm, and one in the middle.
    const columns = 61
    const rows = image.pixels.length / columns
    const values = Array.from(
      { length: rows },
      (_, row) => image.pixels[row * columns + (columns - 1) / 2]! * image.slope + image.intercept,
    )
    return { values, columns }
  }, index)
}

function centreOf(values: number[], from: number, to: number): number {
  let [sum, weight] = [0, 0]
  for (let row = from; row < to; row++) {
    const dark = Math.max(0, 350 - values[row]!)
    sum += row * dark
    weight += dark
  }
  return sum / weight
}

test('points along a tube make a straight picture of it, its millimetres the tube’s own', async () => {
  await page.keyboard.press('v')
  await settled(4)
  await expect.poll(() => page.locator('.mark', { hasText: /^loaded/ }).count()).toBe(0)
  // The coronal pane, in the plane of the arc.
  await page.keyboard.press('.')
  const number = () => pane(1).getByTestId('image-number').textContent()
  await page.mouse.move(...(await onPage(1, [32, 32])))
  await expect.poll(() => pane(1).getAttribute('data-active')).not.toBeNull()
  await expect.poll(number).toContain('/64')
  for (let turn = 0; turn < 64 && !(await number())?.includes('image 33/'); turn++) {
    const before = await number()
    const at = Number(/image (\d+)\//.exec(before ?? '')?.[1])
    await page.keyboard.press(at < 33 ? 'PageDown' : 'PageUp')
    await expect.poll(number).not.toBe(before)
  }
  await page.keyboard.press('Shift+C')
  await pane(1).getByTestId('curve-hint').waitFor()
  const quarter = (Math.PI / 2) * RADIUS
  for (let n = 0; n < 9; n++) {
    const [x, z] = onArc(1 + ((quarter - 2) * n) / 8)
    await page.mouse.click(...(await onPage(1, [x + 0.5, SIDE - 0.5 - z])))
  }
  expect(await pane(1).getByTestId('curve').locator('circle').count()).toBe(9)
  await page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', 'curved-points.png') })
  await page.keyboard.press('Shift+C')
  await pane(3).getByTestId('curved').waitFor()
  await settled(4)
  expect(await pane(3).getByTestId('curved').textContent()).toMatch(/^straightened, 6[01] × 60 mmturned 0°: /)
  const { values } = await middleColumn(3)
  const near = (bead: number) => Math.round(bead - 1)
  const [first, second] = BEADS.map(bead => centreOf(values, near(bead) - 5, near(bead) + 6))
  expect(Math.abs(second! - first! - (BEADS[1] - BEADS[0]))).toBeLessThan(0.7)
  // In the tube from end to end.
  expect(values.slice(8).filter(one => one > 200).length).toBeGreaterThan(40)
  await page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', 'curved.png') })
})

test('a length along the line is measured, an area is not; pages turn about the line', async () => {
  await page.mouse.click(...(await onPage(3, [55, 30])))
  await page.keyboard.press('l')
  await page.mouse.click(...(await onPage(3, [30.5, BEADS[0] - 0.5])))
  await page.mouse.click(...(await onPage(3, [30.5, BEADS[1] - 0.5])))
  await expect.poll(() => pane(3).locator('.mark-label').first().textContent()).toMatch(/3[45]\.\d mm/)
  await page.keyboard.press('Escape')
  const words = () => pane(3).getByTestId('curved').textContent()
  await page.keyboard.press('PageDown')
  await expect.poll(words).toContain('turned 10°')
  await page.keyboard.press(']')
  await expect.poll(words).toContain('MIP 5 mm')
  await settled(4)
  // Back to what it is of.
  await page.keyboard.press('Shift+C')
  await expect.poll(() => pane(3).getByTestId('curved').count()).toBe(0)
  expect(trouble.found).toEqual([])
})
