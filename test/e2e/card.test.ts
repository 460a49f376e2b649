import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/**
 * The graphics card draws what the page draws by itself: the same images, turned, mirrored, enlarged and made smaller on both paths,
 * pixel by pixel. (The page's own picture is held against DCMTK's in realPixels.)
 */
const SC = '1.2.840.10008.5.1.4.1.1.7'
const STUDY = '2.25.88001'
/** Software rendering pays by the pixel. */
const WINDOW = { width: 760, height: 480 }
const [ROWS, COLUMNS] = [90, 110]

let folder = ''
let station: RunningStation
let browser: Browser

/** A slope with a grid and a disc in it, −1 to 1: every direction and every sharpness. */
function shape(rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const [x, y] = [(i % columns) / columns, Math.floor(i / columns) / rows]
    const disc = Math.hypot(x - 0.3, y - 0.6) < 0.2 ? 0.8 : 0
    const grid = (i % columns) % 9 === 0 || Math.floor(i / columns) % 7 === 0 ? 0.3 : 0
    return Math.max(-1, Math.min(1, x * 1.2 - 0.9 + y * 0.4 + disc - grid))
  })
}

const base = shape(ROWS, COLUMNS)
const grey = (allocated: number, stored: number, signed: number): NewDataSet => ({
  BitsAllocated: allocated,
  BitsStored: stored,
  HighBit: stored - 1,
  PixelRepresentation: signed,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
})
const ct: NewDataSet = {
  ...grey(16, 12, 0),
  RescaleSlope: 1,
  RescaleIntercept: -1024,
  WindowCenter: 40,
  WindowWidth: 900,
  PixelData: Uint16Array.from(base, value => 1024 + value * 1000),
}
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
const words = (values: number[]) => ({ vr: 'OW', value: Uint16Array.from(values) })
const descriptor = (entries: number, first: number) => ({ vr: 'US', value: [entries, first, 16] })
const levels = Array.from({ length: 200 }, (_, i) => i * 327)
const [TALL, WIDE] = [1300, 1500]

const IMAGES: Record<string, NewDataSet> = {
  '12 bits': ct,
  'padded, negative': {
    ...grey(16, 16, 1),
    PixelPaddingValue: { vr: 'SS', value: -2000 },
    PixelData: Int16Array.from(base, (value, i) => (i % COLUMNS < 20 ? -2000 : value * 900)),
  },
  '8 bits, not square': {
    ...grey(8, 8, 0),
    PixelSpacing: [2, 1],
    PixelData: Uint8Array.from(base, v => 128 + v * 127),
  },
  '8 bits, signed': { ...grey(8, 8, 1), PixelData: bytesOf(Int8Array.from(base, value => value * 127)) },
  MONOCHROME1: { ...ct, PhotometricInterpretation: 'MONOCHROME1' },
  SIGMOID: { ...ct, VOILUTFunction: 'SIGMOID' },
  '32 bits, a narrow window': {
    ...grey(32, 32, 0),
    WindowCenter: 4_000_000_100,
    WindowWidth: 300,
    PixelData: bytesOf(Uint32Array.from(base, value => 4_000_000_000 + value * 1000)),
  },
  'a supplemental palette': {
    ...ct,
    PixelPresentation: 'MIXED',
    RedPaletteColorLookupTableDescriptor: descriptor(200, 1500),
    GreenPaletteColorLookupTableDescriptor: descriptor(200, 1500),
    BluePaletteColorLookupTableDescriptor: descriptor(200, 1500),
    RedPaletteColorLookupTableData: words(levels),
    GreenPaletteColorLookupTableData: words([...levels].reverse()),
    BluePaletteColorLookupTableData: words(levels.map(level => level >> 1)),
  },
  'a VOI LUT': {
    ...grey(16, 12, 0),
    VOILUTSequence: [
      { LUTDescriptor: descriptor(4096, 0), LUTData: words(Array.from({ length: 4096 }, (_, i) => (i * i) >> 8)) },
    ],
    PixelData: ct.PixelData!,
  },
  colours: {
    ...grey(8, 8, 0),
    SamplesPerPixel: 3,
    PlanarConfiguration: 0,
    PhotometricInterpretation: 'RGB',
    PixelData: Uint8Array.from(
      { length: base.length * 3 },
      (_, i) => 128 + base[Math.floor(i / 3)]! * (40 + 40 * (i % 3)),
    ),
  },
  'larger than the pane': {
    ...ct,
    Rows: TALL,
    Columns: WIDE,
    PixelData: Uint16Array.from(shape(TALL, WIDE), value => 1024 + value * 1000),
  },
}
const NAMES = Object.keys(IMAGES)
const seriesOf = (index: number) => `${STUDY}.${100 + index}`
const TOO_LARGE = seriesOf(90)

