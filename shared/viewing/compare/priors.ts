import { isJunkPatientID } from '../../dicom/instanceHeader.ts'
import { comparePatients, type PatientFacts } from '../../samePatient.ts'
import { partsOf } from '../bodyParts.ts'

/** What of a study says whether it is worth comparing with another. */
export interface ComparedStudy {
  StudyInstanceUID: string
  StudyDate: string
  StudyTime: string
  StudyDescription: string
  ModalitiesInStudy: readonly string[]
  BodyPartExamined: readonly string[]
}

/** Of objects that are no pictures of the patient (PS3.3 C.7.3.1.1.1). */
const PICTURELESS = new Set([
  'SR',
  'DOC',
  'KO',
  'PR',
  'SEG',
  'REG',
  'RTSTRUCT',
  'RTPLAN',
  'RTRECORD',
  'AU',
  'FID',
  'PLAN',
])

/** The modalities of a study's pictures. */
export function pictureModalities({ ModalitiesInStudy }: Pick<ComparedStudy, 'ModalitiesInStudy'>): string[] {
  return ModalitiesInStudy.filter(one => !PICTURELESS.has(one))
}

/** A structured report or a document is in it. */
export function hasReport({ ModalitiesInStudy }: Pick<ComparedStudy, 'ModalitiesInStudy'>): boolean {
  return ModalitiesInStudy.includes('SR') || ModalitiesInStudy.includes('DOC')
}

/**
 * Of the same kind of pictures of the same part of the body. Where one of the two names no part, only the same description is:
 * a guess would put a knee beside a chest.
 */
export function isComparable(a: ComparedStudy, b: ComparedStudy): boolean {
  const modalities = pictureModalities(b)
  if (!pictureModalities(a).some(one => modalities.includes(one))) return false
  const [partsA, partsB] = [a, b].map(one => partsOf([...one.BodyPartExamined, one.StudyDescription]))
  if (partsA!.size > 0 && partsB!.size > 0) return [...partsA!].some(part => partsB!.has(part))
  const said = a.StudyDescription.trim().toLowerCase()
  return said !== '' && said === b.StudyDescription.trim().toLowerCase()
}

/** Comparable ones first, each kind with the newest first; the study itself counts as comparable with itself. */
export function orderPriors<T extends ComparedStudy>(
  current: ComparedStudy,
  studies: readonly T[],
): Array<{ study: T; comparable: boolean }> {
  const when = ({ StudyDate, StudyTime }: ComparedStudy) => StudyDate + StudyTime
  return studies
    .map(study => ({
      study,
      comparable: study.StudyInstanceUID === current.StudyInstanceUID || isComparable(current, study),
    }))
    .sort(
      (a, b) =>
        Number(b.comparable) - Number(a.comparable) ||
        (when(a.study) < when(b.study) ? 1 : when(a.study) > when(b.study) ? -1 : 0),
    )
}

/** An ID that may be asked other archives for: a junk one is many patients'. */
export function isAskable({ PatientID }: { PatientID: string }): boolean {
  // A wildcard would find other patients (PS3.4 C.2.2.2.4), a backslash a list of them.
  return PatientID.trim() !== '' && !isJunkPatientID(PatientID) && !/[*?\\]/.test(PatientID)
}

type Who = Omit<PatientFacts, 'AccessionNumber'>

/**
 * Whether a study that an archive lists is of this patient: the same ID, the same issuer (or the archive names none), and neither
 * birth date nor sex against it. Whether it is, once it is here, is the store's to say.
 */
export function isListedOfPatient(found: Who, patient: Who): boolean {
  if (found.PatientID.trim() !== patient.PatientID.trim() || !isAskable(patient)) return false
  const [theirs, ours] = [found.IssuerOfPatientID.trim(), patient.IssuerOfPatientID.trim()]
  if (theirs !== '' && theirs !== ours) return false
  const nothing = { AccessionNumber: '' }
  return comparePatients({ ...found, ...nothing }, { ...patient, ...nothing }).likeness !== 'apart'
}

/** Where a study's date stands between the first and the last, 0 (oldest) to 1; undefined where it has none. */
export function placesInTime(dates: readonly string[]): Array<number | undefined> {
  const days = dates.map(date => {
    const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(date)
    return match === null ? undefined : Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  })
  const known = days.filter(day => day !== undefined)
  const [first, last] = [Math.min(...known), Math.max(...known)]
  return days.map(day => day && (last === first ? 1 : (day - first) / (last - first)))
}

/** The first days of years that lie between the first date and the last, as places like `placesInTime`; at most `most` of them. */
export function yearsInTime(dates: readonly string[], most = 8): Array<{ year: number; at: number }> {
  const days = dates.filter(date => /^\d{8}$/.test(date)).sort()
  const [first, last] = [days[0], days.at(-1)]
  if (first === undefined || last === undefined || first === last) return []
  const [from, to] = [Number(first.slice(0, 4)) + 1, Number(last.slice(0, 4))]
  const step = Math.max(1, Math.ceil((to - from + 1) / most))
  const years: Array<{ year: number; at: number }> = []
  for (let year = from; year <= to; year += step) {
    const [, at] = placesInTime([first, `${year}0101`, last])
    if (at !== undefined) years.push({ year, at })
  }
  return years
}
