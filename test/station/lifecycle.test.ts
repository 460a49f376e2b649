import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Station, startStation } from '../../electron/station/station.ts'
import { configSchema } from '../../shared/config.ts'
import type { CallIn, CallName, CallOut } from '../../shared/contract.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readFileMeta, writeFileMeta } from '../../shared/dicom/part10.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { dcmtk } from '../dimse/harness.ts'
import { ctSlice, keyObjects, type TestObject } from '../store/objects.ts'
import { KEY, silentLog } from '../web/counter.ts'

/** Deleting, rejecting and moving as a hospital does it: sent by DCMTK's storescu, asked for over the counter. */
const UID = '2.25.1000.1'
const SERIES = `${UID}.1`
const ANY = 'application/dicom; transfer-syntax=*'
const WHOLE = 'multipart/related; type="application/dicom"; transfer-syntax=*'

let folder: string
let station: Station

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isocenter-lifecycle-'))
  station = await startStation({
    dataDir: folder,
    key: KEY,
    rendererDir: path.join(folder, 'renderer'),
    version: '0.0.0',
    config: configSchema.parse({
      httpPort: 0,
      dimsePort: 0,
      nodes: [{ name: 'Desk', AET: 'DESK', host: '127.0.0.1', port: 104 }],
    }),
    log: silentLog,
  })
})
afterEach(async () => {
  await station.close()
  await rm(folder, { recursive: true, force: true })
})

const headers = { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/json' }
const get = (where: string, accept: string, more: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${station.httpPort}/dicom-web/${where}`, { headers: { ...headers, accept, ...more } })
async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  const body = JSON.stringify(input)
  const response = await fetch(`http://127.0.0.1:${station.httpPort}/api/${name}`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as CallOut<N>
}

async function store(...objects: TestObject[]): Promise<void> {
  const files: string[] = []
  for (const { SOPInstanceUID, TransferSyntaxUID, bytes } of objects) {
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: DataSet.read(bytes, encodingOf(TransferSyntaxUID)).string('SOPClassUID'),
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    })
    files.push(path.join(folder, SOPInstanceUID))
    await writeFile(files.at(-1) as string, Buffer.concat([meta, bytes]))
  }
  const sent = await dcmtk(
    'storescu',
    '-aet',
    'CT_ROOM_1',
    '-aec',
    'ISOCENTER',
    '127.0.0.1',
    `${station.dimsePort}`,
    ...files,
  )
  expect(sent.code, sent.output).toBe(0)
}

const listed = async () => (await call('studies.list', {})).studies.map(study => study.NumberOfStudyRelatedInstances)
const found = async (level: string) => ((await (await get(level, 'application/dicom+json')).json()) as unknown[]).length
const instance = ({ SOPInstanceUID }: TestObject) => `studies/${UID}/series/${SERIES}/instances/${SOPInstanceUID}`
const status = async (where: string, accept = ANY) => (await get(where, accept)).status
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 })

test('a rejection note by C-STORE takes its images from lists, queries, retrieval and frames, sent again or not', async () => {
  const slices = [1, 2, 3, 4].map(n => ctSlice(n, {}, { size: 16 }))
  const [one, two, three, four] = slices as [TestObject, TestObject, TestObject, TestObject]
  await store(one, two, three)
  await store(keyObjects(1, { code: '113037', slices: [one, four] }))
  await eventually(listed).toEqual([2])
  // Named before it came.
  await store(four, one)
  await eventually(async () => (await call('bin.list', {})).entries[0]?.arrivedAgain).toBe(2)
  expect(await listed()).toEqual([2])
  expect([await found('instances'), await found('series'), await found('studies')]).toEqual([2, 1, 1])
  for (const hidden of [one, four]) {
    expect(await status(instance(hidden))).toBe(404)
    expect(await status(`${instance(hidden)}/frames/1`, 'application/octet-stream; transfer-syntax=*')).toBe(404)
    expect(await status(`${instance(hidden)}/metadata`, 'application/dicom+json')).toBe(404)
  }
  // For quality: off the lists, there for who asks.
  await store(keyObjects(2, { code: '113001', slices: [two] }))
  await eventually(listed).toEqual([1])
  expect(await found('instances')).toBe(1)
  expect(await status(instance(two))).toBe(200)
  expect(await status(`${instance(two)}/frames/1`, 'application/octet-stream; transfer-syntax=*')).toBe(200)
  // Retention: like a deletion, and never purged by the note.
  await store(keyObjects(3, { code: '113039', slices: [three] }))
  await eventually(listed).toEqual([])
  const { entries } = await call('bin.list', {})
  expect(entries.map(({ code, by, images, purgeAt }) => [code, by, images, purgeAt])).toEqual([
    ['113039', 'CT_ROOM_1', 1, null],
    ['113001', 'CT_ROOM_1', 1, null],
    ['113037', 'CT_ROOM_1', 2, null],
  ])
  for (const { id } of entries) await call('bin.restore', { id })
  expect(await listed()).toEqual([7])
  expect(await status(instance(one))).toBe(200)
  const problems = (await call('problems.list', {})).problems.map(({ detail }) => detail)
  expect(problems).toContain('Rejected for Patient Safety Reasons, from CT_ROOM_1')
})

