import type { Priority, ReadingStatus, StudySort } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { StudyFilter, StudyQuery } from './index.ts'
import { isSeen } from './visibility.ts'

/** How the index writes them: ordered as a list is, so that a sort by them means something. */
export const READING: readonly ReadingStatus[] = ['new', 'opened', 'read']
export const PRIORITY: readonly Priority[] = ['routine', 'urgent', 'stat']

type Value = string | number
export interface Statement {
  sql: string
  values: Value[]
}

/** The index and its columns between `pinned` and `id`, by sort key. */
const SORTS: Record<StudySort, { index: string; keys: readonly string[] }> = {
  lastReceived: { index: 'studySortReceived', keys: ['lastReceived'] },
  PatientName: { index: 'studySortName', keys: ['foldedName'] },
  PatientID: { index: 'studySortPatientID', keys: ['PatientID'] },
  PatientBirthDate: { index: 'studySortBirthDate', keys: ['PatientBirthDate'] },
  PatientSex: { index: 'studySortSex', keys: ['PatientSex'] },
  StudyDate: { index: 'studySortDate', keys: ['StudyDate', 'StudyTime'] },
  ModalitiesInStudy: { index: 'studySortModalities', keys: ['ModalitiesInStudy'] },
  BodyPartExamined: { index: 'studySortBodyParts', keys: ['BodyPartsInStudy'] },
  StudyDescription: { index: 'studySortDescription', keys: ['sortDescription'] },
  AccessionNumber: { index: 'studySortAccession', keys: ['AccessionNumber'] },
  InstitutionName: { index: 'studySortInstitution', keys: ['sortInstitution'] },
  StationName: { index: 'studySortStations', keys: ['StationNamesInStudy'] },
  ReferringPhysicianName: { index: 'studySortReferrer', keys: ['sortReferrer'] },
  NumberOfStudyRelatedInstances: { index: 'studySortInstances', keys: ['NumberOfStudyRelatedInstances'] },
  priors: { index: 'studySortPriors', keys: ['priors'] },
  reading: { index: 'studySortReading', keys: ['reading'] },
  priority: { index: 'studySortPriority', keys: ['priority'] },
}

/** Where a page ended: `pinned`, the sort keys and the id of its last study. */
export interface Cursor {
  pinned: number
  keys: Value[]
  id: number
}

/** What of a row a cursor is made of. */
export function cursorColumns(sort: StudySort): string {
  return ['pinned', ...SORTS[sort].keys, 'study.id'].join(', ')
}

export function writeCursor(row: Value[]): string {
  return Buffer.from(JSON.stringify(row)).toString('base64url')
}

/** Throws 'bad-request'. */
export function readCursor(text: string, sort: StudySort): Cursor {
  try {
    const row: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    const isKey = (value: unknown): value is Value => typeof value === 'string' || typeof value === 'number'
    if (Array.isArray(row) && row.every(isKey) && row.length === SORTS[sort].keys.length + 2) {
      const [pinned, id, keys] = [row[0], row.at(-1), row.slice(1, -1)]
      if ((pinned === 0 || pinned === 1) && typeof id === 'number') return { pinned, keys, id }
    }
  } catch {
    // told below
  }
  throw new IsocenterError('bad-request', 'cursor')
}

/** The conditions of a filter but for its search, and the index that answers them all without the rows themselves. */
export function filterConditions(filter: StudyFilter): Statement & { index: string } {
  const conditions: string[] = []
  const values: Value[] = []
  const add = (sql: string, ...given: Value[]) => {
    conditions.push(sql)
    values.push(...given)
  }
  // A study without a date is in no range of dates.
  if (filter.from !== '' || filter.to !== '') add('StudyDate >= ?', filter.from || '0')
  if (filter.to !== '') add('StudyDate <= ?', filter.to)
  if (filter.receivedSince !== undefined) add('firstReceived >= ?', filter.receivedSince)
  if (filter.statuses.length > 0) add(`reading IN (${filter.statuses.map(status => READING.indexOf(status)).join()})`)
  if (filter.priorities.length > 0) add(`priority IN (${filter.priorities.map(one => PRIORITY.indexOf(one)).join()})`)
  if (filter.modalities.length > 0) {
    const each = filter.modalities.map(() => 'instr(ModalitiesInStudy, ?) > 0')
    add(`(${each.join(' OR ')})`, ...filter.modalities.map(modality => JSON.stringify(modality)))
  }
  const index = filter.receivedSince === undefined ? 'studyFilterByDate' : 'studyFilterByArrival'
  return { sql: conditions.join(' AND '), values, index }
}

