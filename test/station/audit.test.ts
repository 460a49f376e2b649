import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditRecord } from '../../shared/audit.ts'
import { ctObject, dcmtk, part10, startDcmtk } from '../dimse/harness.ts'
import { freePort } from '../fixtures/freePort.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

/** One station from its start to a kill; each test leaves its messages in the trail and finds them there. */
let folder: string
let station: RunningStation
let peerPort: number
const STUDY = '1.2.826.0.1.3680043.10.1'
const CT = '1.2.840.10008.5.1.4.1.1.2'

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isocenter-audit-'))
  mkdirSync(path.join(folder, 'data'))
  mkdirSync(path.join(folder, 'import'))
  for (const n of [1, 2]) writeFileSync(path.join(folder, `${n}.dcm`), part10(ctObject(n)))
  const other = { StudyInstanceUID: '1.2.826.0.1.3680043.11', SeriesInstanceUID: '1.2.826.0.1.3680043.11.1' }
  writeFileSync(path.join(folder, 'import/3.dcm'), part10(ctObject(3, { ...other, PatientID: 'SYNTHETIC-2' })))
  peerPort = await freePort()
  const at = { host: '127.0.0.1', port: peerPort }
  const nodes = [
    { name: 'Peer', AET: 'PEER', ...at },
    { name: 'Finder', AET: 'FINDER', host: '127.0.0.1', port: 104 },
  ]
  station = await startStation({ dataDir: path.join(folder, 'data'), config: { nodes } })
})
afterAll(async () => {
  await station?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The newest record that has these; waited for: what is read is written within a moment of the answer. */
async function recorded(wanted: Partial<AuditRecord>, more: (record: AuditRecord) => boolean = () => true) {
  for (;;) {
    const { records } = await station.call('audit.list', { limit: 500 })
    const found = records.find(record => {
      const same = Object.entries(wanted).every(([name, value]) => record[name as keyof AuditRecord] === value)
      return same && more(record)
    })
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const by = (UserID: string) => (record: AuditRecord) => record.participants.some(one => one.UserID === UserID)
const peer = (...more: string[]) => [...more, '-aec', 'ISOCENTER', '127.0.0.1', `${station.dimsePort}`]

test('C-STORE: one message an association and study, with patient, SOP class and number', async () => {
  const files = [1, 2].map(n => path.join(folder, `${n}.dcm`))
  expect(await dcmtk('storescu', ...peer('-aet', 'CT1'), ...files)).toMatchObject({ code: 0 })
  const record = await recorded({ event: 'instancesTransferred', action: 'C' }, by('CT1'))
  expect(record).toMatchObject({
    outcome: 0,
    door: 'dimse',
    study: { StudyInstanceUID: STUDY, PatientID: 'SYNTHETIC-1', instances: { [CT]: 2 } },
    participants: [
      { UserID: 'CT1', address: '127.0.0.1', requestor: true, role: 'source' },
      { UserID: 'ISOCENTER', requestor: false, role: 'destination' },
    ],
  })
})

test('C-FIND: the query as it was asked', async () => {
  const asked = ['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k', 'PatientName=Doe*']
  expect(await dcmtk('findscu', ...asked, ...peer('-aet', 'FINDER'))).toMatchObject({ code: 0 })
  const { query } = await recorded({ event: 'query', door: 'dimse', outcome: 0 }, by('FINDER'))
  expect(query?.id).toBe('1.2.840.10008.5.1.4.1.2.2.1')
  expect(Buffer.from(query?.content ?? '', 'base64').toString()).toContain('Doe*')
})

test('C-MOVE and C-GET: begun and transferred, with who asked and who got it', async () => {
  startDcmtk('storescp', '-od', folder, '-aet', 'PEER', String(peerPort))
  const study = ['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${STUDY}`]
  for (let code = 1; code !== 0; ) code = (await dcmtk('echoscu', '127.0.0.1', String(peerPort))).code
  expect(await dcmtk('movescu', ...study, '-aem', 'PEER', ...peer('-aet', 'FINDER'))).toMatchObject({ code: 0 })
  const moved = await recorded({ event: 'instancesTransferred', action: 'R' }, by('PEER'))
  expect(moved).toMatchObject({
    study: { StudyInstanceUID: STUDY, PatientID: 'SYNTHETIC-1', instances: { [CT]: 2 } },
    participants: [
      { UserID: 'FINDER', requestor: true },
      { UserID: 'PEER', requestor: false, role: 'destination' },
      { UserID: 'ISOCENTER', role: 'source' },
    ],
  })
  await recorded({ event: 'beginTransferring' }, by('PEER'))
  mkdirSync(path.join(folder, 'got'))
  const got = await dcmtk('getscu', ...study, '-od', path.join(folder, 'got'), ...peer('-aet', 'FINDER'))
  expect(got).toMatchObject({ code: 0 })
  const { participants } = await recorded(
    { event: 'instancesTransferred', action: 'R' },
    record => by('FINDER')(record) && !by('PEER')(record),
  )
  expect(participants[0]).toMatchObject({ UserID: 'FINDER', role: 'destination' })
})

test('who is refused, or asks for what he may not, leaves an alert', async () => {
  expect(
    (await dcmtk('echoscu', '-aet', 'INTRUDER', '-aec', 'OTHER', '127.0.0.1', `${station.dimsePort}`)).code,
  ).not.toBe(0)
  await recorded({ event: 'securityAlert', type: 'nodeAuthentication', outcome: 4 }, by('INTRUDER'))
  const asked = ['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k', 'PatientName=*']
  expect((await dcmtk('findscu', ...asked, ...peer('-aet', 'STRANGER'))).code).not.toBe(0)
  await recorded({ event: 'securityAlert', type: 'useOfRestrictedFunction', outcome: 4 }, by('STRANGER'))
})

test('a wrong key is on the disk before it is answered; the right one is told once', async () => {
  const wrong = await fetch(`${station.origin}/dicom-web/studies`, { headers: { authorization: 'Api-Key wrong' } })
  expect(wrong.status).toBe(401)
  const trail = path.join(station.dataDir, 'audit')
  const text = readdirSync(trail)
    .filter(name => name.startsWith('audit-'))
    .map(name => readFileSync(path.join(trail, name), 'utf8'))
  expect(text.join('')).toContain('A wrong key')
  const { records } = await station.call('audit.list', { text: 'userAuthentication "outcome":0' })
  expect(records).toHaveLength(1)
})

test('DICOMweb: search, retrieve, metadata, store and delete, each by the key that did it', async () => {
  const { secret } = await station.call('apiKeys.make', { name: 'Slicer', scopes: ['read', 'store', 'delete'] })
  await recorded({ event: 'securityAlert', type: 'securityConfiguration' }, ({ text }) => text.includes('Slicer'))
  const headers = { authorization: `Api-Key ${secret}` }
  const get = async (where: string, accept: string) => {
    const response = await fetch(`${station.origin}/dicom-web${where}`, { headers: { ...headers, accept } })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  }
  await get('/studies?PatientID=SYNTHETIC-1', 'application/dicom+json')
  const { query } = await recorded({ event: 'query', door: 'dicomweb' }, by('Slicer'))
  expect(Buffer.from(query?.content ?? '', 'base64').toString()).toBe('/dicom-web/studies?PatientID=SYNTHETIC-1')
  await get(`/studies/${STUDY}/metadata`, 'application/dicom+json')
  await recorded({ event: 'instancesAccessed', action: 'R', door: 'dicomweb' }, by('Slicer'))
  await get(`/studies/${STUDY}`, 'multipart/related; type="application/dicom"; transfer-syntax=*')
  await recorded({ event: 'beginTransferring', door: 'dicomweb' }, by('Slicer'))
  const gone = await fetch(`${station.origin}/dicom-web/studies/${STUDY}`, { method: 'DELETE', headers })
  expect(gone.status).toBe(204)
  const { records } = await station.call('audit.list', { text: 'studyDeleted' })
  expect(records[0]).toMatchObject({ action: 'D', study: { StudyInstanceUID: STUDY, PatientID: 'SYNTHETIC-1' } })
  const stored = await fetch(`${station.origin}/dicom-web/studies`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/dicom' },
    body: readFileSync(path.join(folder, 'import/3.dcm')),
  })
  expect(stored.status).toBe(200)
})

test('the workstation: import, list, open, change, settings', async () => {
  await station.job(await station.call('import.start', { paths: [path.join(folder, 'import')] }))
  const imported = await recorded({ event: 'import', door: 'import' })
  expect(imported.study).toMatchObject({ PatientID: 'SYNTHETIC-2', instances: { [CT]: 1 } })
  const { studies } = await station.call('studies.list', { search: 'doe' })
  await recorded({ event: 'query', door: 'counter' })
  const StudyInstanceUID = studies[0]?.StudyInstanceUID ?? ''
  for (let n = 0; n < 3; n++) await station.call('study.get', { StudyInstanceUID })
  const { count } = await recorded({ event: 'instancesAccessed', action: 'R', door: 'counter' })
  expect(count).toBe(1)
  await station.call('reading.set', { studies: [{ StudyInstanceUID, status: 'read' }] })
  await recorded({ event: 'instancesAccessed', action: 'U' }, ({ text }) => text === 'Marked as read')
  await station.call('aets.set', { aets: ['SECOND'] })
  await recorded({ event: 'securityAlert', type: 'networkConfiguration' })
})

test('the export is AuditMessages as PS3.15 has them, and is itself told', async () => {
  const xml = await (await station.get('/api/audit?format=xml')).text()
  writeFileSync(path.join(folder, 'audit.xml'), xml)
  const grammar = path.join(REPOSITORY, 'test/audit/auditMessages.rng')
  const { stderr } = await promisify(execFile)('xmllint', [
    '--noout',
    '--relaxng',
    grammar,
    path.join(folder, 'audit.xml'),
  ])
  expect(stderr).toContain('validates')
  expect(xml.match(/<AuditMessage>/g)?.length).toBeGreaterThan(15)
  const { records } = await station.call('audit.list', { text: 'auditLogUsed exported' })
  expect(records).toHaveLength(1)
  expect((await station.get('/api/audit?format=pdf')).status).toBe(400)
})

test('no patient’s name is in the log, and none in the trail but inside queries', async () => {
  expect(station.log()).not.toContain('Doe')
  const lines = (await (await station.get('/api/audit')).text()).trimEnd().split('\n')
  expect(lines.filter(line => line.includes('Doe'))).toEqual([])
})

test('a kill in the middle leaves a trail that fits; a changed byte is found, by the station and by the command', async () => {
  const { dataDir } = station
  const calls = Array.from({ length: 40 }, (_, n) =>
    station.call('studies.list', { search: `kill ${n}` }).catch(() => {}),
  )
  await Promise.race(calls)
  station.process.kill('SIGKILL')
  await Promise.all(calls)
  station = await startStation({ dataDir })
  expect((await station.call('audit.verify', {})).broken).toBeNull()
  const verify = () =>
    promisify(execFile)(process.execPath, [path.join(REPOSITORY, 'build/run.mjs'), 'audit', 'verify', dataDir]).then(
      ({ stdout }) => stdout,
      (failed: { stdout: string }) => failed.stdout,
    )
  expect(await verify()).toMatch(/^\d+ records in 1 files\n$/)
  const file = path.join(
    dataDir,
    'audit',
    readdirSync(path.join(dataDir, 'audit')).find(name => name.startsWith('audit-')) ?? '',
  )
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('"UserID":"CT1"', '"UserID":"CT2"'))
  const { broken } = await station.call('audit.verify', {})
  expect(broken?.sentence).toMatch(/record \d+ was changed after it was written/)
  expect(await verify()).toContain(`line ${broken?.line}: ${broken?.sentence}`)
})
