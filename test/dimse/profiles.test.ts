import { expect, test } from 'vitest'
import { decodeAssociateAccept } from '../../electron/station/wire/pduDecode.ts'
import { aeProfiles } from '../../shared/config.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer, sendBytes } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, dcmtk, openDoor, until } from './harness.ts'

const CONTEXTS = [{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian, TS.RLELossless] }]

async function associated(port: number, callingAET: string, calledAET = 'ISOCENTER') {
  const peer = new RawPeer(port)
  const answer = await peer.associate(associateRequest(CONTEXTS, { callingAET, calledAET }))
  return { peer, answer, accept: answer?.type === 2 ? decodeAssociateAccept(answer.body) : undefined }
}

test('each AE is announced its own PDU length and given its own syntax', async () => {
  const { port } = await openDoor(
    {},
    { byAET: { OLD: { announcedPdu: 16384, preferTransferSyntaxes: [TS.RLELossless] } } },
  )
  const [old, other] = [await associated(port, 'OLD'), await associated(port, 'NEW')]
  expect(old.accept?.user.maximumLength).toBe(16384)
  expect(old.accept?.contexts[0]?.transferSyntax).toBe(TS.RLELossless)
  expect(other.accept?.user.maximumLength).toBe(131072)
  expect(other.accept?.contexts[0]?.transferSyntax).toBe(TS.ExplicitVRLittleEndian)
  await old.peer.release()
  await other.peer.release()
})

test('what one AE is tolerated, another is aborted for', async () => {
  const { port, store } = await openDoor({}, { byAET: { STRICT: { announcedPdu: 16384, toleratedPdu: 16384 } } })
  const object = ctObject(1, {}, TS.ExplicitVRLittleEndian, 256)
  const [result] = await sendBytes([object], { port, callingAET: 'LAX', pduLength: 100_000 })
  expect(result?.status).toBe(0)
  const { peer } = await associated(port, 'STRICT')
  await peer.write(Buffer.concat(peer.storePdus(1, 1, object, 100_000)))
  const pdu = await peer.next()
  // PS3.8 table 9-26: by the provider, invalid PDU parameter value.
  expect([pdu?.type, pdu?.body[2], pdu?.body[3]]).toEqual([7, 2, 6])
  await peer.closed
  expect(store.open).toBe(0)
})

test('a patient profile keeps a scanner that the default would end', async () => {
  const { port, dimse } = await openDoor({ idle: 100 }, { byAET: { SLOWHAND: { idleSeconds: 100 } } })
  const [patient, other] = [await associated(port, 'SLOWHAND'), await associated(port, 'OTHER')]
  expect((await other.peer.next())?.type).toBe(7)
  await other.peer.closed
  expect((await patient.peer.store(1, 1, ctObject(1))).status).toBe(0)
  await patient.peer.release()
  expect(dimse.associations().map(({ outcome }) => outcome)).toContain('released')
})

test('DCMTK calling another AE title: refused, then let in by a profile set while the station runs', async () => {
  const { port, dimse } = await openDoor()
  const echo = () => dcmtk('echoscu', '-aet', 'OLDCT', '-aec', 'PACS', '127.0.0.1', `${port}`)
  expect((await echo()).output).toContain('Called AE Title Not Recognized')
  dimse.setProfiles(aeProfiles.parse({ byAET: { OLDCT: { calledAET: 'any' } } }))
  expect((await echo()).code).toBe(0)
  expect((await dcmtk('echoscu', '-aet', 'OTHER', '-aec', 'PACS', '127.0.0.1', `${port}`)).code).not.toBe(0)
})

test('an association keeps the profile it began with', async () => {
  const { port, dimse, logged } = await openDoor()
  const { peer } = await associated(port, 'CT1')
  dimse.setProfiles(
    aeProfiles.parse({ default: { refuseTransferSyntaxes: [TS.ExplicitVRLittleEndian], idleSeconds: 0.01 } }),
  )
  await new Promise(resolve => setTimeout(resolve, 100))
  expect((await peer.store(1, 1, ctObject(1))).status).toBe(0)
  await peer.release()
  await until(() => logged.some(line => line.includes('association released')))
  expect((await associated(port, 'CT1')).accept?.contexts[0]).toMatchObject({
    result: 0,
    transferSyntax: TS.RLELossless,
  })
})
