import { expect, test } from 'vitest'
import { IsocenterError } from '../../shared/errors.ts'
import { openDoor } from '../dimse/harness.ts'
import { blast } from './blaster.ts'

test('a sender whose object is refused says so instead of counting it', async () => {
  const { port, store } = await openDoor()
  store.failCommit = new IsocenterError('disk-full')
  const order = { port, calledAET: 'ISOCENTER', kind: 'tiny', associations: 2, run: 0, count: 4 } as const
  await expect(blast(order)).rejects.toThrow('ended with a700')
})

test('a resend is the same instances, another run is others', async () => {
  const { port, store } = await openDoor()
  const order = { port, calledAET: 'ISOCENTER', kind: 'tiny', associations: 3, count: 10 } as const
  await blast({ ...order, run: 0 })
  await blast({ ...order, run: 0 })
  expect(store.objects.size).toBe(10)
  await blast({ ...order, run: 1, own: true })
  expect(store.objects.size).toBe(20)
})
