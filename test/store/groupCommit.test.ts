import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createDisk, type Disk } from '../../electron/station/base/durable.ts'
import { ctSlice, newStore, scanner } from './objects.ts'

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
  const answers = senders.map(async (send, index) => {
    await wait(index * 20)
    return send()
  })
  for (const { outcome } of await Promise.all(answers)) expect(outcome).toBe('stored')
  // Alone, the first would have had one of its own.
  expect(syncs - before).toBe(1)
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
