import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { FileHandles, type Store } from '../../electron/station/store/index.ts'
import type { Proof } from '../../shared/sync.ts'
import { EMPTY_DRAFT } from '../../shared/viewing/draft.ts'
import { ctSlice, newStore, send, type TestObject, temporaryFolder } from './objects.ts'
import { archive, leaseAll, looked } from './outboxModel.ts'

const FROM = ['pacs']
const quiet = {
  signal: new AbortController().signal,
  total() {},
  received() {},
  passed() {},
  failed() {},
}
const slice = (n: number, study = 1) => ctSlice(n, {}, { study })
const uidOf = (study: number) => `2.25.1000.${study}`

/** What has left says so when it is located. */
const locate = (store: Store, contentId: number) =>
  store.read.locateContent(contentId).then(
    ({ path }) => path,
    (error: { code: string }) => error.code,
  )
const filesIn = (dataDir: string) =>
  readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true }).filter(file => file.isFile()).length

/** Received, settled, read by somebody, and shown by an archive in this way. */
async function keep(store: Store, dataDir: string, objects: TestObject[], proof: Proof = 'equal') {
  await store.outbox.setDestinations([archive('pacs')])
  const received = []
  for (const object of objects) received.push(await send(store, object))
  await store.settleAll()
  await looked(dataDir)
  const items = await leaseAll(store, 'pacs')
  await store.outbox.settle(
    'pacs',
    items.map(({ contentId }) => ({ contentId, state: 'confirmed', proof })),
  )
  const studies = [...new Set(received.map(({ StudyInstanceUID }) => StudyInstanceUID))]
  await store.setReading(
    studies.map(StudyInstanceUID => ({ StudyInstanceUID, status: 'read' })),
    'ann',
  )
  return received.map(({ contentId }) => contentId)
}

test('a study leaves when all of it is proved, stays on the list, and comes back equal when it is read', async () => {
  const { store, dataDir } = await newStore()
  const objects = [slice(1), slice(2), slice(3)]
  const contents = await keep(store, dataDir, objects)
  const before = await store.read.getStudy(uidOf(1))
  const [first] = await store.read.locate({ StudyInstanceUID: uidOf(1) }, 1)
  const [frame] = await store.read.locateFrames([[contents[0]!, 1]])
  const handles = new FileHandles(id => store.read.locateContent(id))
  onTestFinished(() => handles.close())
  const pixels = Buffer.alloc(frame!.ranges[0]![1])
  await handles.read(frame!, pixels, frame!.ranges[0]![0])

  const { bytes } = await store.evict(uidOf(1), FROM)
  expect(bytes).toBeGreaterThan(objects.reduce((sum, object) => sum + object.bytes.length, 0))
  await expect.poll(() => filesIn(dataDir)).toBe(0)
  for (const id of contents) expect(await locate(store, id)).toBe('on-archive')
  expect((await store.read.getStudy(uidOf(1))).study).toMatchObject({
    NumberOfStudyRelatedInstances: 3,
    size: before.study.size,
    lastReceived: before.study.lastReceived,
  })
  expect(await store.read.evictedTotal()).toEqual({ images: 3, bytes })
  expect((await store.volumes()).volumes[0]).toMatchObject({ images: 0, bytes: 0, onlyHere: 0 })
  expect(await store.read.evictedOf(uidOf(1), 10)).toEqual(contents)
  expect(await store.read.evicted(contents[0]!)).toMatchObject({
    SOPInstanceUID: objects[0]!.SOPInstanceUID,
    length: objects[0]!.bytes.length,
    origin: { door: 'dimse', sendingAET: 'CT1' },
    destinations: ['pacs'],
  })
  // It has left: there is nothing to leave again, and what is told of damage and of verifying knows nothing of it.
  expect(await store.evict(uidOf(1), FROM)).toEqual({ bytes: 0 })
  expect(await store.read.damagedCopies()).toBe(0)

  let fetched = 0
  const files = new FileHandles(
    id => store.read.locateContent(id),
    async id => {
      fetched++
      await send(store, objects[contents.indexOf(id)]!)
    },
  )
  onTestFinished(() => files.close())
  // As it was located before it left, and as it is located now.
  const [gone] = await store.read.locateFrames([[contents[0]!, 1]])
  expect(gone!.path).toBe('')
  const again = Buffer.alloc(pixels.length)
  await files.read(gone!, again, gone!.ranges[0]![0])
  expect(again.equals(pixels)).toBe(true)
  await files.read(frame!, again.fill(0), frame!.ranges[0]![0])
  expect(again.equals(pixels)).toBe(true)
  expect(fetched).toBe(1)
  expect(first!.contentId).toBe(contents[0])
  const after = await store.read.getStudy(uidOf(1))
  expect(after.study).toMatchObject({ NumberOfStudyRelatedInstances: 3, lastReceived: before.study.lastReceived })
  expect(await store.read.evictedTotal()).toMatchObject({ images: 2 })
  await store.settleAll()
  expect(filesIn(dataDir)).toBe(1)
  await files.read(gone!, again.fill(0), gone!.ranges[0]![0])
  expect(again.equals(pixels)).toBe(true)
})

