import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  COMMAND,
  type CommandSet,
  decodeCommand,
  encodeCommand,
  NO_DATA_SET,
} from '../../electron/station/wire/dimse.ts'
import {
  dataHeader,
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeAssociateRequest,
  encodeReleaseRequest,
  encodeReleaseResponse,
} from '../../electron/station/wire/pduEncode.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer, sendBytes } from '../fakes/byteSender.ts'
import { CT_IMAGE, ctObject, openDoor, until } from './harness.ts'

const REQUEST = associateRequest([{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }])
const { contexts: _, ...COMMON } = REQUEST

/** PDUs by name; the P-DATA-TF is the beginning of a command. */
const PDUS = {
  'A-ASSOCIATE-RQ': encodeAssociateRequest(REQUEST),
  'A-ASSOCIATE-AC': encodeAssociateAccept({ ...COMMON, contexts: [] }),
  'A-ASSOCIATE-RJ': encodeAssociateReject({ result: 1, source: 1, reason: 1 }),
  'P-DATA-TF': Buffer.concat([dataHeader(1, 4, { command: true, last: false }), Buffer.alloc(4)]),
  'A-RELEASE-RQ': encodeReleaseRequest(),
  'A-RELEASE-RP': encodeReleaseResponse(),
  'A-ABORT': encodeAbort({ source: 0, reason: 0 }),
  'an unknown PDU': Buffer.from([0x55, 0, 0, 0, 0, 4, 1, 2, 3, 4]),
} as const
type Name = keyof typeof PDUS

async function associated(port: number): Promise<RawPeer> {
  const peer = new RawPeer(port)
  expect((await peer.associate(REQUEST))?.type).toBe(2)
  return peer
}

/** The peer was sent away by A-ABORT with this source and reason, and the socket goes. */
async function expectAbort(peer: RawPeer, source: number, reason: number): Promise<void> {
  const pdu = await peer.next()
  expect(pdu?.type).toBe(7)
  expect([pdu?.body[2], pdu?.body[3]]).toEqual([source, reason])
  await peer.closed
}

/** The door still works for everybody else. */
async function expectServing(port: number): Promise<void> {
  const [result] = await sendBytes([ctObject(999)], { port })
  expect(result?.status).toBe(0)
}

// PS3.8 table 9-10, AA-1: from Sta2 the abort's source is the service user.
test.each<Name>(['A-ASSOCIATE-AC', 'A-ASSOCIATE-RJ', 'P-DATA-TF', 'A-RELEASE-RQ', 'A-RELEASE-RP', 'an unknown PDU'])(
  'before the association: %s is answered by A-ABORT',
  async name => {
    const { port } = await openDoor()
    const peer = new RawPeer(port)
    await peer.write(PDUS[name])
    await expectAbort(peer, 0, 0)
    await expectServing(port)
  },
)

// AA-8: from Sta6 the source is the service provider, with the reason.
test.each<[Name, number]>([
  ['A-ASSOCIATE-RQ', 2],
  ['A-ASSOCIATE-AC', 2],
  ['A-ASSOCIATE-RJ', 2],
  ['A-RELEASE-RP', 2],
  ['an unknown PDU', 1],
])('on an open association: %s is answered by A-ABORT, reason %d', async (name, reason) => {
  const { port, problems } = await openDoor()
  const peer = await associated(port)
  await peer.write(PDUS[name])
  await expectAbort(peer, 2, reason)
  expect(problems[0]?.sentence).toContain('SENDER (127.0.0.1)')
  await expectServing(port)
})

// AA-6, AA-7, AA-2: after the end everything is passed over, a new request is answered by one more abort, an abort closes.
test('after a release: data is ignored, a new request gets A-ABORT, an abort closes', async () => {
  const { port, store } = await openDoor({ linger: 10_000 })
  const peer = await associated(port)
  await peer.write(encodeReleaseRequest())
  expect((await peer.next())?.type).toBe(6)
  await peer.write(Buffer.concat(peer.storePdus(1, 1, ctObject(1))))
  await peer.write(PDUS['A-RELEASE-RP'])
  await peer.write(PDUS['A-ASSOCIATE-RQ'])
  expect((await peer.next())?.type).toBe(7)
  await peer.write(PDUS['A-ABORT'])
  await peer.closed
  expect(store.objects.size).toBe(0)
})

