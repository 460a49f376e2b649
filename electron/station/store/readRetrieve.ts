import type { Database } from 'better-sqlite3'
import type { RetrievableObject, RetrieveCursor, RetrieveKeys } from './index.ts'
import { COPY, createStored, STORED_COLUMNS, type StoredRow } from './storedRow.ts'
import { isHadByUID, isSeen } from './visibility.ts'

const START: RetrieveCursor = { series: 0, instance: 0 }

const among = (column: string) => `${column} IN (SELECT value FROM json_each(?))`

/**
 * What C-MOVE and C-GET send. Pages go by series and, in each, by row: a cursor stays where it is while objects arrive, and no
 * page looks through more than the index of the series it gives of.
 */
export function createRetrieveReader(db: Database, dataDir: string) {
  // The index of a series' instances holds their row ids: without being told so SQLite might go through all rows there are.
  const pageOf = (condition: string) =>
    db.prepare<unknown[], StoredRow & { instance: number; nestsTooDeep: 0 | 1 }>(
      `SELECT instance.id AS instance, content.flags LIKE '%"deep-nesting"%' AS nestsTooDeep, ${STORED_COLUMNS} FROM study JOIN series ON series.study = study.id
       JOIN instance INDEXED BY instanceBySeries ON instance.series = series.id JOIN content ON content.id = instance.shown ${COPY}
       WHERE series.id = ? AND instance.id > ? ${condition} ORDER BY instance.id LIMIT ?`,
    )
  const all = pageOf(`AND ${isSeen('instance')}`)
  // Rejected for quality reasons: had by its own UID alone.
  const listed = pageOf(`AND ${isHadByUID} AND ${among('SOPInstanceUID')}`)
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

  return {
    retrievable(
      keys: RetrieveKeys,
      limit: number,
      after: RetrieveCursor = START,
    ): { objects: RetrievableObject[]; next: RetrieveCursor | null } {
      const uids = keys.SOPInstanceUID && JSON.stringify(keys.SOPInstanceUID)
      const objects: RetrievableObject[] = []
      for (const series of seriesOf(keys, after.series)) {
        const behind = series === after.series ? after.instance : 0
        const room = limit - objects.length
        const rows = uids ? listed.all(series, behind, uids, room) : all.all(series, behind, room)
        objects.push(
          ...rows.map(({ instance: _, nestsTooDeep, ...row }) => ({
            ...stored(row),
            nestsTooDeep: nestsTooDeep === 1,
          })),
        )
        const last = rows.at(-1)
        if (last && objects.length >= limit) return { objects, next: { series, instance: last.instance } }
      }
      return { objects, next: null }
    },
  }
}
