import type { MoveEntry } from '../../../../shared/contract.ts'
import { isJunkPatientID } from '../../../../shared/dicom/instanceHeader.ts'
import { type ListedStudy, type PriorRule, priorsOf } from '../../../../shared/pull.ts'
import type { PullSource } from './source.ts'

/** Of a patient's studies the newest are looked at closer. */
const MOST_LOOKED_AT = 30

/**
 * The IDs that a patient goes by: their own, and those that a study of theirs was moved from or to here. One step: a chain of
 * corrections may lead to somebody else.
 */
export function idsOf(PatientID: string, moves: ReadonlyArray<Pick<MoveEntry, 'PatientID' | 'before'>>): string[] {
  const ids = new Set([PatientID])
  for (const move of moves) {
    if (move.PatientID === PatientID) ids.add(move.before.PatientID)
    if (move.before.PatientID === PatientID) ids.add(move.PatientID)
  }
  // A wild card would ask for everybody (PS3.4 §C.2.2.2.4).
  return [...ids].filter(id => id !== '' && !isJunkPatientID(id) && !/[*?\\]/.test(id))
}

/** What of the archive's studies of the same patient comes along with one. An ID that names nobody has no priors. */
export async function findPriors(
  current: ListedStudy,
  rule: PriorRule,
  moves: ReadonlyArray<Pick<MoveEntry, 'PatientID' | 'before'>>,
  source: PullSource,
  signal: AbortSignal,
): Promise<ListedStudy[]> {
  if (rule.most === 0) return []
  const found: ListedStudy[] = []
  for (const PatientID of idsOf(current.PatientID, moves)) {
    for await (const listed of source.studies({ PatientID }, signal)) {
      // Some match without case; issuers differ only where both are named.
      found.push(...listed.filter(study => study.PatientID === PatientID && isSameIssuer(study, current)))
    }
  }
  const older = found
    .filter(({ StudyInstanceUID }) => StudyInstanceUID !== current.StudyInstanceUID)
    .toSorted((a, b) => (a.StudyDate < b.StudyDate ? 1 : -1))
    .slice(0, MOST_LOOKED_AT)
  if (older.length === 0) return []
  const closer = async (study: ListedStudy): Promise<ListedStudy> => {
    const series = await source.series(study.StudyInstanceUID, signal)
    return { ...study, BodyPartExamined: [...new Set(series.map(one => one.BodyPartExamined))] }
  }
  const looked: ListedStudy[] = []
  for (const study of older) looked.push(await closer(study))
  return priorsOf(await closer(current), looked, rule)
}

function isSameIssuer(a: ListedStudy, b: ListedStudy): boolean {
  return a.IssuerOfPatientID === '' || b.IssuerOfPatientID === '' || a.IssuerOfPatientID === b.IssuerOfPatientID
}
