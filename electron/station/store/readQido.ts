import type { Database } from 'better-sqlite3'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import type { QidoQuery, QidoRow } from './index.ts'
import { afterPrefix, foldName, queryTokens } from './searchTokens.ts'
import { isSeen } from './visibility.ts'

type Level = QidoQuery['level']
type Value = string | number
interface Condition {
  sql: string
  values: Value[]
}
type Matcher = 'text' | 'uid' | 'date' | 'time' | 'integer' | 'name' | 'modalities'

/** What can be matched and how (PS3.4 §C.2.2.2), by the level it belongs to. */
const MATCHERS: Record<Level, Record<string, Matcher>> = {
  study: {
    StudyInstanceUID: 'uid',
    StudyDate: 'date',
    StudyTime: 'time',
    AccessionNumber: 'text',
    ModalitiesInStudy: 'modalities',
    PatientName: 'name',
    PatientID: 'text',
    IssuerOfPatientID: 'text',
    PatientBirthDate: 'date',
    PatientSex: 'text',
    StudyID: 'text',
    StudyDescription: 'text',
    ReferringPhysicianName: 'text',
  },
  series: {
    SeriesInstanceUID: 'uid',
    Modality: 'text',
    SeriesNumber: 'integer',
    SeriesDescription: 'text',
    BodyPartExamined: 'text',
    SeriesDate: 'date',
    SeriesTime: 'time',
  },
  instance: { SOPInstanceUID: 'uid', SOPClassUID: 'uid', InstanceNumber: 'integer' },
}

/** What comes back, by the level it belongs to (PS3.18 §10.6.3.3: the level's own and those of the levels above). */
const RETURNED: Record<Level, string[]> = {
  study: [
    ...Object.keys(MATCHERS.study).filter(keyword => keyword !== 'ModalitiesInStudy'),
    'ModalitiesInStudy',
    'study.InstitutionName',
    'NumberOfStudyRelatedSeries',
    'NumberOfStudyRelatedInstances',
  ],
  series: [...Object.keys(MATCHERS.series), 'NumberOfSeriesRelatedInstances', 'StationName', 'Manufacturer'],
  instance: [
    ...Object.keys(MATCHERS.instance),
    'NumberOfFrames',
    'TransferSyntaxUID AS AvailableTransferSyntaxUID',
    'attributes',
    'unshowable',
  ],
}

const LEVELS: Record<Level, Level[]> = {
  study: ['study'],
  series: ['study', 'series'],
  instance: ['study', 'series', 'instance'],
}

const TABLES: Record<Level, string> = {
  study: 'study',
  series: 'study JOIN series ON series.study = study.id',
  instance: `study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
    JOIN content ON content.id = instance.shown`,
}

/** Every attribute a query of this level may match on: the level's own and those of the levels above. */
export function qidoKeys(level: Level): ReadonlySet<string> {
  return new Set(LEVELS[level].flatMap(each => Object.keys(MATCHERS[each])))
}

/** The query as one statement: exported so that a test can ask SQLite for its plan. */
export function qidoStatement(query: QidoQuery): { sql: string; values: Value[] } {
  const levels = LEVELS[query.level]
  // A study or series without a shown instance is hidden itself.
  const conditions: Condition[] = [{ sql: isSeen(query.level), values: [] }]
  const uids = (keyword: 'StudyInstanceUID' | 'SeriesInstanceUID') => {
    const uid = query[keyword]
    if (uid !== undefined) conditions.push({ sql: `${keyword} = ?`, values: [uid] })
  }
  uids('StudyInstanceUID')
  if (query.level !== 'study') uids('SeriesInstanceUID')
  for (const { keyword, value } of query.matches) {
    const level = levels.find(level => Object.hasOwn(MATCHERS[level], keyword))
    const matcher = level && MATCHERS[level][keyword]
    const condition = matcher && conditionOf(keyword, matcher, value.trim(), query.fuzzymatching)
    if (condition) conditions.push(condition)
  }
  const where = `WHERE ${conditions.map(condition => `(${condition.sql})`).join(' AND ')}`
  const columns = levels.flatMap(level => RETURNED[level])
  // By row id: pages do not shift while objects arrive.
  const order = levels.map(level => `${level}.id`).join(', ')
  return {
    sql: `SELECT ${columns.join(', ')} FROM ${TABLES[query.level]} ${where} ORDER BY ${order} LIMIT ? OFFSET ?`,
    values: [...conditions.flatMap(condition => condition.values), query.limit, query.offset],
  }
}

