/** The process behind `blast`: its argument is the Order as JSON, what it sends its parent is the Blasted. */
import { decodeCommand, encodeCommand, storeRequest } from '../../electron/station/wire/dimse.ts'
import { PDU } from '../../electron/station/wire/pdu.ts'
import { decodeAssociateAccept } from '../../electron/station/wire/pduDecode.ts'
import { dataHeader } from '../../electron/station/wire/pduEncode.ts'
import { associateRequest, RawPeer } from '../fakes/byteSender.ts'
import type { Blasted, Order } from './blaster.ts'
import { percentile } from './figures.ts'
import { number, type Template, template, uidOf } from './instances.ts'

const CONTEXT = 1
/** Most peers announce less; those that announce nothing take anything. */
const LONGEST_PDU = 128 * 1024

/** The PDUs of a data set, made once for each length of PDU: only `head` differs between instances. */
interface Framed {
  head: Buffer
  /** Where in `head` the data set begins. */
  headOffset: number
  rest: Uint8Array[]
}

const order = JSON.parse(process.argv[2] ?? '') as Order
const of = template(order.kind, order.run, order.imagesInSeries)
const framedBy = new Map<number, Framed>()
let stopped = false
process.on('message', () => {
  stopped = true
})
// Whoever asked for it is gone.
process.on('disconnect', () => process.exit())

const peers = await Promise.all(Array.from({ length: order.associations }, (_, i) => open(i)))
const latencies: number[] = []
const first = order.first ?? 0
let next = first
const began = Date.now()
const until = order.seconds === undefined ? Number.POSITIVE_INFINITY : began + order.seconds * 1000
await Promise.all(peers.map(send))
const ended = Date.now()
await Promise.all(peers.map(({ peer }) => peer.release()))
const blasted: Blasted = {
  began,
  ended,
  instances: latencies.length,
  bytes: latencies.length * (of.dataSet.length + of.padding),
  latency: {
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    max: latencies.reduce((a, b) => Math.max(a, b), 0),
  },
}
process.send?.(blasted, () => process.disconnect())

async function open(index: number): Promise<{ peer: RawPeer; framed: Framed; index: number }> {
  const peer = new RawPeer(order.port)
  const contexts = [{ id: CONTEXT, abstractSyntax: of.SOPClassUID, transferSyntaxes: [of.TransferSyntaxUID] }]
  const { calledAET, callingAETs = ['BLASTER'] } = order
  const callingAET = callingAETs[index % callingAETs.length]!
  const answer = await peer.associate(associateRequest(contexts, { calledAET, callingAET }))
  if (answer?.type !== PDU.associateAC) throw new Error(`not accepted: ${answer?.type} ${answer?.body.toString('hex')}`)
  const accepted = decodeAssociateAccept(answer.body)
  if (accepted.contexts[0]?.result !== 0) throw new Error('the presentation context was refused')
  const announced = accepted.user.maximumLength
  const pduLength = announced === 0 ? LONGEST_PDU : Math.min(announced, LONGEST_PDU)
  const framed = framedBy.get(pduLength) ?? frame(of, pduLength)
  framedBy.set(pduLength, framed)
  return { peer, framed, index }
}

async function send({ peer, framed, index }: (typeof peers)[number]): Promise<void> {
  const share = order.count / order.associations
  let own = first + Math.round(index * share)
  const end = order.own ? first + Math.round((index + 1) * share) : first + order.count
  const head = Buffer.from(framed.head)
  const body = head.subarray(framed.headOffset)
  for (let messageID = 1; !stopped && Date.now() < until; messageID = (messageID % 65_535) + 1) {
    const instance = order.own ? own++ : next++
    if (instance >= end) return
    number(body, of, instance)
    const SOPInstanceUID = uidOf(of, 'SOP', instance)
    const command = encodeCommand(storeRequest(messageID, of.SOPClassUID, SOPInstanceUID))
    const answer = peer.next()
    const sent = performance.now()
    peer.socket.cork()
    peer.socket.write(dataHeader(CONTEXT, command.length, { command: true, last: true }))
    peer.socket.write(command)
    peer.socket.write(head)
    const [rest, ...padding] = framed.rest
    if (rest) peer.socket.write(rest)
    peer.socket.uncork()
    // Thousands of times the same bytes: queued one by one, or the queue would be what is large.
    for (const part of padding) if (!peer.socket.write(part)) await drained(peer)
    const pdu = await answer
    latencies.push(performance.now() - sent)
    if (pdu?.type !== PDU.dataTF) throw new Error(`no C-STORE response but ${pdu ? `PDU type ${pdu.type}` : 'the end'}`)
    const response = decodeCommand(pdu.body.subarray(6))
    if (response.Status !== 0 || response.MessageIDBeingRespondedTo !== messageID) {
      const status = response.Status?.toString(16).padStart(4, '0')
      throw new Error(`C-STORE of ${SOPInstanceUID} ended with ${status} ${response.ErrorComment ?? ''}`)
    }
  }
}

/** Resolves when the socket takes more, or has closed. */
function drained({ socket }: RawPeer): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
    if (socket.destroyed) done()
  })
}

function frame({ dataSet, padding, headLength }: Template, pduLength: number): Framed {
  const most = pduLength - 6
  if (headLength > most) throw new Error(`what tells instances apart does not fit into a PDU of ${pduLength}`)
  const parts: Buffer[] = []
  for (let at = 0; at < dataSet.length; at += most) {
    const last = padding === 0 && at + most >= dataSet.length
    const part = dataSet.subarray(at, at + most)
    parts.push(dataHeader(CONTEXT, part.length, { command: false, last }), part)
  }
  const [header, begin, ...body] = parts as [Buffer, Buffer, ...Buffer[]]
  const rest: Uint8Array[] = [Buffer.concat(body)]
  const zeros = Buffer.alloc(most)
  const full = Buffer.concat([dataHeader(CONTEXT, most, { command: false, last: false }), zeros])
  for (let left = padding; left > 0; left -= most) {
    const length = Math.min(left, most)
    const last = left <= most
    rest.push(
      last ? Buffer.concat([dataHeader(CONTEXT, length, { command: false, last }), zeros.subarray(0, length)]) : full,
    )
  }
  return { head: Buffer.concat([header, begin]), headOffset: header.length, rest: rest.filter(part => part.length > 0) }
}
