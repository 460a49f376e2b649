import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect as connectSecurely } from 'node:tls'
import type { TlsProfile } from '../../../shared/config.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../../shared/dicom/part10.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { Association } from './association.ts'
import { COMMAND, CommandError, type CommandSet, cancelRequest, echoRequest, STATUS, storeRequest } from './dimse.ts'
import type { Ending } from './ending.ts'
import type { DataSource, FramedDataSet } from './framing.ts'
import type { AcceptedContext, MessageSink } from './messages.ts'
import { DICOM_APPLICATION_CONTEXT, type RoleSelection } from './pdu.ts'
import { ANNOUNCED_LENGTH } from './pduReader.ts'
import { Pieces } from './pieces.ts'
import { fingerprintOf, type SecureMaterial, secureOptions, TLS_FAILED, tlsWords } from './secure.ts'
import type { Timers } from './timers.ts'

export interface ScuOptions {
  host: string
  port: number
  callingAET: string
  calledAET: string
  /** At most 128; ids are given in order. */
  contexts: Array<{ abstractSyntax: string; transferSyntaxes: string[] }>
  /** Of the classes that we store ourselves: those of a C-GET (PS3.7 §D.3.3.4). */
  roles?: RoleSelection[]
  /** Takes what the peer asks of us on this association. Without it a request of the peer aborts. */
  onRequest?(
    context: AcceptedContext,
    command: CommandSet,
    respond: (response: CommandSet) => Promise<unknown>,
  ): MessageSink
  timers?: Partial<Timers>
  /** Over TLS. `certificates`: SHA-256 of those that the peer may show; none = any that is trusted and in the host's name. */
  secure?: { material: SecureMaterial; profile: TlsProfile; certificates: readonly string[] }
  /** Told once, however it ends. */
  onEnd?(ending: Ending): void
}

/** A host that is off answers nothing: its own system would try for two minutes. */
const REACH_WITHIN_MS = 10_000
/** For the object at hand; a C-CANCEL has no answer of its own. */
const CANCEL_PATIENCE_MS = 10_000
/** An identifier of a response: a thousand failed UIDs have 64 KB. */
const LONGEST_IDENTIFIER = 2 ** 20

/** The peer could not be reached, rejected us or ended it: 'peer-failed', with what is known of how. */
export class PeerFailed extends IsocenterError {
  readonly ending: Ending

  constructor(ending: Ending, detail = ending.words) {
    super('peer-failed', detail)
    this.ending = ending
  }
}

/** The peer answered that it does not do what it was asked: 'peer-failed' too, but the line is well, and it may do something else. */
export class Answered extends IsocenterError {
  constructor(detail: string) {
    super('peer-failed', detail)
  }
}

