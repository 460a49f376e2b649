import type { ReportVersion } from './report.ts'
import { reportText } from './report.ts'

/** Whom and what a result is about; names as DICOM has them (PS3.5 §6.2.1). */
export interface ResultSubject {
  PatientName: string
  PatientID: string
  IssuerOfPatientID: string
  PatientBirthDate: string
  PatientSex: string
  StudyInstanceUID: string
  StudyDate: string
  StudyTime: string
  StudyDescription: string
  AccessionNumber: string
  ReferringPhysicianName: string
}

/** HL7 v2.5.1 §2.7: what delimits is escaped, a line's end is a command of formatting or a repetition, never a segment's end. */
export function escapeHl7(text: string): string {
  return text
    .replaceAll('\\', '\\E\\')
    .replaceAll('|', '\\F\\')
    .replaceAll('^', '\\S\\')
    .replaceAll('&', '\\T\\')
    .replaceAll('~', '\\R\\')
    .replaceAll(/\r\n|\r|\n/g, '\\.br\\')
    .replaceAll(/[\p{Cc}]/gu, ' ')
}

/** PN → XPN: family, given, further, suffix, prefix; the ideographic and phonetic groups as repetitions (§2.A.88: I, P). */
function xpn(name: string): string {
  const groups = name.split('=').slice(0, 3)
  const representation = ['A', 'I', 'P']
  return groups
    .flatMap((group, index) => {
      const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^').map(escapeHl7)
      if (group.replaceAll('^', '') === '') return []
      return [`${[family, given, middle, suffix, prefix].join('^')}^^L^${representation[index]}`]
    })
    .join('~')
}

/** HL7 DTM from a moment, in the clock's own zone, with its offset. */
function dtm(at: Date): string {
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0')
  const minutes = -at.getTimezoneOffset()
  const day = `${String(at.getFullYear()).padStart(4, '0')}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  return `${day}${time}${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}${two(Math.abs(minutes) % 60)}`
}

/** Table 0085/0123: the report signed anew is a correction only where it is an addendum. */
function statusOf({ state, version }: ReportVersion): 'P' | 'F' | 'C' {
  if (state !== 'final') return 'P'
  return version === 1 ? 'F' : 'C'
}

/**
 * An unsolicited result (ORU^R01, HL7 v2.5.1 §7.3.1), segments ended by CR, UTF-8 as MSH-18 says: the text section by section (TX),
 * and where given the PDF (ED, base64). `messageId`: at most 20 characters.
 */
export function writeOru(
  subject: ResultSubject,
  report: ReportVersion,
  message: { at: Date; messageId: string; sender: string; pdf?: string },
): string {
  const status = statusOf(report)
  const e = escapeHl7
  const { content, signature } = report
  const performed = `${subject.StudyDate}${subject.StudyTime.split('.')[0] ?? ''}`
  const signer = signature === null ? '' : xpnAsNdl(signature.name)
  const signed = signature === null ? '' : dtm(new Date(signature.at))
  const code = '18748-4^Diagnostic imaging study^LN'
  const segments: string[][] = [
    [
      'MSH',
      '^~\\&',
      e(message.sender),
      '',
      '',
      '',
      dtm(message.at),
      '',
      'ORU^R01^ORU_R01',
      e(message.messageId),
      'P',
      '2.5.1',
      '',
      '',
      '',
      '',
      '',
      'UNICODE UTF-8',
    ],
    [
      'PID',
      '1',
      '',
      `${e(subject.PatientID)}^^^${e(subject.IssuerOfPatientID)}`,
      '',
      xpn(subject.PatientName),
      '',
      e(subject.PatientBirthDate),
      sexOf(subject.PatientSex),
    ],
    ['ORC', 'RE', '', e(subject.AccessionNumber)],
    // OBR-2, -3, -4, -7, -16, -18, -22, -24, -25, -32 by their places.
    atPlaces('OBR', {
      1: '1',
      3: e(subject.AccessionNumber),
      4: `${code}^^${e(subject.StudyDescription)}`,
      7: e(performed),
      16: xpnAsXcn(subject.ReferringPhysicianName),
      18: e(subject.AccessionNumber),
      22: signed,
      24: 'RAD',
      25: status,
      32: signer,
    }),
  ]
  const observe = (type: string, id: string, value: string) =>
    segments.push(atPlaces('OBX', { 1: `${segments.length - 3}`, 2: type, 3: id, 5: value, 11: status, 14: signed }))
  observe('HD', '113014^DICOM Study^DCM', e(subject.StudyInstanceUID))
  for (const { title, text } of content.sections) {
    if (text.trim() !== '') observe('TX', `${code}^^${e(title)}`, e(text.trim()))
  }
  if (signature !== null) observe('TX', '^Text digest (SHA-256)^L', e(signature.sha256))
  if (message.pdf !== undefined) observe('ED', `${code}^^PDF`, `^application^pdf^Base64^${message.pdf}`)
  return `${segments.map(fields => fields.join('|').replace(/\|+$/, '')).join('\r')}\r`
}

/** A name with no identifier before it. */
function xpnAsXcn(name: string): string {
  const [first = ''] = name.split('=')
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = first.split('^').map(escapeHl7)
  return first === '' ? '' : ['', family, given, middle, suffix, prefix].join('^').replace(/\^+$/, '')
}

/** OBR-32 is of type NDL, whose first component is a name (CNN): its parts are subcomponents (§2.A.10, §2.A.44). */
function xpnAsNdl(name: string): string {
  return xpnAsXcn(name).replaceAll('^', '&')
}

/** Table 0001. */
function sexOf(sex: string): string {
  return sex === 'M' || sex === 'F' || sex === 'O' ? sex : 'U'
}

function atPlaces(segment: string, fields: Record<number, string>): string[] {
  const last = Math.max(...Object.keys(fields).map(Number))
  return [segment, ...Array.from({ length: last }, (_, index) => fields[index + 1] ?? '')]
}

/** The report as plain text with its head, for a file or the clipboard. */
export function plainReport(subject: ResultSubject, report: ReportVersion): string {
  const { signature, state } = report
  const head = [
    `Patient: ${subject.PatientName.split('=')[0]?.replaceAll('^', ' ').trim()} (${subject.PatientID})`,
    `Study: ${subject.StudyDate} ${subject.StudyDescription} ${subject.AccessionNumber}`.trim(),
    signature === null
      ? 'DRAFT, not signed'
      : `${state === 'final' ? 'Signed' : 'Preliminary'}: ${signature.name}, ${new Date(signature.at).toISOString()}`,
  ]
  return `${head.join('\n')}\n\n${reportText(report.content)}\n`
}
