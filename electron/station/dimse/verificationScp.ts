import { type CommandSet, responseTo, STATUS } from '../wire/dimse.ts'
import type { MessageSink } from '../wire/messages.ts'

/** C-ECHO (PS3.4 annex A, PS3.7 §9.1.5). */
export function answerEcho(command: CommandSet, respond: (response: CommandSet) => Promise<unknown>): MessageSink {
  return {
    write: () => {},
    end: async () => {
      await respond(responseTo(command, STATUS.success))
    },
    abort: () => {},
  }
}
