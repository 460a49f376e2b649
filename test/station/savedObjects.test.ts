import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { inForce, readKeyObjects } from '../../shared/viewing/documents/keyObjects.ts'
import {
  presentationOf,
  readPresentationState,
  viewOfState,
  windowInImage,
} from '../../shared/viewing/documents/presentationState.ts'
import {
  type DisplayShutter,
  type Draft,
  displayShutter,
  EMPTY_DRAFT,
  type Mark,
  type MarkKind,
} from '../../shared/viewing/draft.ts'
import { readProfile } from '../../shared/viewing/icc.ts'
import { describe as describeMark, measure } from '../../shared/viewing/measure/measure.ts'
import { regionSpans } from '../../shared/viewing/measure/region.ts'
import { shutterAround, shutterMask } from '../../shared/viewing/shutter.ts'
import { WHOLE_SLIDE } from '../../shared/viewing/slides/slide.ts'
import { changesSince, savable } from '../../shared/viewing/writing/changes.ts'
import { srgbProfile } from '../../shared/viewing/writing/colourSpace.ts'
import { keySelection, readKeySelection } from '../../shared/viewing/writing/keySelection.ts'
import { trackingUidOf } from '../../shared/viewing/writing/markCodes.ts'
import { measurementReport, type ReportedMark, type Version } from '../../shared/viewing/writing/measurementReport.ts'
import { type NewObject, writeObject } from '../../shared/viewing/writing/newObject.ts'
import { CHOSEN, presentationState, type StateImage } from '../../shared/viewing/writing/presentationState.ts'
import { readMeasurements } from '../../shared/viewing/writing/readMeasurements.ts'
import { readStructuredDisplay, structuredDisplay } from '../../shared/viewing/writing/structuredDisplay.ts'

/** Objects of ours before two judges that know nothing of us: dciodvfy (the IODs of PS3.3) and pydicom (what the bytes say). */
const run = promisify(execFile)
const STUDY = '2.25.77001'
const SERIES = '2.25.770011'
const CT = '1.2.840.10008.5.1.4.1.1.2'
const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1'
const [COLUMNS, ROWS] = [64, 64]
const IDENTITY = {
  PatientName: 'Müller^Änne',
  PatientID: 'SAVED-1',
  PatientBirthDate: '19700101',
  PatientSex: 'F',
  StudyInstanceUID: STUDY,
  StudyDate: '20260601',
  StudyTime: '101500',
  ReferringPhysicianName: '',
  StudyID: '7',
  AccessionNumber: 'A7',
}
const FIRST: Version = { SeriesInstanceUID: '', InstanceNumber: 1 }
const NOW = new Date(2026, 10, 22, 12, 31)
let folder = ''
let made = 0

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-saved-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const imageOf = (slice: number, frames = 1, frame = 1) => ({
  SOPClassUID: frames > 1 ? ENHANCED_CT : CT,
  StudyInstanceUID: STUDY,
  SeriesInstanceUID: SERIES,
  SOPInstanceUID: `${SERIES}.${slice}`,
  frame,
  frames,
})

const POINTS: Record<MarkKind, Mark['points']> = {
  length: [
    [3.125, 4.017],
    [40.333, 21.999],
  ],
  angle: [
    [1, 1],
    [10.5, 10.5],
    [30.001, 2],
  ],
  cobb: [
    [2, 2],
    [30, 5],
    [3, 40],
    [33, 51.007],
  ],
  openAngle: [
    [2, 2],
    [30, 5],
    [3, 40],
    [33, 51.007],
  ],
  // The axis that was drawn first is the shorter one.
  bidirectional: [
    [10, 30],
    [20, 30],
    [15, 10.2],
    [15, 50.3],
  ],
  ellipse: [
    [40.5, 50.25],
    [10.1, 20.9],
  ],
  circle: [
    [20, 10],
    [30, 20],
    [20, 30.004],
  ],
  rectangle: [
    [30.5, 8.25],
    [12.125, 44.5],
  ],
  polyline: [
    [1, 1],
    [2.222, 8.008],
    [30, 30],
  ],
  freehand: [
    [5, 5],
    [20.5, 6],
    [18, 30],
    [6.006, 25],
  ],
  spline: [
    [10, 10],
    [40, 12],
    [38, 40],
    [12.345, 38],
  ],
  livewire: [
    [5, 5],
    [6, 5],
    [7.001, 6],
    [8, 8],
  ],
  cardiothoracic: [
    [20, 30],
    [40, 30],
    [5, 35],
    [60, 35.5],
  ],
  vertebra: [[12.012, 30]],
  probe: [[20.5, 20.5]],
  arrow: [
    [10, 10],
    [25.5, 30],
  ],
  text: [[8, 9.009]],
}

