import { afterEach, expect, test, vi } from 'vitest'
import { Admission } from '../../electron/station/dimse/admission.ts'
import { encodeAbort, encodeReleaseRequest } from '../../electron/station/wire/pduEncode.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, openDoor, until } from './harness.ts'

afterEach(() => {
  vi.useRealTimers()
})

const REQUEST = associateRequest([{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }])

async function associated(port: number, from?: string): Promise<RawPeer> {
  const peer = new RawPeer(port, from)
  expect((await peer.associate(REQUEST))?.type).toBe(2)
  return peer
}

test('first come, first served; who has used up its own places holds up nobody else', async () => {
  const admission = new Admission({ all: 3, perPeer: 2, patience: 20_000 })
  const [a1, a2] = [admission.enter('a'), admission.enter('a')]
  expect([a1.admitted, a2.admitted]).toEqual([true, true])
  const a3 = admission.enter('a')
  const b1 = admission.enter('b')
  expect(b1.admitted).toBe(true)
  const c1 = admission.enter('c')
  const order: string[] = []
  void Promise.resolve(a3.admitted).then(() => order.push('a3'))
  void Promise.resolve(c1.admitted).then(() => order.push('c1'))
  // One place is free, but the first in the line is a's third.
  b1.leave()
  expect(await c1.admitted).toBe(true)
  a1.leave()
  expect(await a3.admitted).toBe(true)
  expect(order).toEqual(['c1', 'a3'])
})

test('after 20 s of waiting it is no; who gave up takes no place', async () => {
  vi.useFakeTimers()
  const admission = new Admission({ all: 1, perPeer: 1, patience: 20_000 })
  const first = admission.enter('a')
  const late = admission.enter('b')
  const gone = admission.enter('c')
  vi.advanceTimersByTime(19_000)
  gone.leave()
  expect(await gone.admitted).toBe(false)
  vi.advanceTimersByTime(1000)
  expect(await late.admitted).toBe(false)
  first.leave()
  first.leave()
  expect(admission.enter('d').admitted).toBe(true)
  expect(admission.enter('e').admitted).not.toBe(true)
})

test('a full station holds the answer, and accepts when one has gone', async () => {
  const { port, dimse, logged } = await openDoor({}, { places: { perPeer: 2 } })
  const [first] = [await associated(port), await associated(port)]
  const third = new RawPeer(port)
  const answer = third.associate(REQUEST)
  await until(() => logged.some(line => line.includes('held until there is room')))
  expect(dimse.associations().map(({ outcome }) => outcome)).toEqual(['open', 'open', 'waiting for a place'])
  // The other peer's places are its own.
  await (await associated(port, '127.0.0.2')).release()
  await first.release()
  expect((await answer)?.type).toBe(2)
  expect((await third.store(1, 1, ctObject(1))).status).toBe(0)
  await third.release()
})

test('when nobody leaves: transient, local limit exceeded, and a sentence', async () => {
  const { port, problems } = await openDoor({}, { places: { all: 2, patience: 100 } })
  await associated(port, '127.0.0.2')
  await associated(port, '127.0.0.3')
  const answer = await new RawPeer(port).associate(REQUEST)
  // PS3.8 table 9-21.
  expect([answer?.type, ...(answer?.body ?? [])]).toEqual([3, 0, 2, 3, 2])
  expect(problems[0]?.sentence).toContain('too many associations')
})

test('no timer runs against a peer that is kept waiting by us', async () => {
  const { port } = await openDoor({ artim: 500, pdu: 500, idle: 5000 }, { places: { all: 1, patience: 10_000 } })
  const first = await associated(port)
  const second = new RawPeer(port)
  const answer = second.associate(REQUEST)
  await new Promise(resolve => setTimeout(resolve, 1200))
  await first.release()
  expect((await answer)?.type).toBe(2)
  await second.release()
})

test.each([
  ['aborts', encodeAbort({ source: 0, reason: 0 }), undefined],
  ['asks for a release it has no association for', encodeReleaseRequest(), [7, 0, 0, 2, 2]],
])('a peer that %s while it is held leaves the line', async (_name, bytes, expected) => {
  const { port, dimse } = await openDoor({}, { places: { all: 1 } })
  const first = await associated(port)
  const held = new RawPeer(port)
  const answer = held.associate(REQUEST)
  await until(() => dimse.associations().length === 2)
  await held.write(bytes)
  const pdu = await answer
  expect(pdu && [pdu.type, ...pdu.body]).toEqual(expected)
  await held.closed
  // The place it waited for goes to the next.
  const next = new RawPeer(port).associate(REQUEST)
  await first.release()
  expect((await next)?.type).toBe(2)
})

test('closing the station does not leave the held waiting', async () => {
  const { port, dimse } = await openDoor({}, { places: { all: 1 } })
  const first = await associated(port)
  const held = new RawPeer(port)
  const answer = held.associate(REQUEST)
  await until(() => dimse.associations().length === 2)
  const closed = dimse.close({ graceMs: 10_000 })
  expect((await answer)?.type).toBe(7)
  first.socket.destroy()
  held.socket.destroy()
  await closed
})

test('256 associations at once are all served, the 257th waits for the first to go', async () => {
  const { port, dimse, store } = await openDoor()
  const peers = await Promise.all(
    Array.from({ length: 256 }, (_, i) => associated(port, `127.0.0.${2 + Math.floor(i / 64)}`)),
  )
  expect(dimse.associations().filter(association => association.endedAt === null)).toHaveLength(256)
  const late = new RawPeer(port, '127.0.0.9')
  const answer = late.associate(REQUEST)
  const results = await Promise.all(peers.map((peer, i) => peer.store(1, 1, ctObject(i))))
  expect(results.every(({ status }) => status === 0)).toBe(true)
  expect(store.objects.size).toBe(256)
  await peers[0]?.release()
  expect((await answer)?.type).toBe(2)
  for (const peer of peers) peer.socket.destroy()
})

test('one address cannot take every connection by opening and saying nothing', async () => {
  const { port, logged } = await openDoor()
  const silent = Array.from({ length: 200 }, () => new RawPeer(port, '127.0.0.66'))
  await until(() => silent.filter(peer => peer.socket.destroyed).length === 40)
  await (await associated(port)).release()
  expect(logged.filter(line => line.includes('too many are open'))).toHaveLength(1)
  for (const peer of silent) peer.socket.destroy()
})
