import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import type { Store } from '../../electron/station/store/index.ts'
import { contract } from '../../shared/contract.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { ctSlice, newStore, scanner, send, temporaryFolder } from './objects.ts'

interface Followed {
  stored: number
  passed: number
  refused: Array<{ file: string; reason: string }>
}

async function repair(store: Store, verify = false): Promise<Followed> {
  const followed: Followed = { stored: 0, passed: 0, refused: [] }
  await store.repair(verify, {
    signal: new AbortController().signal,
    total() {},
    received: () => void followed.stored++,
    passed: () => void followed.passed++,
    failed: (file, reason) => void followed.refused.push({ file, reason }),
  })
  return followed
}

/** Everything a worklist and a viewer show, without the numbers that rows happen to have. */
async function everything(store: Store) {
  const { studies } = await store.read.listStudies(contract['studies.list'].in.parse({ sort: 'StudyDate' }))
  const all = []
  for (const { id: _, ...study } of studies.sort((a, b) => (a.StudyInstanceUID < b.StudyInstanceUID ? -1 : 1))) {
    const { series } = await store.read.getStudy(study.StudyInstanceUID)
    const objects = await store.read.locate({ StudyInstanceUID: study.StudyInstanceUID }, 1000)
    const shown = objects.map(({ contentId, SOPInstanceUID, path, dataSetOffset, dataSetLength }) => ({
      contentId,
      SOPInstanceUID,
      bytes: createHash('md5')
        .update(readFileSync(path).subarray(dataSetOffset, dataSetOffset + dataSetLength))
        .digest('hex'),
    }))
    all.push({ ...study, series, shown })
  }
  return { counts: await store.read.counts(), all }
}

const index = (dataDir: string) => join(dataDir, 'index.sqlite')

function relations(dataDir: string): unknown[] {
  const db = new Database(index(dataDir), { readonly: true })
  const rows = db.prepare('SELECT id, relation, TransferSyntaxUID, length FROM content ORDER BY id').all()
  db.close()
  return rows
}

/** Two patients, a revision, a conflict, a large object, other encodings, what people decided; half of it settled. */
async function livedIn() {
  const { store, dataDir } = await newStore()
  for (const n of [1, 2, 3]) await send(store, ctSlice(n))
  await send(store, ctSlice(4, {}, { size: 1024 }))
  await send(store, ctSlice(5, {}, { TransferSyntaxUID: TS.ImplicitVRLittleEndian }))
  await send(store, ctSlice(1, {}, { study: 2 }))
  const [revision, conflict, duplicate] = [
    await send(store, ctSlice(1, { StudyDescription: 'corrected' })),
    await send(store, ctSlice(2, { PixelData: new Uint16Array(64 * 64).fill(7) })),
    await send(store, ctSlice(3)),
  ]
  expect([revision.outcome, conflict.outcome, duplicate.outcome]).toEqual(['revision', 'conflict', 'duplicate'])
  await send(store, ctSlice(9, {}, { study: 3 }), {
    ...scanner,
    door: 'import',
    sendingAET: '',
    receivingAET: '',
    address: '',
  })
  await store.setReading([{ StudyInstanceUID: '2.25.1000.1', status: 'read' }], 'anna')
  await store.setPriority('2.25.1000.2', 'stat')
  await store.putDraft('2.25.1000.1', 'anna', { marks: [1, 2] }, 0)
  return { store, dataDir }
}

test('an index that is gone is made again: the same studies, versions, counts, decisions', async () => {
  const { store, dataDir } = await livedIn()
  await store.settleAll()
  const before = await everything(store)
  await store.close()
  const rows = relations(dataDir)
  rmSync(index(dataDir))
  const { store: again } = await newStore({ dataDir })
  expect(again.needsRepair).toBe(true)
  await repair(again)
  expect(again.needsRepair).toBe(false)
  expect(await everything(again)).toEqual(before)
  expect(await again.read.getDraft('2.25.1000.1', 'anna')).toEqual({ draft: { marks: [1, 2] }, rev: 1 })
  expect(relations(dataDir)).toEqual(rows)
  expect((await send(again, ctSlice(3))).outcome).toBe('duplicate')
  expect((await repair(again, true)).refused).toEqual([])
})

