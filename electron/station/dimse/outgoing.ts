import { type AeProfiles, type Node, profileOf } from '../../../shared/config.ts'
import type { AssociationSummary } from '../../../shared/contract.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { Ending } from '../wire/ending.ts'
import { openAssociation, type Scu, type ScuOptions } from '../wire/scu.ts'
import { timersOf } from './negotiation.ts'
import type { OfferedContext } from './transferPlan.ts'

/** An association of ours to a node. */
export type Outgoing = Pick<Scu, 'contexts' | 'storing' | 'frame' | 'ask' | 'release'> & {
  /** One more object was taken. */
  sent(): void
}

interface OutgoingOptions {
  /** What we call ourselves. */
  AET: string
  log: Log
  profiles(): AeProfiles
  /** One row of the list of associations, incoming and outgoing alike. */
  nextId(): number
  changed(): void
  ended(summary: AssociationSummary): void
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

  /** Rejects with 'peer-failed' when the node cannot be reached, or rejects us; with 'draining' at the end. */
  async open(
    node: Node,
    contexts: OfferedContext[],
    more: Pick<ScuOptions, 'roles' | 'onRequest'> = {},
  ): Promise<Outgoing> {
    if (this.#closed) throw new IsocenterError('draining')
    const { AET, log, profiles, nextId, changed } = this.#options
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
    this.#open.set(summary, undefined)
    changed()
    try {
      const scu = await openAssociation({
        host: node.host,
        port: node.port,
        callingAET: AET,
        calledAET: node.AET,
        contexts,
        ...more,
        timers: timersOf(profileOf(profiles(), node.AET)),
        onEnd: ending => this.#end(summary, ending),
      })
      this.#open.set(summary, scu)
      summary.outcome = 'open'
      log.info({ ...facts(summary), contexts: contexts.length, accepted: scu.contexts.length }, 'node called')
      changed()
      if (this.#closed) {
        void scu.abort()
        throw new IsocenterError('draining')
      }
      return {
        contexts: scu.contexts,
        get storing() {
          return scu.storing
        },
        frame: (contextId, source) => scu.frame(contextId, source),
        ask: (contextId, command, dataSet) => scu.ask(contextId, command, dataSet),
        release: () => scu.release(),
        sent: () => {
          summary.sent += 1
          changed()
        },
      }
    } catch (thrown) {
      const error = toIsocenterError(thrown)
      throw new IsocenterError(error.code, `${node.AET} at ${node.host}:${node.port}: ${error.detail ?? error.message}`)
    }
  }

  #end(summary: AssociationSummary, { kind, words }: Ending): void {
    const { log, changed, ended } = this.#options
    summary.bytes = this.#open.get(summary)?.bytes ?? 0
    this.#open.delete(summary)
    summary.endedAt = Date.now()
    summary.outcome = words
    if (kind === 'released') log.info({ ...facts(summary), sent: summary.sent }, 'association to a node released')
    else log.warn({ ...facts(summary), sent: summary.sent, outcome: words }, 'association to a node ended')
    ended(summary)
    changed()
  }

  /** Aborts them all, and opens no more. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open.values()].map(scu => scu?.abort()))
  }
}

function facts({ id, calledAET, address }: AssociationSummary) {
  return { association: id, calledAET, address }
}
