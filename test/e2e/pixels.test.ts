import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { torsoSlice } from '../../electron/station/work/samples/ctTorso.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { toDisplay } from '../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import type { Samples } from '../../shared/viewing/samples.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { type ExpectedPicture, expectedPicture, matchOf } from '../fixtures/picture.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

/** What is on the canvas is the picture, in every encoding: one phantom written in all of them, its greys reckoned by grey.ts. */
const run = promisify(execFile)
const SC = '1.2.840.10008.5.1.4.1.1.7'
const SIDE = 256
const COUNT = SIDE * SIDE
/** A window as small as shows the rows and a pane: software rendering pays by the pixel. */
const SMALL = { width: 900, height: 560 }

interface Case {
  name: string
  PatientID: string
  SeriesInstanceUID: string
  picture: ExpectedPicture
}

let station: RunningStation
let browser: Browser
/** Without GL its compositor paints in plain software: far quicker than emulated GL where only the CPU path is looked at. */
let plainBrowser: Browser
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-pixels-'))
  station = await startStation()
  browser = await launchChromium({ gl: true })
  plainBrowser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await plainBrowser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

// ── one phantom, every encoding ──

/** 12 bits, HU + 1024. */
const slice = torsoSlice(30, { slices: 60, matrix: SIDE, variant: 'pixels' }).pixels as Uint16Array
const hounsfield = Int16Array.from(slice, value => value - 1024)
const eightBit = Uint8Array.from(hounsfield, hu => Math.max(0, Math.min(255, Math.round((hu + 500) / 4))))
const WINDOW = { WindowCenter: [60], WindowWidth: [1200] }
const CT: ImageAttributes = { RescaleSlope: 1, RescaleIntercept: -1024, ...WINDOW }

/** Smooth in every channel, so that lossy coding and halved chroma stay within the tolerance. */
const rgb = new Uint8Array(COUNT * 3)
for (let y = 0; y < SIDE; y++) {
  for (let x = 0; x < SIDE; x++) {
    const wave = 128 + 100 * Math.sin((x + y) / 40)
    rgb.set([Math.round(20 + x * 0.85), Math.round(230 - y * 0.8), Math.round(wave)], (y * SIDE + x) * 3)
  }
}
const planes = (pixels: Uint8Array) =>
  Uint8Array.from({ length: pixels.length }, (_, i) => pixels[(i % COUNT) * 3 + Math.floor(i / COUNT)]!)
/** PS3.3 C.7.6.3.1.2 */
const ybr = new Uint8Array(COUNT * 3)
for (let i = 0; i < COUNT; i++) {
  const [r, g, b] = [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!]
  ybr[3 * i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b)
  ybr[3 * i + 1] = Math.round(-0.168736 * r - 0.331264 * g + 0.5 * b + 128)
  ybr[3 * i + 2] = Math.round(0.5 * r - 0.418688 * g - 0.081312 * b + 128)
}
const ybr422 = Uint8Array.from({ length: COUNT * 2 }, (_, i) => {
  const at = Math.floor(i / 4) * 6
  return [ybr[at]!, ybr[at + 3]!, ybr[at + 1]!, ybr[at + 2]!][i % 4]!
})
/** Blue below, red above; 16 bits an entry. */
const palette = {
  red: Uint16Array.from({ length: 256 }, (_, i) => i * 257),
  green: Uint16Array.from({ length: 256 }, (_, i) => Math.round(128 + 100 * Math.sin(i / 30)) * 257),
  blue: Uint16Array.from({ length: 256 }, (_, i) => (255 - i) * 257),
}

const greyOf = (attributes: ImageAttributes, stored: Samples) =>
  expectedPicture(toDisplay(stored, attributes), { rows: SIDE, columns: SIDE, components: 1 })
const coloursOf = (pixels: Uint8Array) => expectedPicture(pixels, { rows: SIDE, columns: SIDE, components: 3 })
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const cases: Case[] = []

