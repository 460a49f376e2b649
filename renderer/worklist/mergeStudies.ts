import type { StudySummary } from '../../shared/contract.ts'

/**
 * A freshly read list into the one on the screen. Held (the reader aims at a row, or has scrolled): every row stays
 * where it is with its new values, and what is new is only counted. Otherwise the fresh order is taken; rows read
 * further down than `fresh` reaches stay below it.
 */
export function mergeStudies(
  shown: StudySummary[],
  fresh: StudySummary[],
  { hold, complete }: { hold: boolean; complete: boolean },
): { studies: StudySummary[]; pending: number } {
  const byUID = new Map(fresh.map(study => [study.StudyInstanceUID, study]))
  if (hold) {
    const known = new Set(shown.map(study => study.StudyInstanceUID))
    return {
      studies: shown.map(study => byUID.get(study.StudyInstanceUID) ?? study),
      pending: fresh.filter(study => !known.has(study.StudyInstanceUID)).length,
    }
  }
  const below = complete ? [] : shown.filter(study => !byUID.has(study.StudyInstanceUID))
  return { studies: [...fresh, ...below], pending: 0 }
}
