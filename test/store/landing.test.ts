import { copyFileSync, cpSync, existsSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createDisk, type Disk, SyncError } from '../../electron/station/base/durable.ts'
import { FileHandles } from '../../electron/station/store/fileHandles.ts'
import type { Store } from '../../electron/station/store/index.ts'
import { ctSlice, newStore, scanner, send, temporaryFolder } from './objects.ts'

const segmentsIn = (dataDir: string) => readdirSync(join(dataDir, 'landing')).filter(name => name.endsWith('.seg'))

async function bytesOf(store: Store, contentId: number): Promise<Buffer> {
  const { path, dataSetOffset, dataSetLength } = await store.read.locateContent(contentId)
  return readFileSync(path).subarray(dataSetOffset, dataSetOffset + dataSetLength)
}

async function everyInstance(store: Store): Promise<Map<string, Buffer>> {
  const objects = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 1000)
  return new Map(
    await Promise.all(objects.map(async one => [one.SOPInstanceUID, await bytesOf(store, one.contentId)] as const)),
  )
}

/** What a power cut may leave: the landing folder as it was synced, the index without its newest transactions. */
async function withLostRows(objects: number): Promise<string> {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  const index = join(temporaryFolder(), 'index.sqlite')
  const db = new Database(join(dataDir, 'index.sqlite'))
  db.prepare('VACUUM INTO ?').run(index)
  db.close()
  for (let n = 2; n <= objects; n++) await send(store, ctSlice(n, {}, { size: n % 4 === 0 ? 1024 : 64 }))
  const cut = temporaryFolder()
  cpSync(join(dataDir, 'landing'), join(cut, 'landing'), { recursive: true })
  copyFileSync(index, join(cut, 'index.sqlite'))
  return cut
}

test('rows that were lost with the power come back from the landing log, small and large, once', async () => {
  const dataDir = await withLostRows(9)
  for (const start of ['first', 'second']) {
    const { store } = await newStore({ dataDir })
    const found = await everyInstance(store)
    expect(found.size, `${start} start`).toBe(9)
    for (let n = 1; n <= 9; n++) {
      const sent = ctSlice(n, {}, { size: n > 1 && n % 4 === 0 ? 1024 : 64 })
      expect(found.get(sent.SOPInstanceUID)?.equals(sent.bytes)).toBe(true)
    }
    expect((await store.read.counts()).instances).toBe(9)
    await store.close()
  }
  const { store } = await newStore({ dataDir })
  await store.settleAll()
  expect((await everyInstance(store)).size).toBe(9)
  expect(segmentsIn(dataDir)).toEqual([])
})

test('a log that is torn in the middle of a record gives what is whole before it', async () => {
  const dataDir = await withLostRows(6)
  const [segment = ''] = segmentsIn(dataDir)
  const path = join(dataDir, 'landing', segment)
  const bytes = readFileSync(path)
  const place = bytes.lastIndexOf(ctSlice(6).SOPInstanceUID)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(512), 0, 512, Math.ceil(place / 512) * 512)
  const { store } = await newStore({ dataDir })
  expect([...(await everyInstance(store)).keys()].sort()).toEqual([1, 2, 3, 4, 5].map(n => ctSlice(n).SOPInstanceUID))
})

test('a record whose head changed on the disk is where the log ends, though all of it can be read', async () => {
  const dataDir = await withLostRows(6)
  const [segment = ''] = segmentsIn(dataDir)
  const path = join(dataDir, 'landing', segment)
  // Who sent the last object: JSON in front of its bytes, which are whole.
  const place = readFileSync(path).lastIndexOf(`"sendingAET":"${scanner.sendingAET}"`)
  writeSync(openSync(path, 'r+'), Buffer.from('"sendingAET":"X'), 0, 15, place)
  const { store } = await newStore({ dataDir })
  expect([...(await everyInstance(store)).keys()].sort()).toEqual([1, 2, 3, 4, 5].map(n => ctSlice(n).SOPInstanceUID))
})

test('a segment that ends too early, or is none of ours, harms nobody', async () => {
  const dataDir = await withLostRows(3)
  const [segment = ''] = segmentsIn(dataDir)
  truncateSync(join(dataDir, 'landing', segment), 4096 + 100)
  const { store } = await newStore({ dataDir })
  expect((await send(store, ctSlice(7))).outcome).toBe('stored')
})

