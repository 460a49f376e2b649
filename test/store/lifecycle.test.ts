import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { createDisk } from '../../electron/station/base/durable.ts'
import { createApplyDecision } from '../../electron/station/store/applyDecision.ts'
import { type Decision, openDecisionLog, readDecisions } from '../../electron/station/store/decisionLog.ts'
import type { Store, StudyQuery } from '../../electron/station/store/index.ts'
import { ctSlice, foundBy, keyObjects, newStore, send, temporaryFolder } from './objects.ts'

const UID = '2.25.1000.1'
const SERIES = `${UID}.1`
const ALL: StudyQuery = {
  search: '',
  from: '',
  to: '',
  modalities: [],
  statuses: [],
  priorities: [],
  sort: 'PatientID',
  descending: false,
}

/** Everything that a list, a count, a query or a retrieval says of what is here. */
async function seen(store: Store) {
  const { read } = store
  const { studies, total } = await read.listStudies({ ...ALL, limit: 50 })
  const order = await read.orderStudies({ ...ALL, limit: 50 })
  const found = await read.listStudies({ ...ALL, search: 'mul', limit: 50 })
  const counted = await read.countStudies(ALL)
  // The totals are kept, not counted: with what is shown they must say the same of every modality, gone ones too.
  for (const modality of ['CT', 'MR', 'KO', 'SR']) {
    const having = await read.listStudies({ ...ALL, modalities: [modality], limit: 50 })
    expect(having.total).toBe(studies.filter(study => study.ModalitiesInStudy.includes(modality)).length)
  }
  const level = async (level: 'study' | 'series' | 'instance') =>
    (await foundBy(read, { level, matches: [], fuzzymatching: false, limit: 100, offset: 0 })).length
  const located = await Promise.all(
    ['2.25.1000.1', '2.25.1000.2'].map(uid => read.locate({ StudyInstanceUID: uid }, 100)),
  )
  return {
    studies: studies.map(study => ({
      id: study.PatientID,
      series: study.NumberOfStudyRelatedSeries,
      instances: study.NumberOfStudyRelatedInstances,
      modalities: study.ModalitiesInStudy,
      priors: study.priors,
    })),
    sizes: studies.map(study => study.size),
    totals: [total, order.ids.length, found.total, counted.total],
    qido: [await level('study'), await level('series'), await level('instance')],
    located: located.map(objects => objects.length),
    counts: await read.counts(),
  }
}

async function decisionsOf(dataDir: string): Promise<Decision[]> {
  const all: Decision[] = []
  for await (const decision of readDecisions(join(dataDir, 'decisions.log'))) all.push(decision)
  return all
}

const landed = (dataDir: string) => readdirSync(join(dataDir, 'landing'))

/** Deletes and purges the study of `UID`; resolves when the purge is answered. */
async function purgeStudy(store: Store): Promise<void> {
  const { ids } = await store.remove([{ StudyInstanceUID: UID }], 'not ours', 'anna')
  for (const id of ids) await store.purge(id, 'anna')
}

/** Names of the files that hold objects. */
function files(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'files'), { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.dcm'),
  )
}

