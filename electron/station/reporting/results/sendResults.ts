import { stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { AuditSink } from '../../../../shared/audit.ts'
import type { Problem, StudySummary } from '../../../../shared/contract.ts'
import { IsocenterError, toIsocenterError } from '../../../../shared/errors.ts'
import { writeOru } from '../../../../shared/reporting/hl7.ts'
import { readAck } from '../../../../shared/reporting/hl7Ack.ts'
import type { ReportVersion } from '../../../../shared/reporting/report.ts'
import { identified, type ResultSummary, type ResultTarget } from '../../../../shared/reporting/resultTargets.ts'
import { createDisk, errorCode, replaceFile } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import type { DueResult, Results as ResultQueue, StoreReader } from '../../store/index.ts'
import { exchange, MllpFailed, type MllpTimes, NotReached, reach } from './mllp.ts'

interface ResultTimes extends MllpTimes {
  everyMs: number
  againMs: number
  againMostMs: number
  giveUpMs: number
}

const TIMES: ResultTimes = {
  reachMs: 10_000,
  answerMs: 30_000,
  everyMs: 15_000,
  againMs: 10_000,
  againMostMs: 3_600_000,
  giveUpMs: 7 * 86_400_000,
}
/** Of what another system says, kept for a person. */
const LONGEST_REASON = 300

interface ResultsDeps {
  store: { results: ResultQueue; read: Pick<StoreReader, 'getStudy' | 'getReports'> }
  log: Log
  audit: Pick<AuditSink, 'record'>
  /** MSH-3. */
  sender: string
  targets: ResultTarget[]
  /** Keeps a change of them in the configuration. */
  keep(targets: ResultTarget[]): Promise<void>
  makePdf(study: StudySummary, report: ReportVersion): Promise<Uint8Array>
  problem(found: Pick<Problem, 'severity' | 'sentence' | 'detail'>): void
  times?: Partial<ResultTimes>
}

/** Signed reports to other systems (HL7 ORU^R01), until each has taken them or was tried for a week. */
export interface Results {
  targets(): ResultTarget[]
  /** From now on and after a restart. */
  setTargets(targets: ResultTarget[]): Promise<void>
  list(): Promise<ResultSummary[]>
  /** A version to all, or to one by its id; how many get it. Rejects with 'not-found'. */
  send(StudyInstanceUID: string, version: number, target: string | undefined): Promise<number>
  /** Rejects with 'not-found'. */
  retry(number: number): Promise<void>
  /** Whether one that may not be kept yet is reached. */
  tryOut(target: ResultTarget): Promise<{ works: boolean; words: string }>
  /** Looks at once whether something is to be sent. */
  wake(): void
  close(): Promise<void>
}

/** It says no, for good. */
class Refused extends Error {}

export async function startResults(deps: ResultsDeps): Promise<Results> {
  const { store, log, sender, problem } = deps
  const { results } = store
  const times = { ...TIMES, ...deps.times }
  const closing = new AbortController()
  const disk = createDisk()
  let targets = identified(deps.targets)
  /** What is at work, by target: one that is away or slow holds up its own reports and no other's. */
  const lines = new Map<string, Promise<void>>()
  const away = new Set<string>()

  const known = (all: ResultTarget[]) =>
    results.setTargets(all.filter(({ enabled }) => enabled).map(({ id, preliminary }) => ({ id, preliminary })))

  /** What is to be sent of it: as it stands now. */
  const messageOf = async (
    { StudyInstanceUID, version, messageId }: DueResult,
    { pdf }: ResultTarget,
  ): Promise<string> => {
    const [{ study }, versions] = await Promise.all([
      store.read.getStudy(StudyInstanceUID),
      store.read.getReports(StudyInstanceUID),
    ])
    const report = versions.find(one => one.version === version)
    if (!report) throw new Refused('the report is not here any more')
    // A released one that is a draft again: what is signed next goes instead.
    if (report.signature === null) throw new MllpFailed('the report is being written again')
    const paper = pdf ? Buffer.from(await deps.makePdf(study, report)).toString('base64') : undefined
    return writeOru(study, report, { at: new Date(), messageId, sender, ...(paper !== undefined && { pdf: paper }) })
  }

  const deliver = async (due: DueResult, target: ResultTarget): Promise<void> => {
    const message = await messageOf(due, target)
    if (target.kind === 'folder') {
      await checkFolder(target.folder)
      await replaceFile(disk, path.join(target.folder, `${due.messageId}.hl7`), message)
      return
    }
    const answer = readAck(await exchange(target, message, times, closing.signal), due.messageId)
    if (typeof answer === 'string') throw new MllpFailed(answer)
    if (answer.kind === 'accepted') return
    const said = `it answered ${answer.code}${answer.words === '' ? '' : `: ${answer.words}`}`
    throw answer.kind === 'rejected' ? new Refused(said) : new MllpFailed(said)
  }

  /** Whose report has gone where, or was refused there: it happens without a call that the counter could tell of. */
  const told = ({ StudyInstanceUID, version }: DueResult, { name, kind, host }: ResultTarget, outcome: 0 | 4) =>
    deps.audit.record({
      event: 'export',
      action: 'R',
      outcome,
      door: 'station',
      text: `Report ${version} to ${name} as HL7`,
      participants: [{ UserID: name, address: kind === 'mllp' ? host : '', requestor: false, role: 'destination' }],
      study: { StudyInstanceUID, PatientID: '', instances: {} },
    })

  /** False: it is away, and what else waits for it need not be tried now. */
  const one = async (due: DueResult): Promise<boolean> => {
    const { number, target: id, attempts, StudyInstanceUID, version } = due
    const target = targets.find(known => known.id === id)
    const name = target?.name ?? id
    const facts = { result: number, target: name, StudyInstanceUID, version, attempts: attempts + 1 }
    try {
      if (!target) throw new Refused('it is not among those who get reports any more')
      if (!target.enabled) throw new MllpFailed('it is switched off')
      await deliver(due, target)
      await results.over(number, 'sent', '')
      await told(due, target, 0)
      log.info(facts, 'report sent as HL7')
      if (away.delete(id)) await results.hurry(id)
      return true
    } catch (thrown) {
      if (closing.signal.aborted) return false
      const isAway = thrown instanceof NotReached
      if (isAway) away.add(id)
      const why = wordsOf(thrown).slice(0, LONGEST_REASON)
      // What waits for one that is switched off waits for a person.
      const gaveUp = target?.enabled !== false && Date.now() - due.at >= times.giveUpMs
      if (thrown instanceof Refused || gaveUp) {
        await results.over(number, thrown instanceof Refused ? 'refused' : 'gaveUp', why)
        if (target) await told(due, target, 4)
        // Neither here nor in the log what the other system says: it may name the patient.
        log.error({ ...facts, refused: thrown instanceof Refused }, 'a report was not taken as HL7')
        problem({
          severity: 'failure',
          sentence: `A signed report was not taken by ${name}: see Settings › Reporting.`,
          detail: `study ${StudyInstanceUID}, version ${version}`,
        })
        return !isAway
      }
      const pause = Math.min(times.againMostMs, times.againMs * 2 ** attempts)
      log.warn({ ...facts, againIn: pause / 1000 }, 'a report was not sent as HL7 yet')
      await results.postpone(number, why, Date.now() + pause)
      return !isAway
    }
  }

  const failed = (error: unknown) => log.error({ err: error }, 'reports could not be sent; it is tried again')
  const sendAll = async (id: string) => {
    for (let goesOn = true; goesOn && !closing.signal.aborted; ) {
      const due = await results.due(id)
      goesOn = due !== undefined && (await one(due))
    }
  }
  const look = async () => {
    // The writer answers in order: a line that was not told of the newest row has ended when this is known.
    const waiting = await results.waitingFor()
    for (const id of closing.signal.aborted ? [] : waiting) {
      if (lines.has(id)) continue
      const line = sendAll(id).catch(failed)
      lines.set(
        id,
        line.finally(() => lines.delete(id)),
      )
    }
  }
  let looking: Promise<void> = Promise.resolve()
  const wake = () => {
    looking = look().catch(failed)
  }

  await known(targets)
  const timer = setInterval(wake, times.everyMs)
  wake()
  return {
    targets: () => targets,
    async setTargets(all) {
      const changed = identified(all)
      await deps.keep(changed)
      targets = changed
      await known(targets)
      // What was mended is tried at once, and not when its pause is over.
      for (const { id, enabled } of targets) if (enabled) await results.hurry(id)
      wake()
    },
    list: () => results.list(),
    async send(StudyInstanceUID, version, target) {
      const versions = await store.read.getReports(StudyInstanceUID)
      const report = versions.find(one => one.version === version)
      if (!report || report.signature === null) throw new IsocenterError('not-found', 'signed report')
      if (target !== undefined && !targets.some(({ id }) => id === target)) {
        throw new IsocenterError('not-found', `"${target}" is not among those who get reports`)
      }
      // To all is to all who take such a one.
      const ids =
        target === undefined && report.state === 'preliminary'
          ? targets.flatMap(one => (one.enabled && one.preliminary ? [one.id] : []))
          : [target]
      let count = 0
      for (const id of ids) count += await results.send(StudyInstanceUID, version, id)
      wake()
      return count
    },
    async retry(number) {
      if (!(await results.again(number))) throw new IsocenterError('not-found', 'no such result that waits')
      wake()
    },
    async tryOut(target) {
      try {
        if (target.kind === 'mllp') (await reach(target, times)).destroy()
        else {
          await checkFolder(target.folder)
          const probe = path.join(target.folder, `isocenter-${process.pid}.try`)
          await replaceFile(disk, probe, '')
          await unlink(probe)
        }
        return { works: true, words: '' }
      } catch (thrown) {
        return { works: false, words: wordsOf(thrown) }
      }
    },
    wake,
    async close() {
      closing.abort()
      clearInterval(timer)
      await looking
      await Promise.all(lines.values())
    },
  }
}

async function checkFolder(folder: string): Promise<void> {
  if (!path.isAbsolute(folder)) throw new NotReached('the folder needs a full path')
  const stats = await stat(folder).catch(() => undefined)
  if (!stats?.isDirectory()) throw new NotReached('there is no such folder')
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof MllpFailed || thrown instanceof Refused) return thrown.message
  if (thrown instanceof IsocenterError) return thrown.message
  const code = errorCode(thrown)
  if (code !== '') return `the folder cannot be written: ${code}`
  return toIsocenterError(thrown).message
}
