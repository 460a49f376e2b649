import type { Database } from 'better-sqlite3'
import type { LandingPosition } from '../landing/landing.ts'
import type { ContentPlace } from '../sameBytes.ts'
import type { PlacedFacts } from '../volumes/placement.ts'

/** A copy that still lies in the landing folder. */
export interface UnsettledCopy extends ContentPlace, PlacedFacts {
  contentId: number
  crc: number
  received: number
}

/** Objects that have not settled. */
export interface Backlog {
  bytes: number
  objects: number
  /** Of the bytes, those in segments: they are written a second time. A large object's file only gets its name. */
  inSegments: number
}

/** It is a Part-10 file already, by a name in the landing folder (`spilledFile`). */
export function isOwnFile(copy: UnsettledCopy): boolean {
  return copy.file.endsWith('.dcm')
}

/** What became of it: its place and SHA-256, or that its bytes are no longer what was received. */
export type SettledCopy =
  | { contentId: number; file: string; sha256: Uint8Array }
  | { contentId: number; damage: string }

/** On which volume it is. */
export type PlacedCopy = SettledCopy & { volume: number }

/** The rows of copies that settle. */
export function createSettleRows(db: Database) {
  const unsettled = db.prepare<[number], UnsettledCopy>(
    `SELECT content AS contentId, file, offset, metaLength, content.length, crc, received, Modality, StudyDate FROM copy
     JOIN content ON content.id = copy.content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE volume = 0 AND state = 'whole' ORDER BY content LIMIT ?`,
  )
  const landingBytes = db.prepare<[], Backlog>(
    `SELECT total(length) AS bytes, count(*) AS objects, total(iif(file LIKE '%.seg', length, 0)) AS inSegments
     FROM copy WHERE volume = 0`,
  )
  const move = db.prepare('UPDATE copy SET volume = ?, file = ?, offset = 0 WHERE content = ? AND volume = 0')
  const setHash = db.prepare('UPDATE content SET sha256 = ? WHERE id = ?')
  const setDamaged = db.prepare(`UPDATE copy SET state = 'damaged' WHERE content = ? AND volume = 0`)
  const inUse = db
    .prepare<[string], string>(
      'SELECT DISTINCT file FROM copy WHERE volume = 0 AND file IN (SELECT value FROM json_each(?))',
    )
    .pluck()
  const setLanded = db.prepare(
    `UPDATE state SET value = iif(key = 'landedSegment', @segment, @offset) WHERE key IN ('landedSegment', 'landedOffset')`,
  )

  // A count: of an update that changes nothing SQLite writes nothing, and so syncs nothing.
  const touch = db.prepare(
    `INSERT INTO state (key, value) VALUES ('rowsSynced', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1`,
  )

  return {
    /** A write that says nothing: whoever commits it durably makes all before it durable. */
    touch(): void {
      touch.run()
    },
    unsettled: (limit: number): UnsettledCopy[] => unsettled.all(limit),
    landingBytes: () => landingBytes.get() ?? { bytes: 0, objects: 0, inSegments: 0 },
    setLanded(landed: LandingPosition): void {
      setLanded.run(landed)
    },
    inUse: (files: string[]): string[] => inUse.all(JSON.stringify(files)),
    /** Answers with those that still had a row: one that was purged meanwhile has none, and its file is doomed. */
    settled: db.transaction((copies: PlacedCopy[]): PlacedCopy[] =>
      copies.filter(copy => {
        if ('damage' in copy) return setDamaged.run(copy.contentId).changes > 0
        if (move.run(copy.volume, copy.file, copy.contentId).changes === 0) return false
        setHash.run(copy.sha256, copy.contentId)
        return true
      }),
    ).immediate,
  }
}
