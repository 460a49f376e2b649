import { decodeCommand, encodeCommand } from '../../electron/station/wire/dimse.ts'
import { dataHeader } from '../../electron/station/wire/pduEncode.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { associateRequest, RawPeer } from './byteSender.ts'

export const MODELS = { PATIENT: '1.2.840.10008.5.1.4.1.2.1.1', STUDY: '1.2.840.10008.5.1.4.1.2.2.1' } as const
export type Root = keyof typeof MODELS

export interface FindAnswer {
  statuses: number[]
  comment: string
  found: DataSet[]
}

export interface FindPeerOptions {
  options?: number[]
  transferSyntax?: string
  calledAET?: string
  callingAET?: string
}

/** An association that asks C-FIND by bytes: context 1 Patient Root, context 3 Study Root. */
export class FindPeer {
  readonly #peer: RawPeer
  readonly #transferSyntax: string
  #messageID = 0

  private constructor(peer: RawPeer, transferSyntax: string) {
    this.#peer = peer
    this.#transferSyntax = transferSyntax
  }

  /** `options`: for extended negotiation, the same for both models. The connection lives until `close` or the other side's end. */
  static async open(
    port: number,
    { options, transferSyntax = TS.ExplicitVRLittleEndian, ...called }: FindPeerOptions = {},
  ): Promise<FindPeer> {
    const peer = new RawPeer(port)
    const contexts = Object.values(MODELS).map(abstractSyntax => ({
      abstractSyntax,
      transferSyntaxes: [transferSyntax],
    }))
    const request = associateRequest(contexts, called)
    const extended = Object.values(MODELS).map(SOPClassUID => ({
      SOPClassUID,
      information: Uint8Array.from(options ?? []),
    }))
    await peer.associate(options ? { ...request, user: { ...request.user, extended } } : request)
    return new FindPeer(peer, transferSyntax)
  }

  /** The identifier as values, or as bytes. */
  async ask(root: Root, identifier: NewDataSet | Uint8Array): Promise<FindAnswer> {
    this.send(root, identifier)
    return this.answers()
  }

  /** The message ID. */
  send(root: Root, identifier: NewDataSet | Uint8Array): number {
    this.#messageID += 1
    const contextId = root === 'PATIENT' ? 1 : 3
    const bytes =
      identifier instanceof Uint8Array ? identifier : writeDataSet(identifier, encodingOf(this.#transferSyntax))
    const command = encodeCommand({
      AffectedSOPClassUID: MODELS[root],
      CommandField: 0x0020,
      MessageID: this.#messageID,
      Priority: 0,
      CommandDataSetType: 0,
    })
    this.#peer.socket.write(
      Buffer.concat([
        dataHeader(contextId, command.length, { command: true, last: true }),
        command,
        dataHeader(contextId, bytes.length, { command: false, last: true }),
        bytes,
      ]),
    )
    return this.#messageID
  }

  cancel(root: Root, messageID: number): void {
    const command = encodeCommand({
      CommandField: 0x0fff,
      MessageIDBeingRespondedTo: messageID,
      CommandDataSetType: 0x0101,
    })
    const header = dataHeader(root === 'PATIENT' ? 1 : 3, command.length, { command: true, last: true })
    this.#peer.socket.write(Buffer.concat([header, command]))
  }

  close(): void {
    this.#peer.socket.destroy()
  }

  /** How many identifiers come before the final response, and its status; nothing is read of them. */
  async count(root: Root, identifier: NewDataSet): Promise<{ found: number; status: number }> {
    this.send(root, identifier)
    for (let found = 0; ; found++) {
      const command = (await this.#peer.next())?.body.subarray(6)
      if (!command) throw new Error('the end instead of a response')
      const { Status = -1, CommandDataSetType } = decodeCommand(command)
      if (CommandDataSetType === 0x0101) return { found, status: Status }
      await this.#peer.next()
    }
  }

  /** Until the final response. `each` hears of every one as it comes. */
  async answers(each?: (found: number) => void): Promise<FindAnswer> {
    const answer: FindAnswer = { statuses: [], comment: '', found: [] }
    for (;;) {
      const pdu = await this.#peer.next()
      if (pdu?.type !== 4) throw new Error(`no response but ${pdu ? `PDU type ${pdu.type}` : 'the end'}`)
      const command = decodeCommand(pdu.body.subarray(6))
      answer.statuses.push(command.Status ?? -1)
      if (command.CommandDataSetType === 0x0101) {
        answer.comment = command.ErrorComment ?? ''
        return answer
      }
      const data = await this.#peer.next()
      if (!data) throw new Error('the end instead of an identifier')
      answer.found.push(DataSet.read(data.body.subarray(6), encodingOf(this.#transferSyntax)))
      each?.(answer.found.length)
    }
  }
}
