import type { Database } from 'better-sqlite3'
import type { SeriesSummary, StudySummary } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { StoreReader, StudyPage } from './index.ts'
import { afterPrefix, queryTokens } from './searchTokens.ts'

type ListQuery = Parameters<StoreReader['listStudies']>[0]
type StudyRow = Omit<StudySummary, 'ModalitiesInStudy' | 'flags' | 'synthetic'> & {
  id: number
  foldedName: string
  ModalitiesInStudy: string
  flags: string
  synthetic: number
}
type SeriesRow = Omit<SeriesSummary, 'flags' | 'hasImages' | 'thumbnailSOPInstanceUID'> & {
  flags: string
  showable: number
  id: number
}

const SORT_COLUMNS = {
  lastReceived: 'lastReceived',
  StudyDate: 'StudyDate',
  PatientName: 'foldedName',
  PatientID: 'PatientID',
} as const

const STUDY_COLUMNS = `id, foldedName, StudyInstanceUID, PatientName, lang, PatientID, IssuerOfPatientID, PatientBirthDate,
  PatientSex, StudyDate, StudyTime, StudyDescription, AccessionNumber, ReferringPhysicianName, InstitutionName,
  ModalitiesInStudy, NumberOfStudyRelatedSeries, NumberOfStudyRelatedInstances, size, firstReceived, lastReceived,
  sendingAET, flags, synthetic`

/** An instance of the series whose shown content can be a picture. */
const SHOWABLE = `FROM instance JOIN content ON content.id = instance.shown
  WHERE instance.series = series.id AND content.unshowable IS NULL`

/** The list of studies as one statement: exported so that a test can ask SQLite for its plan. */
export function listStatement(query: Pick<ListQuery, 'search' | 'sort' | 'descending' | 'limit'>, after?: Cursor) {
  const column = SORT_COLUMNS[query.sort]
  const { where, values } = searchCondition(query.search)
  const conditions = where ? [where] : []
  if (after) {
    // Within equal keys the newest comes first, whatever the direction: the first half is what the index is entered by.
    const [key, received, id] = after
    conditions.push(
      `${column} ${query.descending ? '<=' : '>='} ? AND (${column} <> ? OR lastReceived < ? OR (lastReceived = ? AND id < ?))`,
    )
    values.push(key, key, received, received, id)
  }
  const order = query.descending ? 'DESC' : 'ASC'
  const keys =
    column === 'lastReceived' ? `lastReceived ${order}, id DESC` : `${column} ${order}, lastReceived DESC, id DESC`
  const sql = `SELECT ${STUDY_COLUMNS} FROM study ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY ${keys} LIMIT ?`
  return { sql, values: [...values, query.limit + 1] }
}

/** Sort key, lastReceived and id of the last row that was given. */
type Cursor = [key: string | number, lastReceived: number, id: number]