test('what had not settled comes from the landing log, and nothing is there twice', async () => {
  const { store, dataDir } = await livedIn()
  const before = await everything(store)
  await store.close()
  rmSync(index(dataDir))
  const { store: again } = await newStore({ dataDir })
  const strip = (found: Awaited<ReturnType<typeof everything>>) => ({
    ...found,
    all: found.all.map(({ shown, ...study }) => ({ ...study, shown: shown.map(({ bytes }) => bytes) })),
  })
  await repair(again)
  const after = await everything(again)
  expect(strip(after).all.map(({ shown }) => shown)).toEqual(strip(before).all.map(({ shown }) => shown))
  expect(after.counts).toEqual(before.counts)
  // No number is given a second time, though no row knew of it.
  const given = before.all.flatMap(({ shown }) => shown.map(({ contentId }) => contentId))
  const anew = after.all.flatMap(({ shown }) => shown.map(({ contentId }) => contentId))
  expect(Math.min(...anew)).toBeGreaterThan(Math.max(...given))
  await again.settleAll()
  expect((await repair(again)).refused).toEqual([])
})

test('a damaged index is set aside, not deleted; images are taken and read while the new one fills', async () => {
  const { store, dataDir } = await livedIn()
  await store.settleAll()
  const before = await everything(store)
  await store.close()
  writeFileSync(index(dataDir), 'this was a database once, and is none any more'.repeat(500))
  const { store: again } = await newStore({ dataDir })
  const told: string[] = []
  again.onProblem(({ sentence }) => told.push(sentence))
  await expect.poll(() => told).toEqual([expect.stringContaining('set aside')])
  expect(globSync('index.sqlite.damaged-*', { cwd: dataDir }).length).toBeGreaterThan(0)
  const running = repair(again)
  expect((await send(again, ctSlice(1, {}, { study: 7 }))).outcome).toBe('stored')
  await running
  const { counts } = await everything(again)
  expect(counts.instances).toBe(before.counts.instances + 1)
})

test('other bytes that come again while the index is made anew never pass for the first', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  await store.settleAll()
  await store.close()
  rmSync(index(dataDir))
  const { store: again } = await newStore({ dataDir })
  // The same UID, with other pixels and in another study: as if it were the first of its kind.
  await send(
    again,
    ctSlice(1, { StudyInstanceUID: '2.25.9', SeriesInstanceUID: '2.25.9.1', PixelData: new Uint16Array(64 * 64) }),
  )
  expect(await again.read.counts()).toMatchObject({ studies: 1, instances: 1 })
  await repair(again)
  expect(await again.read.counts()).toMatchObject({ studies: 1, series: 1, instances: 2 })
  const [first] = await again.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)
  expect(
    readFileSync(first?.path ?? '')
      .subarray(first?.dataSetOffset)
      .equals(ctSlice(1).bytes),
  ).toBe(true)
  expect(relations(dataDir)).toMatchObject([{ relation: 'first' }, { relation: 'first' }, { relation: 'conflict' }])
})

