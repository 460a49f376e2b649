/**
 * `npm run bench -- ohif-reads`: what OHIF shows of what is saved here. Its own published build (its package's folder by OHIF_BUILD,
 * else fetched once) is served over the station's DICOMweb; marks saved with the workstation's own key and a segmentation of ours are
 * opened in it as a reader would, and its services are asked for what it has. Ends with 1 where it is not what was saved.
 */
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import type {} from '../../renderer/viewer/probe.ts'
import { uidFromRandom } from '../../shared/dicom/uids.ts'
import { type Draft, EMPTY_DRAFT, type Mark } from '../../shared/viewing/draft.ts'
import { SEGMENT_KINDS } from '../../shared/viewing/segmenting/kinds.ts'
import { LabelMap } from '../../shared/viewing/segmenting/labels.ts'
import { newSegment } from '../../shared/viewing/segmenting/segment.ts'
import { identityOf, writeObject } from '../../shared/viewing/writing/newObject.ts'
import { newSegmentation } from '../../shared/viewing/writing/segmentation.ts'
import { ctObject } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation } from '../fixtures/chromium.ts'
import { AUTHORIZED, REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { hideTour, serveOhif, stationAsSource } from './ohif.ts'

const STUDY = '1.2.826.0.1.3680043.10.83'
const SERIES = `${STUDY}.1`
const FRAME_OF_REFERENCE = `${STUDY}.9`
const [SIDE, SLICES, SPACING, STEP] = [64, 8, 0.75, 2]
const place = (index: number): [number, number, number] => [0, 0, index * STEP]
const IMAGES = Array.from({ length: SLICES }, (_, index) =>
  ctObject(8300 + index, {
    StudyInstanceUID: STUDY,
    SeriesInstanceUID: SERIES,
    FrameOfReferenceUID: FRAME_OF_REFERENCE,
    PatientName: 'Saved^Ann',
    PatientID: 'OHIF-1',
    StudyDate: '20260601',
    StudyTime: '101500',
    InstanceNumber: index + 1,
    PixelSpacing: [SPACING, SPACING],
    SliceThickness: STEP,
    ImagePositionPatient: place(index),
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    RescaleSlope: 1,
    RescaleIntercept: -1024,
    WindowCenter: 1000,
    WindowWidth: 4000,
  }),
)

const marked = (image: number, kind: Mark['kind'], points: Mark['points'], more: Partial<Mark> = {}): Mark => ({
  id: crypto.randomUUID(),
  kind,
  SeriesInstanceUID: SERIES,
  SOPInstanceUID: IMAGES[image]!.SOPInstanceUID,
  frame: 1,
  points,
  text: '',
  ...more,
})

/** A mark, OHIF's tool for it, and the figure it has of the mark. */
interface Wanted {
  mark: Mark
  tool: string
  figure?: { key: string; value: number; within: number }
  label?: string
}

const [RADIUS_X, RADIUS_Y] = [11.125, 7.9375]
const WANTED: Wanted[] = [
  {
    // Its label moved away: no second mark.
    mark: marked(
      0,
      'length',
      [
        [10.125, 20.5],
        [40.25, 20.5],
      ],
      { label: [20, 40] },
    ),
    tool: 'Length',
    figure: { key: 'length', value: 30.125 * SPACING, within: 0.01 },
  },
  {
    mark: marked(1, 'angle', [
      [10, 10],
      [30, 10],
      [30, 40],
    ]),
    tool: 'Angle',
    figure: { key: 'angle', value: 90, within: 0.1 },
  },
  {
    mark: marked(1, 'cobb', [
      [5, 50],
      [25, 50],
      [30, 60],
      [50, 40],
    ]),
    tool: 'CobbAngle',
    figure: { key: 'angle', value: 45, within: 0.1 },
  },
  {
    mark: marked(2, 'bidirectional', [
      [10, 30],
      [50, 30],
      [30, 20],
      [30, 40],
    ]),
    tool: 'Bidirectional',
    figure: { key: 'length', value: 40 * SPACING, within: 0.01 },
  },
  {
    mark: marked(3, 'ellipse', [
      [8.5, 8.25],
      [8.5 + 2 * RADIUS_X, 8.25 + 2 * RADIUS_Y],
    ]),
    tool: 'EllipticalROI',
    figure: { key: 'area', value: Math.PI * RADIUS_X * RADIUS_Y * SPACING ** 2, within: 2 },
  },
  {
    mark: marked(3, 'rectangle', [
      [40, 40],
      [60, 50],
    ]),
    tool: 'RectangleROI',
    figure: { key: 'area', value: 200 * SPACING ** 2, within: 2 },
  },
  {
    mark: marked(4, 'circle', [
      [20, 30],
      [30, 20],
      [40, 30],
    ]),
    tool: 'CircleROI',
  },
  {
    mark: marked(
      4,
      'polyline',
      [
        [5, 5],
        [20, 6],
        [11.5, 30],
      ],
      { closed: true },
    ),
    tool: 'PlanarFreehandROI',
  },
  {
    mark: marked(5, 'spline', [
      [10, 10],
      [40, 12],
      [38, 40],
      [12, 38],
    ]),
    tool: 'PlanarFreehandROI',
  },
  { mark: marked(5, 'probe', [[32, 32]]), tool: 'Probe' },
  {
    mark: marked(
      6,
      'arrow',
      [
        [10, 50],
        [25, 60],
      ],
      { text: 'Größe 4 mm' },
    ),
    tool: 'ArrowAnnotate',
    label: 'Größe 4 mm',
  },
  { mark: marked(6, 'vertebra', [[20, 33]], { text: 'L4' }), tool: 'ArrowAnnotate', label: 'L4' },
]

/** What OHIF holds, as its page says it. */
interface Measurement {
  toolName: string
  label?: string
  SOPInstanceUID: string
  figures: Record<string, number>
}
interface Segmented {
  label: string
  voxels: number
}

const station = await startStation()
let browser: Browser | undefined
const ohif = await serveOhif(stationAsSource(station), { cpu: false })
try {
  const sent = await sendBytes(IMAGES, { port: station.dimsePort })
  assert.deepEqual(
    sent.map(({ status }) => status),
    IMAGES.map(() => 0),
  )
  browser = await launchChromium({ gl: true })
  await saveMarks(browser, station)
  const { voxels, label } = await saveSegment(station)
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: 'block' })
  await hideTour(context)
  const page = await context.newPage()
  page.on('console', message => {
    if (process.env.OHIF_LOG) console.log(`  ${message.type()}: ${message.text().slice(0, 300)}`)
  })
  await page.goto(`${ohif.origin}/viewer?StudyInstanceUIDs=${STUDY}`)
  await page.locator('canvas.cornerstone-canvas').first().waitFor({ timeout: 120_000 })
  const measurements = await measurementsIn(page)
  const shots = path.join(REPOSITORY, 'out/screenshots')
  await mkdir(shots, { recursive: true })
  await page.screenshot({ path: path.join(shots, 'ohif-marks.png') })
  const segments = await segmentsIn(page)
  await page.screenshot({ path: path.join(shots, 'ohif-segments.png') })
  const wrong = [...compare(measurements), ...compareSegments(segments, { label, voxels })]
  for (const one of wrong) console.log(`NOT AS SAVED: ${one}`)
  if (wrong.length > 0) process.exitCode = 1
  else
    console.log(`OHIF shows ${measurements.length} marks of ${WANTED.length} and ${segments.length} segment as saved`)
} finally {
  await browser?.close()
  ohif.server.close()
  await station.stop()
}

