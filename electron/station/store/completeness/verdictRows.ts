import type { Database } from 'better-sqlite3'
import type { Completeness } from '../../../../shared/viewing/completeness.ts'
import type { Change } from '../index.ts'

export function createVerdictRows(db: Database, epoch: number) {
  const set = db.prepare(
    `UPDATE study SET completeness = @completeness, unjudged = 0
     WHERE StudyInstanceUID = @uid AND unjudged = @unjudged AND NumberOfStudyRelatedInstances = @here`,
  )
  const addChange = db.prepare(
    `INSERT INTO change (epoch, kind, StudyInstanceUID, SOPInstanceUID, content) VALUES (?, 'study', ?, '', NULL)`,
  )
  return {
    /** Kept where nothing has happened since the facts were `seen`; otherwise they are to be looked at again. */
    setVerdict: db.transaction(
      (uid: string, verdict: Completeness, seen: { unjudged: number; here: number }): Change[] => {
        const kept = set.run({ uid, completeness: JSON.stringify(verdict), ...seen }).changes > 0
        if (!kept) return []
        return [{ seq: Number(addChange.run(epoch, uid).lastInsertRowid), kind: 'study', StudyInstanceUID: uid }]
      },
    ).immediate,
  }
}
