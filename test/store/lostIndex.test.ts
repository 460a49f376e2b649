import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import type { Store, StoreOptions } from '../../electron/station/store/index.ts'
import { FileHandles } from '../../electron/station/store/index.ts'
import { contract } from '../../shared/contract.ts'
import { ctSlice, foundBy, keyObjects, newStore, send, temporaryFolder } from './objects.ts'

const uid = (study: number) => `2.25.1000.${study}`

async function repair(store: Store): Promise<void> {
  await store.repair(false, {
    signal: new AbortController().signal,
    total() {},
    received() {},
    passed() {},
    failed() {},
  })
}

/** What a worklist, a query, a retrieval and the page of what was deleted show, without the numbers that rows happen to have. */
async function seen({ read }: Store) {
  const { studies } = await read.listStudies(contract['studies.list'].in.parse({ sort: 'StudyDate', limit: 100 }))
  const shown = []
  studies.sort((a, b) => (a.StudyInstanceUID < b.StudyInstanceUID ? -1 : 1))
  for (const { id: _, ...facts } of studies) {
    // When a study's images came is told by those that are shown in it, and while they are: a note or a move leaves traces of its
    // time. Whether it is complete is judged in its own time.
    const { firstReceived: _first, lastReceived: _last, completeness: _verdict, ...study } = facts
    const { series } = await read.getStudy(study.StudyInstanceUID)
    const objects = await read.locate({ StudyInstanceUID: study.StudyInstanceUID }, 100)
    shown.push({
      ...study,
      series,
      objects: objects.map(({ SOPInstanceUID, overlay }) => [SOPInstanceUID, overlay?.values]),
    })
  }
  const instances = await foundBy(read, { level: 'instance', matches: [], fuzzymatching: false, limit: 100, offset: 0 })
  const bin = (await read.listRemovals(100)).map(({ againAt: _, ...entry }) => entry)
  return { shown, instances: instances.length, counts: await read.counts(), bin, moves: await read.listMoves(100) }
}

/** As after a disk error that took the index, its backups and its log. */
function loseIndex(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith('index.sqlite') || name === 'backups') rmSync(join(dataDir, name), { recursive: true })
  }
}

/** As it is when all of it has settled and more came since. */
function emptyLanding(dataDir: string): void {
  for (const name of readdirSync(join(dataDir, 'landing'))) rmSync(join(dataDir, 'landing', name))
}