test('an A-ABORT before or inside an association closes it without an answer', async () => {
  const { port, dimse } = await openDoor()
  for (const peer of [new RawPeer(port), await associated(port)]) {
    await peer.write(PDUS['A-ABORT'])
    expect(await peer.next()).toBeUndefined()
  }
  expect(dimse.associations().map(association => association.outcome)).toEqual(Array(2).fill('aborted by the peer'))
})

function pdvOf(contextId: number, control: number, bytes: Buffer): Buffer {
  return Buffer.concat([
    dataHeader(contextId, bytes.length, { command: !!(control & 1), last: !!(control & 2) }),
    bytes,
  ])
}

const ECHO = { CommandField: COMMAND.cEchoRQ, MessageID: 1, CommandDataSetType: NO_DATA_SET }

test.each<[string, Buffer, source: number, reason: number]>([
  ['garbage where a command set should be', pdvOf(1, 3, Buffer.alloc(40, 0xab)), 0, 0],
  ['a command set cut short', pdvOf(1, 3, encodeCommand(ECHO).subarray(0, 21)), 0, 0],
  ['a command set without a command', pdvOf(1, 3, Buffer.alloc(0)), 0, 0],
  ['a request without a Message ID', pdvOf(1, 3, encodeCommand({ ...ECHO, MessageID: undefined })), 0, 0],
  ['a response nobody asked for', pdvOf(1, 3, encodeCommand({ ...ECHO, CommandField: 0x8030 })), 0, 0],
  ['a command set of 80 KB', pdvOf(1, 1, Buffer.alloc(80 * 1024)), 0, 0],
  ['a context that was not accepted', pdvOf(9, 3, encodeCommand(ECHO)), 2, 6],
  ['a data set without a command', pdvOf(1, 2, Buffer.alloc(10)), 2, 5],
  [
    'a command inside a data set',
    Buffer.concat([
      pdvOf(1, 3, encodeCommand({ ...ECHO, CommandField: COMMAND.cStoreRQ, CommandDataSetType: 0 })),
      pdvOf(1, 3, encodeCommand(ECHO)),
    ]),
    2,
    5,
  ],
  ['a PDV longer than its PDU', Buffer.from([4, 0, 0, 0, 0, 10, 0, 0, 1, 0, 1, 3, 0, 0, 0, 0]), 2, 6],
])('%s is answered by A-ABORT', async (_name, bytes, source, reason) => {
  const { port } = await openDoor()
  const peer = await associated(port)
  await peer.write(bytes)
  await expectAbort(peer, source, reason)
  await expectServing(port)
})

test.each([
  ['random bytes', randomBytes(5000)],
  ['a browser', Buffer.from('GET / HTTP/1.1\r\nHost: scanner\r\n\r\n')],
  ['a TLS client', Buffer.from('16030100a5010000a10303', 'hex')],
])('%s: A-ABORT, and the door stays open', async (_name, bytes) => {
  const { port, dimse } = await openDoor()
  const peer = new RawPeer(port)
  await peer.write(bytes)
  expect((await peer.next())?.type).toBe(7)
  await peer.closed
  expect(dimse.associations()[0]?.outcome).toMatch(/^aborted/)
  await expectServing(port)
})

test.each([
  ['before the association', false],
  ['inside it', true],
])('a length field of 4 GB %s is refused by the header; what follows is not kept', async (_name, inside) => {
  const { port } = await openDoor({ linger: 500 })
  const peer = inside ? await associated(port) : new RawPeer(port)
  await peer.write(Buffer.from([inside ? 4 : 1, 0, 0xff, 0xff, 0xff, 0xf0]))
  expect((await peer.next())?.type).toBe(7)
  const before = process.memoryUsage().arrayBuffers
  const megabyte = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 100 && !peer.socket.destroyed; i += 1) await peer.write(megabyte)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024)
  await peer.closed
  await expectServing(port)
})