test('what has landed settles to a plain file with its SHA-256, and the segment goes', async () => {
  const { store, dataDir } = await newStore({ settle: { afterMs: 0, tickMs: 20, lingerMs: 0 } })
  const sent = [ctSlice(1), ctSlice(2, {}, { size: 1024 }), ctSlice(3)]
  for (const object of sent) await send(store, object)
  await expect.poll(() => store.backlog.objects, { timeout: 20_000 }).toBe(0)
  for (const object of await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)) {
    const file = readFileSync(object.path)
    expect(object).toMatchObject({ fileOffset: 0, path: expect.stringContaining(join(dataDir, 'files')) })
    const bytes = sent.find(one => one.SOPInstanceUID === object.SOPInstanceUID)?.bytes
    expect(file.subarray(object.dataSetOffset).equals(bytes ?? Buffer.alloc(0))).toBe(true)
  }
  await expect.poll(() => readdirSync(join(dataDir, 'landing')).filter(name => name.endsWith('.dcm'))).toEqual([])
  const again = await Promise.all(sent.map(object => send(store, object)))
  expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'duplicate'])
})

test('who was told a place before it settled still reads the same bytes', async () => {
  const { store, dataDir } = await newStore()
  const { contentId } = await send(store, ctSlice(1))
  await send(store, ctSlice(2))
  const before = await store.read.locateContent(contentId)
  await store.close()
  const { store: again } = await newStore({ dataDir })
  await again.settleAll()
  expect(existsSync(before.path)).toBe(false)
  const files = new FileHandles(id => again.read.locateContent(id))
  const bytes = Buffer.alloc(before.dataSetLength)
  await files.read(before, bytes, before.dataSetOffset)
  files.close()
  expect(bytes.equals(ctSlice(1).bytes)).toBe(true)
})

test('bytes that changed in the landing folder are told as damage, kept, and do not hold up the others', async () => {
  const { store } = await newStore()
  const told: string[] = []
  store.onProblem(({ sentence }) => told.push(sentence))
  const { contentId } = await send(store, ctSlice(1))
  const { contentId: other } = await send(store, ctSlice(2))
  const { path, dataSetOffset } = await store.read.locateContent(contentId)
  writeSync(openSync(path, 'r+'), Buffer.from([0xff, 0xff, 0xff]), 0, 3, dataSetOffset + 3000)
  await store.settleAll()
  await expect.poll(() => told).toEqual([expect.stringContaining('damaged')])
  expect((await store.read.locateContent(contentId)).path).toBe(path)
  expect((await bytesOf(store, other)).equals(ctSlice(2).bytes)).toBe(true)
})

test('with more waiting to settle than it may, small objects go to files of their own', async () => {
  const { store, dataDir } = await newStore({ landing: { mostBytes: 1, segmentBytes: 4 << 20, reserveBytes: 0 } })
  for (const n of [1, 2, 3]) await send(store, ctSlice(n, {}, { size: 256 }))
  await send(store, ctSlice(4))
  const spilled = readdirSync(join(dataDir, 'landing')).filter(name => name.endsWith('.dcm'))
  expect(spilled).toHaveLength(3)
  expect((await everyInstance(store)).get(ctSlice(4).SOPInstanceUID)?.equals(ctSlice(4).bytes)).toBe(true)
  expect((await everyInstance(store)).get(ctSlice(3).SOPInstanceUID)?.equals(ctSlice(3, {}, { size: 256 }).bytes)).toBe(
    true,
  )
})

test('small objects go to files of their own until the segments have settled, then into segments again', async () => {
  const { store } = await newStore({ landing: { mostBytes: 400_000, segmentBytes: 4 << 20, reserveBytes: 0 } })
  const placeOf = async (n: number, size = 256) => {
    const { contentId } = await send(store, ctSlice(n, {}, { size }))
    return (await store.read.locateContent(contentId)).path.slice(-4)
  }
  const places: string[] = []
  // Large ones have files of their own from the first: of the segments they take nothing.
  expect(await placeOf(100, 1024)).toBe('.dcm')
  for (let n = 1; n <= 6; n++) places.push(await placeOf(n))
  expect(places).toEqual(['.seg', '.seg', '.seg', '.seg', '.dcm', '.dcm'])
  await store.settleAll()
  expect(await placeOf(7)).toBe('.seg')
})

test('segments that have settled go while a stream that never rests is received', async () => {
  const { store, dataDir } = await newStore({ settle: { afterMs: 0, tickMs: 10, lingerMs: 50 } })
  await send(store, ctSlice(1))
  const [first = ''] = segmentsIn(dataDir)
  let n = 1
  await expect
    .poll(
      async () => {
        // The next comes before what came has settled.
        for (let i = 0; i < 4; i++) await send(store, ctSlice(++n, {}, { size: 512 }))
        return segmentsIn(dataDir)
      },
      { interval: 20, timeout: 30_000 },
    )
    .not.toContain(first)
})

