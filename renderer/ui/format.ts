/** A DICOM DA as the locale has it; what is no date (odd values are kept) is shown as it came. */
export function formatDate(da: string): string {
  const date = parseDate(da)
  return date === undefined
    ? da
    : date.toLocaleDateString(undefined, { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: 'UTC' })
}

/** The weekday and long date, for hovering; '' when the value is no date. */
export function describeDate(da: string): string {
  const date = parseDate(da)
  return date === undefined
    ? ''
    : date.toLocaleDateString(undefined, {
        weekday: 'long',
        year: 'numeric',
        month: 'long',
        day: 'numeric',
        timeZone: 'UTC',
      })
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
  const time = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
  if (date.toDateString() === new Date(now).toDateString()) return time
  return `${date.toLocaleDateString(undefined, { year: 'numeric', month: '2-digit', day: '2-digit' })} ${time}`
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
