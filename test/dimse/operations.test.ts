import { expect, test } from 'vitest'
import { type Line, Operations, type Performer } from '../../electron/station/dimse/operations.ts'
import type { CommandSet } from '../../electron/station/wire/dimse.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import { openDoor, until } from './harness.ts'

const FIND = '1.2.840.10008.5.1.4.1.2.2.1'
const CONTEXT = { id: 1, abstractSyntax: FIND, transferSyntax: TS.ExplicitVRLittleEndian }

function findRequest(MessageID: number): CommandSet {
  return { AffectedSOPClassUID: FIND, CommandField: 0x0020, MessageID, CommandDataSetType: 0 }
}

/** Operations on a line that keeps what was sent. */
function operations() {
  const sent: CommandSet[] = []
  let held = 0
  const line: Line = {
    send: async (_id, command) => sent.push(command) > 0,
    sendEncoded: async () => true,
    storing: [],
    frame: () => {
      throw new Error('nothing is framed here')
    },
    abort: () => {},
    hold: () => {
      held += 1
      return {
        peersTurn: answer => answer,
        release: () => {
          held -= 1
        },
      }
    },
  }
  return { operations: new Operations(line, () => new Uint8Array()), sent, held: () => held }
}

function begin(all: Operations, MessageID: number, perform: Performer, identifier = new Uint8Array(8)) {
  const sink = all.begin(CONTEXT, findRequest(MessageID), perform)
  sink.write(identifier)
  return sink.end()
}

const untilCancelled: Performer = async ({ cancelled }) => {
  await new Promise(resolve => cancelled.addEventListener('abort', resolve))
  return { Status: 0xfe00 }
}

test('a cancel reaches the operation it names, and no other', async () => {
  const { operations: all, sent, held } = operations()
  expect(begin(all, 7, untilCancelled)).toBeUndefined()
  expect(held()).toBe(1)
  all.cancel(8)
  all.cancel(undefined)
  await new Promise(resolve => setImmediate(resolve))
  expect(sent).toEqual([])
  all.cancel(7)
  await all.over
  expect(sent).toMatchObject([{ CommandField: 0x8020, MessageIDBeingRespondedTo: 7, Status: 0xfe00 }])
  expect(held()).toBe(0)
})

test('a second operation waits for the first, whatever it is', async () => {
  const { operations: all, sent } = operations()
  begin(all, 1, untilCancelled)
  const second = begin(all, 2, async () => ({ Status: 0 }))
  await new Promise(resolve => setImmediate(resolve))
  expect(sent).toEqual([])
  all.cancel(1)
  await second
  await all.over
  expect(sent.map(({ MessageIDBeingRespondedTo }) => MessageIDBeingRespondedTo)).toEqual([1, 2])
})

test('an identifier beyond all measure, none at all, and a failure inside are answered, not performed', async () => {
  const { operations: all, sent } = operations()
  const never: Performer = async () => expect.unreachable()
  begin(all, 1, never, new Uint8Array(2 ** 20 + 1))
  await all.over
  const sink = all.begin(CONTEXT, { ...findRequest(2), CommandDataSetType: 0x0101 }, never)
  sink.end()
  await all.over
  begin(all, 3, async () => {
    throw new Error('on purpose')
  })
  await all.over
  expect(sent.map(({ Status }) => Status)).toEqual([0xc000, 0xa900, 0x0110])
  expect(sent.every(({ ErrorComment }) => ErrorComment)).toBe(true)
})

test('what an operation asks its peer is answered by message ID; the end of the association is an answer too', async () => {
  const { operations: all, sent } = operations()
  const asking: Performer = async operation => {
    const { Status = -1 } = await operation.ask(3, { CommandField: 0x0001, CommandDataSetType: 0 })
    return { Status, NumberOfCompletedSuboperations: 1 }
  }
  begin(all, 1, asking)
  expect(sent).toMatchObject([{ CommandField: 0x0001, MessageID: 1 }])
  const response = { CommandField: 0x8001, CommandDataSetType: 0x0101, Status: 0xb000 }
  expect(() => all.answered({ ...response, MessageIDBeingRespondedTo: 5 })).toThrow('was not sent')
  all.answered({ ...response, MessageIDBeingRespondedTo: 1 })
  await all.over
  expect(sent[1]).toMatchObject({ CommandField: 0x8020, Status: 0xb000, NumberOfCompletedSuboperations: 1 })
  expect(() => all.answered({ ...response, MessageIDBeingRespondedTo: 1 })).toThrow('was not sent')
  begin(all, 2, asking)
  all.stop('the peer went away')
  await all.over
  expect(sent[3]).toMatchObject({ MessageIDBeingRespondedTo: 2, ErrorComment: 'the peer went away' })
})

test('who may not query is told on its context, and a person hears why; nodes hold from the next association on', async () => {
  const { dimse, port, problems } = await openDoor()
  const request = associateRequest([{ abstractSyntax: FIND, transferSyntaxes: [TS.ImplicitVRLittleEndian] }])
  const node = {
    ...{ name: 'Reading room', AET: 'SENDER', host: '127.0.0.1', port: 104 },
    ...{ sendsAs: [], addresses: [], tls: false, certificates: [] },
  }
  const resultOf = async () => {
    const answer = await new RawPeer(port).associate(request)
    // The context item begins behind 68 bytes and the application context's 25.
    return answer?.body[68 + 25 + 6]
  }
  expect(await resultOf()).toBe(1)
  await until(() => problems.length > 0)
  expect(problems.at(-1)?.sentence).toBe(
    'SENDER (127.0.0.1) asked to query; it is not among the nodes (Settings › Network).',
  )
  dimse.setNodes([{ ...node, rights: ['retrieve'] }])
  expect(await resultOf()).toBe(1)
  expect(problems.at(-1)?.sentence).toContain('the node "Reading room" may not')
  dimse.setNodes([{ ...node, rights: ['query'], addresses: ['10.0.0.1'] }])
  expect(await resultOf()).toBe(1)
  expect(problems.at(-1)?.sentence).toContain('the node "Reading room" calls from 10.0.0.1')
  dimse.setNodes([{ ...node, rights: ['query'] }])
  expect(await resultOf()).toBe(0)
  expect(dimse.nodes()).toHaveLength(1)
})
