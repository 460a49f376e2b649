import { expect, test } from 'vitest'
import { decodeAssociateAccept } from '../../electron/station/wire/pduDecode.ts'
import { openAssociation } from '../../electron/station/wire/scu.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { IsocenterError } from '../../shared/errors.ts'
import { associateRequest, RawPeer, sendBytes } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, openDoor, until } from './harness.ts'

const CT = [{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }]

async function associated(port: number): Promise<RawPeer> {
  const peer = new RawPeer(port)
  expect((await peer.associate(associateRequest(CT)))?.type).toBe(2)
  return peer
}

test.each([1, 10])('%d associations: every byte arrives as it was sent', async associations => {
  const { port, store, dimse } = await openDoor()
  const objects = Array.from({ length: 60 }, (_, i) => ctObject(i, {}, TS.ExplicitVRLittleEndian, 40 + i * 4))
  const results = await sendBytes(objects, { port, associations })
  expect(results.every(result => result.status === 0)).toBe(true)
  for (const object of objects) {
    const stored = store.objects.get(object.SOPInstanceUID)
    expect(stored?.bytes.equals(object.dataSet)).toBe(true)
    expect(stored).toMatchObject({
      SOPClassUID: CT_IMAGE,
      TransferSyntaxUID: TS.ExplicitVRLittleEndian,
      origin: {
        door: 'dimse',
        sourceAET: 'SENDER',
        sendingAET: 'SENDER',
        receivingAET: 'ISOCENTER',
        address: '127.0.0.1',
      },
    })
  }
  await until(() => dimse.associations().every(association => association.endedAt !== null))
  const summaries = dimse.associations()
  expect(summaries).toHaveLength(associations)
  expect(summaries.reduce((sum, association) => sum + association.received, 0)).toBe(60)
  expect(summaries.every(association => association.outcome === 'released')).toBe(true)
})

test.each([4096, 16384, 200_000, 1_000_000])(
  'PDUs of %d bytes are taken, though 128 KB were announced',
  async pduLength => {
    const { port, store, logged } = await openDoor()
    const object = ctObject(1, {}, TS.ExplicitVRLittleEndian, 1024)
    const [result] = await sendBytes([object], { port, pduLength })
    expect(result?.status).toBe(0)
    expect(store.objects.get(object.SOPInstanceUID)?.bytes.equals(object.dataSet)).toBe(true)
    expect(logged.some(line => line.includes('longer than it was told'))).toBe(pduLength > 131072)
  },
)

test('every transfer syntax is kept as it comes: the door does not read data sets', async () => {
  const { port, store } = await openDoor()
  const objects = Object.entries(TS)
    .filter(([keyword]) => !/JPIP|SMPTE|RFC2557|XML/.test(keyword))
    .map(([, TransferSyntaxUID], i) => ({
      SOPClassUID: CT_IMAGE,
      SOPInstanceUID: `1.2.3.${i}`,
      TransferSyntaxUID,
      dataSet: Buffer.from(`not even a data set ${i}`),
    }))
  const results = await sendBytes(objects, { port })
  expect(results.map(result => result.status)).toEqual(objects.map(() => 0))
  for (const { SOPInstanceUID, TransferSyntaxUID, dataSet } of objects) {
    expect(store.objects.get(SOPInstanceUID)).toMatchObject({ TransferSyntaxUID, bytes: dataSet })
  }
})

test('Success is said after the commit, not before', async () => {
  const { port, store } = await openDoor()
  const gate = Promise.withResolvers<void>()
  store.commitGate = () => gate.promise
  const peer = await associated(port)
  let answered = false
  const result = peer.store(1, 1, ctObject(1)).then(response => {
    answered = true
    return response
  })
  await until(() => store.open === 1)
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(answered).toBe(false)
  gate.resolve()
  expect((await result).status).toBe(0)
  await peer.release()
})

test('a disk that lags pauses the socket: nothing is handed over while a write is pending', async () => {
  const { port, store } = await openDoor()
  store.writeGate = () => new Promise(resolve => setTimeout(resolve, 2))
  const object = ctObject(1, {}, TS.ExplicitVRLittleEndian, 1024)
  const [result] = await sendBytes([object], { port })
  expect(result?.status).toBe(0)
  expect(store.overlapping).toBe(0)
  expect(store.objects.get(object.SOPInstanceUID)?.bytes.equals(object.dataSet)).toBe(true)
})

test.each(['failBegin', 'failWrite', 'failCommit'] as const)(
  "%s: the error's own status and comment, then the association goes on",
  async where => {
    const { port, store, problems } = await openDoor()
    const peer = await associated(port)
    store[where] = new IsocenterError('disk-full', 'no room for 8,192 bytes')
    const refused = await peer.store(1, 1, ctObject(1, {}, TS.ExplicitVRLittleEndian, 512))
    expect(refused).toMatchObject({ status: 0xa700, comment: 'no room for 8,192 bytes' })
    store[where] = undefined
    expect((await peer.store(1, 2, ctObject(2))).status).toBe(0)
    await peer.release()
    expect(store.open).toBe(0)
    expect([...store.objects.keys()]).toEqual([ctObject(2).SOPInstanceUID])
    await until(() => problems.length > 0)
    expect(problems[0]).toMatchObject({ severity: 'failure' })
    expect(problems[0]?.sentence).toContain('SENDER (127.0.0.1)')
  },
)

