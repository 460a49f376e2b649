import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDisk, type Disk, SyncError } from '../../electron/station/base/durable.ts'
import { type Decision, openDecisionLog, readDecisions } from '../../electron/station/store/decisionLog.ts'
import type { Change } from '../../electron/station/store/index.ts'
import { ctSlice, newStore, send, temporaryFolder } from './objects.ts'

const UID = '2.25.1000.1'

async function everyDecision(path: string): Promise<Decision[]> {
  const all: Decision[] = []
  for await (const decision of readDecisions(path)) all.push(decision)
  return all
}
const decisionsOf = (dataDir: string) => everyDecision(join(dataDir, 'decisions.log'))

test('opening makes a new study opened, never read; reading is said by somebody and can be taken back', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  const reading = async () => (await store.read.getStudy(UID)).study.reading
  const changes: Change[] = []
  store.onChanges(told => changes.push(...told.filter(change => change.seq > 2)))
  await store.setOpened(UID, 'anna')
  const opened = await reading()
  expect(opened).toMatchObject({ status: 'opened', by: 'anna' })
  expect(Math.abs(Date.now() - (opened.at ?? 0))).toBeLessThan(60_000)
  await store.setOpened(UID, 'ben')
  expect(await reading()).toEqual(opened)
  const { before } = await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'ben')
  expect(before).toEqual([{ StudyInstanceUID: UID, status: 'opened' }])
  const read = await reading()
  expect(read).toMatchObject({ status: 'read', by: 'ben' })
  await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'anna')
  await store.setOpened(UID, 'anna')
  expect(await reading()).toEqual(read)
  await store.setReading(before, 'ben')
  expect((await reading()).status).toBe('opened')
  await store.setReading([{ StudyInstanceUID: UID, status: 'new' }], 'ben')
  expect(await reading()).toEqual({ status: 'new', by: '', at: null })
  // Each change is in the feed, what changed nothing is not.
  expect(changes.map(change => change.StudyInstanceUID)).toEqual([UID, UID, UID, UID])
  expect(store.seq).toBe(changes.at(-1)?.seq)
})

test('what a power cut kept from the log is said to it when it is decided once more, as it was decided first', async () => {
  const dataDir = await temporaryFolder()
  const { store } = await newStore({ dataDir })
  await send(store, ctSlice(1))
  await store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'anna')
  await store.close()
  const [reading] = await decisionsOf(dataDir)
  expect(reading).toMatchObject({ kind: 'reading', status: 'read', by: 'anna' })
  // The index had it a moment earlier.
  writeFileSync(join(dataDir, 'decisions.log'), '')
  const { store: again } = await newStore({ dataDir })
  await again.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'ben')
  expect(await decisionsOf(dataDir)).toEqual([reading])
})

test('many studies at once are one decision each; unknown ones are left out, and alone refused', async () => {
  const { store } = await newStore()
  for (const study of [1, 2]) await send(store, ctSlice(1, {}, { study, size: 4 }))
  const all = ['2.25.1000.1', '1.9', '2.25.1000.2'].map(uid => ({ StudyInstanceUID: uid, status: 'read' as const }))
  expect((await store.setReading(all, 'anna')).before.map(one => one.StudyInstanceUID)).toEqual([
    '2.25.1000.1',
    '2.25.1000.2',
  ])
  const unknown = { code: 'not-found' }
  await expect(store.setReading([{ StudyInstanceUID: '1.9', status: 'read' }], 'a')).rejects.toMatchObject(unknown)
  await expect(store.setOpened('1.9', 'a')).rejects.toMatchObject(unknown)
  await expect(store.setPriority('1.9', 'stat')).rejects.toMatchObject(unknown)
  await expect(store.putDraft('1.9', 'a', {}, 0)).rejects.toMatchObject(unknown)
})