test('an index of days ago is brought up to date by files, landing log and decisions', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const old = join(temporaryFolder(), 'index.sqlite')
  const db = new Database(index(dataDir))
  db.prepare('VACUUM INTO ?').run(old)
  db.close()
  // Settled since: the old index still has it in a segment that is gone.
  await store.settleAll()
  for (const n of [2, 3]) await send(store, ctSlice(n))
  await send(store, ctSlice(1, {}, { study: 2 }))
  await store.settleAll()
  await send(store, ctSlice(4))
  await store.setReading([{ StudyInstanceUID: '2.25.1000.1', status: 'read' }], 'anna')
  await store.setReading([{ StudyInstanceUID: '2.25.1000.2', status: 'read' }], 'ben')
  const before = await everything(store)
  await store.close()
  for (const end of ['-wal', '-shm']) rmSync(index(dataDir) + end, { force: true })
  copyFileSync(old, index(dataDir))
  const { store: again } = await newStore({ dataDir })
  expect(again.needsRepair).toBe(true)
  await repair(again)
  await again.settleAll()
  const after = await everything(again)
  expect(after.counts).toEqual(before.counts)
  expect(after.all.map(({ reading }) => reading)).toEqual(before.all.map(({ reading }) => reading))
  expect(after.all.map(({ shown }) => shown.map(({ bytes }) => bytes))).toEqual(
    before.all.map(({ shown }) => shown.map(({ bytes }) => bytes)),
  )
  expect((await repair(again, true)).refused).toEqual([])
})

test('a repair that is cut off is begun again by the next start', async () => {
  const { store, dataDir } = await newStore()
  for (const n of [1, 2, 3]) await send(store, ctSlice(n))
  await store.settleAll()
  await store.close()
  rmSync(index(dataDir))
  const { store: cut } = await newStore({ dataDir })
  const quiet = { total() {}, received() {}, passed() {}, failed() {} }
  await cut.repair(false, { ...quiet, signal: AbortSignal.abort() })
  expect(cut.needsRepair).toBe(true)
  await cut.close()
  const { store: again } = await newStore({ dataDir })
  expect(again.needsRepair).toBe(true)
  await repair(again)
  expect(await again.read.counts()).toMatchObject({ instances: 3 })
  await again.close()
  const { store: healthy } = await newStore({ dataDir })
  expect(healthy.needsRepair).toBe(false)
})

test('the newest backup that can be opened is what a lost index begins as', async () => {
  const { store: first, dataDir } = await newStore()
  await send(first, ctSlice(1))
  await first.setSetting('anna', 'columns', ['PatientName'])
  await first.close()
  // All of that is there before the first backup.
  const { store } = await newStore({ dataDir, upkeep: { backup: { firstAfterMs: 0, tickMs: 20 } } })
  await expect
    .poll(() => existsSync(join(dataDir, 'backups')) && readdirSync(join(dataDir, 'backups')), { timeout: 20_000 })
    .toEqual([expect.stringMatching(/^index-\d{4}-\d\d-\d\d\.sqlite$/)])
  await expect.poll(async () => (await store.health()).backupAgeSeconds).toBeLessThan(60)
  await store.settleAll()
  await send(store, ctSlice(2))
  await store.settleAll()
  await store.close()
  writeFileSync(join(dataDir, 'backups', 'index-2999-01-01.sqlite'), 'no database')
  writeFileSync(index(dataDir), 'no database')
  const { store: again } = await newStore({ dataDir })
  await repair(again)
  expect(await again.read.getSettings('anna')).toEqual({ columns: ['PatientName'] })
  expect(await again.read.counts()).toMatchObject({ instances: 2 })
})

test('a file that is gone is marked and named; sent again, the image is whole', async () => {
  const { store, dataDir } = await newStore()
  const { contentId } = await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  await store.settleAll()
  const { path } = await store.read.locateContent(contentId)
  rmSync(path)
  const told: string[] = []
  store.onProblem(({ sentence }) => told.push(sentence))
  expect((await repair(store)).refused).toEqual([
    { file: 'files/0000/00/00000001.dcm', reason: 'Its file is missing.' },
  ])
  expect((await store.health()).damagedCopies).toBe(1)
  await expect.poll(() => told).toEqual([expect.stringContaining('no other copy')])
  const [report = ''] = readdirSync(join(dataDir, 'repairs'))
  const lines = readFileSync(join(dataDir, 'repairs', report), 'utf8')
  expect(lines).toBe(
    `damaged\t1\tfiles/0000/00/00000001.dcm\t2.25.1000.1/${ctSlice(1).SOPInstanceUID}\tIts file is missing.\n`,
  )
  expect(await send(store, ctSlice(1))).toMatchObject({ outcome: 'stored', contentId })
  expect((await store.health()).damagedCopies).toBe(0)
  await store.settleAll()
  expect((await repair(store, true)).refused).toEqual([])
  expect(await store.read.counts()).toMatchObject({ instances: 2 })
})