export function createQidoReader(db: Database) {
  return {
    /** Keys that are not indexed at this level are ignored, as PS3.18 §8.3.4.1 allows; the counter warns of them. */
    qido(query: QidoQuery): QidoRow[] {
      const { sql, values } = qidoStatement(query)
      return db
        .prepare<unknown[], Record<string, Value | null>>(sql)
        .all(...values)
        .map(qidoRow)
    },
  }
}

function qidoRow(row: Record<string, Value | null>): QidoRow {
  const values: QidoRow['values'] = {}
  const { ModalitiesInStudy, attributes, unshowable, ...plain } = row
  for (const [keyword, value] of Object.entries(plain)) if (value !== null && value !== '') values[keyword] = value
  if (typeof ModalitiesInStudy === 'string') values.ModalitiesInStudy = JSON.parse(ModalitiesInStudy) as string[]
  if (typeof attributes === 'string') {
    const { Rows, Columns, BitsAllocated } = JSON.parse(attributes) as ImageAttributes
    for (const [keyword, value] of Object.entries({ Rows, Columns, BitsAllocated })) {
      if (value !== undefined) values[keyword] = value
    }
    if (values.NumberOfFrames === 0 || (unshowable !== null && Rows === undefined)) delete values.NumberOfFrames
  }
  return { values }
}

function conditionOf(keyword: string, matcher: Matcher, value: string, fuzzy: boolean): Condition | undefined {
  // Universal matching (PS3.4 §C.2.2.2.3).
  if (value === '' || value === '*') return undefined
  switch (matcher) {
    case 'uid': {
      const list = value.split(/[\\,]/).map(uid => uid.trim())
      return { sql: `${keyword} IN (${list.map(() => '?').join(', ')})`, values: list }
    }
    case 'integer':
      return { sql: `${keyword} = ?`, values: [Number(value)] }
    case 'date':
      return range(keyword, value.replaceAll('.', ''))
    case 'time':
      return range(keyword, value.replaceAll(':', ''))
    case 'name':
      return nameCondition(value, fuzzy)
    case 'modalities': {
      const list = value.split(/[\\,]/).map(modality => textCondition('other.Modality', modality.trim()))
      return {
        sql: `EXISTS (SELECT 1 FROM series AS other WHERE other.study = study.id AND ${isSeen('other')} AND (${list.map(({ sql }) => sql).join(' OR ')}))`,
        values: list.flatMap(({ values }) => values),
      }
    }
    case 'text':
      return textCondition(keyword, value)
  }
}

function textCondition(column: string, value: string): Condition {
  if (!/[*?]/.test(value)) return { sql: `${column} = ?`, values: [value] }
  return { sql: `${column} GLOB ?`, values: [glob(value)] }
}

/** DICOM's `*` and `?` are GLOB's; only the bracket means something more there. */
function glob(value: string): string {
  return value.replaceAll('[', '[[]')
}

/** `a-b`, `a-`, `-b` or one value, all inclusive (PS3.4 §C.2.2.2.5); less precise values stand for everything they begin. */
function range(column: string, value: string): Condition {
  const dash = value.indexOf('-')
  const from = dash < 0 ? value : value.slice(0, dash)
  const to = dash < 0 ? value : value.slice(dash + 1)
  // An unknown date matches no range.
  const lower: Condition = { sql: `${column} >= ?`, values: [from.trim() || '0'] }
  if (to.trim() === '') return lower
  return { sql: `${lower.sql} AND ${column} < ?`, values: [...lower.values, afterPrefix(to.trim())] }
}

/**
 * Names match without regard to case and accents, in any of the groups of a name. Fuzzy: every word of the value begins a word of
 * the name, in any order. The words before the first wildcard lead into the index either way.
 */
function nameCondition(value: string, fuzzy: boolean): Condition | undefined {
  const wildcard = value.search(/[*?]/)
  const tokens = queryTokens(fuzzy ? value.replace(/[*?]/g, ' ') : wildcard < 0 ? value : value.slice(0, wildcard))
  const indexed: Condition[] = tokens.map(token => ({
    sql: 'study.id IN (SELECT study FROM studyToken WHERE token >= ? AND token < ?)',
    values: [token, afterPrefix(token)],
  }))
  if (!fuzzy) {
    const pattern = glob(foldName(value))
    const groups = pattern.includes('=') ? [pattern] : [pattern, `${pattern}=*`, `*=${pattern}`, `*=${pattern}=*`]
    indexed.push({ sql: groups.map(() => 'foldedName GLOB ?').join(' OR '), values: groups })
  }
  if (indexed.length === 0) return undefined
  return {
    sql: indexed.map(({ sql }) => `(${sql})`).join(' AND '),
    values: indexed.flatMap(({ values }) => values),
  }
}
