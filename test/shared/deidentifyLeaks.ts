import { tagOf } from '../../shared/dicom/dictionary.ts'
import type { DataSet } from '../../shared/dicom/reader.ts'
import { normaliseUID } from '../../shared/dicom/uids.ts'

/** Text that names nobody, whoever's name or number it was. */
const WORDS =
  /^(none|unknown|anonymous|anonymized|anon|test|phantom|patient|name|image|original|primary|secondary|axial|head|brain|chest|abdomen|other|left|right|normal|removed)$/i

/** Names of kinds, which are the same for everybody. */
const KINDS = new Set(
  ['SOPClassUID', 'ReferencedSOPClassUID', 'CodingSchemeUID', 'ContextGroupExtensionCreatorUID'].map(tagOf),
)

export interface Secrets {
  names: Set<string>
  numbers: Set<string>
}

const IDENTIFIERS = [
  'PatientID',
  'OtherPatientIDs',
  'AccessionNumber',
  'AdmissionID',
  'PatientTelephoneNumbers',
  'PatientAddress',
  'FillerOrderNumberImagingServiceRequest',
  'PlacerOrderNumberImagingServiceRequest',
  'RequestedProcedureID',
  'IssuerOfPatientID',
  'InstitutionName',
  'InstitutionAddress',
  'MilitaryRank',
  'MedicalRecordLocator',
  'DeviceSerialNumber',
  'ScheduledProcedureStepID',
  'PerformedProcedureStepID',
  'StationName',
]

/** Everything of a data set that may not be found in its de-identified form: at every level, private elements included. */
export function secretsOf(dataSet: DataSet, into: Secrets = { names: new Set(), numbers: new Set() }): Secrets {
  for (const span of dataSet.elements) {
    const vr = dataSet.vrOf(span)
    if (vr === 'SQ') {
      for (const item of dataSet.itemsOf(span)) secretsOf(item, into)
      continue
    }
    const texts = () => dataSet.stringsOf(span).map(text => text.trim())
    if (vr === 'PN') {
      for (const name of texts()) {
        for (const word of name.split(/[\s^=,\\]+/)) if (word.length >= 4 && !WORDS.test(word)) into.names.add(word)
      }
    } else if (vr === 'UI' && !KINDS.has(span.tag)) {
      for (const uid of texts().map(normaliseUID)) {
        if (uid.length >= 12 && !uid.startsWith('1.2.840.10008.')) into.numbers.add(uid)
      }
    } else if (vr === 'DA' || vr === 'DT') {
      for (const text of texts()) {
        const digits = text.replace(/[.:]/g, '').slice(0, 8)
        if (/^(19|20)\d{6}$/.test(digits) && digits !== '20000101') into.numbers.add(digits)
        if (vr === 'DT' && text.length >= 14 && !text.startsWith('20000101')) into.numbers.add(text.slice(0, 14))
      }
    } else if (vr === 'TM') {
      for (const text of texts()) {
        const digits = text.replace(/:/g, '')
        if (/^\d{6}/.test(digits) && !/^\d{2}0000(\.0*)?$/.test(digits)) into.numbers.add(digits)
      }
    }
  }
  for (const keyword of IDENTIFIERS) {
    for (const text of dataSet.strings(keyword)) {
      const id = text.trim()
      if (id.length >= 5 && !WORDS.test(id)) into.names.add(id)
    }
  }
  // A phantom's "name" that is the kind of its images (ImageType) names nobody.
  for (const kind of dataSet.strings('ImageType')) {
    for (const name of into.names) if (name.toLowerCase() === kind.toLowerCase()) into.names.delete(name)
  }
  return into
}

/** Which of them stand in the bytes, names in any case and in UTF-8 or as they were encoded one byte each. */
export function leaksIn(bytes: Uint8Array, { names, numbers }: Secrets): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const lower = text.toLowerCase()
  const found: string[] = []
  for (const name of names) {
    const forms = [name, Buffer.from(name).toString('latin1')].map(form => form.toLowerCase())
    if (forms.some(form => standsIn(lower, form))) found.push(name)
  }
  for (const number of numbers) {
    for (let at = text.indexOf(number); at >= 0; at = text.indexOf(number, at + 1)) {
      // In the middle of a longer number it is not this one.
      const before = text[at - 1] ?? ''
      const after = text[at + number.length] ?? ''
      if (/[\d.]/.test(before) || /\d/.test(after)) continue
      found.push(number)
      break
    }
  }
  return found
}

/** As a word: "enter" is not in "ISOCENTER". */
function standsIn(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const around = (text[at - 1] ?? '') + (text[at + word.length] ?? '')
    if (!/[a-z]/.test(around) || word.length > 6) return true
  }
  return false
}