export function createStudyReader(db: Database) {
  const studyByUID = db.prepare<[string], StudyRow>(`SELECT ${STUDY_COLUMNS} FROM study WHERE StudyInstanceUID = ?`)
  const seriesOfStudy = db.prepare<[number], SeriesRow>(
    `SELECT series.id, SeriesInstanceUID, Modality, SeriesNumber, SeriesDescription, BodyPartExamined, SeriesDate, SeriesTime,
       NumberOfSeriesRelatedInstances, frames, flags, (SELECT count(*) ${SHOWABLE}) AS showable
     FROM series WHERE study = ? ORDER BY SeriesNumber IS NULL, SeriesNumber, series.id`,
  )
  const middleImage = db.prepare<[number, number], { SOPInstanceUID: string }>(
    `SELECT SOPInstanceUID FROM series, instance JOIN content ON content.id = instance.shown
     WHERE series.id = ? AND instance.series = series.id AND content.unshowable IS NULL
     ORDER BY InstanceNumber, instance.id LIMIT 1 OFFSET ?`,
  )
  const totals = db.prepare<[], { key: string; value: number }>('SELECT key, value FROM state')
  const countStudies = db.prepare<[], { studies: number }>('SELECT count(*) AS studies FROM study')
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)
  const peers = db.prepare<[], Awaited<ReturnType<StoreReader['listPeers']>>[number]>(
    'SELECT AET, address, firstSeen, lastSeen, instances FROM peer ORDER BY lastSeen DESC, AET',
  )
  const settings = db.prepare<[string], { key: string; value: string }>('SELECT key, value FROM setting WHERE user = ?')

  return {
    listStudies(query: ListQuery): StudyPage {
      const { sql, values } = listStatement(query, query.cursor ? readCursor(query.cursor) : undefined)
      const rows = db.prepare<unknown[], StudyRow>(sql).all(...values)
      const more = rows.length > query.limit
      if (more) rows.pop()
      const last = rows.at(-1)
      const search = searchCondition(query.search)
      const total = search.where
        ? (db
            .prepare<unknown[], { studies: number }>(`SELECT count(*) AS studies FROM study WHERE ${search.where}`)
            .get(...search.values)?.studies ?? 0)
        : (countStudies.get()?.studies ?? 0)
      return {
        studies: rows.map(studySummary),
        total,
        nextCursor: more && last ? writeCursor([last[SORT_COLUMNS[query.sort]], last.lastReceived, last.id]) : null,
        seq: newestSeq.get()?.seq ?? 0,
      }
    },

    getStudy(StudyInstanceUID: string): { study: StudySummary; series: SeriesSummary[]; seq: number } {
      const row = studyByUID.get(StudyInstanceUID)
      if (!row) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      const series = seriesOfStudy.all(row.id).map(({ id, showable, flags, ...summary }) => ({
        ...summary,
        hasImages: showable > 0,
        // The middle of a stack says more than its first slice.
        thumbnailSOPInstanceUID: middleImage.get(id, showable >> 1)?.SOPInstanceUID ?? '',
        flags: JSON.parse(flags) as string[],
      }))
      return { study: studySummary(row), series, seq: newestSeq.get()?.seq ?? 0 }
    },

    counts(): { studies: number; series: number; instances: number; bytes: number } {
      const state = new Map(totals.all().map(row => [row.key, row.value]))
      const of = (key: string) => state.get(key) ?? 0
      return {
        studies: countStudies.get()?.studies ?? 0,
        series: of('series'),
        instances: of('instances'),
        bytes: of('bytes'),
      }
    },

    listPeers: () => peers.all(),

    getSettings(user: string): Record<string, unknown> {
      return Object.fromEntries(settings.all(user).map(row => [row.key, JSON.parse(row.value) as unknown]))
    },
  }
}

/** Every word typed must begin a word of the study. */
function searchCondition(search: string): { where: string; values: Array<string | number> } {
  const tokens = queryTokens(search)
  return {
    where: tokens.map(() => 'id IN (SELECT study FROM studyToken WHERE token >= ? AND token < ?)').join(' AND '),
    values: tokens.flatMap(token => [token, afterPrefix(token)]),
  }
}

function studySummary({ id: _id, foldedName: _foldedName, ...row }: StudyRow): StudySummary {
  return {
    ...row,
    ModalitiesInStudy: JSON.parse(row.ModalitiesInStudy) as string[],
    flags: JSON.parse(row.flags) as string[],
    synthetic: row.synthetic === 1,
  }
}

function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

function readCursor(text: string): Cursor {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(cursor) && cursor.length === 3) {
      const [key, received, id] = cursor as unknown[]
      if (
        (typeof key === 'string' || typeof key === 'number') &&
        typeof received === 'number' &&
        typeof id === 'number'
      ) {
        return [key, received, id]
      }
    }
  } catch {
    // told below
  }
  throw new IsocenterError('bad-request', 'cursor')
}
