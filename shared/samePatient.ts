import { isJunkPatientID } from './dicom/instanceHeader.ts'
import { foldForSearch } from './dicom/personName.ts'

/** What a study says of its patient, as decoded; '' = nothing. */
export interface PatientFacts {
  PatientName: string
  PatientID: string
  IssuerOfPatientID: string
  PatientBirthDate: string
  PatientSex: string
  AccessionNumber: string
}

/**
 * `likely`: more than name and birth date speak for one patient, nothing against. `possible`: a person has to look. `apart`: one ID
 * is used for what look like two patients. `none`: nothing to ask anybody about.
 */
export type Likeness = 'likely' | 'possible' | 'apart' | 'none'

type Agreement = 'same' | 'differs' | 'unknown'

const TEMPORARY_WORD =
  /^(unknown|unk|unbekannt|unbekannte|unbekannter|inconnu|inconnue|desconocido|desconocida|sconosciuto|emergency|emerg|notfall|notaufnahme|urgence|urgencia|trauma|schockraum|polytrauma|x{2,}|temp|temporary|unidentified)\d*$/
/** An ID is one word with its number: `NOTFALL-0317`, `TRAUMA_12`, `XX4711`. */
const TEMPORARY_ID =
  /^(unknown|unk|unbekannt|emergency|emerg|emrg|notfall|trauma|schockraum|x{2,}|temp|tmp)[\s\p{P}\p{S}]*\d*$/u
const DOE = /^(john|jane|max|erika)$/

/** True for an ID or a name that stands for somebody nobody could ask: UNKNOWN, NOTFALL 17, TRAUMA^XX, DOE^JOHN. */
export function isTemporary({ PatientID, PatientName }: Pick<PatientFacts, 'PatientID' | 'PatientName'>): boolean {
  const words = plainWords(PatientName)
  const isDoe = words.length === 2 && words.includes('doe') && words.some(word => DOE.test(word))
  return isDoe || words.some(word => TEMPORARY_WORD.test(word)) || TEMPORARY_ID.test(PatientID.trim().toLowerCase())
}

/** How likely two studies are of one patient, with the reasons in words; the order of the two does not matter. */
export function comparePatients(a: PatientFacts, b: PatientFacts): { likeness: Likeness; reasons: string[] } {
  const name = compareNames(a.PatientName, b.PatientName)
  const birth = compared(birthDate(a), birthDate(b))
  const sex = compared(sexOf(a), sexOf(b))
  const id = compared(plainID(a.PatientID), plainID(b.PatientID))
  const issuer = compared(a.IssuerOfPatientID.trim(), b.IssuerOfPatientID.trim())
  const accession = compared(a.AccessionNumber.trim(), b.AccessionNumber.trim()) === 'same'
  const temporary = isTemporary(a) || isTemporary(b)
  const against = [
    ...(birth === 'differs' ? ['other birth date'] : []),
    ...(sex === 'differs' ? ['other sex'] : []),
    ...(name === 'differs' && !temporary ? ['other name'] : []),
  ]
  const agreeing = [
    ...(name === 'same' ? ['same name'] : name === 'turned' ? ['same name, its parts in another order'] : []),
    ...(birth === 'same' ? ['same birth date'] : []),
    ...(accession ? ['same accession number'] : []),
    ...(temporary ? ['one is a temporary patient'] : []),
  ]
  const isNamed = name === 'same' || name === 'turned'

  if (id === 'same' && issuer === 'differs') {
    const same = 'same ID from another issuer'
    if (against.length > 0) return { likeness: 'apart', reasons: [same, ...against] }
    return isNamed && birth === 'same'
      ? { likeness: 'possible', reasons: [...agreeing, `${same}, which says nothing`] }
      : { likeness: 'none', reasons: [] }
  }
  if (id === 'same') {
    const written = a.PatientID.trim() === b.PatientID.trim() ? 'same ID' : 'same ID but for zeros or letter case'
    const same =
      issuer === 'unknown' && a.IssuerOfPatientID !== b.IssuerOfPatientID ? `${written}, one without issuer` : written
    if (birth === 'differs' || sex === 'differs') return { likeness: 'apart', reasons: [same, ...against] }
    const isBacked = isNamed || birth === 'same' || accession
    return { likeness: isBacked ? 'likely' : 'possible', reasons: [same, ...agreeing, ...against] }
  }
  if (against.length > 0) return { likeness: 'none', reasons: [] }
  // One order is for one patient, if one house wrote both numbers.
  if (accession && (isNamed || temporary)) {
    const isBacked = temporary || birth === 'same'
    return { likeness: isBacked ? 'likely' : 'possible', reasons: agreeing }
  }
  if (birth !== 'same') return { likeness: 'none', reasons: [] }
  if (isNamed) {
    const ids = id === 'differs' ? 'the IDs differ' : 'one has no ID'
    return { likeness: 'possible', reasons: [...agreeing, `nothing but name and birth date: ${ids}`] }
  }
  return temporary && sex === 'same'
    ? { likeness: 'possible', reasons: [...agreeing, 'same sex', 'nothing but birth date and sex'] }
    : { likeness: 'none', reasons: [] }
}

/** An ID without what houses write differently, '' where it names nobody: without leading zeros, in lower case. */
export function plainID(PatientID: string): string {
  const id = PatientID.trim()
  if (isJunkPatientID(id) || TEMPORARY_ID.test(id.toLowerCase())) return ''
  return id.toLowerCase().replace(/^0+(?=.)/, '')
}

/** By the groups both have in one script; where they are written in two scripts nothing is said. */
function compareNames(a: string, b: string): 'turned' | Agreement {
  const groupsA = groupsOf(a)
  const groupsB = groupsOf(b)
  let agreement: 'turned' | Agreement = 'unknown'
  for (const [script, words] of groupsA) {
    const others = groupsB.get(script)
    if (!others) continue
    // Written with other characters is another name, however it sounds.
    if (sorted(words) !== sorted(others)) return 'differs'
    if (agreement !== 'same') agreement = words.join(' ') === others.join(' ') ? 'same' : 'turned'
  }
  return agreement
}

function groupsOf(name: string): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const group of name.split('=')) {
    const words = wordsOf(group)
    if (words.length > 0) groups.set(scriptOf(group), words)
  }
  return groups
}

function scriptOf(text: string): string {
  if (/\p{Script=Han}/u.test(text)) return 'han'
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'kana'
  return /\p{Script=Hangul}/u.test(text) ? 'hangul' : 'letters'
}

/** Müller, Mueller and MULLER are one. */
function wordsOf(name: string): string[] {
  return plainWords(name).map(word => word.replace(/([aou])e/g, '$1'))
}

function plainWords(name: string): string[] {
  return foldForSearch(name)
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter(word => word !== '')
}

const sorted = (words: string[]) => [...words].sort().join(' ')

/** A date that stands for "not known" says nothing. */
function birthDate({ PatientBirthDate }: PatientFacts): string {
  const date = PatientBirthDate.trim()
  return /^\d{8}$/.test(date) && !/^(0000|1800|1900|1901|9999)/.test(date) ? date : ''
}

function sexOf({ PatientSex }: PatientFacts): string {
  const sex = PatientSex.trim().toUpperCase()
  return sex === 'M' || sex === 'F' ? sex : ''
}

function compared(a: string, b: string): Agreement {
  if (a === '' || b === '') return 'unknown'
  return a === b ? 'same' : 'differs'
}