/** What the search left: a few studies by number, many that `searched(id)` knows, or all of them when there is none. */
export type Found = { kind: 'all' } | { kind: 'some'; ids: string } | { kind: 'many' }

/** FROM and WHERE of all that match, for counting them and for sorting few of them. */
export function matching(filter: StudyFilter, found: Found): Statement {
  const { sql, values, index } = filterConditions(filter)
  if (found.kind === 'some') {
    return {
      sql: `FROM study NOT INDEXED WHERE ${isSeen('study')} AND study.id IN (SELECT value FROM json_each(?))${sql && ` AND ${sql}`}`,
      values: [found.ids, ...values],
    }
  }
  // The indexes hold what is shown alone, and serve a query that asks for that.
  const conditions = [isSeen('study'), sql, found.kind === 'many' ? 'searched(study.id)' : ''].filter(Boolean)
  return { sql: `FROM study INDEXED BY ${index} WHERE ${conditions.join(' AND ')}`, values }
}

/** A page by sorting all that match: right when they are few. */
export function sortedStatement(
  columns: string,
  query: StudyQuery,
  found: Found,
  after: Cursor | undefined,
): Statement {
  const { keys } = SORTS[query.sort]
  const { sql, values } = matching(query, found)
  const place = [...keys, 'study.id']
  let reached = ''
  if (after) {
    const later = `(${place.join(', ')}) ${query.descending ? '<' : '>'} (${place.map(() => '?').join(', ')})`
    reached = ` AND (pinned < ? OR (pinned = ? AND ${later}))`
    values.push(after.pinned, after.pinned, ...after.keys, after.id)
  }
  const order = orderOf(place, query.descending)
  return { sql: `SELECT ${columns} ${sql}${reached} ORDER BY pinned DESC, ${order} LIMIT ?`, values }
}

/**
 * A page by walking the order's own index: statements to be asked one after the other until the page is full, each one range of
 * that index and in its order. The last placeholder of each is the limit. First what has the keys the last page ended with (the
 * id is no part of a range over several columns), then what lies beyond, then the studies that are not pinned.
 */
export function walkStatements(
  columns: string,
  query: StudyQuery,
  found: Found,
  after: Cursor | undefined,
): Statement[] {
  const { index, keys } = SORTS[query.sort]
  const filter = filterConditions(query)
  const beyond = query.descending ? '<' : '>'
  const order = orderOf([...keys, 'study.id'], query.descending)
  const range = (pinned: number, condition: string, given: Value[]): Statement => {
    const all = [
      isSeen('study'),
      `pinned = ${pinned}`,
      condition,
      filter.sql,
      found.kind === 'many' ? 'searched(study.id)' : '',
    ]
    return {
      sql: `SELECT ${columns} FROM study INDEXED BY ${index} WHERE ${all.filter(Boolean).join(' AND ')} ORDER BY ${order} LIMIT ?`,
      values: [...given, ...filter.values],
    }
  }
  if (!after) return [range(1, '', []), range(0, '', [])]
  const same = keys.map(key => `${key} = ?`).join(' AND ')
  const vector = keys.length > 1 ? [`(${keys.join(', ')})`, `(${keys.map(() => '?').join(', ')})`] : [keys[0], '?']
  const rest = [
    range(after.pinned, `${same} AND study.id ${beyond} ?`, [...after.keys, after.id]),
    range(after.pinned, `${vector[0]} ${beyond} ${vector[1]}`, after.keys),
  ]
  return after.pinned === 1 ? [...rest, range(0, '', [])] : rest
}

function orderOf(columns: string[], descending: boolean): string {
  return columns.map(column => (descending ? `${column} DESC` : column)).join(', ')
}
