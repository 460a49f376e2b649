import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { Association } from '../../electron/station/wire/association.ts'
import { COMMAND, type CommandSet, responseTo } from '../../electron/station/wire/dimse.ts'
import type { AcceptedContext, MessageSink } from '../../electron/station/wire/messages.ts'
import type { AssociateRequest } from '../../electron/station/wire/pdu.ts'
import { openAssociation, type Scu } from '../../electron/station/wire/scu.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'

export const COMMITMENT = '1.2.840.10008.1.20.1'
const INSTANCE = '1.2.840.10008.1.20.1.1'

export type Reference = [SOPClassUID: string, SOPInstanceUID: string]

/** An N-EVENT-REPORT as it came. */
export interface HeardReport {
  EventTypeID: number | undefined
  TransactionUID: string
  committed: string[]
  failed: Array<{ SOPInstanceUID: string; FailureReason: number | undefined }>
  /** Over the peer's own association, or over one of the station's with these roles. */
  over: 'own' | Array<{ scu: boolean; scp: boolean }>
}

/** A peer that asks for commitment and hears the reports, by a script. `status`: what it answers them. */
export class CommitmentPeer {
  readonly reports: HeardReport[] = []
  status = 0

  /** Sends the N-ACTION; the association is left open, and is released when the test ends. Resolves with its response. */
  async ask(
    port: number,
    TransactionUID: string,
    references: Reference[],
    callingAET = 'MODALITY',
  ): Promise<{ response: CommandSet; scu: Scu }> {
    const scu = await openAssociation({
      host: '127.0.0.1',
      port,
      callingAET,
      calledAET: 'ISOCENTER',
      contexts: [{ abstractSyntax: COMMITMENT, transferSyntaxes: [TS.ImplicitVRLittleEndian] }],
      onRequest: (context, command, respond) => this.#hear(context, command, respond, 'own'),
    })
    onTestFinished(() => scu.release())
    const dataSet = writeDataSet(
      {
        TransactionUID,
        ReferencedSOPSequence: references.map(([ReferencedSOPClassUID, ReferencedSOPInstanceUID]) => ({
          ReferencedSOPClassUID,
          ReferencedSOPInstanceUID,
        })),
      },
      encodingOf(TS.ImplicitVRLittleEndian),
    )
    const command: CommandSet = {
      CommandField: COMMAND.nActionRQ,
      CommandDataSetType: 0,
      RequestedSOPClassUID: COMMITMENT,
      RequestedSOPInstanceUID: INSTANCE,
      ActionTypeID: 1,
    }
    return { response: await scu.ask(scu.contexts[0]?.id ?? 1, command, dataSet), scu }
  }

  /** Takes associations until the test ends. */
  async listen(port = 0): Promise<number> {
    const server = createServer(socket => {
      let request: AssociateRequest | undefined
      const association: Association = new Association(socket, {
        role: 'acceptor',
        negotiate: asked => {
          request = asked
          return { accept: { ...asked, contexts: acceptAll(asked) } }
        },
        onMessage: (context, command) =>
          this.#hear(
            context,
            command,
            response => association.send(context.id, response),
            (request?.user.roles ?? []).map(({ scu, scp }) => ({ scu, scp })),
          ),
        onEnd: () => {},
      })
    })
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  #hear(
    context: AcceptedContext,
    command: CommandSet,
    respond: (response: CommandSet) => Promise<unknown>,
    over: HeardReport['over'],
  ): MessageSink {
    const parts: Buffer[] = []
    return {
      write: chunk => {
        parts.push(Buffer.from(chunk))
      },
      end: async () => {
        const dataSet = DataSet.read(Buffer.concat(parts), encodingOf(context.transferSyntax))
        this.reports.push({
          EventTypeID: command.EventTypeID,
          TransactionUID: dataSet.string('TransactionUID'),
          committed: dataSet.items('ReferencedSOPSequence').map(item => item.string('ReferencedSOPInstanceUID')),
          failed: dataSet.items('FailedSOPSequence').map(item => ({
            SOPInstanceUID: item.string('ReferencedSOPInstanceUID'),
            FailureReason: item.number('FailureReason'),
          })),
          over,
        })
        await respond(responseTo(command, this.status))
      },
      abort: () => {},
    }
  }
}

function acceptAll({ contexts }: AssociateRequest) {
  return contexts.map(({ id, transferSyntaxes }) => ({
    id,
    result: 0 as const,
    transferSyntax: transferSyntaxes[0] ?? TS.ImplicitVRLittleEndian,
  }))
}