const markOf = (kind: MarkKind, more: Partial<Mark> = {}): Mark => ({
  id: crypto.randomUUID(),
  kind,
  SeriesInstanceUID: SERIES,
  SOPInstanceUID: `${SERIES}.1`,
  frame: 1,
  points: POINTS[kind],
  text: '',
  ...more,
})

const MARKS: Mark[] = [
  ...(Object.keys(POINTS) as MarkKind[]).map(kind => markOf(kind)),
  markOf('polyline', {
    closed: true,
    points: [
      [1, 1],
      [30, 2],
      [20, 33.3],
    ],
  }),
  markOf('livewire', {
    closed: true,
    locked: true,
    points: [
      [1, 1],
      [30, 2],
      [20, 33.3],
    ],
  }),
  markOf('arrow', { text: 'Größe: 4 mm \\ kein Infiltrat\nzweite Zeile 胸部', label: [44.25, 51.125] }),
  markOf('text', { text: 'x'.repeat(500) }),
  markOf('length', { SOPInstanceUID: `${SERIES}.2`, frame: 7 }),
]

/** Values of a known pattern, so that every figure is told apart. */
const pixels = Float32Array.from({ length: COLUMNS * ROWS }, (_, at) => -100 + ((at * 37) % 211))

const reported: ReportedMark[] = MARKS.map(mark => ({
  mark,
  image: mark.frame === 7 ? imageOf(2, 12, 7) : imageOf(1),
  measured: measure(
    mark,
    { Modality: 'CT', SOPClassUID: CT, attributes: { PixelSpacing: [0.75, 0.75], Rows: ROWS, Columns: COLUMNS } },
    undefined as never,
    { pixels, columns: COLUMNS, rows: ROWS, slope: 1, intercept: 0, padding: undefined, components: 1 },
  ),
}))

function written(object: NewObject) {
  let count = 0
  return writeObject(IDENTITY, object, { now: NOW, newUID: () => `2.25.7700${++made}${++count}` })
}

