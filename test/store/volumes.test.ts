import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createDisk } from '../../electron/station/base/durable.ts'
import { FileHandles } from '../../electron/station/store/fileHandles.ts'
import type { Store, StoreOptions } from '../../electron/station/store/index.ts'
import { migrate } from '../../electron/station/store/migrate.ts'
import { choosePlace, type PlaceableVolume } from '../../electron/station/store/volumes/placement.ts'
import { smallDisk } from '../fixtures/smallDisk.ts'
import { ctSlice, newStore, send, temporaryFolder } from './objects.ts'

const IDENTITY = 'isocenter-volume.json'

function options(volumes: NonNullable<StoreOptions['volumes']>): Partial<StoreOptions> {
  return {
    volumes,
    settle: { afterMs: 3_600_000, lingerMs: 0 },
    volumeTimes: { checkMs: 100, hangMs: 20_000 },
  }
}

function toldBy(store: Store): string[] {
  const told: string[] = []
  store.onProblem(({ sentence }) => told.push(sentence))
  return told
}

const stateOf = async (store: Store, name: string) =>
  (await store.volumes()).volumes.find(volume => volume.name === name)

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.dcm'))

/** Every CT slice up to `count` is there with the bytes that were sent. */
async function expectSlices(store: Store, count: number): Promise<void> {
  const objects = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 1000)
  expect(objects).toHaveLength(count)
  const files = new FileHandles(id => store.read.locateContent(id))
  for (const object of objects) {
    const bytes = Buffer.alloc(object.dataSetLength)
    await files.read(object, bytes, object.dataSetOffset)
    const sent = ctSlice(Number(object.SOPInstanceUID.split('.').at(-1)))
    expect(bytes.equals(sent.bytes), object.SOPInstanceUID).toBe(true)
  }
  files.close()
}

test('an object goes to the first volume whose rule it meets, else where most room is', () => {
  const volume = (id: number, more: Partial<PlaceableVolume> = {}): PlaceableVolume => ({
    id,
    rule: undefined,
    usable: true,
    free: id,
    ...more,
  })
  const ct = { Modality: 'CT', StudyDate: '20250101', length: 500_000 }
  const choose = (volumes: PlaceableVolume[], facts = ct) => choosePlace(facts, volumes, '20260101')
  expect(choose([volume(1), volume(2), volume(3)])).toBe(3)
  expect(choose([volume(1), volume(2, { free: 0 })])).toBe(1)
  expect(choose([volume(1), volume(2, { rule: { modalities: ['MR'] } })])).toBe(1)
  expect(choose([volume(1), volume(2, { rule: { modalities: ['MR', 'CT'] }, free: 0 })])).toBe(2)
  expect(choose([volume(1), volume(2, { rule: { studyOlderThanDays: 364 } })])).toBe(2)
  expect(choose([volume(1), volume(2, { rule: { studyOlderThanDays: 365 } })])).toBe(1)
  expect(choose([volume(1), volume(2, { rule: { studyOlderThanDays: 1 } })], { ...ct, StudyDate: '' })).toBe(1)
  expect(choose([volume(1), volume(2, { rule: { largerThanBytes: 499_999, modalities: ['CT'] } })])).toBe(2)
  expect(choose([volume(1), volume(2, { rule: { largerThanBytes: 500_000 } })])).toBe(1)
  expect(choose([volume(1, { usable: false }), volume(2, { usable: false, free: 9 })])).toBe(undefined)
})

test('objects settle on the volume of their rule, read the same from there, and are known when they come again', async () => {
  const [ct, other] = [temporaryFolder(), temporaryFolder()]
  const volumes = [
    { id: 'ct', path: ct, rule: { modalities: ['CT'] } },
    { id: 'other', path: other, rule: { modalities: ['US'] } },
  ]
  const { store, dataDir } = await newStore(options(volumes))
  for (let n = 1; n <= 5; n++) await send(store, ctSlice(n))
  const mr = await send(store, ctSlice(1, { Modality: 'MR' }, { study: 2 }))
  const large = await send(store, ctSlice(9, {}, { study: 3, size: 1024 }))
  await store.settleAll()
  expect(filesIn(ct)).toHaveLength(6)
  expect(filesIn(other)).toHaveLength(0)
  expect((await store.read.locateContent(mr.contentId)).path.startsWith(join(dataDir, 'files'))).toBe(true)
  const place = await store.read.locateContent(large.contentId)
  expect(
    readFileSync(place.path)
      .subarray(place.dataSetOffset)
      .equals(ctSlice(9, {}, { size: 1024, study: 3 }).bytes),
  ).toBe(true)
  await expectSlices(store, 5)
  expect((await send(store, ctSlice(3))).outcome).toBe('duplicate')
  expect((await send(store, ctSlice(4, { StudyDescription: 'edited' }))).outcome).toBe('revision')
  expect((await stateOf(store, 'ct'))?.images).toBe(6)
  await store.close()
  const { store: again } = await newStore({ ...options(volumes), dataDir })
  await expectSlices(again, 5)
})