/** Writes one case Explicit VR Little Endian, then has it converted by another's hand. */
async function addCase(
  name: string,
  picture: ExpectedPicture,
  values: NewDataSet,
  convert?: [string, ...string[]],
  options: { TransferSyntaxUID?: string } = {},
): Promise<string> {
  const index = cases.length + 1
  const TransferSyntaxUID = options.TransferSyntaxUID ?? TS.ExplicitVRLittleEndian
  const uid = `2.25.77${String(index).padStart(3, '0')}`
  const PatientID = `PIX-${String(index).padStart(3, '0')}`
  const identity = {
    SOPClassUID: SC,
    SOPInstanceUID: `${uid}1`,
    StudyInstanceUID: `${uid}2`,
    SeriesInstanceUID: `${uid}3`,
  }
  const file = path.join(folder, `own-${index}.dcm`)
  const meta = { MediaStorageSOPClassUID: SC, MediaStorageSOPInstanceUID: identity.SOPInstanceUID, TransferSyntaxUID }
  const dataSet = writeDataSet(
    {
      ...identity,
      PatientID,
      PatientName: name,
      StudyDate: '20260601',
      Modality: 'OT',
      Rows: SIDE,
      Columns: SIDE,
      ...values,
    },
    encodingOf(TransferSyntaxUID),
  )
  await writeFile(file, Buffer.concat([writeFileMeta(meta), dataSet]))
  if (convert !== undefined) {
    const [tool, ...flags] = convert
    await run(tool, [...flags, file, `${file}.out`])
    await run('mv', [`${file}.out`, file])
  }
  cases.push({
    name,
    PatientID,
    SeriesInstanceUID: identity.SeriesInstanceUID,
    picture,
  })
  return file
}

const grey12: NewDataSet = {
  ...layout(16, 12, 0, 1, 'MONOCHROME2'),
  RescaleSlope: 1,
  RescaleIntercept: -1024,
  ...WINDOW,
  PixelData: slice,
}
const colour: NewDataSet = { ...layout(8, 8, 0, 3, 'RGB'), PlanarConfiguration: 0, PixelData: rgb }

function layout(allocated: number, stored: number, signed: number, samples: number, photometric: string): NewDataSet {
  return {
    BitsAllocated: allocated,
    BitsStored: stored,
    HighBit: stored - 1,
    PixelRepresentation: signed,
    SamplesPerPixel: samples,
    PhotometricInterpretation: photometric,
  }
}

/** A JPEG stream without its application segments: only Photometric Interpretation then says what its components are. */
function withoutMarkers(jpeg: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [jpeg.subarray(0, 2)]
  let at = 2
  while (jpeg[at] === 0xff && jpeg[at + 1] !== 0xda) {
    const length = 2 + ((jpeg[at + 2]! << 8) | jpeg[at + 3]!)
    if ((jpeg[at + 1]! & 0xf0) !== 0xe0) kept.push(jpeg.subarray(at, at + length))
    at += length
  }
  return Buffer.concat([...kept, jpeg.subarray(at)])
}

async function jpegOf(file: string): Promise<Buffer> {
  const bytes = await readFile(file)
  return bytes.subarray(
    bytes.indexOf(Buffer.from([0xff, 0xd8, 0xff])),
    bytes.lastIndexOf(Buffer.from([0xff, 0xd9])) + 2,
  )
}

