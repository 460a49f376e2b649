import type { Database } from 'better-sqlite3'
import { ARCHIVE_VOLUME } from '../volumes/placement.ts'
import { CODE } from './standing.ts'
import type { LostContent } from './types.ts'

/** What has left this disk, and who was shown to hold it. */
export function createLostReader(db: Database) {
  const hasLeft = db
    .prepare<[number], 0 | 1>(`SELECT coalesce(max(volume), 0) = ${ARCHIVE_VOLUME} FROM copy WHERE content = +?`)
    .pluck()
  const holders = db
    .prepare<[number], string>(
      `SELECT name FROM custody CROSS JOIN destination ON destination.id = custody.destination
       WHERE content = +? AND position IS NOT NULL AND state = ${CODE.confirmed} ORDER BY proof DESC, position`,
    )
    .pluck()
  const lost = db.prepare<[number], { contentId: number; StudyInstanceUID: string }>(
    `SELECT DISTINCT custody.content AS contentId, StudyInstanceUID FROM custody INDEXED BY custodyLost
     CROSS JOIN content ON content.id = custody.content CROSS JOIN instance ON instance.id = content.instance
     CROSS JOIN series ON series.id = instance.series CROSS JOIN study ON study.id = series.study
     WHERE state = ${CODE.lost} ORDER BY EXISTS (SELECT 1 FROM custody AS other
         CROSS JOIN destination ON destination.id = other.destination WHERE other.content = custody.content
         AND position IS NOT NULL AND other.state = ${CODE.confirmed}) DESC, custody.content LIMIT ?`,
  )
  return {
    /** It lies at archives alone. */
    hasLeft: (content: number): boolean => hasLeft.get(content) === 1,
    holders: (content: number): string[] => holders.all(content),
    lost: (limit: number): LostContent[] =>
      lost.all(limit).map(row => ({ ...row, holders: holders.all(row.contentId) })),
  }
}