/** Through the workstation itself: a draft, its study opened, one key. */
async function saveMarks(chromium: Browser, { url, call }: RunningStation): Promise<void> {
  const draft: Draft = { ...EMPTY_DRAFT, marks: WANTED.map(({ mark }) => mark) }
  await call('draft.put', { StudyInstanceUID: STUDY, draft, rev: 0 })
  const { context, page } = await openWorkstation(chromium, url, { width: 1280, height: 720 })
  await page.locator(`[data-study="${STUDY}"]`).dblclick()
  await page.waitForFunction(() => window.isocenter.viewports()[0]?.settled)
  await page.keyboard.press('Control+s')
  await page.getByText(`Saved: ${WANTED.length} marks`).waitFor()
  await context.close()
}

/** A box of 10 × 12 pixels in three slices, by the writer the workstation has. */
async function saveSegment({ get, origin }: RunningStation): Promise<{ label: string; voxels: number }> {
  const map = new LabelMap({
    columns: SIDE,
    rows: SIDE,
    slices: SLICES,
    columnSpacing: SPACING,
    rowSpacing: SPACING,
    sliceSpacing: STEP,
    isMillimetres: true,
  })
  let voxels = 0
  for (let slice = 2; slice < 5; slice++) {
    const labels = map.ensure(slice)
    for (let y = 20; y < 32; y++) {
      labels.fill(1, y * SIDE + 10, y * SIDE + 20)
      voxels += 10
    }
  }
  const segment = { ...newSegment([])!, label: 'Box', kind: SEGMENT_KINDS[0]! }
  const object = newSegmentation({
    sources: IMAGES.map(({ SOPClassUID, SOPInstanceUID }, index) => ({
      SOPClassUID,
      SOPInstanceUID,
      attributes: {
        Rows: SIDE,
        Columns: SIDE,
        FrameOfReferenceUID: FRAME_OF_REFERENCE,
        ImagePositionPatient: place(index),
        ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
        PixelSpacing: [SPACING, SPACING],
        SliceThickness: STEP,
      },
    })),
    SeriesInstanceUID: SERIES,
    map,
    segments: [segment],
    creator: '',
    predecessor: undefined,
    series: '',
    SeriesNumber: 9900,
  })
  const newUID = () => uidFromRandom(crypto.getRandomValues(new Uint8Array(16)))
  const image = `/dicom-web/studies/${STUDY}/series/${SERIES}/instances/${IMAGES[0]!.SOPInstanceUID}/metadata`
  const [metadata] = (await (await get(image)).json()) as [Parameters<typeof identityOf>[0]]
  const { part10 } = writeObject(identityOf(metadata), object, { now: new Date(), newUID })
  const stored = await fetch(`${origin}/dicom-web/studies`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'multipart/related; type="application/dicom"; boundary=one' },
    body: Buffer.concat([
      Buffer.from('--one\r\nContent-Type: application/dicom\r\n\r\n'),
      part10,
      Buffer.from('\r\n--one--\r\n'),
    ]),
  })
  assert.equal(stored.status, 200)
  return { label: segment.label, voxels }
}

