import { CommandError, type CommandSet, decodeCommand, LONGEST_COMMAND, NO_DATA_SET } from './dimse.ts'
import { ABORT_REASON, PduError } from './pdu.ts'
import { Pieces } from './pieces.ts'

/** A presentation context both sides agreed on. */
export interface AcceptedContext {
  id: number
  abstractSyntax: string
  transferSyntax: string
}

/** Takes one message after its command. Exactly one of `end` and `abort` is called; `abort` may come while a `write` is pending. */
export interface MessageSink {
  /** The next bytes of the data set. `chunk` is only valid during the call, or until the returned promise resolves. */
  write(chunk: Uint8Array): void | Promise<void>
  /** The message is whole (at once when it has no data set). The next one waits for the promise. */
  end(): void | Promise<void>
  /** The association ended in the middle. */
  abort(): void
}

/** Puts command sets together and hands data set fragments straight on (PS3.7 §6.3, PS3.8 annex E). */
export class MessageReader {
  /** How many messages have arrived whole. */
  whole = 0
  readonly #context: (id: number) => AcceptedContext | undefined
  readonly #onMessage: (context: AcceptedContext, command: CommandSet) => MessageSink
  readonly #command = new Pieces()
  #current: { contextId: number; sink: MessageSink | undefined } | undefined

  constructor(
    context: (id: number) => AcceptedContext | undefined,
    onMessage: (context: AcceptedContext, command: CommandSet) => MessageSink,
  ) {
    this.#context = context
    this.#onMessage = onMessage
  }

  /** A message has begun and not ended. */
  get insideMessage(): boolean {
    return this.#current !== undefined
  }

  /** One fragment of a PDV. Throws PduError or CommandError. */
  fragment(contextId: number, control: number, bytes: Buffer, endOfPdv: boolean): void | Promise<void> {
    const context = this.#context(contextId)
    if (!context) throw new PduError(ABORT_REASON.invalidParameterValue, `context ${contextId} was not accepted`)
    if (this.#current && this.#current.contextId !== contextId) {
      throw new PduError(ABORT_REASON.unexpectedParameter, `context ${contextId} inside a message of another context`)
    }
    const isCommand = (control & 1) === 1
    const last = endOfPdv && (control & 2) === 2
    const sink = this.#current?.sink
    if (isCommand !== (sink === undefined)) {
      throw new PduError(
        ABORT_REASON.unexpectedParameter,
        isCommand ? 'a command inside a data set' : 'a data set without a command',
      )
    }
    if (!sink) return this.#commandFragment(context, bytes, last)
    const pending = bytes.length > 0 ? sink.write(bytes) : undefined
    if (!last) return pending
    if (pending) return pending.then(() => this.#end(sink))
    return this.#end(sink)
  }

  /** The association is over: whoever is in the middle of a message hears of it. */
  abort(): void {
    const sink = this.#current?.sink
    this.#current = undefined
    sink?.abort()
  }

  #commandFragment(context: AcceptedContext, bytes: Buffer, last: boolean): void | Promise<void> {
    this.#current ??= { contextId: context.id, sink: undefined }
    if (this.#command.length + bytes.length > LONGEST_COMMAND) {
      throw new CommandError(`a command set over ${LONGEST_COMMAND} bytes`)
    }
    // In one piece, as it nearly always comes, it need not be kept.
    const whole = last && this.#command.length === 0
    if (!whole) this.#command.add(bytes)
    if (!last) return
    const command = decodeCommand(whole ? bytes : this.#command.take())
    const sink = this.#onMessage(context, command)
    this.#current.sink = sink
    if (command.CommandDataSetType === NO_DATA_SET) return this.#end(sink)
  }

  #end(sink: MessageSink): void | Promise<void> {
    // Aborted while its last write was pending: `abort` has been called, `end` must not be.
    if (this.#current?.sink !== sink) return
    this.#current = undefined
    this.whole += 1
    return sink.end()
  }
}
