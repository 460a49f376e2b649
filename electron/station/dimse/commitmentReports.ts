import { setTimeout as wait } from 'node:timers/promises'
import type { Node } from '../../../shared/config.ts'
import { TS } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import {
  type Commitment,
  type Commitments,
  FAILURE,
  type FailedReferences,
  type References,
  type Unproved,
} from '../store/index.ts'
import { STATUS } from '../wire/dimse.ts'
import { countOf, writeReport } from './commitmentDataSets.ts'
import type { FoundProblem } from './openAssociation.ts'
import type { OutgoingAssociations } from './outgoing.ts'
import { type CommitmentAcceptor, type ReportLine, reportRequest, STORAGE_COMMITMENT } from './storageCommitmentScp.ts'

export interface ReportTimes {
  /** A peer that only asks has released by then; who is still there waits for its answer on the same association. */
  graceMs: number
  /** How often it is looked for what is due. */
  everyMs: number
  /** After the first report in vain; doubled from then on. */
  againMs: number
  /** The same while an archive has still to be proved to have it: that takes seconds, where it answers. */
  soonMs: number
  againMostMs: number
  /**
   * From the request on, for a disk that is away: then what lies there is reported as failed (PS3.4 §J.3.3 has one report a request, so
   * the others wait for it, too). A modality keeps those and sends or asks again; what is sent again is stored anew.
   */
  awayMs: number
  giveUpMs: number
}

export const REPORT_TIMES: ReportTimes = {
  graceMs: 1000,
  everyMs: 5000,
  againMs: 60_000,
  soonMs: 2000,
  againMostMs: 3_600_000,
  awayMs: 600_000,
  giveUpMs: 7 * 86_400_000,
}

/** So many transactions at a time: one waits for a peer while the next one's objects are read. */
const AT_ONCE = 8
/** Of one question to the ledger. */
const ASKED_AT_ONCE = 500

export interface ReportParts {
  commitments: Commitments
  /** Of these those that have to be on an archive and are not proved to be there. */
  unproved(SOPInstanceUIDs: string[]): Promise<Unproved>
  log: Log
  times: ReportTimes
  nodes(): Node[]
  open: OutgoingAssociations['open']
  problem(found: FoundProblem): void
}

/**
 * Answers what was asked to be committed: checks, then reports, on the association that asked while it is open, else on one of
 * ours. What nobody takes is tried again with a fresh check, over restarts, until it is given up.
 */
export class CommitmentReports implements CommitmentAcceptor {
  readonly #parts: ReportParts
  readonly #running = new Map<number, Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined
  /** Requests that are durable, or nearly, and not answered yet: found due already, they would be reported before that. */
  #incoming = 0
  readonly #closing = new AbortController()

  constructor(parts: ReportParts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.#look(), parts.times.everyMs)
    this.#look()
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted
  }

  async accept(asked: { AET: string; TransactionUID: string; references: References }): Promise<number> {
    this.#incoming += 1
    try {
      return await this.#parts.commitments.accept({ ...asked, ours: false })
    } catch (error) {
      this.#incoming -= 1
      throw error
    }
  }

  begin(number: number, line: ReportLine): void {
    this.#incoming -= 1
    if (!this.#closed) this.#start(number, line)
  }

  /** Waits for what is under way; the associations it speaks on are to be closed before. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#timer)
    await this.#looking
    await Promise.all(this.#running.values())
  }

  #look(): void {
    this.#looking ??= this.#startDue()
      .catch(error => this.#parts.log.error({ err: error }, 'the commitments that are due could not be read'))
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #startDue(): Promise<void> {
    if (this.#incoming > 0) return
    const due = await this.#parts.commitments.due(Date.now(), 2 * AT_ONCE)
    for (const number of due) {
      if (this.#closed || this.#running.size >= AT_ONCE) return
      this.#start(number)
    }
  }

  #start(number: number, line?: ReportLine): void {
    if (this.#running.has(number)) return
    const work = this.#work(number, line)
      .catch(error => {
        if (!this.#closed) this.#parts.log.error({ err: error, commitment: number }, 'a commitment was not answered')
      })
      .finally(() => this.#running.delete(number))
    this.#running.set(number, work)
  }

  async #work(number: number, line: ReportLine | undefined): Promise<void> {
    const { commitments, log, times } = this.#parts
    const commitment = await commitments.get(number)
    if (!commitment?.open) return
    const { AET, TransactionUID, at } = commitment
    const late = Date.now() - at >= times.giveUpMs
    try {
      const grace = line && wait(times.graceMs, undefined, { signal: this.#closing.signal }).catch(() => {})
      const failed = await this.#check(commitment, late)
      await grace
      if (this.#closed) return
      await this.#report(commitment, failed, line)
      await commitments.over(number, failed)
      const refused = failed.map(({ FailureReason, references }) => [FailureReason, countOf(references)])
      log.info({ AET, TransactionUID, objects: countOf(commitment.references), refused }, 'commitment reported')
      this.#tellRefused(commitment, failed)
    } catch (thrown) {
      if (this.#closed) return
      const error = toIsocenterError(thrown)
      await this.#again(commitment, late, error)
    }
  }

  /**
   * Rejects with 'not-confirmed' while an archive has not got something, with 'volume-unavailable' for as long as a disk that is away is
   * waited for.
   */
  async #check({ references, duplicate, at }: Commitment, late: boolean): Promise<FailedReferences> {
    if (duplicate) return [{ FailureReason: FAILURE.duplicateTransactionUID, references }]
    const { waiting, refused, lost } = await this.#unproved(references)
    const lacking = countOf(waiting)
    // Nothing is read before: while an archive is away it would be read again and again.
    if (lacking > 0 && !late) {
      throw new IsocenterError('not-confirmed', `${lacking} of its images are not proved to be on the archive`)
    }
    // What an archive refused for good it refuses after seven days, too: that fails alone, and at once.
    const rest = [waiting, refused, lost].reduce(without, references)
    const { failed, away } = await this.#parts.commitments.verify(rest, this.#closing.signal)
    if (countOf(away) > 0 && Date.now() - at < this.#parts.times.awayMs)
      throw new IsocenterError('volume-unavailable', `${countOf(away)} of its images lie on a disk that is away`)
    return [
      ...failed,
      ...[away, waiting, refused]
        .filter(countOf)
        .map(each => ({ FailureReason: FAILURE.processingFailure, references: each })),
      ...[lost].filter(countOf).map(each => ({ FailureReason: FAILURE.noSuchObjectInstance, references: each })),
    ]
  }

  async #unproved(references: References): Promise<Record<keyof Unproved, References>> {
    const all: Record<keyof Unproved, References> = { waiting: {}, refused: {}, lost: {} }
    for (const [SOPClassUID, uids] of Object.entries(references)) {
      for (let from = 0; from < uids.length; from += ASKED_AT_ONCE) {
        const found = await this.#parts.unproved(uids.slice(from, from + ASKED_AT_ONCE))
        for (const why of ['waiting', 'refused', 'lost'] as const) {
          if (found[why].length > 0) all[why][SOPClassUID] = [...(all[why][SOPClassUID] ?? []), ...found[why]]
        }
      }
    }
    return all
  }