test('a deleted study is nowhere, and there again when it is taken back; purged it is gone', async () => {
  await store(...[1, 2].map(n => ctSlice(n, {}, { size: 16 })), keyObjects(1, { code: '113000' }))
  const {
    ids: [id = ''],
    images,
  } = await call('bin.delete', { items: [{ StudyInstanceUID: UID }], reason: 'Test' })
  expect(images).toBe(3)
  expect([await listed(), await found('studies'), await status(`studies/${UID}`, WHOLE)]).toEqual([[], 0, 404])
  expect((await call('station.status', {})).instances).toBe(0)
  await expect(call('bin.delete', { items: [{ StudyInstanceUID: UID }], reason: ' ' })).rejects.toThrow('400')
  expect(await call('bin.restore', { id })).toEqual({ images: 3 })
  expect([await listed(), await found('instances'), await status(`studies/${UID}`, WHOLE)]).toEqual([[3], 3, 200])
  const {
    ids: [again = ''],
  } = await call('bin.delete', { items: [{ StudyInstanceUID: UID }], reason: 'Test' })
  const [entry] = (await call('bin.list', {})).entries
  expect(entry).toMatchObject({ id: again, reason: 'Test', by: 'local', images: 3, state: 'binned' })
  expect(Math.round(((entry?.purgeAt ?? 0) - Date.now()) / 86_400_000)).toBe(30)
  await call('bin.purge', { id: again })
  await eventually(async () => (await call('bin.list', {})).entries[0]?.state).toBe('purged')
  await expect(call('bin.restore', { id: again })).rejects.toThrow('410')
  await store(ctSlice(1, {}, { size: 16 }))
  expect(await listed()).toEqual([1])
})