test('a request sent at one byte at a time is cut off by ARTIM', async () => {
  const { port, dimse } = await openDoor({ artim: 150 })
  const peer = new RawPeer(port)
  let at = 0
  const drip = setInterval(() => peer.socket.write(PDUS['A-ASSOCIATE-RQ'].subarray(at, ++at)), 20)
  await peer.closed
  clearInterval(drip)
  await until(() => dimse.associations()[0]?.endedAt != null)
  expect(dimse.associations()[0]?.outcome).toContain('no association request within')
})

test('a connection that never speaks is cut off and leaves no trace in the list', async () => {
  const { port, dimse, problems } = await openDoor({ artim: 50 })
  await new RawPeer(port).closed
  expect(dimse.associations()).toEqual([])
  expect(problems).toEqual([])
})

test('a PDU that drips in is cut off, however lively the drip', async () => {
  const { port, store } = await openDoor({ pdu: 150 })
  const peer = await associated(port)
  const pdus = Buffer.concat(peer.storePdus(1, 1, ctObject(1, {}, TS.ExplicitVRLittleEndian, 256)))
  await peer.write(pdus.subarray(0, 1000))
  const drip = setInterval(() => peer.socket.write(Buffer.alloc(1)), 20)
  await expectAbort(peer, 0, 0)
  clearInterval(drip)
  expect(store.open).toBe(0)
  expect(store.aborted).toBe(1)
})

test('a peer that stops between the PDUs of a data set is cut off', async () => {
  const { port, store } = await openDoor({ pdu: 100 })
  const peer = await associated(port)
  const [header, command] = peer.storePdus(1, 1, ctObject(1))
  await peer.write(Buffer.concat([header!, command!]))
  await expectAbort(peer, 0, 0)
  expect(store.aborted).toBe(1)
})

