import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type {} from '../../renderer/viewer/probe.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { segmentationObject } from '../fixtures/drawnObjects.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** What few studies have: a map in floats, a video in HEVC, a plan with beams, slices under a shutter. */
const STUDY = '2.25.91700'
const CT = `${STUDY}.1`
const COVERED = `${STUDY}.2`
const FRAME = `${STUDY}.9`
const SIDE = 64
const SLICES = 12
const STEP = 2

let folder = ''
let station: RunningStation
let browser: Browser
let page: Page
let trouble: PageTrouble

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `rare-${name}.png`) })
const hang = (series: number) => page.locator(`[data-set^="${STUDY}.${series}"]`).first().dblclick()

async function write(name: string, values: NewDataSet, syntax = TS.ExplicitVRLittleEndian): Promise<void> {
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: String(values.SOPClassUID),
    MediaStorageSOPInstanceUID: String(values.SOPInstanceUID),
    TransferSyntaxUID: syntax,
  })
  await writeFile(path.join(folder, `${name}.dcm`), Buffer.concat([meta, writeDataSet(values, encodingOf(syntax))]))
}

const about = (series: number, name: string): NewDataSet => ({
  PatientID: 'RARE-1',
  PatientName: 'RARE^PHANTOM',
  StudyDate: '20260601',
  StudyInstanceUID: STUDY,
  SeriesInstanceUID: `${STUDY}.${series}`,
  SOPInstanceUID: `${STUDY}.${series}.1`,
  SeriesNumber: series,
  SeriesDescription: name,
})

function slice(series: number, index: number, more: NewDataSet = {}): NewDataSet {
  return {
    ...about(series, series === 1 ? 'Slices' : 'Under a shutter'),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `${STUDY}.${series}.${index + 1}`,
    Modality: 'CT',
    InstanceNumber: index + 1,
    FrameOfReferenceUID: FRAME,
    ImagePositionPatient: [0, 0, index * STEP],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [1, 1],
    SliceThickness: STEP,
    Rows: SIDE,
    Columns: SIDE,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleSlope: 1,
    RescaleIntercept: 0,
    WindowCenter: [50],
    WindowWidth: [200],
    PixelData: Int16Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE) + index),
    ...more,
  }
}

/** ADC: 5 + 10 × x mm. */
function map(): NewDataSet {
  const grid = {
    FrameOfReferenceUID: FRAME,
    Rows: SIDE,
    Columns: SIDE,
    frames: SLICES,
    origin: [0, 0, 0] as [number, number, number],
    spacing: 1,
  }
  const bare = segmentationObject({ ...grid, frames: SLICES }, [{ label: 'A', holds: () => false }])
  const floats = Float32Array.from({ length: SIDE * SIDE * SLICES }, (_, i) => i % SIDE)
  const { SegmentSequence: _, SegmentationType: __, ...rest } = bare
  return {
    ...rest,
    ...about(3, 'ADC map'),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.30',
    Modality: 'MR',
    BitsAllocated: 32,
    PixelData: [],
    FloatPixelData: { vr: 'OF', value: new Uint8Array(floats.buffer) },
    SharedFunctionalGroupsSequence: [
      {
        PixelMeasuresSequence: [{ PixelSpacing: [1, 1], SliceThickness: STEP, SpacingBetweenSlices: STEP }],
        PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
        RealWorldValueMappingSequence: [
          {
            DoubleFloatRealWorldValueFirstValueMapped: 0,
            DoubleFloatRealWorldValueLastValueMapped: 100,
            RealWorldValueSlope: 10,
            RealWorldValueIntercept: 5,
            LUTLabel: 'ADC',
            MeasurementUnitsCodeSequence: [
              { CodeValue: 'um2/s', CodingSchemeDesignator: 'UCUM', CodeMeaning: 'um2/s' },
            ],
          },
        ],
      },
    ],
    PerFrameFunctionalGroupsSequence: Array.from({ length: SLICES }, (_, index) => ({
      PlanePositionSequence: [{ ImagePositionPatient: [0, 0, index * STEP] }],
    })),
  }
}

