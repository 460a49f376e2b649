import type { ReceiveStart, Store } from '../store/index.ts'
import { COMMAND, CommandError, type CommandSet, responseTo, STATUS } from '../wire/dimse.ts'
import type { AcceptedContext, MessageSink } from '../wire/messages.ts'
import { VERIFICATION } from './negotiation.ts'
import { receiveStore, type StorageEvents } from './storageScp.ts'
import { answerEcho } from './verificationScp.ts'

/** What an association says of all that comes over it. */
export type Sender = Pick<ReceiveStart, 'origin' | 'assumed' | 'showLatest'>

/** Finds the service a command is for. Throws CommandError for what is no request at all. */
export function serve(
  store: Pick<Store, 'beginReceive'>,
  sender: Sender,
  context: AcceptedContext,
  command: CommandSet,
  respond: (response: CommandSet) => Promise<unknown>,
  events: StorageEvents,
): MessageSink {
  const { CommandField, MessageID } = command
  // Operations are answered in turn, so a cancel always comes too late, which PS3.7 §9.3.2.3 allows for.
  if (CommandField === COMMAND.cCancelRQ) return ignored()
  if (CommandField & COMMAND.response || MessageID === undefined) {
    throw new CommandError(`command field 0x${CommandField.toString(16).padStart(4, '0')} is no request`)
  }
  if (CommandField === COMMAND.cEchoRQ) return answerEcho(command, respond)
  if (CommandField === COMMAND.cStoreRQ && context.abstractSyntax !== VERIFICATION) {
    return receiveStore(store, sender, context, command, respond, events)
  }
  return ignored(() => respond(responseTo(command, STATUS.unrecognizedOperation)))
}

/** Reads the message to its end and keeps nothing. */
function ignored(then?: () => Promise<unknown>): MessageSink {
  return {
    write: () => {},
    end: async () => {
      await then?.()
    },
    abort: () => {},
  }
}
