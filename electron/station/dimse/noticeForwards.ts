import type { Node } from '../../../shared/config.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { DueNotice, Notices, ToldNotice } from '../store/index.ts'
import { COMMAND, type CommandSet, DATA_SET_FOLLOWS, STATUS } from '../wire/dimse.ts'
import type { ReportTimes } from './commitmentReports.ts'
import type { NoticeTaker } from './noticeScp.ts'
import type { FoundProblem } from './openAssociation.ts'
import type { OutgoingAssociations } from './outgoing.ts'

const AT_ONCE = 8

export interface ForwardParts {
  notices: Notices
  log: Log
  times: ReportTimes
  nodes(): Node[]
  /** Names of nodes. */
  to: Record<ToldNotice['source'], string[]>
  open: OutgoingAssociations['open']
  problem(found: FoundProblem): void
}

/** Hands steps and notices on, as they came and in their order, until each node has taken them or was tried for a week. */
export class NoticeForwards implements NoticeTaker {
  readonly #parts: ForwardParts
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined
  #woken = false
  #closed = false

  constructor(parts: ForwardParts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.wake(), parts.times.everyMs)
    this.wake()
  }

  forwardTo(source: ToldNotice['source']): string[] {
    return this.#parts.to[source]
  }

  take(told: ToldNotice) {
    return this.#parts.notices.take(told)
  }

  wake(): void {
    this.#woken = true
    this.#running ??= this.#run()
      .catch(error => this.#parts.log.error({ err: error }, 'notices could not be handed on; it is tried again'))
      .finally(() => {
        this.#running = undefined
      })
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#woken && !this.#closed) {
      this.#woken = false
      const due = await this.#parts.notices.due(Date.now(), AT_ONCE)
      await Promise.all(due.map(notice => this.#forward(notice)))
      // The next ones of the same steps are due now.
      if (due.length > 0) this.#woken = true
    }
  }

  async #forward(notice: DueNotice): Promise<void> {
    if (this.#closed) return
    const { number, node: name, kind, SOPInstanceUID } = notice
    try {
      const node = this.#parts.nodes().find(one => one.name === name)
      if (!node) throw new IsocenterError('destination-unknown', `"${name}" is not among the nodes`)
      await this.#send(node, notice)
      await this.#parts.notices.forwarded(number)
      this.#parts.log.info({ node: name, kind, SOPInstanceUID }, 'notice handed on')
    } catch (thrown) {
      if (this.#closed) return
      const error = toIsocenterError(thrown)
      if (error.code === 'destination-unknown') {
        const sentence = `What scanners tell of their examinations is to be handed on to "${name}", which is not among the nodes (Settings › Network).`
        this.#parts.problem({ severity: 'attention', sentence, detail: 'mppsTo, availabilityTo' })
      }
      await this.#again(notice, error.detail ?? error.message)
    }
  }

  async #send(node: Node, { SOPClassUID, SOPInstanceUID, TransferSyntaxUID, kind, dataSet }: DueNotice): Promise<void> {
    const scu = await this.#parts.open(node, [{ abstractSyntax: SOPClassUID, transferSyntaxes: [TransferSyntaxUID] }])
    try {
      const [context] = scu.contexts
      if (!context) throw new IsocenterError('peer-failed', 'it takes no such notices')
      const command: CommandSet =
        kind === 'create'
          ? {
              AffectedSOPClassUID: SOPClassUID,
              CommandField: COMMAND.nCreateRQ,
              CommandDataSetType: DATA_SET_FOLLOWS,
              AffectedSOPInstanceUID: SOPInstanceUID,
            }
          : {
              RequestedSOPClassUID: SOPClassUID,
              CommandField: COMMAND.nSetRQ,
              CommandDataSetType: DATA_SET_FOLLOWS,
              RequestedSOPInstanceUID: SOPInstanceUID,
            }
      const { Status = -1, ErrorComment = '' } = await scu.ask(context.id, command, dataSet)
      // It has it already: an answer of its own was lost.
      if (kind === 'create' && Status === STATUS.duplicateSOPInstance) return
      // PS3.7 §C.4: warnings.
      if (Status !== STATUS.success && Status !== 0x0107 && Status !== 0x0116) {
        throw new IsocenterError(
          'peer-failed',
          `it answered 0x${Status.toString(16).padStart(4, '0')} ${ErrorComment}`.trim(),
        )
      }
    } finally {
      void scu.release()
    }
  }

  async #again({ number, node, at, attempts, SOPInstanceUID }: DueNotice, why: string): Promise<void> {
    const { notices, log, times, problem } = this.#parts
    if (Date.now() - at >= times.giveUpMs) {
      await notices.forwarded(number)
      log.error({ node, SOPInstanceUID, attempts, reason: why }, 'notice given up')
      const days = Math.round(times.giveUpMs / 86_400_000)
      problem({
        severity: 'failure',
        sentence: `What a scanner told of its examination could not be handed on to ${node} for ${days} days: ${why}.`,
        detail: `SOP Instance UID ${SOPInstanceUID}`,
      })
      return
    }
    const pause = Math.min(times.againMostMs, times.againMs * 2 ** attempts)
    log.warn({ node, SOPInstanceUID, attempts, reason: why, againIn: pause / 1000 }, 'notice not handed on yet')
    await notices.postpone(number, attempts + 1, Date.now() + pause)
  }
}