test('the highest priority an image says counts, until a person says another', async () => {
  const { store } = await newStore()
  const priority = async () => (await store.read.getStudy(UID)).study.priority
  await send(store, ctSlice(1))
  expect(await priority()).toBe('routine')
  await send(store, ctSlice(2, { RequestAttributesSequence: [{ RequestedProcedurePriority: 'HIGH' }] }))
  expect(await priority()).toBe('urgent')
  await send(store, ctSlice(3, { RequestedProcedurePriority: 'stat ' }))
  expect(await priority()).toBe('stat')
  await send(store, ctSlice(4, { RequestedProcedurePriority: 'LOW' }))
  expect(await priority()).toBe('stat')
  expect(await store.setPriority(UID, 'routine')).toEqual({ before: 'stat' })
  await send(store, ctSlice(5, { RequestedProcedurePriority: 'STAT' }))
  expect(await priority()).toBe('routine')
})

test('a STAT study stands on top until it is read', async () => {
  const { store } = await newStore()
  for (const study of [1, 2, 3]) await send(store, ctSlice(1, {}, { study, size: 4 }))
  const query = { search: '', from: '', to: '', modalities: [], statuses: [], priorities: [] }
  const order = async () => {
    const { studies } = await store.read.listStudies({ ...query, sort: 'PatientID', descending: false, limit: 10 })
    return studies.map(study => study.PatientID)
  }
  await store.setPriority('2.25.1000.3', 'stat')
  expect(await order()).toEqual(['ID-3', 'ID-1', 'ID-2'])
  await store.setReading([{ StudyInstanceUID: '2.25.1000.3', status: 'read' }], 'anna')
  expect(await order()).toEqual(['ID-1', 'ID-2', 'ID-3'])
})

test('a draft is kept per reader, and a change made on an older one is refused', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  expect(await store.read.getDraft(UID, 'anna')).toEqual({ draft: null, rev: 0 })
  expect(await store.putDraft(UID, 'anna', { marks: [1.5, 'é'] }, 0)).toEqual({ rev: 1 })
  expect(await store.putDraft(UID, 'anna', { marks: [] }, 1)).toEqual({ rev: 2 })
  await expect(store.putDraft(UID, 'anna', { marks: [9] }, 1)).rejects.toMatchObject({
    code: 'draft-conflict',
    httpStatus: 409,
  })
  await store.putDraft(UID, 'ben', null, 0)
  await store.close()
  const { store: again } = await newStore({ dataDir })
  expect(await again.read.getDraft(UID, 'anna')).toEqual({ draft: { marks: [] }, rev: 2 })
  expect(await again.read.getDraft(UID, 'ben')).toEqual({ draft: null, rev: 1 })
})

test('every decision stands in decisions.log when it is answered, in order, without a patient’s name', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.setOpened(UID, 'anna')
  await Promise.all([
    store.setPriority(UID, 'stat'),
    store.putDraft(UID, 'anna', { note: 'line\nbreak' }, 0),
    store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'anna'),
  ])
  expect(await decisionsOf(dataDir)).toMatchObject([
    { kind: 'reading', StudyInstanceUID: UID, status: 'opened', by: 'anna', at: expect.any(Number) },
    { kind: 'priority', StudyInstanceUID: UID, priority: 'stat' },
    { kind: 'draft', StudyInstanceUID: UID, by: 'anna', rev: 1, draft: { note: 'line\nbreak' } },
    { kind: 'reading', status: 'read' },
  ])
  expect(readFileSync(join(dataDir, 'decisions.log'), 'utf8')).not.toMatch(/M.ller|ID-1/i)
})

const decision = (n: number): Decision => ({
  kind: 'reading',
  at: n,
  StudyInstanceUID: `1.${n}`,
  status: 'read',
  by: 'a',
})

test('a torn last line and damaged ones are left out; what follows is read', async () => {
  const path = join(temporaryFolder(), 'decisions.log')
  const log = openDecisionLog(path, createDisk())
  for (const n of [1, 2, 3]) await log.append([decision(n)])
  await log.close()
  const lines = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, [lines[0], lines[1]?.replace('1.2', '1.7'), lines[2]?.slice(0, 30)].join('\n'))
  appendFileSync(path, Buffer.alloc(1000))
  const again = openDecisionLog(path, createDisk())
  await again.append([decision(4), decision(5)])
  await again.close()
  expect((await everyDecision(path)).map(({ at }) => at)).toEqual([1, 4, 5])
})

