import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Association } from '../wire/association.ts'
import type { EncodedMessage } from '../wire/associationOptions.ts'
import {
  CommandError,
  type CommandSet,
  DATA_SET_FOLLOWS,
  encodeCommand,
  NO_DATA_SET,
  responseTo,
  STATUS,
} from '../wire/dimse.ts'
import type { DataSource, FramedDataSet } from '../wire/framing.ts'
import type { AcceptedContext, MessageSink } from '../wire/messages.ts'
import { Pieces } from '../wire/pieces.ts'

/** A list of 10,000 UIDs has 650 KB. */
const LONGEST_IDENTIFIER = 2 ** 20

/** What of an association operations speak through. */
export type Line = Pick<Association, 'send' | 'sendEncoded' | 'hold' | 'abort' | 'storing' | 'frame'>

/** A final response: its status and whatever else its command says. `comment` is for a person, never a patient's name. */
export interface Outcome extends Partial<CommandSet> {
  Status: number
  comment?: string
  /** In the context's transfer syntax. */
  identifier?: Uint8Array
}

/**
 * A request that is answered many times while further messages are read: C-FIND, C-MOVE, C-GET (PS3.7 §9.1.2 to §9.1.4); or once, but
 * after work: the N-services (§10.1).
 */
export interface Operation {
  readonly context: AcceptedContext
  readonly command: CommandSet
  /** The identifier's bytes, in the context's transfer syntax. */
  readonly identifier: Buffer
  /** What extended negotiation agreed on for this SOP class (PS3.4 §C.5.1.1); empty when nothing was asked. */
  readonly options: Uint8Array
  /** By a C-CANCEL, the end of the association or our own shutdown. What was begun is ended with status 0xFE00. */
  readonly cancelled: AbortSignal
  /** A response of this operation as `association.sendEncoded` wants its command; an identifier follows where `identified`. */
  response(response: Outcome, identified: boolean): CommandSet
  /** Sends pending responses; waits while the peer does not read. False when the association is over. */
  send(messages: readonly EncodedMessage[]): Promise<boolean>
  /** One pending response. False when the association is over. */
  respond(response: Outcome): Promise<boolean>
  /**
   * A request of ours on the same association (the C-STORE of a C-GET); `command.MessageID` is given here. Resolves with the response;
   * rejects with 'peer-failed' when the association ends first. The peer is given the time of an idle association.
   */
  ask(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<CommandSet>
  /** The final response has left, or there is nobody to hear it. */
  readonly answered: Promise<void>
  /** The contexts on which the peer stores what it is sent. */
  readonly storing: readonly AcceptedContext[]
  /** A data set for `ask` that begins to be read now. */
  frame(contextId: number, source: DataSource): FramedDataSet
}

/** Carries out an operation. Its result is the final response; what it throws becomes one. */
export type Performer = (operation: Operation) => Promise<Outcome>

interface Running {
  messageID: number | undefined
  cancel: AbortController
  over: Promise<void>
}

/** The operations of one association: one at a time (asynchronous window 1,1), with messages read beside it. */
export class Operations {
  readonly #line: Line
  readonly #optionsOf: (SOPClassUID: string) => Uint8Array
  #running: Running | undefined
  #asked: { messageID: number; settle: PromiseWithResolvers<CommandSet> } | undefined
  #lastMessageID = 0
  /** Of ours there is one at a time (asynchronous window 1,1). */
  #asking: Promise<void> | undefined
  #stopped = ''

  /** `optionsOf`: what was agreed on in extended negotiation. */
  constructor(line: Line, optionsOf: (SOPClassUID: string) => Uint8Array) {
    this.#line = line
    this.#optionsOf = optionsOf
  }

  /** Settles when the operation that runs has been answered; undefined while none runs. Any other request waits for it. */
  get over(): Promise<void> | undefined {
    return this.#running?.over
  }