test('a disk that is gone is told, lists what existed only there, gets nothing, and is read again when it is back', async () => {
  const root = join(temporaryFolder(), 'nas')
  mkdirSync(root)
  const { store } = await newStore(options([{ id: 'nas', path: root, rule: { modalities: ['CT'] } }]))
  const told = toldBy(store)
  for (let n = 1; n <= 4; n++) await send(store, ctSlice(n))
  await store.settleAll()
  await send(store, ctSlice(1, { Modality: 'MR' }, { study: 2 }))
  // As an unmounted disk looks: its mount point is there, and empty.
  renameSync(root, `${root}.away`)
  mkdirSync(root)
  await expect.poll(async () => (await stateOf(store, 'nas'))?.state, { timeout: 10_000 }).toBe('missing')
  await expect.poll(() => told.at(-1)).toMatch(/"nas" is not there/)
  expect(await stateOf(store, 'nas')).toMatchObject({ images: 4, onlyHere: 4 })
  expect((await store.volumes()).onlyHere).toBe(5)
  const lost = await store.read.onlyOn('nas', 0, 3)
  const rest = await store.read.onlyOn('nas', lost.at(-1)?.contentId ?? 0, 3)
  expect([...lost, ...rest].map(one => one.SOPInstanceUID)).toEqual([1, 2, 3, 4].map(n => ctSlice(n).SOPInstanceUID))
  expect((await store.read.onlyOn('data', 0, 10)).map(one => one.StudyInstanceUID)).toEqual(['2.25.1000.2'])
  const [object] = lost
  await expect(store.read.locateContent(object?.contentId ?? 0)).rejects.toMatchObject({ code: 'volume-unavailable' })
  const [located] = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 1)
  const files = new FileHandles(id => store.read.locateContent(id))
  await expect(files.read(located!, Buffer.alloc(10), 0)).rejects.toMatchObject({ code: 'volume-unavailable' })
  expect((await store.read.getStudy('2.25.1000.1')).study.NumberOfStudyRelatedInstances).toBe(4)
  // What comes meanwhile is kept elsewhere, and nothing is written into the empty mount point.
  await send(store, ctSlice(5))
  // Also what is there already: whoever sends it again is told that it is stored, whether that disk comes back or not.
  const again = await send(store, ctSlice(1))
  expect(again).toMatchObject({ outcome: 'stored', contentId: lost[0]?.contentId })
  await expect(store.read.locateContent(again.contentId)).resolves.toMatchObject({ contentId: again.contentId })
  await store.settleAll()
  expect(readdirSync(root)).toEqual([])
  expect((await store.read.getStudy('2.25.1000.1')).study.NumberOfStudyRelatedInstances).toBe(5)
  expect(await stateOf(store, 'nas')).toMatchObject({ images: 3, onlyHere: 3 })
  rmSync(root, { recursive: true })
  renameSync(`${root}.away`, root)
  await expect.poll(async () => (await stateOf(store, 'nas'))?.state, { timeout: 10_000 }).toBe('ready')
  await expect.poll(() => told.at(-1)).toMatch(/"nas" is back/)
  await expectSlices(store, 5)
  // The file that it had there before is in nobody's way.
  await store.repair(true, {
    signal: new AbortController().signal,
    total() {},
    received() {},
    passed() {},
    failed() {},
  })
  expect((await send(store, ctSlice(1))).outcome).toBe('duplicate')
  expect((await store.health()).damagedCopies).toBe(0)
  await expectSlices(store, 5)
})