test('nothing leaves that is not proved, or that somebody still needs here', async () => {
  const { store, dataDir } = await newStore()
  const stays = async () => expect(await store.evict(uidOf(1), FROM)).toEqual({ bytes: 0 })
  await keep(store, dataDir, [slice(1), slice(2)], 'listed')
  await stays()
  const [toAudit] = await store.outbox.toAudit('pacs', Number.MAX_SAFE_INTEGER, 1)
  await store.outbox.settle('pacs', [{ contentId: toAudit!.contentId, state: 'confirmed', proof: 'equal' }])
  await stays()
  const rest = await store.outbox.toAudit('pacs', Number.MAX_SAFE_INTEGER, 10)
  const prove = (proof: 'present' | 'equal', reason = '') =>
    store.outbox.settle(
      'pacs',
      rest.map(({ contentId }) => ({ contentId, state: 'confirmed', proof, reason })),
    )
  // It lists them: it may hold other bytes under their UIDs.
  await prove('present')
  await stays()
  // It wrote anew what it was sent: the same elements, other bytes, which would not come back as what left.
  await prove('equal', 'encoded anew, every element is equal')
  await stays()
  await prove('equal')
  // By an archive that gives nothing back.
  expect(await store.evict(uidOf(1), [])).toEqual({ bytes: 0 })
  await store.putDraft(uidOf(1), 'ann', { text: 'a finding' }, 0)
  await stays()
  const calibration = { unit: 'px', drawn: 100, mm: 25, SOPInstanceUID: '1.2', frame: 1 }
  await store.putDraft(uidOf(1), 'ann', { ...EMPTY_DRAFT, calibrations: { one: calibration } }, 1)
  await store.setReading([{ StudyInstanceUID: uidOf(1), status: 'read' }], 'ann')
  await stays()
  // How it was looked at is no work: every opening leaves that behind.
  await store.putDraft(uidOf(1), 'ann', EMPTY_DRAFT, 2)
  await store.setReading([{ StudyInstanceUID: uidOf(1), status: 'opened' }], 'ann')
  await stays()
  await store.setReading([{ StudyInstanceUID: uidOf(1), status: 'read' }], 'ann')
  const [late] = [await send(store, slice(3))]
  await stays()
  await store.settleAll()
  await stays()
  await store.remove(
    [{ StudyInstanceUID: uidOf(1), SeriesInstanceUID: '2.25.1000.1.1', SOPInstanceUID: late.SOPInstanceUID }],
    '',
    'ann',
  )
  await stays()
  expect(filesIn(dataDir)).toBe(3)
})

test('other bytes under the UID of what has left are kept beside it and shown', async () => {
  const { store, dataDir } = await newStore()
  const [content] = await keep(store, dataDir, [slice(1)])
  await store.evict(uidOf(1), FROM)
  const other = await send(store, ctSlice(1, { PatientComments: 'changed' }, { study: 1 }))
  expect(other.outcome).toBe('conflict')
  expect(await locate(store, content!)).toBe('on-archive')
  expect(await locate(store, other.contentId)).toContain('landing')
})

test('with an older index or none, what has left is not taken for damage, and what came back is not lost', async () => {
  const dataDir = temporaryFolder()
  const { store } = await newStore({ dataDir })
  const objects = [slice(1, 1), slice(1, 2)]
  const [gone, back] = await keep(store, dataDir, objects)
  const older = join(temporaryFolder(), 'older.sqlite')
  const db = new Database(join(dataDir, 'index.sqlite'), { readonly: true })
  await db.backup(older)
  db.close()
  await store.evict(uidOf(1), FROM)
  await store.evict(uidOf(2), FROM)
  await expect.poll(() => filesIn(dataDir)).toBe(0)
  await send(store, objects[1]!)
  // What tells that an older index is one.
  await send(store, slice(1, 3))
  await store.settleAll()
  await store.close()
  for (const index of [older, undefined]) {
    for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `index.sqlite${end}`), { force: true })
    if (index) copyFileSync(index, join(dataDir, 'index.sqlite'))
    const { store: again } = await newStore({ dataDir })
    expect(again.needsRepair).toBe(true)
    await again.repair(false, quiet)
    expect(await again.read.damagedCopies()).toBe(0)
    expect(existsSync(await locate(again, back!))).toBe(true)
    expect(await locate(again, gone!)).toBe(index ? 'on-archive' : 'not-found')
    await again.close()
  }
})

test('killed while studies leave: each image is here, or it has left and says so', async () => {
  const dataDir = temporaryFolder()
  const { store } = await newStore({ dataDir })
  const studies = Array.from({ length: 24 }, (_, index) => index + 1)
  const contents = await keep(
    store,
    dataDir,
    studies.map(study => slice(1, study)),
  )
  await store.close()
  const script = fileURLToPath(new URL('evictingStation.ts', import.meta.url))
  const left = new Set<string>()
  for (const until of [4, 12]) {
    const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (left.size + output.split('\n').length > until) child.kill('SIGKILL')
    })
    await once(child, 'close')
    for (const uid of output.split('\n').filter(Boolean)) left.add(uid)
  }
  const { store: again } = await newStore({ dataDir })
  let here = 0
  for (const [index, study] of studies.entries()) {
    const at = await locate(again, contents[index]!)
    if (left.has(uidOf(study))) expect(at).toBe('on-archive')
    if (at === 'on-archive') continue
    here++
    expect(existsSync(at)).toBe(true)
  }
  expect(left.size).toBeGreaterThanOrEqual(11)
  expect(here).toBeGreaterThan(0)
  await expect.poll(() => filesIn(dataDir)).toBe(here)
})
