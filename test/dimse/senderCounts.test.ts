import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { sendBytes } from '../fakes/byteSender.ts'
import { freePort } from '../fixtures/freePort.ts'
import { type Archive, node, openArchive, startDcmqrscp } from './archive.ts'
import { ctObject } from './harness.ts'

const STUDY = '1.2.826.0.1.3680043.10.1'
const judge = { tickMs: 20, quietMs: 0 }

async function verdict({ store }: Archive) {
  return (await store.read.getStudy(STUDY)).study.completeness
}

const send = (archive: Archive, callingAET: string, ...numbers: number[]) =>
  sendBytes(
    numbers.map(number => ctObject(number)),
    { port: archive.port, callingAET },
  )

test('the sender is asked what it has (dcmqrscp): what lacks is told, and when it has come it is proved', async () => {
  const port = await freePort()
  await startDcmqrscp(port, undefined, [ctObject(1), ctObject(2), ctObject(3)])
  const archive = await openArchive([node('ARCHIVE', port)], { store: { judge } })
  await send(archive, 'ARCHIVE', 1, 2)
  await expect
    .poll(() => verdict(archive), { timeout: 15_000 })
    .toMatchObject({
      verdict: 'missing',
      missing: 1,
      reasons: ['ARCHIVE, asked what it has of the study, counts 3 objects.', expect.stringContaining('1 more there')],
    })
  await send(archive, 'ARCHIVE', 3)
  await expect.poll(() => verdict(archive), { timeout: 15_000 }).toMatchObject({ verdict: 'proved', missing: 0 })
  // It is on the list of associations, and nothing of it is a failure.
  expect(archive.dimse.associations().some(({ outgoing, calledAET }) => outgoing && calledAET === 'ARCHIVE')).toBe(true)
  expect(archive.dimse.doctor.list()).toEqual([])
})

test('who is no node, or may not query, is not asked; who takes no query is asked once, and it is no failure of its', async () => {
  let calls = 0
  const server = createServer(socket => {
    calls += 1
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const archive = await openArchive([node('DEAF', port), { ...node('MUTE', port), rights: ['retrieve'] }], {
    store: { judge },
  })
  await send(archive, 'STRANGER', 1)
  await send(archive, 'MUTE', 2)
  await expect.poll(() => verdict(archive)).toMatchObject({ verdict: 'looksComplete' })
  await wait(1500)
  expect(calls).toBe(0)
  await send(archive, 'DEAF', 3)
  await expect.poll(() => calls, { timeout: 15_000 }).toBe(1)
  await send(archive, 'DEAF', 4)
  await wait(1500)
  expect(calls).toBe(1)
  expect(await verdict(archive)).toMatchObject({ verdict: 'looksComplete' })
  expect(archive.dimse.doctor.list()).toEqual([])
})
