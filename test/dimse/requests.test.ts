import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FIND_CONTEXTS, find, type QueryLevel } from '../../electron/station/dimse/queryScu.ts'
import { openAssociation } from '../../electron/station/wire/scu.ts'
import { nodes } from '../../shared/config.ts'
import type { JobSummary } from '../../shared/contract.ts'
import { TS } from '../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { type FoundStudies, studySearch } from '../../shared/network.ts'
import { startOrthanc } from '../bench/receivers.ts'
import { freePort } from '../fixtures/freePort.ts'
import { type Archive, filesIn, keep, node, openArchive, startDcmqrscp, startStorescp } from './archive.ts'
import { ctObject, dcmtk, part10, temporaryFolder } from './harness.ts'

const STUDY = '1.2.826.0.1.3680043.10.1'
const OTHER_STUDY = '1.2.826.0.1.3680043.10.9'
const OBJECTS = [
  ctObject(1),
  ctObject(2, {}, TS.ImplicitVRLittleEndian),
  ctObject(3, { StudyInstanceUID: OTHER_STUDY, PatientName: 'Roe^Ann', PatientID: 'SYNTHETIC-2' }),
]

/** The job's end. */
async function ended({ work }: Archive, { id }: JobSummary): Promise<JobSummary> {
  for (;;) {
    const job = work.list().find(one => one.id === id)!
    if (job.state !== 'running') return job
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function searched(
  { dimse }: Archive,
  what: Partial<Record<'name' | 'PatientID', string>>,
  AET = 'ARCHIVE',
): Promise<FoundStudies> {
  const id = dimse.requests.searches.start(AET, studySearch.parse(what))
  for (;;) {
    const found = dimse.requests.searches.read(id, 0)
    if (found.done) return found
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

test('a study is sent as a job: as it is stored, counted, listed', async () => {
  const port = await freePort()
  const archive = await openArchive([node('STORESCP', port)])
  for (const object of OBJECTS) await keep(archive.store, part10(object))
  const { folder } = await startStorescp(port)
  const job = archive.dimse.requests.send('STORESCP', [STUDY])
  expect(job).toMatchObject({ kind: 'send', title: 'A study to storescp', state: 'running' })
  expect(await ended(archive, job)).toMatchObject({ state: 'done', total: 2, done: 2, stored: 2, failed: 0 })
  const files = filesIn(folder)
  expect(files.size).toBe(2)
  for (const { SOPInstanceUID, TransferSyntaxUID, dataSet } of OBJECTS.slice(0, 2)) {
    expect(files.get(SOPInstanceUID)?.TransferSyntaxUID).toBe(TransferSyntaxUID)
    expect(files.get(SOPInstanceUID)?.bytes.equals(dataSet)).toBe(true)
  }
  expect(archive.dimse.associations()).toContainEqual(expect.objectContaining({ outgoing: true, sent: 2 }))
})

test('to a dead node: every image is told, and the doctor knows why', async () => {
  const port = await freePort()
  const archive = await openArchive([node('STORESCP', port)])
  for (const object of OBJECTS) await keep(archive.store, part10(object))
  const job = await ended(archive, archive.dimse.requests.send('STORESCP', [STUDY, OTHER_STUDY]))
  expect(job).toMatchObject({ state: 'done', stored: 0, failed: 3 })
  expect(job.refused.map(({ file }) => file).sort()).toEqual(OBJECTS.map(one => one.SOPInstanceUID).sort())
  expect(archive.dimse.doctor.list()).toMatchObject([{ sentence: expect.stringMatching(/nobody listens/), count: 2 }])
  expect(() => archive.dimse.requests.send('NOBODY', [STUDY])).toThrow(/no node of that AE title/)
  expect(await ended(archive, archive.dimse.requests.send('STORESCP', ['1.2.3']))).toMatchObject({ state: 'failed' })
})

test('what a broken line has lost is sent once more', async () => {
  const [port, behind] = [await freePort(), await freePort()]
  const archive = await openArchive([node('STORESCP', port)])
  for (const object of OBJECTS) await keep(archive.store, part10(object))
  const { folder } = await startStorescp(behind)
  let connections = 0
  const sockets: Socket[] = []
  const proxy = createServer(client => {
    const server = connect(behind, '127.0.0.1')
    sockets.push(client, server)
    for (const socket of [client, server]) socket.on('error', () => {})
    client.pipe(server).pipe(client)
    client.on('close', () => server.destroy())
    connections += 1
    let bytes = 0
    const isFirst = connections === 1
    client.on('data', chunk => {
      bytes += chunk.length
      if (isFirst && bytes > 4000) client.destroy()
    })
  })
  await new Promise<void>(resolve => proxy.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const job = await ended(archive, archive.dimse.requests.send('STORESCP', [STUDY, OTHER_STUDY]))
  expect(job).toMatchObject({ state: 'done', stored: 3, failed: 0 })
  expect(filesIn(folder).size).toBe(3)
  expect(connections).toBe(2)
  expect(archive.dimse.doctor.list()[0]?.sentence).toMatch(/^The connection to storescp was gone/)
})

test('another archive is searched: by words of the name, by ID, at every level', async () => {
  const port = await freePort()
  const archive = await openArchive([{ ...node('ARCHIVE', port) }])
  await startDcmqrscp(port, archive.port, OBJECTS)
  expect(await searched(archive, { name: 'doe ja' })).toMatchObject({
    complete: true,
    error: '',
    studies: [{ StudyInstanceUID: STUDY, PatientName: 'Doe^Jane', PatientID: 'SYNTHETIC-1' }],
  })
  const { studies } = await searched(archive, { PatientID: 'SYNTHETIC*' })
  expect(studies.map(one => one.StudyInstanceUID).sort()).toEqual([STUDY, OTHER_STUDY])
  expect(await searched(archive, { name: 'nobody' })).toMatchObject({ studies: [], complete: true })

  const line = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAET: 'ISOCENTER',
    calledAET: 'ARCHIVE',
    contexts: FIND_CONTEXTS,
  })
  const asked = async (level: QueryLevel, keys: NewDataSet, wanted: string) => {
    const values: string[] = []
    await find({ ...line, contexts: line.contexts, failed: () => {} }, level, { ...keys, [wanted]: '' }, match => {
      values.push(match.string(wanted))
    })
    return values.sort()
  }
  expect(await asked('PATIENT', { PatientID: 'SYNTHETIC*' }, 'PatientName')).toEqual(['Doe^Jane', 'Roe^Ann'])
  const SeriesInstanceUID = '1.2.826.0.1.3680043.10.2'
  expect(await asked('SERIES', { StudyInstanceUID: STUDY }, 'SeriesInstanceUID')).toEqual([SeriesInstanceUID])
  expect(await asked('IMAGE', { StudyInstanceUID: STUDY, SeriesInstanceUID }, 'SOPInstanceUID')).toEqual(
    OBJECTS.slice(0, 2).map(one => one.SOPInstanceUID),
  )
  await line.release()
})

test('a search that is stopped tells the archive so', async () => {
  const archive = await openArchive([node('ARCHIVE')])
  const other = await openArchive([node('ISOCENTER')])
  for (let n = 0; n < 40; n += 1) {
    await keep(other.store, part10(ctObject(n, { StudyInstanceUID: `1.2.826.0.1.3680043.11.${n + 1}` })))
  }
  other.dimse.setAETs(['ARCHIVE'])
  archive.dimse.setNodes([
    { ...node('ARCHIVE', other.port), rights: [], sendsAs: [], addresses: [], tls: false, certificates: [] },
  ])
  const id = archive.dimse.requests.searches.start('ARCHIVE', studySearch.parse({ name: 'doe' }))
  archive.dimse.requests.searches.stop(id)
  await expect
    .poll(() => archive.dimse.requests.searches.read(id, 0))
    .toMatchObject({ done: true, complete: false, error: '' })
  expect(archive.dimse.doctor.list()).toEqual([])
  expect(await searched(archive, { name: 'doe' })).toMatchObject({ complete: true, studies: { length: 40 } })
})

test.each([
  ['by C-GET', []],
  ['by C-MOVE to ourselves where C-GET is refused', ['--disable-get']],
])('a study is fetched %s', async (_, flags) => {
  const port = await freePort()
  const archive = await openArchive([node('ARCHIVE', port)])
  await startDcmqrscp(port, archive.port, OBJECTS, ...flags)
  const job = await ended(archive, archive.dimse.requests.fetch('ARCHIVE', STUDY))
  expect(job).toMatchObject({ kind: 'fetch', title: 'A study from archive', state: 'done', stored: 2, failed: 0 })
  const { study } = await archive.store.read.getStudy(STUDY)
  expect(study).toMatchObject({ PatientName: 'Doe^Jane', NumberOfStudyRelatedInstances: 2, sendingAET: 'ARCHIVE' })
  const incoming = archive.dimse.associations().filter(one => !one.outgoing)
  expect(incoming.length > 0).toBe(flags.length > 0)
  const none = await ended(archive, archive.dimse.requests.fetch('ARCHIVE', '1.2.3'))
  expect(none).toMatchObject({
    state: 'failed',
    stored: 0,
    error: expect.stringMatching(/archive has no image of this study/),
  })
})

test('a node that has nothing of the kind: the job says so', async () => {
  const port = await freePort()
  const archive = await openArchive([node('STORESCP', port)])
  await startStorescp(port)
  const job = await ended(archive, archive.dimse.requests.fetch('STORESCP', STUDY))
  expect(job).toMatchObject({ state: 'failed', error: expect.stringMatching(/neither C-GET nor C-MOVE/) })
})

test('an archive that does not know us as a destination is told as such', async () => {
  const port = await freePort()
  const archive = await openArchive([node('ARCHIVE', port)])
  await startDcmqrscp(port, undefined, OBJECTS, '--disable-get')
  const job = await ended(archive, archive.dimse.requests.fetch('ARCHIVE', STUDY))
  expect(job).toMatchObject({ state: 'failed', stored: 0, error: expect.stringMatching(/C-MOVE was answered 0xa801/) })
  expect(archive.dimse.doctor.list()[0]?.sentence).toMatch(/answered C-MOVE with status 0xa801/)
})

test('compressed images are fetched as they are stored', async () => {
  const archive = await openArchive()
  const other = await openArchive([node('ISOCENTER')])
  other.dimse.setAETs(['ARCHIVE'])
  archive.dimse.setNodes(nodes.parse([node('ARCHIVE', other.port)]))
  const folder = temporaryFolder()
  const [plain, packed] = [join(folder, 'plain.dcm'), join(folder, 'packed.dcm')]
  writeFileSync(plain, part10(ctObject(1)))
  expect(await dcmtk('dcmcjpls', '+el', plain, packed)).toMatchObject({ code: 0 })
  await keep(other.store, readFileSync(packed))
  await keep(other.store, part10(ctObject(2)))
  const job = await ended(archive, archive.dimse.requests.fetch('ARCHIVE', STUDY))
  expect(job).toMatchObject({ state: 'done', stored: 2, failed: 0 })
  const held = async ({ store }: Archive) =>
    (await store.read.retrievable({ StudyInstanceUID: [STUDY] }, 10)).objects
      .map(({ SOPInstanceUID, TransferSyntaxUID, dataSetLength }) => [SOPInstanceUID, TransferSyntaxUID, dataSetLength])
      .sort()
  const fetched = await held(archive)
  expect(fetched).toEqual(await held(other))
  expect(fetched.map(([, syntax]) => syntax)).toEqual([TS.JPEGLSLossless, TS.ExplicitVRLittleEndian])
  expect(archive.dimse.associations().some(({ outgoing }) => !outgoing)).toBe(false)
})

test('Orthanc: sent to, searched, fetched from', async () => {
  const orthanc = await startOrthanc({ DicomCheckCalledAet: true })
  onTestFinished(() => orthanc.close())
  const archive = await openArchive([node('ORTHANC', orthanc.port)])
  const reader = await openArchive([node('ORTHANC', orthanc.port)])
  const response = await fetch(`http://127.0.0.1:${orthanc.httpPort}/modalities/here`, {
    method: 'PUT',
    body: JSON.stringify({ AET: 'ISOCENTER', Host: '127.0.0.1', Port: reader.port }),
  })
  expect(response.ok).toBe(true)
  expect(await archive.dimse.requests.echo({ AET: 'ORTHANK', host: '127.0.0.1', port: orthanc.port })).toMatchObject({
    step: 'association',
    sentence: 'ORTHANK does not answer to the AE title "ORTHANK".',
  })
  for (const object of OBJECTS) await keep(archive.store, part10(object))
  const sent = await ended(archive, archive.dimse.requests.send('ORTHANC', [STUDY, OTHER_STUDY]))
  expect(sent).toMatchObject({ state: 'done', stored: 3, failed: 0 })
  expect(await orthanc.stored()).toBe(3)
  const { studies } = await searched(reader, { name: 'roe' }, 'ORTHANC')
  expect(studies).toMatchObject([{ StudyInstanceUID: OTHER_STUDY, PatientID: 'SYNTHETIC-2' }])
  const fetched = await ended(reader, reader.dimse.requests.fetch('ORTHANC', STUDY))
  expect(fetched).toMatchObject({ state: 'done', stored: 2, failed: 0 })
  expect(await reader.store.read.counts()).toMatchObject({ studies: 1, instances: 2 })
})
