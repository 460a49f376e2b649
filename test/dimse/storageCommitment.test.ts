import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import dcmjsDimse from 'dcmjs-dimse'
import { expect, onTestFinished, test } from 'vitest'
import { startOrthanc } from '../bench/receivers.ts'
import { COMMITMENT, CommitmentPeer, type Reference } from '../fakes/commitmentPeer.ts'
import { freePort } from '../fixtures/freePort.ts'
import { keep, node, openArchive } from './archive.ts'
import { CT_IMAGE, ctObject, part10, temporaryFolder, until } from './harness.ts'

const reference = (number: number): Reference => [CT_IMAGE, ctObject(number).SOPInstanceUID]
const uidOf = (number: number) => ctObject(number).SOPInstanceUID
const none = { waiting: [], refused: [], lost: [] }
const QUICK = { graceMs: 20, everyMs: 20, againMs: 50 }

test('the answer waits until the archive is proved to have it, and says so when it never comes to that', async () => {
  const peer = new CommitmentPeer()
  const own = await peer.listen()
  let lacking = [uidOf(2)]
  const { port, store } = await openArchive([node('MODALITY', own)], {
    reportTimes: { ...QUICK, soonMs: 20, giveUpMs: 60_000 },
    unproved: async uids => ({ ...none, waiting: uids.filter(uid => lacking.includes(uid)) }),
  })
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const { scu } = await peer.ask(port, '1.2.3', [1, 2].map(reference))
  await scu.release()
  // Looked at many times over meanwhile.
  await wait(400)
  expect(peer.reports).toEqual([])
  lacking = []
  await until(() => peer.reports.length > 0)
  expect(peer.reports[0]).toMatchObject({
    EventTypeID: 1,
    committed: [1, 2].map(uidOf),
    over: [{ scu: false, scp: true }],
  })
})

test('what an archive has not got after all that time is refused, the rest is confirmed', async () => {
  const peer = new CommitmentPeer()
  const own = await peer.listen()
  const { port, store, problems } = await openArchive([node('MODALITY', own)], {
    reportTimes: { ...QUICK, soonMs: 20, giveUpMs: 300 },
    unproved: async uids => ({ ...none, waiting: uids.filter(uid => uid === uidOf(2)) }),
  })
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const { scu } = await peer.ask(port, '1.2.3', [1, 2].map(reference))
  await scu.release()
  await until(() => peer.reports.length > 0)
  const [report] = peer.reports
  expect(report).toMatchObject({ EventTypeID: 2, committed: [uidOf(1)] })
  expect(report?.failed).toMatchObject([{ SOPInstanceUID: uidOf(2), FailureReason: 0x0110 }])
  await until(() => problems.length > 0)
  expect(problems.map(({ sentence }) => sentence).join()).toContain('the archive has not got it')
})

test('what the archive refused, and what nobody has, fails alone and at once: the rest need not wait seven days', async () => {
  const peer = new CommitmentPeer()
  const own = await peer.listen()
  const { port, store } = await openArchive([node('MODALITY', own)], {
    reportTimes: { ...QUICK, giveUpMs: 60_000 },
    unproved: async uids => ({
      waiting: [],
      refused: uids.filter(uid => uid === uidOf(2)),
      lost: uids.filter(uid => uid === uidOf(3)),
    }),
  })
  for (const number of [1, 2, 3]) await keep(store, part10(ctObject(number)))
  const { scu } = await peer.ask(port, '1.2.3', [1, 2, 3].map(reference))
  await scu.release()
  await until(() => peer.reports.length > 0)
  const [report] = peer.reports
  expect(report).toMatchObject({ EventTypeID: 2, committed: [uidOf(1)] })
  expect(new Map(report?.failed.map(one => [one.SOPInstanceUID, one.FailureReason]))).toEqual(
    new Map([
      [uidOf(2), 0x0110],
      [uidOf(3), 0x0112],
    ]),
  )
})

test('what is here is confirmed on the association that asks', async () => {
  const { port, store } = await openArchive([node('MODALITY')])
  for (const number of [1, 2, 3]) await keep(store, part10(ctObject(number)))
  await store.settleAll()
  const peer = new CommitmentPeer()
  const { response } = await peer.ask(port, '1.2.3', [1, 2, 3].map(reference))
  expect(response).toMatchObject({ Status: 0, CommandField: 0x8130, AffectedSOPInstanceUID: '1.2.840.10008.1.20.1.1' })
  await until(() => peer.reports.length > 0)
  expect(peer.reports).toEqual([
    { EventTypeID: 1, TransactionUID: '1.2.3', committed: [1, 2, 3].map(uidOf), failed: [], over: 'own' },
  ])
})

