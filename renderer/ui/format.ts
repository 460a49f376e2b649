import type { StudySummary } from '../../shared/contract.ts'
import { heard, msg, t, useLanguage } from '../i18n/index.ts'

function makeFormats(locale: string | undefined) {
  const dates = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const ages = (unit: string, unitDisplay: 'narrow' | 'short') =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay })
  return {
    shortDate: new Intl.DateTimeFormat(locale, { ...dates, timeZone: 'UTC' }),
    longDate: new Intl.DateTimeFormat(locale, {
      weekday: 'long',
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      timeZone: 'UTC',
    }),
    localDate: new Intl.DateTimeFormat(locale, dates),
    localTime: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }),
    tenths: new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    age: {
      year: ages('year', 'narrow'),
      month: ages('month', 'short'),
      week: ages('week', 'short'),
      day: ages('day', 'short'),
    },
  }
}

// Making a formatter costs 30 µs and more: a table that is scrolled would spend its frame on it.
let formats = makeFormats(useLanguage.getState().locale)
useLanguage.subscribe((now, before) => {
  if (now.locale !== before.locale) formats = makeFormats(now.locale)
})

/** A DICOM DA as the locale has it; what is no date (odd values are kept) is shown as it came. */
export function formatDate(da: string): string {
  const date = parseDate(da)
  return date === undefined ? da : formats.shortDate.format(date)
}

/** The weekday and long date, for hovering; '' when the value is no date. */
export function describeDate(da: string): string {
  const date = parseDate(da)
  return date === undefined ? '' : formats.longDate.format(date)
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
  const time = formats.localTime.format(date)
  if (date.toDateString() === new Date(now).toDateString()) return time
  return `${formats.localDate.format(date)} ${time}`
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
    if (months >= 24) return formats.age.year.format(Math.floor(months / 12))
    if (months >= 3) return formats.age.month.format(months)
    return formats.age.day.format(Math.round((at.getTime() - birth.getTime()) / 86_400_000))
  }
  const sent = /^(\d{3})([DWMY])$/.exec(PatientAge)
  if (sent === null) return PatientAge
  const unit = ({ D: 'day', W: 'week', M: 'month', Y: 'year' } as const)[sent[2] as 'D' | 'W' | 'M' | 'Y']
  return formats.age[unit].format(Number(sent[1]))
}

export function countImages(images: number): string {
  return t('{{count}} images', { count: images })
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : formats.tenths.format(value)} ${units[unit]}`
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
    'no-patient-id': msg('There is no Patient ID'),
    'junk-patient-id': msg('The Patient ID is not usable'),
    'no-patient-name': msg('There is no patient name'),
    'no-study-date': msg('There is no study date'),
    'odd-uid': msg('A UID is against the standard'),
    'bad-charset': msg('The character set is wrong or missing: the name may be garbled'),
    'damaged': msg('A file is damaged'),
    'odd-value': msg('A value is against the standard'),
    'revision': msg('An image came again with another header'),
    'conflict': msg('Another image came under the same UID'),
  }
  const known = words[flag]
  return known === undefined ? flag.replaceAll('-', ' ') : t(known)
}

/** Whether all of a study is here, and why, line by line. */
export function describeCompleteness(completeness: StudySummary['completeness']): string {
  if (!completeness) return t('Whether it is complete is not known yet')
  const { verdict, missing, reasons } = completeness
  const words = {
    proved: t('Complete, proved'),
    looksComplete: t('Looks complete'),
    missing: t('{{missing}} missing', { missing }),
  }
  return [words[verdict], ...reasons.map(heard)].join('\n')
}