test('what was moved leaves the station as it is shown, pixels and ranges right; what was received stays', async () => {
  const slice = ctSlice(1, { SpecificCharacterSet: 'ISO_IR 192' })
  const implicit = ctSlice(2, {}, { TransferSyntaxUID: TS.ImplicitVRLittleEndian })
  await store(slice, implicit)
  const received = Buffer.from(await (await get(instance(slice), ANY)).arrayBuffer())
  const pixels = Buffer.from(await (await get(`${instance(slice)}/frames/1`, 'application/octet-stream')).arrayBuffer())
  const patient = {
    PatientName: 'Doe^Renée',
    PatientID: 'P-77',
    PatientBirthDate: '19700101',
    PatientSex: 'F',
  } as const
  const { id } = await call('move.make', { StudyInstanceUID: UID, to: { patient }, reason: 'wrong worklist entry' })

  expect((await call('studies.list', { search: 'renee' })).studies).toMatchObject([{ PatientID: 'P-77' }])
  const [json] = (await (await get(`studies?PatientID=P-77`, 'application/dicom+json')).json()) as Array<
    Record<string, unknown>
  >
  expect(json?.['00100010']).toEqual({ vr: 'PN', Value: [{ Alphabetic: 'Doe^Renée' }] })
  const metadata = (await (await get(`studies/${UID}/metadata`, 'application/dicom+json')).json()) as Array<
    Record<string, { Value?: unknown[] }>
  >
  expect(metadata.map(one => [one['00100020']?.Value, one['04000561']?.Value?.length])).toEqual([
    [['P-77'], 1],
    [['P-77'], 1],
  ])

  for (const [object, encoding] of [
    [slice, encodingOf(TS.ExplicitVRLittleEndian)],
    [implicit, encodingOf(TS.ImplicitVRLittleEndian)],
  ] as const) {
    const moved = Buffer.from(await (await get(instance(object), ANY)).arrayBuffer())
    const meta = readFileMeta(moved)
    const dataSet = DataSet.read(moved.subarray(meta?.dataSetOffset), encoding)
    expect(dataSet.damage).toBeUndefined()
    expect([dataSet.string('PatientName'), dataSet.string('PatientBirthDate')]).toEqual(['Doe^Renée', '19700101'])
    const [was] = dataSet.items('OriginalAttributesSequence')[0]?.items('ModifiedAttributesSequence') ?? []
    expect(was?.string('PatientID')).toBe('ID-1')
    expect(meta?.MediaStorageSOPInstanceUID).toBe(object.SOPInstanceUID)
    // DCMTK reads it to its end.
    const file = path.join(folder, 'moved.dcm')
    await writeFile(file, moved)
    const dump = await dcmtk('dcmdump', '+P', '0010,0020', '+P', '0040,a375', file)
    expect(dump.code, dump.output).toBe(0)
    expect(dump.output).toContain('[P-77]')
  }
  const moved = Buffer.from(await (await get(instance(slice), ANY)).arrayBuffer())
  const dataSet = DataSet.read(moved.subarray(readFileMeta(moved)?.dataSetOffset), encodingOf(slice.TransferSyntaxUID))
  expect(Buffer.from(dataSet.bytes('PixelData') ?? []).equals(pixels)).toBe(true)
  // A download that is resumed in the header, and one in the pixels.
  for (const [first, last] of [
    [100, 700],
    [moved.length - 3000, moved.length - 1],
    [300, moved.length - 10],
  ] as const) {
    const part = await get(instance(slice), ANY, { range: `bytes=${first}-${last}` })
    expect(part.headers.get('content-range')).toBe(`bytes ${first}-${last}/${moved.length}`)
    expect(Buffer.from(await part.arrayBuffer()).equals(moved.subarray(first, last + 1))).toBe(true)
  }
  const frame = Buffer.from(await (await get(`${instance(slice)}/frames/1`, 'application/octet-stream')).arrayBuffer())
  expect(frame.equals(pixels)).toBe(true)

  await call('move.undo', { id })
  expect(Buffer.from(await (await get(instance(slice), ANY)).arrayBuffer()).equals(received)).toBe(true)
  expect((await call('studies.list', { search: 'renee' })).total).toBe(0)
})

test('patients merged leave the station as one, with what was received in Original Attributes; DCMTK reads it', async () => {
  const uid = '2.25.1000.61'
  const known = ctSlice(1, { PatientName: 'Berg^Bea', PatientID: '4711', AccessionNumber: 'M-1' }, { study: 60 })
  const emergency = { PatientName: 'UNKNOWN', PatientID: 'NOTFALL-17', AccessionNumber: 'M-1' }
  await store(known, ctSlice(1, emergency, { study: 61 }))
  const { proposals } = await call('patients.proposals', { StudyInstanceUID: uid })
  expect(proposals).toMatchObject([{ likeness: 'likely', to: { PatientID: '4711' } }])
  const word = { StudyInstanceUID: uid, to: '2.25.1000.60', same: true, reason: 'name found' }
  const { id } = await call('patients.decide', word)
  const later = ctSlice(1, emergency, { study: 62 })
  await store(later)
  const place = `studies/2.25.1000.62/series/2.25.1000.62.1/instances/${later.SOPInstanceUID}`
  const file = path.join(folder, 'merged.dcm')
  await writeFile(file, Buffer.from(await (await get(place, ANY)).arrayBuffer()))
  const dump = await dcmtk('dcmdump', file)
  expect(dump.code, dump.output).toBe(0)
  expect(dump.output).toMatch(/^\(0010,0020\) LO \[4711\]/m)
  expect(dump.output).toMatch(/\(0400,0561\) SQ[\s\S]*\(0010,0020\) LO \[NOTFALL-17\]/)
  await call('move.undo', { id })
  await writeFile(file, Buffer.from(await (await get(place, ANY)).arrayBuffer()))
  expect((await dcmtk('dcmdump', '+P', '0010,0020', file)).output).toContain('[NOTFALL-17]')
  const ids = ['60', '61', '62'].map(async study => {
    const { ids } = await call('bin.delete', { items: [{ StudyInstanceUID: `2.25.1000.${study}` }], reason: 'tidy' })
    for (const each of ids) await call('bin.purge', { id: each })
  })
  await Promise.all(ids)
})