  async #report(commitment: Commitment, failed: FailedReferences, line: ReportLine | undefined): Promise<void> {
    const send = async ({ context, ask }: ReportLine) => {
      const dataSet = await writeReport(commitment, failed, context.transferSyntax)
      const { Status = -1 } = await ask(context.id, reportRequest(failed.length > 0 ? 2 : 1), dataSet)
      if (Status !== STATUS.success) {
        throw new IsocenterError('peer-failed', `it answered the report 0x${Status.toString(16).padStart(4, '0')}`)
      }
    }
    // Whoever asked and went away again hears it on an association of ours.
    if (
      line &&
      (await send(line).then(
        () => true,
        () => false,
      ))
    )
      return
    const node = this.#parts.nodes().find(({ AET }) => AET === commitment.AET)
    if (!node) throw new IsocenterError('destination-unknown', `${commitment.AET} is not among the nodes any more`)
    const roles = [{ SOPClassUID: STORAGE_COMMITMENT, scu: false, scp: true }]
    const offered = [
      { abstractSyntax: STORAGE_COMMITMENT, transferSyntaxes: [TS.ExplicitVRLittleEndian, TS.ImplicitVRLittleEndian] },
    ]
    const scu = await this.#parts.open(node, offered, { roles })
    try {
      const [context] = scu.contexts
      if (!context) throw new IsocenterError('peer-failed', 'it takes no reports of storage commitment')
      await send({ context, ask: (id, command, dataSet) => scu.ask(id, command, dataSet) })
    } finally {
      void scu.release()
    }
  }

  async #again(commitment: Commitment, late: boolean, error: IsocenterError): Promise<void> {
    const { number, AET, TransactionUID, attempts, at } = commitment
    const { commitments, log, times, problem } = this.#parts
    const why = error.detail ?? error.message
    if (late) {
      await commitments.over(number, null)
      log.error({ AET, TransactionUID, attempts, reason: why }, 'commitment given up')
      const days = Math.round(times.giveUpMs / 86_400_000)
      problem({
        severity: 'failure',
        sentence: `${AET} asked to have storage confirmed and could not be answered for ${days} days: ${why}.`,
        detail: `Transaction UID ${TransactionUID}`,
      })
      return
    }
    const first = error.code === 'not-confirmed' ? times.soonMs : times.againMs
    const longest =
      error.code === 'volume-unavailable' ? Math.max(0, at + times.awayMs - Date.now()) : times.againMostMs
    const pause = Math.min(longest, first * 2 ** attempts)
    log.warn({ AET, TransactionUID, attempts, reason: why, againIn: pause / 1000 }, 'commitment not reported yet')
    await commitments.postpone(number, attempts + 1, Date.now() + pause)
  }

  #tellRefused({ AET, references, TransactionUID }: Commitment, failed: FailedReferences): void {
    if (failed.length === 0) return
    const refused = failed.reduce((sum, each) => sum + countOf(each.references), 0)
    const all = countOf(references)
    const reasons = failed.map(({ FailureReason }) => WORDS[FailureReason])
    this.#parts.problem({
      severity: 'attention',
      sentence: `${AET} asked whether ${all === 1 ? 'an image is' : `${all} images are`} safe here; ${refused === 1 ? 'one' : refused} of them ${refused === 1 ? 'was' : 'were'} not confirmed: ${reasons.join('; ')}.`,
      detail: `Transaction UID ${TransactionUID}`,
    })
  }
}

const WORDS: Record<number, string> = {
  [FAILURE.processingFailure]:
    'what is stored is damaged, its disk is away, or the archive has not got it or refused it',
  [FAILURE.noSuchObjectInstance]: 'not here',
  [FAILURE.classInstanceConflict]: 'here as another kind of object',
  [FAILURE.duplicateTransactionUID]: 'it used the number of another request',
}

/** Those of `references` that are not in `taken`. */
function without(references: References, taken: References): References {
  return Object.fromEntries(
    Object.entries(references).map(([SOPClassUID, uids]) => {
      const out = new Set(taken[SOPClassUID])
      return [SOPClassUID, uids.filter(uid => !out.has(uid))]
    }),
  )
}