test('what has landed and not settled is confirmed, too', async () => {
  const { port, store } = await openArchive([node('MODALITY')], { reportTimes: QUICK })
  await keep(store, part10(ctObject(1)))
  const peer = new CommitmentPeer()
  await peer.ask(port, '1.2.3', [reference(1)])
  await until(() => peer.reports.length > 0)
  expect(peer.reports[0]).toMatchObject({ EventTypeID: 1, committed: [uidOf(1)] })
})

test('a damaged file, what is not here and what is another kind of object are told with their reasons', async () => {
  const { port, store, problems, dataDir } = await openArchive([node('MODALITY')], { reportTimes: QUICK })
  const { contentId } = await keep(store, part10(ctObject(1)))
  await keep(store, part10(ctObject(2)))
  await keep(store, part10(ctObject(3)))
  await store.settleAll()
  damage(dataDir, contentId)
  const peer = new CommitmentPeer()
  const MR = '1.2.840.10008.5.1.4.1.1.4'
  await peer.ask(port, '1.2.3', [reference(1), reference(2), [MR, uidOf(3)], reference(4)])
  await until(() => peer.reports.length > 0)
  const [report] = peer.reports
  expect(report).toMatchObject({ EventTypeID: 2, committed: [uidOf(2)] })
  expect(new Map(report?.failed.map(({ SOPInstanceUID, FailureReason }) => [SOPInstanceUID, FailureReason]))).toEqual(
    new Map([
      [uidOf(1), 0x0110],
      [uidOf(3), 0x0119],
      [uidOf(4), 0x0112],
    ]),
  )
  await until(() => problems.length > 0)
  expect(problems.map(({ sentence }) => sentence).join()).toMatch(/MODALITY asked whether 4 images are safe here; 3 /)
  expect((await store.health()).damagedCopies).toBe(1)
})

/** An archive whose first CT lies on the disk `root`. */
async function openWithDisk(own: number, root: string, reportTimes: Partial<typeof QUICK> & { awayMs?: number }) {
  const archive = await openArchive([node('MODALITY', own)], {
    reportTimes,
    store: {
      volumes: [{ id: 'nas', path: root, rule: { modalities: ['CT'] } }],
      volumeTimes: { checkMs: 50, hangMs: 20_000 },
    },
  })
  await keep(archive.store, part10(ctObject(1)))
  await archive.store.settleAll()
  return archive
}

test('what lies on a disk that is away is neither confirmed nor refused until it is back', async () => {
  const disks = temporaryFolder()
  const root = join(disks, 'nas')
  mkdirSync(root)
  const peer = new CommitmentPeer()
  const own = await peer.listen()
  const { port, store, dimse } = await openWithDisk(own, root, QUICK)
  renameSync(root, `${root}.away`)
  mkdirSync(root)
  const { scu } = await peer.ask(port, '1.2.3', [reference(1)])
  await scu.release()
  const isAway = async () => (await store.volumes()).volumes.find(({ name }) => name === 'nas')?.state === 'missing'
  while (!(await isAway())) await new Promise(resolve => setTimeout(resolve, 20))
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(peer.reports).toEqual([])
  expect(dimse.associations().filter(({ outgoing }) => outgoing)).toEqual([])
  rmSync(root, { recursive: true })
  renameSync(`${root}.away`, root)
  await until(() => peer.reports.length > 0)
  expect(peer.reports[0]).toMatchObject({ EventTypeID: 1, committed: [uidOf(1)] })
})

test('a disk that stays away is told in minutes, by its images alone, and what is sent again then is confirmed', async () => {
  const root = join(temporaryFolder(), 'nas')
  mkdirSync(root)
  const peer = new CommitmentPeer()
  const own = await peer.listen()
  const { port, store, problems } = await openWithDisk(own, root, { ...QUICK, awayMs: 300 })
  renameSync(root, `${root}.away`)
  const isAway = async () => (await store.volumes()).volumes.find(({ name }) => name === 'nas')?.state === 'missing'
  while (!(await isAway())) await wait(20)
  await keep(store, part10(ctObject(2)))
  const { scu } = await peer.ask(port, '1.2.3', [1, 2].map(reference))
  await scu.release()
  await until(() => peer.reports.length > 0)
  expect(peer.reports[0]).toMatchObject({
    EventTypeID: 2,
    committed: [uidOf(2)],
    failed: [{ SOPInstanceUID: uidOf(1), FailureReason: 0x0110 }],
  })
  await until(() => problems.length > 0)
  expect(problems[0]?.sentence).toContain('its disk is away')
  // What a modality does then.
  await keep(store, part10(ctObject(1)))
  const second = await peer.ask(port, '1.2.4', [reference(1)])
  await second.scu.release()
  await until(() => peer.reports.length > 1)
  expect(peer.reports[1]).toMatchObject({ EventTypeID: 1, TransactionUID: '1.2.4', committed: [uidOf(1)] })
})

