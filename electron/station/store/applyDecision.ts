import type { Database } from 'better-sqlite3'
import { createApplyCommitment } from './commitment/commitmentRows.ts'
import type { Decision } from './decisionLog.ts'
import { createEvictions } from './eviction/evictionRows.ts'
import { createMerges } from './merges.ts'
import { createMoves } from './moves.ts'
import { createApplyNotice } from './notices/noticeRows.ts'
import { createCustodyRows } from './outbox/custodyRows.ts'
import { createRemovals } from './removals.ts'
import { createReportRows } from './reports/reportRows.ts'
import { PRIORITY, READING } from './studyQuery.ts'
import { createVisibility } from './visibility.ts'

/**
 * What a decision makes of the rows, whether it is made now or read back from `decisions.log`: the same either way, so an index
 * that is rebuilt from the files shows what it showed after the log was applied to it in its order. A decision about what is not
 * here changes nothing, but what is deleted, rejected or moved stays so when it comes later. Each is to be applied within a
 * transaction of the caller's, and returns the UIDs of the studies that are shown otherwise.
 */
export function createApplyDecision(db: Database) {
  const custody = createCustodyRows(db)
  const visibility = createVisibility(db, custody)
  const removals = createRemovals(db, visibility, custody)
  const moves = createMoves(db, visibility)
  const merges = createMerges(db, moves)
  const setReading = db.prepare('UPDATE study SET reading = ?, readingBy = ?, readingAt = ? WHERE StudyInstanceUID = ?')
  const setPriority = db.prepare('UPDATE study SET priority = ?, priorityByHand = 1 WHERE StudyInstanceUID = ?')
  const setKept = db.prepare('UPDATE study SET keptAt = ? WHERE StudyInstanceUID = ?')
  const putDraft = db.prepare(
    `INSERT INTO draft (StudyInstanceUID, user, rev, draft) VALUES (@StudyInstanceUID, @user, @rev, @draft)
     ON CONFLICT (StudyInstanceUID, user) DO UPDATE SET rev = @rev, draft = @draft`,
  )
  const applyCommitment = createApplyCommitment(db)
  const applyNotice = createApplyNotice(db)
  const evictions = createEvictions(db)
  const reports = createReportRows(db)

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
      case 'kept':
        setKept.run(decision.kept ? decision.at : 0, StudyInstanceUID)
        return [StudyInstanceUID]
      case 'draft': {
        const { by: user, rev, draft } = decision
        putDraft.run({ StudyInstanceUID, user, rev, draft: JSON.stringify(draft) })
        return []
      }
      case 'report':
        reports.apply(decision)
        return []
      case 'removal':
        return removals.applyRemoval(decision)
      case 'restored':
        return removals.applyRestored(decision)
      case 'purged':
        return removals.applyPurged(decision)
      case 'emptied':
        removals.applyEmptied(StudyInstanceUID)
        return []
      case 'evicted':
        return evictions.applyEvicted(decision)
      case 'move':
        return moves.applyMove(decision)
      case 'movedBack': {
        const { touched, left } = moves.applyMovedBack(decision)
        for (const study of left) removals.forgetIfEmpty(study)
        return touched
      }
      case 'merged':
        return merges.applyMerged(decision)
      case 'apart':
        return merges.applyApart(decision)
      case 'unmerged':
        return merges.applyUnmerged(decision)
      case 'commitmentAsked':
      case 'commitmentOver':
        return applyCommitment(decision)
      case 'noticeTold':
        return applyNotice(decision)
    }
  }

  return { applyDecision, visibility, removals, moves, merges, custody, evictions }
}
