import { type Matcher, QUERY_KEYS } from './queryKeys.ts'
import { afterPrefix, foldName, IDEOGRAPH, queryTokens } from './searchTokens.ts'
import { isSeen } from './visibility.ts'

export type SqlValue = string | number
export interface Condition {
  sql: string
  values: SqlValue[]
}

/** Where a bare one could lead into an index, SQLite would plan the statement anew for each pattern. */
const PATTERN = '+?'

/** A key by its keyword, its value as DICOM writes it: several are joined by backslashes. */
export interface Match {
  keyword: string
  value: string
  /** Of a sequence: what one and the same item of it must have (PS3.4 §C.2.2.2.6). */
  item?: readonly Match[]
}

export interface Matching {
  matches: readonly Match[]
  /** Every word of a name begins a word of the patient's, in any order, instead of the standard's own matching. */
  fuzzymatching: boolean
  /** A range of dates with one of times is one range of moments (PS3.4 §C.2.2.2.5.4), as extended negotiation may agree. */
  combinedDateTime?: boolean
  /** The studies that a name's words lead to are known already. */
  isEntered?: boolean
}

const NOTHING: Condition = { sql: 'FALSE', values: [] }
const PAIRS: Array<[date: string, time: string]> = [
  ['StudyDate', 'StudyTime'],
  ['SeriesDate', 'SeriesTime'],
]

/** The conditions of a query (PS3.4 §C.2.2.2); keys that are not known, and those that match everything, make none. */
export function conditionsOf(matching: Matching): Condition[] {
  const { matches, combinedDateTime = false } = matching
  const pairs = combinedDateTime ? PAIRS.flatMap(pair => combined(matches, pair)) : []
  const done = new Set(pairs.flatMap(({ keywords }) => keywords))
  const others = matches.flatMap(({ keyword, value, item }) => {
    const key = QUERY_KEYS.get(keyword)
    if (key?.items && item) return inOneItem(key.sql, key.items, item) ?? []
    if (!key?.matcher || done.has(keyword)) return []
    return conditionOf(key.sql, key.matcher, value.trim(), matching) ?? []
  })
  return [...pairs.map(({ condition }) => condition), ...others]
}

/** Whether an index is entered by one of these keys; the conditions of others are asked of row after row. */
export function isIndexed({ matches, fuzzymatching }: Matching): boolean {
  return matches.some(({ keyword, value }) => {
    const matcher = QUERY_KEYS.get(keyword)?.matcher
    if (isUniversal(value.trim()) || matcher === undefined) return false
    if (keyword === 'StudyDate') return true
    if (keyword === 'PatientID' || keyword === 'AccessionNumber') return !/(^|\\)\s*[*?]/.test(value)
    if (matcher === 'patientName') return leadingWords(value, fuzzymatching).length > 0
    return matcher === 'uid' && keyword !== 'SOPClassUID' && keyword !== 'AvailableTransferSyntaxUID'
  })
}

/** The word whose studies are all that a query may find, where it asks for nothing but names that begin with it. */
export function onlyPrefix({ matches, fuzzymatching }: Matching): string | undefined {
  const [only, ...others] = matches.filter(({ value, item }) => item || !isUniversal(value.trim()))
  if (!only || others.length > 0 || only.keyword !== 'PatientName' || fuzzymatching) return undefined
  const [word] = leadingWords(only.value.trim(), false)
  return word && !word.isWhole ? word.token : undefined
}

/** PS3.4 §C.2.2.2.3, and the wildcard that is the same as it (§C.2.2.2.4). */
function isUniversal(value: string): boolean {
  return /^\**$/.test(value)
}

function conditionOf(column: string, matcher: Matcher, value: string, matching: Matching): Condition | undefined {
  if (isUniversal(value)) return undefined
  switch (matcher) {
    case 'uid':
      return uids(column, value)
    case 'integer':
      return anyOf(value, one =>
        /^[-+]?\d{1,12}$/.test(one) ? { sql: `${column} = ?`, values: [Number(one)] } : NOTHING,
      )
    case 'date':
      return dates(column, value)
    case 'time':
      return times(column, value)
    case 'patientName':
      return patientName(value, matching)
    case 'name':
      return names(`folded(${column})`, value)
    case 'modalities':
      // QIDO-RS writes lists with commas.
      return anyOf(value.replaceAll(',', '\\'), modality)
    case 'classes': {
      const { sql, values } = uids('each.SOPClassUID', value)
      return {
        sql: `EXISTS (SELECT 1 FROM series AS every JOIN instance AS each ON each.series = every.id WHERE every.study = study.id AND ${isSeen('each')} AND ${sql})`,
        values,
      }
    }
    case 'text':
      return anyOf(value, one => text(column, one))
  }
}

