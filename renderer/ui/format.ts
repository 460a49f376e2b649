import type { StudySummary } from '../../shared/contract.ts'

// Making a formatter costs 30 µs and more: a table that is scrolled would spend its frame on it.
const SHORT_DATE = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  timeZone: 'UTC',
})
const LONG_DATE = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  year: 'numeric',
  month: 'long',
  day: 'numeric',
  timeZone: 'UTC',
})
const LOCAL_DATE = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: '2-digit', day: '2-digit' })
const LOCAL_TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const AGE_UNITS = {
  year: new Intl.NumberFormat(undefined, { style: 'unit', unit: 'year', unitDisplay: 'narrow' }),
  month: new Intl.NumberFormat(undefined, { style: 'unit', unit: 'month', unitDisplay: 'short' }),
  week: new Intl.NumberFormat(undefined, { style: 'unit', unit: 'week', unitDisplay: 'short' }),
  day: new Intl.NumberFormat(undefined, { style: 'unit', unit: 'day', unitDisplay: 'short' }),
}

/** A DICOM DA as the locale has it; what is no date (odd values are kept) is shown as it came. */
export function formatDate(da: string): string {
  const date = parseDate(da)
  return date === undefined ? da : SHORT_DATE.format(date)
}

/** The weekday and long date, for hovering; '' when the value is no date. */
export function describeDate(da: string): string {
  const date = parseDate(da)
  return date === undefined ? '' : LONG_DATE.format(date)
}

function parseDate(da: string): Date | undefined {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(da)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date : undefined
}

/** A DICOM TM as HH:MM; what is no time is shown as it came. */
export function formatTime(tm: string): string {
  const match = /^(\d{2}):?(\d{2})/.exec(tm)
  return match === null ? tm : `${match[1]}:${match[2]}`
}

/** A moment (epoch ms): the time alone when it was today. */
export function formatMoment(ms: number, now = Date.now()): string {
  const date = new Date(ms)
  const time = LOCAL_TIME.format(date)
  if (date.toDateString() === new Date(now).toDateString()) return time
  return `${LOCAL_DATE.format(date)} ${time}`
}

/**
 * How old the patient was at the study: in years, under two years in months, under three months in days. Reckoned from the
 * dates where both are dates, else the Patient's Age as sent (AS, PS3.5 §6.2), else ''.
 */
export function formatAge(PatientBirthDate: string, StudyDate: string, PatientAge: string): string {
  const birth = parseDate(PatientBirthDate)
  const at = parseDate(StudyDate)
  if (birth !== undefined && at !== undefined && at >= birth) {
    let months = (at.getUTCFullYear() - birth.getUTCFullYear()) * 12 + at.getUTCMonth() - birth.getUTCMonth()
    if (at.getUTCDate() < birth.getUTCDate()) months -= 1
    if (months >= 24) return AGE_UNITS.year.format(Math.floor(months / 12))
    if (months >= 3) return AGE_UNITS.month.format(months)
    return AGE_UNITS.day.format(Math.round((at.getTime() - birth.getTime()) / 86_400_000))
  }
  const sent = /^(\d{3})([DWMY])$/.exec(PatientAge)
  if (sent === null) return PatientAge
  const unit = ({ D: 'day', W: 'week', M: 'month', Y: 'year' } as const)[sent[2] as 'D' | 'W' | 'M' | 'Y']
  return AGE_UNITS[unit].format(Number(sent[1]))
}

export function countImages(images: number): string {
  return `${images.toLocaleString()} ${images === 1 ? 'image' : 'images'}`
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const BIDI_CONTROLS = /[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Bidi and control characters in a name are shown, not obeyed: they can make one patient look like another. */
export function showControls(text: string): string {
  return text.replace(BIDI_CONTROLS, control => `⟨${control.codePointAt(0)!.toString(16).toUpperCase()}⟩`)
}

/** What a flag of a study or series means, in words (`instanceFlags` in shared/dicom). */
export function describeFlag(flag: string): string {
  const words: Record<string, string> = {
    'no-patient-id': 'There is no Patient ID',
    'junk-patient-id': 'The Patient ID is not usable',
    'no-patient-name': 'There is no patient name',
    'no-study-date': 'There is no study date',
    'odd-uid': 'A UID is against the standard',
    'bad-charset': 'The character set is wrong or missing: the name may be garbled',
    'damaged': 'A file is damaged',
    'odd-value': 'A value is against the standard',
    'revision': 'An image came again with another header',
    'conflict': 'Another image came under the same UID',
  }
  return words[flag] ?? flag.replaceAll('-', ' ')
}

/** Whether all of a study is here, and why, line by line. */
export function describeCompleteness(completeness: StudySummary['completeness']): string {
  if (!completeness) return 'Whether it is complete is not known yet'
  const { verdict, missing, reasons } = completeness
  const words = { proved: 'Complete, proved', looksComplete: 'Looks complete', missing: `${missing} missing` }
  return [words[verdict], ...reasons].join('\n')
}
