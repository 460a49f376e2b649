import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Store } from '../../electron/station/store/index.ts'
import { bytesUntilLook, lookAgainMs, spaceLevel, watermarks } from '../../electron/station/store/volumes/space.ts'
import { spaceLevel as levels, type SpaceLevel } from '../../shared/contract.ts'
import { smallDisk } from '../fixtures/smallDisk.ts'
import { ctSlice, newStore, send } from './objects.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30
const rank = (level: SpaceLevel) => levels.options.indexOf(level)

test('watermarks are shares of the disk, bounded on the largest and the smallest', () => {
  expect(watermarks(100 * GiB)).toEqual({ warn: 10 * GiB, close: 5 * GiB, refuse: 2 * GiB })
  expect(watermarks(100_000 * GiB)).toEqual({ warn: 20 * GiB, close: 10 * GiB, refuse: 4 * GiB })
  expect(watermarks(30 * MiB)).toEqual({ warn: 16 * MiB, close: 12 * MiB, refuse: 8 * MiB })
  expect(watermarks(100 * GiB, { close: 1 })).toEqual({ warn: 10 * GiB, close: 1, refuse: 2 * GiB })
})

test('a level begins at its mark and ends with a fifth more', () => {
  const marks = { warn: 1000, close: 500, refuse: 200 }
  const course = (bytes: number[]) => {
    let level: SpaceLevel = 'ok'
    return bytes.map(free => {
      level = spaceLevel(free, marks, level)
      return level
    })
  }
  expect(course([1000, 999, 1199, 1200])).toEqual(['ok', 'warn', 'warn', 'ok'])
  expect(course([199, 239, 240, 599, 600, 1199, 1200])).toEqual([
    'refuse',
    'refuse',
    'close',
    'close',
    'warn',
    'warn',
    'ok',
  ])
  expect(course([5000, 0, 5000])).toEqual(['ok', 'refuse', 'ok'])
})

test('less room never makes a level better, and a level is never better than its mark says', () => {
  const marks = watermarks(500 * GiB)
  for (const before of levels.options) {
    let last = rank('refuse')
    for (let free = 0; free < 30 * GiB; free += 37 * MiB) {
      const now = rank(spaceLevel(free, marks, before))
      expect(now).toBeLessThanOrEqual(last)
      expect(now).toBeGreaterThanOrEqual(rank(spaceLevel(free, marks, 'ok')))
      expect(bytesUntilLook(free, marks)).toBeGreaterThan(0)
      last = now
    }
  }
  expect(lookAgainMs(0, marks)).toBeLessThan(lookAgainMs(400 * GiB, marks))
})

async function everyByte(store: Store): Promise<Map<string, Buffer>> {
  const objects = await store.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10_000)
  return new Map(
    objects.map(({ SOPInstanceUID, path, dataSetOffset, dataSetLength }) => [
      SOPInstanceUID,
      readFileSync(path).subarray(dataSetOffset, dataSetOffset + dataSetLength),
    ]),
  )
}

test('a disk that fills up is said, refuses before it is full, is read, and takes again when there is room', async () => {
  const disk = smallDisk(30)
  disk.leaveFree(20 * MiB)
  const { store } = await newStore({ dataDir: disk.folder, settle: { afterMs: 3_600_000 } })
  const told: string[] = []
  store.onProblem(({ sentence }) => told.push(sentence))
  const acknowledged: number[] = []
  let refusal: unknown
  for (let n = 1; n <= 300 && refusal === undefined; n++) {
    try {
      await send(store, ctSlice(n, {}, { size: 256 }))
      acknowledged.push(n)
    } catch (error) {
      refusal = error
    }
  }
  expect(refusal).toMatchObject({ code: 'disk-nearly-full', dimseStatus: 0xa700, httpStatus: 507 })
  expect(store.space.level).toBe('refuse')
  expect(store.space.free).toBeGreaterThan(0)
  expect(store.writable).toBe(true)
  expect(told).toContainEqual(expect.stringMatching(/no image is taken/))
  const found = await everyByte(store)
  expect([...found.keys()].length).toBe(acknowledged.length)
  for (const n of acknowledged) {
    const sent = ctSlice(n, {}, { size: 256 })
    expect(found.get(sent.SOPInstanceUID)?.equals(sent.bytes), sent.SOPInstanceUID).toBe(true)
  }
  disk.leaveFree(28 * MiB)
  await expect.poll(() => store.space.level, { timeout: 10_000 }).not.toBe('refuse')
  expect((await send(store, ctSlice(301, {}, { size: 256 }))).outcome).toBe('stored')
})

test('a disk that is full in the middle of an object refuses it, keeps what is there, and takes it again later', async () => {
  const disk = smallDisk(30)
  const { store } = await newStore({
    dataDir: disk.folder,
    watermarks: { warn: 0, close: 0, refuse: 0 },
    settle: { afterMs: 3_600_000 },
  })
  await send(store, ctSlice(1))
  disk.leaveFree(3 * MiB)
  // Larger than what is left: it goes to a file of its own, which does not fit.
  await expect(send(store, ctSlice(2, {}, { size: 2048 }))).rejects.toMatchObject({
    code: 'disk-full',
    dimseStatus: 0xa700,
  })
  expect((await everyByte(store)).get(ctSlice(1).SOPInstanceUID)?.equals(ctSlice(1).bytes)).toBe(true)
  expect((await store.read.counts()).instances).toBe(1)
  disk.leaveFree(20 * MiB)
  expect((await send(store, ctSlice(2, {}, { size: 2048 }))).outcome).toBe('stored')
  expect((await everyByte(store)).size).toBe(2)
})

test('a disk that is full under the index leaves no half row', async () => {
  const disk = smallDisk(30)
  const { store, dataDir } = await newStore({
    dataDir: disk.folder,
    watermarks: { warn: 0, close: 0, refuse: 0 },
    settle: { afterMs: 3_600_000 },
  })
  await send(store, ctSlice(1))
  // The landing segment is there already and has room: what does not fit is the index's log.
  disk.leaveFree(0)
  const outcomes: string[] = []
  for (let n = 2; n <= 60; n++) {
    await send(store, ctSlice(n)).then(
      ({ outcome }) => outcomes.push(outcome),
      error => outcomes.push(error.code),
    )
  }
  expect(outcomes).toContain('disk-full')
  const taken = outcomes.filter(outcome => outcome === 'stored').length
  expect((await everyByte(store)).size).toBe(1 + taken)
  disk.leaveFree(12 * MiB)
  expect((await send(store, ctSlice(61))).outcome).toBe('stored')
  await store.close()
  const { store: again } = await newStore({ dataDir })
  const found = await everyByte(again)
  expect(found.size).toBeGreaterThanOrEqual(2 + taken)
  expect((await again.read.counts()).instances).toBe(found.size)
}, 60_000)
