import type { Database } from 'better-sqlite3'
import { keptBy } from '../../../../shared/retention.ts'
import { fileOfContent } from '../contentFile.ts'
import type { Decision } from '../decisionLog.ts'
import { ARCHIVE_VOLUME, DATA_VOLUME } from '../volumes/placement.ts'
import { createRetention, RETAINED_COLUMNS } from './readEviction.ts'

type Evicted = Extract<Decision, { kind: 'evicted' }>

/** Studies whose files leave for an archive, and come back. All within the caller's transaction. */
export function createEvictions(db: Database) {
  const study = db.prepare<[string], Parameters<ReturnType<typeof createRetention>>[0]>(
    `SELECT ${RETAINED_COLUMNS} FROM study WHERE StudyInstanceUID = +?`,
  )
  const retention = createRetention(db)
  const contents = db.prepare<[number], { content: number; volume: number }>(
    `SELECT copy.content, volume FROM series CROSS JOIN instance ON instance.series = series.id
     CROSS JOIN content ON content.instance = instance.id CROSS JOIN copy ON copy.content = content.id WHERE series.study = +?`,
  )
  const doom = db.prepare(
    'INSERT OR IGNORE INTO doomed (volume, file) SELECT volume, file FROM copy WHERE content = +?',
  )
  const spare = db.prepare('DELETE FROM doomed WHERE file = ?')
  // What came under its number after an older index was put back is another content.
  const leave = db.prepare(
    `UPDATE copy SET volume = ${ARCHIVE_VOLUME}, file = '', offset = 0, state = 'whole'
     WHERE content = +@content AND volume >= ${DATA_VOLUME}
       AND EXISTS (SELECT 1 FROM content WHERE content.id = copy.content AND received <= @at)`,
  )
  const use = db.prepare('UPDATE study SET lastUsed = max(lastUsed, ?) WHERE id = ?')
  const useByUID = db.prepare('UPDATE study SET lastUsed = max(lastUsed, ?) WHERE StudyInstanceUID = ?')

  return {
    /** What leaves; undefined where anything of the study's rows says that it stays. Its age, and who looks, are the caller's to know. */
    plan(
      StudyInstanceUID: string,
      from: string[],
      at: number,
    ): { decision: Evicted; contents: number[]; bytes: number } | undefined {
      const row = study.get(StudyInstanceUID)
      if (!row) return undefined
      const facts = { ...retention(row, from), open: false }
      if (facts.bytes === 0 || keptBy(facts, { keepDays: 0 }, at)) return undefined
      const all = contents.all(row.id)
      return {
        // Those that left before, too: the log keeps its last word on a study alone.
        decision: { kind: 'evicted', at, StudyInstanceUID, contents: all.map(({ content }) => content) },
        contents: all.filter(({ volume }) => volume >= DATA_VOLUME).map(({ content }) => content),
        bytes: facts.bytes,
      }
    },
    /** Their files are unlinked after this is durable: before their rows leave. */
    doom(contents: number[]): void {
      for (const content of contents) doom.run(content)
    },
    applyEvicted(decision: Evicted): string[] {
      let left = 0
      for (const content of decision.contents) left += leave.run({ content, at: decision.at }).changes
      return left > 0 ? [decision.StudyInstanceUID] : []
    },
    /** Its file is about to be written again. */
    cameBack(content: number, study: number, at: number): void {
      spare.run(fileOfContent(content))
      use.run(at, study)
    },
    used(StudyInstanceUID: string, at: number): void {
      useByUID.run(at, StudyInstanceUID)
    },
  }
}
