import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { Staging } from '../../electron/station/base/alignedMemory.ts'
import { createDisk, type Disk, SyncError } from '../../electron/station/base/durable.ts'
import type { Store } from '../../electron/station/store/index.ts'
import { openLanding } from '../../electron/station/store/landing/landing.ts'
import { type ReserveFacts, reserveStep } from '../../electron/station/store/landing/reserve.ts'
import { smallDisk } from '../fixtures/smallDisk.ts'
import { ctSlice, newStore, scanner, send, temporaryFolder } from './objects.ts'

const MiB = 2 ** 20
const landing = { mostBytes: 64 * MiB, segmentBytes: 2 * MiB, reserveBytes: 6 * MiB }
const reserve = { afterBytes: 1, quietMs: 30, tickMs: 10, retryMs: 20 }
const settle = { afterMs: 3_600_000 }

const segmentsIn = (dataDir: string) => readdirSync(join(dataDir, 'landing')).filter(name => name.endsWith('.seg'))
const large = (n: number) => ctSlice(n, {}, { size: 512 })
const full = (store: Store) => expect.poll(() => store.reserveBytes, { timeout: 10_000 }).toBe(6 * MiB)

/**
 * So many, all but the one that was landed in first made ready to their end: one that is still being made counts as ready before it has
 * a file.
 */
const segments = (dataDir: string, count: number) =>
  expect
    .poll(() =>
      segmentsIn(dataDir)
        .sort()
        .map(name => statSync(join(dataDir, 'landing', name)).size === 2 * MiB),
    )
    .toEqual(Array.from({ length: count }, (_, index) => index > 0))

async function expectAll(store: Store, numbers: number[]): Promise<void> {
  const objects = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 1000)
  expect(objects.map(({ SOPInstanceUID }) => SOPInstanceUID).sort()).toEqual(
    numbers.map(n => large(n).SOPInstanceUID).sort(),
  )
  for (const { SOPInstanceUID, path, dataSetOffset, dataSetLength } of objects) {
    const n = Number(SOPInstanceUID.split('.').at(-1))
    const bytes = readFileSync(path).subarray(dataSetOffset, dataSetOffset + dataSetLength)
    expect(bytes.equals(large(n).bytes), SOPInstanceUID).toBe(true)
  }
}

/** What is created, in the order of it. */
function watched(change: (file: Awaited<ReturnType<Disk['createFile']>>, path: string) => typeof file = file => file) {
  const created: string[] = []
  const disk = createDisk()
  const watching: Disk = {
    ...disk,
    async createFile(path) {
      created.push(basename(path))
      return change(await disk.createFile(path), path)
    },
  }
  return { disk: watching, created }
}

test('a burst lands in segments that were made ready while nothing came, and they are no backlog', async () => {
  const { store, dataDir } = await newStore({ landing, reserve, settle })
  await send(store, large(1))
  const waiting = store.backlog
  await full(store)
  expect(store.backlog).toEqual(waiting)
  await segments(dataDir, 4)
  const before = segmentsIn(dataDir)
  // A segment takes three of them: the current one and the three that are ready.
  const burst = await Promise.all(Array.from({ length: 9 }, (_, i) => send(store, large(i + 2))))
  for (const { contentId } of burst) {
    expect(before).toContain(basename((await store.read.locateContent(contentId)).path))
  }
  expect(store.backlog.objects).toBe(10)
  await full(store)
  for (let n = 11; n <= 30; n++) await send(store, large(n))
  await expectAll(
    store,
    Array.from({ length: 30 }, (_, i) => i + 1),
  )
})

test('whoever receives nothing fills nothing', async () => {
  const { store, dataDir } = await newStore({ landing, reserve: { ...reserve, afterBytes: MiB }, settle })
  await send(store, ctSlice(1))
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(store.reserveBytes).toBe(0)
  expect(segmentsIn(dataDir)).toHaveLength(1)
})

test('what was ready is used after a stop and after a kill, nothing is lost, and no start leaves more behind', async () => {
  let { store, dataDir } = await newStore({ landing, reserve, settle })
  await send(store, large(1))
  await full(store)
  await segments(dataDir, 4)
  const sent = [1]
  for (let start = 2; start <= 6; start++) {
    if (start % 2 === 0) await store.close()
    else {
      // As a kill leaves it: nothing closed, the newest rows in the write-ahead log or not at all.
      const copy = temporaryFolder()
      cpSync(dataDir, copy, { recursive: true })
      dataDir = copy
    }
    const before = segmentsIn(dataDir)
    ;({ store } = await newStore({ dataDir, landing, reserve, settle }))
    expect(store.reserveBytes).toBe(6 * MiB)
    await expectAll(store, sent)
    sent.push(start)
    const { contentId } = await send(store, large(start))
    expect(before).toContain(basename((await store.read.locateContent(contentId)).path))
    await full(store)
    await segments(dataDir, start + 3)
  }
  await store.settleAll()
  await expectAll(store, sent)
  await store.close()
  const { store: last } = await newStore({ dataDir, landing, reserve, settle })
  expect(last.reserveBytes).toBe(6 * MiB)
  expect(segmentsIn(dataDir)).toHaveLength(3)
})

