import type { Database } from 'better-sqlite3'
import type { Priority, ReadingStatus } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { ReportVersion } from '../../../shared/reporting/report.ts'
import type { ReportWish } from '../../../shared/reporting/states.ts'
import type { Decision } from './decisionLog.ts'
import type { Change } from './index.ts'
import { createReportRows } from './reports/reportRows.ts'
import { createResultRows } from './results/resultRows.ts'
import { PRIORITY, READING } from './studyQuery.ts'

/** A decision's rows are committed: what it answers, what the feed gained, and what `decisions.log` has to hold before the answer. */
export interface Decided<Answer> {
  answer: Answer
  changes: Change[]
  seq: number
  decisions: Decision[]
}

export interface StudyStatus {
  StudyInstanceUID: string
  status: ReadingStatus
}

type StudyRow = {
  id: number
  reading: number
  readingBy: string
  readingAt: number | null
  priority: number
  keptAt: number
}

/** What people decide, as rows: each call one transaction. */
export function createDecisions(db: Database, epoch: number, applyDecision: (decision: Decision) => string[]) {
  const studyByUID = db.prepare<[string], StudyRow>(
    'SELECT id, reading, readingBy, readingAt, priority, keptAt FROM study WHERE StudyInstanceUID = ?',
  )
  const draftRev = db.prepare<[string, string], { rev: number }>(
    'SELECT rev FROM draft WHERE StudyInstanceUID = ? AND user = ?',
  )
  const addChange = db.prepare(
    `INSERT INTO change (epoch, kind, StudyInstanceUID, SOPInstanceUID, content) VALUES (?, 'study', ?, '', NULL)`,
  )
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)

  const reports = createReportRows(db)
  const results = createResultRows(db)

  function study(StudyInstanceUID: string): StudyRow {
    const row = studyByUID.get(StudyInstanceUID)
    if (!row) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
    return row
  }

  function changed(StudyInstanceUID: string): Change {
    return { seq: Number(addChange.run(epoch, StudyInstanceUID).lastInsertRowid), kind: 'study', StudyInstanceUID }
  }

  function decided<Answer>(answer: Answer, changes: Change[], decisions: Decision[]): Decided<Answer> {
    return { answer, changes, seq: newestSeq.get()?.seq ?? 0, decisions }
  }

  const read = (wanted: StudyStatus[], by: string, at: number): Decided<{ before: StudyStatus[] }> => {
    const before: StudyStatus[] = []
    const decisions: Decision[] = []
    const again: Decision[] = []
    for (const { StudyInstanceUID, status } of wanted) {
      const row = studyByUID.get(StudyInstanceUID)
      if (!row) continue
      before.push({ StudyInstanceUID, status: READING[row.reading] ?? 'new' })
      // Who read it first stays who read it. It is said to the log all the same: a power cut may have left it the word before this one.
      if (READING[row.reading] === status) {
        again.push({ kind: 'reading', at: row.readingAt ?? at, StudyInstanceUID, status, by: row.readingBy || by })
        continue
      }
      const decision: Decision = { kind: 'reading', at, StudyInstanceUID, status, by }
      applyDecision(decision)
      decisions.push(decision)
    }
    if (before.length === 0) throw new IsocenterError('not-found', `study ${wanted[0]?.StudyInstanceUID}`)
    return decided(
      { before },
      decisions.map(decision => changed(decision.StudyInstanceUID)),
      [...decisions, ...again],
    )
  }

  return {
    setReading: db.transaction(read).immediate,

    setOpened: db.transaction((StudyInstanceUID: string, by: string, at: number): Decided<undefined> => {
      if (study(StudyInstanceUID).reading > 0) return decided(undefined, [], [])
      return { ...read([{ StudyInstanceUID, status: 'opened' }], by, at), answer: undefined }
    }).immediate,

    setPriority: db.transaction(
      (StudyInstanceUID: string, priority: Priority, at: number): Decided<{ before: Priority }> => {
        const row = study(StudyInstanceUID)
        const decision: Decision = { kind: 'priority', at, StudyInstanceUID, priority }
        applyDecision(decision)
        return decided({ before: PRIORITY[row.priority] ?? 'routine' }, [changed(StudyInstanceUID)], [decision])
      },
    ).immediate,

    setKept: db.transaction(
      (StudyInstanceUID: string, kept: boolean, by: string, at: number): Decided<{ before: boolean }> => {
        const { keptAt } = study(StudyInstanceUID)
        const before = keptAt > 0
        const isSo = before === kept
        const decision: Decision = { kind: 'kept', at: isSo && kept ? keptAt : at, StudyInstanceUID, kept, by }
        // As of a reading.
        if (isSo) return decided({ before }, [], [decision])
        applyDecision(decision)
        return decided({ before }, [changed(StudyInstanceUID)], [decision])
      },
    ).immediate,

    /** `draft` is JSON text. */
    putDraft: db.transaction(
      (StudyInstanceUID: string, by: string, draft: string, rev: number, at: number): Decided<{ rev: number }> => {
        study(StudyInstanceUID)
        const known = draftRev.get(StudyInstanceUID, by)?.rev ?? 0
        if (known !== rev) throw new IsocenterError('draft-conflict', `rev ${rev}, there is ${known}`)
        const decision: Decision = { kind: 'draft', at, StudyInstanceUID, by, rev: rev + 1, draft: JSON.parse(draft) }
        applyDecision(decision)
        return decided({ rev: rev + 1 }, [], [decision])
      },
    ).immediate,

    decideReport: db.transaction(
      (StudyInstanceUID: string, wish: ReportWish, by: string, at: number): Decided<ReportVersion> => {
        const decision = reports.decide(StudyInstanceUID, wish, by, at)
        applyDecision(decision)
        if (wish.kind === 'sign') results.signed(StudyInstanceUID, decision.report.version, wish.state, at)
        return decided(decision.report, [], [decision])
      },
    ).immediate,
  }
}
