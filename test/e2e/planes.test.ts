import { execFile } from 'node:child_process'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { ICC_PROFILES } from '../fixtures/iccProfiles.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/** What lies over the picture or behind its colours: overlay bits in compressed pixels, a bitmap shutter, ICC profiles. */
const run = promisify(execFile)
const SC = '1.2.840.10008.5.1.4.1.1.7'
const STUDY = '2.25.89001'
const SIDE = 64

let folder = ''
let station: RunningStation
let browser: Browser

const grey: NewDataSet = {
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
}
const colour: NewDataSet = {
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  PixelRepresentation: 0,
  SamplesPerPixel: 3,
  PlanarConfiguration: 0,
  PhotometricInterpretation: 'RGB',
  PixelData: Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => [200, 150, 120][i % 3]!),
}
/** The upper left quarter. */
const isMarked = (i: number) => i % SIDE < SIDE / 2 && i < (SIDE * SIDE) / 2
const plane: NewDataSet = { OverlayRows: SIDE, OverlayColumns: SIDE, OverlayType: 'G', OverlayOrigin: [1, 1] }
const quarter = new Uint8Array((SIDE * SIDE) / 8)
for (let i = 0; i < SIDE * SIDE; i++) if (isMarked(i)) quarter[i >> 3]! |= 1 << (i & 7)

const embedded: NewDataSet = {
  ...grey,
  ...plane,
  OverlayBitsAllocated: 16,
  OverlayBitPosition: 14,
  PixelData: Uint16Array.from({ length: SIDE * SIDE }, (_, i) => (i % 4096) | (isMarked(i) ? 0x4000 : 0)),
}
const IMAGES: Array<{ values: NewDataSet; convert?: [string, ...string[]] }> = [
  { values: embedded, convert: ['dcmcrle'] },
  { values: embedded, convert: ['dcmcjpeg', '+e1'] },
  {
    values: {
      ...grey,
      ...plane,
      OverlayBitsAllocated: 1,
      OverlayBitPosition: 0,
      OverlayData: quarter,
      ShutterShape: 'BITMAP',
      ShutterOverlayGroup: 0x6000,
      ShutterPresentationValue: 0x8080,
      PixelData: new Uint16Array(SIDE * SIDE).fill(4000),
    },
  },
  { values: { ...colour, ICCProfile: ICC_PROFILES.adobe } },
  { values: { ...colour, ICCProfile: ICC_PROFILES.grey } },
]
const seriesOf = (index: number) => `${STUDY}.${100 + index}`

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-planes-'))
  station = await startStation()
  browser = await launchChromium()
  const TransferSyntaxUID = TS.ExplicitVRLittleEndian
  for (const [index, { values, convert }] of IMAGES.entries()) {
    const SOPInstanceUID = `${seriesOf(index)}.1`
    const identity = { SOPClassUID: SC, SOPInstanceUID, StudyInstanceUID: STUDY, SeriesInstanceUID: seriesOf(index) }
    const about = {
      PatientID: 'PLANES',
      PatientName: 'Planes',
      StudyDate: '20260601',
      Modality: 'OT',
      SeriesNumber: index + 1,
    }
    const dataSet = writeDataSet(
      { ...identity, ...about, Rows: SIDE, Columns: SIDE, ...values },
      encodingOf(TransferSyntaxUID),
    )
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: SC,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    })
    const file = path.join(folder, `${index}.dcm`)
    await writeFile(file, Buffer.concat([meta, dataSet]))
    if (convert) {
      const [tool, ...flags] = convert
      await run(tool, [...flags, file, `${file}.out`])
      await rename(`${file}.out`, file)
    }
  }
  await station.job(await station.call('import.start', { paths: [folder] }))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function choose(page: Page, index: number): Promise<void> {
  const series = seriesOf(index)
  await page.locator(`[data-set^="${series}"]`).dblclick()
  await page.waitForFunction(series => {
    const [pane] = window.isocenter?.viewports() ?? []
    return pane?.settled && pane.seriesUID === series
  }, series)
}

/** RGBA of the layer over the picture, at an image pixel; undefined while there is none. */
function overPicture(page: Page, column: number, row: number): Promise<number[] | undefined> {
  return page.evaluate(
    ([column, row]) => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-pane="0"] canvas.planes')
      const pixel = canvas?.getContext('2d')?.getImageData(column, row, 1, 1)
      return pixel && [...pixel.data]
    },
    [column, row] as const,
  )
}

test('overlay bits in compressed pixels, bitmap shutters and profiles are seen', async () => {
  const { page, trouble, context } = await openWorkstation(browser, station.url, { search: 'rendering=cpu' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  for (const compressed of [0, 1]) {
    await choose(page, compressed)
    await expect.poll(() => overPicture(page, 10, 10), { timeout: 60_000 }).toEqual([230, 230, 230, 255])
    expect(await overPicture(page, 50, 50)).toEqual([0, 0, 0, 0])
  }
  await choose(page, 2)
  await expect.poll(() => overPicture(page, 10, 10), { timeout: 60_000 }).toEqual([128, 128, 128, 255])
  expect(await overPicture(page, 50, 50)).toEqual([0, 0, 0, 0])
  // The shutter is the image's; it does not go with the overlays.
  await page.keyboard.press('O')
  expect(await overPicture(page, 10, 10)).toEqual([128, 128, 128, 255])
  await page.keyboard.press('O')
  const middle = () =>
    page.evaluate(() => {
      const { data, width, height } = window.isocenter.readPixels('pane-0')!
      const at = ((height >> 1) * width + (width >> 1)) * 4
      return [...data.subarray(at, at + 3)]
    })
  const unapplied = page.getByText('colour profile not applied')
  await choose(page, 3)
  // Little CMS: 217.2, 151.4, 119.3.
  await expect.poll(middle).toEqual([217, 151, 119])
  expect(await unapplied.count()).toBe(0)
  await choose(page, 4)
  await expect.poll(middle).toEqual([200, 150, 120])
  await unapplied.waitFor()
  expect(trouble.found).toEqual([])
  await context.close()
}, 120_000)