test('a slow line that manages the rate is taken to the end, over many periods', async () => {
  const { port, store } = await openDoor({ pdu: 600, rate: 1024 })
  const peer = await associated(port)
  const object = ctObject(1, {}, TS.ExplicitVRLittleEndian, 128)
  const bytes = Buffer.concat(peer.storePdus(1, 1, object))
  const started = Date.now()
  // 250 bytes every 25 ms: ten times the rate, one PDU, more than five periods.
  for (let at = 0; at < bytes.length; at += 250) {
    await peer.write(bytes.subarray(at, at + 250))
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  expect(Date.now() - started).toBeGreaterThan(5 * 600)
  await until(() => store.objects.size === 1)
  expect(store.objects.get(object.SOPInstanceUID)?.bytes.equals(object.dataSet)).toBe(true)
  expect((await peer.next())?.type).toBe(4)
  await peer.release()
})

test.each([
  ['single bytes of one PDU, each of which costs the disk a moment', 0],
  ['small whole PDUs', 1],
])('a slow-loris is cut off: %s', async (_name, kind) => {
  const { port, store, problems } = await openDoor({ pdu: 300, rate: 1024 })
  store.writeGate = () => new Promise(resolve => setTimeout(resolve, 5))
  const peer = await associated(port)
  const [header, command] = peer.storePdus(1, 1, ctObject(1))
  await peer.write(Buffer.concat([header!, command!]))
  if (kind === 0) await peer.write(dataHeader(1, 100_000, { command: false, last: false }))
  const one =
    kind === 0 ? Buffer.alloc(1) : Buffer.concat([dataHeader(1, 1, { command: false, last: false }), Buffer.alloc(1)])
  const drip = setInterval(() => peer.socket.write(one), 20)
  await expectAbort(peer, 0, 0)
  clearInterval(drip)
  expect(store.aborted).toBe(1)
  expect(problems[0]?.sentence).toContain('sent less than 1024 bytes a second')
  await expectServing(port)
})

test('an idle association is ended, and one that a peer left half open is freed', async () => {
  const { port, dimse } = await openDoor({ idle: 100, linger: 100 })
  const peer = await associated(port)
  // Reads nothing, answers nothing, closes nothing.
  peer.socket.pause()
  await until(() => dimse.associations().every(association => association.endedAt !== null))
  expect(dimse.associations()[0]?.outcome).toContain('nothing arrived')
  peer.socket.resume()
  await peer.closed
})

test('no timer runs while the work is ours: a slow disk does not abort the sender', async () => {
  const { port, store } = await openDoor({ artim: 100, pdu: 100, idle: 100 })
  store.writeGate = () => new Promise(resolve => setTimeout(resolve, 250))
  store.commitGate = () => new Promise(resolve => setTimeout(resolve, 400))
  const peer = await associated(port)
  expect((await peer.store(1, 1, ctObject(1))).status).toBe(0)
  await peer.release()
})

test('an unknown command is answered 0x0211, its data set passed over, and the association goes on', async () => {
  const { port } = await openDoor()
  const peer = await associated(port)
  const find: CommandSet = { CommandField: 0x0020, MessageID: 7, CommandDataSetType: 0 }
  await peer.write(pdvOf(1, 3, encodeCommand(find)))
  await peer.write(pdvOf(1, 2, Buffer.alloc(100)))
  const response = decodeCommand((await peer.next())!.body.subarray(6))
  expect(response).toMatchObject({ CommandField: 0x8020, MessageIDBeingRespondedTo: 7, Status: 0x0211 })
  expect((await peer.store(1, 8, ctObject(1))).status).toBe(0)
  await peer.release()
})

test('a C-CANCEL for something long done harms nobody', async () => {
  const { port } = await openDoor()
  const peer = await associated(port)
  const cancel = { CommandField: COMMAND.cCancelRQ, MessageIDBeingRespondedTo: 1, CommandDataSetType: NO_DATA_SET }
  await peer.write(pdvOf(1, 3, encodeCommand(cancel)))
  expect((await peer.store(1, 2, ctObject(1))).status).toBe(0)
  await peer.release()
})

test('requests sent ahead of their answers are served one by one', async () => {
  const { port, store } = await openDoor()
  store.commitGate = () => new Promise(resolve => setTimeout(resolve, 5))
  const peer = await associated(port)
  const results = [1, 2, 3, 4].map(id => peer.store(1, id, ctObject(id)))
  expect((await Promise.all(results)).map(result => result.status)).toEqual([0, 0, 0, 0])
  expect(store.overlapping).toBe(0)
  expect(store.objects.size).toBe(4)
  await peer.release()
})

test('twenty rude peers and a good one: the good one is served', async () => {
  const { port, store } = await openDoor()
  const rude = Array.from({ length: 20 }, async (_, i) => {
    const peer = i % 2 ? await associated(port) : new RawPeer(port)
    await peer.write(randomBytes(100_000))
    await peer.closed
  })
  await expectServing(port)
  await Promise.all(rude)
  expect(store.open).toBe(0)
})

test('a refused called AE title is told in words, with both titles', async () => {
  const { port, problems, dimse, logged } = await openDoor()
  const peer = new RawPeer(port)
  const answer = await peer.associate({ ...REQUEST, calledAET: 'PACS' })
  expect([answer?.type, ...(answer?.body ?? [])]).toEqual([3, 0, 1, 1, 7])
  await peer.closed
  const words = 'refused: it called "PACS", the AE title here is "ISOCENTER"'
  expect(dimse.associations()[0]).toMatchObject({ callingAET: 'SENDER', calledAET: 'PACS', outcome: words })
  expect(problems).toEqual([{ severity: 'attention', sentence: `SENDER (127.0.0.1) was ${words}.`, detail: '' }])
  expect(logged.some(line => line.startsWith('warn') && line.includes('PACS'))).toBe(true)
})
