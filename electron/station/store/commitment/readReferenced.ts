import type { Database } from 'better-sqlite3'
import { CODE, PROOF } from '../outbox/standing.ts'
import { isHadByUID } from '../visibility.ts'
import { ARCHIVE_VOLUME } from '../volumes/placement.ts'

/** A copy of an instance that somebody names, with all that reading it again needs. */
export interface ReferencedCopy {
  SOPInstanceUID: string
  SOPClassUID: string
  contentId: number
  /** 1: the one that is shown. */
  shown: 0 | 1
  /** 0 = landing, 1 = the data folder. */
  volume: number
  available: 0 | 1
  /** Absolute, or below the data folder. */
  file: string
  offset: number
  metaLength: number
  /** Of the data set. */
  length: number
  crc: number | null
  /** Empty until it is known. */
  sha256: Uint8Array
  state: 'whole' | 'damaged'
  /** 1: it has left this station for an archive that was shown to hold it, and can be had back. */
  atArchive: 0 | 1
}

export function createReferencedReader(db: Database) {
  const copies = db.prepare<[string], ReferencedCopy>(
    `SELECT SOPInstanceUID, SOPClassUID, content.id AS contentId, content.id = shown AS shown, volume, available,
       volume.root || file AS file, offset, copy.metaLength, content.length, crc, sha256, copy.state AS state,
       volume = ${ARCHIVE_VOLUME} AND EXISTS (SELECT 1 FROM custody CROSS JOIN destination ON destination.id = custody.destination
         WHERE custody.content = content.id AND custody.state = ${CODE.confirmed} AND proof = ${PROOF.equal}
           AND position IS NOT NULL) AS atArchive
     FROM instance JOIN content ON content.instance = instance.id JOIN copy ON copy.content = content.id
     JOIN volume ON volume.id = copy.volume WHERE ${isHadByUID} AND SOPInstanceUID IN (SELECT value FROM json_each(?))
     ORDER BY shown DESC, content.id`,
  )
  return {
    /** All copies of these instances, but of what was deleted or rejected, the shown contents first. */
    referencedCopies: (SOPInstanceUIDs: string[]): ReferencedCopy[] =>
      // A fresh copy: a small view of a large buffer would cross to another thread with all of it.
      copies.all(JSON.stringify(SOPInstanceUIDs)).map(row => ({ ...row, sha256: Uint8Array.from(row.sha256) })),
  }
}
