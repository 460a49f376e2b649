import type { Database } from 'better-sqlite3'
import type { RetainedStudy } from '../../../../shared/retention.ts'
import type { Origin } from '../index.ts'
import { createLostReader } from '../outbox/lost.ts'
import { CODE } from '../outbox/standing.ts'
import { ARCHIVE_VOLUME } from '../volumes/placement.ts'
import { IS_WORK } from './draftWork.ts'

/** What the vault knows of it: whether a window shows it is not the vault's to know. */
export type StoredStudy = Omit<RetainedStudy, 'open'>

/** An image that lies at archives alone, and what has to come back. */
export interface EvictedContent {
  contentId: number
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  SOPClassUID: string
  TransferSyntaxUID: string
  /** Of the data set. */
  length: number
  crc: number
  origin: Origin
  /** By name. */
  destinations: string[]
}

/** A read ends behind so many images; a study is never read in parts. */
const IMAGES_A_READ = 20_000
const STUDIES_A_READ = 200
/**
 * 'equal' alone, with nothing said beside it: an archive that lists an image may hold other bytes under its UID, and one that wrote it
 * anew would give other bytes back.
 */
const PROOF = 3

interface StudyRow {
  id: number
  StudyInstanceUID: string
  StudyDate: string
  lastReceived: number
  lastUsed: number
  readingAt: number | null
  reading: number
  movedAt: number
  keptAt: number
  images: number
}

interface Sums {
  bytes: number | null
  images: number
  landing: number
  unproved: number
  waiting: number
  hidden: number
  moved: number
}

/** What keeps a study here, as its rows say at this moment. */
export function createRetention(db: Database) {
  const sums = db.prepare<[string, number], Sums>(
    `SELECT sum(iif(volume >= 0, copy.length, 0)) AS bytes, sum(volume >= 0) AS images, sum(volume = 0) AS landing,
       sum(volume >= 0 AND (crc IS NULL OR NOT EXISTS (SELECT 1 FROM custody JOIN destination ON destination.id = custody.destination
         WHERE custody.content = content.id AND custody.state = ${CODE.confirmed} AND proof >= ${PROOF} AND reason = '' AND position IS NOT NULL
           AND name IN (SELECT value FROM json_each(+?))))) AS unproved,
       sum(EXISTS (SELECT 1 FROM custody JOIN destination ON destination.id = custody.destination WHERE custody.content = content.id
         AND custody.state NOT IN (${CODE.confirmed}, ${CODE.withheld}, ${CODE.gone}) AND position IS NOT NULL)) AS waiting,
       sum(instance.hidden > 0) AS hidden, sum(series.movedAt > 0) AS moved
     FROM series CROSS JOIN instance ON instance.series = series.id CROSS JOIN content ON content.instance = instance.id
     CROSS JOIN copy ON copy.content = content.id WHERE series.study = +?`,
  )
  const drafts = db
    .prepare<[string, string], 0 | 1>(
      `SELECT EXISTS (SELECT 1 FROM draft WHERE StudyInstanceUID = +? AND ${IS_WORK})
        OR EXISTS (SELECT 1 FROM segmentPart WHERE StudyInstanceUID = +?)`,
    )
    .pluck()
  return (row: StudyRow, from: string[]): StoredStudy => {
    const { bytes, images, landing, unproved, waiting, hidden, moved } = sums.get(JSON.stringify(from), row.id) as Sums
    return {
      StudyInstanceUID: row.StudyInstanceUID,
      StudyDate: row.StudyDate,
      bytes: bytes ?? 0,
      images,
      lastUsed: Math.max(row.lastUsed, row.readingAt ?? 0, row.lastReceived),
      received: row.lastReceived,
      unproved,
      waiting,
      unread: row.reading < 2,
      pinned: row.keptAt > 0,
      drafts: drafts.get(row.StudyInstanceUID, row.StudyInstanceUID) === 1,
      altered: row.movedAt > 0 || hidden > 0 || moved > 0,
      landing: landing > 0,
    }
  }
}

export const RETAINED_COLUMNS = `id, StudyInstanceUID, StudyDate, lastReceived, lastUsed, readingAt, reading, movedAt, keptAt,
  NumberOfStudyRelatedInstances AS images`

export function createEvictionReader(db: Database) {
  const studies = db.prepare<[number], StudyRow>(
    `SELECT ${RETAINED_COLUMNS} FROM study WHERE id > ? ORDER BY id LIMIT ${STUDIES_A_READ}`,
  )
  const retention = createRetention(db)
  const content = db.prepare<[number], Omit<EvictedContent, 'origin' | 'destinations'> & Origin>(
    `SELECT content.id AS contentId, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, SOPClassUID, TransferSyntaxUID,
       content.length, crc, door, sourceAET, content.sendingAET, content.receivingAET, content.address
     FROM content CROSS JOIN copy ON copy.content = content.id CROSS JOIN instance ON instance.id = content.instance
     CROSS JOIN series ON series.id = instance.series CROSS JOIN study ON study.id = series.study
     WHERE content.id = +? AND volume = ${ARCHIVE_VOLUME}`,
  )
  const { holders } = createLostReader(db)
  const total = db.prepare<[], { images: number; bytes: number }>(
    `SELECT objects AS images, bytes FROM volume WHERE id = ${ARCHIVE_VOLUME}`,
  )
  const ofStudy = db
    .prepare<[string, number], number>(
      `SELECT content.id FROM study CROSS JOIN series ON series.study = study.id CROSS JOIN instance ON instance.series = series.id
       CROSS JOIN content ON content.id = instance.shown CROSS JOIN copy ON copy.content = content.id
       WHERE StudyInstanceUID = +? AND volume = ${ARCHIVE_VOLUME}
       ORDER BY SeriesNumber IS NULL, SeriesNumber, series.id, InstanceNumber IS NULL, InstanceNumber, instance.id LIMIT ?`,
    )
    .pluck()

  return {
    retained(after: number, from: string[]): { studies: StoredStudy[]; next: number | null } {
      const found: StoredStudy[] = []
      let images = 0
      const rows = studies.all(after)
      for (const row of rows) {
        found.push(retention(row, from))
        images += row.images
        if (images >= IMAGES_A_READ) return { studies: found, next: row.id }
      }
      return { studies: found, next: rows.length === STUDIES_A_READ ? (rows.at(-1)?.id ?? null) : null }
    },

    evicted(contentId: number): EvictedContent | null {
      const row = content.get(contentId)
      if (!row) return null
      const { door, sourceAET, sendingAET, receivingAET, address, ...same } = row
      const origin = { door, sourceAET, sendingAET, receivingAET, address }
      return { ...same, origin, destinations: holders(contentId) }
    },

    evictedTotal: () => total.get() ?? { images: 0, bytes: 0 },

    evictedOf: (StudyInstanceUID: string, limit: number): number[] => ofStudy.all(StudyInstanceUID, limit),
  }
}
