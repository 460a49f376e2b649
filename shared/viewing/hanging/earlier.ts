interface Dated {
  StudyInstanceUID: string
  /** DA and TM; '' where it has none. */
  StudyDate: string
  StudyTime: string
}

const when = ({ StudyDate, StudyTime }: Dated) => StudyDate + StudyTime

/** Of one day by the time, where both have one: the second study of a night is no prior of the first. */
function isLater(a: Dated, b: Dated): boolean {
  if (a.StudyDate !== b.StudyDate) return a.StudyDate > b.StudyDate
  return a.StudyTime !== '' && b.StudyTime !== '' && a.StudyTime > b.StudyTime
}

/** The studies that were made before one, newest first. */
export function earlierStudies<T extends Dated>(study: Dated, others: readonly T[]): T[] {
  return others
    .filter(other => other.StudyInstanceUID !== study.StudyInstanceUID && !isLater(other, study))
    .sort((a, b) => (when(a) < when(b) ? 1 : when(a) > when(b) ? -1 : 0))
}
