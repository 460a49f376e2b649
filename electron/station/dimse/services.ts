import { toIsocenterError } from '../../../shared/errors.ts'
import type { ReceiveStart, Store, StoreReader } from '../store/index.ts'
import { COMMAND, CommandError, type CommandSet, responseTo, STATUS } from '../wire/dimse.ts'
import type { AcceptedContext, MessageSink } from '../wire/messages.ts'
import type { AssociationAudit } from './associationAudit.ts'
import { type FindFacts, find } from './findScp.ts'
import { VERIFICATION } from './negotiation.ts'
import { AVAILABILITY_NOTICE, LONGEST_NOTICE, type NoticeTaker, PROCEDURE_STEP, takeNotice } from './noticeScp.ts'
import type { Operations, Performer } from './operations.ts'
import { type QueryModel, queryModel } from './queryModels.ts'
import { performGet, performMove, type RetrieveDeps } from './retrieveScp.ts'
import {
  acceptCommitment,
  type CommitmentAcceptor,
  LONGEST_REQUEST,
  STORAGE_COMMITMENT,
} from './storageCommitmentScp.ts'
import type { CommitmentRequests } from './storageCommitmentScu.ts'
import { receiveStore, type StorageEvents } from './storageScp.ts'
import { answerEcho } from './verificationScp.ts'

/** What an association says of all that comes over it. */
export type Sender = Pick<ReceiveStart, 'origin' | 'assumed' | 'showLatest' | 'pulledFrom'>

/** What of the vault the services work on. */
export type ServedStore = Pick<Store, 'beginReceive' | 'space' | 'commitments' | 'notices'> & {
  read: Pick<StoreReader, 'find' | 'findRows' | 'retrievable' | 'retrievableForms' | 'locateContent'>
}

/** Whom the services of an association serve, and with what. */
export interface Served {
  store: ServedStore
  sender: Sender
  operations: Operations
  respond(context: AcceptedContext, response: CommandSet): Promise<unknown>
  events: StorageEvents & {
    /** A query was answered, or given up. */
    queried(facts: FindFacts): void
  }
  retrieve: RetrieveDeps
  audit: AssociationAudit
  /** Of a peer with the right to ask. A context of the class may also be there for the answers to what we asked. */
  commitment: CommitmentAcceptor | undefined
  commitmentRequests: Pick<CommitmentRequests, 'receive'>
  notices: NoticeTaker
}

/** Finds the service a command is for. Throws CommandError for what is neither a request nor an answer that is waited for. */
export function serve(served: Served, context: AcceptedContext, command: CommandSet): MessageSink {
  const { operations } = served
  const { CommandField, MessageID } = command
  if (CommandField === COMMAND.cCancelRQ) return ignored(() => operations.cancel(command.MessageIDBeingRespondedTo))
  if (CommandField & COMMAND.response) return ignored(() => operations.answered(command))
  if (MessageID === undefined) {
    throw new CommandError(`command field 0x${CommandField.toString(16).padStart(4, '0')} is no request`)
  }
  const sink = request(served, context, command)
  const running = operations.over
  return running ? { ...sink, end: () => running.then(() => sink.end()) } : sink
}

function request(served: Served, context: AcceptedContext, command: CommandSet): MessageSink {
  const { store, sender, operations, events } = served
  const respond = (response: CommandSet) => served.respond(context, response)
  const { CommandField } = command
  if (CommandField === COMMAND.cEchoRQ) return answerEcho(command, respond)
  if (context.abstractSyntax === STORAGE_COMMITMENT) {
    const perform = commitmentPerformer(served, CommandField)
    if (perform) return operations.begin(context, command, perform, LONGEST_REQUEST)
    return ignored(() => respond(responseTo(command, STATUS.unrecognizedOperation)))
  }
  const { abstractSyntax } = context
  if (abstractSyntax === PROCEDURE_STEP || abstractSyntax === AVAILABILITY_NOTICE) {
    const isNotice =
      CommandField === COMMAND.nCreateRQ || (CommandField === COMMAND.nSetRQ && abstractSyntax === PROCEDURE_STEP)
    if (!isNotice) return ignored(() => respond(responseTo(command, STATUS.unrecognizedOperation)))
    const take: Performer = operation =>
      takeNotice(operation, sender.origin.sendingAET, served.notices, (...told) => served.audit.noticed(...told))
    return operations.begin(context, command, take, LONGEST_NOTICE)
  }
  const model = queryModel(context.abstractSyntax)
  if (CommandField === COMMAND.cStoreRQ && context.abstractSyntax !== VERIFICATION && !model) {
    return receiveStore(store, sender, context, command, respond, events)
  }
  const perform = model && performerOf(served, CommandField, model)
  if (perform) return operations.begin(context, command, perform)
  return ignored(() => respond(responseTo(command, STATUS.unrecognizedOperation)))
}

/** Asked of us, or the answer to what we asked; undefined for any other command. */
function commitmentPerformer(served: Served, CommandField: number): Performer | undefined {
  const { operations, commitment, commitmentRequests, sender } = served
  const AET = sender.origin.sendingAET
  const ask: Operations['ask'] = (...asked) => operations.ask(...asked)
  if (CommandField === COMMAND.nActionRQ && commitment)
    return operation =>
      acceptCommitment(operation, AET, commitment, ask, (...asked) => served.audit.commitmentAsked(...asked))
  if (CommandField === COMMAND.nEventReportRQ) return operation => commitmentRequests.receive(operation, AET)
  return undefined
}

/** What carries out a request of Query/Retrieve; undefined where the command is not that of the context's class. */
function performerOf(served: Served, CommandField: number, model: QueryModel): Performer | undefined {
  const { store, sender, events, retrieve, audit } = served
  if (CommandField === COMMAND.cFindRQ && model.service === 'FIND') {
    return async operation => {
      try {
        const outcome = await find(store.read, operation, model, sender.origin.receivingAET, events.queried)
        audit.queried(operation, '')
        return outcome
      } catch (thrown) {
        audit.queried(operation, toIsocenterError(thrown).message)
        throw thrown
      }
    }
  }
  if (CommandField === COMMAND.cMoveRQ && model.service === 'MOVE') return performMove(model, retrieve)
  if (CommandField === COMMAND.cGetRQ && model.service === 'GET') return performGet(model, retrieve)
  return undefined
}

/** Reads the message to its end and keeps nothing. */
function ignored(then: () => unknown): MessageSink {
  return {
    write: () => {},
    end: () => {
      const pending = then()
      // Nothing is waited for, and so the socket goes on being read, where there is nothing to wait for.
      if (pending instanceof Promise) return pending.then(() => {})
    },
    abort: () => {},
  }
}
