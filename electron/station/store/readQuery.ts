import type { Database, Statement } from 'better-sqlite3'
import { createFirstWithWord } from './firstWithWord.ts'
import type { FindPage, FindQuery, QidoPage, QidoQuery } from './index.ts'
import { type QidoValues, qidoJson } from './qidoJson.ts'
import {
  type Condition,
  conditionsOf,
  every,
  isIndexed,
  type Matching,
  onlyPrefix,
  type SqlValue,
} from './queryConditions.ts'
import { isAtOrAbove, QUERY_KEYS, type QueryLevel } from './queryKeys.ts'
import { foldName } from './searchTokens.ts'
import { isSeen } from './visibility.ts'

/** Rows read within one transaction. */
const PAGE = 200
/** Studies looked at within one transaction where no index helps: some 50 ms at a usual number of series and images. */
const WINDOW: Record<QueryLevel, number> = {
  patient: Number.MAX_SAFE_INTEGER,
  study: 50_000,
  series: 10_000,
  instance: 250,
}
/** Queries come in few forms; a statement takes longer to be made than an exact key to be found. */
const STATEMENTS_KEPT = 64
/** Of those with the word in another attribute, or elsewhere in the name, there may be more than of those that are looked for. */
const MOST_ROUNDS = 4

type Row = Array<SqlValue | null>
type RowStatement = Statement<SqlValue[], Row>

const TABLES: Record<QueryLevel, string> = {
  patient: 'study',
  study: 'study',
  series: 'study JOIN series ON series.study = study.id',
  instance: `study JOIN series ON series.study = study.id JOIN instance ON instance.series = series.id
    JOIN content ON content.id = instance.shown`,
}

/** A patient is known by one of its studies. */
const NUMBER: Record<QueryLevel, string> = {
  patient: 'study.id',
  study: 'study.id',
  series: 'series.id',
  instance: 'instance.id',
}

/** FROM and WHERE of every query, whatever door asks: what is not to be found is left out here. */
function found(level: QueryLevel, matching: Matching, more: Condition[] = []): Condition {
  // A study or series without an image that is seen is hidden itself.
  const seen: Condition = { sql: isSeen(level === 'patient' ? 'study' : level), values: [] }
  const { sql, values } = every([seen, ...conditionsOf({ ...matching, matches: atOrAbove(level, matching) }), ...more])
  return { sql: `FROM ${TABLES[level]} WHERE ${sql}`, values }
}

function atOrAbove(level: QueryLevel, { matches }: Matching): Matching['matches'] {
  return matches.filter(({ keyword }) => {
    const key = QUERY_KEYS.get(keyword)
    return key !== undefined && isAtOrAbove(key, level)
  })
}

/** The numbers of all that is found, or of what is found among the studies behind `from`: exported so that a test sees its plan. */
export function findStatement(query: FindQuery, until: number | undefined): Condition {
  const { level, from } = query
  const window = until === undefined ? [] : [{ sql: 'study.id > ? AND study.id <= ?', values: [from, until] }]
  const { sql, values } = found(level, query, window)
  if (level === 'patient')
    return { sql: `SELECT min(study.id) AS number ${sql} GROUP BY study.patient ORDER BY number`, values }
  return { sql: `SELECT ${NUMBER[level]} ${sql} ORDER BY ${NUMBER[level]}`, values }
}