test('bytes that changed are found by reading them, and by the scrub; those that are put right count as whole', async () => {
  const { store } = await newStore({
    upkeep: { scrubBytesPerSecond: 1 << 30, scrub: { firstAfterMs: 0, tickMs: 10, passMs: 0 } },
  })
  const { contentId } = await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  await store.settleAll()
  const { path, dataSetOffset } = await store.read.locateContent(contentId)
  const told: string[] = []
  store.onProblem(({ detail }) => told.push(detail))
  const file = openSync(path, 'r+')
  const [right] = readFileSync(path).subarray(dataSetOffset + 3000)
  writeSync(file, Uint8Array.of((right ?? 0) ^ 1), 0, 1, dataSetOffset + 3000)
  await expect.poll(async () => (await store.health()).damagedCopies, { timeout: 20_000 }).toBe(1)
  // Counted first, then told.
  await expect.poll(() => told).toEqual([expect.stringContaining('not those that were received')])
  await expect.poll(async () => (await store.health()).scrubbedBytes).toBeGreaterThan(0)
  const { refused } = await repair(store, true)
  expect(refused).toEqual([expect.objectContaining({ reason: expect.stringContaining('not those') })])
  writeSync(file, Uint8Array.of(right ?? 0), 0, 1, dataSetOffset + 3000)
  expect((await repair(store)).refused).toEqual([])
  expect((await store.health()).damagedCopies).toBe(0)
})

test('a scrub goes on where it was, and gives a hash to what never had one', async () => {
  const { store, dataDir } = await newStore({ upkeep: { scrubBytesPerSecond: 0 } })
  for (const n of [1, 2]) await send(store, ctSlice(n))
  await store.settleAll()
  await store.close()
  const db = new Database(index(dataDir))
  db.exec(`UPDATE content SET sha256 = x'', crc = NULL; UPDATE state SET value = 1 WHERE key = 'scrubbedTo'`)
  db.close()
  const hashes = () => {
    const db = new Database(index(dataDir), { readonly: true })
    const lengths = db.prepare('SELECT length(sha256) FROM content ORDER BY id').pluck().all()
    db.close()
    return lengths
  }
  const { store: again } = await newStore({
    dataDir,
    upkeep: { scrubBytesPerSecond: 1 << 30, scrub: { firstAfterMs: 0, tickMs: 10, passMs: 3_600_000 } },
  })
  await expect.poll(hashes, { timeout: 20_000 }).toEqual([0, 32])
  await again.close()
})

test('what is no object, or lies twice, is set aside; a stranger stays where it is', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  await store.settleAll()
  await store.close()
  const folder = join(dataDir, 'files/0000/00')
  copyFileSync(join(folder, '00000001.dcm'), join(folder, '00000010.dcm'))
  copyFileSync(join(folder, '00000002.dcm'), join(folder, '00000011.dcm'))
  truncateSync(join(folder, '00000011.dcm'), 5000)
  writeFileSync(join(folder, '00000012.dcm'), '')
  writeFileSync(join(folder, '00000013.dcm'), 'not at all')
  writeFileSync(join(folder, 'notes.txt'), 'mine')
  const { store: again } = await newStore({ dataDir })
  expect(again.needsRepair).toBe(true)
  const { refused } = await repair(again)
  expect(refused.map(({ file }) => file).sort()).toEqual(
    ['10', '11', '12', '13'].map(n => `files/0000/00/000000${n}.dcm`),
  )
  expect(await again.read.counts()).toMatchObject({ instances: 2 })
  expect(readdirSync(folder).sort()).toEqual(['00000001.dcm', '00000002.dcm', 'notes.txt'])
  expect([readdirSync(join(dataDir, 'orphans')).length, readdirSync(join(dataDir, 'quarantine')).length]).toEqual([
    1, 3,
  ])
  // Never the number of what is there or was.
  expect((await send(again, ctSlice(3))).contentId).toBeGreaterThan(0x13)
})

