import type { Database } from 'better-sqlite3'
import type { StudySummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { StudyFilter, StudyOrder, StudyPage, StudyQuery } from './index.ts'
import { createStudiesCustody } from './outbox/readCustody.ts'
import { createSearch } from './searched.ts'
import { createStudyCount } from './studyCount.ts'
import {
  cursorColumns,
  type Found,
  filterConditions,
  matching,
  readCursor,
  sortedStatement,
  walkStatements,
  writeCursor,
} from './studyQuery.ts'
import { STUDY_COLUMNS, type StudyRow, studySummary } from './studyRow.ts'
import { isSeen } from './visibility.ts'

type Paged = StudyQuery & { limit: number; cursor?: string }

/** What a search and the feed left. `isMarked`: `searched(id)` knows it. */
type Left = Found & { studies: number; isMarked: boolean }

/** PS3.4 knows no limit; a patient with more studies is a phantom. */
const MOST_PRIORS = 500

/** The worklist's reads. */
export function createListReader(db: Database) {
  const search = createSearch(db)
  const custodyOf = createStudiesCustody(db)
  const kept = createStudyCount(db)
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)
  const rowsById = db.prepare<[string], StudyRow>(
    `SELECT ${STUDY_COLUMNS} FROM study WHERE ${isSeen('study')} AND study.id IN (SELECT value FROM json_each(?))`,
  )
  const patientOf = db.prepare<[string], { id: number; patient: number }>(
    `SELECT id, patient FROM study WHERE StudyInstanceUID = ? AND ${isSeen('study')}`,
  )
  const ofPatient = db.prepare<[number, number], StudyRow>(
    `SELECT ${STUDY_COLUMNS} FROM study WHERE patient = ? AND ${isSeen('study')} AND study.id <> ?
     ORDER BY StudyDate DESC, StudyTime DESC, study.id DESC LIMIT ${MOST_PRIORS}`,
  )
  const changedAfter = db
    .prepare<[number], number>(
      `SELECT DISTINCT study.id FROM change CROSS JOIN study USING (StudyInstanceUID) WHERE seq > ? AND kind = 'study'`,
    )
    .pluck()
  const seq = () => newestSeq.get()?.seq ?? 0

  /** What the search and the feed leave of all studies. */
  function find({ search: text, changedSince }: StudyFilter): Left {
    const found = search(text)
    if (changedSince === undefined) return { ...found, isMarked: true }
    const ids = changedAfter.all(changedSince).filter(found.has)
    return { kind: 'some', ids: JSON.stringify(ids), studies: ids.length, isMarked: false }
  }

  function count(filter: StudyFilter, found: Left): number {
    if (found.kind !== 'all' && filterConditions(filter).sql === '') return found.studies
    const known = found.kind === 'all' ? kept.left(filter) : undefined
    if (known !== undefined) return known
    const { sql, values } = matching(filter, found)
    return db.prepare<unknown[], { total: number }>(`SELECT count(*) AS total ${sql}`).get(...values)?.total ?? 0
  }

  /** One page of `columns`, one more than asked for when there are more. */
  function page<Row>(columns: string, query: Paged): { rows: Row[]; total: number } {
    const after = query.cursor ? readCursor(query.cursor, query.sort) : undefined
    const found = find(query)
    const total = count(query, found)
    const most = query.limit + 1
    // To sort a match costs twice what walking past a study does: walking wins when the page is full before most were seen.
    const isFew = 2 * total * total < query.limit * kept.all()
    if (isFew || !found.isMarked) {
      const { sql, values } = sortedStatement(columns, query, found, after)
      return { rows: db.prepare<unknown[], Row>(sql).all(...values, most), total }
    }
    const rows: Row[] = []
    const walked: Found = found.kind === 'all' ? found : { kind: 'many' }
    for (const { sql, values } of walkStatements(columns, query, walked, after)) {
      if (rows.length >= most) break
      rows.push(...db.prepare<unknown[], Row>(sql).all(...values, most - rows.length))
    }
    return { rows, total }
  }

  function summaries(rows: StudyRow[]): StudySummary[] {
    const custody = custodyOf(rows.map(row => row.id))
    return rows.map(row => studySummary(row, custody.get(row.id) ?? null))
  }

  function cursorAt(id: number, query: Paged): string {
    const row = db
      .prepare<[number]>(`SELECT ${cursorColumns(query.sort)} FROM study WHERE id = ?`)
      .raw()
      .get(id)
    return writeCursor(row as Array<string | number>)
  }

  return {
    listStudies(query: Paged): StudyPage {
      const { rows, total } = page<StudyRow>(STUDY_COLUMNS, query)
      const more = rows.length > query.limit
      if (more) rows.pop()
      const last = rows.at(-1)
      const nextCursor = more && last ? cursorAt(last.id, query) : null
      return { studies: summaries(rows), total, nextCursor, seq: seq() }
    },

    orderStudies(query: Paged): StudyOrder {
      const { rows } = page<{ id: number }>('study.id', query)
      const more = rows.length > query.limit
      if (more) rows.pop()
      const last = rows.at(-1)
      return {
        ids: Uint32Array.from(rows, row => row.id),
        nextCursor: more && last ? cursorAt(last.id, query) : null,
        seq: seq(),
      }
    },

    getStudies(ids: number[]): { studies: StudySummary[]; seq: number } {
      const rows = new Map(rowsById.all(JSON.stringify(ids)).map(row => [row.id, row]))
      return { studies: summaries(ids.flatMap(id => rows.get(id) ?? [])), seq: seq() }
    },

    countStudies(filter: StudyFilter): { total: number; unread: number; seq: number } {
      const { sql, values } = matching(filter, find(filter))
      const counted = db
        .prepare<unknown[], { total: number; unread: number }>(
          `SELECT count(*) AS total, count(*) FILTER (WHERE reading < 2) AS unread ${sql}`,
        )
        .get(...values)
      return { total: counted?.total ?? 0, unread: counted?.unread ?? 0, seq: seq() }
    },

    patientStudies(StudyInstanceUID: string): { studies: StudySummary[]; seq: number } {
      const study = patientOf.get(StudyInstanceUID)
      if (!study) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      return { studies: summaries(ofPatient.all(study.patient, study.id)), seq: seq() }
    },
  }
}
