import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { windowToRange } from '../../renderer/viewer/windows.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { REJECTION_CODES } from '../../shared/dicom/rejectionNote.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { encapsulate, type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { circlePoints, ellipsePoints, smoothPath } from '../../shared/viewing/documents/curves.ts'
import { readClinicalDocument, readEncapsulated } from '../../shared/viewing/documents/encapsulated.ts'
import { readKeyObjects } from '../../shared/viewing/documents/keyObjects.ts'
import {
  allValues,
  presentationOf,
  readPresentationState,
  tableInImage,
  viewOfState,
  windowInImage,
} from '../../shared/viewing/documents/presentationState.ts'
import { plainWords, type ReportItem, readReport, reportReferences } from '../../shared/viewing/documents/report.ts'
import { meshBounds, readStl } from '../../shared/viewing/documents/stl.ts'
import { readVideo } from '../../shared/viewing/documents/video.ts'
import { envelope, readWaveform } from '../../shared/viewing/documents/waveform.ts'
import { rescale } from '../../shared/viewing/grey.ts'
import { applyMatrix, imageToDevice } from '../../shared/viewing/view.ts'
import { code, DOCUMENTS, DOCUMENTS_STUDY, type DocumentName, tetrahedron } from '../fixtures/documents.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'

/** What is stored beside images, read from objects built by hand and, where they are there, from real ones. */
const ENCODING = encodingOf(TS.ExplicitVRLittleEndian)
const written = (values: NewDataSet) => DataSet.read(writeDataSet(values, ENCODING), ENCODING)
const document = (name: DocumentName, change: NewDataSet = {}) => {
  const { TransferSyntaxUID: _syntax, ...values } = DOCUMENTS[name]
  return written({ ...values, ...change })
}
const real = (name: string) => {
  const file = sharedFiles().find(one => path.basename(one.name) === name)
  if (file === undefined) return undefined
  const bytes = new Uint8Array(readFileSync(file.path))
  const meta = readFileMeta(bytes)!
  return DataSet.read(bytes, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
}
/** A CT of one row, its stored values 0, 8, 16, …; and a state of it. */
const RAMP = {
  BitsAllocated: 16,
  BitsStored: 12,
  PixelRepresentation: 0,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  RescaleSlope: 1,
  RescaleIntercept: -1024,
}
const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
function wholeFile(values: NewDataSet): Uint8Array {
  const meta = writeFileMeta({
    MediaStorageSOPClassUID: String(values.SOPClassUID),
    MediaStorageSOPInstanceUID: String(values.SOPInstanceUID),
    TransferSyntaxUID: TS.ExplicitVRLittleEndian,
  })
  const study = { PatientName: 'RAMP', PatientID: 'R', StudyInstanceUID: '2.25.71', StudyID: '1', Manufacturer: 'ours' }
  return new Uint8Array(Buffer.concat([meta, writeDataSet({ ...study, ...values }, ENCODING)]))
}
const rampFile = () =>
  wholeFile({
    SOPClassUID: CT_IMAGE,
    SOPInstanceUID: '2.25.71.1.1',
    SeriesInstanceUID: '2.25.71.1',
    Modality: 'CT',
    ...RAMP,
    Rows: 1,
    Columns: 256,
    HighBit: 11,
    RescaleType: 'HU',
    WindowCenter: 300,
    WindowWidth: 50,
    PixelData: Uint16Array.from({ length: 256 }, (_, at) => at * 8),
  })
const stateFile = (values: NewDataSet) =>
  wholeFile({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1',
    SOPInstanceUID: '2.25.71.2.1',
    SeriesInstanceUID: '2.25.71.2',
    Modality: 'PR',
    InstanceNumber: 1,
    ContentLabel: 'RAMP',
    ContentDescription: '',
    ContentCreatorName: '',
    PresentationCreationDate: '20260101',
    PresentationCreationTime: '101010',
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: '2.25.71.1',
        ReferencedImageSequence: [{ ReferencedSOPClassUID: CT_IMAGE, ReferencedSOPInstanceUID: '2.25.71.1.1' }],
      },
    ],
    DisplayedAreaSelectionSequence: [
      {
        DisplayedAreaTopLeftHandCorner: [1, 1],
        DisplayedAreaBottomRightHandCorner: [256, 1],
        PresentationSizeMode: 'SCALE TO FIT',
        PresentationPixelAspectRatio: [1, 1],
      },
    ],
    PresentationLUTShape: 'IDENTITY',
    ...(values.RescaleSlope !== undefined && { RescaleType: 'HU' }),
    ...values,
  })
