import { connect } from 'node:net'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../../shared/dicom/part10.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { Association } from './association.ts'
import { COMMAND, type CommandSet, echoRequest, responseTo, STATUS, storeRequest } from './dimse.ts'
import type { Ending } from './ending.ts'
import type { DataSource, FramedDataSet } from './framing.ts'
import type { AcceptedContext, MessageSink } from './messages.ts'
import { DICOM_APPLICATION_CONTEXT, type RoleSelection } from './pdu.ts'
import { ANNOUNCED_LENGTH } from './pduReader.ts'
import type { Timers } from './timers.ts'

export interface ScuOptions {
  host: string
  port: number
  callingAET: string
  calledAET: string
  /** At most 128; ids are given in order. */
  contexts: Array<{ abstractSyntax: string; transferSyntaxes: string[] }>
  /** What is asked for beside the requestor's own role, SCU (PS3.7 §D.3.3.4). */
  roles?: RoleSelection[]
  /** What the peer may ask over it (the N-EVENT-REPORT of a commitment); anything else is answered 0x0211. */
  onRequest?(
    context: AcceptedContext,
    command: CommandSet,
    respond: (response: CommandSet) => Promise<unknown>,
  ): MessageSink
  timers?: Partial<Timers>
  /** ms to reach the host; 10,000 unless told. */
  reachWithin?: number
  /** Told once, however it ends. */
  onEnd?(ending: Ending): void
}

const REACH_WITHIN = 10_000

/** An open association of ours. One message at a time. */
export interface Scu {
  /** What the peer accepted. */
  readonly contexts: AcceptedContext[]
  /** The same: a peer that we call stores what it is sent. */
  readonly storing: AcceptedContext[]
  /** Bytes received. */
  readonly bytes: number
  /** A data set for `ask` that begins to be read now. */
  frame(contextId: number, source: DataSource): FramedDataSet
  /** Any request; `command.MessageID` is given here. Resolves with the response, rejects with 'peer-failed' when there is none. */
  ask(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<CommandSet>
  /** C-ECHO; the response's status. */
  echo(): Promise<number>
  /** C-STORE of data set bytes as they are, on the context with exactly this class and syntax. Resolves with the response. */
  store(object: {
    SOPClassUID: string
    SOPInstanceUID: string
    TransferSyntaxUID: string
    dataSet: Uint8Array
  }): Promise<CommandSet>
  /** Orderly end; resolves when the socket is closed. */
  release(): Promise<void>
  abort(): Promise<void>
}

/** Resolves when the peer has accepted; rejects with 'peer-failed' when it cannot be reached, rejects us or does not answer. */
export function openAssociation(options: ScuOptions): Promise<Scu> {
  const { promise, resolve, reject } = Promise.withResolvers<Scu>()
  let waiting: { resolve(response: CommandSet): void; reject(error: Error): void } | undefined
  let messageID = 0
  let ended = ''
  const socket = connect({ host: options.host, port: options.port })
  const reachWithin = options.reachWithin ?? REACH_WITHIN
  const unreached = setTimeout(
    () => socket.destroy(new Error(`not reached within ${reachWithin / 1000} s`)),
    reachWithin,
  )
  socket.once('connect', () => clearTimeout(unreached)).once('close', () => clearTimeout(unreached))
  const association = new Association(socket, {
    role: 'requestor',
    timers: options.timers,
    request: {
      protocolVersion: 1,
      calledAET: options.calledAET,
      callingAET: options.callingAET,
      applicationContext: DICOM_APPLICATION_CONTEXT,
      contexts: options.contexts.map((context, index) => ({ id: index * 2 + 1, ...context })),
      user: {
        maximumLength: ANNOUNCED_LENGTH,
        implementationClassUID: IMPLEMENTATION_CLASS_UID,
        implementationVersionName: IMPLEMENTATION_VERSION_NAME,
        roles: options.roles ?? [],
        extended: [],
      },
    },
    onAccepted: () => resolve(scu),
    onMessage: (context, command) => {
      const isResponse = (command.CommandField & COMMAND.response) !== 0
      const respond = (response: CommandSet) => association.send(context.id, response)
      if (!isResponse && options.onRequest) return options.onRequest(context, command, respond)
      return {
        write: () => {},
        end: async () => {
          if (!isResponse) await respond(responseTo(command, STATUS.unrecognizedOperation))
          else if (command.MessageIDBeingRespondedTo === messageID) {
            waiting?.resolve(command)
            waiting = undefined
          }
        },
        abort: () => {},
      }
    },
    onEnd: ending => {
      ended = ending.words
      const error = new IsocenterError('peer-failed', ending.words)
      reject(error)
      waiting?.reject(error)
      options.onEnd?.(ending)
    },
  })

  async function ask(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet) {
    if (ended) throw new IsocenterError('peer-failed', ended)
    messageID = (messageID % 0xffff) + 1
    const answer = Promise.withResolvers<CommandSet>()
    waiting = answer
    // A peer may answer, or end it, before all is sent: the answer decides, never the sending.
    const sent = association.send(contextId, { ...command, MessageID: messageID }, dataSet)
    const [response] = await Promise.all([answer.promise, sent])
    return response
  }

  const idOf = (wanted: (context: AcceptedContext) => boolean): number => {
    const context = association.contexts.find(wanted)
    if (!context) throw new IsocenterError('peer-failed', 'the peer did not accept the presentation context')
    return context.id
  }

  const scu: Scu = {
    get contexts() {
      return association.contexts
    },
    get storing() {
      return association.storing
    },
    get bytes() {
      return association.bytes
    },
    frame: (contextId, source) => association.frame(contextId, source),
    ask,
    async echo() {
      const id = idOf(({ abstractSyntax }) => abstractSyntax === '1.2.840.10008.1.1')
      return (await ask(id, echoRequest(0))).Status ?? -1
    },
    async store({ SOPClassUID, SOPInstanceUID, TransferSyntaxUID, dataSet }) {
      const id = idOf(
        ({ abstractSyntax, transferSyntax }) => abstractSyntax === SOPClassUID && transferSyntax === TransferSyntaxUID,
      )
      return ask(id, storeRequest(0, SOPClassUID, SOPInstanceUID), dataSet)
    },
    release() {
      association.release()
      return association.closed
    },
    abort() {
      association.abort('given up')
      return association.closed
    },
  }
  return promise
}