/** An open association of ours. One message at a time. */
export interface Scu {
  /** What the peer accepted. */
  readonly contexts: AcceptedContext[]
  /** The same: a peer that we call stores what it is sent. */
  readonly storing: AcceptedContext[]
  /** The implementation version name the peer gives; '' when it gives none. */
  readonly implementation: string
  /** Bytes received. */
  readonly bytes: number
  /** A data set for `ask` that begins to be read now. */
  frame(contextId: number, source: DataSource): FramedDataSet
  /** Any request; `command.MessageID` is given here. Resolves with the response, rejects with 'peer-failed' when there is none. */
  ask(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<CommandSet>
  /**
   * A request that is answered many times (C-FIND, C-GET, C-MOVE), or with a data set (N-GET, N-CREATE); `command.MessageID` is given here
   * where it has none, or 0. `pending` hears each of those answers; the next one waits for what it returns. `stop` sends one C-CANCEL. Resolves
   * with the final response and its identifier, empty where it has none.
   */
  converse(
    contextId: number,
    command: CommandSet,
    identifier: Uint8Array | undefined,
    pending: (response: CommandSet, identifier: Buffer) => void | Promise<void>,
    stop?: AbortSignal,
  ): Promise<{ response: CommandSet; identifier: Buffer }>
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

function open({ host, port, secure }: ScuOptions): Socket {
  if (!secure) return connect({ host, port })
  const { material, profile, certificates } = secure
  const socket = connectSecurely({
    ...secureOptions(material, profile),
    host,
    port,
    // A server name is never an address (RFC 6066 §3).
    ...(isIP(host) ? {} : { servername: host }),
    // Instead of the host's name, which certificates of devices often lack.
    checkServerIdentity: (name, certificate) => {
      if (certificates.length === 0) return checkServerIdentity(name, certificate)
      return certificates.includes(fingerprintOf(certificate) ?? '')
        ? undefined
        : Object.assign(new Error('its certificate is another one'), { code: TLS_FAILED })
    },
  })
  socket.prependListener('error', (error: NodeJS.ErrnoException) => {
    const words = tlsWords(error)
    if (words && !socket.authorized) Object.assign(error, { message: words, code: TLS_FAILED })
  })
  return socket
}

/** Resolves when the peer has accepted; rejects with PeerFailed when it cannot be reached, rejects us or does not answer. */
export function openAssociation(options: ScuOptions): Promise<Scu> {
  const { promise, resolve, reject } = Promise.withResolvers<Scu>()
  let waiting:
    | {
        resolve(response: CommandSet, identifier: Buffer): void
        reject(error: Error): void
        pending?: (response: CommandSet, identifier: Buffer) => void | Promise<void>
      }
    | undefined
  let messageID = 0
  let ended: Ending | undefined
  const socket = open(options)
  const late = () =>
    socket.destroy(Object.assign(new Error(`not reached within ${REACH_WITHIN_MS / 1000} s`), { code: 'ETIMEDOUT' }))
  const unreached = setTimeout(late, REACH_WITHIN_MS)
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
      if (command.CommandField & COMMAND.response) return takeResponse(command)
      if (!options.onRequest) throw new CommandError('a request where only answers were to come')
      return options.onRequest(context, command, response => association.send(context.id, response))
    },
    onEnd: ending => {
      ended = ending
      const error = new PeerFailed(ending)
      reject(error)
      waiting?.reject(error)
      options.onEnd?.(ending)
    },
  })

  function takeResponse(command: CommandSet): MessageSink {
    const pieces = new Pieces()
    return {
      write: chunk => {
        if (pieces.length + chunk.length > LONGEST_IDENTIFIER) {
          throw new CommandError(`an identifier over ${LONGEST_IDENTIFIER} bytes`)
        }
        pieces.add(chunk)
      },
      end: () => {
        if (command.MessageIDBeingRespondedTo !== messageID || !waiting) return
        const { Status } = command
        if (waiting.pending && (Status === STATUS.pending || Status === STATUS.pendingWarning)) {
          return waiting.pending(command, pieces.take())
        }
        waiting.resolve(command, pieces.take())
        waiting = undefined
      },
      abort: () => {},
    }
  }

  async function converse(
    contextId: number,
    command: CommandSet,
    identifier: Uint8Array | undefined,
    pending: (response: CommandSet, identifier: Buffer) => void | Promise<void>,
    stop?: AbortSignal,
  ) {
    if (ended) throw new PeerFailed(ended)
    messageID = command.MessageID || (messageID % 0xffff) + 1
    const asked = messageID
    const answer = Promise.withResolvers<{ response: CommandSet; identifier: Buffer }>()
    waiting = {
      resolve: (response, bytes) => answer.resolve({ response, identifier: bytes }),
      reject: answer.reject,
      pending,
    }
    let patience: NodeJS.Timeout | undefined
    const cancel = () => {
      void association.send(contextId, cancelRequest(asked))
      patience = setTimeout(
        () => association.abort(`the peer went on for ${CANCEL_PATIENCE_MS / 1000} s after it was told to stop`),
        CANCEL_PATIENCE_MS,
      )
    }
    const sent = association.send(contextId, { ...command, MessageID: asked }, identifier).then(() => {
      if (ended) return
      if (stop?.aborted) cancel()
      else stop?.addEventListener('abort', cancel, { once: true })
    })
    try {
      const [final] = await Promise.all([answer.promise, sent])
      return final
    } finally {
      stop?.removeEventListener('abort', cancel)
      clearTimeout(patience)
    }
  }

  async function ask(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet) {
    if (ended) throw new PeerFailed(ended)
    messageID = (messageID % 0xffff) + 1
    const answer = Promise.withResolvers<CommandSet>()
    waiting = { resolve: response => answer.resolve(response), reject: answer.reject }
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
    get implementation() {
      return association.implementation
    },
    get bytes() {
      return association.bytes
    },
    frame: (contextId, source) => association.frame(contextId, source),
    ask,
    converse,
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