/** Exported so that a test sees its plan. */
export function qidoStatement(query: QidoQuery, among?: readonly number[]): Condition & { keywords: string[] } {
  const { level, StudyInstanceUID, SeriesInstanceUID, limit, offset } = query
  const above: Condition[] = []
  if (among) above.push({ sql: 'study.id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(among)] })
  if (StudyInstanceUID !== undefined) above.push({ sql: 'StudyInstanceUID = ?', values: [StudyInstanceUID] })
  if (level !== 'study' && SeriesInstanceUID !== undefined) {
    above.push({ sql: 'SeriesInstanceUID = ?', values: [SeriesInstanceUID] })
  }
  const { sql, values } = found(level, { ...query, isEntered: among !== undefined }, above)
  const keys = [...QUERY_KEYS].filter(([, key]) => isAtOrAbove(key, level) && !key.dear)
  // By row id: pages do not shift while objects arrive.
  const order = { study: 'study.id', series: 'study.id, series.id', instance: 'study.id, series.id, instance.id' }[
    level
  ]
  return {
    sql: `SELECT ${keys.map(([, key]) => key.sql).join(', ')} ${sql} ORDER BY ${order} LIMIT ? OFFSET ?`,
    values: [...values, limit, offset],
    keywords: keys.map(([keyword]) => keyword),
  }
}

/** What C-FIND and QIDO-RS ask. */
export function createQueryReader(db: Database) {
  db.function('folded', { deterministic: true }, name => foldName(String(name)))
  const newestStudy = db.prepare<[], number | null>('SELECT max(id) FROM study').pluck()
  const firstWithWord = createFirstWithWord(db)
  const kept = new Map<string, RowStatement>()

  /** Whole rows as lists; the statement is kept for the next query of the same form. */
  function statement(sql: string): RowStatement {
    const known = kept.get(sql)
    kept.delete(sql)
    const made = known ?? db.prepare<SqlValue[], Row>(sql).raw()
    kept.set(sql, made)
    const [oldest] = kept.keys()
    if (kept.size > STATEMENTS_KEPT && oldest !== undefined) kept.delete(oldest)
    return made
  }

  function rowsOf(level: QueryLevel, returned: readonly string[], numbers: ArrayLike<number>): string[][] {
    if (numbers.length === 0) return []
    const keys = returned.map(keyword => QUERY_KEYS.get(keyword))
    const columns = keys.map(key => key?.sql ?? 'NULL')
    const number = NUMBER[level]
    const sql = `SELECT ${[number, ...columns].join(', ')} FROM ${TABLES[level]}
      WHERE ${number} IN (SELECT value FROM json_each(?)) ORDER BY ${number}`
    return statement(sql)
      .all(JSON.stringify(Array.from(numbers)))
      .map(([, ...values]) => values.map((value, at) => (keys[at]?.list ? listText(value) : String(value ?? ''))))
  }

  function qidoRows(query: QidoQuery, among?: readonly number[]): QidoValues[] {
    const { sql, values, keywords } = qidoStatement(query, among)
    return statement(sql)
      .all(...values)
      .map(row => qidoValues(keywords, row))
  }

  /** Of names that begin alike, where those that are looked for are soon found. */
  function firstPage(query: QidoQuery): QidoValues[] | undefined {
    const prefix = onlyPrefix(query)
    const { limit } = query
    if (prefix === undefined || query.level !== 'study' || query.StudyInstanceUID || query.offset > 0) return undefined
    const rows: QidoValues[] = []
    for (let round = 0, after = 0; round < MOST_ROUNDS; round++) {
      const first = firstWithWord(prefix, after, limit - rows.length)
      if (!first) return undefined
      rows.push(...qidoRows({ ...query, limit: limit - rows.length }, first.ids))
      if (first.until === undefined || rows.length === limit) return rows
      after = first.until
    }
    return undefined
  }

  const reads = {
    find(query: FindQuery): FindPage {
      const scanned = query.level !== 'patient' && !isIndexed(query)
      const until = scanned ? query.from + WINDOW[query.level] : undefined
      const { sql, values } = findStatement(query, until)
      const numbers = Uint32Array.from(statement(sql).all(...values), ([number]) => Number(number))
      return {
        rows: rowsOf(query.level, query.returned, numbers.subarray(0, PAGE)),
        rest: numbers.slice(PAGE),
        next: until !== undefined && until < (newestStudy.get() ?? 0) ? until : null,
      }
    },

    findRows: rowsOf,

    /** Keys that are not known at this level are ignored, as PS3.18 §8.3.4.1 allows; the counter warns of them. */
    qido(query: QidoQuery, base: string): QidoPage {
      // One more than asked for tells whether there are more.
      const one = { ...query, limit: query.limit + 1 }
      const rows = firstPage(one) ?? qidoRows(one)
      const results = rows.slice(0, query.limit).map(row => JSON.stringify(qidoJson(row, query.level, base)))
      return {
        json: new TextEncoder().encode(`[${results.join(',\n')}]`),
        more: query.limit > 0 && rows.length > query.limit,
      }
    },

    /** What the first queries of a fresh station would pay otherwise: the index opened, its statements planned, their code compiled. */
    warmUp(): void {
      for (const keyword of ['AccessionNumber', 'PatientID', 'StudyInstanceUID', 'PatientName']) {
        const query = { level: 'study', matches: [{ keyword, value: '0' }], fuzzymatching: false } as const
        reads.find({ ...query, returned: [], from: 0 })
        reads.qido({ ...query, limit: 1, offset: 0 }, '')
      }
      rowsOf('study', ['PatientName', 'StudyDate', 'ModalitiesInStudy'], [newestStudy.get() ?? 0])
    },
  }
  return reads
}

function qidoValues(keywords: string[], row: Row): QidoValues {
  const values: QidoValues = {}
  for (const [at, keyword] of keywords.entries()) {
    const value = row[at]
    if (value === null || value === undefined || value === '') continue
    values[keyword] = QUERY_KEYS.get(keyword)?.list ? (JSON.parse(String(value)) as string[]) : value
  }
  return values
}

function listText(value: SqlValue | null | undefined): string {
  return value ? (JSON.parse(String(value)) as string[]).join('\\') : ''
}
