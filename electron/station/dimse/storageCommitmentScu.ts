import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Node } from '../../../shared/config.ts'
import { TS, uidFromRandom } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { Commitments, FailedReferences, References } from '../store/index.ts'
import { COMMAND, type CommandSet, DATA_SET_FOLLOWS, responseTo, STATUS } from '../wire/dimse.ts'
import type { AcceptedContext, MessageSink } from '../wire/messages.ts'
import { Pieces } from '../wire/pieces.ts'
import { countOf, MOST_REFERENCES, notCommitted, readReport, writeRequest } from './commitmentDataSets.ts'
import type { FoundProblem } from './openAssociation.ts'
import type { Operation, Outcome } from './operations.ts'
import type { OutgoingAssociations } from './outgoing.ts'
import { LONGEST_REQUEST, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE } from './storageCommitmentScp.ts'

/** The association stays open for the answer so long; a peer that takes longer calls us. */
const SAME_ASSOCIATION_MS = 2000

/** A peer has answered what this station asked of it. */
export interface CommitmentAnswer {
  AET: string
  TransactionUID: string
  references: References
  /** Nothing in it: the peer has all of it. */
  failed: FailedReferences
}

export interface RequestParts {
  commitments: Commitments
  log: Log
  open: OutgoingAssociations['open']
  problem(found: FoundProblem): void
}

/** What this station asks other nodes to take on (PS3.4 §J.3, as SCU), and hears of them, at once or days later. */
export class CommitmentRequests {
  readonly #parts: RequestParts
  readonly #listeners = new Set<(answer: CommitmentAnswer) => void>()

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  /** Told when an answer is durable here. Returns the unsubscribe. */
  onAnswer(listener: (answer: CommitmentAnswer) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Resolves with the Transaction UID when the node has taken the request; `onAnswer` tells the rest. Rejects with 'peer-failed' when it
   * did not, 'too-large' for more than 100,000 objects.
   */
  async request(node: Node, references: References): Promise<string> {
    if (countOf(references) > MOST_REFERENCES)
      throw new IsocenterError('too-large', `more than ${MOST_REFERENCES} objects`)
    const { commitments, log } = this.#parts
    const TransactionUID = uidFromRandom(randomBytes(16))
    // Before it is asked: the answer may come before the response.
    const number = await commitments.accept({ ours: true, AET: node.AET, TransactionUID, references })
    try {
      await this.#ask(node, TransactionUID, references)
    } catch (error) {
      await commitments.over(number, null)
      throw error
    }
    log.info({ AET: node.AET, TransactionUID, objects: countOf(references) }, 'commitment asked of a node')
    return TransactionUID
  }

  /** N-EVENT-REPORT over an association of the peer's. */
  async receive({ command, context, identifier }: Operation, AET: string): Promise<Outcome> {
    return this.#take(AET, command, context, identifier)
  }

  async #ask(node: Node, TransactionUID: string, references: References): Promise<void> {
    const heard = Promise.withResolvers<void>()
    const offered = [
      { abstractSyntax: STORAGE_COMMITMENT, transferSyntaxes: [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian] },
    ]
    const line = await this.#parts.open(node, offered, {
      onRequest: (context, command, respond) => this.#reportOver(node.AET, context, command, respond, heard.resolve),
    })
    let released: Promise<unknown> | undefined
    try {
      const [context] = line.contexts
      if (!context) throw new IsocenterError('peer-failed', 'it confirms no storage')
      const dataSet = await writeRequest({ TransactionUID, references }, context.transferSyntax)
      const { Status = -1, ErrorComment = '' } = await line.ask(context.id, ACTION, dataSet)
      if (Status !== STATUS.success) {
        const status = `it answered 0x${Status.toString(16).padStart(4, '0')} ${ErrorComment}`.trim()
        throw new IsocenterError('peer-failed', status)
      }
      released = Promise.race([heard.promise, wait(SAME_ASSOCIATION_MS, undefined, { ref: false })])
    } finally {
      void Promise.resolve(released).then(() => line.release())
    }
  }

  /** The report on the association that asked. */
  #reportOver(
    AET: string,
    context: AcceptedContext,
    command: CommandSet,
    respond: (response: CommandSet) => Promise<unknown>,
    heard: () => void,
  ): MessageSink {
    const pieces = new Pieces()
    let tooLong = false
    return {
      write(chunk) {
        tooLong ||= pieces.length + chunk.length > LONGEST_REQUEST
        if (!tooLong) pieces.add(chunk)
      },
      end: async () => {
        const bytes = pieces.take()
        const { Status, comment } =
          command.CommandField === COMMAND.nEventReportRQ && !tooLong
            ? await this.#take(AET, command, context, bytes)
            : { Status: STATUS.unrecognizedOperation }
        await respond(responseTo(command, Status, comment))
        heard()
      },
      abort: () => {},
    }
  }

  async #take(AET: string, command: CommandSet, context: AcceptedContext, bytes: Buffer): Promise<Outcome> {
    const { commitments, log } = this.#parts
    if (command.EventTypeID !== 1 && command.EventTypeID !== 2) return { Status: STATUS.noSuchEventType }
    const report = await readReport(bytes, context.transferSyntax)
    if (typeof report === 'string') return { Status: STATUS.invalidArgumentValue, comment: report }
    const { TransactionUID } = report
    const asked = await commitments.find(AET, TransactionUID)
    if (!asked) return { Status: STATUS.invalidArgumentValue, comment: 'no such transaction' }
    const { number, references } = asked
    const failed = notCommitted(references, report)
    await commitments.over(number, failed)
    const left = failed.reduce((sum, each) => sum + countOf(each.references), 0)
    log.info({ AET, TransactionUID, objects: countOf(references), failed: left }, 'commitment answered by a node')
    if (left > 0) {
      this.#parts.problem({
        severity: 'attention',
        sentence: `${AET} did not confirm ${left} of ${countOf(references)} images: they are not to be taken away here.`,
        detail: `Transaction UID ${TransactionUID}: ${failed.map(reasonWords).join(', ')}`,
      })
    }
    for (const listener of this.#listeners) listener({ AET, TransactionUID, references, failed })
    return { Status: STATUS.success }
  }
}

const ACTION: CommandSet = {
  CommandField: COMMAND.nActionRQ,
  CommandDataSetType: DATA_SET_FOLLOWS,
  RequestedSOPClassUID: STORAGE_COMMITMENT,
  RequestedSOPInstanceUID: STORAGE_COMMITMENT_INSTANCE,
  ActionTypeID: 1,
}

function reasonWords({ FailureReason, references }: FailedReferences[number]): string {
  return `0x${FailureReason.toString(16).padStart(4, '0')} ${countOf(references)} times`
}
