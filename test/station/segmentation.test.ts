import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { labToRGB, type RGB, rgbToLab } from '../../shared/viewing/objects/colours.ts'
import { readSegmentation } from '../../shared/viewing/objects/segmentation.ts'
import { regionVolume } from '../../shared/viewing/objects/slabs.ts'
import { readKinds } from '../../shared/viewing/segmenting/adopt.ts'
import { brush } from '../../shared/viewing/segmenting/brush.ts'
import { Edit, paintOver } from '../../shared/viewing/segmenting/edit.ts'
import { SEGMENT_KINDS } from '../../shared/viewing/segmenting/kinds.ts'
import { LabelMap, voxelVolume } from '../../shared/viewing/segmenting/labels.ts'
import { newSegment, type Segment } from '../../shared/viewing/segmenting/segment.ts'
import { writeObject } from '../../shared/viewing/writing/newObject.ts'
import { decimal, newSegmentation, type SegmentationParts } from '../../shared/viewing/writing/segmentation.ts'

/** A segmentation of ours before two judges that know nothing of us: dciodvfy (its IOD) and pydicom (its voxels). */
const run = promisify(execFile)
const [COLUMNS, ROWS, SLICES] = [61, 47, 9]
const SERIES = '2.25.660011'
const IDENTITY = {
  PatientName: 'Müller^Änne',
  PatientID: 'SEGMENT-1',
  PatientBirthDate: '19700101',
  PatientSex: 'F',
  StudyInstanceUID: '2.25.66001',
  StudyDate: '20260601',
  StudyTime: '101500',
  ReferringPhysicianName: '',
  StudyID: '7',
  AccessionNumber: 'A7',
}
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-segmentation-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function drawn(): { map: LabelMap; segments: Segment[] } {
  const map = new LabelMap({
    columns: COLUMNS,
    rows: ROWS,
    slices: SLICES,
    columnSpacing: 0.75,
    rowSpacing: 0.9,
    sliceSpacing: 2.5,
    isMillimetres: true,
  })
  const draw = (value: number, slice: number, at: [number, number], radius: number) =>
    brush(new Edit(map, value, paintOver(new Set())), slice, at, at, { radius, ball: true })
  draw(2, 4, [30, 20], 9)
  draw(5, 5, [40, 30], 6)
  // The picture's last pixel, and a segment nobody has drawn.
  draw(5, 8, [COLUMNS - 1, ROWS - 1], 0.4)
  const made = newSegment([])!
  const segments: Segment[] = [
    { ...made, number: 5, label: 'Größe', semiautomatic: true, kind: SEGMENT_KINDS.at(-1)! },
    { ...made, number: 7, label: 'Nothing' },
    { ...made, number: 2, label: 'Lesion', colour: [213, 110, 60], kind: SEGMENT_KINDS[1]! },
  ]
  return { map, segments }
}

function parts(change: Partial<SegmentationParts> = {}): SegmentationParts {
  const sources = Array.from({ length: SLICES }, (_, slice) => ({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `${SERIES}.${slice + 1}`,
    attributes: {
      FrameOfReferenceUID: '2.25.66001.9',
      ImagePositionPatient: [-22.123456789, 10, -7.5 + slice * 2.5],
      ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
      PixelSpacing: [0.9, 0.75],
      SliceThickness: 3,
    },
  }))
  return {
    ...drawn(),
    sources,
    SeriesInstanceUID: SERIES,
    creator: '',
    predecessor: undefined,
    series: '',
    SeriesNumber: 12,
    ...change,
  }
}

let made = 0
async function write(all: SegmentationParts) {
  const written = writeObject(IDENTITY, newSegmentation(all), {
    now: new Date(2026, 10, 22, 12, 31),
    newUID: () => `2.25.6699${++made}`,
  })
  const file = path.join(folder, `${made}.dcm`)
  await writeFile(file, written.part10)
  const meta = readFileMeta(written.part10)!
  const dataSet = DataSet.read(written.part10, encodingOf(meta.TransferSyntaxUID), { offset: meta.dataSetOffset })
  return { file, dataSet, written }
}

/** dciodvfy says what is wrong on stderr; what it only warns of is another matter. */
async function errorsOf(file: string): Promise<string[]> {
  const { stdout, stderr } = await run('dciodvfy', ['-new', file]).catch(
    (thrown: { stdout: string; stderr: string }) => thrown,
  )
  const lines = `${stdout}${stderr}`.split('\n')
  expect(lines).toContain('Segmentation')
  return lines.filter(line => line.startsWith('Error'))
}

/** Indices of the voxels of a segment on a slice. */
const voxelsOf = (map: LabelMap, segment: number, slice: number) =>
  [...(map.slice(slice) ?? [])].flatMap((label, at) => (label === segment ? [at] : []))

