import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallIn } from '../../shared/contract.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { burnText } from '../fixtures/burnedText.ts'
import { DOCUMENTS_STUDY, documentFiles } from '../fixtures/documents.ts'
import { type RunningStation, startStation } from '../fixtures/station.ts'

const run = promisify(execFile)
const US_IMAGE = '1.2.840.10008.5.1.4.1.1.6.1'

let station: RunningStation
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-export-'))
  for (const { name, bytes } of documentFiles()) await writeFile(path.join(folder, `${name}.dcm`), bytes)
  station = await startStation()
  await station.job(await station.call('import.start', { paths: [folder] }))
})
afterAll(async () => {
  await station?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The archive, unpacked by a program that is not ours. */
async function exported(wish: CallIn<'export.prepare'>, name: string) {
  const plan = await station.call('export.prepare', wish)
  const answer = await station.get(`/api/export/${plan.id}`)
  expect(answer.headers.get('content-type')).toBe('application/zip')
  const bytes = Buffer.from(await answer.arrayBuffer())
  const zip = path.join(folder, `${name}.zip`)
  const to = path.join(folder, name)
  await writeFile(zip, bytes)
  await run('/usr/bin/python3', ['-m', 'zipfile', '-t', zip])
  await run('/usr/bin/python3', ['-m', 'zipfile', '-e', zip, to])
  const files = (await readdir(path.join(to, 'DICOM'), { recursive: true, withFileTypes: true })).filter(one =>
    one.isFile(),
  )
  return { plan, to, bytes, files: files.map(file => path.join(file.parentPath, file.name)) }
}

/** Of a Part-10 file: what a sender meant, without what each station writes before it. */
async function dataSetOf(file: string): Promise<{ uid: string; dataSet: string }> {
  const bytes = new Uint8Array(await readFile(file))
  const meta = readFileMeta(bytes)
  if (!meta) throw new Error(`${file} is no Part-10 file`)
  return {
    uid: meta.MediaStorageSOPInstanceUID,
    dataSet: Buffer.from(bytes.subarray(meta.dataSetOffset)).toString('base64'),
  }
}

async function fileSet(to: string): Promise<Array<{ uid: string; type: string; same: boolean }>> {
  const { stdout } = await run('/usr/bin/python3', [path.join(import.meta.dirname, 'fileSet.py'), to])
  return JSON.parse(stdout)
}

test('a study leaves as a medium that others read, and comes back byte for byte', async () => {
  const { plan, to, files } = await exported({ StudyInstanceUIDs: [DOCUMENTS_STUDY] }, 'plain')
  const sent = documentFiles()
  expect(plan.images).toBe(sent.length)
  expect(files.length).toBe(sent.length)
  for (const file of files) expect(path.relative(to, file)).toMatch(/^DICOM(\/[A-Z0-9_]{1,8}){4}$/)

  const records = await fileSet(to)
  expect(records.length).toBe(sent.length)
  expect(records.filter(record => !record.same)).toEqual([])
  const types = new Set(records.map(record => record.type))
  for (const type of ['IMAGE', 'SR DOCUMENT', 'PRESENTATION', 'KEY OBJECT DOC', 'ENCAP DOC', 'WAVEFORM']) {
    expect(types).toContain(type)
  }
  const { stdout } = await run('dcmdump', ['-q', path.join(to, 'DICOMDIR')])
  expect(stdout).toContain('FileSetID')

  const originals = new Map<string, string>()
  for (const { name } of sent) {
    const { uid, dataSet } = await dataSetOf(path.join(folder, `${name}.dcm`))
    originals.set(uid, dataSet)
  }
  for (const file of files) {
    const { uid, dataSet } = await dataSetOf(file)
    expect(dataSet === originals.get(uid), file).toBe(true)
  }

  const page = await readFile(path.join(to, 'INDEX.HTM'), 'utf8')
  expect(page).not.toContain('<script')
  const [picture] = page.match(/PICTURES\/P\d{6}\.JPG/) ?? []
  const jpeg = await readFile(path.join(to, picture ?? 'none'))
  expect([...jpeg.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])

  const other = await startStation()
  try {
    const job = await other.job(await other.call('import.start', { paths: [to] }))
    expect(job.failed).toBe(0)
    expect(job.stored).toBe(sent.length)
    const { study } = await other.call('study.get', { StudyInstanceUID: DOCUMENTS_STUDY })
    expect(study.NumberOfStudyRelatedInstances).toBe(sent.length)
  } finally {
    await other.stop()
  }
})

test('de-identified, it is another study: nothing of the patient, and no document nobody has looked into', async () => {
  const plain = await station.call('study.get', { StudyInstanceUID: DOCUMENTS_STUDY })
  const { plan, bytes, files, to } = await exported(
    { StudyInstanceUIDs: [DOCUMENTS_STUDY], deidentify: { cleanStructuredContent: true } },
    'nobody',
  )
  const risky = plan.series.filter(series => series.risks.includes('document'))
  expect(risky.length).toBeGreaterThan(0)
  const documents = risky.reduce((sum, series) => sum + series.images, 0)
  expect(files.length).toBeLessThanOrEqual(plan.images - documents)
  expect((await fileSet(to)).every(record => record.same)).toBe(true)
  const text = bytes.toString('latin1')
  for (const secret of [DOCUMENTS_STUDY, plain.study.PatientID, ...plain.study.PatientName.split(/[\^=]/)]) {
    if (secret.length >= 4) expect(text.includes(secret), secret).toBe(false)
  }
  expect(await readFile(path.join(to, 'README.TXT'), 'utf8')).toContain('left out: document')
})

test('what left is in the trail, the same way does not open twice, and the job says how much it was', async () => {
  const { plan } = await exported({ StudyInstanceUIDs: [DOCUMENTS_STUDY] }, 'again')
  expect((await station.get(`/api/export/${plan.id}`)).status).toBe(404)
  const { records } = await station.call('audit.list', { text: 'Exported' })
  expect(JSON.stringify(records)).toContain(DOCUMENTS_STUDY)
  const { jobs } = await station.call('jobs.list', {})
  const [job] = jobs.filter(one => one.kind === 'export')
  expect(job).toMatchObject({ state: 'done', stored: plan.images, failed: 0 })
})

test('who stops taking it has ended the job, and what is not here is not exported', async () => {
  const prepared = await station.call('export.prepare', { StudyInstanceUIDs: [DOCUMENTS_STUDY] })
  const answer = await station.get(`/api/export/${prepared.id}`)
  await answer.body?.cancel()
  await expect
    .poll(async () => (await station.call('jobs.list', {})).jobs.filter(one => one.state === 'running'))
    .toEqual([])
  await expect(station.call('export.prepare', { StudyInstanceUIDs: ['1.2.3.4.5.6'] })).rejects.toThrow('404')
})

/** An ultrasound image that says YES: a row of letters above its region, compressed by another program. */
async function burnedImages(study: string): Promise<void> {
  const encoding = encodingOf(TS.ExplicitVRLittleEndian)
  const [Rows, Columns] = [64, 80]
  const pixels = new Uint8Array(Rows * Columns * 3).map((_, at) => 30 + (at % 5))
  for (let row = 2; row < 8; row++) pixels.fill(255, (row * Columns + 10) * 3, (row * Columns + 60) * 3)
  for (const [index, series] of [`${study}.1`, `${study}.2`].entries()) {
    const SOPInstanceUID = `${series}.1`
    const dataSet = writeDataSet(
      {
        ...{ SOPClassUID: US_IMAGE, SOPInstanceUID, StudyInstanceUID: study, SeriesInstanceUID: series },
        ...{ PatientName: 'Burned^In', PatientID: 'SYNTHETIC-BURNED', Modality: 'US', InstanceNumber: 1 },
        ...{ ImageType: ['ORIGINAL', 'PRIMARY'], BurnedInAnnotation: 'YES', SamplesPerPixel: 3 },
        ...{ PhotometricInterpretation: 'RGB', PlanarConfiguration: 0, Rows, Columns, BitsAllocated: 8, BitsStored: 8 },
        ...{ HighBit: 7, PixelRepresentation: 0, PixelData: { vr: 'OB', value: pixels } },
      },
      encoding,
    )
    const meta = { MediaStorageSOPClassUID: US_IMAGE, MediaStorageSOPInstanceUID: SOPInstanceUID }
    const plain = path.join(folder, `burned-${index}.plain`)
    const file = writeFileMeta({ ...meta, TransferSyntaxUID: TS.ExplicitVRLittleEndian })
    await writeFile(plain, Buffer.concat([file, dataSet]))
    await run('dcmcjpls', [plain, path.join(folder, `burned-${index}.dcm`)])
    await rm(plain)
  }
}

test('text that is burned into compressed pixels is black where somebody drew, and said to be; where nobody did it stays here', async () => {
  const study = '2.25.4711'
  await burnedImages(study)
  const { failed } = await station.job(
    await station.call('import.start', { paths: [0, 1].map(index => path.join(folder, `burned-${index}.dcm`)) }),
  )
  expect(failed).toBe(0)
  const areas = [{ SeriesInstanceUID: `${study}.1`, Rows: 64, Columns: 80, left: 0, top: 0, width: 100, height: 20 }]
  const { files, to } = await exported({ StudyInstanceUIDs: [study], deidentify: { cleanPixels: { areas } } }, 'black')
  expect(files.length).toBe(1)
  const bytes = new Uint8Array(await readFile(files[0] ?? ''))
  const { dataSetOffset = 0, TransferSyntaxUID = '' } = readFileMeta(bytes) ?? {}
  expect(TransferSyntaxUID).toBe(TS.ExplicitVRLittleEndian)
  const read = DataSet.read(bytes, encodingOf(TransferSyntaxUID), { offset: dataSetOffset })
  const pixels = read.bytes('PixelData') ?? new Uint8Array()
  const rows = (from: number, end: number) => pixels.subarray(from * 80 * 3, end * 80 * 3)
  expect([...new Set(rows(0, 13))]).toEqual([0])
  expect(rows(13, 64).every((level, at) => level === 30 + ((13 * 80 * 3 + at) % 5))).toBe(true)
  expect(read.string('BurnedInAnnotation')).toBe('NO')
  const codes = read.items('DeidentificationMethodCodeSequence').map(item => item.string('CodeValue'))
  expect(codes).toContain('113101')
  const readme = await readFile(path.join(to, 'README.TXT'), 'utf8')
  expect(readme).toContain('left out: burned-in')
  expect(readme).toContain('In 1 of them a part of the pixels was made black.')
  // Pictures are made of what is stored, text and all.
  expect(await readdir(to)).not.toContain('PICTURES')
})

test('text within a region of ultrasound is found when it is searched for, and such an image is not called clean', async () => {
  const [study, Rows, Columns] = ['2.25.4712', 120, 160]
  const files = [0, 1].map(index => {
    const grey = new Uint8Array(Rows * Columns).fill(12)
    burnText(grey, Columns, 'DOE JANE 123', { left: 4, top: 2, scale: 1, level: 250 })
    if (index === 1) burnText(grey, Columns, 'DOE JANE 123', { left: 40, top: 60, scale: 1, level: 250 })
    const identity = { SOPClassUID: US_IMAGE, SOPInstanceUID: `${study}.${index}` }
    const region = {
      ...{
        RegionLocationMinX0: 0,
        RegionLocationMinY0: 20,
        RegionLocationMaxX1: Columns - 1,
        RegionLocationMaxY1: Rows - 1,
      },
    }
    const dataSet = writeDataSet(
      {
        ...identity,
        StudyInstanceUID: study,
        SeriesInstanceUID: `${study}.1`,
        ...{ PatientName: 'Doe^Jane', PatientID: 'US-1', Modality: 'US', ImageType: ['ORIGINAL', 'PRIMARY'] },
        ...{ Rows, Columns, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', PixelRepresentation: 0 },
        ...{ BitsAllocated: 8, BitsStored: 8, HighBit: 7, InstanceNumber: index + 1 },
        SequenceOfUltrasoundRegions: [region],
        PixelData: { vr: 'OB', value: grey },
      },
      encodingOf(TS.ExplicitVRLittleEndian),
    )
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: US_IMAGE,
      MediaStorageSOPInstanceUID: identity.SOPInstanceUID,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
    })
    return { name: path.join(folder, `region-${index}.dcm`), bytes: Buffer.concat([meta, dataSet]) }
  })
  for (const { name, bytes } of files) await writeFile(name, bytes)
  await station.job(await station.call('import.start', { paths: files.map(({ name }) => name) }))
  const series = { StudyInstanceUID: study, SeriesInstanceUID: `${study}.1` }
  const found = await station.call('export.findText', { ...series, from: 0 })
  expect(found).toMatchObject({ images: 2, next: null, failed: 0 })
  expect(found.searched.map(({ areas }) => areas.length)).toEqual([1, 2])
  const { files: made } = await exported({ StudyInstanceUIDs: [study], deidentify: { cleanPixels: {} } }, 'regions')
  const read = await Promise.all(
    made.map(async file => {
      const bytes = new Uint8Array(await readFile(file))
      const { dataSetOffset = 0, TransferSyntaxUID = '' } = readFileMeta(bytes) ?? {}
      return DataSet.read(bytes, encodingOf(TransferSyntaxUID), { offset: dataSetOffset })
    }),
  )
  read.sort((a, b) => (a.number('InstanceNumber') ?? 0) - (b.number('InstanceNumber') ?? 0))
  expect(read.map(one => [one.string('BurnedInAnnotation'), one.strings('ImageType')[0]])).toEqual([
    ['NO', 'DERIVED'],
    ['', 'DERIVED'],
  ])
  // Outside its region both are black.
  for (const one of read)
    expect([...new Set((one.bytes('PixelData') ?? new Uint8Array()).subarray(0, 20 * Columns))]).toEqual([12])
})
