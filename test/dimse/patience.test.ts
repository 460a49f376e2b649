import { afterEach, expect, test, vi } from 'vitest'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, openDoor } from './harness.ts'

const CT = { id: 1, abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }
const MINUTE = 60_000

afterEach(() => {
  vi.useRealTimers()
})

test('an association that brings an image every five minutes lives for two hours, and ten minutes after the last it is over', async () => {
  // Sockets go on in their own time.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { port, store, dimse } = await openDoor()
  const peer = new RawPeer(port)
  expect((await peer.associate(associateRequest([CT])))?.type).toBe(2)
  for (let number = 1; number <= 24; number += 1) {
    expect((await peer.store(1, number, ctObject(number))).status).toBe(0)
    vi.advanceTimersByTime(5 * MINUTE)
  }
  expect(store.objects.size).toBe(24)
  vi.advanceTimersByTime(4 * MINUTE)
  expect(dimse.associations()[0]?.outcome).toBe('open')
  vi.advanceTimersByTime(2 * MINUTE)
  // A-ABORT, with the reason kept for the screen.
  expect((await peer.next())?.type).toBe(7)
  vi.advanceTimersByTime(MINUTE)
  await peer.closed
  expect(dimse.associations()[0]?.outcome).toMatch(/aborted.*600 s/)
})
