import type { Database } from 'better-sqlite3'
import type { StudyFilter } from './index.ts'

/** Counts without looking at studies: the writer keeps how many are shown, by the modalities they have (`migrations/0023.ts`). */
export function createStudyCount(db: Database) {
  const all = db.prepare<[], number>('SELECT coalesce(sum(studies), 0) FROM studyCount').pluck()
  const having = db
    .prepare<[string], number>(
      `SELECT coalesce(sum(studies), 0) FROM studyCount
       WHERE EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE instr(ModalitiesInStudy, wanted.value) > 0)`,
    )
    .pluck()
  return {
    /** All that are shown. */
    all: (): number => all.get() ?? 0,
    /** What a filter leaves of them; undefined where it asks for more than modalities. */
    left({ modalities, from, to, receivedSince, statuses, priorities }: StudyFilter): number | undefined {
      if (from !== '' || to !== '' || receivedSince !== undefined || statuses.length + priorities.length > 0)
        return undefined
      if (modalities.length === 0) return all.get() ?? 0
      return having.get(JSON.stringify(modalities.map(modality => JSON.stringify(modality)))) ?? 0
    },
  }
}