test('after a failed sync the vault takes images again once the disk works, and adopts nothing of that segment', async () => {
  let broken = false
  const disk = createDisk()
  const failing: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      return {
        ...file,
        async sync() {
          if (broken) throw new SyncError(path, new Error('EIO'))
          await file.sync()
        },
      }
    },
  }
  const { store, dataDir } = await newStore({ disk: failing, recoverMs: 20 })
  await send(store, ctSlice(1))
  broken = true
  await expect(send(store, ctSlice(2))).rejects.toMatchObject({ code: 'store-read-only' })
  expect(store.writable).toBe(false)
  const condemned = segmentsIn(dataDir)
  broken = false
  await expect.poll(() => store.writable, { timeout: 10_000 }).toBe(true)
  const { contentId } = await send(store, ctSlice(3))
  expect(condemned.map(name => join(dataDir, 'landing', name))).not.toContain(
    (await store.read.locateContent(contentId)).path,
  )
  await store.close()
  const { store: again } = await newStore({ dataDir })
  expect([...(await everyInstance(again)).keys()].sort()).toEqual([1, 3].map(n => ctSlice(n).SOPInstanceUID))
})

test('what was refused for a failed sync does not come back from the log when the station ends before its disk works again', async () => {
  let broken = false
  const disk = createDisk()
  const failing: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      if (!path.endsWith('.seg')) return file
      return {
        ...file,
        async sync() {
          await file.sync()
          if (broken) throw new SyncError(path, new Error('EIO'))
        },
      }
    },
  }
  const { store, dataDir } = await newStore({ disk: failing, recoverMs: 600_000 })
  await send(store, ctSlice(1))
  broken = true
  await expect(send(store, ctSlice(2))).rejects.toMatchObject({ code: 'store-read-only' })
  await store.close()
  // All of it can be read in the segment, behind what the index knows.
  const { store: again } = await newStore({ dataDir })
  expect([...(await everyInstance(again)).keys()]).toEqual([ctSlice(1).SOPInstanceUID])
})

test('rows that are made while the bytes are on their way to the disk are seen behind them, or never', async () => {
  let syncing = Promise.resolve()
  const disk = createDisk('os')
  const held: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      return { ...file, sync: () => syncing }
    },
  }
  const { store } = await newStore({ disk: held, recoverMs: 20 })
  const uids = async () => [...(await everyInstance(store)).keys()].sort()
  const known = [1, 2, 3].map(n => ctSlice(n).SOPInstanceUID)
  // Behind a slow disk rows are begun later.
  for (const n of [1, 2, 3]) await send(store, ctSlice(n))
  let release = () => {}
  syncing = new Promise(resolve => {
    release = resolve
  })
  const outcomes: string[] = []
  const sent = [ctSlice(4), ctSlice(4), ctSlice(2)].map(object =>
    send(store, object).then(({ outcome }) => outcomes.push(outcome)),
  )
  // Time in which they would be answered.
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(outcomes).toEqual([])
  expect(await uids()).toEqual(known)
  release()
  await Promise.all(sent)
  expect(outcomes.sort()).toEqual(['duplicate', 'duplicate', 'stored'])
  expect(await uids()).toEqual([...known, ctSlice(4).SOPInstanceUID])
  syncing = Promise.reject(new SyncError('a segment', new Error('EIO')))
  syncing.catch(() => {})
  await expect(send(store, ctSlice(5))).rejects.toMatchObject({ code: 'store-read-only' })
  syncing = Promise.resolve()
  await expect.poll(() => store.writable, { timeout: 10_000 }).toBe(true)
  expect(await uids()).toEqual([...known, ctSlice(4).SOPInstanceUID])
})

test('a segment that settled while it was still written to is not removed with what came later', async () => {
  const { store, dataDir } = await newStore({ settle: { afterMs: 0, tickMs: 10, lingerMs: 0 } })
  const sent = new Map<string, Uint8Array>()
  for (let n = 1; n <= 60; n++) {
    // More than one segment of 8 MiB, with pauses in which everything settles.
    const object = ctSlice(n, {}, { size: 512 })
    await send(store, object)
    sent.set(object.SOPInstanceUID, object.bytes)
    if (n % 15 === 0) await expect.poll(() => store.backlog.objects, { timeout: 30_000 }).toBe(0)
  }
  await expect.poll(() => segmentsIn(dataDir).length, { timeout: 30_000 }).toBeLessThan(4)
  const found = await everyInstance(store)
  expect(found.size).toBe(60)
  for (const [uid, bytes] of found) expect(bytes.equals(sent.get(uid) ?? Buffer.alloc(0))).toBe(true)
}, 120_000)
