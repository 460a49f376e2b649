import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Problems } from '../../electron/station/base/problems.ts'
import { FileHandles } from '../../electron/station/store/index.ts'
import { createCarrier } from '../../electron/station/sync/createCarrier.ts'
import { type Sync, startSync } from '../../electron/station/sync/index.ts'
import { Answered } from '../../electron/station/wire/scu.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { openPart10 } from '../../shared/dicom/part10Stream.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { dayBefore } from '../../shared/pull.ts'
import { destinations } from '../../shared/sync.ts'
import { type Archive, keep, node, openArchive, startDcmqrscp } from '../dimse/archive.ts'
import { ctObject, dcmtk, part10, temporaryFolder } from '../dimse/harness.ts'
import type { SendObject } from '../fakes/byteSender.ts'
import { silentAudit } from '../fakes/silentAudit.ts'
import { statusPeer } from '../fakes/statusPeer.ts'
import { openCarrying } from '../fixtures/carrying.ts'
import { freePort } from '../fixtures/freePort.ts'
import { aJob, silentLog } from '../web/counter.ts'
import { carrierTo, digests, itemOf, never, sha256Of, startArchive, unpaced } from './harness.ts'

/** `ctObject`'s. */
const STUDY = '1.2.826.0.1.3680043.10.1'
const PULL = { rules: [{ modalities: ['CT'] }], everySeconds: 1 }

/** Of a patient that is no sample. */
const image = (number: number, more: NewDataSet = {}, size = 64) =>
  ctObject(number, { PatientID: 'P-1', ...more }, undefined, size)

interface Station extends Archive {
  sync: Sync
  jobs: Array<Promise<void>>
  told: AuditEvent[]
  failed: string[]
  /** Of the data set of an image of the study, in hexadecimal. */
  sha256(SOPInstanceUID: string): Promise<string>
}

/** A vault with the DIMSE door and the way to one archive that is a node, ARCHIVE. */
async function openStation(port: number, more: object = {}): Promise<Station> {
  const archive = await openArchive([node('ARCHIVE', port)], {
    archiveAt: name => (name === 'archive' ? 'Node' : undefined),
  })
  const { store, dimse } = archive
  const files = new FileHandles(contentId => store.read.locateContent(contentId))
  onTestFinished(() => files.close())
  const told: AuditEvent[] = []
  const failed: string[] = []
  const jobs: Array<Promise<void>> = []
  const sync = await startSync({
    outbox: store.outbox,
    store,
    log: silentLog,
    audit: { ...silentAudit, gather: (_, event) => void told.push(event) },
    problems: new Problems(),
    destinations: destinations.parse([{ name: 'Node', route: { kind: 'dimse', node: 'archive' }, ...more }]),
    createCarrier: destination => createCarrier(destination, { files, digests, dimse: dimse.carrying }),
    pulling: {
      store,
      dimse: dimse.carrying,
      startJob(_, __, work) {
        const progress = { signal: never, total() {}, received() {} }
        jobs.push(work({ ...progress, failed: (what, reason) => failed.push(`${what}: ${reason}`) }))
        return aJob
      },
    },
  })
  onTestFinished(() => sync.close())
  const sha256 = async (SOPInstanceUID: string) => {
    const [found] = await store.read.locate({ StudyInstanceUID: STUDY, SOPInstanceUID }, 1)
    if (!found) throw new Error('it is not here')
    const bytes = Buffer.alloc(found.dataSetLength)
    await files.read(found, bytes, found.dataSetOffset)
    return sha256Of(bytes)
  }
  return { ...archive, sync, jobs, told, failed, sha256 }
}

const imagesOf = ({ store }: Archive) =>
  store.read.getStudy(STUDY).then(
    ({ study }) => study.NumberOfStudyRelatedInstances,
    () => 0,
  )

async function expectSame(station: Station, objects: SendObject[]): Promise<void> {
  for (const { SOPInstanceUID, dataSet } of objects)
    expect(await station.sha256(SOPInstanceUID)).toBe(sha256Of(dataSet))
}