async function write(uid: string, values: NewDataSet): Promise<void> {
  const TransferSyntaxUID = TS.ExplicitVRLittleEndian
  const identity = { SOPClassUID: SC, SOPInstanceUID: `${uid}.1`, StudyInstanceUID: STUDY, SeriesInstanceUID: uid }
  const dataSet = writeDataSet(
    {
      ...identity,
      PatientID: 'CARD',
      PatientName: 'Card',
      StudyDate: '20260601',
      Modality: 'OT',
      Rows: ROWS,
      Columns: COLUMNS,
      ...values,
    },
    encodingOf(TransferSyntaxUID),
  )
  const meta = writeFileMeta({ MediaStorageSOPClassUID: SC, MediaStorageSOPInstanceUID: `${uid}.1`, TransferSyntaxUID })
  await writeFile(path.join(folder, `${uid}.dcm`), Buffer.concat([meta, dataSet]))
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-card-'))
  station = await startStation()
  browser = await launchChromium({ gl: true })
  for (const [index, name] of NAMES.entries()) {
    await write(seriesOf(index), { SeriesNumber: index + 1, SeriesDescription: name, ...IMAGES[name] })
  }
  const long = { Rows: 300, Columns: 9000, PixelData: Uint16Array.from({ length: 2_700_000 }, (_, i) => i % 4000) }
  await write(TOO_LARGE, { ...ct, SeriesNumber: 90, SeriesDescription: 'too large', ...long })
  await station.job(await station.call('import.start', { paths: [folder] }))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function openOn(rendering: 'cpu' | 'gl') {
  const opened = await openWorkstation(browser, station.url, { ...WINDOW, search: `rendering=${rendering}` })
  const { page } = opened
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter?.viewports()[0]?.settled)
  return opened
}

/** By its card in the strip. */
async function choose(page: Page, series: string): Promise<void> {
  await page.locator(`[data-set^="${series}"]`).dblclick()
  await shows(page, series)
}

async function shows(page: Page, series: string): Promise<void> {
  await page.waitForFunction(series => {
    const [pane] = window.isocenter?.viewports() ?? []
    return pane?.settled && pane.seriesUID === series
  }, series)
}

interface Picture {
  rgba: Buffer
  transform: string
}

/** The canvas, after a key has had its frame. */
async function picture(page: Page): Promise<Picture> {
  const read = await page.evaluate(async () => {
    await new Promise(requestAnimationFrame)
    const { data } = window.isocenter.readPixels('pane-0')!
    let text = ''
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192))
    return { base64: btoa(text), transform: JSON.stringify(window.isocenter.viewports()[0]?.transform) }
  })
  return { rgba: Buffer.from(read.base64, 'base64'), transform: read.transform }
}

function furthest(a: Buffer, b: Buffer): { worst: number; beyond: number; lit: number } {
  let [worst, beyond, lit] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - (b[i] ?? 999))
    if (difference > worst) worst = difference
    if (difference > 1) beyond++
    if (i % 4 !== 3 && a[i]! > 0) lit++
  }
  return { worst, beyond, lit }
}