/** Names of the files that hold objects. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.dcm'))

const isPurged = (store: Store, id: string) =>
  vi.waitFor(async () => {
    const entry = (await store.read.listRemovals(100)).find(removal => removal.id === id)
    expect(entry?.state).toBe('purged')
  }, 20_000)

async function deleted(store: Store, study: number): Promise<string> {
  const { ids } = await store.remove([{ StudyInstanceUID: uid(study) }], 'not ours', 'anna')
  return ids[0] ?? ''
}

test('an index made again shows nothing that was deleted, purged or rejected, and all that was taken back', async () => {
  const { store, dataDir } = await newStore()
  for (const study of [1, 2, 3, 4, 5, 6]) for (const n of [1, 2]) await send(store, ctSlice(n, {}, { study }))
  await send(store, ctSlice(1, {}, { study: 5, series: 2 }))
  for (const study of [8, 9]) await send(store, ctSlice(1, { StudyDescription: 'Chest' }, { study }))
  await send(store, ctSlice(1, { PatientName: 'Doe^Jane' }, { study: 7 }))
  // Half of it settled; the rest comes back from the landing log.
  await store.settleAll()
  for (const study of [1, 2, 3, 4, 5, 6]) await send(store, ctSlice(3, {}, { study }))
  const binned = await deleted(store, 1)
  const back = await deleted(store, 2)
  await store.restore(back, 'ben')
  const purged = await deleted(store, 3)
  await store.purge(purged, 'anna')
  await isPurged(store, purged)
  const safety = keyObjects(1, { code: '113037', study: 4, slices: [ctSlice(1, {}, { study: 4 })] })
  const quality = keyObjects(2, { code: '113001', study: 4, slices: [ctSlice(2, {}, { study: 4 })] })
  const early = keyObjects(3, { code: '113038', study: 4, slices: [ctSlice(9, {}, { study: 4 })] })
  for (const note of [safety, quality, early]) await send(store, note)
  await vi.waitFor(async () => expect(await store.read.listRemovals(100)).toHaveLength(6), 20_000)
  await store.restore(quality.SOPInstanceUID, 'ben')
  const jane = { StudyInstanceUID: uid(7) }
  const { id: moved } = await store.move({ StudyInstanceUID: uid(5), to: jane, reason: 'wrong ID' }, 'anna')
  const wish = { StudyInstanceUID: uid(5), SeriesInstanceUID: `${uid(5)}.2`, reason: 'wrong study' }
  const { id: movedSeries } = await store.move({ ...wish, to: { ...jane, into: true } }, 'anna')
  const again = await store.move({ StudyInstanceUID: uid(6), to: jane, reason: 'wrong ID' }, 'anna')
  await store.moveBack(again.id, 'anna')
  // One into a study of its own, and one that leaves nothing behind where it was.
  const only = (study: number) => ({ ...wish, StudyInstanceUID: uid(study), SeriesInstanceUID: `${uid(study)}.1` })
  const own = await store.move({ ...only(8), to: jane }, 'anna')
  const into = await store.move({ ...only(9), to: { ...jane, into: true } }, 'anna')
  const before = await seen(store)
  expect(before.shown.map(({ StudyInstanceUID, PatientID }) => [StudyInstanceUID, PatientID])).toEqual([
    [uid(2), 'ID-2'],
    [uid(4), 'ID-4'],
    [uid(5), 'ID-7'],
    [uid(6), 'ID-6'],
    [uid(7), 'ID-7'],
    [own.StudyInstanceUID, 'ID-7'],
  ])
  await store.close()

  loseIndex(dataDir)
  const { store: rebuilt } = await newStore({ dataDir })
  // Not for a moment, either.
  expect(
    (await seen(rebuilt)).shown.every(({ StudyInstanceUID }) => ![uid(1), uid(3)].includes(StudyInstanceUID)),
  ).toBe(true)
  // What has no row yet could not be named by a purge.
  await expect(rebuilt.purge(binned, 'anna')).rejects.toMatchObject({ code: 'index-incomplete' })
  await repair(rebuilt)
  expect(await seen(rebuilt)).toEqual(before)
  await repair(rebuilt)
  expect(await seen(rebuilt)).toEqual(before)

  // What was sent again stays hidden, or is new, as before.
  expect((await send(rebuilt, ctSlice(1, {}, { study: 1 }))).outcome).toBe('duplicate')
  await send(rebuilt, ctSlice(9, {}, { study: 4 }))
  await send(rebuilt, ctSlice(3, {}, { study: 5, series: 2 }))
  const after = await seen(rebuilt)
  expect(after.shown.map(({ NumberOfStudyRelatedInstances }) => NumberOfStudyRelatedInstances)).toEqual([
    3, 3, 3, 3, 4, 1,
  ])
  expect((await send(rebuilt, ctSlice(1, {}, { study: 3 }))).outcome).toBe('stored')

  // And all of it can still be taken back.
  await rebuilt.restore(binned, 'anna')
  await rebuilt.moveBack(movedSeries, 'anna')
  for (const { id } of [{ id: moved }, own, into]) await rebuilt.moveBack(id, 'anna')
  const end = await seen(rebuilt)
  expect(end.shown.map(each => [each.StudyInstanceUID, each.PatientID, each.NumberOfStudyRelatedInstances])).toEqual([
    [uid(1), 'ID-1', 3],
    [uid(2), 'ID-2', 3],
    [uid(3), 'ID-3', 1],
    [uid(4), 'ID-4', 3],
    [uid(5), 'ID-5', 5],
    [uid(6), 'ID-6', 3],
    [uid(7), 'ID-7', 1],
    [uid(8), 'ID-8', 1],
    [uid(9), 'ID-9', 1],
  ])
  expect(end.shown.slice(-3).map(each => [each.AccessionNumber, each.StudyDescription])).toEqual([
    ['ACC7', ''],
    ['ACC8', 'Chest'],
    ['ACC9', 'Chest'],
  ])
  expect(end.shown.flatMap(({ objects }) => objects.filter(([, overlay]) => overlay))).toEqual([])
})

test('what is purged twice is purged once, and stays so', async () => {
  const { store, dataDir } = await newStore()
  for (const n of [1, 2, 3]) await send(store, ctSlice(n))
  await store.settleAll()
  const id = await deleted(store, 1)
  const answers = await Promise.all([store.purge(id, 'anna'), store.purge(id, 'ben')])
  expect(answers).toEqual([{ images: 3 }, { images: 0 }])
  await isPurged(store, id)
  await vi.waitFor(() => expect(filesIn(join(dataDir, 'files'))).toEqual([]), 20_000)
  expect((await seen(store)).counts).toMatchObject({ studies: 0, instances: 0 })
})

test('a purge read from the log takes no image that came after it, whatever its number', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const id = await deleted(store, 1)
  await store.purge(id, 'anna')
  await isPurged(store, id)
  await store.close()
  // An index of before the first image, put back by hand: nothing on the disk says that it is an older one.
  loseIndex(dataDir)
  emptyLanding(dataDir)
  rmSync(join(dataDir, 'files'), { recursive: true })
  const { store: older } = await newStore({ dataDir })
  expect(older.needsRepair).toBe(false)
  expect((await send(older, ctSlice(1, {}, { study: 2 }))).contentId).toBe(1)
  await older.settleAll()
  await repair(older)
  expect((await seen(older)).counts).toMatchObject({ studies: 1, instances: 1 })
  await older.close()
  const { store: last } = await newStore({ dataDir })
  expect((await seen(last)).shown[0]?.objects).toHaveLength(1)
  expect(filesIn(join(dataDir, 'files'))).toHaveLength(1)
})

function onDisk(id: string, path: string): Partial<StoreOptions> {
  return {
    volumes: [{ id, path, rule: { modalities: ['CT'] } }],
    settle: { afterMs: 3_600_000, lingerMs: 0 },
    volumeTimes: { checkMs: 100, hangMs: 20_000 },
  }
}

test('a purge takes the files of a second disk, and what that disk holds is counted on', async () => {
  const nas = temporaryFolder()
  const { store, dataDir } = await newStore(onDisk('nas', nas))
  for (const study of [1, 2]) for (const n of [1, 2, 3]) await send(store, ctSlice(n, {}, { study }))
  await store.settleAll()
  expect([filesIn(nas).length, filesIn(dataDir)]).toEqual([6, []])
  const id = await deleted(store, 1)
  expect(await store.purge(id, 'anna')).toEqual({ images: 3 })
  await vi.waitFor(() => expect(filesIn(nas)).toHaveLength(3), 20_000)
  const { volumes, onlyHere } = await store.volumes()
  expect([onlyHere, volumes.find(({ name }) => name === 'nas')]).toMatchObject([3, { images: 3, onlyHere: 3 }])
  expect(await store.read.locate({ StudyInstanceUID: uid(2) }, 10)).toHaveLength(3)
  expect((await send(store, ctSlice(1))).outcome).toBe('stored')
})

test('a purge does not wait for a disk that is away: its files go when it is back, over a restart too', async () => {
  const nas = join(temporaryFolder(), 'nas')
  mkdirSync(nas)
  const { store, dataDir } = await newStore(onDisk('nas', nas))
  for (const study of [1, 2]) for (const n of [1, 2]) await send(store, ctSlice(n, {}, { study }))
  await store.settleAll()
  await send(store, ctSlice(3))
  await store.settleAll()
  // As an unmounted disk looks: its mount point is there, and empty.
  renameSync(nas, `${nas}.away`)
  mkdirSync(nas)
  const stateOf = async (of: Store) => (await of.volumes()).volumes.find(({ name }) => name === 'nas')?.state
  await expect.poll(() => stateOf(store)).toBe('missing')
  await send(store, ctSlice(4))
  await store.settleAll()
  expect(filesIn(dataDir)).toHaveLength(1)
  const id = await deleted(store, 1)
  expect(await store.purge(id, 'anna')).toEqual({ images: 4 })
  await isPurged(store, id)
  // What lies elsewhere goes at once; of the study nothing is left but on that disk.
  await expect.poll(() => filesIn(dataDir)).toEqual([])
  expect(filesIn(`${nas}.away`)).toHaveLength(5)
  expect((await seen(store)).counts).toMatchObject({ studies: 1, instances: 2 })
  await store.close()

  const { store: later } = await newStore({ ...onDisk('nas', nas), dataDir })
  expect(await stateOf(later)).toBe('missing')
  expect((await send(later, ctSlice(1))).outcome).toBe('stored')
  rmdirSync(nas)
  renameSync(`${nas}.away`, nas)
  await expect.poll(() => filesIn(nas).length).toBe(2)
  expect(await stateOf(later)).toBe('ready')
  expect((await seen(later)).counts).toMatchObject({ studies: 2, instances: 3 })
  expect(readdirSync(nas)).not.toContain('orphans')
})

test.each([
  ['the landing log held them still', true],
  ['it was emptied long ago', false],
])(
  'images on a second disk are in an index made again, nothing of it that was deleted or purged; %s',
  async (_, log) => {
    const nas = temporaryFolder()
    const { store, dataDir } = await newStore(onDisk('nas', nas))
    for (const study of [1, 2, 3]) for (const n of [1, 2]) await send(store, ctSlice(n, {}, { study }))
    await send(store, ctSlice(1, { StudyDescription: 'corrected' }, { study: 2 }))
    await send(store, ctSlice(1, { Modality: 'MR' }, { study: 4 }))
    await store.settleAll()
    const binned = await deleted(store, 1)
    const purged = await deleted(store, 3)
    await store.purge(purged, 'anna')
    await vi.waitFor(() => expect(filesIn(nas)).toHaveLength(5), 20_000)
    const before = await seen(store)
    const numbers = async (of: Store) =>
      (await of.read.locate({ StudyInstanceUID: uid(2) }, 9)).map(one => one.contentId)
    const ids = await numbers(store)
    const { volumes } = await store.volumes()
    await store.close()
    // What a purge left behind on that disk, had its files come back.
    const [kept = ''] = filesIn(nas)
    copyFileSync(join(nas, kept), join(nas, kept.replace(/[0-9a-f]{8}\.dcm$/, '00000005.dcm')))

    loseIndex(dataDir)
    if (!log) emptyLanding(dataDir)
    const { store: rebuilt } = await newStore({ ...onDisk('nas', nas), dataDir })
    expect((await rebuilt.volumes()).volumes.find(({ name }) => name === 'nas')?.state).toBe('ready')
    // Numbers that name files there are not given again while they have no rows.
    const { contentId } = await send(rebuilt, ctSlice(1, { Modality: 'MR' }, { study: 5 }))
    expect(contentId).toBeGreaterThan(8)
    await repair(rebuilt)
    const id = await deleted(rebuilt, 5)
    await rebuilt.purge(id, 'anna')
    await isPurged(rebuilt, id)
    const after = await seen(rebuilt)
    expect({ ...after, bin: after.bin.slice(1) }).toEqual(before)
    if (!log) {
      expect(await numbers(rebuilt)).toEqual(ids)
      const lying = volumes.map(({ images, onlyHere }) => ({ images, onlyHere }))
      expect((await rebuilt.volumes()).volumes).toMatchObject(lying)
      await expect.poll(() => filesIn(nas).length).toBe(5)
    }
    await rebuilt.restore(binned, 'anna')
    const files = new FileHandles(content => rebuilt.read.locateContent(content))
    for (const object of await rebuilt.read.locate({ StudyInstanceUID: uid(1) }, 9)) {
      const bytes = Buffer.alloc(object.dataSetLength)
      await files.read(object, bytes, object.dataSetOffset)
      expect(bytes.equals(ctSlice(Number(object.SOPInstanceUID.split('.').at(-1))).bytes)).toBe(true)
    }
    files.close()
  },
)

test('a second disk that is away while the index is made again is read when it is back, and no number of it is given twice', async () => {
  const nas = join(temporaryFolder(), 'nas')
  mkdirSync(nas)
  const { store, dataDir } = await newStore(onDisk('nas', nas))
  await send(store, ctSlice(1, { Modality: 'MR' }, { study: 2 }))
  for (const n of [1, 2, 3]) await send(store, ctSlice(n))
  await store.settleAll()
  const before = await seen(store)
  await store.close()
  renameSync(nas, `${nas}.away`)
  mkdirSync(nas)
  loseIndex(dataDir)
  emptyLanding(dataDir)
  const { store: rebuilt } = await newStore({ ...onDisk('nas', nas), dataDir })
  const told: string[] = []
  rebuilt.onProblem(({ sentence }) => told.push(sentence))
  await repair(rebuilt)
  expect((await seen(rebuilt)).counts).toMatchObject({ studies: 1, instances: 1 })
  await send(rebuilt, ctSlice(1, { Modality: 'MR' }, { study: 3 }))
  rmdirSync(nas)
  renameSync(`${nas}.away`, nas)
  await expect.poll(() => told.at(-1)).toMatch(/"nas" holds images that the list does not know yet/)
  await rebuilt.close()
  const { store: last } = await newStore({ ...onDisk('nas', nas), dataDir })
  expect(last.needsRepair).toBe(true)
  await repair(last)
  const { shown, counts } = await seen(last)
  expect(shown.slice(0, 2)).toEqual(before.shown)
  expect(counts).toMatchObject({ studies: 3, instances: 5 })
})

test('no number that a purge has used up is given to another image, whatever the index forgot', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await send(store, ctSlice(1, {}, { study: 2 }))
  await store.settleAll()
  const id = await deleted(store, 2)
  await store.purge(id, 'anna')
  await isPurged(store, id)
  await store.close()
  // Made again, the index knows of the purged number by the log alone.
  loseIndex(dataDir)
  const { store: rebuilt } = await newStore({ dataDir })
  await repair(rebuilt)
  await rebuilt.close()
  const { store: next } = await newStore({ dataDir })
  await send(next, ctSlice(1, {}, { study: 3 }))
  await next.settleAll()
  await next.close()
  loseIndex(dataDir)
  const { store: last } = await newStore({ dataDir })
  await repair(last)
  expect(await last.read.counts()).toMatchObject({ instances: 2 })
  expect(await last.read.locate({ StudyInstanceUID: uid(3) }, 10)).toHaveLength(1)
  expect(readdirSync(dataDir)).not.toContain('orphans')
})

test('a number that only a duplicate had is given again; the image that settled under it is adopted', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.settleAll()
  await send(store, ctSlice(2))
  expect((await send(store, ctSlice(1))).outcome).toBe('duplicate')
  await store.close()
  const { store: next } = await newStore({ dataDir })
  expect((await send(next, ctSlice(3))).contentId).toBe(3)
  // What settled stays in the landing folder for a while.
  const landing = temporaryFolder()
  cpSync(join(dataDir, 'landing'), landing, { recursive: true })
  await next.settleAll()
  await next.close()
  cpSync(landing, join(dataDir, 'landing'), { recursive: true })
  loseIndex(dataDir)
  const { store: last } = await newStore({ dataDir })
  await repair(last)
  expect(await last.read.counts()).toMatchObject({ instances: 3 })
})

test('a version that was received again by a start that was cut off itself outlasts the repair', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.settleAll()
  expect((await send(store, ctSlice(1, { StudyDescription: 'other' }))).outcome).toBe('revision')
  await store.close()
  loseIndex(dataDir)
  const landing = temporaryFolder()
  cpSync(join(dataDir, 'landing'), landing, { recursive: true })
  const { store: cut } = await newStore({ dataDir })
  await cut.close()
  // As the power may leave it before the position in the log has moved on: rows are there, and the older segment still is.
  cpSync(landing, join(dataDir, 'landing'), { recursive: true })
  const db = new Database(join(dataDir, 'index.sqlite'))
  db.exec(`UPDATE state SET value = 0 WHERE key IN ('landedSegment', 'landedOffset'); DELETE FROM gone`)
  db.close()
  const { store: again } = await newStore({ dataDir })
  await repair(again)
  await again.close()
  const rows = new Database(join(dataDir, 'index.sqlite'))
  expect(rows.prepare('SELECT relation FROM content ORDER BY id').pluck().all()).toEqual(['first', 'revision'])
  rows.close()
})