test('from Orthanc that speaks only DIMSE comes what the rules want, as it is there, and nothing goes back', async () => {
  const central = await startArchive({ Plugins: [] })
  onTestFinished(() => central.close())
  const TODAY = { StudyDate: dayBefore(Date.now(), 0) }
  const objects = [1, 2, 3].map(number => image(number, TODAY))
  const put = (object: SendObject) =>
    fetch(`${central.orthanc}/instances`, { method: 'POST', body: new Uint8Array(part10(object)) })
  for (const object of objects) expect((await put(object)).status).toBe(200)
  const station = await openStation(central.port, { pull: PULL })
  await expect.poll(() => imagesOf(station), { timeout: 20_000 }).toBe(3)
  await expectSame(station, objects)
  await expect.poll(() => station.sync.pulls()).toMatchObject([{ destination: 'Node', queued: 0, trouble: '' }])
  expect(await station.store.outbox.counts()).toMatchObject([{ queued: 0, unproved: 0, confirmed: 3 }])
  // It may have given them in another form than it holds them: that is no proof that they may leave.
  expect((await station.store.read.retained(0, ['Node'])).studies).toMatchObject([{ images: 3, unproved: 3 }])
  expect(station.told[0]).toMatchObject({
    event: 'instancesTransferred',
    door: 'dimse',
    participants: [{ UserID: 'Node', address: '127.0.0.1', role: 'source' }],
  })
  // What is here is not asked for again.
  await put(image(4, TODAY))
  await expect.poll(() => imagesOf(station), { timeout: 20_000 }).toBe(4)
  expect(station.told).toHaveLength(4)
})

test.each([
  ['by C-GET', []],
  ['by C-MOVE to this station where there is no C-GET', ['--disable-get']],
])(
  'what has left for an archive that is a node comes back when it is read, and a study when it is asked for, %s',
  async (_, flags) => {
    const port = await freePort()
    const station = await openStation(port, { rules: [{ send: false }] })
    const objects = [1, 2, 3].map(number => image(number))
    const ours = objects.slice(0, 2)
    await startDcmqrscp(port, station.port, objects, ...flags)
    const { store, sync } = station
    // Two of the three were here, are known to be there, and leave.
    // One at a time: of two that are stored at once dcmqrscp's index now and then names one's file for the other.
    const takes = { name: 'Node', route: { kind: 'dimse', node: 'archive' }, concurrency: 1 }
    await sync.setDestinations(destinations.parse([takes]))
    const contents: number[] = []
    for (const object of ours) contents.push((await keep(store, part10(object))).contentId)
    await expect.poll(() => store.outbox.counts(), { timeout: 20_000 }).toMatchObject([{ confirmed: 2, queued: 0 }])
    // Without C-GET nobody can show that they are equal; here they are.
    await store.outbox.settle(
      'Node',
      contents.map(contentId => ({ contentId, state: 'confirmed', proof: 'equal' })),
    )
    await store.settleAll()
    await store.setReading([{ StudyInstanceUID: STUDY, status: 'read' }], 'ann')
    // Eviction does not count on a node: it may write anew what it is sent.
    expect(sync.givingBack()).toEqual([])
    await expect.poll(async () => (await store.evict(STUDY, ['Node'])).bytes, { timeout: 20_000 }).toBeGreaterThan(0)
    await expect(store.read.locateContent(contents[0]!)).rejects.toMatchObject({ code: 'on-archive' })

    await sync.fetchBack(contents[0]!, 'counter')
    // The rest of the study comes behind it.
    await expect.poll(() => store.read.evictedOf(STUDY, 10), { timeout: 20_000 }).toEqual([])
    await expectSame(station, ours)
    expect(await imagesOf(station)).toBe(2)
    sync.pullStudy('Node', STUDY)
    await Promise.all(station.jobs)
    expect(station.failed).toEqual([])
    await expectSame(station, objects)
    expect(await imagesOf(station)).toBe(3)
    const fetched = station.told.filter(({ text }) => text.startsWith('Fetched back'))
    expect(fetched).toMatchObject([{ door: 'dimse' }, { door: 'dimse' }])
  },
)

