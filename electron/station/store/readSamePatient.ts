import type { Database } from 'better-sqlite3'
import type { PatientProposal, ProposedPatient } from '../../../shared/contract.ts'
import { isJunkPatientID } from '../../../shared/dicom/instanceHeader.ts'
import { comparePatients, isTemporary, plainID } from '../../../shared/samePatient.ts'
import { pairOf } from './merges.ts'
import { foldName } from './searchTokens.ts'
import { isSeen } from './visibility.ts'

/** So many of the studies that came last are looked at; older ones are asked for by their UID. */
const LATEST = 100
/** By each of what two patients may have in common. */
const BY_EACH = 25

type Row = ProposedPatient & { id: number; key: string }

/** Patients that may be one, found by what an index knows of them: never more than some reads for a study, however many there are. */
export function createSamePatientReader(db: Database) {
  const COLUMNS = `study.id, key, StudyInstanceUID, PatientName, lang, PatientID, IssuerOfPatientID, PatientBirthDate, PatientSex,
    AccessionNumber, StudyDate, StudyDescription`
  const FROM = `FROM study JOIN patient ON patient.id = +study.patient WHERE ${isSeen('study')}`
  const by = (condition: string) =>
    db.prepare<[string], Row>(`SELECT ${COLUMNS} ${FROM} AND ${condition} LIMIT ${BY_EACH}`)
  const latest = db.prepare<[], Row>(`SELECT ${COLUMNS} ${FROM} ORDER BY study.id DESC LIMIT ${LATEST}`)
  const byUID = by('StudyInstanceUID = ?')
  const byName = by('pinned IN (0, 1) AND foldedName = +?')
  const byBirthDate = by('pinned IN (0, 1) AND PatientBirthDate = +?')
  const byAccession = by('AccessionNumber = +?')
  const byID = by(`study.id IN (SELECT study FROM studyToken WHERE token = +? LIMIT ${BY_EACH})`)
  // One of several words is no token.
  const byWrittenID = by('pinned IN (0, 1) AND PatientID = +?')
  const isApart = db.prepare<[string], number>(`SELECT 1 FROM apart WHERE pair = ? AND state = 'active'`).pluck()

  function candidates(row: Row): Row[] {
    const found = [
      ...byOf(byID, plainID(row.PatientID)),
      ...byOf(byWrittenID, plainID(row.PatientID) && row.PatientID),
      ...byOf(byAccession, row.AccessionNumber),
      ...byOf(byName, foldName(row.PatientName)),
      ...byOf(byBirthDate, row.PatientBirthDate),
    ]
    return found.filter(({ id }) => id !== row.id)
  }

  return {
    /** Newest first, at most `limit`; of the study alone where one is named. A pair of patients is named once. */
    patientProposals(StudyInstanceUID: string, limit: number): PatientProposal[] {
      const proposals = new Map<string, PatientProposal>()
      for (const row of StudyInstanceUID === '' ? latest.all() : byUID.all(StudyInstanceUID)) {
        for (const other of candidates(row)) {
          if (proposals.size >= limit) return [...proposals.values()]
          const pair = pairOf(row, other)
          if (proposals.has(pair)) continue
          const { likeness, reasons } = comparePatients(row, other)
          if (likeness === 'none' || (likeness !== 'apart' && row.key === other.key) || isApart.get(pair)) continue
          const [from, to] = isBetter(row, other) ? [other, row] : [row, other]
          proposals.set(pair, { likeness, reasons, from: shown(from), to: shown(to) })
        }
      }
      return [...proposals.values()]
    },
  }
}

function byOf(statement: { all(value: string): Row[] }, value: string): Row[] {
  return value === '' ? [] : statement.all(value)
}

function shown({ id: _, key: __, ...patient }: Row): ProposedPatient {
  return patient
}

/** Whether `a` is rather the one to be kept: it names somebody, and was here first. */
function isBetter(a: Row, b: Row): boolean {
  const worth = (row: Row) =>
    Number(!isTemporary(row)) * 4 +
    Number(row.PatientID !== '' && !isJunkPatientID(row.PatientID)) * 8 +
    Number(row.PatientBirthDate !== '') * 2 +
    Number(row.IssuerOfPatientID !== '')
  return worth(a) === worth(b) ? a.id < b.id : worth(a) > worth(b)
}