async function writeOwnCases(): Promise<void> {
  const ct = greyOf(CT, slice)
  await addCase('explicit little endian', ct, grey12)
  await addCase('implicit little endian', ct, grey12, ['dcmconv', '+ti'])
  await addCase('explicit big endian', ct, grey12, ['dcmconv', '+tb'])
  await addCase('deflated', ct, grey12, ['dcmconv', '+td'])
  await addCase('RLE 16 bit', ct, grey12, ['dcmcrle'])
  await addCase('JPEG lossless', ct, grey12, ['dcmcjpeg', '+e1'])
  await addCase('JPEG extended 12 bit', ct, grey12, ['dcmcjpeg', '+ee', '+q', '100'])
  await addCase('JPEG-LS', ct, grey12, ['dcmcjpls'])
  await addCase('JPEG 2000', ct, grey12, ['gdcmconv', '--j2k'])

  const mono1 = { ...CT, PhotometricInterpretation: 'MONOCHROME1' }
  await addCase('MONOCHROME1', greyOf(mono1, slice), { ...grey12, PhotometricInterpretation: 'MONOCHROME1' })

  const signed: ImageAttributes = { RescaleSlope: 1.5, RescaleIntercept: 10, WindowCenter: [100], WindowWidth: [1800] }
  const signedGrey: NewDataSet = {
    ...layout(16, 16, 1, 1, 'MONOCHROME2'),
    RescaleSlope: 1.5,
    RescaleIntercept: 10,
    WindowCenter: 100,
    WindowWidth: 1800,
    PixelData: hounsfield,
  }
  await addCase('signed, rescaled', greyOf(signed, hounsfield), signedGrey)
  for (const [tool, ...flags] of [
    ['dcmcrle'],
    ['dcmcjpeg', '+e1'],
    ['dcmcjpls'],
    ['gdcmconv', '--j2k'],
  ] satisfies Array<[string, ...string[]]>) {
    await addCase(`signed, ${tool}`, greyOf(signed, hounsfield), signedGrey, [tool, ...flags])
  }

  const bytes: NewDataSet = { ...layout(8, 8, 0, 1, 'MONOCHROME2'), PixelData: eightBit }
  await addCase('8 bit, no window', greyOf({}, eightBit), bytes)
  await addCase('8 bit JPEG', greyOf({}, eightBit), bytes, ['dcmcjpeg', '+eb', '+q', '100'])

  const fine = Uint32Array.from(slice, value => value * 1000)
  const dose: ImageAttributes = { RescaleSlope: 0.001, RescaleIntercept: -1024, ...WINDOW }
  const fineGrey = { ...grey12, ...layout(32, 32, 0, 1, 'MONOCHROME2'), RescaleSlope: 0.001, PixelData: bytesOf(fine) }
  await addCase('32 bit', greyOf(dose, fine), fineGrey)
  await addCase('32 bit RLE', greyOf(dose, fine), fineGrey, ['dcmcrle'])

  const curve = Uint16Array.from({ length: 4096 }, (_, i) => Math.round(4095 * Math.sqrt(i / 4095)))
  const table = { entries: 4096, first: -1024, bits: 12, data: Buffer.from(curve.buffer).toString('base64') }
  await addCase('VOI LUT', greyOf({ RescaleIntercept: -1024, VOILUT: [table] }, slice), {
    ...layout(16, 12, 0, 1, 'MONOCHROME2'),
    RescaleSlope: 1,
    RescaleIntercept: -1024,
    VOILUTSequence: [{ LUTDescriptor: { vr: 'SS', value: [4096, -1024, 12] }, LUTData: { vr: 'OW', value: curve } }],
    PixelData: slice,
  })
  const exact = { ...CT, VOILUTFunction: 'LINEAR_EXACT' }
  await addCase('LINEAR_EXACT', greyOf(exact, slice), { ...grey12, VOILUTFunction: 'LINEAR_EXACT' })
  const sigmoid = greyOf({ ...CT, VOILUTFunction: 'SIGMOID' }, slice)
  await addCase('SIGMOID', sigmoid, { ...grey12, VOILUTFunction: 'SIGMOID' })

  const full = coloursOf(rgb)
  await addCase('RGB by pixel', full, colour)
  await addCase('RGB by plane', full, { ...colour, PlanarConfiguration: 1, PixelData: planes(rgb) })
  await addCase('YBR_FULL', full, { ...colour, PhotometricInterpretation: 'YBR_FULL', PixelData: ybr })
  await addCase('YBR_FULL_422', full, { ...colour, PhotometricInterpretation: 'YBR_FULL_422', PixelData: ybr422 })
  await addCase('RGB big endian', full, colour, ['dcmconv', '+tb'])
  await addCase('RGB RLE', full, colour, ['dcmcrle'])
  await addCase('RGB JPEG lossless', full, colour, ['dcmcjpeg', '+e1'])
  await addCase('RGB JPEG-LS', full, colour, ['dcmcjpls'])
  await addCase('RGB JPEG 2000', full, colour, ['gdcmconv', '--j2k'])
  const wide = { ...colour, ...layout(16, 16, 0, 3, 'RGB'), PixelData: Uint16Array.from(rgb, value => value * 257) }
  await addCase('RGB 16 bit', full, wide)
  await addCase('RGB 16 bit RLE', full, wide, ['dcmcrle'])
  await addCase('YBR JPEG', full, colour, ['dcmcjpeg', '+eb', '+q', '98'])
  await addCase('YBR JPEG 4:4:4', full, colour, ['dcmcjpeg', '+eb', '+s4', '+q', '98'])
  const marked = await addCase('RGB JPEG', full, colour, ['dcmcjpeg', '+eb', '+cr', '+q', '98'])
  const bare = encapsulate([[withoutMarkers(await jpegOf(marked))]], { bot: true })
  await addCase('RGB JPEG without markers', full, { ...colour, PixelData: bare }, undefined, {
    TransferSyntaxUID: TS.JPEGBaseline8Bit,
  })

  const lookUp = (index: number) => [palette.red[index]! >> 8, palette.green[index]! >> 8, palette.blue[index]! >> 8]
  const painted = coloursOf(Uint8Array.from(Array.from(eightBit).flatMap(lookUp)))
  const colours = (first: number): NewDataSet => ({
    RedPaletteColorLookupTableDescriptor: { vr: 'US', value: [256, first, 16] },
    GreenPaletteColorLookupTableDescriptor: { vr: 'US', value: [256, first, 16] },
    BluePaletteColorLookupTableDescriptor: { vr: 'US', value: [256, first, 16] },
    RedPaletteColorLookupTableData: { vr: 'OW', value: palette.red },
    GreenPaletteColorLookupTableData: { vr: 'OW', value: palette.green },
    BluePaletteColorLookupTableData: { vr: 'OW', value: palette.blue },
  })
  const indexed: NewDataSet = { ...layout(8, 8, 0, 1, 'PALETTE COLOR'), ...colours(0), PixelData: eightBit }
  await addCase('palette', painted, indexed)
  await addCase('palette RLE', painted, indexed, ['dcmcrle'])
  await addCase('palette 16 bit', painted, {
    ...layout(16, 16, 0, 1, 'PALETTE COLOR'),
    ...colours(1000),
    PixelData: Uint16Array.from(eightBit, value => value + 1000),
  })
}

