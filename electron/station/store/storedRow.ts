import { resolve } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { StoredObject } from './index.ts'

/** Where a copy lies: absolute, or below the data folder. */
export interface FileRow {
  file: string
  available: 0 | 1
}

export type StoredRow = Omit<StoredObject, 'path' | 'unshowable' | 'overlay'> &
  FileRow & {
    unshowable: 0 | 1
    studyMovedAt: number
    seriesMovedAt: number
    studyId: number
  }

/** Of joined study, series, instance, content, copy and volume. */
export const STORED_COLUMNS = `content.id AS contentId, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, SOPClassUID, TransferSyntaxUID,
  volume.root || file AS file, available, copy.offset AS fileOffset, copy.offset + copy.metaLength AS dataSetOffset,
  content.length AS dataSetLength, content.crc, unshowable IS NOT NULL AS unshowable,
  study.movedAt AS studyMovedAt, series.movedAt AS seriesMovedAt, study.id AS studyId`

export const COPY = 'JOIN copy ON copy.content = content.id JOIN volume ON volume.id = copy.volume'

/** What the overlay of a moved study, and of a moved series, puts in place of the received values. */
const PATIENT = ['PatientName', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'] as const
const STUDY = [
  'StudyInstanceUID',
  'StudyDate',
  'StudyTime',
  'StudyID',
  'StudyDescription',
  'AccessionNumber',
  'ReferringPhysicianName',
] as const

/** '' while its disk is not there. */
export function pathOf({ file, available }: FileRow, dataDir: string): string {
  return available ? resolve(dataDir, file) : ''
}

/** Makes objects of their rows, with the overlay of what was moved. */
export function createStored(db: Database, dataDir: string): (row: StoredRow) => StoredObject {
  const overlayOf = db.prepare<[number], Record<(typeof PATIENT)[number] | (typeof STUDY)[number], string>>(
    `SELECT ${[...PATIENT, ...STUDY].join(', ')} FROM study WHERE id = ?`,
  )
  return found => {
    const { file, available, unshowable, studyMovedAt, seriesMovedAt, studyId, ...row } = found
    const object: StoredObject = { ...row, path: pathOf({ file, available }, dataDir), unshowable: unshowable === 1 }
    if (studyMovedAt === 0 && seriesMovedAt === 0) return object
    const values = overlayOf.get(studyId)
    const names = seriesMovedAt > 0 ? [...PATIENT, ...STUDY] : PATIENT
    const shown = Object.fromEntries(names.map(name => [name, values?.[name] ?? '']))
    return { ...object, overlay: { at: Math.max(studyMovedAt, seriesMovedAt), values: shown } }
  }
}
