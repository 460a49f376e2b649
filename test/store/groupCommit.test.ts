import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createDisk, type Disk, SyncError } from '../../electron/station/base/durable.ts'
import { createGroupCommit } from '../../electron/station/store/landing/groupCommit.ts'
import { ctSlice, newStore, scanner, send } from './objects.ts'

test('on a disk that is slow to sync, senders that come a moment after the first share its sync', async () => {
  let syncs = 0
  const disk = createDisk('os')
  const slow: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      return {
        ...file,
        async sync() {
          syncs++
          await wait(400)
        },
      }
    },
  }
  const { store } = await newStore({ disk: slow })
  const begin = (n: number) => {
    const { SOPInstanceUID, TransferSyntaxUID, bytes } = ctSlice(n)
    const start = { origin: scanner, SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID, TransferSyntaxUID }
    const receive = store.beginReceive(start)
    return async () => {
      await receive.write(bytes)
      return receive.commit()
    }
  }
  await begin(0)()
  const before = syncs
  const senders = [1, 2, 3, 4, 5].map(begin)
  const answers = senders.map(async (finish, index) => {
    await wait(index * 20)
    return finish()
  })
  for (const { outcome } of await Promise.all(answers)) expect(outcome).toBe('stored')
  // Alone, the first would have had one of its own, and the second.
  expect(syncs - before).toBeLessThanOrEqual(2)
  // One who says nothing more holds nobody up for good.
  const silent = store.beginReceive({
    origin: scanner,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: '2.25.9',
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
  })
  expect((await begin(6)()).outcome).toBe('stored')
  await silent.abort()
})

test('a group that is synced beside one that fails is refused with it, and neither is there after a restart', async () => {
  let fail: (() => void) | undefined
  let held = Promise.resolve()
  let beside = 0
  const disk = createDisk()
  const failing: Disk = {
    ...disk,
    async createFile(path) {
      const file = await disk.createFile(path)
      // Slow to sync, or no second one would be on its way.
      return { ...file, sync: () => held.then(() => wait(20)).then(() => file.sync()) }
    },
    async openToAppend(path) {
      const file = await disk.openToAppend(path)
      if (!path.endsWith('.seg')) return file
      return {
        ...file,
        async sync() {
          await file.sync()
          beside++
        },
      }
    },
  }
  const { store, dataDir } = await newStore({ disk: failing, recoverMs: 20 })
  await send(store, ctSlice(1))
  held = new Promise((_, reject) => {
    fail = () => reject(new SyncError('a segment', new Error('EIO')))
  })
  const readOnly = expect.objectContaining({ code: 'store-read-only' })
  const first = expect(send(store, ctSlice(2))).rejects.toEqual(readOnly)
  await wait(50)
  const second = expect(send(store, ctSlice(3))).rejects.toEqual(readOnly)
  await expect.poll(() => beside).toBe(1)
  held.catch(() => {})
  fail?.()
  await Promise.all([first, second])
  held = Promise.resolve()
  await expect.poll(() => store.writable, { timeout: 10_000 }).toBe(true)
  expect((await send(store, ctSlice(4))).outcome).toBe('stored')
  await store.close()
  const { store: again } = await newStore({ dataDir })
  const objects = await again.read.locate({ StudyInstanceUID: '2.25.1000.1' }, 10)
  expect(objects.map(one => one.SOPInstanceUID).sort()).toEqual([1, 4].map(n => ctSlice(n).SOPInstanceUID))
})

test('after a disk that hung an object does not wait that long for company that never comes', async () => {
  const position = { segment: 1, offset: 8192 }
  const result = {
    outcome: 'stored',
    StudyInstanceUID: '',
    SeriesInstanceUID: '',
    SOPInstanceUID: '',
    contentId: 1,
    seq: 1,
  }
  const commit = createGroupCommit({
    // Ten that send, and say nothing more.
    outlook: () => ({ syncMs: 600_000, open: 11, coming: 10 }),
    land: async () => ({ places: [{ file: '', offset: 0 }], position, synced: Promise.resolve() }),
    writeRows: async () => ({ results: [result], changes: [], decisions: [], seq: 1 }) as never,
    onCommitted() {},
  })
  expect(await commit({ entry: {} } as never)).toMatchObject({ outcome: 'stored' })
})