function dataSetOf({ part10 }: ReturnType<typeof written>): DataSet {
  const meta = readFileMeta(part10)!
  return DataSet.read(part10, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
}

/** What dciodvfy calls an error; warnings are of what the standard allows. */
async function errorsOf(object: ReturnType<typeof written>, name: string): Promise<string[]> {
  const file = path.join(folder, `${name}.dcm`)
  await writeFile(file, object.part10)
  const { stdout, stderr } = await run('dciodvfy', ['-new', file]).catch(
    (failed: { stdout: string; stderr: string }) => failed,
  )
  const lines = `${stdout}${stderr}`.split('\n')
  expect(lines.join('\n')).toMatch(
    /^(ComprehensiveSR|KeyObjectSelectionDocument|GrayscaleSoftcopyPresentationState|ColorSoftcopyPresentationState|BasicStructuredDisplay)/m,
  )
  return lines.filter(line => /^Error/.test(line))
}

const report = (marks = reported, version = FIRST, calibrations = CALIBRATIONS) =>
  measurementReport(marks, calibrations, '2.25.1', version)
const CALIBRATIONS = [
  {
    displaySet: `${SERIES}#2`,
    calibration: { unit: 'px' as const, drawn: 123.456789012, mm: 40, SOPInstanceUID: `${SERIES}.1`, frame: 1 },
    image: imageOf(1),
  },
]

describe('measurement reports', () => {
  test('are Comprehensive SRs as PS3.3 has them: first, later, and when nothing is left', async () => {
    const first = written(report())
    expect(await errorsOf(first, 'report')).toEqual([])
    const later = { SeriesInstanceUID: first.SeriesInstanceUID, InstanceNumber: 2, predecessor: first }
    expect(await errorsOf(written(report(reported.slice(1), later)), 'report2')).toEqual([])
    expect(await errorsOf(written(report([], later, [])), 'report3')).toEqual([])
    const [study] = dataSetOf(written(report(reported, later))).items('PredecessorDocumentsSequence')
    const [series] = study!.items('ReferencedSeriesSequence')
    expect(series!.items('ReferencedSOPSequence')[0]!.string('ReferencedSOPInstanceUID')).toBe(first.SOPInstanceUID)
  })

  test('give every mark back as it was: kind, points, words, label, lock, id', () => {
    const saved = readMeasurements(dataSetOf(written(report())))!
    expect(saved.marks).toEqual(MARKS)
    expect(saved.left).toBe(0)
    expect(saved.calibrations).toEqual({ [`${SERIES}#2`]: CALIBRATIONS[0]!.calibration })
    const again = readMeasurements(dataSetOf(written(report())))!
    expect(again.marks.map(({ id }) => trackingUidOf(id))).toEqual(MARKS.map(({ id }) => trackingUidOf(id)))
  })

  test('say to pydicom what stands on the screen, where it was drawn', async () => {
    const file = path.join(folder, 'read.dcm')
    await writeFile(file, written(report()).part10)
    const { stdout } = await run('/usr/bin/python3', [path.join(import.meta.dirname, 'savedObjects.py'), file])
    const groups = JSON.parse(stdout) as Array<{
      template: string
      tracking: string
      texts: string[]
      kind: string
      regions: Array<{ name: string; type: string; points: number[]; image: string; frame: number }>
      numbers: Record<string, [string, string]>
    }>
    expect(groups.map(({ kind }) => kind)).toEqual(MARKS.map(({ kind }) => kind))
    for (const [at, group] of groups.entries()) {
      const { mark, measured } = reported[at]!
      expect(group.tracking).toBe(trackingUidOf(mark.id))
      expect(group.texts).toEqual(mark.text === '' ? [] : [mark.text])
      for (const { image, frame } of group.regions) expect([image, frame]).toEqual([mark.SOPInstanceUID, mark.frame])
      // Every figure is one of those that stand beside the mark.
      const shown = describeMark(mark, measured!).join(' ')
      for (const [value] of Object.values(group.numbers)) expect(` ${shown} `).toContain(value)
    }
    const of = (kind: MarkKind) => groups.find(group => group.kind === kind)!
    expect(of('length').numbers).toEqual({ 'SCT:410668003': ['31.0', 'mm'] })
    expect(of('length').regions[0]).toMatchObject({ type: 'POLYLINE', points: POINTS.length.flat().map(Math.fround) })
    expect(of('bidirectional').numbers).toEqual({ 'SCT:103339001': ['30.1', 'mm'], 'SCT:103340004': ['7.5', 'mm'] })
    // The long axis is inferred from the longer line.
    expect(of('bidirectional').regions.find(({ name }) => name === '')!.points).toEqual(
      POINTS.bidirectional.slice(2).flat().map(Math.fround),
    )
    expect(of('ellipse')).toMatchObject({ template: '1410' })
    expect(of('ellipse').regions[0]).toMatchObject({ name: 'DCM:111030', type: 'ELLIPSE' })
    expect(of('circle').regions[0]).toMatchObject({ type: 'CIRCLE' })
    expect(of('rectangle').regions[0]!.points).toHaveLength(10)
    expect(of('angle').numbers['SCT:1483009']![1]).toBe('deg')
    expect(of('ellipse').numbers['SCT:42798000']![1]).toBe('mm2')
    expect(of('ellipse').numbers['SCT:373098007']![1]).toBe("[hnsf'U]")
  })

  test('of another program become marks of the kind graphic and concept have in common, unknown ones with their words', () => {
    const own = report([reported[0]!, reported[1]!, reported[5]!, reported[15]!], FIRST, [])
    // The same without a word of ours: what another program writes.
    const strip = (items: unknown): unknown =>
      JSON.parse(JSON.stringify(items), (_, value) =>
        Array.isArray(value)
          ? value.filter(one => !JSON.stringify(one?.ConceptNameCodeSequence ?? '').includes('99ISOCENTER'))
          : value,
      )
    const body = { ...own.body, ContentSequence: strip(own.body.ContentSequence) as never }
    const { marks } = readMeasurements(dataSetOf(written({ ...own, body })))!
    expect(marks.map(({ kind }) => kind)).toEqual(['length', 'angle', 'ellipse', 'polyline'])
    expect(marks[0]!.points).toEqual(POINTS.length)
    expect(marks[1]!.points).toEqual(POINTS.angle)
    expect(marks[2]!.points).toEqual([
      [10.1, 20.9],
      [40.5, 50.25],
    ])
  })

  test('of a slide come back by its total pixel matrix alone: a tile, the first as any other, may lie anywhere on it', () => {
    const slide = { ...imageOf(1, 12, 1), SOPClassUID: WHOLE_SLIDE }
    const mark = markOf('length', {
      points: [
        [90_000.125, 40_000.5],
        [90_100.25, 0],
      ],
    })
    const [whole, tile] = [{ ...slide, isMatrix: true as const }, slide].map(
      image => readMeasurements(dataSetOf(written(report([{ ...reported[0]!, mark, image }]))))!,
    )
    expect(whole).toMatchObject({ left: 0, marks: [{ points: mark.points, frame: 1 }] })
    expect(tile).toMatchObject({ left: 1, marks: [] })
  })

  test('are read within bounds: cut short anywhere, nothing throws', () => {
    const { part10 } = written(report())
    for (let end = 400; end < part10.length; end += 997) {
      const cut = part10.slice(0, end)
      expect(() => readMeasurements(dataSetOf({ part10: cut } as never))).not.toThrow()
    }
  })
})

describe('what is not saved', () => {
  test('is counted thing by thing; what comes back is not counted, nor is a mark on a reformat', () => {
    const saved = readMeasurements(dataSetOf(written(report())))!
    const calibrations = { [`${SERIES}#2`]: CALIBRATIONS[0]!.calibration }
    const draft: Draft = { ...EMPTY_DRAFT, marks: MARKS, calibrations }
    expect(changesSince(draft, saved, [])).toEqual({ marks: 0, keyImages: 0 })
    // Points that a hand made lie between thousandths: what is written of them is what counts.
    const odd = markOf('polyline', {
      points: [
        [1 / 3, 10.0005],
        [1e3 / 7, 20.00049999],
      ],
    })
    const [only] = readMeasurements(dataSetOf(written(report([{ ...reported[0]!, mark: odd }]))))!.marks
    expect(changesSince({ ...EMPTY_DRAFT, marks: [odd] }, { marks: [only!], calibrations: {} }, []).marks).toBe(0)
    const onReformat = markOf('length', { SOPInstanceUID: 'mpr:axial:0123456789abcdef:1.00' })
    const moved = { ...MARKS[0]!, points: POINTS.angle.slice(1) }
    const changed = { ...draft, calibrations: {}, marks: [moved, ...MARKS.slice(2), onReformat], keyImages: [moved] }
    expect(changesSince(changed, saved, [])).toEqual({ marks: 3, keyImages: 1 })
    expect(savable(changed)).toMatchObject({ left: 1 })
  })
})

describe('key object selections', () => {
  const images = [imageOf(1), imageOf(2, 12, 7), imageOf(2, 12, 9)]

  test('are valid, name their frames, and can be withdrawn', async () => {
    const first = written(keySelection(images, FIRST)!)
    expect(await errorsOf(first, 'keys')).toEqual([])
    expect(readKeySelection(dataSetOf(first))!.keyImages).toEqual(
      images.map(({ SeriesInstanceUID, SOPInstanceUID, frame }) => ({ SeriesInstanceUID, SOPInstanceUID, frame })),
    )
    const later = { SeriesInstanceUID: first.SeriesInstanceUID, InstanceNumber: 2, predecessor: first }
    const none = written(keySelection([], later)!)
    expect(await errorsOf(none, 'keys2')).toEqual([])
    expect(readKeySelection(dataSetOf(none))!.keyImages).toEqual([])
    expect(keySelection([], FIRST)).toBeUndefined()
    // Only the last one is shown among the key images of the study.
    const shown = [first, none].map(object => readKeyObjects(dataSetOf(object))!)
    expect(inForce(shown).map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual([none.SOPInstanceUID])
  })
})

describe('presentation states', () => {
  const stateImage = (slice: number, more: Partial<StateImage> = {}): StateImage => ({
    ...imageOf(slice),
    Rows: ROWS,
    Columns: COLUMNS,
    spacing: [0.75, 0.75],
    isMillimetres: true,
    isColour: false,
    isMonochrome1: false,
    rescale: { slope: 1, intercept: -1024 },
    window: undefined,
    VOILUTFunction: 'LINEAR',
    ...more,
  })
  const VIEW = {
    range: { lower: -160, upper: 240 },
    inverted: true,
    quarterTurns: 1 as const,
    mirrored: true,
    zoom: 2.5,
    // No corner below zero: dciodvfy takes these for large ones.
    centre: [40, 35] as [number, number],
  }
  const drawn = reported.slice(0, 17).map(({ mark, image, measured }) => ({
    mark,
    image,
    scale: measured!.scale,
    lines: describeMark(mark, measured!),
  }))

  test('of grey images bring window, turn, polarity, size and graphics back', async () => {
    const images = [stateImage(1), stateImage(3)]
    const object = written(presentationState(images, VIEW, drawn, FIRST, NOW))
    expect(await errorsOf(object, 'grey')).toEqual([])
    const state = readPresentationState(dataSetOf(object))
    const frame = presentationOf(state, `${SERIES}.1`, 1)!
    expect(frame.window).toMatchObject({ center: 40.5, width: 401 })
    expect(viewOfState(state)).toEqual({ quarterTurns: 1, mirrored: true })
    expect(state.inverse).toBe(true)
    expect(frame.area).toMatchObject({ mode: 'MAGNIFY', magnification: 2.5, from: [8, 3], to: [72, 67] })
    // C.10.4: mirrored and turned by a quarter, the image's last pixel lies top left.
    const [area] = dataSetOf(object).items('DisplayedAreaSelectionSequence')
    expect(area!.numbers('DisplayedAreaTopLeftHandCorner')).toEqual([72, 67])
    expect(area!.numbers('DisplayedAreaBottomRightHandCorner')).toEqual([9, 4])
    const [annotation] = frame.annotations
    expect(annotation!.graphics.some(({ kind }) => kind === 'ELLIPSE')).toBe(true)
    expect(annotation!.texts.map(({ text }) => text)).toContain('31.0 mm')
    const later = { SeriesInstanceUID: object.SeriesInstanceUID, InstanceNumber: 2, predecessor: object }
    expect(await errorsOf(written(presentationState(images, VIEW, [], later, NOW)), 'grey2')).toEqual([])
  })

  test('name the corners that lie top left and bottom right, however it is turned and mirrored', async () => {
    for (const [turn, mirrored] of [0, 1, 2, 3].flatMap(one => [[one, false] as const, [one, true] as const])) {
      const view = { ...VIEW, zoom: undefined, centre: undefined, quarterTurns: turn as 0 | 1 | 2 | 3, mirrored }
      const object = written(presentationState([stateImage(1)], view as never, [], FIRST, NOW))
      expect(await errorsOf(object, `turn${turn}${mirrored}`)).toEqual([])
    }
  })

  test('of images that are rescaled each by itself have a window each, the same on the screen', async () => {
    const slopes = [0.5, 2]
    const images = slopes.map((slope, at) => stateImage(at + 1, { rescale: { slope, intercept: 0 } }))
    const object = written(presentationState(images, VIEW, [], FIRST, NOW))
    expect(await errorsOf(object, 'pet')).toEqual([])
    const state = readPresentationState(dataSetOf(object))
    for (const [at, slope] of slopes.entries()) {
      const { center, width } = presentationOf(state, `${SERIES}.${at + 1}`, 1)!.window!
      const window = windowInImage({ center: center! - 0.5, width: width! - 1 }, state.rescale, { slope, intercept: 0 })
      expect([window.center - window.width / 2, window.center + window.width / 2]).toEqual([-160, 240])
    }
  })

  test('of images whose window the reader has left bring each image its own: without one, others show all values', async () => {
    const windows = [
      { lower: -160, upper: 240 },
      { lower: -1350, upper: 150 },
    ]
    const images = [...windows, undefined].map((window, at) => stateImage(at + 1, { window }))
    const object = written(presentationState(images, { ...VIEW, range: undefined }, [], FIRST, NOW))
    expect(await errorsOf(object, 'own')).toEqual([])
    const state = readPresentationState(dataSetOf(object))
    const centres = [1, 2, 3].map(slice => presentationOf(state, `${SERIES}.${slice}`, 1)!.window?.center)
    expect(centres).toEqual([40.5, -599.5, undefined])
  })

  const SHUTTERS: Array<[Parameters<typeof shutterAround>[0], DisplayShutter]> = [
    [
      {
        shape: 'rectangle',
        points: [
          [30.5, 8.25],
          [12.125, 44.5],
        ],
      },
      {
        ShutterShape: ['RECTANGULAR'],
        ShutterLeftVerticalEdge: 13,
        ShutterRightVerticalEdge: 31,
        ShutterUpperHorizontalEdge: 9,
        ShutterLowerHorizontalEdge: 45,
      },
    ],
    [
      {
        shape: 'ellipse',
        points: [
          [10, 20],
          [30, 40],
        ],
      },
      { ShutterShape: ['CIRCULAR'], CenterOfCircularShutter: [31, 21], RadiusOfCircularShutter: 10 },
    ],
    [
      {
        shape: 'polygon',
        points: [
          [2, 2],
          [2.1, 2.1],
          [40, 3],
          [20, 50],
        ],
      },
      { ShutterShape: ['POLYGONAL'], VerticesOfThePolygonalShutter: [3, 3, 4, 41, 51, 21] },
    ],
  ]

  test('cover what the reader covers, to the pixel, and come back as the same shutter', async () => {
    for (const [at, [region, expected]] of SHUTTERS.entries()) {
      const shutter = shutterAround(region)
      expect(shutter).toEqual(expected)
      for (const isColour of [false, true]) {
        const images = [stateImage(1, { isColour }), stateImage(3, { isColour })]
        const object = written(presentationState(images, { ...VIEW, inverted: !isColour, shutter }, [], FIRST, NOW))
        expect(await errorsOf(object, `shutter${at}${isColour}`)).toEqual([])
        expect(displayShutter.parse(readPresentationState(dataSetOf(object)).shutter)).toEqual(shutter)
      }
      const open = shutterMask(shutter, ROWS, COLUMNS)!.reduce((sum, value) => sum + value, 0)
      const spans = regionSpans(region.shape, region.points, { columns: COLUMNS, rows: ROWS })
      const inside = spans.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      // A rectangle to the pixel; the others to half a pixel along their edge.
      expect(Math.abs(open - inside)).toBeLessThanOrEqual(at === 0 ? 0 : 70)
    }
    // An ellipse that is no circle is a polygon.
    const flat = shutterAround({
      shape: 'ellipse',
      points: [
        [10, 20],
        [50, 30],
      ],
    })
    expect(flat.ShutterShape).toEqual(['POLYGONAL'])
    const mask = shutterMask(flat, ROWS, COLUMNS)!
    expect([
      mask[25 * COLUMNS + 30],
      mask[25 * COLUMNS + 12],
      mask[21 * COLUMNS + 12],
      mask[32 * COLUMNS + 30],
    ]).toEqual([1, 1, 0, 0])
  })

  test('say which window the reader has set, so that one that is as the image’s own comes back as his', () => {
    const own = { lower: -160, upper: 240 }
    const explained = [undefined, own].map(range => {
      const object = written(presentationState([stateImage(1, { window: own })], { ...VIEW, range }, [], FIRST, NOW))
      return readPresentationState(dataSetOf(object)).windows.map(({ explanation }) => explanation === CHOSEN)
    })
    expect(explained).toEqual([[false], [true]])
  })

  test('of colours have a profile and no window', async () => {
    const image = stateImage(1, { isColour: true, isMillimetres: false, spacing: [1, 1] })
    const object = written(
      presentationState([image], { ...VIEW, range: undefined, inverted: false } as never, drawn, FIRST, NOW),
    )
    expect(await errorsOf(object, 'colour')).toEqual([])
    expect(readPresentationState(dataSetOf(object)).windows).toEqual([])
    expect(readProfile(srgbProfile())).toBeDefined()
  })
})

describe('layouts', () => {
  const SCREEN = { width: 2048, height: 1536 }
  const prior = { ...imageOf(9), StudyInstanceUID: `${STUDY}.8`, SeriesInstanceUID: `${STUDY}.8.1` }
  const panes = [[imageOf(1), imageOf(2)], undefined, [prior], [imageOf(4, 12, 7), imageOf(4, 12, 8)]]

  test('are Basic Structured Displays: grid, empty panes, frames and other studies come back', async () => {
    const object = written(structuredDisplay({ rows: 2, columns: 3, panes }, SCREEN, FIRST, STUDY, NOW)!)
    // It looks for references beside the boxes alone: the images that they name are in the boxes (C.12.2: 1C, present).
    const blind = / present but Instance does not reference Instances$/
    expect((await errorsOf(object, 'layout')).filter(line => !blind.test(line))).toEqual([])
    const read = readStructuredDisplay(dataSetOf(object))!
    const place = ({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame }: typeof prior) => {
      return { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, frame }
    }
    expect(read).toMatchObject({ rows: 2, columns: 3, InstanceNumber: 1 })
    const first = panes.map(images => images?.[0] && place(images[0]))
    expect(read.panes).toEqual([...first, undefined, undefined])
    expect(structuredDisplay({ rows: 2, columns: 2, panes: [] }, SCREEN, FIRST, STUDY, NOW)).toBeUndefined()
    for (let end = 400; end < object.part10.length; end += 97) {
      expect(() => readStructuredDisplay(dataSetOf({ part10: object.part10.slice(0, end) } as never))).not.toThrow()
    }
  })

  test('name what is seen, and have a place for each pane however many images the ones before it hold', () => {
    const many = Array.from({ length: 10_001 }, (_, at) => imageOf(100 + at))
    const hidden = imageOf(1)
    const grid = { rows: 1, columns: 2, panes: [many, [prior], [hidden]] }
    const object = structuredDisplay(grid, SCREEN, FIRST, STUDY, NOW)!
    expect(JSON.stringify(object.body)).not.toContain(`"${hidden.SOPInstanceUID}"`)
    const { panes: read } = readStructuredDisplay(dataSetOf(written(object)))!
    expect(read.map(pane => pane?.SOPInstanceUID)).toEqual([many[0]!.SOPInstanceUID, prior.SOPInstanceUID])
  })

  test('of others that are no grid are left alone', () => {
    const object = structuredDisplay({ rows: 1, columns: 2, panes }, SCREEN, FIRST, STUDY, NOW)!
    const [box, ...others] = object.body.StructuredDisplayImageBoxSequence as Array<Record<string, unknown>>
    const moved = { ...box, DisplayEnvironmentSpatialPosition: [0.1, 1, 0.6, 0] }
    const body = { ...object.body, StructuredDisplayImageBoxSequence: [moved, ...others] }
    expect(readStructuredDisplay(dataSetOf(written({ ...object, body } as NewObject)))).toBeUndefined()
  })
})
