import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Association } from '../../electron/station/wire/association.ts'
import type { Decision } from '../../electron/station/wire/associationOptions.ts'
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
import type { State } from '../../electron/station/wire/stateTable.ts'
import type { Timers } from '../../electron/station/wire/timers.ts'
import { associateRequest } from '../fakes/byteSender.ts'
import { RECEIVED, standardAction } from '../wire/standard.ts'

/**
 * Both roles over real sockets, in every state a peer can find us in (Sta8, 9 and 12 pass within one turn of the loop: the
 * release is answered at once; `upperLayer.test.ts` has them), given every PDU that does not belong there.
 */
const REQUEST = associateRequest([{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }])
const ANSWER = { ...REQUEST, contexts: [{ id: 1, result: 0 as const, transferSyntax: '1.2.840.10008.1.2' }] }

const SENT: Record<(typeof RECEIVED)[number], Buffer> = {
  gotAC: encodeAssociateAccept(ANSWER),
  gotRJ: encodeAssociateReject({ result: 1, source: 1, reason: 1 }),
  gotRQ: encodeAssociateRequest(REQUEST),
  gotData: Buffer.concat([dataHeader(1, 4, { command: true, last: false }), Buffer.alloc(4)]),
  gotReleaseRQ: encodeReleaseRequest(),
  gotReleaseRP: encodeReleaseResponse(),
  gotAbort: encodeAbort({ source: 0, reason: 0 }),
  invalidPdu: Buffer.from([0x55, 0, 0, 0, 0, 4, 1, 2, 3, 4]),
}

interface Pair {
  association: Association
  peer: Socket
  /** The PDUs our side has sent, as they come; undefined when it has closed. */
  next(): Promise<Buffer | undefined>
  ended: Promise<Ending>
}

async function pair(role: 'acceptor' | 'requestor', decide: () => Decision | Promise<Decision>): Promise<Pair> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sockets = [connect(port, '127.0.0.1')]
  const connected = once(server, 'connection') as Promise<[Socket]>
  const ended = Promise.withResolvers<Ending>()
  // Long enough for all that is asserted, short enough to see a peer that stays being put out.
  const timers: Partial<Timers> = { linger: 100 }
  const common = {
    timers,
    onMessage: () => ({ write: () => {}, end: () => {}, abort: () => {} }),
    onEnd: ended.resolve,
  }
  const ours = role === 'requestor' ? sockets[0] : (await connected)[0]
  const association = new Association(
    ours!,
    role === 'requestor'
      ? { role, request: REQUEST, onAccepted: () => {}, ...common }
      : { role, negotiate: decide, ...common },
  )
  const peer = role === 'requestor' ? (await connected)[0] : sockets[0]!
  peer.on('error', () => {})
  const pdus: Buffer[] = []
  let closed = false
  let wake = () => {}
  let pending: Buffer = Buffer.alloc(0)
  peer.on('data', chunk => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 6 && pending.length >= 6 + pending.readUInt32BE(2)) {
      pdus.push(pending.subarray(0, 6 + pending.readUInt32BE(2)))
      pending = pending.subarray(6 + pending.readUInt32BE(2))
    }
    wake()
  })
  peer.on('close', () => {
    closed = true
    wake()
  })
  onTestFinished(() => {
    association.destroy()
    peer.destroy()
    server.close()
  })
  const next = async () => {
    while (pdus.length === 0 && !closed)
      await new Promise<void>(resolve => {
        wake = resolve
      })
    return pdus.shift()
  }
  return { association, peer, next, ended: ended.promise }
}

const held = () => new Promise<Decision>(() => {})
const accept = (): Decision => ({ accept: ANSWER })

async function acceptorOpen(decide: () => Decision | Promise<Decision> = accept): Promise<Pair> {
  const both = await pair('acceptor', decide)
  both.peer.write(SENT.gotRQ)
  if (decide === accept) expect((await both.next())?.[0]).toBe(2)
  return both
}

async function requestorOpen(): Promise<Pair> {
  const both = await pair('requestor', accept)
  expect((await both.next())?.[0]).toBe(1)
  both.peer.write(SENT.gotAC)
  while (both.association.contexts.length === 0) await new Promise(resolve => setTimeout(resolve, 1))
  return both
}

const INTO: Partial<Record<State, () => Promise<Pair>>> = {
  2: () => pair('acceptor', accept),
  3: () => acceptorOpen(held),
  5: async () => {
    const both = await pair('requestor', accept)
    await both.next()
    return both
  },
  6: () => acceptorOpen(),
  7: async () => {
    const both = await requestorOpen()
    both.association.release()
    expect((await both.next())?.[0]).toBe(5)
    return both
  },
  // The acceptor asked too, and both requests crossed: it waits for the requestor's answer first.
  10: async () => {
    const both = await acceptorOpen()
    both.association.release()
    expect((await both.next())?.[0]).toBe(5)
    both.peer.write(SENT.gotReleaseRQ)
    await new Promise(resolve => setTimeout(resolve, 20))
    return both
  },
  11: async () => {
    const both = await requestorOpen()
    both.association.release()
    expect((await both.next())?.[0]).toBe(5)
    both.peer.write(SENT.gotReleaseRQ)
    expect((await both.next())?.[0]).toBe(6)
    return both
  },
  13: async () => {
    const both = await acceptorOpen()
    both.peer.write(SENT.gotReleaseRQ)
    expect((await both.next())?.[0]).toBe(6)
    return both
  },
}

const states = Object.keys(INTO).map(Number) as State[]
const CASES = states.flatMap(state =>
  RECEIVED.map(event => ({ state, event, action: standardAction(event, state) ?? '' })).filter(({ action }) =>
    action.startsWith('AA-'),
  ),
)

test.each(CASES)('Sta$state, $event: $action', async ({ state, event, action }) => {
  const both = await INTO[state]!()
  both.peer.write(SENT[event])
  // PS3.8 table 9-26: 1 unrecognized PDU, 2 unexpected PDU.
  const reason = event === 'invalidPdu' ? 1 : 2
  if (action === 'AA-1') expect([...((await both.next()) ?? [])]).toEqual([7, 0, 0, 0, 0, 4, 0, 0, 0, 0])
  if (action === 'AA-7' || action === 'AA-8') {
    expect([...((await both.next()) ?? [])]).toEqual([7, 0, 0, 0, 0, 4, 0, 0, 2, reason])
  }
  // Whatever it was, nothing more is said, and the socket goes although the peer does not close it.
  expect(await both.next()).toBeUndefined()
  await both.association.closed
  await both.ended
})

test('nothing of this is left out: 8 states, 8 kinds of PDU, less the 10 that belong there', () => {
  expect(CASES).toHaveLength(8 * 8 - 10)
})