test('another disk in the same place is neither read nor written', async () => {
  const root = join(temporaryFolder(), 'disk')
  mkdirSync(root)
  const { store } = await newStore(options([{ id: 'disk', path: root, rule: { modalities: ['CT'] } }]))
  const told = toldBy(store)
  const { contentId } = await send(store, ctSlice(1))
  await store.settleAll()
  renameSync(root, `${root}.away`)
  mkdirSync(root)
  writeFileSync(join(root, IDENTITY), JSON.stringify({ volume: 'another' }))
  // Told once no reader is led there any more.
  await expect.poll(() => told.at(-1)).toMatch(/[Aa]nother disk/)
  expect((await stateOf(store, 'disk'))?.state).toBe('foreign')
  await expect(store.read.locateContent(contentId)).rejects.toMatchObject({ code: 'volume-unavailable' })
  await send(store, ctSlice(2))
  await store.settleAll()
  expect(readdirSync(root)).toEqual([IDENTITY])
})

test('a disk of another station is not touched, nor a folder that two volumes name', async () => {
  const [taken, folder] = [temporaryFolder(), temporaryFolder()]
  const { store: other } = await newStore(options([{ id: 'theirs', path: taken, rule: { modalities: ['CT'] } }]))
  await send(other, ctSlice(1))
  await other.settleAll()
  const before = filesIn(taken)
  const { store } = await newStore(
    options([
      { id: 'ours', path: taken, rule: { modalities: ['CT'] } },
      { id: 'a', path: folder, rule: { modalities: ['MR'] } },
      { id: 'b', path: `${folder}/.` },
    ]),
  )
  await send(store, ctSlice(2))
  await store.settleAll()
  expect(filesIn(taken)).toEqual(before)
  await expectSlices(other, 1)
  const { volumes } = await store.volumes()
  expect(volumes.filter(({ state }) => state === 'ready')).toHaveLength(2)
})

test('what lies under a name of ours without a row is set aside', async () => {
  const root = temporaryFolder()
  const { store } = await newStore(options([{ id: 'disk', path: root, rule: { modalities: ['CT'] } }]))
  mkdirSync(join(root, 'files/0000/00'), { recursive: true })
  writeFileSync(join(root, 'files/0000/00/00000001.dcm'), 'whose?')
  await send(store, ctSlice(1))
  await store.settleAll()
  await expectSlices(store, 1)
  const [aside = ''] = readdirSync(join(root, 'orphans'))
  expect(readFileSync(join(root, 'orphans', aside), 'utf8')).toBe('whose?')
})

test('a volume of the configuration that is not there at the start joins when it comes', async () => {
  const root = join(temporaryFolder(), 'later')
  const { store } = await newStore(options([{ id: 'later', path: root }]))
  expect(await stateOf(store, 'later')).toMatchObject({ state: 'missing', images: 0 })
  mkdirSync(root)
  await expect.poll(async () => (await stateOf(store, 'later'))?.state, { timeout: 10_000 }).toBe('ready')
})

test('a disk that hangs holds up nobody: images are taken, settle and are read elsewhere, and it comes back', async () => {
  const root = temporaryFolder()
  const { store } = await newStore({
    ...options([{ id: 'nas', path: root, rule: { modalities: ['CT'] } }]),
    volumeTimes: { checkMs: 100, hangMs: 3000 },
  })
  const { contentId } = await send(store, ctSlice(1))
  await store.settleAll()
  // Opening a pipe that nobody writes to blocks in the system call, as a network drive does whose server is gone.
  const identity = readFileSync(join(root, IDENTITY))
  rmSync(join(root, IDENTITY))
  execFileSync('mkfifo', [join(root, IDENTITY)])
  for (let n = 2; n <= 6; n++) await send(store, ctSlice(n))
  await store.settleAll()
  expect(store.backlog.objects).toBe(0)
  await expect.poll(async () => (await stateOf(store, 'nas'))?.state, { timeout: 10_000 }).toBe('hung')
  await expect(store.read.locateContent(contentId)).rejects.toMatchObject({ code: 'volume-unavailable' })
  let objects = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)
  expect(objects.map(({ path }) => path === '')).toEqual([true, false, false, false, false, false])
  // That it is the same its SHA-256 says, the disk need not; and it is kept, for that disk may never come back.
  expect(await send(store, ctSlice(1))).toMatchObject({ outcome: 'stored', contentId })
  objects = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)
  expect(objects.filter(({ path }) => path === '')).toEqual([])
  // The real file stands there before the pipe gives way: nobody opens the pipe a second time.
  const pipe = openSync(join(root, IDENTITY), 'r+')
  writeFileSync(join(root, 'again'), identity)
  renameSync(join(root, 'again'), join(root, IDENTITY))
  writeSync(pipe, identity)
  closeSync(pipe)
  await expect.poll(async () => (await stateOf(store, 'nas'))?.state, { timeout: 20_000 }).toBe('ready')
  await expectSlices(store, 6)
}, 60_000)

