import type { StudySummary } from '../../../shared/contract.ts'
import type { Completeness } from '../../../shared/viewing/completeness.ts'
import { PRIORITY, READING } from './studyQuery.ts'

/** A study as `STUDY_COLUMNS` reads it: lists are JSON, states are numbers. */
export type StudyRow = Omit<
  StudySummary,
  | 'StationName'
  | 'BodyPartExamined'
  | 'ModalitiesInStudy'
  | 'flags'
  | 'synthetic'
  | 'reading'
  | 'priority'
  | 'openBy'
  | 'completeness'
  | 'fromStranger'
  | 'custody'
  | 'kept'
> & {
  StationNamesInStudy: string
  BodyPartsInStudy: string
  ModalitiesInStudy: string
  flags: string
  synthetic: number
  reading: number
  readingBy: string
  readingAt: number | null
  priority: number
  completeness: string
  unjudged: number
  keptAt: number
}

export const STUDY_COLUMNS = `study.id, StudyInstanceUID, PatientName, lang, PatientID, IssuerOfPatientID, PatientBirthDate,
  PatientSex, PatientAge, StudyDate, StudyTime, StudyDescription, AccessionNumber, ReferringPhysicianName, InstitutionName,
  StationNamesInStudy, BodyPartsInStudy, ModalitiesInStudy, NumberOfStudyRelatedSeries, NumberOfStudyRelatedInstances, size,
  firstReceived, lastReceived, sendingAET, flags, synthetic, reading, readingBy, readingAt, priority, priors, completeness, unjudged, away, keptAt`

/** `openBy` is empty and nobody a stranger: who shows what, and who is known, is not the vault's to know. */
export function studySummary(row: StudyRow, custody: StudySummary['custody']): StudySummary {
  const { StationNamesInStudy, BodyPartsInStudy, reading, readingBy, readingAt, priority, unjudged, keptAt, ...same } =
    row
  return {
    ...same,
    StationName: JSON.parse(StationNamesInStudy) as string[],
    BodyPartExamined: JSON.parse(BodyPartsInStudy) as string[],
    ModalitiesInStudy: JSON.parse(row.ModalitiesInStudy) as string[],
    flags: JSON.parse(row.flags) as string[],
    synthetic: row.synthetic === 1,
    reading: { status: READING[reading] ?? 'new', by: readingBy, at: readingAt },
    priority: PRIORITY[priority] ?? 'routine',
    kept: keptAt > 0,
    openBy: [],
    fromStranger: false,
    // While anything comes, the last word does not hold.
    completeness: unjudged === 0 && row.completeness ? (JSON.parse(row.completeness) as Completeness) : null,
    custody,
  }
}