/** Every line of a report, indented by its depth. */
function lines(items: ReportItem[], depth = 0): string[] {
  return items.flatMap(({ name, value, items: inside }) => [
    `${'  '.repeat(depth)}${[name, plainWords(value)].filter(Boolean).join(': ')}`,
    ...lines(inside, depth + 1),
  ])
}

describe('reports', () => {
  test('are read as nested text, with who verified them and when', () => {
    const report = readReport(document('report'))
    expect(report).toMatchObject({ title: 'Chest CT Report', complete: true, verified: true, preliminary: false })
    expect(report.verifiers).toEqual([
      { name: 'Curie^Marie', organization: 'Radium Institute', moment: '20260602101500' },
    ])
    expect(lines(report.items)).toEqual([
      'Person Observer Name: Röntgen^Wilhelm',
      'Findings',
      '  Finding: A round nodule in the right lower lobe.\r\nNo effusion.',
      '  Finding Site: Lower lobe of right lung',
      // As written: no digit is lost, none is made up.
      '    Diameter: 12.50 mm',
      '      Path: region',
      '  Finding Site: Lower lobe of right lung',
      '  Key image: image',
      '  Prior: image',
    ])
  })

  test('name their images each once, a region with the picture it lies in', () => {
    const report = readReport(document('report'))
    const uids = reportReferences(report.items).map(one => one.SOPInstanceUID)
    expect(uids).toEqual([`${DOCUMENTS_STUDY}.1.3`, `${DOCUMENTS_STUDY}.1.5`, '2.25.404'])
    const [diameter] = report.items[1]!.items[1]!.items
    expect(diameter?.items[0]?.value).toMatchObject({
      kind: 'region',
      region: { kind: 'POLYLINE', points: [16, 16, 48, 48] },
      reference: { SOPInstanceUID: `${DOCUMENTS_STUDY}.1.3` },
    })
  })

  test('say why a number is not there, and show no unit where there is none', () => {
    const number = (measured: NewDataSet[], more: NewDataSet = {}) => ({
      ContentSequence: [{ ValueType: 'NUM', MeasuredValueSequence: measured, ...more }],
    })
    const words = (values: NewDataSet) => plainWords(readReport(written(values)).items[0]!.value)
    const unit = (value: string, meaning: string) => ({
      MeasurementUnitsCodeSequence: [code(value, meaning, 'UCUM')],
    })
    expect(words(number([{ NumericValue: '0.8', ...unit('1', 'no units') }]))).toBe('0.8')
    expect(words(number([{ NumericValue: '64', ...unit('1', 'px') }]))).toBe('64 px')
    expect(words(number([{ NumericValue: '3', ...unit('{lesions}', 'lesions') }]))).toBe('3 lesions')
    expect(words(number([], { NumericValueQualifierCodeSequence: [code('114000', 'Not a number')] }))).toBe(
      'Not a number',
    )
  })

  test('without end or with a link to themselves are read to an end', () => {
    const item = { ValueType: 'TEXT', TextValue: 'x' }
    const many = readReport(written({ ContentSequence: Array.from({ length: 20_010 }, () => item) }))
    expect(many).toMatchObject({ cut: true })
    expect(many.items.length).toBe(20_000)
    const loop = readReport(written({ ContentSequence: [{ ReferencedContentItemIdentifier: [1, 1] }] }))
    expect(loop.items.length).toBe(1)
  })

  test('of real devices are read', () => {
    const report = real('sr_document_with_multiple_groups.dcm')
    if (report === undefined) return expect(sharedFiles()).toEqual([])
    const read = readReport(report)
    expect(read).toMatchObject({ title: 'Imaging Measurement Report', complete: false, preliminary: true })
    expect(lines(read.items)).toContain('Person Observer Name: Doe^John')
    expect(reportReferences(read.items).length).toBeGreaterThan(0)
    expect(lines(readReport(real('sample-sr.dcm')!).items).join('\n')).toContain('Long Axis: 64.4505437946691 px')
    for (const name of ['test-SR.dcm', 'reportsi_with_empty_number_tags.dcm', 'sample-sr.dcm']) {
      expect(lines(readReport(real(name)!).items).length).toBeGreaterThan(3)
    }
  })
})

