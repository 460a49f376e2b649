import type { Socket } from 'node:net'
import { errorCode } from '../base/durable.ts'
import type { AssociationOptions, Decision, EncodedMessage, Hold } from './associationOptions.ts'
import { CommandError, type CommandSet, encodeCommand } from './dimse.ts'
import { encodeMessages } from './encodeMessages.ts'
import { type Ending, endingOf } from './ending.ts'
import { type DataSource, FramedDataSet } from './framing.ts'
import { type AcceptedContext, MessageReader } from './messages.ts'
import {
  ABORT_REASON,
  type Abort,
  type AssociateAccept,
  type AssociateReject,
  type AssociateRequest,
  PDU,
  PduError,
} from './pdu.ts'
import { decodeAbort, decodeAssociateAccept, decodeAssociateReject, decodeAssociateRequest } from './pduDecode.ts'
import { dataHeader, encodeAssociateAccept, encodeAssociateReject, encodeAssociateRequest } from './pduEncode.ts'
import { ANNOUNCED_LENGTH, PduReader } from './pduReader.ts'
import { readInto } from './readInto.ts'
import type { Action, UpperLayerEvent } from './stateTable.ts'
import { limitOf, TIMERS, type Timers, type Waiting } from './timers.ts'
import { type EventDetail as StateDetail, UpperLayer } from './upperLayer.ts'
import { Watch } from './watch.ts'

interface EventDetail extends StateDetail {
  words?: string
  reject?: AssociateReject
  abort?: Abort
  /** A clock of ours decided it. */
  timedOut?: boolean
  /** Told when the socket has taken the last of the PDUs, or never will. */
  written?: () => void
}

/**
 * One association over one socket: the PS3.8 upper layer as its state table says, for either role. Messages are handled one
 * at a time (asynchronous operations window 1,1); the socket is paused while a sink works.
 */
export class Association {
  /** Sockets are closed and every timer is off. */
  readonly closed: Promise<void>
  /** Bytes received. */
  bytes = 0
  longestPdu = 0
  readonly #socket: Socket
  readonly #options: AssociationOptions
  #timers: Timers
  readonly #layer: UpperLayer
  readonly #reader: PduReader
  readonly #messages: MessageReader
  readonly #contexts = new Map<number, AcceptedContext>()
  #request: AssociateRequest | undefined
  #accept: AssociateAccept | undefined
  #artim: NodeJS.Timeout | undefined
  readonly #watch: Watch
  #watching: Waiting = 'nothing'
  /** Messages that had arrived when the watch last looked. */
  #wholeSeen = 0
  #working = false
  /** Work beside the reading (`hold`), and how much of it waits for the peer. */
  #held = 0
  #heldByPeer = 0
  #dropping = false
  /** Why the association is to end after the message at hand; '' while it may go on. */
  #draining = ''
  #ended = false
  #socketError = ''
  #socketCode = ''