/** A double click on the series' thumbnail shows and, as OHIF is configured here, loads it. */
async function openSeries(page: Page, modality: string): Promise<void> {
  const card = page.locator(`[data-cy="study-browser-thumbnail-no-image"]`).filter({ hasText: modality }).first()
  await card.waitFor({ timeout: 60_000 })
  await card.dblclick()
}

async function measurementsIn(page: Page): Promise<Measurement[]> {
  await openSeries(page, 'SR')
  // What does not come is said of each mark.
  await page
    .waitForFunction(
      count => ((window as Ohif).services?.measurementService.getMeasurements().length ?? 0) >= count,
      WANTED.length,
      { timeout: 45_000 },
    )
    .catch(() => undefined)
  return page.evaluate(() =>
    (window as Ohif).services!.measurementService.getMeasurements().map(one => ({
      toolName: one.toolName,
      SOPInstanceUID: one.SOPInstanceUID,
      ...(one.label && { label: one.label }),
      figures: Object.assign({}, ...Object.values(one.data ?? {})),
    })),
  )
}

async function segmentsIn(page: Page): Promise<Segmented[]> {
  await openSeries(page, 'SEG')
  await page.waitForFunction(
    () => ((window as Ohif).services?.segmentationService.getSegmentations().length ?? 0) > 0,
    null,
    {
      timeout: 60_000,
    },
  )
  return page.evaluate(async () => {
    const { services, cornerstone } = window as Ohif
    const [segmentation] = services!.segmentationService.getSegmentations()
    const data = segmentation!.representationData.Labelmap
    const images = data.imageIds ?? cornerstone!.cache.getVolume(data.volumeId!)?.imageIds ?? []
    const counts = new Map<number, number>()
    for (const imageId of images) {
      for (const value of cornerstone!.cache.getImage(imageId)?.getPixelData() ?? []) {
        if (value !== 0) counts.set(value, (counts.get(value) ?? 0) + 1)
      }
    }
    return Object.values(segmentation!.segments).map(({ label, segmentIndex }) => ({
      label,
      voxels: counts.get(segmentIndex) ?? 0,
    }))
  })
}

/** What of OHIF's page is asked. */
type Ohif = Window & {
  services?: {
    measurementService: {
      getMeasurements(): Array<{
        toolName: string
        label?: string
        SOPInstanceUID: string
        data?: Record<string, Record<string, number>>
      }>
    }
    segmentationService: {
      getSegmentations(): Array<{
        segments: Record<string, { label: string; segmentIndex: number }>
        representationData: { Labelmap: { imageIds?: string[]; volumeId?: string } }
      }>
    }
  }
  cornerstone?: {
    cache: {
      getImage(imageId: string): { getPixelData(): Iterable<number> } | undefined
      getVolume(volumeId: string): { imageIds: string[] } | undefined
    }
  }
}

function compare(found: readonly Measurement[]): string[] {
  const rest = [...found]
  const wrong = WANTED.flatMap(({ mark, tool, figure, label }) => {
    const at = rest.findIndex(one => one.toolName === tool && one.SOPInstanceUID === mark.SOPInstanceUID)
    const [here] = at === -1 ? [] : rest.splice(at, 1)
    if (here === undefined) return [`${mark.kind}: no ${tool} on its image`]
    const value = figure && here.figures[figure.key]
    if (figure && !(Math.abs((value ?? Number.NaN) - figure.value) <= figure.within))
      return [`${mark.kind}: ${figure.key} ${value}, not ${figure.value} (${JSON.stringify(here.figures)})`]
    return label === undefined || here.label === label ? [] : [`${mark.kind}: named ${here.label}, not ${label}`]
  })
  return [...wrong, ...rest.map(one => `${one.toolName}: nobody drew it`)]
}

function compareSegments(found: readonly Segmented[], wanted: Segmented): string[] {
  return JSON.stringify(found) === JSON.stringify([wanted]) ? [] : [`segments ${JSON.stringify(found)}`]
}