test('a disk that turned read-only is read, what settles stays in the data folder, and it is used again when it can be', async () => {
  const disk = smallDisk(20)
  const { store, dataDir } = await newStore({
    ...options([{ id: 'small', path: disk.folder, rule: { modalities: ['CT'] } }]),
    watermarks: { warn: 0, close: 0, refuse: 0 },
  })
  const told = toldBy(store)
  await send(store, ctSlice(1))
  await store.settleAll()
  disk.remount('ro')
  await send(store, ctSlice(2))
  await store.settleAll()
  await expect.poll(async () => (await stateOf(store, 'small'))?.state, { timeout: 10_000 }).toBe('readOnly')
  await expect.poll(() => told).toContainEqual(expect.stringMatching(/"small" cannot be written/))
  expect(filesIn(disk.folder)).toHaveLength(1)
  expect(filesIn(join(dataDir, 'files'))).toHaveLength(1)
  await expectSlices(store, 2)
  disk.remount('rw')
  await expect.poll(async () => (await stateOf(store, 'small'))?.state, { timeout: 10_000 }).toBe('ready')
  await send(store, ctSlice(3))
  await store.settleAll()
  expect(filesIn(disk.folder)).toHaveLength(2)
})

test('a full volume sends what settles to the data folder', async () => {
  const disk = smallDisk(20)
  const { store, dataDir } = await newStore({
    ...options([{ id: 'small', path: disk.folder, rule: { modalities: ['CT'] } }]),
    watermarks: { warn: 0, close: 0, refuse: 0 },
  })
  disk.leaveFree(4096)
  for (let n = 1; n <= 3; n++) await send(store, ctSlice(n, {}))
  await store.settleAll()
  expect(store.backlog.objects).toBe(0)
  expect(filesIn(join(dataDir, 'files'))).toHaveLength(3)
  await expectSlices(store, 3)
})

test('a volume is emptied while it is used, over a restart, and nothing is lost or doubled', async () => {
  const [old, fresh] = [temporaryFolder(), temporaryFolder()]
  const first = [{ id: 'old', path: old, rule: { modalities: ['CT'] } }]
  const { store, dataDir } = await newStore(options(first))
  for (let n = 1; n <= 80; n++) await send(store, ctSlice(n))
  await store.settleAll()
  const before = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 100)
  expect(filesIn(old)).toHaveLength(80)
  await store.close()

  const both = [...first, { id: 'fresh', path: fresh, rule: { modalities: ['CT'] } }]
  const { store: moving } = await newStore({ ...options(both), dataDir })
  await moving.drainVolume('old')
  await expect
    .poll(async () => (await stateOf(moving, 'old'))?.draining?.moved ?? 0, { timeout: 20_000 })
    .toBeGreaterThan(0)
  await moving.close()

  const { store: later } = await newStore({ ...options(both), dataDir })
  const told = toldBy(later)
  await expect.poll(async () => (await stateOf(later, 'old'))?.images, { timeout: 20_000 }).toBe(0)
  await expect.poll(() => told).toContainEqual(expect.stringMatching(/"old" lie elsewhere now/))
  await expect.poll(() => filesIn(old), { timeout: 20_000 }).toEqual([])
  expect(filesIn(fresh)).toHaveLength(80)
  await expectSlices(later, 80)
  // Who was told the place on the old volume is led to the new one.
  const files = new FileHandles(id => later.read.locateContent(id))
  const bytes = Buffer.alloc(before[0]!.dataSetLength)
  await files.read(before[0]!, bytes, before[0]!.dataSetOffset)
  expect(bytes.equals(ctSlice(1).bytes)).toBe(true)
  files.close()
  // Nothing new comes there until it is kept.
  await send(later, ctSlice(81))
  await later.settleAll()
  expect(filesIn(fresh)).toHaveLength(81)
  await later.keepVolume('old')
  await send(later, ctSlice(82))
  await later.settleAll()
  expect(filesIn(old)).toHaveLength(1)
}, 60_000)