test('a segment that was half made, and more than is kept now, go at the next start', async () => {
  const { store, dataDir } = await newStore({ landing, reserve, settle })
  await send(store, large(1))
  await full(store)
  await store.close()
  const last = segmentsIn(dataDir).sort().at(-1) ?? ''
  const half = join(dataDir, 'landing', '0000000099.seg')
  cpSync(join(dataDir, 'landing', last), half)
  truncateSync(half, MiB)
  const { store: again } = await newStore({ dataDir, landing: { ...landing, reserveBytes: 4 * MiB }, reserve, settle })
  expect(again.reserveBytes).toBe(4 * MiB)
  expect(existsSync(half)).toBe(false)
  expect(segmentsIn(dataDir)).toHaveLength(3)
  await send(again, large(2))
  await expectAll(again, [1, 2])
})

test('a disk that fails while a segment is made ready harms nobody, and it is tried again', async () => {
  let broken = true
  const failing = watched((file, path) => ({
    ...file,
    async sync() {
      // The first is what is landed in.
      const isAhead = path.endsWith('.seg') && basename(path) !== failing.created.find(name => name.endsWith('.seg'))
      if (broken && isAhead) throw new SyncError(path, new Error('EIO'))
      await file.sync()
    },
  }))
  const { store, dataDir } = await newStore({ disk: failing.disk, landing, reserve, settle })
  await send(store, ctSlice(1))
  await expect.poll(() => failing.created.length, { timeout: 10_000 }).toBeGreaterThan(3)
  expect(store.writable).toBe(true)
  expect(store.reserveBytes).toBeLessThanOrEqual(4 * MiB)
  broken = false
  await full(store)
  await send(store, ctSlice(2))
  expect(store.backlog.objects).toBe(2)
  await segments(dataDir, 4)
})

test('a disk that gets full has the reserve back, but for the next segment', async () => {
  const disk = smallDisk(60)
  const watermarks = { warn: 16 * MiB, close: 2 * MiB, refuse: MiB }
  const { store, dataDir } = await newStore({ dataDir: disk.folder, landing, reserve, settle, watermarks })
  await send(store, ctSlice(1))
  await full(store)
  disk.leaveFree(8 * MiB)
  // Looked at behind what lands, too; the clock would take ten seconds.
  await expect.poll(() => store.reserveBytes, { timeout: 30_000 }).toBe(2 * MiB)
  await expect.poll(() => segmentsIn(dataDir).length).toBe(2)
  expect((await send(store, ctSlice(2))).outcome).toBe('stored')
  disk.leaveFree(40 * MiB)
  await full(store)
}, 60_000)

test('a fill that a burst meets waits for it to end, but not where it is the next to be used', async () => {
  const { store } = await newStore({ landing, reserve: { ...reserve, quietMs: 50 }, settle })
  for (let n = 1; n <= 12; n++) {
    await send(store, large(n))
    await new Promise(resolve => setTimeout(resolve, n % 3 === 0 ? 60 : 0))
  }
  await expectAll(
    store,
    Array.from({ length: 12 }, (_, i) => i + 1),
  )
  await full(store)
})

/** A landing log by itself, in a folder of its own. */
function landingLog(disk: Disk) {
  const dataDir = temporaryFolder()
  mkdirSync(join(dataDir, 'landing'))
  return { dataDir, log: openLanding(disk, dataDir, { prepared: [], next: 1 }, landing, new Staging()) }
}

test('what cannot be removed when the reserve is given back keeps none of the others', async () => {
  const disk = createDisk('os')
  let isHeld = true
  const holding: Disk = {
    ...disk,
    async removeFile(path) {
      if (isHeld) throw new Error('EBUSY')
      await disk.removeFile(path)
    },
  }
  const { dataDir, log } = landingLog(holding)
  for (let n = 0; n < 3; n++) await log.prepare(() => true)
  await expect(log.giveBack()).rejects.toThrow('EBUSY')
  isHeld = false
  await log.giveBack()
  expect(log.readyBytes).toBe(2 * MiB)
  // The next one, and the one that was held.
  expect(segmentsIn(dataDir)).toHaveLength(2)
  await log.close()
})

test('nothing is made in a landing log that is closed', async () => {
  const { dataDir, log } = landingLog(createDisk('os'))
  await log.close()
  const start = { origin: scanner, SOPClassUID: '', SOPInstanceUID: '', TransferSyntaxUID: '' }
  const record = { contentId: 1, received: 0, start, meta: new Uint8Array(), length: 4, crc: 0 }
  await expect(log.land([{ record, data: [new Uint8Array(4)] }])).rejects.toMatchObject({ code: 'draining' })
  expect(segmentsIn(dataDir)).toEqual([])
})

test('the reserve is filled in quiet alone, within what may wait, and far from the first mark', () => {
  const limits = { mostBytes: 100, segmentBytes: 10, reserveBytes: 30 }
  const idle: ReserveFacts = { landed: 50, isQuiet: true, ready: 0, waiting: 0, level: 'ok', room: 1000 }
  const step = (facts: Partial<ReserveFacts>) => reserveStep({ ...idle, ...facts }, limits, { afterBytes: 50 })
  expect(step({})).toBe('fill')
  expect(step({ ready: 20 })).toBe('fill')
  expect(step({ ready: 21 })).toBe('nothing')
  expect(step({ landed: 49 })).toBe('nothing')
  expect(step({ isQuiet: false })).toBe('nothing')
  expect(step({ waiting: 90 })).toBe('fill')
  expect(step({ waiting: 91 })).toBe('nothing')
  expect(step({ room: 30 })).toBe('nothing')
  expect(step({ level: 'warn', ready: 30 })).toBe('give back')
  expect(step({ level: 'refuse', ready: 10 })).toBe('nothing')
})
