import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import type { Database } from 'better-sqlite3'
import type { BinEntry, MoveEntry } from '../../../shared/contract.ts'
import { type RejectionNote, readRejectionNote } from '../../../shared/dicom/rejectionNote.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { MAX_REMOVED } from './limits.ts'

/** A note of `MAX_REMOVED` references has some 20 MB. */
const MAX_NOTE_BYTES = 64 << 20

/** A key object selection, and the rejection it means. */
export interface ReadNote {
  SOPInstanceUID: string
  StudyInstanceUID: string
  /** The calling AE title, or the door. */
  sender: string
  /** 'too-many' references to take at their word. */
  note: RejectionNote | 'too-many' | undefined
}

interface NoteRow {
  SOPInstanceUID: string
  StudyInstanceUID: string
  sender: string
  TransferSyntaxUID: string
  file: string
  available: 0 | 1
  at: number
  length: number
}

/** The bin's page, and the notes that fill it. */
export function createBinReader(db: Database, dataDir: string) {
  // What it shows of the patient is what the index knows now: after a purge, nothing.
  const removals = db.prepare<[number], Omit<BinEntry, 'purgeAt'>>(
    `SELECT removal.id, code, at, by, reason, removal.StudyInstanceUID, removal.SeriesInstanceUID, state, changedAt, changedBy,
       arrivedAgain, againAt,
       images,
       -- What is deleted was here; of what is rejected nobody knows without looking.
       CASE WHEN state = 'purged' THEN 0 WHEN code = '' THEN images ELSE
         (SELECT count(*) FROM removed JOIN instance ON instance.SOPInstanceUID = removed.SOPInstanceUID
          WHERE removal = removal.number AND removed.SOPInstanceUID <> removal.id) END AS here,
       coalesce(PatientName, '') AS PatientName, coalesce(lang, '') AS lang, coalesce(PatientID, '') AS PatientID,
       coalesce(StudyDate, '') AS StudyDate, coalesce(StudyDescription, '') AS StudyDescription,
       coalesce((SELECT Modality || ' ' || SeriesDescription FROM series
         WHERE series.study = study.id AND series.SeriesInstanceUID = removal.SeriesInstanceUID), '') AS series
     FROM removal LEFT JOIN study ON study.StudyInstanceUID = removal.StudyInstanceUID
     ORDER BY removal.at DESC, removal.number DESC LIMIT ?`,
  )
  const moves = db.prepare<[number], Omit<MoveEntry, 'before'> & { before: string | null }>(
    // What is taken back together has one id.
    `SELECT CASE WHEN merge = '' THEN move.id ELSE merge END AS id, at, by, reason, move.StudyInstanceUID, move.SeriesInstanceUID, toStudyInstanceUID, move.before,
       coalesce(PatientName, '') AS PatientName, coalesce(lang, '') AS lang, coalesce(PatientID, '') AS PatientID,
       coalesce(StudyDate, '') AS StudyDate, coalesce(StudyDescription, '') AS StudyDescription
     FROM move LEFT JOIN study ON study.StudyInstanceUID = toStudyInstanceUID WHERE state = 'active'
     ORDER BY at DESC, move.number DESC LIMIT ?`,
  )
  const noteRow = db.prepare<[number], NoteRow>(
    `SELECT SOPInstanceUID, StudyInstanceUID, CASE WHEN sendingAET = '' THEN door ELSE sendingAET END AS sender,
       TransferSyntaxUID, volume.root || file AS file, available, copy.offset + metaLength AS at, content.length FROM content
     JOIN instance ON instance.id = content.instance JOIN series ON series.id = instance.series
     JOIN (SELECT id, StudyInstanceUID FROM study) AS study ON study.id = series.study
     JOIN copy ON copy.content = content.id JOIN volume ON volume.id = copy.volume WHERE content.id = ?`,
  )

  return {
    listRemovals: (limit: number): Array<Omit<BinEntry, 'purgeAt'>> => removals.all(limit),

    listMoves: (limit: number): MoveEntry[] =>
      moves.all(limit).map(({ before, ...entry }) => {
        const was: { PatientName?: string; PatientID?: string } = before === null ? {} : JSON.parse(before)
        return { ...entry, before: { PatientName: was.PatientName ?? '', PatientID: was.PatientID ?? '' } }
      }),

    /** Reads the file of a key object selection. Undefined when it has no row any more; throws 'volume-unavailable' or the disk's error. */
    readNote(contentId: number): ReadNote | undefined {
      const row = noteRow.get(contentId)
      if (!row) return undefined
      const { file, available, at, length, TransferSyntaxUID, ...same } = row
      if (!available) throw new IsocenterError('volume-unavailable', `content ${contentId}`)
      if (length > MAX_NOTE_BYTES) return { ...same, note: 'too-many' }
      const bytes = Buffer.alloc(length)
      const handle = openSync(resolve(dataDir, file), 'r')
      try {
        for (let filled = 0; filled < length; ) {
          const read = readSync(handle, bytes, filled, length - filled, at + filled)
          if (read === 0) break
          filled += read
        }
      } finally {
        closeSync(handle)
      }
      const { deflated } = transferSyntax(TransferSyntaxUID)
      const dataSet = deflated ? inflated(bytes) : bytes
      return { ...same, note: dataSet && readRejectionNote(dataSet, TransferSyntaxUID, MAX_REMOVED) }
    },
  }
}

/** Undefined when the bytes are no deflate stream of a sensible size. */
function inflated(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_NOTE_BYTES })
  } catch {
    return undefined
  }
}
