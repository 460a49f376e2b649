import { connect, isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect as connectSecurely } from 'node:tls'
import type { TlsProfile } from '../../../shared/config.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../../shared/dicom/part10.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { Association } from './association.ts'
import { COMMAND, type CommandSet, echoRequest, storeRequest } from './dimse.ts'
import type { Ending } from './ending.ts'
import type { DataSource, FramedDataSet } from './framing.ts'
import type { AcceptedContext } from './messages.ts'
import { DICOM_APPLICATION_CONTEXT } from './pdu.ts'
import { ANNOUNCED_LENGTH } from './pduReader.ts'
import { fingerprintOf, type SecureMaterial, secureOptions, tlsWords } from './secure.ts'
import type { Timers } from './timers.ts'

export interface ScuOptions {
  host: string
  port: number
  callingAET: string
  calledAET: string
  /** At most 128; ids are given in order. */
  contexts: Array<{ abstractSyntax: string; transferSyntaxes: string[] }>
  timers?: Partial<Timers>
  /** Over TLS. `certificates`: SHA-256 of those that the peer may show; none = any that is trusted and in the host's name. */
  secure?: { material: SecureMaterial; profile: TlsProfile; certificates: readonly string[] }
  /** Told once, however it ends. */
  onEnd?(ending: Ending): void
}

/** A host that is off answers nothing: its own system would try for two minutes. */
const REACH_WITHIN_MS = 10_000

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
        : new Error('its certificate is another one')
    },
  })
  socket.prependListener('error', (error: NodeJS.ErrnoException) => {
    const words = tlsWords(error)
    if (words && !socket.authorized) error.message = words
  })
  return socket
}

/** Resolves when the peer has accepted; rejects with 'peer-failed' when it cannot be reached, rejects us or does not answer. */
export function openAssociation(options: ScuOptions): Promise<Scu> {
  const { promise, resolve, reject } = Promise.withResolvers<Scu>()
  let waiting: { resolve(response: CommandSet): void; reject(error: Error): void } | undefined
  let messageID = 0
  let ended = ''
  const socket = open(options)
  const late = () => socket.destroy(new Error(`not reached within ${REACH_WITHIN_MS / 1000} s`))
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
        roles: [],
        extended: [],
      },
    },
    onAccepted: () => resolve(scu),
    onMessage: (_context, command) => ({
      write: () => {},
      end: () => {
        if (command.CommandField & COMMAND.response && command.MessageIDBeingRespondedTo === messageID) {
          waiting?.resolve(command)
          waiting = undefined
        }
      },
      abort: () => {},
    }),
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