test('what is deleted is gone from every list and count, and comes back as it was', async () => {
  const { store, dataDir } = await newStore()
  const slices = [1, 2, 3].map(n => ctSlice(n))
  const other = [1, 2].map(n => ctSlice(n, { Modality: 'MR' }, { series: 2 }))
  for (const slice of [...slices, ...other]) await send(store, slice)
  // The same patient's other study.
  await send(store, ctSlice(1, { PatientID: 'ID-1' }, { study: 2 }))
  const before = await seen(store)
  expect(before.studies).toEqual([
    { id: 'ID-1', series: 2, instances: 5, modalities: ['CT', 'MR'], priors: 1 },
    { id: 'ID-1', series: 1, instances: 1, modalities: ['CT'], priors: 1 },
  ])

  const {
    ids: [one = ''],
  } = await store.remove(
    [{ StudyInstanceUID: UID, SeriesInstanceUID: SERIES, SOPInstanceUID: slices[0]!.SOPInstanceUID }],
    'blurred',
    'anna',
  )
  const {
    ids: [series = ''],
    images,
  } = await store.remove([{ StudyInstanceUID: UID, SeriesInstanceUID: `${UID}.2` }], 'wrong sequence', 'anna')
  expect(images).toBe(2)
  const less = await seen(store)
  expect(less.studies[0]).toEqual({ id: 'ID-1', series: 1, instances: 2, modalities: ['CT'], priors: 1 })
  expect(less.counts).toMatchObject({ studies: 2, series: 2, instances: 3 })
  expect(less.qido).toEqual([2, 2, 3])
  expect(less.sizes[0]).toBeLessThan(before.sizes[0]!)
  expect((await store.read.getStudy(UID)).series.map(each => each.NumberOfSeriesRelatedInstances)).toEqual([2])
  expect((await store.read.getManifest(UID, SERIES)).instances).toHaveLength(2)
  await expect(store.read.getManifest(UID, `${UID}.2`)).rejects.toMatchObject({ code: 'not-found' })

  const {
    ids: [rest = ''],
  } = await store.remove([{ StudyInstanceUID: UID }], 'wrong patient', 'ben')
  const none = await seen(store)
  expect(none).toMatchObject({ totals: [1, 1, 1, 1], qido: [1, 1, 1], located: [0, 1] })
  expect(none.studies).toEqual([{ id: 'ID-1', series: 1, instances: 1, modalities: ['CT'], priors: 0 }])
  await expect(store.read.getStudy(UID)).rejects.toMatchObject({ code: 'not-found' })
  await expect(store.read.patientStudies(UID)).rejects.toMatchObject({ code: 'not-found' })
  await expect(store.remove([{ StudyInstanceUID: UID }], 'again', 'ben')).rejects.toMatchObject({ code: 'not-found' })
  expect(await store.read.listRemovals(10)).toMatchObject([
    { id: rest, code: '', by: 'ben', reason: 'wrong patient', images: 2, here: 2, state: 'binned', PatientID: 'ID-1' },
    { id: series, by: 'anna', images: 2, SeriesInstanceUID: `${UID}.2`, series: 'MR ' },
    { id: one, by: 'anna', reason: 'blurred', images: 1 },
  ])

  // Known when it is sent again; an image nobody has deleted is shown, and alone.
  expect((await send(store, slices[1]!)).outcome).toBe('duplicate')
  await send(store, ctSlice(9))
  expect((await seen(store)).studies[0]).toMatchObject({ instances: 1, series: 1, modalities: ['CT'], priors: 1 })
  expect((await store.read.listRemovals(10))[0]).toMatchObject({ id: rest, arrivedAgain: 1 })

  for (const id of [rest, series, one]) await store.restore(id, 'anna')
  const {
    ids: [nine = ''],
  } = await store.remove(
    [{ StudyInstanceUID: UID, SeriesInstanceUID: SERIES, SOPInstanceUID: ctSlice(9).SOPInstanceUID }],
    'test',
    'anna',
  )
  expect(await seen(store)).toEqual(before)
  await store.restore(nine, 'anna')
  // It is all the same after a restart, and in an index that is made anew from the log.
  const now = await seen(store)
  await store.close()
  const { store: again } = await newStore({ dataDir })
  expect(await seen(again)).toEqual(now)
  expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toEqual([
    ...['removal', 'removal', 'removal', 'restored', 'restored', 'restored', 'removal', 'restored'],
  ])
})

test('a purge takes the files, in the right order; what is sent after it is new', async () => {
  const { store, dataDir } = await newStore()
  const slices = [1, 2].map(n => ctSlice(n))
  for (const slice of slices) await send(store, slice)
  await send(store, ctSlice(1, {}, { study: 2 }))
  await store.settleAll()
  await store.putDraft(UID, 'anna', { marks: [] }, 0)
  const {
    ids: [id = ''],
  } = await store.remove([{ StudyInstanceUID: UID }], 'not ours', 'anna')
  const kept = await seen(store)
  expect(files(dataDir)).toHaveLength(3)
  expect(await store.purge(id, 'ben')).toEqual({ images: 2 })
  await vi.waitFor(() => expect(files(dataDir)).toHaveLength(1), 20_000)
  expect(await seen(store)).toEqual(kept)
  expect(await store.read.listRemovals(10)).toMatchObject([
    { id, state: 'purged', changedBy: 'ben', images: 2, here: 0, reason: 'not ours', PatientName: '' },
  ])
  await expect(store.restore(id, 'anna')).rejects.toMatchObject({ code: 'gone', httpStatus: 410 })
  const decided = async (kind: string) => (await decisionsOf(dataDir)).findLast(one => one.kind === kind)
  expect(await decided('purged')).toMatchObject({ id, contents: [1, 2] })
  await expect.poll(() => decided('emptied')).toMatchObject({ StudyInstanceUID: UID })
  expect((await send(store, slices[0]!)).outcome).toBe('stored')
  expect((await seen(store)).totals).toEqual([2, 2, 2, 2])
  expect(await store.read.getDraft(UID, 'anna')).toEqual({ draft: null, rev: 0 })
})

