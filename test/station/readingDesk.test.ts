import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Station, startStation } from '../../electron/station/station.ts'
import { readDecisions } from '../../electron/station/store/decisionLog.ts'
import { createPresence } from '../../electron/station/web/presence.ts'
import { configSchema } from '../../shared/config.ts'
import type { CallIn, CallName, CallOut, StudySummary } from '../../shared/contract.ts'
import { writeFileMeta } from '../../shared/dicom/part10.ts'
import { CT_IMAGE, ctSlice, enhancedFourFrames, type TestObject } from '../store/objects.ts'
import { KEY, silentLog } from '../web/counter.ts'

let dataDir: string
let station: Station

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-desk-'))
  await start()
})
afterEach(async () => {
  await station.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function start(): Promise<void> {
  station = await startStation({
    dataDir,
    key: KEY,
    rendererDir: path.join(dataDir, 'renderer'),
    version: '0.0.0',
    config: configSchema.parse({ httpPort: 0, dimsePort: 0 }),
    log: silentLog,
  })
}

const headers = { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/json' }
const post = (name: CallName, input: unknown) =>
  fetch(`http://127.0.0.1:${station.httpPort}/api/${name}`, { method: 'POST', headers, body: JSON.stringify(input) })
async function call<N extends CallName>(name: N, input: CallIn<N>): Promise<CallOut<N>> {
  const response = await post(name, input)
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as CallOut<N>
}

async function arrive(...objects: TestObject[]): Promise<void> {
  const folder = path.join(dataDir, 'arriving', String(Math.random()))
  await mkdir(folder, { recursive: true })
  for (const { SOPInstanceUID, TransferSyntaxUID, bytes } of objects) {
    const meta = writeFileMeta({
      MediaStorageSOPClassUID: CT_IMAGE,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID,
    })
    await writeFile(path.join(folder, SOPInstanceUID), Buffer.concat([meta, bytes]))
  }
  const { id } = await call('import.start', { paths: [folder] })
  while ((await call('jobs.list', {})).jobs.find(job => job.id === id)?.state === 'running') await wait(20)
}

const uidOf = (study: number) => `2.25.1000.${study}`
const studies = (count: number) => Array.from({ length: count }, (_, n) => ctSlice(1, {}, { study: n + 1, size: 8 }))
const numbersOf = (ids: string) => {
  const bytes = Buffer.from(ids, 'base64')
  return Array.from({ length: bytes.length / 4 }, (_, n) => bytes.readUInt32LE(4 * n))
}

/** Listens until the event source has told of each of these studies. */
async function told(...StudyInstanceUIDs: string[]): Promise<() => Promise<void>> {
  const response = await fetch(`http://127.0.0.1:${station.httpPort}/api/events`, { headers })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  return async () => {
    let text = ''
    while (!StudyInstanceUIDs.every(uid => text.includes(`"${uid}"`))) text += (await reader?.read())?.value ?? ''
    await reader?.cancel()
  }
}

test('a list as numbers, its rows, and the page of rows are the same list', async () => {
  await arrive(...studies(5))
  const query = { sort: 'PatientID', descending: false } as const
  const order = await call('studies.order', { ...query, limit: 3 })
  const rest = await call('studies.order', { ...query, limit: 3, cursor: order.nextCursor ?? '' })
  expect(rest.nextCursor).toBe(null)
  const ids = [...numbersOf(order.ids), ...numbersOf(rest.ids)]
  const page = await call('studies.list', query)
  expect(page.total).toBe(5)
  expect(page.studies.map(study => study.id)).toEqual(ids)
  expect(page.studies.map(study => study.PatientID)).toEqual(['ID-1', 'ID-2', 'ID-3', 'ID-4', 'ID-5'])
  const rows = await call('studies.rows', { ids: ids.toReversed() })
  expect(rows.studies).toEqual(page.studies.toReversed())
})

test('saved lists are counted together, as the lists themselves count', async () => {
  await arrive(...studies(3), ctSlice(1, { Modality: 'MR', StudyDate: '20240101' }, { study: 9, size: 8 }))
  await call('reading.set', { studies: [{ StudyInstanceUID: uidOf(1), status: 'read' }] })
  const filters = [{}, { modalities: ['CT'] }, { to: '20241231' }, { search: 'id-2' }, { statuses: ['read' as const] }]
  const { counts } = await call('studies.counts', { filters })
  expect(counts).toEqual([
    { total: 4, unread: 3 },
    { total: 3, unread: 2 },
    { total: 1, unread: 1 },
    { total: 1, unread: 1 },
    { total: 1, unread: 0 },
  ])
})

test('a window that shows a study opens it; every window hears of it, and by whom', async () => {
  await arrive(...studies(2))
  const heard = await told(uidOf(1))
  await call('window.shows', { window: 'w1', StudyInstanceUID: uidOf(1), user: 'anna' })
  await heard()
  const row = async (n: number): Promise<StudySummary | undefined> => {
    const { studies } = await call('studies.list', { sort: 'PatientID', descending: false })
    return studies[n - 1]
  }
  expect(await row(1)).toMatchObject({ openBy: ['anna'], reading: { status: 'opened', by: 'anna' } })
  expect(await row(2)).toMatchObject({ openBy: [], reading: { status: 'new' } })
  await call('window.shows', { window: 'w2', StudyInstanceUID: uidOf(1), user: 'anna' })
  await call('window.shows', { window: 'w3', StudyInstanceUID: uidOf(1), user: 'ben' })
  expect((await call('study.get', { StudyInstanceUID: uidOf(1) })).study.openBy).toEqual(['anna', 'ben'])
  // Said to be new again while it is open, it stays so.
  await call('reading.set', { studies: [{ StudyInstanceUID: uidOf(1), status: 'new' }], user: 'anna' })
  await call('window.shows', { window: 'w1', StudyInstanceUID: uidOf(1), user: 'anna' })
  expect((await row(1))?.reading.status).toBe('new')
  const moved = await told(uidOf(1), uidOf(2))
  await call('window.shows', { window: 'w3', StudyInstanceUID: uidOf(2), user: 'ben' })
  await moved()
  await call('window.shows', { window: 'w1', StudyInstanceUID: '', user: 'anna' })
  expect((await row(1))?.openBy).toEqual(['anna'])
  expect((await row(2))?.openBy).toEqual(['ben'])
  expect((await post('window.shows', { window: 'w9', StudyInstanceUID: '1.9' })).status).toBe(404)
})

test('reading and priority are told to every window, undone by what they answer, and outlive a restart', async () => {
  await arrive(...studies(3))
  const heard = await told(uidOf(2), uidOf(3))
  const both = [uidOf(2), uidOf(3)].map(StudyInstanceUID => ({ StudyInstanceUID, status: 'read' as const }))
  const { before } = await call('reading.set', { studies: both, user: 'anna' })
  await heard()
  expect(before.map(one => one.status)).toEqual(['new', 'new'])
  expect(await call('priority.set', { StudyInstanceUID: uidOf(3), priority: 'stat' })).toEqual({ before: 'routine' })
  await call('reading.set', { studies: before, user: 'anna' })
  await call('reading.set', { studies: both.slice(0, 1), user: 'anna' })
  await station.close()
  await start()
  const { studies: rows } = await call('studies.list', { sort: 'PatientID', descending: false })
  expect(rows.map(({ PatientID, reading, priority }) => [PatientID, reading.status, priority])).toEqual([
    ['ID-3', 'new', 'stat'],
    ['ID-1', 'new', 'routine'],
    ['ID-2', 'read', 'routine'],
  ])
  const kinds: string[] = []
  for await (const { kind } of readDecisions(path.join(dataDir, 'decisions.log'))) kinds.push(kind)
  expect(kinds).toEqual(['reading', 'reading', 'priority', 'reading', 'reading', 'reading'])
})

test('drafts and the other studies of the patient come over the counter', async () => {
  await arrive(...studies(1), ctSlice(1, { PatientID: 'ID-1', StudyDate: '20200101' }, { study: 2, size: 8 }))
  const StudyInstanceUID = uidOf(1)
  expect(await call('draft.get', { StudyInstanceUID })).toEqual({ draft: null, rev: 0 })
  expect(await call('draft.put', { StudyInstanceUID, draft: { marks: [] }, rev: 0 })).toEqual({ rev: 1 })
  expect(await call('draft.put', { StudyInstanceUID, draft: {}, rev: 0 })).toEqual({ rev: null })
  expect(await call('draft.get', { StudyInstanceUID })).toEqual({ draft: { marks: [] }, rev: 1 })
  expect(await call('draft.get', { StudyInstanceUID, user: 'ben' })).toEqual({ draft: null, rev: 0 })
  const { studies: priors } = await call('patient.studies', { StudyInstanceUID })
  expect(priors).toMatchObject([{ StudyInstanceUID: uidOf(2), priors: 1, openBy: [] }])
})

test('a window that is not heard of for a minute shows nothing any more', () => {
  let now = 0
  const presence = createPresence(() => now)
  const left: string[] = []
  presence.show('w1', '1.1', 'anna')
  now = 50_000
  presence.show('w2', '1.1', 'ben')
  presence.onChange(uids => left.push(...uids))
  now = 61_000
  const study = { StudyInstanceUID: '1.1', openBy: [] } as Partial<StudySummary> as StudySummary
  expect(presence.mark([study])[0]?.openBy).toEqual(['ben'])
  expect(left).toEqual(['1.1'])
  now = 200_000
  expect(presence.mark([study])[0]?.openBy).toEqual([])
  presence.close()
})

test('an enhanced object that is opened at once comes with what its functional groups say', async () => {
  await arrive(...Array.from({ length: 30 }, (_, n) => ctSlice(n + 2, {}, { study: 2 })), enhancedFourFrames)
  const { instances } = await call('series.open', { StudyInstanceUID: uidOf(1), SeriesInstanceUID: `${uidOf(1)}.1` })
  expect(instances[0]?.perFrame).toHaveLength(4)
})
