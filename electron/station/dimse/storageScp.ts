import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Receive, Received, Store } from '../store/index.ts'
import { type CommandSet, NO_DATA_SET, responseTo, STATUS } from '../wire/dimse.ts'
import type { AcceptedContext, MessageSink } from '../wire/messages.ts'
import type { Sender } from './services.ts'

export interface StorageEvents {
  stored(received: Received, SOPClassUID: string): void
  failed(error: IsocenterError, SOPInstanceUID: string): void
}

/**
 * One C-STORE (PS3.4 annex B, PS3.7 §9.1.1): the data set's bytes to the vault as they come, the answer after `commit`. After a
 * failure the rest of the data set is read and dropped, then the error's own status is answered: the association goes on.
 */
export function receiveStore(
  store: Pick<Store, 'beginReceive'>,
  sender: Sender,
  context: AcceptedContext,
  command: CommandSet,
  respond: (response: CommandSet) => Promise<unknown>,
  events: StorageEvents,
): MessageSink {
  const SOPInstanceUID = command.AffectedSOPInstanceUID ?? ''
  let receive: Receive | undefined
  let failure: IsocenterError | undefined
  let received: Received | undefined

  const fail = async (thrown: unknown) => {
    failure ??= toIsocenterError(thrown)
    const ended = receive
    receive = undefined
    // The failure told is the first one; what an abort cannot clear away is left for the vault's repair.
    await ended?.abort().catch(() => {})
  }

  try {
    if (command.CommandDataSetType === NO_DATA_SET) throw new IsocenterError('malformed', 'C-STORE without a data set')
    receive = store.beginReceive({
      ...sender,
      SOPClassUID: command.AffectedSOPClassUID ?? '',
      SOPInstanceUID,
      TransferSyntaxUID: context.transferSyntax,
    })
  } catch (error) {
    failure = toIsocenterError(error)
  }

  return {
    write(chunk) {
      if (!receive) return
      try {
        return receive.write(chunk)?.catch(fail)
      } catch (error) {
        return fail(error)
      }
    },
    async end() {
      if (receive) {
        try {
          // A commit that rejects has left nothing behind: there is nothing to abort.
          received = await receive.commit()
        } catch (error) {
          failure = toIsocenterError(error)
        }
      }
      if (failure) events.failed(failure, SOPInstanceUID)
      else if (received) events.stored(received, command.AffectedSOPClassUID ?? '')
      await respond(
        failure
          ? responseTo(command, failure.dimseStatus, failure.detail ?? failure.message)
          : responseTo(command, STATUS.success),
      )
    },
    abort() {
      void fail(new IsocenterError('cancelled', 'the association ended in the middle of the data set'))
    },
  }
}
