import { type AeProfiles, type Node, profileOf, type TlsProfile } from '../../../shared/config.ts'
import type { AssociationSummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { Ending } from '../wire/ending.ts'
import { openAssociation, PeerFailed, type Scu, type ScuOptions } from '../wire/scu.ts'
import type { SecureMaterial } from '../wire/secure.ts'
import type { Diagnosis, Failure } from './diagnosis.ts'
import type { Doctor, Seen } from './doctor.ts'
import { timersOf } from './negotiation.ts'
import type { OfferedContext } from './transferPlan.ts'

/** What is called: a node, or one that is not kept yet. */
export type Called = Pick<Node, 'name' | 'AET' | 'host' | 'port'> & Partial<Pick<Node, 'tls' | 'certificates'>>

interface OutgoingOptions {
  /** What we call ourselves. */
  AET: string
  log: Log
  doctor: Pick<Doctor, 'saw' | 'diagnose'>
  profiles(): AeProfiles
  /** What we show of ourselves and whom we believe; undefined where TLS is not set up. */
  secure(): { material: SecureMaterial; profile: TlsProfile } | undefined
  /** One row of the list of associations, incoming and outgoing alike. */
  nextId(): number
  changed(): void
  ended(summary: AssociationSummary): void
}

interface CallOptions extends Pick<ScuOptions, 'roles' | 'onRequest'> {
  /** ms, where that is less than the profile's. */
  answerWithin?: number
}

/** An association of ours to a node. */
export type Outgoing = Pick<
  Scu,
  'contexts' | 'storing' | 'implementation' | 'frame' | 'ask' | 'converse' | 'echo' | 'release' | 'abort'
> & {
  /** One more object has come. */
  received(): void
  /** One more object was taken. */
  sent(): void
  /** Something on it went wrong that does not end it: for the doctor. */
  failed(failure: Failure): void
}

/** The associations of ours to other nodes, for the same list as those of theirs to us. */
export class OutgoingAssociations {
  readonly #options: OutgoingOptions
  readonly #open = new Map<AssociationSummary, Scu | undefined>()
  #closed = false

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  list(): AssociationSummary[] {
    return [...this.#open].map(([summary, scu]) => ({ ...summary, bytes: scu?.bytes ?? 0 }))
  }

  diagnose(node: Called, failure: Failure): Diagnosis {
    return this.#options.doctor.diagnose(seen(node, failure))
  }

  /** Rejects with PeerFailed when the node cannot be reached, or rejects us; with 'draining' at the end. */
  async open(
    node: Called,
    contexts: OfferedContext[],
    { answerWithin = Number.POSITIVE_INFINITY, roles, onRequest }: CallOptions = {},
  ): Promise<Outgoing> {
    if (this.#closed) throw new IsocenterError('draining')
    const { AET, log, doctor, profiles, nextId, changed } = this.#options
    const secure = node.tls ? this.#options.secure() : undefined
    if (node.tls && !secure) {
      throw new IsocenterError(
        'peer-failed',
        `${node.AET} is to be called over TLS, and this station has no certificate`,
      )
    }
    const summary: AssociationSummary = {
      id: nextId(),
      outgoing: true,
      callingAET: AET,
      calledAET: node.AET,
      address: node.host,
      startedAt: Date.now(),
      endedAt: null,
      received: 0,
      sent: 0,
      bytes: 0,
      outcome: 'calling',
    }
    const timers = timersOf(profileOf(profiles(), node.AET))
    const artim = Math.min(timers.artim, answerWithin)
    this.#open.set(summary, undefined)
    changed()
    try {
      const scu = await openAssociation({
        host: node.host,
        port: node.port,
        callingAET: AET,
        calledAET: node.AET,
        contexts,
        secure: secure && { ...secure, certificates: node.certificates ?? [] },
        roles,
        onRequest,
        timers: { ...timers, artim },
        onEnd: ending => this.#end(summary, ending, node),
      })
      this.#open.set(summary, scu)
      summary.outcome = 'open'
      log.info({ ...facts(summary), contexts: contexts.length, accepted: scu.contexts.length }, 'node called')
      changed()
      if (this.#closed) {
        void scu.abort()
        throw new IsocenterError('draining')
      }
      const failed = (failure: Failure) => void doctor.saw(seen(node, failure))
      if (scu.contexts.length === 0) {
        failed({ kind: 'nothingTaken', abstractSyntaxes: [...new Set(contexts.map(one => one.abstractSyntax))] })
      }
      return {
        get contexts() {
          return scu.contexts
        },
        get storing() {
          return scu.storing
        },
        implementation: scu.implementation,
        frame: (contextId, source) => scu.frame(contextId, source),
        ask: (contextId, command, dataSet) => scu.ask(contextId, command, dataSet),
        converse: (...asked) => scu.converse(...asked),
        echo: () => scu.echo(),
        release: () => scu.release(),
        abort: () => scu.abort(),
        sent: () => {
          summary.sent += 1
          changed()
        },
        received: () => {
          summary.received += 1
          changed()
        },
        failed,
      }
    } catch (thrown) {
      if (!(thrown instanceof PeerFailed)) throw thrown
      throw new PeerFailed(thrown.ending, `${node.AET} at ${node.host}:${node.port}: ${thrown.ending.words}`)
    }
  }

  #end(summary: AssociationSummary, ending: Ending, node: Called): void {
    const { log, doctor, changed, ended } = this.#options
    const { kind, words } = ending
    summary.bytes = this.#open.get(summary)?.bytes ?? 0
    this.#open.delete(summary)
    summary.endedAt = Date.now()
    summary.outcome = words
    if (kind === 'released') log.info({ ...facts(summary), sent: summary.sent }, 'association to a node released')
    else log.warn({ ...facts(summary), sent: summary.sent, outcome: words }, 'association to a node ended')
    // What we abort ourselves at the end is nobody's failure.
    if (kind !== 'released' && !this.#closed) doctor.saw(seen(node, { kind: 'ended', ending }))
    ended(summary)
    changed()
  }

  /** Aborts them all, and opens no more. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open.values()].map(scu => scu?.abort()))
  }
}

function seen(node: Called, failure: Failure): Seen {
  return { outgoing: true, AET: node.AET, address: `${node.host}:${node.port}`, node, failure }
}

function facts({ id, calledAET, address }: AssociationSummary) {
  return { association: id, calledAET, address }
}
