import { connect, type Socket } from 'node:net'
import { decodeCommand, encodeCommand, storeRequest } from '../../electron/station/wire/dimse.ts'
import { type AssociateRequest, PDU } from '../../electron/station/wire/pdu.ts'
import { decodeAssociateAccept } from '../../electron/station/wire/pduDecode.ts'
import { dataHeader, encodeAssociateRequest, encodeReleaseRequest } from '../../electron/station/wire/pduEncode.ts'

/** What goes over the wire: data set bytes as they are in the file, never parsed. */
export interface SendObject {
  SOPClassUID: string
  SOPInstanceUID: string
  TransferSyntaxUID: string
  dataSet: Uint8Array
}

export interface SendResult {
  SOPInstanceUID: string
  status: number
  comment: string
}

export interface ReceivedPdu {
  type: number
  body: Buffer
}

/** A request for these contexts, with ids 1, 3, 5 … unless they carry their own. */
export function associateRequest(
  contexts: Array<{ id?: number; abstractSyntax: string; transferSyntaxes: string[] }>,
  more: Partial<AssociateRequest> = {},
): AssociateRequest {
  return {
    protocolVersion: 1,
    calledAET: 'ISOCENTER',
    callingAET: 'SENDER',
    applicationContext: '1.2.840.10008.3.1.1.1',
    contexts: contexts.map((context, index) => ({ id: index * 2 + 1, ...context })),
    user: {
      maximumLength: 65536,
      implementationClassUID: '2.25.1',
      implementationVersionName: 'BYTESENDER',
      roles: [],
      extended: [],
    },
    ...more,
  }
}

/**
 * A socket that speaks PDUs and nothing more: what it writes is what it is told to write, right or wrong. Independent of the
 * station's state machine on purpose.
 */
export class RawPeer {
  readonly socket: Socket
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>
  #pending: Buffer = Buffer.alloc(0)
  #received: ReceivedPdu[] = []
  #waiting: Array<(pdu: ReceivedPdu | undefined) => void> = []

  /** `from`: another loopback address makes it another peer. */
  constructor(port: number, from = '127.0.0.1') {
    this.socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
    this.socket.on('error', () => {})
    this.socket.on('data', chunk => this.#take(chunk))
    this.closed = new Promise(resolve => {
      this.socket.once('close', () => {
        for (const wake of this.#waiting.splice(0)) wake(undefined)
        resolve()
      })
    })
  }

  /** Resolves when the kernel has taken it, or the connection is gone. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise(resolve => this.socket.write(bytes, () => resolve()))
  }

  /** The next PDU; undefined when the connection closed first. */
  next(): Promise<ReceivedPdu | undefined> {
    const pdu = this.#received.shift()
    if (pdu) return Promise.resolve(pdu)
    if (this.socket.destroyed) return Promise.resolve(undefined)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Associates; the answer's PDU, whatever it is. */
  async associate(request: AssociateRequest): Promise<ReceivedPdu | undefined> {
    await this.write(encodeAssociateRequest(request))
    return this.next()
  }

  /** The PDUs of one C-STORE, PDVs cut at `pduLength`. */
  storePdus(contextId: number, messageID: number, object: SendObject, pduLength = 65536): Uint8Array[] {
    const command = encodeCommand(storeRequest(messageID, object.SOPClassUID, object.SOPInstanceUID))
    const pdus: Uint8Array[] = [dataHeader(contextId, command.length, { command: true, last: true }), command]
    const most = pduLength - 6
    for (let at = 0; at < object.dataSet.length; at += most) {
      const part = object.dataSet.subarray(at, at + most)
      const last = at + most >= object.dataSet.length
      pdus.push(dataHeader(contextId, part.length, { command: false, last }), part)
    }
    return pdus
  }

  /** C-STORE and its response. Rejects when the association ends instead. */
  async store(contextId: number, messageID: number, object: SendObject, pduLength?: number): Promise<SendResult> {
    this.socket.cork()
    for (const part of this.storePdus(contextId, messageID, object, pduLength)) this.socket.write(part)
    this.socket.uncork()
    const pdu = await this.next()
    if (pdu?.type !== PDU.dataTF) throw new Error(`no C-STORE response but ${pdu ? `PDU type ${pdu.type}` : 'the end'}`)
    const response = decodeCommand(pdu.body.subarray(6))
    return {
      SOPInstanceUID: object.SOPInstanceUID,
      status: response.Status ?? -1,
      comment: response.ErrorComment ?? '',
    }
  }

  /** A-RELEASE, to the closed connection. */
  async release(): Promise<void> {
    await this.write(encodeReleaseRequest())
    const pdu = await this.next()
    if (pdu?.type !== PDU.releaseRP) throw new Error(`no A-RELEASE-RP but ${pdu?.type}`)
    this.socket.end()
    await this.closed
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length ? Buffer.concat([this.#pending, chunk]) : chunk
    while (this.#pending.length >= 6) {
      const end = 6 + this.#pending.readUInt32BE(2)
      if (this.#pending.length < end) return
      const pdu = { type: this.#pending.readUInt8(0), body: this.#pending.subarray(6, end) }
      this.#pending = this.#pending.subarray(end)
      const wake = this.#waiting.shift()
      if (wake) wake(pdu)
      else this.#received.push(pdu)
    }
  }
}

/**
 * Sends every object, byte for byte in its own transfer syntax, over `associations` parallel associations of up to 128
 * contexts each. Results in the order of the objects; rejects when an association is refused or ends early.
 */
export async function sendBytes(
  objects: SendObject[],
  to: {
    port: number
    /** Another loopback address makes it another peer. */
    from?: string
    calledAET?: string
    callingAET?: string
    associations?: number
    pduLength?: number
  },
): Promise<SendResult[]> {
  const contexts = new Map<string, { abstractSyntax: string; transferSyntaxes: string[] }>()
  for (const { SOPClassUID, TransferSyntaxUID } of objects) {
    contexts.set(`${SOPClassUID} ${TransferSyntaxUID}`, {
      abstractSyntax: SOPClassUID,
      transferSyntaxes: [TransferSyntaxUID],
    })
  }
  if (contexts.size > 128) throw new Error('more than 128 kinds of object: send them in parts')
  const ids = new Map([...contexts.keys()].map((key, index) => [key, index * 2 + 1]))
  const request = associateRequest([...contexts.values()], {
    calledAET: to.calledAET ?? 'ISOCENTER',
    callingAET: to.callingAET ?? 'SENDER',
  })
  const results: SendResult[] = []
  let next = 0
  const worker = async () => {
    const peer = new RawPeer(to.port, to.from)
    try {
      const answer = await peer.associate(request)
      if (answer?.type !== PDU.associateAC)
        throw new Error(`not accepted: ${answer?.type} ${answer?.body.toString('hex')}`)
      const accepted = new Set(
        decodeAssociateAccept(answer.body)
          .contexts.filter(context => context.result === 0)
          .map(context => context.id),
      )
      for (let messageID = 1; ; messageID += 1) {
        const index = next++
        const object = objects[index]
        if (!object) break
        const id = ids.get(`${object.SOPClassUID} ${object.TransferSyntaxUID}`) ?? 0
        if (!accepted.has(id)) throw new Error(`${object.SOPClassUID} in ${object.TransferSyntaxUID} was not accepted`)
        results[index] = await peer.store(id, messageID & 0xffff, object, to.pduLength)
      }
      await peer.release()
    } finally {
      peer.socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: to.associations ?? 1 }, worker))
  return results
}