/** The head of an MP4 whose only track is HEVC: enough to be asked for, none that could be played. */
function hevc(): Uint8Array {
  const box = (kind: string, ...inside: number[][]) => {
    const body = inside.flat()
    const size = body.length + 8
    return [0, 0, size >> 8, size & 255, ...new TextEncoder().encode(kind), ...body]
  }
  const setup = [1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 153, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8]
  const picture = [...new Array(24).fill(0), 0x01, 0x40, 0, 0xf0, ...new Array(50).fill(0)]
  const entry = box('hvc1', picture, box('hvcC', setup), new Array(8).fill(0))
  const tables = box('minf', box('stbl', box('stsd', new Array(8).fill(0), entry)))
  const bytes = [
    ...box('ftyp', [...new TextEncoder().encode('isom')]),
    ...box('moov', box('trak', box('mdia', tables))),
  ]
  return Uint8Array.from(bytes.length % 2 === 0 ? bytes : [...bytes, 0])
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-rare-'))
  const shutter = {
    ShutterShape: 'RECTANGULAR',
    ShutterLeftVerticalEdge: 10,
    ShutterRightVerticalEdge: 50,
    ShutterUpperHorizontalEdge: 10,
    ShutterLowerHorizontalEdge: 50,
  }
  for (let index = 0; index < SLICES; index++) {
    await write(`ct${index}`, slice(1, index))
    await write(`covered${index}`, slice(2, index, shutter))
  }
  await write('map', map())
  const video: NewDataSet = {
    ...about(4, 'HEVC'),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
    Modality: 'ES',
    Rows: 240,
    Columns: 320,
    NumberOfFrames: 5,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    SamplesPerPixel: 3,
    PlanarConfiguration: 0,
    PhotometricInterpretation: 'YBR_PARTIAL_420',
    PixelData: encapsulate([[hevc()]], { bot: false }),
  }
  await write('hevc', video, TS.HEVCMP51)
  await write('plan', {
    ...about(5, 'Plan'),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5',
    Modality: 'RTPLAN',
    RTPlanLabel: 'PROSTATE',
    PlanIntent: 'CURATIVE',
    DoseReferenceSequence: [{ DoseReferenceDescription: 'PTV', TargetPrescriptionDose: 78 }],
    FractionGroupSequence: [
      {
        NumberOfFractionsPlanned: 39,
        ReferencedBeamSequence: [
          { ReferencedBeamNumber: 1, BeamMeterset: 123.45 },
          { ReferencedBeamNumber: 2, BeamMeterset: 98.7 },
        ],
      },
    ],
    BeamSequence: ['LAO', 'RPO'].map((BeamName, index) => ({
      BeamNumber: index + 1,
      BeamName,
      BeamType: 'STATIC',
      RadiationType: 'PHOTON',
      PrimaryDosimeterUnit: 'MU',
      ControlPointSequence: [{ NominalBeamEnergy: 6, GantryAngle: 45 + 180 * index }],
    })),
  })
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
  browser = await launchChromium()
  ;({ page, trouble } = await openWorkstation(browser, station.url, { search: 'rendering=cpu' }))
  await page.locator('.viewer').waitFor({ state: 'attached' })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.locator('.series-card').first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a parametric map lies over its images, with its levels in its own unit and its value under the pointer', async () => {
  await hang(3)
  await page.waitForFunction(uid => window.isocenter.viewports()[0]?.seriesUID === uid, CT)
  await page.locator('[data-pane="0"] .objects').first().waitFor({ state: 'attached' })
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  await page.mouse.move(box.x + box.width / 2 + 3, box.y + box.height / 2)
  await expect.poll(() => page.locator('[data-pane="0"]').textContent()).toMatch(/ADC.*3\d\d(\.\d+)? µm²\/s/)
  await shot('map')
  // The greatest is 5 + 10 × 63.
  await expect.poll(() => page.locator('[data-pane="0"] .isodoses').textContent()).toContain('571.5 µm²/s')
})

test('a video in a codec that this browser has not is told of, with its header and its file at hand', async () => {
  await hang(4)
  await page.getByText('This video cannot be played here.').waitFor()
  const note = page.locator('.document-note')
  expect(await note.textContent()).toContain('HEVC/H.265 Main Profile')
  await shot('hevc')
  await note.getByRole('button', { name: 'Tag browser' }).click()
  await page.getByText('RARE^PHANTOM').first().waitFor()
  await page.keyboard.press('Escape')
  const download = page.waitForEvent('download')
  await note.getByRole('button', { name: 'Export' }).click()
  expect((await download).suggestedFilename()).toBe(`${STUDY}.4.1.dcm`)
})

test('what a plan says is read from its tile: its name, its prescription, its beams', async () => {
  await hang(5)
  await page.getByRole('button', { name: 'What the plan says' }).click()
  const plan = page.locator('[data-structures]', { hasText: 'PROSTATE' })
  const facts = plan.locator('.structures-facts')
  await expect.poll(() => facts.textContent()).toContain('prescribed 78 Gy')
  await shot('plan')
  expect(await facts.locator('div').allTextContents()).toEqual([
    'Intentcurative',
    'PTVprescribed 78 Gy',
    'Fractions39',
    'LAOstatic photon, 6 MV, 123.5 MU, gantry 45°',
    'RPOstatic photon, 6 MV, 98.7 MU, gantry 225°',
  ])
  await page.locator('.structures').getByRole('button', { name: 'Close the panel' }).click()
})

test('no plane brings to light what a shutter covers: the image’s own, or the reader’s', async () => {
  await hang(2)
  await page.waitForFunction(
    uid => window.isocenter.viewports()[0]?.settled && window.isocenter.viewports()[0]?.seriesUID === uid,
    COVERED,
  )
  await page.keyboard.press('v')
  await page.getByText('The images cover a part of themselves').waitFor()
  await shot('covered')
  expect(await page.locator('[data-pane]').count()).toBe(1)
  await page.keyboard.press('Escape')
  await hang(1)
  await page.waitForFunction(
    uid => window.isocenter.viewports()[0]?.settled && window.isocenter.viewports()[0]?.seriesUID === uid,
    CT,
  )
  await page.keyboard.press('v')
  await expect.poll(() => page.locator('[data-pane]').count()).toBe(4)
  // Covered while the planes hang: they go.
  await page.keyboard.press('v')
  await expect.poll(() => page.locator('[data-pane]').count()).toBe(1)
  await page.keyboard.press('e')
  const box = (await page.locator('[data-pane="0"] .canvas').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x - 60, y - 60)
  await page.mouse.down()
  await page.mouse.move(x + 60, y + 60, { steps: 3 })
  await page.mouse.up()
  await page.keyboard.press('Control+b')
  await page.locator('[data-pane="0"] canvas.shutter').waitFor()
  await page.keyboard.press('v')
  await page.getByText('A part of these images is covered').first().waitFor()
  expect(await page.locator('[data-pane]').count()).toBe(1)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+b')
  await expect.poll(() => page.locator('[data-pane="0"] canvas.shutter').count()).toBe(0)
  await page.keyboard.press('v')
  await expect.poll(() => page.locator('[data-pane]').count()).toBe(4)
  expect(trouble.found).toEqual([])
})