test('a new index that was asked for takes from the old one what no file says, and its checksums', async () => {
  const { store, dataDir } = await newStore()
  const { contentId } = await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  await store.settleAll()
  const { path, dataSetOffset } = await store.read.locateContent(contentId)
  await store.close()
  // A start without anything to settle leaves no landing file from which the image would come back whole.
  const { store: tidied } = await newStore({ dataDir })
  await tidied.close()
  const [byte = 0] = readFileSync(path).subarray(dataSetOffset + 3000)
  writeSync(openSync(path, 'r+'), Uint8Array.of(byte ^ 1), 0, 1, dataSetOffset + 3000)
  writeFileSync(join(dataDir, 'index.rebuild'), 'asked')
  const { store: again } = await newStore({ dataDir })
  expect((await repair(again, true)).refused).toEqual([
    expect.objectContaining({ reason: expect.stringContaining('not those') }),
  ])
  expect(await again.read.counts()).toMatchObject({ instances: 2 })
  expect((await again.health()).damagedCopies).toBe(1)
  const db = new Database(index(dataDir), { readonly: true })
  const rows = db.prepare('SELECT address, sendingAET, state FROM content JOIN copy ON copy.content = content.id').all()
  db.close()
  const origin = { address: '10.0.0.7', sendingAET: 'CT1' }
  expect(rows).toEqual([
    { ...origin, state: 'damaged' },
    { ...origin, state: 'whole' },
  ])
  expect(await send(again, ctSlice(1))).toMatchObject({ outcome: 'stored', contentId })
  expect((await again.health()).damagedCopies).toBe(0)
})

test('damage further in than opening looks condemns the index for the next start', async () => {
  const { store, dataDir } = await newStore()
  for (let n = 1; n <= 40; n++) await send(store, ctSlice(n, {}, { size: 4 }))
  await store.settleAll()
  const before = await store.read.counts()
  await store.close()
  const size = statSync(index(dataDir)).size
  const db = new Database(index(dataDir), { readonly: true })
  const page = Number(db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'instance'`).pluck().get())
  db.close()
  expect(page * 4096).toBeLessThanOrEqual(size)
  const file = openSync(index(dataDir), 'r+')
  writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, (page - 1) * 4096)
  const { store: damaged } = await newStore({ dataDir })
  const told: string[] = []
  damaged.onProblem(({ sentence }) => told.push(sentence))
  await expect(damaged.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)).rejects.toMatchObject({
    code: 'index-damaged',
  })
  await expect.poll(() => existsSync(join(dataDir, 'index.rebuild'))).toBe(true)
  expect(told).toEqual([expect.stringContaining('The images are not')])
  await damaged.close()
  const { store: again } = await newStore({ dataDir })
  await repair(again)
  expect(await again.read.counts()).toEqual(before)
})

test('a folder that was copied back gives its positions another epoch than the one it goes on beside', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.close()
  const copy = join(temporaryFolder(), 'data')
  cpSync(dataDir, copy, { recursive: true })
  const epochOf = async (folder: string) => {
    const { store: opened } = await newStore({ dataDir: folder })
    await send(opened, ctSlice(2))
    await opened.close()
    const db = new Database(index(folder), { readonly: true })
    const newest = db.prepare('SELECT epoch FROM change ORDER BY seq DESC LIMIT 1').pluck().get()
    db.close()
    return newest
  }
  expect(await epochOf(copy)).not.toBe(await epochOf(dataDir))
})