test('who has gone hears it on an association of ours, where we are the SCP', async () => {
  const peer = new CommitmentPeer()
  const own = await peer.listen()
  const { port, store } = await openArchive([node('MODALITY', own)], { reportTimes: { ...QUICK, graceMs: 300 } })
  await keep(store, part10(ctObject(1)))
  const { scu } = await peer.ask(port, '1.2.3', [reference(1)])
  await scu.release()
  await until(() => peer.reports.length > 0)
  expect(peer.reports[0]).toMatchObject({ EventTypeID: 1, over: [{ scu: false, scp: true }] })
})

test('a peer that does not listen hears it after a restart of the station, once', async () => {
  const own = await freePort()
  const first = await openArchive([node('MODALITY', own)], { reportTimes: QUICK })
  await keep(first.store, part10(ctObject(1)))
  const peer = new CommitmentPeer()
  const { scu } = await peer.ask(first.port, '1.2.3', [reference(1)])
  await scu.release()
  await until(() => first.dimse.associations().some(({ outgoing, endedAt }) => outgoing && endedAt !== null))
  await first.close()
  expect(peer.reports).toEqual([])
  await peer.listen(own)
  const second = await openArchive([node('MODALITY', own)], { dataDir: first.dataDir, reportTimes: QUICK })
  await until(() => peer.reports.length > 0)
  expect(peer.reports[0]).toMatchObject({ TransactionUID: '1.2.3', committed: [uidOf(1)] })
  await until(() => second.dimse.associations().some(({ outcome }) => outcome === 'released'))
  await second.close()
  await openArchive([node('MODALITY', own)], { dataDir: first.dataDir, reportTimes: QUICK })
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(peer.reports).toHaveLength(1)
})

test('nobody there for too long: it is given up, and a person is told', async () => {
  const times = { ...QUICK, giveUpMs: 300 }
  const { port, store, problems } = await openArchive([node('MODALITY', await freePort())], { reportTimes: times })
  await keep(store, part10(ctObject(1)))
  const { scu } = await new CommitmentPeer().ask(port, '1.2.3', [reference(1)])
  await scu.release()
  await until(() => problems.length > 0)
  expect(problems[0]?.sentence).toMatch(/MODALITY asked to have storage confirmed .*ECONNREFUSED/)
})

test('a Transaction UID that is used for something else confirms nothing; the same request again is answered again', async () => {
  const { port, store } = await openArchive([node('MODALITY')], { reportTimes: QUICK })
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const peer = new CommitmentPeer()
  await peer.ask(port, '1.2.3', [reference(1)])
  await until(() => peer.reports.length === 1)
  await peer.ask(port, '1.2.3', [reference(2)])
  await until(() => peer.reports.length === 2)
  expect(peer.reports[1]?.failed).toEqual([{ SOPInstanceUID: uidOf(2), FailureReason: 0x0131 }])
  await peer.ask(port, '1.2.3', [reference(1)])
  await until(() => peer.reports.length === 3)
  expect(peer.reports[2]).toMatchObject({ EventTypeID: 1, committed: [uidOf(1)] })
})

test('requests that are none are answered so', async () => {
  const { port } = await openArchive([node('MODALITY')])
  const peer = new CommitmentPeer()
  expect((await peer.ask(port, '1.2.3', [])).response).toMatchObject({ Status: 0x0115 })
  expect((await peer.ask(port, 'none', [reference(1)])).response).toMatchObject({ Status: 0x0115 })
  expect((await peer.ask(port, '1.2.3', [['', uidOf(1)]])).response).toMatchObject({ Status: 0x0115 })
})

test('a stranger, and anybody where nothing is synced before the answer, gets no promise and a person hears why', async () => {
  const open = await openArchive([])
  const promised = new CommitmentPeer().ask(open.port, '1.2.3', [reference(1)])
  await expect(promised).rejects.toThrow()
  expect(open.problems[0]?.sentence).toContain('MODALITY (127.0.0.1) asked to have storage confirmed; it is not among')
  const careless = await openArchive([node('MODALITY')], { durability: 'os' })
  await expect(new CommitmentPeer().ask(careless.port, '1.2.3', [reference(1)])).rejects.toThrow()
  expect(careless.problems[0]?.sentence).toContain('with durability "os" this station promises nothing')
})