/** What a node is given of the study. */
async function fetched(): Promise<DataSet[]> {
  const to = await mkdtemp(path.join(folder, 'fetched-'))
  const study = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${UID}`]
  const peer = ['-S', '-aet', 'DESK', '-aec', 'ISOCENTER', '127.0.0.1', `${station.dimsePort}`]
  await dcmtk('getscu', ...study, '-od', to, ...peer)
  const names = (await readdir(to)).sort()
  return Promise.all(
    names.map(async name => {
      const bytes = await readFile(path.join(to, name))
      const meta = readFileMeta(bytes)
      if (!meta) throw new Error(`${name} has no File Meta`)
      return DataSet.read(bytes.subarray(meta.dataSetOffset), encodingOf(meta.TransferSyntaxUID))
    }),
  )
}

async function matches(): Promise<number> {
  const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', 'PatientName', '-k', `StudyInstanceUID=${UID}`]
  const peer = ['-S', '-aet', 'DESK', '-aec', 'ISOCENTER', '127.0.0.1', `${station.dimsePort}`]
  const { output } = await dcmtk('findscu', '-v', ...keys, ...peer)
  return output.match(/Find Response: \d+ \(Pending\)/g)?.length ?? 0
}

test('nodes are sent what was moved as it is shown, and neither find nor get what was deleted', async () => {
  const slices = [1, 2].map(n => ctSlice(n, {}, { size: 600 }))
  await store(...slices)
  const to = { PatientName: 'Right^Patient', PatientID: 'RIGHT-1' }
  await call('move.make', {
    StudyInstanceUID: UID,
    reason: 'wrong patient at the scanner',
    to: { patient: { IssuerOfPatientID: '', PatientBirthDate: '', PatientSex: '', ...to } },
  })
  expect(await matches()).toBe(1)
  const moved = await fetched()
  expect(moved.map(dataSet => [dataSet.string('PatientName'), dataSet.string('PatientID')])).toEqual([
    ['Right^Patient', 'RIGHT-1'],
    ['Right^Patient', 'RIGHT-1'],
  ])
  // The pixels are the received ones.
  for (const dataSet of moved) {
    const sent = slices.find(({ SOPInstanceUID }) => SOPInstanceUID === dataSet.string('SOPInstanceUID'))
    const received = DataSet.read(sent!.bytes, encodingOf(sent!.TransferSyntaxUID))
    const pixels = (one: DataSet) => one.bytes('PixelData')
    expect(Buffer.compare(pixels(dataSet)!, pixels(received)!)).toBe(0)
  }
  await call('bin.delete', { items: [{ StudyInstanceUID: UID }], reason: 'test' })
  expect(await matches()).toBe(0)
  expect(await fetched()).toEqual([])
})

test('DELETE of a series and of a study over DICOMweb goes into the bin, with its reason, and can be taken back', async () => {
  await store(ctSlice(1, {}, { size: 16 }))
  const remove = (where: string) =>
    fetch(`http://127.0.0.1:${station.httpPort}/dicom-web/${where}`, { method: 'DELETE', headers })
  expect((await remove(`studies/${UID}/series/${SERIES}?reason=wrong%20protocol`)).status).toBe(204)
  expect(await status(`studies/${UID}`, WHOLE)).toBe(404)
  expect((await remove(`studies/${UID}`)).status).toBe(404)
  const [entry] = (await call('bin.list', {})).entries
  expect(entry).toMatchObject({ reason: 'wrong protocol', images: 1 })
  await call('bin.restore', { id: entry!.id })
  expect(await status(`studies/${UID}`, WHOLE)).toBe(200)
  expect((await remove(`studies/${UID}`)).status).toBe(204)
  expect(await found('studies')).toBe(0)
})