function inOneItem(list: string, known: readonly string[], item: readonly Match[]): Condition | undefined {
  const conditions = item
    .filter(({ keyword, value }) => known.includes(keyword) && !isUniversal(value.trim()))
    .map(({ keyword, value }) => anyOf(value, one => text(`item.value ->> '${keyword}'`, one)))
  if (conditions.length === 0) return undefined
  const { sql, values } = every(conditions)
  return { sql: `EXISTS (SELECT 1 FROM json_each(${list}) AS item WHERE ${sql})`, values }
}

/** One of several values: what a value of these kinds never has is a backslash. */
function anyOf(value: string, each: (one: string) => Condition): Condition {
  const all = value.split('\\').flatMap(one => (one.trim() === '' ? [] : each(one.trim())))
  if (all.length === 0) return NOTHING
  return { sql: all.map(({ sql }) => sql).join(' OR '), values: all.flatMap(({ values }) => values) }
}

/** A list of UIDs (PS3.4 §C.2.2.2.2); QIDO-RS writes it with commas (PS3.18 §8.3.4.1). */
function uids(column: string, value: string): Condition {
  const list = value.split(/[\\,]/).map(uid => uid.trim())
  if (list.length === 1) return { sql: `${column} = ?`, values: list }
  return { sql: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(list)] }
}

/** A single value or a wildcard, with regard to case (PS3.4 §C.2.2.2.1); what stands before the first wildcard leads into an index. */
function text(column: string, value: string): Condition {
  const wildcard = value.search(/[*?]/)
  if (wildcard < 0) return { sql: `${column} = ?`, values: [value] }
  const pattern: Condition = { sql: `${column} GLOB ${PATTERN}`, values: [glob(value)] }
  if (wildcard === 0) return pattern
  const prefix = value.slice(0, wildcard)
  return {
    sql: `(${column} >= ? AND ${column} < ? AND ${pattern.sql})`,
    values: [prefix, afterPrefix(prefix), ...pattern.values],
  }
}

/** DICOM's `*` and `?` are GLOB's; only the bracket means something more there. */
function glob(value: string): string {
  return value.replaceAll('[', '[[]')
}

/** Of the list in a study's own row: an index has it, so that the series need not be looked at. */
function modality(value: string): Condition {
  if (!/[*?]/.test(value)) return { sql: 'instr(study.ModalitiesInStudy, ?) > 0', values: [JSON.stringify(value)] }
  return {
    sql: 'EXISTS (SELECT 1 FROM json_each(study.ModalitiesInStudy) AS listed WHERE listed.value GLOB ?)',
    values: [glob(value)],
  }
}

/** `a-b`, `a-`, `-b` or one value, all inclusive (PS3.4 §C.2.2.2.5). */
function bounds(value: string): { from: string; to: string } {
  const dash = value.indexOf('-')
  if (dash < 0) return { from: value.trim(), to: value.trim() }
  return { from: value.slice(0, dash).trim(), to: value.slice(dash + 1).trim() }
}

/** Less precise dates stand for all that they begin. An unknown date is in no range. */
function dates(column: string, value: string): Condition {
  const { from, to } = bounds(value.replaceAll('.', ''))
  const lower: Condition = { sql: `${column} >= ?`, values: [from || '0'] }
  if (to === '') return lower
  return { sql: `${lower.sql} AND ${column} < ?`, values: [...lower.values, afterPrefix(to)] }
}

const FIRST = '000000.000000'
const LAST = '235959.999999'
const isTime = (text: string) => text === '' || /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/.test(text)
/** A time as it is in the index, at full length: of what it leaves out the first. */
const wholeTime = (column: string) => `(${column} || substr('${FIRST}', length(${column}) + 1))`

function times(column: string, value: string): Condition {
  const { from, to } = bounds(value.replaceAll(':', ''))
  if (!isTime(from) || !isTime(to)) return NOTHING
  return {
    sql: `${column} <> '' AND ${wholeTime(column)} BETWEEN ? AND ?`,
    values: [from + FIRST.slice(from.length), to + LAST.slice(to.length)],
  }
}