test.each([
  ['for its rules, by C-MOVE', ['--disable-get'], (station: Station) => void station.sync.pullStudy('Node', STUDY)],
  ['for a person, by C-MOVE', ['--disable-get'], fetchByHand],
  ['for a person, by C-GET', [], fetchByHand],
])('what an archive that is a node gives is there already, and does not go back: %s', async (_, flags, ask) => {
  const port = await freePort()
  // Nothing leaves while it is paused: what is queued stays so.
  const station = await openStation(port, { paused: true })
  const objects = [1, 2, 3].map(number => image(number))
  await startDcmqrscp(port, station.port, objects, ...flags)
  ask(station)
  await expect.poll(() => imagesOf(station), { timeout: 20_000 }).toBe(3)
  await expectSame(station, objects)
  const counts = () => station.store.outbox.counts()
  expect(await counts()).toMatchObject([{ queued: 0, unproved: 0, confirmed: 3 }])
  const found = await station.store.read.locate({ StudyInstanceUID: STUDY }, 10)
  const contents = found.map(({ contentId }) => contentId)
  const theirs = () => station.store.outbox.theirs('Node', contents)
  expect(await theirs()).toHaveLength(3)
  // The same from somebody else, and what it sends without having been asked, is as from a scanner.
  await storescu(station, 'SCANNER', objects[0]!)
  expect(await theirs()).toHaveLength(2)
  await storescu(station, 'ARCHIVE', image(4))
  expect(await counts()).toMatchObject([{ queued: 1, confirmed: 3 }])
})

/** As "Fetch" of a search does. */
function fetchByHand({ dimse }: Station): void {
  dimse.requests.fetch('ARCHIVE', STUDY)
}

async function storescu({ port }: Station, AET: string, object: SendObject): Promise<void> {
  const file = join(temporaryFolder(), 'one.dcm')
  writeFileSync(file, part10(object))
  const { code } = await dcmtk('storescu', '-aet', AET, '-aec', 'ISOCENTER', '127.0.0.1', `${port}`, file)
  expect(code).toBe(0)
}

test('who stops reading what a node gives ends the association; what it does not have is told', async () => {
  const port = await freePort()
  const object = image(1, {}, 1024)
  await startDcmqrscp(port, undefined, [object])
  const { carrying, close } = openCarrying([{ AET: 'ARCHIVE', port }])
  onTestFinished(close)
  const carrier = carrierTo({ kind: 'dimse', node: 'archive' }, { dimse: carrying })
  const item = itemOf(object)
  const stream = await openPart10(carrier.fetch!(item, never))
  const first = await stream?.dataSet.next()
  expect(first?.value?.length).toBeGreaterThan(0)
  await stream?.dataSet.return(undefined)
  const whole = await openPart10(carrier.fetch!(item, never))
  const pieces: Buffer[] = []
  for await (const chunk of whole!.dataSet) pieces.push(Buffer.from(chunk))
  expect(sha256Of(Buffer.concat(pieces))).toBe(sha256Of(object.dataSet))
  const missing = itemOf(image(2))
  await expect(openPart10(carrier.fetch!(missing, never))).rejects.toMatchObject({ code: 'peer-failed' })
  // The same archive goes on.
  expect(await carrier.send([missing], unpaced, never)).toMatchObject([{ kind: 'listed' }])
  expect(await openPart10(carrier.fetch!(missing, never))).not.toBeNull()
})

test('a node that does not take a question says so otherwise than one that is gone', async () => {
  const { port } = await statusPeer(() => 0xa900)
  const { carrying, close } = openCarrying([
    { AET: 'PEER', port },
    { AET: 'GONE', port: await freePort() },
  ])
  onTestFinished(close)
  const ask = (name: string) => carrying.query(name, 'STUDY', { PatientID: '1*' }, () => undefined, never)
  await expect(ask('peer')).rejects.toThrow(Answered)
  await expect(ask('gone')).rejects.not.toThrow(Answered)
})
