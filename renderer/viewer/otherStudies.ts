import type { StudySummary } from '../../shared/contract.ts'

function dayOf(da: string): number | undefined {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(da)
  return match === null ? undefined : Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) / 86_400_000
}

/** How far one study's date lies from another's, as a reader says it: '14 months before'; '' when a date is missing. */
export function timeApart(date: string, from: string): string {
  const [day, origin] = [dayOf(date), dayOf(from)]
  if (day === undefined || origin === undefined) return ''
  const days = Math.abs(day - origin)
  if (days === 0) return 'same day'
  const side = day < origin ? 'before' : 'after'
  const months = Math.round(days / 30.44)
  const [count, unit] =
    days < 14
      ? [days, 'day']
      : days < 61
        ? [Math.round(days / 7), 'week']
        : months < 24
          ? [months, 'month']
          : [Math.round(days / 365.25), 'year']
  return `${count} ${unit}${count === 1 ? '' : 's'} ${side}`
}

type Who = Pick<StudySummary, 'StudyInstanceUID' | 'PatientID' | 'IssuerOfPatientID'>

/** Only an ID says that two studies are of one patient; a name never does. */
export function samePatient(a: Who, b: Who): boolean {
  if (a.StudyInstanceUID === b.StudyInstanceUID) return true
  return a.PatientID !== '' && a.PatientID === b.PatientID && a.IssuerOfPatientID === b.IssuerOfPatientID
}