  /** The socket: fresh from `net.Server` for an acceptor, from `net.connect` and not yet connected for a requestor. */
  constructor(socket: Socket, options: AssociationOptions) {
    this.#socket = socket
    this.#options = options
    this.#timers = { ...TIMERS, ...options.timers }
    this.#layer = new UpperLayer(options.role)
    this.#watch = new Watch(
      () => this.bytes,
      words => this.#timeIsOver(words),
    )
    this.#messages = new MessageReader(id => this.#contexts.get(id), options.onMessage)
    this.#reader = new PduReader({
      header: (type, length) => this.#header(type, length),
      control: (type, body) => this.#control(type, body),
      fragment: (contextId, control, bytes, last) => {
        if (this.#layer.state === 6 || this.#layer.state === 7)
          return this.#messages.fragment(contextId, control, bytes, last)
      },
    })
    // Nagle costs 40 ms per C-STORE against a peer that delays its acknowledgements.
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    readInto(socket, chunk => this.#take(chunk))
    socket.on('error', error => {
      this.#socketError = error.message
      this.#socketCode = errorCode(error)
    })
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        if (this.#layer.state !== 1) this.#fire('disconnected')
        this.#stopArtim()
        resolve()
      })
    })
    if (options.role === 'acceptor') this.#fire('connectedTo')
    else {
      this.#request = options.request
      this.#fire('associateRequest')
      socket.once('connect', () => {
        if (this.#layer.state === 4) this.#fire('connected', { pdus: [encodeAssociateRequest(options.request)] })
      })
    }
    this.#watchOver()
  }

  /** What was asked for, once it is known. */
  get request(): AssociateRequest | undefined {
    return this.#request
  }

  /** What the peer that accepted us says it is; '' where it says nothing, or has not answered. */
  get implementation(): string {
    return this.#options.role === 'requestor' ? (this.#accept?.user.implementationVersionName ?? '') : ''
  }

  /** The contexts agreed on. */
  get contexts(): AcceptedContext[] {
    return [...this.#contexts.values()]
  }

  /** Those of them on which the peer stores what it is sent: of a requestor only where it has said so (PS3.7 §D.3.3.4). */
  get storing(): AcceptedContext[] {
    if (this.#options.role === 'requestor') return this.contexts
    const classes = this.#accept?.user.roles.filter(({ scp }) => scp).map(({ SOPClassUID }) => SOPClassUID)
    return this.contexts.filter(({ abstractSyntax }) => classes?.includes(abstractSyntax))
  }

  /** A message is being received or worked on. */
  get busy(): boolean {
    return this.#working || this.#held > 0 || this.#messages.insideMessage
  }

  /** From now on an answer is being worked on while further messages (a C-CANCEL) are read: no timer runs against the peer. */
  hold(): Hold {
    this.#held += 1
    this.#watchOver()
    let released = false
    return {
      peersTurn: async answer => {
        this.#heldByPeer += 1
        this.#watchOver()
        try {
          return await answer
        } finally {
          this.#heldByPeer -= 1
          this.#watchOver()
        }
      },
      release: () => {
        if (released) return
        released = true
        this.#held -= 1
        if (this.#layer.state !== 1) this.#settled()
      },
    }
  }

  /** A data set that begins to be read now, to be sent as PDUs of what the peer takes. It is to be `done` with. */
  frame(contextId: number, source: DataSource): FramedDataSet {
    return new FramedDataSet(source, contextId, this.#longestFragment)
  }

  /**
   * Sends a message on an accepted context and resolves, true, when the socket has room again. False when the association is
   * over: nothing, or not all of it, was sent. The data set is cut into PDVs of what the peer takes, never copied. Rejects when a
   * framed one cannot be read: before anything was sent, or with the association aborted.
   */
  async send(contextId: number, command: CommandSet, dataSet?: Uint8Array | FramedDataSet): Promise<boolean> {
    const bytes = encodeCommand(command)
    if (dataSet instanceof FramedDataSet) return this.#sendFramed(this.#cut(contextId, bytes, true), dataSet)
    if (!(await this.#sendFragments(contextId, bytes, true))) return false
    return dataSet ? this.#sendFragments(contextId, dataSet, false) : true
  }

  /**
   * Sends messages in one write, each command and data set in PDUs of its own. Resolves, true, when the socket has room again; false
   * when the association is over.
   */
  async sendEncoded(contextId: number, messages: readonly EncodedMessage[]): Promise<boolean> {
    if (!this.#layer.can('sendData')) return false
    if (messages.length > 0) {
      this.#fire('sendData', { pdus: [encodeMessages(contextId, messages, this.#longestFragment)] })
    }
    if (this.#socket.writableNeedDrain) await this.#drained()
    return this.#layer.can('sendData')
  }

  /** Asks for the orderly end; `onEnd` tells when it came. */
  release(): void {
    if (this.#layer.state === 6) this.#fire('release')
    this.#watchOver()
  }

  /** A-ABORT as the service user (PS3.8 §7.3). Harmless when it is over already. */
  abort(words: string): void {
    if (this.#layer.can('abort')) this.#fire('abort', { words })
  }

  #timeIsOver(words: string): void {
    if (this.#layer.can('abort')) this.#fire('abort', { words, timedOut: true })
  }

  /** Aborts when the message at hand, if any, is done with. */
  drain(words: string): void {
    this.#draining = words
    if (this.#layer.state === 2) this.destroy()
    else if (!this.busy) this.abort(words)
  }

  /** No courtesies. */
  destroy(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#options.tap?.received(chunk)
    if (this.#dropping || this.#layer.state === 1) return
    try {
      const pending = this.#reader.push(chunk)
      if (!pending) {
        this.#settled()
        return
      }
      this.#socket.pause()
      this.#working = true
      this.#watch.hold()
      this.#watchOver()
      pending.then(
        () => this.#resume(),
        (error: unknown) => this.#resume(error),
      )
    } catch (error) {
      this.#fault(error)
    }
  }

  #resume(error?: unknown): void {
    this.#working = false
    this.#watch.go()
    if (error === undefined) this.#settled()
    else this.#fault(error)
    this.#socket.resume()
  }

  #settled(): void {
    if (this.#draining && !this.busy) this.abort(this.#draining)
    if (this.#watching === 'idle' || this.#messages.whole !== this.#wholeSeen) this.#watch.restart()
    this.#wholeSeen = this.#messages.whole
    this.#watchOver()
  }

  /** What was read cannot be taken; nothing after it can be trusted to begin where a PDU begins. */
  #fault(error: unknown): void {
    this.#dropping = true
    if (error instanceof PduError) {
      if (this.#layer.state !== 1) this.#fire('invalidPdu', { reason: error.reason, words: error.message })
    } else if (error instanceof CommandError) this.abort(error.message)
    else
      this.abort(`something went wrong inside the station (${error instanceof Error ? error.message : String(error)})`)
  }

  #header(type: number, length: number): boolean {
    this.longestPdu = Math.max(this.longestPdu, length)
    if (this.#layer.state === 1) return false
    if (type !== PDU.dataTF) return true
    this.#fire('gotData', unexpected('P-DATA-TF'))
    return this.#layer.state === 6 || this.#layer.state === 7
  }

  #control(type: number, body: Buffer): void {
    if (this.#layer.state === 1) return
    switch (type) {
      case PDU.associateRQ:
        if (this.#layer.state === 2) this.#request = decodeAssociateRequest(body)
        this.#fire('gotRQ', unexpected('A-ASSOCIATE-RQ'))
        break
      case PDU.associateAC:
        if (this.#layer.state === 5) this.#accept = decodeAssociateAccept(body)
        this.#fire('gotAC', unexpected('A-ASSOCIATE-AC'))
        break
      case PDU.associateRJ: {
        const reject = decodeAssociateReject(body)
        const words = `result ${reject.result}, source ${reject.source}, reason ${reject.reason}`
        this.#fire('gotRJ', this.#layer.state === 5 ? { words, reject } : unexpected('A-ASSOCIATE-RJ'))
        break
      }
      case PDU.releaseRQ:
        this.#fire('gotReleaseRQ', unexpected('A-RELEASE-RQ'))
        break
      case PDU.releaseRP:
        this.#fire('gotReleaseRP', unexpected('A-RELEASE-RP'))
        break
      default: {
        const abort = decodeAbort(body)
        this.#fire('gotAbort', { words: abort.source === 2 ? ` (protocol, reason ${abort.reason})` : '', abort })
      }
    }
  }

  /** One cell of the state table, carried out. */
  #fire(event: UpperLayerEvent, detail: EventDetail = {}): void {
    const { before, action, pdus } = this.#layer.take(event, detail)
    if (action.artim === 'stop') this.#stopArtim()
    for (const [at, pdu] of pdus.entries()) {
      this.#socket.write(pdu, at === pdus.length - 1 ? detail.written : undefined)
      this.#options.tap?.sent(pdu)
    }
    if (action.artim === 'start') this.#startArtim(this.#layer.state === 2 ? this.#timers.artim : this.#timers.linger)
    if (action.close) this.#close(event)
    if (this.#layer.state === 1 || this.#layer.state === 13)
      this.#end(
        endingOf(action, event, {
          before,
          words: detail.words,
          unheard: this.bytes === 0,
          socketError: this.#socketError,
          socketCode: this.#socketCode,
          timedOut: detail.timedOut ?? false,
          reject: detail.reject,
          abort: detail.abort,
          artim: this.#timers.artim,
        }),
      )
    else if (action.tell) this.#tell(action.tell)
  }

  #tell(what: NonNullable<Action['tell']>): void {
    if (what === 'associate') this.#decide()
    else if (what === 'release' && this.#layer.can('releaseResponse')) this.#fire('releaseResponse')
    else if (what === 'accepted' && this.#accept && this.#options.role === 'requestor') {
      this.#agree(this.#accept)
      this.#options.onAccepted(this.#accept)
    }
  }

  #decide(): void {
    if (this.#options.role !== 'acceptor' || !this.#request) return
    const decision = this.#options.negotiate(this.#request)
    if (decision instanceof Promise) {
      decision.then(
        made => this.#answer(made),
        (error: unknown) => this.#fault(error),
      )
    } else this.#answer(decision)
  }

  #answer(decision: Decision): void {
    // Whoever was kept waiting may have gone.
    if (this.#layer.state !== 3) return
    if ('reject' in decision) {
      this.#fire('reject', {
        pdus: [encodeAssociateReject(decision.reject)],
        words: decision.words,
        reject: decision.reject,
      })
    } else {
      this.#timers = { ...this.#timers, ...decision.timers }
      this.#accept = decision.accept
      if (decision.longestPdu !== undefined) this.#reader.longest = decision.longestPdu
      this.#agree(decision.accept)
      this.#fire('accept', { pdus: [encodeAssociateAccept(decision.accept)] })
    }
    this.#watchOver()
  }

  #agree(accept: AssociateAccept): void {
    for (const { id, result, transferSyntax } of accept.contexts) {
      const abstractSyntax = this.#request?.contexts.find(context => context.id === id)?.abstractSyntax
      if (result === 0 && abstractSyntax) this.#contexts.set(id, { id, abstractSyntax, transferSyntax })
    }
  }

  #end(ending: Ending): void {
    this.#watch.set(undefined)
    this.#watching = 'nothing'
    if (this.#ended) return
    this.#ended = true
    this.#messages.abort()
    this.#options.onEnd(ending)
  }

  #startArtim(wait: number): void {
    this.#stopArtim()
    const timer = setTimeout(
      // After the sockets, as every judgement: the loop may have stood still.
      () => setImmediate(() => timer === this.#artim && this.#fire('artimExpired')),
      wait,
    )
    this.#artim = timer
  }

  #stopArtim(): void {
    clearTimeout(this.#artim)
    this.#artim = undefined
  }

  /** After ARTIM the peer had its time; otherwise what was written may leave first, if the peer reads it in time. */
  #close(event: UpperLayerEvent): void {
    if (event === 'artimExpired') {
      this.#socket.destroy()
    } else {
      this.#stopArtim()
      this.#socket.destroySoon()
      this.#artim = setTimeout(() => this.#socket.destroy(), this.#timers.linger)
    }
  }

  /** Sees to it that the peer is given time for what is its turn. A clock already running for the same thing goes on. */
  #watchOver(): void {
    const wanted = this.#whatToWatch()
    if (wanted === this.#watching) return
    this.#watching = wanted
    this.#watch.set(limitOf(wanted, this.#timers))
  }

  #whatToWatch(): Waiting {
    // In Sta2 and Sta13 ARTIM runs, in Sta3 the peer waits for us, in Sta1 nobody waits.
    if (this.#layer.state <= 3 || this.#layer.state === 13) return 'nothing'
    if (this.#layer.state !== 6) return 'answer'
    if (this.#reader.insidePdu || this.#messages.insideMessage) return 'message'
    return this.#held > this.#heldByPeer ? 'nothing' : 'idle'
  }

  /** Bytes of a PDV: even, as every fragment is (PS3.8 §E.1), and 6 bytes less than the PDU for the PDV's own header. */
  get #longestFragment(): number {
    const peerTakes = (this.#options.role === 'acceptor' ? this.#request : this.#accept)?.user.maximumLength || Infinity
    return Math.max(2, (Math.min(peerTakes, ANNOUNCED_LENGTH) - 6) & ~1)
  }

  #cut(contextId: number, bytes: Uint8Array, command: boolean): Uint8Array[] {
    const most = this.#longestFragment
    const parts: Uint8Array[] = []
    for (let at = 0; at < bytes.length || at === 0; at += most) {
      const part = bytes.subarray(at, at + most)
      parts.push(dataHeader(contextId, part.length, { command, last: at + most >= bytes.length }), part)
    }
    return parts
  }

  async #sendFragments(contextId: number, bytes: Uint8Array, command: boolean): Promise<boolean> {
    const most = this.#longestFragment
    for (let at = 0; at < bytes.length || at === 0; at += most) {
      if (!this.#layer.can('sendData')) return false
      const part = bytes.subarray(at, at + most)
      const header = dataHeader(contextId, part.length, { command, last: at + most >= bytes.length })
      this.#socket.cork()
      this.#fire('sendData', { pdus: [header, Buffer.from(part.buffer, part.byteOffset, part.length)] })
      this.#socket.uncork()
      if (this.#socket.writableNeedDrain) await this.#drained()
    }
    return this.#layer.state === 6 || this.#layer.state === 8
  }

  /** The command goes in one write with the first of the data set: two would wake the peer twice. */
  async #sendFramed(command: Uint8Array[], dataSet: FramedDataSet): Promise<boolean> {
    let chunk = await dataSet.next()
    if (!chunk) throw new Error('an empty data set is none')
    let pdus = [Buffer.concat(command)]
    try {
      while (chunk) {
        if (!this.#layer.can('sendData')) return false
        await this.#written([...pdus, chunk])
        // Given up in the middle: asking for more would say that these bytes have left.
        if (!this.#layer.can('sendData')) return false
        // A peer that reads is not idle, however long it takes.
        if (this.#watching === 'idle') this.#watch.restart()
        pdus = []
        chunk = await dataSet.next()
      }
    } catch (error) {
      // Nothing can be said in the middle of a data set.
      this.abort('an object could not be read to its end')
      throw error
    }
    return this.#layer.can('sendData')
  }

  /** Whole PDUs, until their bytes are not looked at any more. */
  #written(pdus: Buffer[]): Promise<void> {
    const length = pdus.reduce((sum, pdu) => sum + pdu.length, 0)
    return this.#inTime(length, done => {
      this.#socket.cork()
      this.#fire('sendData', { pdus, written: done })
      this.#socket.uncork()
      return () => {}
    })
  }

  /** The socket took what was written. */
  #drained(): Promise<void> {
    return this.#inTime(ANNOUNCED_LENGTH, done => {
      this.#socket.on('drain', done)
      return () => this.#socket.off('drain', done)
    })
  }

  /** Until `begin` says so or the socket is closed. A peer that does not read for the time of so many bytes is let go. */
  #inTime(bytes: number, begin: (done: () => void) => () => void): Promise<void> {
    const time = this.#timers.pdu * Math.ceil(bytes / ANNOUNCED_LENGTH)
    return new Promise(resolve => {
      let over = false
      let end = () => {}
      const done = () => {
        if (over) return
        over = true
        clearTimeout(timer)
        this.#socket.off('close', done)
        end()
        resolve()
      }
      const timer = setTimeout(() => {
        // After the sockets: what the peer took while our loop stood still counts.
        setImmediate(() => {
          if (over) return
          this.#timeIsOver(`the peer did not read for ${time / 1000} s`)
          done()
        })
      }, time)
      this.#socket.on('close', done)
      end = begin(done)
    })
  }
}

function unexpected(pdu: string): EventDetail {
  return { reason: ABORT_REASON.unexpectedPdu, words: `an ${pdu} that does not belong there` }
}
