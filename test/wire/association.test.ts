import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Association } from '../../electron/station/wire/association.ts'
import { type CommandSet, echoRequest, encodeCommand } from '../../electron/station/wire/dimse.ts'
import type { Ending } from '../../electron/station/wire/ending.ts'
import {
  dataHeader,
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeAssociateRequest,
  encodeReleaseRequest,
  encodeReleaseResponse,
} from '../../electron/station/wire/pduEncode.ts'
import type { Timers } from '../../electron/station/wire/timers.ts'
import { associateRequest } from '../fakes/byteSender.ts'

const REQUEST = associateRequest([{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }])
const ACCEPT = encodeAssociateAccept({
  ...REQUEST,
  contexts: [{ id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' }],
})

/** Our requestor against a peer that only does what the test tells it to. */
async function requestor(timers: Partial<Timers> = {}) {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const accepted = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<Ending>()
  const received: CommandSet[] = []
  const association = new Association(connect(port, '127.0.0.1'), {
    role: 'requestor',
    request: REQUEST,
    timers: { linger: 50, ...timers },
    onAccepted: () => accepted.resolve(),
    onMessage: (_context, command) => {
      received.push(command)
      return { write: () => {}, end: () => {}, abort: () => {} }
    },
    onEnd: ending => ended.resolve(ending),
  })
  const [socket] = (await once(server, 'connection')) as [Socket]
  socket.on('error', () => {})
  const types: number[] = []
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', chunk => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 6 && pending.length >= 6 + pending.readUInt32BE(2)) {
      types.push(pending.readUInt8(0))
      pending = pending.subarray(6 + pending.readUInt32BE(2))
    }
  })
  onTestFinished(() => {
    association.destroy()
    socket.destroy()
    server.close()
  })
  /** The type of every PDU our side has sent, once there are this many. */
  const sent = async (count: number) => {
    while (types.length < count) await new Promise(resolve => setTimeout(resolve, 2))
    return types
  }
  return { association, socket, sent, accepted: accepted.promise, ended: ended.promise, received }
}

test('asks, is accepted, sends, releases', async () => {
  const { association, socket, sent, accepted, ended } = await requestor()
  expect(await sent(1)).toEqual([1])
  socket.write(ACCEPT)
  await accepted
  expect(association.contexts).toEqual([
    { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntax: '1.2.840.10008.1.2' },
  ])
  expect(await association.send(1, echoRequest(1))).toBe(true)
  association.release()
  expect(await sent(3)).toEqual([1, 4, 5])
  socket.write(encodeReleaseResponse())
  expect(await ended).toEqual({ kind: 'released', words: 'released', phase: 'open' })
  await association.closed
  expect(await association.send(1, echoRequest(2))).toBe(false)
})

test('is rejected, with the reason', async () => {
  const { association, socket, ended } = await requestor()
  socket.write(encodeAssociateReject({ result: 1, source: 1, reason: 3 }))
  expect(await ended).toEqual({
    kind: 'rejected',
    words: 'rejected: result 1, source 1, reason 3',
    phase: 'asking',
    reject: { result: 1, source: 1, reason: 3 },
  })
  await association.closed
})

test('both ask for release at once: answered, then ended by the peer’s answer (Sta7, Sta9, Sta11)', async () => {
  const { association, socket, sent, accepted, ended } = await requestor()
  socket.write(ACCEPT)
  await accepted
  association.release()
  await sent(2)
  socket.write(encodeReleaseRequest())
  expect(await sent(3)).toEqual([1, 5, 6])
  socket.write(encodeReleaseResponse())
  expect(await ended).toMatchObject({ kind: 'released' })
})

test('data that was on its way when release was asked for is still taken (Sta7)', async () => {
  const { association, socket, sent, accepted, received } = await requestor()
  socket.write(ACCEPT)
  await accepted
  association.release()
  await sent(2)
  const command = encodeCommand(echoRequest(1))
  socket.write(Buffer.concat([dataHeader(1, command.length, { command: true, last: true }), command]))
  while (received.length === 0) await new Promise(resolve => setTimeout(resolve, 2))
  expect(received[0]).toMatchObject({ CommandField: 0x30, MessageID: 1 })
})

test.each([
  ['a request', encodeAssociateRequest(REQUEST)],
  ['data', Buffer.from([4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3])],
  ['a release request', encodeReleaseRequest()],
  ['a release response', encodeReleaseResponse()],
  ['garbage', Buffer.from('this is not DICOM')],
])('%s instead of an answer: aborted (Sta5)', async (_name, bytes) => {
  const { association, socket, sent, ended } = await requestor()
  await sent(1)
  socket.write(bytes)
  expect(await ended).toMatchObject({ kind: 'aborted' })
  expect(await sent(2)).toEqual([1, 7])
  await association.closed
})

test.each([
  ['an acceptance', ACCEPT],
  ['a rejection', encodeAssociateReject({ result: 1, source: 1, reason: 1 })],
  ['a request', encodeAssociateRequest(REQUEST)],
])('%s instead of a release response: aborted (Sta7)', async (_name, bytes) => {
  const { association, socket, sent, accepted, ended } = await requestor()
  socket.write(ACCEPT)
  await accepted
  association.release()
  await sent(2)
  socket.write(bytes)
  expect(await ended).toMatchObject({ kind: 'aborted' })
  expect(await sent(3)).toEqual([1, 5, 7])
})

test('an abort by the peer, before and after it accepted', async () => {
  for (const first of [Buffer.alloc(0), ACCEPT]) {
    const { socket, ended } = await requestor()
    socket.write(Buffer.concat([first, encodeAbort({ source: 2, reason: 1 })]))
    expect(await ended).toMatchObject({
      kind: 'aborted',
      words: 'aborted by the peer (protocol, reason 1)',
      abort: { source: 2, reason: 1 },
    })
  }
})

test('a peer that answers neither the request nor the release is given up', async () => {
  const silent = await requestor({ artim: 80 })
  expect((await silent.ended).words).toContain('no answer within')
  const accepting = await requestor({ artim: 80 })
  accepting.socket.write(ACCEPT)
  await accepting.accepted
  accepting.association.release()
  expect((await accepting.ended).words).toContain('no answer within')
})

test('a peer that does not read is given up while we send', async () => {
  const { association, socket, accepted, ended } = await requestor({ pdu: 100 })
  socket.write(ACCEPT)
  await accepted
  socket.pause()
  expect(await association.send(1, echoRequest(1), new Uint8Array(64 * 1024 * 1024))).toBe(false)
  expect((await ended).words).toContain('did not read')
})