test('the log is rewritten when most of it is outdated, and keeps the last of everything', async () => {
  const path = join(temporaryFolder(), 'decisions.log')
  const log = openDecisionLog(path, createDisk(), 20_000)
  await log.append([decision(1)])
  for (let rev = 1; rev <= 200; rev++) {
    await log.append([{ kind: 'draft', at: rev, StudyInstanceUID: '1.1', by: 'a', rev, draft: 'x'.repeat(1000) }])
  }
  await log.append([{ ...decision(1), at: 300 }])
  await log.close()
  expect(statSync(path).size).toBeLessThan(30_000)
  const kept = await everyDecision(path)
  expect(kept.at(-1)).toMatchObject({ kind: 'reading', at: 300 })
  expect(kept.findLast(one => one.kind === 'draft')).toMatchObject({ rev: 200 })
})

test('what readers wrote of a study goes from the log once nothing of the study is here; what they write after stays', async () => {
  const path = join(temporaryFolder(), 'decisions.log')
  const log = openDecisionLog(path, createDisk(), 20_000)
  const drafted = (StudyInstanceUID: string, draft: string): Decision => ({
    kind: 'draft',
    at: 1,
    StudyInstanceUID,
    by: 'a',
    rev: 1,
    draft,
  })
  await log.append([
    drafted('1.1', 'before'),
    drafted('1.2', 'other'),
    { kind: 'emptied', at: 2, StudyInstanceUID: '1.1' },
  ])
  await log.append([drafted('1.3', 'gone'), { kind: 'emptied', at: 2, StudyInstanceUID: '1.3' }])
  await log.append([drafted('1.1', 'after')])
  for (let rev = 1; rev <= 40; rev++) await log.append([{ ...drafted('1.9', 'x'.repeat(1000)), at: rev }])
  await log.close()
  const text = readFileSync(path, 'utf8')
  expect(text).not.toMatch(/before|gone/)
  expect(text).toMatch(/other/)
  expect(text).toMatch(/after/)
})

test('an absent log has no decisions', async () => {
  expect(await everyDecision(join(temporaryFolder(), 'decisions.log'))).toEqual([])
})

/** A disk that fails at the log of decisions while `trouble` says how. */
function failingDisk(trouble: { write?: Error; sync?: Error }): Disk {
  const disk = createDisk()
  return {
    ...disk,
    async openToAppend(path) {
      const file = await disk.openToAppend(path)
      return {
        ...file,
        write: (bytes, position) => (trouble.write ? Promise.reject(trouble.write) : file.write(bytes, position)),
        sync: () => (trouble.sync ? Promise.reject(trouble.sync) : file.sync()),
      }
    },
  }
}

test('a full disk refuses a decision; asked again with room, it is in the log', async () => {
  const trouble: { write?: Error } = { write: Object.assign(new Error('full'), { code: 'ENOSPC' }) }
  const { store, dataDir } = await newStore({ disk: failingDisk(trouble) })
  await send(store, ctSlice(1))
  const read = () => store.setReading([{ StudyInstanceUID: UID, status: 'read' }], 'anna')
  await expect(read()).rejects.toMatchObject({ code: 'disk-full' })
  expect(await decisionsOf(dataDir)).toEqual([])
  delete trouble.write
  await read()
  // What the log was owed, and what was asked again: the same.
  const [owed, asked] = await decisionsOf(dataDir)
  expect(owed).toMatchObject({ kind: 'reading', status: 'read', by: 'anna' })
  expect(asked).toEqual(owed)
  expect(store.writable).toBe(true)
})

test('a failing sync of the log makes the vault read-only', async () => {
  const trouble = { sync: new SyncError('decisions.log', new Error('EIO')) }
  const { store } = await newStore({ disk: failingDisk(trouble) })
  await send(store, ctSlice(1))
  await expect(store.setPriority(UID, 'stat')).rejects.toMatchObject({ code: 'store-read-only' })
  expect(store.writable).toBe(false)
  await expect(store.setPriority(UID, 'stat')).rejects.toMatchObject({ code: 'store-read-only' })
})