test('Orthanc asks, and reads our answer', async () => {
  const orthanc = await startOrthanc({ StorageCommitmentReportsSize: 100 })
  onTestFinished(() => orthanc.close())
  const { port, store } = await openArchive([node('ORTHANC', orthanc.port)], { reportTimes: QUICK })
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const here = { AET: 'ISOCENTER', Host: '127.0.0.1', Port: port, AllowStorageCommitment: true }
  await call(orthanc, '/modalities/here', 'PUT', here)
  const DicomInstances = [1, 2, 3].map(number => ({ SOPClassUID: CT_IMAGE, SOPInstanceUID: uidOf(number) }))
  const { ID } = await call(orthanc, '/modalities/here/storage-commitment', 'POST', { DicomInstances })
  const report = async () => call(orthanc, `/storage-commitment/${ID}`, 'GET')
  while ((await report()).Status === 'Pending') await new Promise(resolve => setTimeout(resolve, 50))
  expect(await report()).toMatchObject({
    Status: 'Failure',
    Success: [1, 2].map(number => ({ SOPInstanceUID: uidOf(number) })),
    Failures: [{ SOPInstanceUID: uidOf(3), FailureReason: 0x0112 }],
  })
})

test('Orthanc is asked, and answers', async () => {
  const orthanc = await startOrthanc({ StorageCommitmentReportsSize: 100 })
  onTestFinished(() => orthanc.close())
  const { port, dimse } = await openArchive([{ ...node('ORTHANC', orthanc.port), rights: [] }])
  await call(orthanc, '/modalities/here', 'PUT', { AET: 'ISOCENTER', Host: '127.0.0.1', Port: port })
  const sent = await fetch(`http://127.0.0.1:${orthanc.httpPort}/instances`, {
    method: 'POST',
    body: part10(ctObject(1)) as Uint8Array<ArrayBuffer>,
  })
  expect(sent.status).toBe(200)
  const answered = new Promise(resolve => dimse.onCommitment(resolve))
  const TransactionUID = await dimse.requestCommitment('orthanc', { [CT_IMAGE]: [uidOf(1), uidOf(2)] })
  expect(await answered).toMatchObject({
    AET: 'ORTHANC',
    TransactionUID,
    failed: [{ FailureReason: 0x0112, references: { [CT_IMAGE]: [uidOf(2)] } }],
  })
})

test('a study is asked about as a job, which ends with what is confirmed', async () => {
  const orthanc = await startOrthanc({ StorageCommitmentReportsSize: 100 })
  onTestFinished(() => orthanc.close())
  const { port, store, work, problems } = await openArchive([node('ORTHANC', orthanc.port)])
  await call(orthanc, '/modalities/here', 'PUT', { AET: 'ISOCENTER', Host: '127.0.0.1', Port: port })
  for (const number of [1, 2]) await keep(store, part10(ctObject(number)))
  const body = part10(ctObject(1)) as Uint8Array<ArrayBuffer>
  await fetch(`http://127.0.0.1:${orthanc.httpPort}/instances`, { method: 'POST', body })
  work.requestCommitment('1.2.826.0.1.3680043.10.1', 'orthanc')
  await until(() => work.list()[0]?.state === 'done')
  expect(work.list()[0]).toMatchObject({
    kind: 'commitment',
    total: 2,
    stored: 1,
    failed: 1,
    refused: [{ file: uidOf(2), reason: 'not confirmed (0x0112)' }],
  })
  expect(problems.map(({ sentence }) => sentence)).toContain(
    'ORTHANC did not confirm 1 of 2 images: they are not to be taken away here.',
  )
})

test('dcmjs-dimse asks', async () => {
  const { port, store } = await openArchive([node('DCMJS')], { reportTimes: QUICK })
  await keep(store, part10(ctObject(1)))
  const { Client, requests, Dataset, constants, log } = dcmjsDimse
  log.disableAll()
  const client = new Client()
  const request = new requests.NActionRequest(COMMITMENT, `${COMMITMENT}.1`, 1)
  request.setDataset(
    new Dataset({
      TransactionUID: '1.2.3',
      ReferencedSOPSequence: [{ ReferencedSOPClassUID: CT_IMAGE, ReferencedSOPInstanceUID: uidOf(1) }],
    }),
  )
  const statuses: number[] = []
  request.on('response', response => statuses.push(response.getStatus()))
  client.addRequest(request)
  await new Promise<void>((resolve, reject) => {
    client.on('closed', () => resolve())
    client.on('networkError', reject)
    client.send('127.0.0.1', port, 'DCMJS', 'ISOCENTER')
  })
  expect(statuses).toEqual([constants.Status.Success])
})

/** One bit of the last pixel, as a disk does it: same length, same time of day. */
function damage(dataDir: string, contentId: number): void {
  const name = `${contentId.toString(16).padStart(8, '0')}.dcm`
  const file = readdirSync(join(dataDir, 'files'), { recursive: true, encoding: 'utf8' }).find(each =>
    each.endsWith(name),
  )
  const path = join(dataDir, 'files', file ?? '')
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
}

async function call(orthanc: { httpPort: number }, path: string, method: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${orthanc.httpPort}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return text === '' ? {} : JSON.parse(text)
}