  /** Reads the identifier, of `longest` bytes at most, then performs, while the association goes on being read. */
  begin(context: AcceptedContext, command: CommandSet, perform: Performer, longest = LONGEST_IDENTIFIER): MessageSink {
    const pieces = new Pieces()
    let tooLong = false
    const start = () => {
      let performed = perform
      if (command.CommandDataSetType === NO_DATA_SET) {
        performed = refusal(STATUS.identifierDoesNotMatch, 'no identifier')
      } else if (tooLong) {
        performed = refusal(STATUS.unableToProcess, `the identifier is over ${longest} bytes`)
      }
      this.#start(context, command, pieces.take(), performed)
    }
    return {
      write: chunk => {
        tooLong ||= pieces.length + chunk.length > longest
        if (!tooLong) pieces.add(chunk)
      },
      // One that comes while another runs waits, and with it the reading.
      end: () => (this.#running ? this.#running.over.then(start) : start()),
      abort: () => {},
    }
  }

  /** C-CANCEL-RQ (PS3.7 §9.3.2.3): too late or for something else it changes nothing, and it has no answer. */
  cancel(messageID: number | undefined): void {
    if (this.#running && this.#running.messageID === messageID) this.#running.cancel.abort()
  }

  /** A response to what an operation asked. Throws CommandError when nothing was. */
  answered(response: CommandSet): void {
    const asked = this.#asked
    if (!asked || response.MessageIDBeingRespondedTo !== asked.messageID) {
      throw new CommandError(`a response to message ${response.MessageIDBeingRespondedTo}, which was not sent`)
    }
    this.#asked = undefined
    asked.settle.resolve(response)
  }

  /** Stops what runs: it is told, and answers 'cancelled' where there is still somebody to hear it. */
  stop(words: string): void {
    this.#stopped ||= words
    this.#running?.cancel.abort()
    this.#asked?.settle.reject(new IsocenterError('peer-failed', words))
    this.#asked = undefined
  }

  /**
   * A request of ours on this association, whatever the peer asks meanwhile. Resolves with the response; rejects with 'peer-failed'
   * when the association ends first.
   */
  ask(contextId: number, request: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<CommandSet> {
    const ask = () => this.#ask(contextId, request, dataSet)
    const mine = this.#asking ? this.#asking.then(ask) : ask()
    const over = mine.then(
      () => {},
      () => {},
    )
    this.#asking = over
    void over.then(() => {
      if (this.#asking === over) this.#asking = undefined
    })
    return mine
  }

  async #ask(contextId: number, request: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<CommandSet> {
    if (this.#stopped) throw new IsocenterError('peer-failed', this.#stopped)
    this.#lastMessageID = (this.#lastMessageID % 0xffff) + 1
    const asked = { messageID: this.#lastMessageID, settle: Promise.withResolvers<CommandSet>() }
    this.#asked = asked
    const command = { ...request, MessageID: asked.messageID }
    const sending =
      dataSet instanceof Uint8Array
        ? // In one write: an answer of ours to what the peer asks meanwhile must not come between its parts.
          this.#line.sendEncoded(contextId, [{ command: encodeCommand(command), dataSet }])
        : this.#line.send(contextId, command, dataSet)
    const sent = sending.then(whole => {
      if (!whole) asked.settle.reject(new IsocenterError('peer-failed', 'the association is over'))
    })
    // The peer may answer before all is sent; nothing else may be sent before that.
    const [answer] = await Promise.all([asked.settle.promise, sent])
    return answer
  }

  #start(context: AcceptedContext, command: CommandSet, identifier: Buffer, perform: Performer): void {
    const cancel = new AbortController()
    const hold = this.#line.hold()
    const response = ({ comment, identifier: _, ...more }: Outcome, identified: boolean): CommandSet => ({
      ...responseTo(command, more.Status, comment),
      ...more,
      CommandDataSetType: identified ? DATA_SET_FOLLOWS : NO_DATA_SET,
    })
    const respond = (outcome: Outcome) =>
      this.#line.send(context.id, response(outcome, outcome.identifier !== undefined), outcome.identifier)
    const answered = Promise.withResolvers<void>()
    const operation: Operation = {
      context,
      command,
      identifier,
      options: this.#optionsOf(context.abstractSyntax),
      cancelled: cancel.signal,
      response,
      send: messages => this.#line.sendEncoded(context.id, messages),
      respond,
      storing: this.#line.storing,
      frame: (contextId, source) => this.#line.frame(contextId, source),
      answered: answered.promise,
      ask: (contextId, request, dataSet) => hold.peersTurn(this.ask(contextId, request, dataSet)),
    }
    const run = async () => {
      try {
        await respond(await perform(operation).catch(failureOf))
      } catch (error) {
        // A peer that is never answered would wait for ever.
        this.#line.abort(`something went wrong inside the station (${String(error)})`)
      } finally {
        this.#running = undefined
        hold.release()
        answered.resolve()
      }
    }
    const running: Running = { messageID: command.MessageID, cancel, over: Promise.resolve() }
    this.#running = running
    running.over = run()
  }
}

function failureOf(thrown: unknown): Outcome {
  const error = toIsocenterError(thrown)
  return { Status: error.dimseStatus, comment: error.detail ?? error.message }
}

function refusal(Status: number, comment: string): Performer {
  return async () => ({ Status, comment })
}