function combined(
  matches: readonly Match[],
  [dateKey, timeKey]: [string, string],
): Array<{ keywords: string[]; condition: Condition }> {
  const given = (keyword: string) => matches.find(match => match.keyword === keyword)?.value.trim() ?? ''
  const date = given(dateKey).replaceAll('.', '')
  const time = given(timeKey).replaceAll(':', '')
  const columns = [QUERY_KEYS.get(dateKey)?.sql, QUERY_KEYS.get(timeKey)?.sql] as const
  if (!date.includes('-') || !time.includes('-') || !columns[0] || !columns[1]) return []
  const [days, hours] = [bounds(date), bounds(time)]
  const moment = `${columns[0]} || ${wholeTime(columns[1])}`
  const all: Condition[] = [dates(columns[0], date)]
  if (!isTime(hours.from) || !isTime(hours.to)) all.push(NOTHING)
  if (days.from !== '')
    all.push({ sql: `${moment} >= ?`, values: [days.from + hours.from + FIRST.slice(hours.from.length)] })
  if (days.to !== '') all.push({ sql: `${moment} <= ?`, values: [days.to + hours.to + LAST.slice(hours.to.length)] })
  return [{ keywords: [dateKey, timeKey], condition: every(all) }]
}

interface LeadingWord {
  token: string
  /** A delimiter or the end stands behind it: it is that word, and none that begins so. */
  isWhole: boolean
}

/**
 * The words that lead into the index: all of them where it is fuzzy, else one before the first wildcard, for the name itself is matched too:
 * a whole one, the longest, is the rarest (of 1,000,000 studies 9,000 have an Adler, 83,000 a word that begins so, and each list that is met
 * with another is made in full: "Adler^Ann*" took 180 ms of CPU with both words, 24 with one).
 */
function leadingWords(value: string, fuzzy: boolean): LeadingWord[] {
  if (fuzzy) return queryTokens(value.replace(/[*?]/g, ' ')).map(token => ({ token, isWhole: false }))
  const wildcard = value.search(/[*?]/)
  const tokens = queryTokens(wildcard < 0 ? value : value.slice(0, wildcard))
  // What is written on becomes part of the last word, or a word of its own behind a delimiter.
  const whole = wildcard < 0 ? tokens : queryTokens(`${value.slice(0, wildcard)}x`).slice(0, -1)
  const [longest] = whole.toSorted((a, b) => b.length - a.length)
  if (longest !== undefined) return [{ token: longest, isWhole: true }]
  return tokens.slice(0, 1).map(token => ({ token, isWhole: false }))
}

/**
 * Names match without regard to case and accents, in any of the groups of a name. Fuzzy: every word of the value begins a word of
 * the name, in any order. Words lead into the index either way.
 */
function patientName(value: string, { fuzzymatching: fuzzy, isEntered }: Matching): Condition | undefined {
  const words = leadingWords(value, fuzzy)
  const all: Condition[] = (isEntered ? [] : words).map(({ token, isWhole }) =>
    isWhole
      ? { sql: 'study.id IN (SELECT study FROM studyToken WHERE token = ?)', values: [token] }
      : {
          sql: 'study.id IN (SELECT study FROM studyToken WHERE token >= ? AND token < ?)',
          values: [token, afterPrefix(token)],
        },
  )
  // The index of words has those of other attributes too.
  all.push(...(fuzzy ? words.map(({ token }) => beginsWord(token)) : [names('study.foldedName', value)]))
  return all.length > 0 ? every(all) : undefined
}

/** A word of the name begins with it; names in Chinese, Japanese and Korean often have no delimiter. */
function beginsWord(token: string): Condition {
  const begin = glob(token)
  const patterns = IDEOGRAPH.test(token) ? [`*${begin}*`] : [`${begin}*`, `*[ =^,;.'-]${begin}*`]
  return { sql: patterns.map(() => `study.foldedName GLOB ${PATTERN}`).join(' OR '), values: patterns }
}

/** `folded`: a name as `foldName` writes it. */
function names(folded: string, value: string): Condition {
  const pattern = glob(foldName(value))
  // What a name leaves out at its end is empty: "Doe^*" is also "Doe".
  const shorter = pattern.replace(/(\^\*)+$/, '')
  const patterns = [...new Set([pattern, shorter])].filter(one => one !== '')
  const groups = patterns.flatMap(one => (one.includes('=') ? [one] : [one, `${one}=*`, `*=${one}`, `*=${one}=*`]))
  if (groups.length === 0) return NOTHING
  return { sql: groups.map(() => `${folded} GLOB ${PATTERN}`).join(' OR '), values: groups }
}

/** All of them together. */
export function every(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => `(${sql})`).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  }
}
