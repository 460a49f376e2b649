import type { Database } from 'better-sqlite3'
import type { RetrievableForm, RetrievableObject, RetrieveCursor, RetrieveKeys } from './index.ts'
import { COPY, createStored, STORED_COLUMNS, type StoredRow } from './storedRow.ts'
import { isHadByUID, isSeen } from './visibility.ts'

const START: RetrieveCursor = { series: 0, instance: 0 }

const among = (column: string) => `${column} IN (SELECT value FROM json_each(?))`

type Row<Columns> = Columns & { instance: number }

/**
 * What C-MOVE and C-GET send. Pages go by series and, in each, by row: a cursor stays where it is while objects arrive, and no
 * page looks through more than the index of the series it gives of.
 */
export function createRetrieveReader(db: Database, dataDir: string) {
  // The index of a series' instances holds their row ids: without being told so SQLite might go through all rows there are.
  const pagesOf = <Columns>(columns: string) => {
    const pageOf = (condition: string) =>
      db.prepare<unknown[], Row<Columns>>(
        `SELECT instance.id AS instance, ${columns} FROM study JOIN series ON series.study = study.id
         JOIN instance INDEXED BY instanceBySeries ON instance.series = series.id JOIN content ON content.id = instance.shown ${COPY}
         WHERE series.id = ? AND instance.id > ? ${condition} ORDER BY instance.id LIMIT ?`,
      )
    return {
      all: pageOf(`AND ${isSeen('instance')}`),
      // Rejected for quality reasons: had by its own UID alone.
      listed: pageOf(`AND ${isHadByUID} AND ${among('SOPInstanceUID')}`),
    }
  }
  const objectPages = pagesOf<StoredRow & { nestsTooDeep: 0 | 1 }>(
    `content.flags LIKE '%"deep-nesting"%' AS nestsTooDeep, ${STORED_COLUMNS}`,
  )
  const formPages = pagesOf<{ SOPClassUID: string; TransferSyntaxUID: string }>('SOPClassUID, TransferSyntaxUID')
  const stored = createStored(db, dataDir)
  const seriesOfInstances = db
    .prepare<[string], number>(`SELECT DISTINCT series FROM instance WHERE ${among('SOPInstanceUID')}`)
    .pluck()

  /** Ascending, from `first` on. */
  function seriesOf(keys: RetrieveKeys, first: number): number[] {
    const { PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = keys
    const conditions: Array<[sql: string, value: string]> = []
    if (PatientID !== undefined) conditions.push(['PatientID = ?', PatientID])
    if (StudyInstanceUID) conditions.push([among('StudyInstanceUID'), JSON.stringify(StudyInstanceUID)])
    if (SeriesInstanceUID) conditions.push([among('SeriesInstanceUID'), JSON.stringify(SeriesInstanceUID)])
    if (SOPInstanceUID) {
      const holding = seriesOfInstances.all(JSON.stringify(SOPInstanceUID))
      conditions.push([among('series.id'), JSON.stringify(holding)])
    }
    if (conditions.length === 0) return []
    return db
      .prepare<unknown[], number>(
        `SELECT series.id FROM study JOIN series ON series.study = study.id
         WHERE ${conditions.map(([sql]) => sql).join(' AND ')} AND series.id >= ? ORDER BY series.id`,
      )
      .pluck()
      .all(...conditions.map(([, value]) => value), first)
  }

  function pageOf<Columns>(
    { all, listed }: ReturnType<typeof pagesOf<Columns>>,
    keys: RetrieveKeys,
    limit: number,
    after: RetrieveCursor,
  ): { rows: Array<Row<Columns>>; next: RetrieveCursor | null } {
    const uids = keys.SOPInstanceUID && JSON.stringify(keys.SOPInstanceUID)
    const rows: Array<Row<Columns>> = []
    for (const series of seriesOf(keys, after.series)) {
      const behind = series === after.series ? after.instance : 0
      const room = limit - rows.length
      rows.push(...(uids ? listed.all(series, behind, uids, room) : all.all(series, behind, room)))
      const last = rows.at(-1)
      if (last && rows.length >= limit) return { rows, next: { series, instance: last.instance } }
    }
    return { rows, next: null }
  }

  return {
    retrievable(
      keys: RetrieveKeys,
      limit: number,
      after: RetrieveCursor = START,
    ): { objects: RetrievableObject[]; next: RetrieveCursor | null } {
      const { rows, next } = pageOf(objectPages, keys, limit, after)
      const objects = rows.map(({ instance: _, nestsTooDeep, ...row }) => ({
        ...stored(row),
        nestsTooDeep: nestsTooDeep === 1,
      }))
      return { objects, next }
    },

    retrievableForms(
      keys: RetrieveKeys,
      limit: number,
      after: RetrieveCursor = START,
    ): { forms: RetrievableForm[]; next: RetrieveCursor | null } {
      const { rows, next } = pageOf(formPages, keys, limit, after)
      const forms = new Map<string, RetrievableForm>()
      for (const { SOPClassUID, TransferSyntaxUID } of rows) {
        const key = `${SOPClassUID} ${TransferSyntaxUID}`
        const form = forms.get(key) ?? { SOPClassUID, TransferSyntaxUID, objects: 0 }
        form.objects += 1
        forms.set(key, form)
      }
      return { forms: [...forms.values()], next }
    },
  }
}
