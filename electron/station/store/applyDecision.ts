import type { Database } from 'better-sqlite3'
import { createApplyCommitment } from './commitment/commitmentRows.ts'
import type { Decision } from './decisionLog.ts'
import { createApplyNotice } from './notices/noticeRows.ts'
import { PRIORITY, READING } from './studyQuery.ts'

/**
 * What a decision read back from `decisions.log` makes of the rows. Each is to be applied within a transaction of the caller's, and
 * returns the UIDs of the studies that are shown otherwise.
 */
export function createApplyDecision(db: Database) {
  const setReading = db.prepare('UPDATE study SET reading = ?, readingBy = ?, readingAt = ? WHERE StudyInstanceUID = ?')
  const setPriority = db.prepare('UPDATE study SET priority = ?, priorityByHand = 1 WHERE StudyInstanceUID = ?')
  const putDraft = db.prepare(
    `INSERT INTO draft (StudyInstanceUID, user, rev, draft) VALUES (@StudyInstanceUID, @user, @rev, @draft)
     ON CONFLICT (StudyInstanceUID, user) DO UPDATE SET rev = @rev, draft = @draft`,
  )
  const applyCommitment = createApplyCommitment(db)
  const applyNotice = createApplyNotice(db)

  function applyDecision(decision: Decision): string[] {
    const { StudyInstanceUID } = decision
    switch (decision.kind) {
      case 'reading': {
        const isNew = decision.status === 'new'
        const by = isNew ? '' : decision.by
        setReading.run(READING.indexOf(decision.status), by, isNew ? null : decision.at, StudyInstanceUID)
        return [StudyInstanceUID]
      }
      case 'priority':
        setPriority.run(PRIORITY.indexOf(decision.priority), StudyInstanceUID)
        return [StudyInstanceUID]
      case 'draft': {
        const { by: user, rev, draft } = decision
        putDraft.run({ StudyInstanceUID, user, rev, draft: JSON.stringify(draft) })
        return []
      }
      case 'commitmentAsked':
      case 'commitmentOver':
        return applyCommitment(decision)
      case 'noticeTold':
        return applyNotice(decision)
    }
  }

  return { applyDecision }
}
