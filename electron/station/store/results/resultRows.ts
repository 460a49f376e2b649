import type { Database } from 'better-sqlite3'
import type { ResultSummary } from '../../../../shared/reporting/resultTargets.ts'

/** To be sent now. */
export interface DueResult
  extends Pick<ResultSummary, 'number' | 'target' | 'StudyInstanceUID' | 'version' | 'attempts' | 'at'> {
  messageId: string
}

export interface ResultTargetRow {
  id: string
  preliminary: boolean
}

/** Of those that are over; what waits is always kept. */
const MOST_OVER = 5000
const LISTED = 200

/** Reports on their way to other systems, as rows. */
export function createResultRows(db: Database) {
  // What the column calls the name is the id: a target's first name, which it keeps however it is called later.
  const forget = db.prepare('DELETE FROM resultTarget')
  const addTarget = db.prepare('INSERT INTO resultTarget (name, preliminary) VALUES (?, ?)')
  const targets = db.prepare<[number], { id: string }>(
    'SELECT name AS id FROM resultTarget WHERE preliminary >= ? ORDER BY name',
  )
  const replace = db.prepare(
    `UPDATE result SET state = 'replaced', nextAt = NULL, changedAt = @at
     WHERE StudyInstanceUID = @StudyInstanceUID AND target = @target AND version = @version AND state = 'waiting'`,
  )
  const add = db.prepare(
    `INSERT INTO result (target, StudyInstanceUID, version, messageId, state, at, changedAt, nextAt)
     VALUES (@target, @StudyInstanceUID, @version, lower(hex(randomblob(10))), 'waiting', @at, @at, @at)`,
  )
  const prune = db.prepare(
    `DELETE FROM result WHERE nextAt IS NULL AND number <= (SELECT number FROM result WHERE nextAt IS NULL ORDER BY number DESC LIMIT 1 OFFSET ?)`,
  )
  const waitingFor = db.prepare<[], { target: string }>('SELECT DISTINCT target FROM result WHERE nextAt IS NOT NULL')
  // Of one study to one system in their order: no correction before what it corrects.
  const due = db.prepare<[string, number], DueResult>(
    `SELECT number, target, StudyInstanceUID, version, attempts, at, messageId FROM result
     WHERE target = ? AND nextAt <= ? AND NOT EXISTS (SELECT 1 FROM result AS earlier WHERE earlier.StudyInstanceUID = result.StudyInstanceUID
       AND earlier.target = result.target AND earlier.number < result.number AND earlier.nextAt IS NOT NULL)
     ORDER BY nextAt, number LIMIT 1`,
  )
  const hurry = db.prepare('UPDATE result SET nextAt = @at WHERE target = @target AND nextAt > @at')
  const list = db.prepare<[number], ResultSummary>(
    `SELECT number, target, StudyInstanceUID, version, state, attempts, at, changedAt, nextAt, lastError FROM result
     ORDER BY number DESC LIMIT ?`,
  )
  const over = db.prepare(
    `UPDATE result SET state = ?, attempts = attempts + 1, lastError = ?, nextAt = NULL, changedAt = ? WHERE number = ? AND state = 'waiting'`,
  )
  const postpone = db.prepare(
    `UPDATE result SET attempts = attempts + 1, lastError = ?, nextAt = ?, changedAt = ? WHERE number = ? AND state = 'waiting'`,
  )
  const laterBefore = db.prepare<[number], Pick<ResultSummary, 'target' | 'StudyInstanceUID' | 'version'>>(
    `SELECT DISTINCT target, StudyInstanceUID, later.version FROM result JOIN result AS later USING (StudyInstanceUID, target) WHERE result.number = ?
     AND later.version > result.version AND (later.state = 'sent' OR later.state = 'waiting' AND later.number < result.number)
     ORDER BY later.version`,
  )
  const again = db.prepare(
    `UPDATE result SET state = 'waiting', nextAt = @at, at = @at, attempts = 0, changedAt = @at WHERE number = @number AND state IN ('waiting', 'refused', 'gaveUp')`,
  )

  const queue = (target: string, StudyInstanceUID: string, version: number, at: number): number => {
    replace.run({ target, StudyInstanceUID, version, at })
    return Number(add.run({ target, StudyInstanceUID, version, at }).lastInsertRowid)
  }
  /** Later versions that went there, or would go before it, go there again behind it: the newest is what the other system has last. */
  const queueLater = (number: number, at: number): void => {
    for (const later of laterBefore.all(number)) queue(later.target, later.StudyInstanceUID, later.version, at)
  }
  const targetsOf = (state: 'preliminary' | 'final') => targets.all(state === 'preliminary' ? 1 : 0).map(({ id }) => id)

  return {
    setTargets: db.transaction((all: ResultTargetRow[]): void => {
      forget.run()
      for (const { id, preliminary } of all) addTarget.run(id, preliminary ? 1 : 0)
    }).immediate,
    /** Within the transaction that signs it. */
    signed(StudyInstanceUID: string, version: number, state: 'preliminary' | 'final', at: number): void {
      prune.run(MOST_OVER)
      for (const id of targetsOf(state)) queue(id, StudyInstanceUID, version, at)
    },
    /** To all, or to one by its id; how many get it. */
    send: db.transaction(
      (StudyInstanceUID: string, version: number, target: string | undefined, at: number): number => {
        const ids = target === undefined ? targetsOf('final') : [target]
        for (const id of ids) queueLater(queue(id, StudyInstanceUID, version, at), at)
        return ids.length
      },
    ).immediate,
    /** The targets something waits for, known ones or not. */
    waitingFor: (): string[] => waitingFor.all().map(({ target }) => target),
    due: (target: string, at: number): DueResult | undefined => due.get(target, at),
    /** It is reached again: what waits for it is not put off any longer. */
    hurry(target: string, at: number): void {
      hurry.run({ target, at })
    },
    list: (): ResultSummary[] => list.all(LISTED),
    over(number: number, state: 'sent' | 'refused' | 'gaveUp', why: string, at: number): void {
      over.run(state, why, at, number)
    },
    postpone(number: number, why: string, nextAt: number, at: number): void {
      postpone.run(why, nextAt, at, number)
    },
    /** False: there is none that waits or was given up. */
    again: db.transaction((number: number, at: number): boolean => {
      if (again.run({ number, at }).changes === 0) return false
      queueLater(number, at)
      return true
    }).immediate,
  }
}
