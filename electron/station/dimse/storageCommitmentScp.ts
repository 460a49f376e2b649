import { COMMAND, type CommandSet, DATA_SET_FOLLOWS, STATUS } from '../wire/dimse.ts'
import type { AcceptedContext } from '../wire/messages.ts'
import { readRequest } from './commitmentDataSets.ts'
import type { Operation, Outcome } from './operations.ts'

/** Storage Commitment Push Model, and its one instance (PS3.4 §J.3.5). */
export const STORAGE_COMMITMENT = '1.2.840.10008.1.20.1'
export const STORAGE_COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'

/** 100,000 references of 160 bytes, as the wordiest peers write them. */
export const LONGEST_REQUEST = 32 * 2 ** 20

/** A way to a peer that takes N-EVENT-REPORTs. */
export interface ReportLine {
  readonly context: AcceptedContext
  /** Rejects with 'peer-failed' when there is nobody to take it. */
  ask(contextId: number, command: CommandSet, dataSet: Uint8Array): Promise<CommandSet>
}

export interface CommitmentAcceptor {
  /** Durable when it resolves: the number of the transaction. */
  accept(asked: { AET: string; TransactionUID: string; references: Record<string, string[]> }): Promise<number>
  /** The request has been answered: it is to be checked and reported, over this line while it is open. */
  begin(number: number, line: ReportLine): void
}

/** N-ACTION of the push model (PS3.4 §J.3.2.1.1): Success says that the request is durable here, nothing of the objects. */
export async function acceptCommitment(
  { command, context, identifier, answered }: Operation,
  AET: string,
  acceptor: CommitmentAcceptor,
  ask: ReportLine['ask'],
  told: (objects: number, TransactionUID: string) => void,
): Promise<Outcome> {
  if (command.RequestedSOPInstanceUID !== STORAGE_COMMITMENT_INSTANCE) {
    return { Status: STATUS.noSuchObjectInstance, comment: 'not the storage commitment instance' }
  }
  if (command.ActionTypeID !== 1) return { Status: STATUS.noSuchActionType }
  const request = await readRequest(identifier, context.transferSyntax)
  if (typeof request === 'string') return { Status: STATUS.invalidArgumentValue, comment: request }
  const number = await acceptor.accept({ AET, ...request })
  told(Object.values(request.references).flat().length, request.TransactionUID)
  void answered.then(() => acceptor.begin(number, { context, ask }))
  return { Status: STATUS.success }
}

/** N-EVENT-REPORT-RQ (PS3.7 §10.3.1.1): 1 all is committed, 2 failures exist. */
export function reportRequest(EventTypeID: 1 | 2): CommandSet {
  return {
    AffectedSOPClassUID: STORAGE_COMMITMENT,
    CommandField: COMMAND.nEventReportRQ,
    CommandDataSetType: DATA_SET_FOLLOWS,
    AffectedSOPInstanceUID: STORAGE_COMMITMENT_INSTANCE,
    EventTypeID,
  }
}