describe('key objects', () => {
  test('are images with a title; a rejection note has none', () => {
    const found = readKeyObjects(document('keyObjects'))
    expect(found).toMatchObject({ title: 'Of Interest', description: 'For the conference' })
    expect(found?.references.map(one => one.SOPInstanceUID)).toEqual([2, 4].map(n => `${DOCUMENTS_STUDY}.1.${n}`))
    for (const rejection of Object.keys(REJECTION_CODES)) {
      const note = document('keyObjects', { ConceptNameCodeSequence: [code(rejection, 'whatever it says')] })
      expect(readKeyObjects(note)).toBeUndefined()
    }
    expect(readKeyObjects(document('report'))).toBeUndefined()
  })
})

describe('presentation states', () => {
  const state = readPresentationState(document('presentation'))

  test('say what is to be seen of which frame', () => {
    const frame = presentationOf(state, `${DOCUMENTS_STUDY}.1.2`, 1)
    expect(frame?.annotations[0]?.graphics.map(one => one.kind)).toEqual(['CIRCLE', 'INTERPOLATED'])
    expect(frame?.annotations[0]?.texts[0]).toMatchObject({
      text: 'look here',
      anchor: { at: [32, 20], visible: true },
    })
    expect(frame?.window).toMatchObject({ center: 0, width: 200 })
    // Pixels 1 to 64, both inside, are the image from edge to edge.
    expect(frame?.area).toMatchObject({ from: [0, 0], to: [64, 64], mode: 'SCALE TO FIT' })
    expect(presentationOf(state, `${DOCUMENTS_STUDY}.1.3`, 1)).toBeUndefined()
  })

  test('lie on the layers’ order, and on the images they name', () => {
    const annotation = (GraphicLayer: string, uid?: string): NewDataSet => ({
      GraphicLayer,
      ...(uid && { ReferencedImageSequence: [{ ReferencedSOPInstanceUID: uid }] }),
    })
    const layered = readPresentationState(
      document('presentation', {
        GraphicLayerSequence: [
          { GraphicLayer: 'ABOVE', GraphicLayerOrder: 2 },
          { GraphicLayer: 'BELOW', GraphicLayerOrder: 1 },
        ],
        GraphicAnnotationSequence: [
          annotation('ABOVE'),
          annotation('BELOW'),
          annotation('BELOW', `${DOCUMENTS_STUDY}.1.1`),
        ],
      }),
    )
    const layers = (slice: number) =>
      presentationOf(layered, `${DOCUMENTS_STUDY}.1.${slice}`, 1)?.annotations.map(one => one.layer)
    expect(layers(1)).toEqual(['BELOW', 'BELOW', 'ABOVE'])
    expect(layers(2)).toEqual(['BELOW', 'ABOVE'])
  })

  test.each([
    { rotation: 0, flipped: false, corner: [0, 0] },
    { rotation: 90, flipped: false, corner: [100, 0] },
    { rotation: 180, flipped: false, corner: [100, 100] },
    { rotation: 270, flipped: false, corner: [0, 100] },
    // Turned first, then left and right exchanged (PS3.3 C.10.6).
    { rotation: 0, flipped: true, corner: [100, 0] },
    { rotation: 90, flipped: true, corner: [0, 0] },
    { rotation: 180, flipped: true, corner: [0, 100] },
    { rotation: 270, flipped: true, corner: [100, 100] },
  ] as const)('turned by $rotation, flipped $flipped: the first pixel is where the standard puts it', turn => {
    const view = { zoom: 10, centre: [5, 5] as [number, number], ...viewOfState(turn) }
    const matrix = imageToDevice(view, { width: 100, height: 100 }, 1)
    expect(applyMatrix(matrix, [0, 0])).toEqual(turn.corner)
  })

  test('have windows in values of their own, which are the image’s by both rescales', () => {
    const image = { slope: 1, intercept: -1024 }
    expect(windowInImage({ center: 40, width: 400 }, { slope: 1, intercept: -1024 }, image)).toEqual({
      center: 40,
      width: 400,
    })
    expect(windowInImage({ center: 1064, width: 400 }, { slope: 1, intercept: 0 }, image)).toEqual({
      center: 40,
      width: 400,
    })
    expect(windowInImage({ center: 10, width: 20 }, { slope: 2, intercept: 0 }, { slope: 1, intercept: 3 })).toEqual({
      center: 8,
      width: 10,
    })
    expect(windowInImage({ center: 40, width: 400 }, undefined, image)).toEqual({ center: 40, width: 400 })
    // The table of a state begins at its own values, too.
    const table = { entries: 4, first: 1000, bits: 8, data: '' }
    expect(tableInImage(table, { slope: 1, intercept: 0 }, image)?.first).toBe(-24)
    expect(tableInImage(table, { slope: 2, intercept: 0 }, image)).toBeUndefined()
  })

  test('without a modality transformation or a window show the same greys as DCMTK (PS3.4 N.2.1.1, N.2.1.3)', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'isocenter-states-'))
    try {
      const attributes = { ...RAMP, Rows: 1, Columns: 256 }
      await writeFile(path.join(folder, 'image.dcm'), rampFile())
      const cases: NewDataSet[] = [
        { SoftcopyVOILUTSequence: [{ WindowCenter: 1064, WindowWidth: 400 }] },
        { SoftcopyVOILUTSequence: [{ WindowCenter: 40, WindowWidth: 400 }] },
        { SoftcopyVOILUTSequence: [{ WindowCenter: 40, WindowWidth: 400 }], RescaleSlope: 1, RescaleIntercept: -1024 },
        { RescaleSlope: 1, RescaleIntercept: -1024 },
        {},
      ]
      for (const one of cases) {
        await writeFile(path.join(folder, 'state.dcm'), stateFile(one))
        const [image, state, picture] = ['image.dcm', 'state.dcm', 'picture.pgm'].map(name => path.join(folder, name))
        await promisify(execFile)('dcmp2pgm', ['-p', state!, image!, picture!])
        const theirs = [...(await readFile(picture!)).subarray(-256)]
        const read = readPresentationState(written(one))
        const { center, width } = read.windows[0] ?? {}
        const own = rescale(attributes)
        const range =
          center === undefined || width === undefined
            ? allValues(attributes, own)!
            : windowToRange(windowInImage({ center, width }, read.rescale, own))
        const ours = theirs.map((_, at) => {
          const value = at * 8 * own.slope + own.intercept
          return Math.max(0, Math.min(255, ((value - range.lower) / (range.upper - range.lower)) * 255))
        })
        expect(Math.max(...ours.map((grey, at) => Math.abs(grey - theirs[at]!)))).toBeLessThanOrEqual(1)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('say what of them is not done', () => {
    const { unapplied } = readPresentationState(
      document('presentation', {
        PresentationLUTSequence: [{}],
        MaskSubtractionSequence: [{}],
        ShutterShape: 'BITMAP',
      }),
    )
    expect(unapplied).toEqual(['a presentation LUT', 'a subtraction', 'a bitmap shutter'])
    expect(state.unapplied).toEqual([])
  })

  test('of endless graphics are read to a bound', () => {
    const point = { GraphicAnnotationUnits: 'PIXEL', GraphicType: 'POINT', GraphicData: [1, 1] }
    const { annotations } = readPresentationState(
      written({ GraphicAnnotationSequence: [{ GraphicObjectSequence: Array.from({ length: 6000 }, () => point) }] }),
    )
    expect(annotations[0]?.graphics.length).toBe(5000)
  })

  test('of a real workstation are read', () => {
    const found = real('2.25.304589190180579357564631626197663875025.dcm')
    if (found === undefined) return expect(sharedFiles()).toEqual([])
    const read = readPresentationState(found)
    expect(read.date).toMatch(/^2020/)
    expect(read.references.map(one => one.SOPInstanceUID)).toEqual(['2.25.211904290918469145111906856660599393535'])
    expect(read.annotations.flatMap(one => [...one.graphics, ...one.texts]).length).toBeGreaterThan(0)
  })
})

describe('curves', () => {
  test('an ellipse goes through the ends of both axes, a circle through its point', () => {
    const points = ellipsePoints([
      [0, 5],
      [20, 5],
      [10, 0],
      [10, 10],
    ])
    for (const [x, y] of points) expect(((x - 10) / 10) ** 2 + ((y - 5) / 5) ** 2).toBeCloseTo(1)
    const circle = circlePoints([
      [3, 4],
      [6, 8],
    ])
    for (const [x, y] of circle) expect(Math.hypot(x - 3, y - 4)).toBeCloseTo(5)
  })

  test('a smooth curve goes through each of its points', () => {
    expect(
      smoothPath([
        [0, 0],
        [10, 10],
        [20, 0],
      ]),
    ).toMatch(/^M0 0C.* 10 10C.* 20 0$/)
    expect(
      smoothPath([
        [0, 0],
        [10, 10],
      ]),
    ).toBe('M0 0L10 10')
  })
})

describe('waveforms', () => {
  test('are microvolts by sensitivity, correction and baseline', () => {
    const { groups, notes } = readWaveform(document('ecg'))
    const [group] = groups
    expect(group).toMatchObject({ label: 'RHYTHM', frequency: 500, samples: 1000 })
    expect(group?.channels.map(({ name, unit }) => `${name} ${unit}`)).toEqual(['I µV', 'II µV'])
    // 200 stored × 2.5 µV × 2 is 1 mV; half of it and 10 µV of baseline on the other lead.
    expect(Math.max(...group!.values(0))).toBe(1000)
    expect(Math.max(...group!.values(1))).toBe(510)
    expect(Math.min(...group!.values(1))).toBe(10)
    expect(notes).toEqual(['RR Interval: 1000 ms'])
  })

  test('have no more samples than bytes, and none where the file says so', () => {
    const [group] = (DOCUMENTS.ecg.WaveformSequence as NewDataSet[]) ?? []
    const changed = (change: NewDataSet) =>
      readWaveform(document('ecg', { WaveformSequence: [{ ...group, ...change }] })).groups
    expect(changed({ NumberOfWaveformSamples: 2 ** 31 })[0]?.samples).toBe(1000)
    expect(changed({ NumberOfWaveformChannels: 60_000 })).toEqual([])
    expect(changed({ SamplingFrequency: 0 })).toEqual([])
    const padded = changed({ WaveformPaddingValue: { vr: 'OW', value: Int16Array.of(200) } })[0]!.values(0)
    expect(padded.filter(Number.isNaN).length).toBe(2)
  })

  test('are drawn by the lowest and highest of each column', () => {
    const { low, high } = envelope(Float32Array.of(1, 5, 2, Number.NaN, -1, 3), 0, 2, 4)
    expect([...low]).toEqual([1, 2, -1, Number.NaN])
    expect([...high]).toEqual([5, 2, 3, Number.NaN])
  })

  test('of a real ECG are of the size of a heart’s', () => {
    const found = real('waveform_ecg.dcm')
    if (found === undefined) return expect(sharedFiles()).toEqual([])
    const { groups, notes } = readWaveform(found)
    expect(groups.map(({ channels, samples, frequency }) => [channels.length, samples / frequency])).toEqual([
      [12, 10],
      [12, 1.2],
    ])
    expect(groups[0]!.channels.map(one => one.name).join(' ')).toBe('I II III aVR aVL aVF V1 V2 V3 V4 V5 V6')
    const lead = groups[0]!.values(1)
    const peak = Math.max(...lead) - Math.min(...lead)
    expect(peak).toBeGreaterThan(300)
    expect(peak).toBeLessThan(5000)
    expect(notes).toContain('RITMO SINUSALE')
    // Einthoven: I + III is II, at every moment.
    const [one, two, three] = [0, 1, 2].map(channel => groups[0]!.values(channel))
    expect(Math.max(...two!.map((value, i) => Math.abs(one![i]! + three![i]! - value)))).toBeLessThan(10)
  })
})

describe('what is inside other objects', () => {
  test('a letter is its words, in their order, and nothing else of it', () => {
    const { bytes, title } = readEncapsulated(document('letter'))!
    expect(title).toBe('Discharge letter')
    expect(readClinicalDocument(bytes)).toEqual([
      { level: 1, text: 'Discharge letter' },
      { level: 2, text: 'Course' },
      { level: 0, text: 'No fever & no pain.' },
      { level: 0, text: 'Rest' },
      { level: 0, text: 'Water' },
    ])
    const hostile = '<!DOCTYPE x [<!ENTITY e "boom">]><x><text><script>run()</script>&e;&#60;b&#62;</text></x>'
    expect(
      readClinicalDocument(new TextEncoder().encode(hostile))
        .map(one => one.text)
        .join(''),
    ).not.toContain('boom')
  })

  test.each(['<!--', '<![CDATA[', '<!', '<a', '&#60', '<text><td></td>a', '<td>x</td>'])(
    'a letter of nothing but %s is read as quickly as another',
    part => {
      const letter = `<text>b${part.repeat(2 ** 20 / part.length)}`
      const [first] = readClinicalDocument(new TextEncoder().encode(letter))
      expect(first?.text.startsWith('b')).toBe(true)
    },
  )

  test('a padded document ends where its length says', () => {
    const value = new TextEncoder().encode('%PDF-1')
    const found = readEncapsulated(written({ EncapsulatedDocument: value, EncapsulatedDocumentLength: 5 }))
    expect(found?.bytes.length).toBe(5)
    expect(readEncapsulated(written({}))).toBeUndefined()
  })

  test('a surface has its corners, a cut one those that are there', () => {
    const whole = readStl(tetrahedron())
    expect(whole).toMatchObject({ cut: false })
    expect(whole?.corners.length).toBe(36)
    expect(meshBounds(whole!).middle).toEqual([5, 5, 5])
    const cut = readStl(tetrahedron().subarray(0, 84 + 60))
    expect(cut).toMatchObject({ cut: true })
    expect(cut?.corners.length).toBe(9)
    const text =
      'solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1e0 0\nendloop\nendfacet\nendsolid'
    expect([...readStl(new TextEncoder().encode(text))!.corners]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0])
    expect(readStl(new Uint8Array(10))).toBeUndefined()
  })

  test('a video is its stream, by the wrapping it comes in', () => {
    const mp4 = Uint8Array.of(0, 0, 0, 8, 0x66, 0x74, 0x79, 0x70)
    const of = (...fragments: Uint8Array[]) =>
      readVideo(written({ PixelData: encapsulate([fragments], { bot: true }) }))
    expect(of(mp4, Uint8Array.of(1, 2))).toMatchObject({ container: 'mp4', fragments: [mp4, Uint8Array.of(1, 2)] })
    expect(of(Uint8Array.of(0x47, 0, 0, 0))?.container).toBe('transport stream')
    expect(of(Uint8Array.of(0, 0, 1, 0xba))?.container).toBe('program stream')
    expect(of(Uint8Array.of(0, 0, 0, 1))?.container).toBe('bare stream')
    expect(readVideo(written({ PixelData: new Uint8Array(4) }))).toBeUndefined()
    // What the browser is asked whether it plays, by the stream's own profile, level and size.
    const { TransferSyntaxUID, ...film } = DOCUMENTS.film
    expect(TransferSyntaxUID).toBeDefined()
    expect(readVideo(written(film))?.codec).toEqual({ name: 'avc1.64000a', width: 64, height: 64 })
    const box = (kind: string, ...inside: number[][]) => {
      const body = inside.flat()
      const size = body.length + 8
      return [0, 0, size >> 8, size & 255, ...new TextEncoder().encode(kind), ...body]
    }
    // Main 10, high tier, level 5.1; ISO/IEC 14496-15 §8.3.3.1.
    const hvcC = box('hvcC', [1, 0b0010_0010, 0x20, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 153, 0xf0, 0, 0xfc, 0xfd, 0xfa, 0xfa])
    const picture = [...new Array(24).fill(0), 0x0f, 0, 0x08, 0x70, ...new Array(50).fill(0)]
    const tracks = box(
      'moov',
      box(
        'trak',
        box(
          'mdia',
          box('minf', box('stbl', box('stsd', new Array(8).fill(0), box('hvc1', picture, hvcC, new Array(8).fill(0))))),
        ),
      ),
    )
    expect(of(Uint8Array.from([...box('ftyp'), ...tracks]))?.codec).toEqual({
      name: 'hvc1.2.4.H153.B0',
      width: 3840,
      height: 2160,
    })
    // Cut short, it does not say.
    expect(of(Uint8Array.from([...box('ftyp'), ...tracks.slice(0, -10)]))?.codec).toBeUndefined()
  })
})