// ── the reader's side ──

type Opened = { range: { lower: number; upper: number } | undefined } | { reason: string }

/** Finds the one study by its PatientID, opens it by the keyboard, and waits for its picture or the sentence in its place. */
async function openByKeyboard(page: Page, PatientID: string, SeriesInstanceUID: string): Promise<Opened> {
  const search = page.getByPlaceholder('Name, ID or accession')
  await search.fill(PatientID)
  await page.waitForFunction(() => document.querySelectorAll('[data-study]').length === 1)
  await page.locator('[data-study]').filter({ hasText: PatientID }).waitFor()
  // Enter opens the one study that is found.
  await search.press('Enter')
  const opened = await page.waitForFunction(
    ([PatientID, SeriesInstanceUID]) => {
      const [pane] = window.isocenter?.viewports() ?? []
      if (pane?.settled && pane.seriesUID === SeriesInstanceUID) return { range: pane.range }
      const text = document.querySelector('.viewer')?.textContent ?? ''
      const reason = document.querySelector('[data-pane="0"] .pane-message[role=status]')?.textContent
      return reason && text.includes(PatientID) ? { reason } : undefined
    },
    [PatientID, SeriesInstanceUID] as const,
    { timeout: 60_000 },
  )
  return (await opened.jsonValue()) as Opened
}

async function close(page: Page): Promise<void> {
  await page.keyboard.press('Backspace')
  await page.getByPlaceholder('Name, ID or accession').waitFor({ state: 'visible' })
}

function expectClean(trouble: PageTrouble): void {
  expect(trouble.found).toEqual([])
}

test('one phantom in every encoding is written and imported', { timeout: 60_000 }, async () => {
  await writeOwnCases()
  const job = await station.job(await station.call('import.start', { paths: [folder] }))
  expect(job.stored).toBe(cases.length)
})

for (const rendering of ['cpu', 'gl'] as const) {
  test(`every encoding shows the same picture: ${rendering}`, { timeout: 300_000 }, async () => {
    const { page, context, trouble } = await openWorkstation(rendering === 'gl' ? browser : plainBrowser, station.url, {
      ...SMALL,
      search: `rendering=${rendering}`,
    })
    const wrong: string[] = []
    for (const { name, PatientID, SeriesInstanceUID, picture } of cases) {
      const opened = await openByKeyboard(page, PatientID, SeriesInstanceUID)
      const match = await matchOf(page, 'pane-0', picture)
      if ('reason' in opened || match < 0.99)
        wrong.push(`${PatientID} ${name}: ${match.toFixed(3)} ${JSON.stringify(opened)}`)
      await close(page)
    }
    expect(wrong).toEqual([])
    expectClean(trouble)
    await context.close()
  })
}
