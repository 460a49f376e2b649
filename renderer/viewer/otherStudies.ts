import type { StudySummary } from '../../shared/contract.ts'
import { msg, t } from '../i18n/index.ts'

function dayOf(da: string): number | undefined {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(da)
  return match === null ? undefined : Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) / 86_400_000
}

/** How far one study's date lies from another's, as a reader says it: '14 months before'; '' when a date is missing. */
export function timeApart(date: string, from: string): string {
  const [day, origin] = [dayOf(date), dayOf(from)]
  if (day === undefined || origin === undefined) return ''
  const days = Math.abs(day - origin)
  if (days === 0) return t('same day')
  const isBefore = day < origin
  const months = Math.round(days / 30.44)
  const [count, before, after] =
    days < 14
      ? [days, msg('{{count}} days before'), msg('{{count}} days after')]
      : days < 61
        ? [Math.round(days / 7), msg('{{count}} weeks before'), msg('{{count}} weeks after')]
        : months < 24
          ? [months, msg('{{count}} months before'), msg('{{count}} months after')]
          : [Math.round(days / 365.25), msg('{{count}} years before'), msg('{{count}} years after')]
  return t(isBefore ? before : after, { count })
}

type Who = Pick<StudySummary, 'StudyInstanceUID' | 'PatientID' | 'IssuerOfPatientID'>

/** Only an ID says that two studies are of one patient; a name never does. */
export function samePatient(a: Who, b: Who): boolean {
  if (a.StudyInstanceUID === b.StudyInstanceUID) return true
  return a.PatientID !== '' && a.PatientID === b.PatientID && a.IssuerOfPatientID === b.IssuerOfPatientID
}