test('after its days in the bin a deletion is purged by itself, unless it was sent again', async () => {
  const { store, dataDir } = await newStore()
  for (const study of [1, 2]) await send(store, ctSlice(1, {}, { study }))
  await store.settleAll()
  await store.remove([{ StudyInstanceUID: UID }, { StudyInstanceUID: '2.25.1000.2' }], 'old', 'anna')
  await send(store, ctSlice(1, {}, { study: 2 }))
  await store.close()
  const db = new Database(join(dataDir, 'index.sqlite'))
  db.prepare('UPDATE removal SET changedAt = changedAt - ?').run(31 * 24 * 3600 * 1000)
  db.close()
  const { store: later } = await newStore({ dataDir })
  await vi.waitFor(async () => {
    const states = (await later.read.listRemovals(10)).map(({ StudyInstanceUID, state }) => [StudyInstanceUID, state])
    expect(Object.fromEntries(states)).toEqual({ [UID]: 'purged', '2.25.1000.2': 'binned' })
    expect(files(dataDir)).toHaveLength(1)
  }, 20_000)
})

test('a purge that a crash cut off goes on at the next start, and its files are no orphans', async () => {
  const { store, dataDir } = await newStore()
  for (const n of [1, 2, 3]) await send(store, ctSlice(n))
  await store.settleAll()
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  await store.close()
  const db = new Database(join(dataDir, 'index.sqlite'))
  // The first image's rows are gone, its file is not; the others have not begun.
  const { removals } = createApplyDecision(db)
  const { id } = db.prepare<[], { id: string }>('SELECT id FROM removal').get()!
  const purged = { kind: 'purged', id, at: 1, by: 'anna', StudyInstanceUID: UID, contents: [1, 2, 3] } as const
  removals.beginPurge({ ...purged, contents: [...purged.contents] })
  expect(removals.purgeSome(id, 1, 1)).toEqual({ left: true, touched: [], emptied: [] })
  db.exec(`UPDATE state SET value = 1 WHERE key = 'open'`)
  db.close()
  expect(files(dataDir)).toHaveLength(3)
  const { store: next } = await newStore({ dataDir })
  await vi.waitFor(async () => expect((await next.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  await vi.waitFor(() => expect(files(dataDir)).toEqual([]), 20_000)
  expect(readdirSync(dataDir)).not.toContain('orphans')
  // Its word had not come into the log, nor that nothing of the study is left: an index made again needs both.
  const words = (await decisionsOf(dataDir)).map(({ kind, ...word }) => [kind, 'contents' in word && word.contents])
  expect(words).toEqual([
    ['removal', false],
    ['purged', [2, 3]],
    ['emptied', false],
  ])
  expect((await decisionsOf(dataDir))[1]).toMatchObject({ by: 'anna', at: 1 })
  expect((await send(next, ctSlice(1))).outcome).toBe('stored')
})

test('a purge whose word a full disk does not take removes nothing until it is written', async () => {
  const disk = createDisk()
  let isFull = false
  let refused = 0
  const { store, dataDir } = await newStore({
    disk: {
      ...disk,
      async openToAppend(path) {
        const file = await disk.openToAppend(path)
        return {
          ...file,
          async write(bytes, position) {
            if (!isFull) return file.write(bytes, position)
            refused++
            throw Object.assign(new Error('full'), { code: 'ENOSPC' })
          },
        }
      },
    },
  })
  await send(store, ctSlice(1))
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  const id = (await store.read.listRemovals(1))[0]!.id
  isFull = true
  await expect(store.purge(id, 'anna')).rejects.toMatchObject({ code: 'disk-full' })
  // A note has the bin looked through: that it is read is refused, and then the purge's word once more.
  await send(store, keyObjects(1, { code: '113000', study: 2 }))
  await expect.poll(() => refused, { timeout: 20_000 }).toBe(3)
  expect((await store.read.listRemovals(1))[0]).toMatchObject({ state: 'purging', PatientID: 'ID-1' })
  isFull = false
  await send(store, keyObjects(2, { code: '113000', study: 2 }))
  await vi.waitFor(async () => expect((await store.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toEqual(['removal', 'purged', 'emptied'])
})

test('a purge whose last rows went before the log could say that nothing is left says so at the next start', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.putDraft(UID, 'anna', { marks: [] }, 0)
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  await store.close()
  const db = new Database(join(dataDir, 'index.sqlite'))
  const { removals } = createApplyDecision(db)
  const { id } = db.prepare<[], { id: string }>('SELECT id FROM removal').get()!
  removals.beginPurge({ kind: 'purged', id, at: 1, by: 'anna', StudyInstanceUID: UID, contents: [1] })
  expect(removals.purgeSome(id, 100, Date.now())).toMatchObject({ left: false, emptied: [{ StudyInstanceUID: UID }] })
  db.close()
  const { store: next } = await newStore({ dataDir })
  // Before anybody can send it anew.
  expect((await decisionsOf(dataDir)).at(-1)).toMatchObject({ kind: 'emptied', StudyInstanceUID: UID })
  await vi.waitFor(async () => expect((await next.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
})

test('the last image of a study, sent again while it is being purged, does not bring back what was written of it', async () => {
  const disk = createDisk()
  let held = Promise.resolve()
  const { store, dataDir } = await newStore({
    disk: {
      ...disk,
      async openToAppend(path) {
        const file = await disk.openToAppend(path)
        return { ...file, sync: () => held.then(() => file.sync()) }
      },
    },
  })
  await send(store, ctSlice(1))
  await store.putDraft(UID, 'anna', { marks: [] }, 0)
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  const id = (await store.read.listRemovals(1))[0]!.id
  // The purge is in the rows, its word is on the way to the disk, and nothing has gone yet.
  const { promise, resolve } = Promise.withResolvers<void>()
  held = promise
  const purged = store.purge(id, 'anna')
  await vi.waitFor(async () => expect((await store.read.listRemovals(1))[0]?.state).toBe('purging'), 20_000)
  const sent = send(store, ctSlice(1, { PatientName: 'Other^Name' }))
  resolve()
  await purged
  expect((await sent).outcome).toBe('stored')
  await vi.waitFor(async () => expect((await store.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  expect((await store.read.getStudy(UID)).study.PatientName).toBe('Other^Name')
  await store.settleAll()
  await store.close()
  const kinds = (await decisionsOf(dataDir)).map(({ kind }) => kind)
  expect(kinds).toEqual(['draft', 'removal', 'purged', 'emptied'])
  for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `index.sqlite${end}`), { force: true })
  const { store: rebuilt } = await newStore({ dataDir })
  const { signal } = new AbortController()
  await rebuilt.repair(false, { signal, total() {}, received() {}, passed() {}, failed() {} })
  expect((await rebuilt.read.getStudy(UID)).study.PatientName).toBe('Other^Name')
  expect(await rebuilt.read.getDraft(UID, 'anna')).toEqual({ draft: null, rev: 0 })
})

/** Kills a station between the rows of a study that was emptied and the log; image `n` of it has come anew. */
function killedWhenEmptied(dataDir: string, n = 2, when = 'behind'): void {
  const slice = ctSlice(n, { PatientName: 'Other^Name' })
  const file = join(temporaryFolder(), 'slice')
  writeFileSync(file, slice.bytes)
  const script = fileURLToPath(new URL('purgingStation.ts', import.meta.url))
  const { signal } = spawnSync(process.execPath, [script, dataDir, slice.SOPInstanceUID, file, when], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 60_000,
  })
  expect(signal).toBe('SIGKILL')
}

test.each([
  ['while it is purged', 'while', 1],
  ['behind the purge', 'behind', 2],
])(
  'killed between the rows and the log, a study that came anew %s brings back nothing written of it',
  async (_, when, n) => {
    const { store, dataDir } = await newStore()
    await send(store, ctSlice(1))
    await store.putDraft(UID, 'anna', { marks: [] }, 0)
    await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
    await store.close()
    killedWhenEmptied(dataDir, n, when)
    expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toEqual(['draft', 'removal', 'purged'])

    const { store: next } = await newStore({ dataDir })
    expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toEqual(['draft', 'removal', 'purged', 'emptied'])
    await vi.waitFor(async () => expect((await next.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
    // Hidden until then.
    expect((await next.read.getStudy(UID)).study.PatientName).toBe('Other^Name')
    // What is written from now on stays, also when it starts once more.
    await next.putDraft(UID, 'ben', { marks: [1] }, 0)
    await next.settleAll()
    await next.close()
    const { store: third } = await newStore({ dataDir })
    await third.close()
    expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toEqual([
      ...['draft', 'removal', 'purged', 'emptied', 'draft'],
    ])
    for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `index.sqlite${end}`), { force: true })
    const { store: rebuilt } = await newStore({ dataDir })
    await rebuilt.repair(false, {
      signal: new AbortController().signal,
      total() {},
      received() {},
      passed() {},
      failed() {},
    })
    expect((await rebuilt.read.getStudy(UID)).study.PatientName).toBe('Other^Name')
    expect(await rebuilt.read.getDraft(UID, 'anna')).toEqual({ draft: null, rev: 0 })
    expect((await rebuilt.read.getDraft(UID, 'ben')).draft).toEqual({ marks: [1] })
  },
  60_000,
)

test('what was written before the clock was set back is gone with its study all the same', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 86_400_000)
  await store.putDraft(UID, 'anna', { marks: [] }, 0)
  clock.mockRestore()
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  await store.close()
  killedWhenEmptied(dataDir)
  await newStore({ dataDir })
  expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toEqual(['draft', 'removal', 'purged', 'emptied'])
})

test('what is written of a study that came anew stays though the clock was set back and the log written anew', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  await store.close()
  killedWhenEmptied(dataDir)
  // The log heard of it, the rows not that it had.
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  const owed = db
    .prepare<[], { StudyInstanceUID: string; at: number }>('SELECT StudyInstanceUID, at FROM emptied')
    .get()
  db.close()
  const draft = { kind: 'draft', by: 'ben', rev: 1, draft: { marks: [1] }, StudyInstanceUID: UID } as const
  const log = openDecisionLog(join(dataDir, 'decisions.log'), createDisk(), 1)
  await log.append([{ kind: 'emptied', ...owed! }])
  await log.append([{ ...draft, at: owed!.at - 86_400_000 }])
  // Enough to have it written anew, and what has it done.
  for (const marks of ['x'.repeat(10_000), ''])
    await log.append([{ ...draft, at: 1, StudyInstanceUID: '1.2', draft: { marks } }])
  await log.close()
  const { store: next } = await newStore({ dataDir })
  await vi.waitFor(async () => expect((await next.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  const kinds = (await decisionsOf(dataDir)).map(({ kind }) => kind)
  expect(kinds.lastIndexOf('draft')).toBeGreaterThan(kinds.lastIndexOf('emptied'))
})

test('a study that a repair empties, for its last image had come again, is said to be so', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.settleAll()
  await store.putDraft(UID, 'anna', { marks: [] }, 0)
  await store.remove([{ StudyInstanceUID: UID }], 'old', 'anna')
  await store.close()
  // An index from before it came again, in which a purge was begun whose word had not come into the log.
  const older = join(temporaryFolder(), 'index.sqlite')
  cpSync(join(dataDir, 'index.sqlite'), older)
  const { store: later } = await newStore({ dataDir })
  await send(later, ctSlice(1, { PatientName: 'Other^Name' }))
  await later.settleAll()
  await later.close()
  cpSync(older, join(dataDir, 'index.sqlite'))
  const db = new Database(join(dataDir, 'index.sqlite'))
  const { removals } = createApplyDecision(db)
  const { id } = db.prepare<[], { id: string }>('SELECT id FROM removal').get()!
  removals.beginPurge({ kind: 'purged', id, at: 1, by: 'anna', StudyInstanceUID: UID, contents: [1] })
  db.close()
  const { store: repaired } = await newStore({ dataDir })
  expect(repaired.needsRepair).toBe(true)
  const progress = { signal: new AbortController().signal, total() {}, received() {}, passed() {}, failed() {} }
  await repaired.repair(false, progress)
  await vi.waitFor(async () => expect((await repaired.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  expect((await repaired.read.getStudy(UID)).study.PatientName).toBe('Other^Name')
  expect((await decisionsOf(dataDir)).map(({ kind }) => kind)).toContain('emptied')
})

test('what is purged before it has settled leaves nothing behind, in the landing folder either', async () => {
  const { store, dataDir } = await newStore()
  for (const n of [1, 2]) await send(store, ctSlice(n, {}, { size: n === 2 ? 1024 : 64 }))
  expect(landed(dataDir)).toHaveLength(2)
  await purgeStudy(store)
  await vi.waitFor(() => expect(landed(dataDir).filter(name => name.endsWith('.dcm'))).toEqual([]), 20_000)
  await vi.waitFor(() => expect(store.backlog).toEqual({ bytes: 0, objects: 0 }), 20_000)
  await store.settleAll()
  expect(files(dataDir)).toEqual([])
  await store.close()
  const { store: next } = await newStore({ dataDir })
  expect(landed(dataDir)).toEqual([])
  expect(readdirSync(dataDir)).not.toContain('orphans')
  expect((await next.read.counts()).instances).toBe(0)
})

test('a large image that came again for a damaged one leaves nothing behind either when it is purged before it settles', async () => {
  const { store, dataDir } = await newStore()
  const large = ctSlice(1, {}, { size: 1024 })
  await send(store, large)
  await store.settleAll()
  await store.close()
  truncateSync(join(dataDir, 'files', files(dataDir)[0]!), 1000)
  const db = new Database(join(dataDir, 'index.sqlite'))
  db.exec(`UPDATE copy SET state = 'damaged'`)
  db.close()
  const { store: next } = await newStore({ dataDir })
  expect(await send(next, large)).toMatchObject({ outcome: 'stored', contentId: 1 })
  expect(landed(dataDir).filter(name => name.endsWith('.dcm'))).toEqual(['00000002.dcm'])
  await purgeStudy(next)
  await vi.waitFor(() => expect(landed(dataDir).filter(name => name.endsWith('.dcm'))).toEqual([]), 20_000)
})

test('what is purged while it settles does not come to its place, nor is it told as damaged', async () => {
  const { store, dataDir } = await newStore()
  const problems: string[] = []
  store.onProblem(problem => problems.push(problem.sentence))
  for (let n = 1; n <= 40; n++) await send(store, ctSlice(n, {}, { size: n % 8 === 0 ? 1024 : 256 }))
  await send(store, ctSlice(1, {}, { study: 2 }))
  const settled = store.settleAll()
  await purgeStudy(store)
  await settled
  await store.settleAll()
  await vi.waitFor(async () => expect((await store.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  await vi.waitFor(() => expect(files(dataDir)).toHaveLength(1), 20_000)
  expect(store.backlog).toEqual({ bytes: 0, objects: 0 })
  expect(problems).toEqual([])
  await store.close()
  await newStore({ dataDir })
  expect([files(dataDir).length, landed(dataDir)]).toEqual([1, []])
  expect(readdirSync(dataDir)).not.toContain('orphans')
})

test('what was purged does not come back from the landing log after a power cut', async () => {
  const { store, dataDir } = await newStore()
  for (const n of [1, 2]) await send(store, ctSlice(n, {}, { size: n === 2 ? 1024 : 64 }))
  // The folder as it may be found when the power goes after the purge was answered and one more image was: its rows are lost.
  await purgeStudy(store)
  const synced = statSync(join(dataDir, 'index.sqlite-wal')).size
  await send(store, ctSlice(1, {}, { study: 2 }))
  const cut = temporaryFolder()
  cpSync(dataDir, cut, { recursive: true, filter: path => !path.endsWith('-shm') })
  truncateSync(join(cut, 'index.sqlite-wal'), synced)
  const { store: next } = await newStore({ dataDir: cut })
  expect((await seen(next)).located).toEqual([0, 1])
  await vi.waitFor(async () => expect((await next.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  await next.settleAll()
  await vi.waitFor(() => expect(files(cut)).toHaveLength(1), 20_000)
  expect(await seen(next)).toMatchObject({ located: [0, 1], counts: { instances: 1 } })
  await next.close()
  const { store: last } = await newStore({ dataDir: cut })
  expect((await seen(last)).located).toEqual([0, 1])
  expect([landed(cut), readdirSync(cut).includes('orphans')]).toEqual([[], false])
})

test('a rejection note hides what it names, come before or after it, and again; taken back, all is shown', async () => {
  const { store, dataDir } = await newStore()
  const slices = [1, 2, 3].map(n => ctSlice(n))
  const problems: string[] = []
  store.onProblem(problem => problems.push(problem.sentence))
  await send(store, slices[0]!)
  await send(store, slices[2]!)
  const first = (await store.read.locate({ StudyInstanceUID: UID }, 1))[0]!
  const safety = keyObjects(1, { code: '113037', slices: slices.slice(0, 2), meaning: 'Wrong side' })
  await send(store, safety)
  await vi.waitFor(async () => expect((await seen(store)).studies[0]?.instances).toBe(1), 20_000)
  await send(store, slices[1]!)
  expect((await seen(store)).qido).toEqual([1, 1, 1])
  expect(problems).toHaveLength(1)
  const at = { StudyInstanceUID: UID, SeriesInstanceUID: SERIES, SOPInstanceUID: slices[0]!.SOPInstanceUID }
  expect(await store.read.locate(at, 1)).toEqual([])
  expect(await store.read.locateFrames([[first.contentId, 1]])).toEqual([null])
  await expect(store.read.locateContent(first.contentId)).rejects.toMatchObject({ code: 'not-found' })
  // Sent again, with other bytes even, it stays hidden.
  expect((await send(store, slices[0]!)).outcome).toBe('duplicate')
  await send(store, ctSlice(1, { PatientComments: 'repaired' }))
  expect((await seen(store)).studies[0]?.instances).toBe(1)
  const [entry] = await store.read.listRemovals(10)
  expect(entry).toMatchObject({ code: '113037', images: 2, here: 2, by: 'CT1', arrivedAgain: 3 })
  expect(entry?.reason).toBe('Rejected for Patient Safety Reasons: Wrong side')

  // Purged, too.
  await store.purge(entry!.id, 'anna')
  await vi.waitFor(async () => expect((await store.read.listRemovals(1))[0]?.state).toBe('purged'), 20_000)
  await send(store, slices[0]!)
  expect((await seen(store)).studies[0]?.instances).toBe(1)

  // Rejected for quality: off every list, but there for who asks for that very image.
  const quality = keyObjects(2, { code: '113001', slices: [slices[2]!] })
  await send(store, quality)
  await vi.waitFor(async () => expect((await seen(store)).totals).toEqual([0, 0, 0, 0]), 20_000)
  const third = { ...at, SOPInstanceUID: slices[2]!.SOPInstanceUID }
  const [asked] = await store.read.locate(third, 1)
  expect(asked?.SOPInstanceUID).toBe(third.SOPInstanceUID)
  expect((await store.read.locateFrames([[asked!.contentId, 1]]))[0]).toMatchObject({ kind: 'range' })
  await store.restore(quality.SOPInstanceUID, 'anna')
  // The note itself is a key object selection again.
  expect((await seen(store)).studies[0]).toMatchObject({ instances: 2, modalities: ['CT', 'KO'] })
  // Other selections hide nothing, and the note that was taken back does not act a second time.
  await send(store, keyObjects(3, { code: '113000', slices: [slices[2]!] }))
  await send(store, quality)
  await store.close()
  const { store: again } = await newStore({ dataDir })
  expect((await seen(again)).studies[0]).toMatchObject({ instances: 3 })
})

test('a study shown under another patient is so everywhere; what comes later follows, and it can be taken back', async () => {
  const { store } = await newStore()
  await send(store, ctSlice(1))
  await send(
    store,
    ctSlice(1, { PatientName: 'Doe^Jane', PatientSex: 'F', PatientBirthDate: '19700101' }, { study: 2 }),
  )
  const before = await seen(store)
  const wish = { StudyInstanceUID: UID, to: { StudyInstanceUID: '2.25.1000.2' }, reason: 'sent under the wrong ID' }
  const { id } = await store.move(wish, 'anna')
  expect((await seen(store)).studies).toMatchObject([
    { id: 'ID-2', priors: 1 },
    { id: 'ID-2', priors: 1 },
  ])
  expect((await store.read.listStudies({ ...ALL, search: 'jane', limit: 5 })).total).toBe(2)
  expect((await store.read.listStudies({ ...ALL, search: 'anna', limit: 5 })).total).toBe(0)
  expect((await store.read.patientStudies(UID)).studies).toHaveLength(1)
  await send(store, ctSlice(2, { PatientBirthDate: '19990909' }))
  const { study } = await store.read.getStudy(UID)
  expect(study).toMatchObject({ PatientName: 'Doe^Jane', PatientBirthDate: '19700101', PatientSex: 'F', flags: [] })
  const [object] = await store.read.locate({ StudyInstanceUID: UID }, 1)
  expect(object?.overlay?.values).toEqual({
    PatientName: 'Doe^Jane',
    PatientID: 'ID-2',
    IssuerOfPatientID: '',
    PatientBirthDate: '19700101',
    PatientSex: 'F',
  })
  expect(await store.read.listMoves(10)).toMatchObject([
    { id, by: 'anna', PatientName: 'Doe^Jane', before: { PatientID: 'ID-1', PatientName: 'Müller^Anna' } },
  ])
  await expect(store.move(wish, 'anna')).rejects.toMatchObject({ code: 'bad-request' })
  await store.moveBack(id, 'anna')
  await store.remove([{ StudyInstanceUID: UID, SeriesInstanceUID: SERIES, SOPInstanceUID: `${SERIES}.2` }], 'x', 'a')
  expect(await seen(store)).toEqual(before)
  expect((await store.read.locate({ StudyInstanceUID: UID }, 1))[0]?.overlay).toBeUndefined()
  await expect(store.moveBack(id, 'anna')).rejects.toMatchObject({ code: 'not-found' })
  const patient = {
    PatientName: 'X',
    PatientID: '0',
    IssuerOfPatientID: '',
    PatientBirthDate: '',
    PatientSex: '',
  } as const
  await expect(store.move({ ...wish, to: { patient } }, 'anna')).rejects.toMatchObject({ code: 'bad-request' })
})

test('a series becomes a study of another patient or goes into one that is there; both can be taken back', async () => {
  const { store, dataDir } = await newStore()
  for (const series of [1, 2]) await send(store, ctSlice(1, { StudyDescription: 'Chest' }, { series }))
  await send(store, ctSlice(1, { PatientName: 'Doe^Jane' }, { study: 2 }))
  const before = await seen(store)
  const jane = { StudyInstanceUID: '2.25.1000.2' }
  const wish = { StudyInstanceUID: UID, SeriesInstanceUID: `${UID}.2`, reason: 'two patients in one study' }
  const own = await store.move({ ...wish, to: jane }, 'anna')
  expect(own.StudyInstanceUID).toMatch(/^2\.25\.\d+$/)
  const [taken] = await store.read.locate({ StudyInstanceUID: own.StudyInstanceUID }, 5)
  expect(taken).toMatchObject({
    SeriesInstanceUID: `${UID}.2`,
    overlay: { values: { StudyInstanceUID: own.StudyInstanceUID, PatientID: 'ID-2', StudyDescription: 'Chest' } },
  })
  expect((await seen(store)).studies).toMatchObject([
    { id: 'ID-1', series: 1, instances: 1, priors: 0 },
    { id: 'ID-2', priors: 1 },
    { id: 'ID-2', series: 1, instances: 1, priors: 1 },
  ])
  // From there into the study that she has, the last of the chain being where later images go.
  const onwards = await store.move(
    { ...wish, StudyInstanceUID: own.StudyInstanceUID, to: { ...jane, into: true } },
    'anna',
  )
  expect(onwards.StudyInstanceUID).toBe('2.25.1000.2')
  const late = await send(store, ctSlice(2, {}, { series: 2 }))
  expect(late.StudyInstanceUID).toBe('2.25.1000.2')
  expect((await seen(store)).studies).toMatchObject([
    { id: 'ID-1', instances: 1 },
    { id: 'ID-2', series: 2, instances: 3, priors: 0 },
  ])
  const moved = await seen(store)
  // An index that is made anew shows the same once the log was applied to it, in whatever order image and word come.
  await store.close()
  const db = new Database(join(dataDir, 'index.sqlite'))
  const dump = () =>
    db
      .prepare(
        `SELECT SOPInstanceUID, StudyInstanceUID, PatientID, NumberOfStudyRelatedInstances AS n, instance.hidden FROM instance
         JOIN series ON series.id = series JOIN study ON study.id = study ORDER BY SOPInstanceUID`,
      )
      .all()
  const shown = dump()
  // As an index is that was made from the files alone.
  const home = db.prepare('SELECT id FROM study WHERE StudyInstanceUID = ?').pluck().get(UID)
  db.prepare(`UPDATE series SET study = ?, movedAt = 0 WHERE SeriesInstanceUID = ?`).run(home, `${UID}.2`)
  db.exec('DELETE FROM move; DELETE FROM removed; DELETE FROM removal')
  const { applyDecision, visibility } = createApplyDecision(db)
  visibility.recount([], db.prepare<[], number>('SELECT id FROM study').pluck().all())
  expect(dump()).not.toEqual(shown)
  for (const decision of await decisionsOf(dataDir)) db.transaction(applyDecision)(decision)
  expect(dump()).toEqual(shown)
  db.close()

  const { store: again } = await newStore({ dataDir })
  expect(await seen(again)).toEqual(moved)
  const ids = (await again.read.listMoves(10)).map(({ id }) => id)
  expect(ids).toHaveLength(2)
  await expect(again.moveBack(ids[1]!, 'anna')).rejects.toMatchObject({ code: 'bad-request' })
  for (const id of ids) await again.moveBack(id, 'anna')
  await again.remove([{ StudyInstanceUID: UID, SeriesInstanceUID: `${UID}.2`, SOPInstanceUID: `${UID}.2.2` }], 'x', 'a')
  expect(await seen(again)).toEqual(before)
})

test('a compacted log keeps what is deleted, rejected and moved', async () => {
  const path = join(temporaryFolder(), 'decisions.log')
  const log = openDecisionLog(path, createDisk(), 4000)
  const said = { at: 1, StudyInstanceUID: UID, by: 'anna' }
  const kept: Decision[] = [
    { kind: 'removal', id: 'a', code: '', reason: 'r', SeriesInstanceUID: '', instances: ['1.2'], ...said },
    { kind: 'restored', id: 'a', ...said },
    { kind: 'removal', id: 'b', code: '113001', reason: 'r', SeriesInstanceUID: '', instances: ['1.3'], ...said },
    { kind: 'purged', id: 'b', contents: [7], ...said },
  ]
  await log.append(kept)
  for (let i = 0; i < 100; i++) await log.append([{ kind: 'priority', priority: 'stat', at: i, StudyInstanceUID: UID }])
  await log.close()
  const all: Decision[] = []
  for await (const decision of readDecisions(path)) all.push(decision)
  expect(all.length).toBeLessThan(100)
  expect(all.slice(0, 4)).toEqual(kept)
})