test('what goes back to a volume that has just been emptied stays there', async () => {
  const both = ['one', 'two'].map(id => ({ id, path: temporaryFolder(), rule: { modalities: ['CT'] } }))
  const { store, dataDir } = await newStore({ ...options(both), settle: { afterMs: 3_600_000, lingerMs: 3_600_000 } })
  await send(store, ctSlice(1))
  await store.settleAll()
  const [from = '', to = ''] = (await stateOf(store, 'one'))?.images === 1 ? ['one', 'two'] : ['two', 'one']
  const images = async (name: string) => (await stateOf(store, name))?.images
  await store.drainVolume(from)
  await expect.poll(() => images(to), { timeout: 20_000 }).toBe(1)
  await store.keepVolume(from)
  await store.drainVolume(to)
  await expect.poll(() => images(from), { timeout: 20_000 }).toBe(1)
  // Whatever was left behind for a while is removed now.
  await store.close()
  const { store: next } = await newStore({ ...options(both), dataDir })
  await expectSlices(next, 1)
})

test('what is damaged on a volume that is emptied stays there and is told', async () => {
  const old = temporaryFolder()
  const { store } = await newStore(options([{ id: 'old', path: old, rule: { modalities: ['CT'] } }]))
  const told = toldBy(store)
  const { contentId } = await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  await store.settleAll()
  const { path, dataSetOffset } = await store.read.locateContent(contentId)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([0xff, 0xee, 0xdd]), 0, 3, dataSetOffset + 3000)
  await store.drainVolume('old')
  await expect
    .poll(() => told, { timeout: 20_000 })
    .toContainEqual(expect.stringMatching(/1 images? of the disk "old"/))
  expect((await store.read.locateContent(contentId)).path).toBe(path)
  expect(existsSync(path)).toBe(true)
  expect((await stateOf(store, 'old'))?.images).toBe(1)
})

test('how many images exist on one disk alone follows the rows, whoever writes them', () => {
  const db = new Database(':memory:')
  migrate(db)
  db.pragma('foreign_keys = OFF')
  db.exec(
    `INSERT INTO volume (id, name, identity, root, available) VALUES (2, 'a', 'a', '/a/', 1), (3, 'b', 'b', '/b/', 1)`,
  )
  const add = db.prepare(
    `INSERT INTO copy (content, volume, file, offset, length, metaLength, state) VALUES (?, ?, '', 0, 10, 1, 'whole')`,
  )
  const counted = () => db.prepare('SELECT id, objects, bytes, onlyHere FROM volume ORDER BY id').all()
  const fromRows = () =>
    db
      .prepare(
        `SELECT id, (SELECT count(*) FROM copy WHERE volume = volume.id) AS objects,
           (SELECT coalesce(sum(length), 0) FROM copy WHERE volume = volume.id) AS bytes,
           (SELECT count(*) FROM copy WHERE volume = volume.id
              AND NOT EXISTS (SELECT 1 FROM copy AS o WHERE o.content = copy.content AND o.volume <> copy.volume)) AS onlyHere
         FROM volume ORDER BY id`,
      )
      .all()
  const steps = [
    () => add.run(1, 0),
    () => add.run(2, 0),
    () => db.exec('UPDATE copy SET volume = 2 WHERE content = 1'),
    () => add.run(1, 3),
    () => add.run(1, 1),
    () => db.exec('DELETE FROM copy WHERE content = 1 AND volume = 2'),
    () => db.exec('DELETE FROM copy WHERE content = 1 AND volume = 3'),
    () => db.exec('UPDATE copy SET volume = 3 WHERE volume = 0'),
    () => db.exec('DELETE FROM copy'),
  ]
  for (const [index, step] of steps.entries()) {
    step()
    expect(counted(), `step ${index}`).toEqual(fromRows())
  }
  db.close()
})

test('a landing file that another program holds is removed later; ingest and settling do not wait for it', async () => {
  let locked = true
  const disk = createDisk()
  const holding = {
    ...disk,
    removeFile: async (path: string) => {
      if (locked && path.includes('landing')) throw Object.assign(new Error('busy'), { code: 'EBUSY' })
      await disk.removeFile(path)
    },
  }
  const { store, dataDir } = await newStore({ disk: holding, settle: { afterMs: 0, tickMs: 20, lingerMs: 0 } })
  const spilled = () => readdirSync(join(dataDir, 'landing')).filter(name => name.endsWith('.dcm'))
  await send(store, ctSlice(1, {}, { size: 1024 }))
  await expect.poll(() => store.backlog.objects, { timeout: 20_000 }).toBe(0)
  expect(spilled()).toHaveLength(1)
  expect((await send(store, ctSlice(2))).outcome).toBe('stored')
  await expect.poll(() => store.backlog.objects, { timeout: 20_000 }).toBe(0)
  locked = false
  await expect.poll(spilled, { timeout: 20_000 }).toEqual([])
})
