import type { Database } from 'better-sqlite3'

/** Whose something is, hidden or not: for who writes down who saw it. */
export function createIdentityReader(db: Database) {
  const patient = db.prepare<[string], { PatientID: string }>('SELECT PatientID FROM study WHERE StudyInstanceUID = ?')
  const studies = db.prepare<[string], { contentId: number; StudyInstanceUID: string }>(
    `SELECT content.id AS contentId, StudyInstanceUID FROM content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE content.id IN (SELECT value FROM json_each(?))`,
  )
  const decided = db.prepare<string[], { StudyInstanceUID: string; PatientID: string }>(
    `SELECT removal.StudyInstanceUID, ifnull(PatientID, '') AS PatientID FROM removal
       LEFT JOIN study ON study.StudyInstanceUID = removal.StudyInstanceUID WHERE removal.id = ?
     UNION ALL SELECT toStudyInstanceUID, ifnull(PatientID, '') FROM move
       LEFT JOIN study ON study.StudyInstanceUID = toStudyInstanceUID WHERE move.id = ?
     UNION ALL SELECT merge.StudyInstanceUID, ifnull(PatientID, '') FROM merge
       LEFT JOIN study ON study.StudyInstanceUID = merge.StudyInstanceUID WHERE merge.id = ?
     UNION ALL SELECT apart.StudyInstanceUID, ifnull(PatientID, '') FROM apart
       LEFT JOIN study ON study.StudyInstanceUID = apart.StudyInstanceUID WHERE apart.id = ?`,
  )
  const known = db
    .prepare<[string], string>(
      `SELECT value FROM json_each(+?) WHERE EXISTS (SELECT 1 FROM instance WHERE SOPInstanceUID = value)
       OR EXISTS (SELECT 1 FROM removed JOIN removal ON removal.number = removed.removal WHERE SOPInstanceUID = value AND hides = 1)`,
    )
    .pluck()
  return {
    subjectOf: (id: string): { StudyInstanceUID: string; PatientID: string } | undefined => decided.get(id, id, id, id),
    patientOf: (StudyInstanceUID: string): string => patient.get(StudyInstanceUID)?.PatientID ?? '',
    studiesOf: (contentIds: number[]): Array<{ contentId: number; StudyInstanceUID: string }> =>
      studies.all(JSON.stringify(contentIds)),
    knownInstances: (SOPInstanceUIDs: string[]): string[] => known.all(JSON.stringify(SOPInstanceUIDs)),
  }
}
