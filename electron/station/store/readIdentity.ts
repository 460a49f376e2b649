import type { Database } from 'better-sqlite3'

/** Whose something is, hidden or not: for who writes down who saw it. */
export function createIdentityReader(db: Database) {
  const patient = db.prepare<[string], { PatientID: string }>('SELECT PatientID FROM study WHERE StudyInstanceUID = ?')
  const studies = db.prepare<[string], { StudyInstanceUID: string }>(
    `SELECT DISTINCT StudyInstanceUID FROM content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE content.id IN (SELECT value FROM json_each(?))`,
  )
  return {
    patientOf: (StudyInstanceUID: string): string => patient.get(StudyInstanceUID)?.PatientID ?? '',
    studiesOf: (contentIds: number[]): string[] =>
      studies.all(JSON.stringify(contentIds)).map(({ StudyInstanceUID }) => StudyInstanceUID),
  }
}