test('an impossible SOP Instance UID gets the status the store gives it; a comment has at most 64 characters', async () => {
  const { port } = await openDoor()
  const peer = await associated(port)
  const result = await peer.store(1, 1, { ...ctObject(1), SOPInstanceUID: `not-a-uid-${'x'.repeat(90)}` })
  expect(result.status).toBe(0xc000)
  expect(result.comment.length).toBeLessThanOrEqual(64)
  await peer.release()
})

test('an abort in the middle of a data set leaves nothing behind', async () => {
  const { port, store, dimse, problems } = await openDoor()
  const peer = await associated(port)
  const pdus = Buffer.concat(peer.storePdus(1, 1, ctObject(1, {}, TS.ExplicitVRLittleEndian, 512)))
  await peer.write(pdus.subarray(0, pdus.length - 5000))
  await until(() => store.open === 1)
  peer.socket.destroy()
  await until(() => store.aborted === 1)
  expect(store.open).toBe(0)
  expect(store.objects.size).toBe(0)
  await until(() => dimse.associations()[0]?.endedAt !== null)
  expect(dimse.associations()[0]?.outcome).toMatch(/^aborted/)
  expect(problems[0]?.sentence).toContain('was not ended properly')
})

test('128 contexts with ids in descending order are answered and used', async () => {
  const { port, store } = await openDoor()
  const peer = new RawPeer(port)
  const contexts = Array.from({ length: 128 }, (_, i) => ({
    id: 255 - i * 2,
    abstractSyntax: `1.3.12.2.1107.5.9.${i}`,
    transferSyntaxes: [TS.JPEGBaseline8Bit, TS.ImplicitVRLittleEndian],
  }))
  const answer = await peer.associate(associateRequest(contexts))
  const accepted = decodeAssociateAccept(answer?.body ?? Buffer.alloc(0)).contexts
  expect(accepted.map(context => context.id)).toEqual(contexts.map(context => context.id))
  expect(
    accepted.every(({ result, transferSyntax }) => result === 0 && transferSyntax === TS.ImplicitVRLittleEndian),
  ).toBe(true)
  for (const id of [255, 129, 1]) expect((await peer.store(id, id, ctObject(id))).status).toBe(0)
  expect(store.objects.size).toBe(3)
  await peer.release()
})

test('50 associations at once', async () => {
  const { port, store } = await openDoor()
  const objects = Array.from({ length: 100 }, (_, i) => ctObject(i))
  const results = await sendBytes(objects, { port, associations: 50 })
  expect(results.filter(result => result.status === 0)).toHaveLength(100)
  expect(store.objects.size).toBe(100)
})

test('our own SCU: echo, store, release', async () => {
  const { port, store, dimse } = await openDoor()
  const scu = await openAssociation({
    host: '127.0.0.1',
    port,
    callingAET: 'OURS',
    calledAET: 'ISOCENTER',
    contexts: [{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [TS.ImplicitVRLittleEndian] }, ...CT],
  })
  expect(await scu.echo()).toBe(0)
  const objects = [ctObject(1, {}, TS.ExplicitVRLittleEndian, 1024), ctObject(2)]
  for (const object of objects) expect((await scu.store(object)).Status).toBe(0)
  expect(dimse.associations()[0]).toMatchObject({ callingAET: 'OURS', received: 2, outcome: 'open' })
  await scu.release()
  for (const object of objects)
    expect(store.objects.get(object.SOPInstanceUID)?.bytes.equals(object.dataSet)).toBe(true)
})

test('our own SCU says why it could not: rejected, nobody there', async () => {
  const { port } = await openDoor()
  const to = { host: '127.0.0.1', callingAET: 'OURS', contexts: CT }
  await expect(openAssociation({ ...to, port, calledAET: 'NOBODY' })).rejects.toThrow('source 1, reason 7')
  await expect(openAssociation({ ...to, port: 1, calledAET: 'ISOCENTER' })).rejects.toThrow('ECONNREFUSED')
})

test('closing lets the object at hand finish and be answered, then ends the association', async () => {
  const { port, store, dimse } = await openDoor()
  const gate = Promise.withResolvers<void>()
  store.commitGate = () => gate.promise
  const [busy, idle] = [await associated(port), await associated(port)]
  const result = busy.store(1, 1, ctObject(1))
  await until(() => store.open === 1)
  const closed = dimse.close({ graceMs: 20_000 })
  expect((await idle.next())?.type).toBe(7)
  idle.socket.destroy()
  gate.resolve()
  expect((await result).status).toBe(0)
  expect((await busy.next())?.type).toBe(7)
  busy.socket.destroy()
  await closed
})

test('a listener hears of associations; patient names are in no log', async () => {
  const { port, dimse, logged } = await openDoor()
  let heard = 0
  dimse.onChange(() => {
    heard += 1
  })
  await sendBytes([ctObject(1)], { port })
  await until(() => heard > 0)
  expect(logged.length).toBeGreaterThan(0)
  expect(logged.join()).not.toMatch(/Doe|Jane/)
})
