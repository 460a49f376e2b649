import type { StudySummary } from '../../shared/contract.ts'

/** A study of which only its number matters; `change` sets what does. */
export function studySummary(id: number, change: Partial<StudySummary> = {}): StudySummary {
  return {
    id,
    StudyInstanceUID: `2.25.${id}`,
    PatientName: '',
    lang: '',
    PatientID: '',
    IssuerOfPatientID: '',
    PatientBirthDate: '',
    PatientSex: '',
    PatientAge: '',
    StudyDate: '',
    StudyTime: '',
    StudyDescription: '',
    AccessionNumber: '',
    ReferringPhysicianName: '',
    InstitutionName: '',
    StationName: [],
    BodyPartExamined: [],
    ModalitiesInStudy: [],
    NumberOfStudyRelatedSeries: 1,
    NumberOfStudyRelatedInstances: 1,
    size: 0,
    firstReceived: 0,
    lastReceived: 0,
    sendingAET: '',
    flags: [],
    synthetic: false,
    reading: { status: 'new', by: '', at: null },
    priority: 'routine',
    priors: 0,
    openBy: [],
    completeness: null,
    ...change,
  }
}
