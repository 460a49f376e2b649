import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { AuditSink } from '../../../shared/audit.ts'
import {
  type AeProfile,
  type AeProfiles,
  isNode,
  mayBeCalled,
  type Node,
  type NodeRight,
  nodeMay,
  profileOf,
  type Strangers,
} from '../../../shared/config.ts'
import type { AssociationSummary, Problem } from '../../../shared/contract.ts'
import { ERRORS, type IsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import { Association } from '../wire/association.ts'
import type { Decision } from '../wire/associationOptions.ts'
import type { CommandSet } from '../wire/dimse.ts'
import type { Ending } from '../wire/ending.ts'
import type { AssociateRequest } from '../wire/pdu.ts'
import { fingerprintOf } from '../wire/secure.ts'
import type { Admission, Place } from './admission.ts'
import { AssociationAudit } from './associationAudit.ts'
import type { AssociationTap, Captures } from './captures.ts'
import type { Failure } from './diagnosis.ts'
import type { Doctor } from './doctor.ts'
import type { ExpectedMoves } from './expectedMoves.ts'
import { type Asking, type Negotiated, negotiate, timersOf, withoutSyntax } from './negotiation.ts'
import type { NoticeTaker } from './noticeScp.ts'
import { Operations } from './operations.ts'
import type { RetrieveCounts } from './retrieveCounts.ts'
import type { RetrieveDeps } from './retrieveScp.ts'
import { type Sender, type ServedStore, serve } from './services.ts'
import type { CommitmentAcceptor } from './storageCommitmentScp.ts'
import type { CommitmentRequests } from './storageCommitmentScu.ts'

export type FoundProblem = Pick<Problem, 'severity' | 'sentence' | 'detail'>

export interface Surroundings {
  /** What peers may call us, as it is now; the first is our own. */
  aets(): readonly string[]
  store: ServedStore
  log: Log
  /** As they are now: an association keeps those it began with. */
  profiles(): AeProfiles
  nodes(): Node[]
  strangers: Strangers
  admission: Admission
  captures: Captures
  audit: AuditSink
  doctor: Pick<Doctor, 'saw'>
  /** What objects are sent with. */
  sending: Pick<RetrieveDeps, 'files' | 'transcode' | 'open'>
  commitment: CommitmentAcceptor
  commitmentRequests: Pick<CommitmentRequests, 'receive'>
  notices: NoticeTaker
  expected: Pick<ExpectedMoves, 'from'>
  /** Why this station confirms nothing to anybody, in words; '' where it does. */
  commitsNot: string
  /** ms from our last PDU to the end of a socket that the peer does not close. */
  linger: number | undefined
  changed(): void
  problem(found: FoundProblem): void
}

const ASKED: Record<Asking, string> = {
  echo: 'be echoed',
  store: 'store',
  query: 'query',
  retrieve: 'retrieve',
  commitment: 'have storage confirmed',
  delete: 'delete',
}

/** One peer at the door: what it asked, what it brought, how it ended, and whom to tell. */
export class OpenAssociation {
  /** The socket is closed. */
  readonly over: Promise<void>
  readonly #id: number
  readonly #association: Association
  readonly #operations: Operations
  /** What was agreed on in extended negotiation, by SOP class. */
  #options = new Map<string, Uint8Array>()
  readonly #around: Surroundings
  readonly #address: string
  /** SHA-256 of the certificate it showed. */
  readonly #certificate: string | undefined
  readonly #startedAt = Date.now()
  #ending: Ending | undefined
  #endedAt: number | null = null
  #received = 0
  #sent = 0
  readonly #retrieve: RetrieveDeps
  #failed = 0
  #firstFailure: { error: IsocenterError; SOPInstanceUID: string } | undefined
  #draining = false
  #mayCommit = false
  #place: Place | undefined
  #held = false
  #profile: AeProfile
  readonly #tap: AssociationTap | undefined
  readonly #audit: AssociationAudit

  constructor(id: number, socket: Socket, around: Surroundings) {
    this.#id = id
    this.#around = around
    this.#address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    this.#certificate = socket instanceof TLSSocket ? fingerprintOf(socket.getPeerCertificate()) : undefined
    this.#profile = profileOf(around.profiles(), '')
    const peer = () => ({ AET: this.#callingAET, address: this.#address })
    this.#audit = new AssociationAudit(around.audit, String(id), peer)
    this.#tap = around.captures.tap(
      { address: this.#address, port: socket.remotePort ?? 0 },
      { address: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    )
    this.#association = new Association(socket, {
      role: 'acceptor',
      timers: { ...timersOf(this.#profile), ...(around.linger === undefined ? {} : { linger: around.linger }) },
      tap: this.#tap,
      negotiate: request => this.#negotiate(request),
      onMessage: (context, command) =>
        serve(
          {
            store: around.store,
            sender: this.#sender(command),
            operations: this.#operations,
            respond: ({ id }, response) => this.#association.send(id, response),
            events: {
              stored: (received, SOPClassUID) => {
                this.#received += 1
                this.#audit.stored(received, SOPClassUID)
                around.changed()
              },
              failed: (error, SOPInstanceUID) => this.#storeFailed(error, SOPInstanceUID),
              queried: facts => around.log.info({ ...this.#facts(), ...facts }, 'query answered'),
            },
            retrieve: this.#retrieve,
            audit: this.#audit,
            commitment: this.#mayCommit ? around.commitment : undefined,
            commitmentRequests: around.commitmentRequests,
            notices: around.notices,
          },
          context,
          command,
        ),
      onEnd: ending => this.#end(ending),
    })
    const { read } = around.store
    this.#retrieve = {
      ...around.sending,
      read,
      aets: around.aets,
      nodes: around.nodes,
      callingAET: () => this.#callingAET,
      audit: this.#audit,
      sent: () => {
        this.#sent += 1
        around.changed()
      },
      failed: (destination, counts) => this.#sendFailed(destination, counts),
    }
    this.#operations = new Operations(this.#association, uid => this.#options.get(uid) ?? new Uint8Array())
    this.over = this.#association.closed.then(() => this.#tap?.end())
  }

  /** False for port checks and for connections that have not said anything. */
  get worthKeeping(): boolean {
    return this.#association.bytes > 0
  }

  summary(): AssociationSummary {
    return {
      id: this.#id,
      outgoing: false,
      callingAET: this.#callingAET,
      calledAET: this.#association.request?.calledAET ?? '',
      address: this.#address,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt,
      received: this.#received,
      sent: this.#sent,
      bytes: this.#association.bytes,
      outcome: this.#ending?.words ?? (this.#held ? 'waiting for a place' : 'open'),
    }
  }

  drain(): void {
    this.#draining = true
    this.#operations.stop('the station is shutting down')
    this.#association.drain('the station is shutting down')
  }

  destroy(): void {
    this.#association.destroy()
  }

  get #callingAET(): string {
    return this.#association.request?.callingAET ?? ''
  }

  #sender(command: CommandSet): Sender {
    const { SpecificCharacterSet, IssuerOfPatientID, conflictPolicy } = this.#profile
    const aets = this.#around.aets()
    const called = this.#association.request?.calledAET
    return {
      origin: {
        door: 'dimse',
        sourceAET: this.#callingAET,
        sendingAET: this.#callingAET,
        receivingAET: called && aets.includes(called) ? called : (aets[0] ?? ''),
        address: this.#address,
      },
      assumed: { SpecificCharacterSet, IssuerOfPatientID },
      showLatest: conflictPolicy === 'showLatest',
      pulledFrom: uids =>
        this.#around.expected.from({ callingAET: this.#callingAET, address: this.#address, command }, uids),
    }
  }

  /** The peer as a person knows it. */
  get #peer(): string {
    return this.#callingAET ? `${this.#callingAET} (${this.#address})` : this.#address
  }

  #negotiate(request: AssociateRequest): Decision | Promise<Decision> {
    const { aets, profiles, admission, store } = this.#around
    this.#tap?.identify(request)
    this.#profile = profileOf(profiles(), request.callingAET)
    const { level } = store.space
    const may = (right: NodeRight) =>
      !(right === 'commitment' && this.#around.commitsNot) &&
      nodeMay(right, request.callingAET, this.#address, this.#around.nodes())
    this.#mayCommit = may('commitment')
    const decision = negotiate(request, aets(), this.#profile, {
      takesImages: level === 'ok' || level === 'warn',
      may,
      isNode: isNode(request.callingAET, this.#address, this.#around.nodes()),
      strangers: this.#around.strangers,
    })
    if ('reject' in decision) return decision
    if (!mayBeCalled(request.callingAET, this.#certificate, this.#around.nodes())) {
      // PS3.8 table 9-21: permanent, by the service user, calling AE title not recognized.
      return {
        reject: { result: 1, source: 1, reason: 3 },
        words: this.#certificate
          ? `"${request.callingAET}" has another certificate`
          : `"${request.callingAET}" has to come over TLS, with its certificate`,
      }
    }
    this.#place = admission.enter(this.#address)
    const { admitted } = this.#place
    if (admitted === true) return this.#accepting(request, decision)
    this.#around.log.info(this.#facts(request), 'association held until there is room')
    this.#held = true
    this.#around.changed()
    return Promise.resolve(admitted).then(came => {
      this.#held = false
      return came
        ? this.#accepting(request, decision)
        : // PS3.8 table 9-21: transient, by the provider (presentation), local limit exceeded.
          { reject: { result: 2, source: 3, reason: 2 }, words: 'too many associations are open already' }
    })
  }

  #accepting(request: AssociateRequest, decision: Extract<Negotiated, { accept: unknown }>): Decision {
    const { log, changed, problem } = this.#around
    this.#options = new Map(
      decision.accept.user.extended.map(({ SOPClassUID, information }) => [SOPClassUID, information]),
    )
    const accepted = decision.accept.contexts.filter(context => context.result === 0).length
    log.info({ ...this.#facts(request), contexts: request.contexts.length, accepted }, 'association accepted')
    const without = withoutSyntax(request.contexts, decision.accept.contexts)
    if (without.length > 0) this.#saw({ kind: 'noSyntax', abstractSyntaxes: without })
    if (decision.denied.length > 0) problem(this.#denied(request.callingAET, decision.denied))
    else if (accepted === 0) {
      const classes = [...new Set(request.contexts.map(context => context.abstractSyntax))]
      const offered = classes.slice(0, 20).join(', ')
      if (without.length === 0) this.#saw({ kind: 'nothingTaken', abstractSyntaxes: classes })
      problem({
        severity: 'attention',
        sentence: `${request.callingAET} (${this.#address}) offered nothing that this station takes.`,
        detail: `Abstract syntaxes: ${offered}`,
      })
    }
    changed()
    return decision
  }

  /** Who may what is known by AE title and address: the sentence says which of them is wrong. */
  #denied(AET: string, rights: Asking[]): FoundProblem {
    const asked = `${AET} (${this.#address}) asked to ${rights.map(right => ASKED[right]).join(' and to ')}`
    const node = this.#around.nodes().find(one => one.AET === AET)
    const { commitsNot } = this.#around
    if (commitsNot && rights.includes('commitment')) {
      return { severity: 'attention', sentence: `${asked}; ${commitsNot}.`, detail: '' }
    }
    this.#audit.refused('useOfRestrictedFunction', asked)
    const has = node?.rights.some(right => rights.includes(right)) === true
    this.#saw({ kind: 'denied', rights, known: node !== undefined, addresses: has ? node.addresses : [] })
    const why = !node
      ? 'it is not among the nodes'
      : has
        ? `the node "${node.name}" calls from ${node.addresses.join(' or ')}`
        : `the node "${node.name}" may not`
    return { severity: 'attention', sentence: `${asked}; ${why} (Settings › Network).`, detail: '' }
  }

  #storeFailed(error: IsocenterError, SOPInstanceUID: string): void {
    this.#failed += 1
    this.#firstFailure ??= { error, SOPInstanceUID }
    this.#around.log.warn(
      { ...this.#facts(), SOPInstanceUID, code: error.code, detail: error.detail },
      'object not stored',
    )
    this.#around.changed()
  }

  #sendFailed(destination: string, { total, failed, firstReason }: RetrieveCounts): void {
    const asker = this.#peer
    this.#around.log.warn({ ...this.#facts(), destination, total, failed, reason: firstReason }, 'not all was sent')
    const images =
      failed === total ? (total === 1 ? 'The image' : `None of the ${total} images`) : `${failed} of ${total} images`
    this.#around.problem({
      severity: 'attention',
      sentence: `${images} that ${asker} asked for did not come to ${destination}: ${firstReason}.`,
      detail: '',
    })
  }

  #end(ending: Ending): void {
    this.#place?.leave()
    this.#operations.stop(ending.words)
    this.#audit.over()
    this.#ending = ending
    this.#endedAt = Date.now()
    const { log, changed } = this.#around
    const facts = { ...this.#facts(), received: this.#received, failed: this.#failed, bytes: this.#association.bytes }
    if (ending.kind === 'silent') {
      log.debug(facts, 'connected and gone without a word')
      return
    }
    if (this.#association.longestPdu > this.#profile.announcedPdu) {
      log.warn({ ...facts, longest: this.#association.longestPdu }, 'the peer sent PDUs longer than it was told to')
    }
    if (ending.kind === 'released') log.info(facts, 'association released')
    else log.warn({ ...facts, outcome: ending.words }, 'association ended')
    this.#tellProblems(ending)
    changed()
  }

  #saw(failure: Failure): void {
    const { request } = this.#association
    this.#around.doctor.saw({ outgoing: false, AET: this.#callingAET, address: this.#address, request, failure })
  }

  #tellProblems(ending: Ending): void {
    const { kind, words } = ending
    if (kind === 'refused' || (kind === 'aborted' && !this.#draining)) this.#saw({ kind: 'ended', ending })
    if (this.#firstFailure) this.#saw({ kind: 'notStored', code: this.#firstFailure.error.code })
    if (this.#firstFailure) this.#audit.notStored(this.#failed, ERRORS[this.#firstFailure.error.code].sentence)
    if (kind === 'refused') {
      this.#audit.refused('nodeAuthentication', words)
      this.#around.problem({ severity: 'attention', sentence: `${this.#peer} was ${words}.`, detail: '' })
    } else if (kind === 'aborted' && !this.#draining) {
      const reason = words.replace(/^aborted: /, '')
      const sentence = this.#association.request
        ? `The association of ${this.#peer} was not ended properly: ${reason}.`
        : `${this.#address} connected but did not open an association: ${reason}.`
      this.#around.problem({ severity: 'attention', sentence, detail: '' })
    }
    if (this.#firstFailure) {
      const { error, SOPInstanceUID } = this.#firstFailure
      const objects = this.#failed === 1 ? 'One object' : `${this.#failed} objects`
      this.#around.problem({
        severity: 'failure',
        sentence: `${objects} sent by ${this.#peer} could not be taken. ${ERRORS[error.code].sentence}`,
        detail: `${error.code} ${error.detail ?? ''} SOP Instance UID ${SOPInstanceUID}`,
      })
    }
  }

  #facts(request = this.#association.request) {
    return { association: this.#id, callingAET: request?.callingAET ?? '', address: this.#address }
  }
}