/** How the two pictures differ by more than a grey level, once both pages have come to rest; undefined when they do not. */
async function differing(own: Page, drawn: Page): Promise<string | undefined> {
  let trouble: string | undefined
  for (let tries = 0; tries < 40; tries++) {
    const [a, b] = await Promise.all([picture(own), picture(drawn)])
    const { worst, beyond, lit } = furthest(a.rgba, b.rgba)
    if (a.transform === b.transform && worst <= 1 && lit >= 500) return undefined
    trouble = `worst ${worst}, beyond one level ${beyond}, lit ${lit}; ${a.transform} and ${b.transform}`
    await own.waitForTimeout(250)
  }
  return trouble
}

/** Fitted as it opens, then what each key makes of it. */
const VIEWS = ['', '=', 'Shift+R', 'Shift+H', 'Shift+R', 'Shift+V', '+', 'F', 'Shift+I', 'I']
const FEW = ['', '=', 'Shift+R', '+']
const LOOKED_AT_CLOSELY = ['12 bits', '8 bits, not square', 'larger than the pane']

test('the graphics card draws what the page draws: every kind of image, turned, mirrored, larger and smaller', async () => {
  const opened = [await openOn('cpu'), await openOn('gl')] as const
  const paths = opened.map(({ page }) => page.evaluate(() => window.isocenter.rendering().path))
  expect(await Promise.all(paths)).toEqual(['cpu', 'gl'])
  const wrong: string[] = []
  for (const [index, name] of NAMES.entries()) {
    await Promise.all(opened.map(({ page }) => choose(page, seriesOf(index))))
    for (const view of LOOKED_AT_CLOSELY.includes(name) ? VIEWS : FEW) {
      if (view !== '') await Promise.all(opened.map(({ page }) => page.keyboard.press(view)))
      const trouble = await differing(opened[0].page, opened[1].page)
      if (trouble) wrong.push(`${name} after ${view || 'opening'}: ${trouble}`)
    }
    // It is of all panes: put back.
    if (LOOKED_AT_CLOSELY.includes(name)) await Promise.all(opened.map(({ page }) => page.keyboard.press('I')))
  }
  expect(wrong).toEqual([])
  for (const { trouble, context } of opened) {
    expect(trouble.found).toEqual([])
    await context.close()
  }
}, 300_000)

test('what the card cannot hold, or fails at, the page draws by itself', async () => {
  const { page, trouble, context } = await openOn('gl')
  const lit = async () => (await picture(page)).rgba.filter((value, i) => i % 4 === 0 && value > 0).length
  const countDraws = () => {
    const { drawArrays } = WebGL2RenderingContext.prototype
    const counted = Object.assign(window, { draws: 0 })
    WebGL2RenderingContext.prototype.drawArrays = function (...how) {
      counted.draws++
      drawArrays.apply(this, how)
    }
  }
  const draws = () => page.evaluate(() => (window as Window & { draws?: number }).draws ?? 0)
  await page.evaluate(countDraws)
  // 9000 columns: SwiftShader's textures end at 8192.
  await choose(page, TOO_LARGE)
  const before = await draws()
  expect(await lit()).toBeGreaterThan(500)
  // The next series is the card's again, until its driver gives up in the middle.
  await choose(page, seriesOf(0))
  expect(await draws()).toBeGreaterThan(before)
  await page.evaluate(() => {
    WebGL2RenderingContext.prototype.drawArrays = () => {
      throw new Error('the driver has given up')
    }
  })
  const held = (await picture(page)).transform
  await page.keyboard.press('+')
  expect((await picture(page)).transform).not.toBe(held)
  expect(await lit()).toBeGreaterThan(500)
  expect(await page.locator('.pane-message').count()).toBe(0)
  expect(trouble.found).toEqual([])
  await context.close()
}, 120_000)
