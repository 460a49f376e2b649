import type { Database } from 'better-sqlite3'
import { createListRows, type ObjectList } from '../completeness/listRows.ts'
import type { Decided } from '../decisions.ts'

/** PS3.3 §C.4.14. */
export type StepStatus = 'IN PROGRESS' | 'COMPLETED' | 'DISCONTINUED'

/** An N-CREATE or N-SET of a performed procedure step (PS3.4 annex F), or an availability notice (annex R). */
export interface ToldNotice {
  kind: 'create' | 'set'
  source: 'step' | 'notice'
  SOPClassUID: string
  SOPInstanceUID: string
  AET: string
  TransferSyntaxUID: string
  /** As it came. */
  dataSet: Uint8Array
  /** Of a step; '' = not said. */
  status: StepStatus | ''
  /** '' = not said, or several. */
  StudyInstanceUID: string
  /** What it says was made; null = nothing is said of it. */
  objects: ObjectList['objects'] | null
  /** Nodes, by their names. */
  forwardTo: string[]
}

/** 'duplicate', 'unknown' and 'final' refuse it: nothing was kept. */
export type NoticeOutcome = 'taken' | 'duplicate' | 'unknown' | 'final'

/** In decisions.log: all that is said by now. What is to be handed on names a patient and is not there. */
export interface NoticeTold {
  kind: 'noticeTold'
  id: string
  source: 'step' | 'notice'
  AET: string
  status: StepStatus | ''
  /** SOP Instance UIDs by series. */
  series: Record<string, string[]>
}

/** To be handed on. */
export interface DueNotice extends Pick<ToldNotice, 'kind' | 'SOPClassUID' | 'SOPInstanceUID' | 'TransferSyntaxUID'> {
  number: number
  node: string
  at: number
  attempts: number
  dataSet: Uint8Array
}

/** A step that nobody has touched for so long is forgotten; what it said of its study is not. */
const KEPT_MS = 90 * 86_400_000
/** Anybody may tell of steps. */
const MOST_STEPS = 100_000

/** What a notice's decision makes of the rows, now or read back from decisions.log. */
export function createApplyNotice(db: Database) {
  const setStep = db.prepare(
    `INSERT INTO procedureStep (SOPInstanceUID, AET, status, StudyInstanceUID, changedAt) VALUES (@id, @AET, @status, @StudyInstanceUID, @at)
     ON CONFLICT (SOPInstanceUID) DO UPDATE SET status = @status, StudyInstanceUID = @StudyInstanceUID, changedAt = @at`,
  )
  const lists = createListRows(db)
  return (decision: NoticeTold & { at: number; StudyInstanceUID: string }): string[] => {
    const { id, source, AET, status, at, StudyInstanceUID, series } = decision
    if (source === 'step') setStep.run({ id, AET, status, StudyInstanceUID, at })
    const objects = Object.entries(series).flatMap(([SeriesInstanceUID, uids]) =>
      uids.map(SOPInstanceUID => ({ SOPInstanceUID, SeriesInstanceUID })),
    )
    lists.keep({ source, id, AET, at, final: status !== 'IN PROGRESS', StudyInstanceUID, objects })
    return StudyInstanceUID === '' ? [] : [StudyInstanceUID]
  }
}

/** Steps and notices as rows: each call one transaction. */
export function createNoticeRows(db: Database) {
  const apply = createApplyNotice(db)
  const lists = createListRows(db)
  const step = db.prepare<[string], { status: StepStatus; StudyInstanceUID: string }>(
    'SELECT status, StudyInstanceUID FROM procedureStep WHERE SOPInstanceUID = ?',
  )
  const prune = db.prepare('DELETE FROM procedureStep WHERE changedAt < ?')
  const steps = db.prepare<[], number>('SELECT count(*) FROM procedureStep').pluck()
  const pruneOldest = db.prepare(
    'DELETE FROM procedureStep WHERE SOPInstanceUID IN (SELECT SOPInstanceUID FROM procedureStep ORDER BY changedAt LIMIT ?)',
  )
  const add = db.prepare(
    `INSERT INTO notice (kind, SOPClassUID, SOPInstanceUID, TransferSyntaxUID, dataSet, node, at, nextAt)
     VALUES (@kind, @SOPClassUID, @SOPInstanceUID, @TransferSyntaxUID, @dataSet, @node, @at, @at)`,
  )
  // Of one step to one node in their order: no N-SET before its N-CREATE.
  const due = db.prepare<[number, number], DueNotice>(
    `SELECT * FROM notice WHERE nextAt <= ? AND NOT EXISTS (SELECT 1 FROM notice AS earlier
       WHERE earlier.node = notice.node AND earlier.SOPInstanceUID = notice.SOPInstanceUID AND earlier.number < notice.number)
     ORDER BY nextAt, number LIMIT ?`,
  )
  const remove = db.prepare('DELETE FROM notice WHERE number = ?')
  const postpone = db.prepare('UPDATE notice SET attempts = ?, nextAt = ? WHERE number = ?')
  const newestSeq = db.prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`).pluck()
  const nothing = (answer: NoticeOutcome): Decided<NoticeOutcome> => ({
    answer,
    changes: [],
    seq: newestSeq.get() ?? 0,
    decisions: [],
  })

  return {
    take: db.transaction((told: ToldNotice, at: number): Decided<NoticeOutcome> => {
      const { kind, source, SOPInstanceUID: id, AET, objects } = told
      const known = source === 'step' ? step.get(id) : undefined
      if (kind === 'create' && known) return nothing('duplicate')
      if (kind === 'set' && !known) return nothing('unknown')
      if (known && known.status !== 'IN PROGRESS') return nothing('final')
      prune.run(at - KEPT_MS)
      const over = (steps.get() ?? 0) - MOST_STEPS
      if (over >= 0) pruneOldest.run(over + 1)
      const series: NoticeTold['series'] = {}
      for (const { SeriesInstanceUID, SOPInstanceUID } of objects ?? lists.objectsOf(id, source)) {
        series[SeriesInstanceUID] ??= []
        series[SeriesInstanceUID].push(SOPInstanceUID)
      }
      const decision: NoticeTold & { at: number; StudyInstanceUID: string } = {
        kind: 'noticeTold',
        at,
        StudyInstanceUID: told.StudyInstanceUID || (known?.StudyInstanceUID ?? ''),
        id,
        source,
        AET,
        status: told.status || (known?.status ?? ''),
        series,
      }
      apply(decision)
      const { SOPClassUID, TransferSyntaxUID, dataSet } = told
      for (const node of told.forwardTo) {
        add.run({ kind, SOPClassUID, SOPInstanceUID: id, TransferSyntaxUID, dataSet, node, at })
      }
      return { ...nothing('taken'), decisions: [decision] }
    }).immediate,

    // A fresh copy: a small view of a large buffer would cross to another thread with all of it.
    due: (at: number, limit: number): DueNotice[] =>
      due.all(at, limit).map(row => ({ ...row, dataSet: Uint8Array.from(row.dataSet) })),
    forwarded(number: number): void {
      remove.run(number)
    },
    postpone(number: number, attempts: number, nextAt: number): void {
      postpone.run(attempts, nextAt, number)
    },
  }
}
