import { expect, test } from 'vitest'
import { negotiate, VERIFICATION } from '../../electron/station/dimse/negotiation.ts'
import { aeProfiles, profileOf } from '../../shared/config.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, openDoor } from './harness.ts'

const CT = { abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }
const ECHO = { abstractSyntax: VERIFICATION, transferSyntaxes: [TS.ImplicitVRLittleEndian] }
const MiB = 2 ** 20

test('a nearly full disk sends away who comes to store, for now and with the reason; who is in finishes', async () => {
  const { port, store, problems } = await openDoor()
  const before = new RawPeer(port)
  expect((await before.associate(associateRequest([CT])))?.type).toBe(2)
  store.space = { free: MiB, total: 1000 * MiB, level: 'close' }
  const answer = await new RawPeer(port).associate(associateRequest([CT]))
  // PS3.8 table 9-21: transient, by the provider (presentation), temporary congestion.
  expect([answer?.type, ...(answer?.body ?? [])]).toEqual([3, 0, 2, 3, 1])
  expect(problems.at(-1)?.sentence).toContain('the disk is nearly full')
  expect((await before.store(1, 1, ctObject(1))).status).toBe(0)
  await before.release()
  store.space = { ...store.space, level: 'ok' }
  expect((await new RawPeer(port).associate(associateRequest([CT])))?.type).toBe(2)
})

test.each(['close', 'refuse'] as const)('at level %s an echo is answered still', async level => {
  const { port, store } = await openDoor()
  store.space = { free: 0, total: MiB, level }
  const peer = new RawPeer(port)
  expect((await peer.associate(associateRequest([ECHO])))?.type).toBe(2)
  await peer.release()
})

test('where echo and storage are asked for together, storage alone is refused, by the provider', () => {
  const decision = negotiate(
    associateRequest([ECHO, CT, { ...CT, transferSyntaxes: [TS.JPIPReferenced] }]),
    ['ISOCENTER'],
    profileOf(aeProfiles.parse({}), 'CT1'),
    { takesImages: false },
  )
  if ('reject' in decision) throw new Error(decision.words)
  expect(decision.accept.contexts.map(({ result }) => result)).toEqual([0, 2, 4])
})

test('a warning alone closes no door', async () => {
  const { port, store } = await openDoor()
  store.space = { free: MiB, total: MiB, level: 'warn' }
  expect((await new RawPeer(port).associate(associateRequest([CT])))?.type).toBe(2)
})
