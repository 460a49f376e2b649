import type { StudySummary } from '../../shared/contract.ts'
import type { PullSummary } from '../../shared/pull.ts'

interface Lacking {
  study: StudySummary
  /** Of it, that archives alone have or that somebody's list names and nobody brought. */
  images: number
  /** By study, of its patient, that were to come here and have not. */
  priors: string[]
}

/** What of a list's studies is not here, in the list's order; those that lack nothing are left out. */
export function inventoryOf(
  listed: readonly StudySummary[],
  archives: ReadonlyArray<Pick<PullSummary, 'lacking'>>,
): Lacking[] {
  const priors = new Map<string, Set<string>>()
  for (const { kind, PatientID, StudyInstanceUID } of archives.flatMap(({ lacking }) => lacking)) {
    if (kind !== 'prior' || PatientID === '') continue
    const known = priors.get(PatientID) ?? new Set()
    priors.set(PatientID, known.add(StudyInstanceUID))
  }
  return listed
    .map(study => ({
      study,
      images: study.away + (study.completeness?.missing ?? 0),
      // A prior that stands in the list itself is counted there.
      priors: [...(priors.get(study.PatientID) ?? [])].filter(uid => uid !== study.StudyInstanceUID),
    }))
    .filter(({ images, priors }) => images + priors.length > 0)
}