test('is what its IOD asks for, also with a predecessor, of frames, of lossy images and of images without a place', async () => {
  expect(await errorsOf((await write(parts())).file)).toEqual([])
  const { sources } = parts()
  const predecessor = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
    SOPInstanceUID: '2.25.771',
    SeriesInstanceUID: '2.25.77',
    InstanceNumber: 3,
  }
  const later = await write(
    parts({
      predecessor,
      series: '2.25.77',
      sources: sources.map((source, index) => ({
        ...source,
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
        SOPInstanceUID: `${SERIES}.1`,
        frame: index + 1,
        attributes: { ...source.attributes, LossyImageCompression: '01', LossyImageCompressionRatio: [12.5] },
      })),
    }),
  )
  expect(await errorsOf(later.file)).toEqual([])
  expect(later.dataSet.string('SeriesInstanceUID')).toBe('2.25.77')
  expect(later.dataSet.number('InstanceNumber')).toBe(4)
  expect(later.dataSet.items('SourceImageSequence')[0]!.string('ReferencedSOPInstanceUID')).toBe('2.25.771')
  const placeless = await write(parts({ sources: sources.map(source => ({ ...source, attributes: {} })) }))
  expect(await errorsOf(placeless.file)).toEqual([])
  expect(readSegmentation(placeless.dataSet).segments[0]!.onImages.length).toBeGreaterThan(0)
  // Planes that turn about an axis: each has a place, all together no orientation.
  const map = new LabelMap({ ...drawn().map.grid, columnSpacing: 1, rowSpacing: 1, isMillimetres: false })
  brush(new Edit(map, 2, paintOver(new Set())), 4, [30, 20], [30, 20], { radius: 9, ball: false })
  const turning = await write(parts({ map }))
  expect(await errorsOf(turning.file)).toEqual([])
  const [shared] = turning.dataSet.items('SharedFunctionalGroupsSequence')
  expect(shared!.has('PixelMeasuresSequence')).toBe(false)
  expect(shared!.has('PlaneOrientationSequence')).toBe(false)
  expect(readSegmentation(turning.dataSet).segments[0]!.onImages.length).toBe(1)
})

test('says the same voxels to pydicom: bit by bit, on their images, without empty frames', async () => {
  const all = parts()
  const { file } = await write(all)
  const { stdout } = await run('/usr/bin/python3', [path.join(import.meta.dirname, 'segmentation.py'), file], {
    maxBuffer: 2 ** 26,
  })
  const said = JSON.parse(stdout) as {
    segments: unknown[]
    frames: Array<{ segment: number; position: number[]; index: number[]; source: string; voxels: number[] }>
    patient: string[]
  }
  expect(said.patient).toEqual(['Müller^Änne', 'SEGMENT-1', '2.25.66001'])
  expect(said.segments).toEqual([
    [1, 'Lesion', 'Lesion', 'MANUAL'],
    [2, 'Größe', 'Urinary bladder', 'SEMIAUTOMATIC'],
  ])
  const expected = [2, 5].flatMap((number, index) =>
    Array.from({ length: SLICES }, (_, slice) => ({ slice, voxels: voxelsOf(all.map, number, slice) }))
      .filter(({ voxels }) => voxels.length > 0)
      .map(({ slice, voxels }) => ({ segment: index + 1, source: `${SERIES}.${slice + 1}`, voxels })),
  )
  expect(said.frames.map(({ segment, source, voxels }) => ({ segment, source, voxels }))).toEqual(expected)
  for (const { position, source } of said.frames) {
    expect(position[2]).toBeCloseTo(-7.5 + (Number(source.split('.').at(-1)) - 1) * 2.5, 9)
  }
  // The index is the frame's place among those of its kind, never twice the same.
  expect(new Set(said.frames.map(({ index }) => index.join())).size).toBe(said.frames.length)
})

test('is read back as it was drawn: voxels, volume, names, codes and colours', async () => {
  const all = parts()
  const { dataSet } = await write(all)
  const read = readSegmentation(dataSet)
  const kinds = readKinds(dataSet)
  expect(read.segments.map(({ label }) => label)).toEqual(['Lesion', 'Größe'])
  for (const [index, number] of [2, 5].entries()) {
    const segment = read.segments[index]!
    const slices = Array.from({ length: SLICES }, (_, slice) => voxelsOf(all.map, number, slice)).filter(
      voxels => voxels.length > 0,
    )
    expect(segment.region.slabs.map(({ mask }) => [...mask!().data].flatMap((v, at) => (v ? [at] : [])))).toEqual(
      slices,
    )
    expect(regionVolume(segment.region)).toBeCloseTo(slices.flat().length * voxelVolume(all.map.grid)!, 9)
    expect(kinds.get(index + 1)?.kind).toEqual(all.segments.find(one => one.number === number)!.kind)
  }
  expect(read.segments[0]!.colour).toEqual([213, 110, 60])
})

test('of which all was erased is a version like any other: its segments, and no voxel', async () => {
  const { map, segments } = drawn()
  const predecessor = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
    SOPInstanceUID: '2.25.771',
    SeriesInstanceUID: '2.25.77',
    InstanceNumber: 3,
  }
  const { file, dataSet } = await write(parts({ map: new LabelMap(map.grid), predecessor, series: '2.25.77' }))
  expect(await errorsOf(file)).toEqual([])
  const read = readSegmentation(dataSet)
  expect(read.segments).toHaveLength(segments.length)
  for (const { region } of read.segments) {
    expect(region.slabs.flatMap(({ mask }) => [...mask!().data]).some(Boolean)).toBe(false)
  }
  // Gone on with, it is as empty.
  expect(dataSet.number('NumberOfFrames')).toBe(1)
})

test('of nothing drawn there is none', () => {
  expect(() => newSegmentation({ ...parts(), segments: [] })).toThrow('Nothing is drawn.')
})

test('decimals keep to 16 characters and the value; colours come back', () => {
  for (const value of [-123.45678901234567, 1 / 3, -1e-7 / 3, 0, 12345678.123456789, -0.1]) {
    expect(decimal(value).length).toBeLessThanOrEqual(16)
    expect(Math.abs(Number(decimal(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-8)
  }
  for (const colour of [
    [255, 0, 0],
    [86, 180, 233],
    [0, 0, 0],
    [255, 255, 255],
    [1, 2, 3],
  ] as RGB[]) {
    expect(labToRGB(rgbToLab(colour))).toEqual(colour)
  }
})
