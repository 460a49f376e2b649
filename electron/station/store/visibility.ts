import type { Database } from 'better-sqlite3'
import type { CustodyRows } from './outbox/custodyRows.ts'
import { SEARCHED, studyTokens } from './searchTokens.ts'

/**
 * SQL: what of a table (or its alias) lists, counts, queries and retrieval by study or series show. The one word for it: every
 * statement that answers with studies, series or instances says this or `isHadByUID`.
 */
export const isSeen = (table: string) => `${table}.hidden = 0`

/** SQL: instances that are had by their own SOP Instance UID: those that are seen, and those rejected for quality alone (IOCM 113001). */
export const isHadByUID = 'instance.hidden < 2'

/** A patient with more studies here is a phantom: counting stops, so that its next study costs no more than any other's. */
export const MOST_PRIORS = 999

type Searched = Record<(typeof SEARCHED)[number], string>
type StudyRow = Searched & {
  id: number
  patient: number
  StudyInstanceUID: string
  hidden: number
  series: number
  instances: number
  size: number
}

/**
 * Keeps the sums of series, studies and the whole station what is shown: of instances that are not hidden, under the study that
 * their series is shown in. All within the caller's transaction.
 */
export function createVisibility(db: Database, custody: Pick<CustodyRows, 'refresh'>) {
  const level = db
    .prepare<[string], number>(
      `SELECT coalesce(max(level), 0) FROM removed JOIN removal ON removal.number = removed.removal
       WHERE SOPInstanceUID = +? AND hides = 1`,
    )
    .pluck()
  const instance = db.prepare<[string], { id: number; series: number; study: number; hidden: number }>(
    `SELECT instance.id, series, study, instance.hidden FROM instance JOIN series ON series.id = instance.series
     WHERE SOPInstanceUID = +?`,
  )
  const setLevel = db.prepare('UPDATE instance SET hidden = ? WHERE id = ?')
  const countSeries = db.prepare(
    `UPDATE series SET (NumberOfSeriesRelatedInstances, frames, hidden) =
       (SELECT count(*), coalesce(sum(NumberOfFrames), 0), count(*) = 0 FROM instance
        WHERE instance.series = series.id AND instance.hidden = 0) WHERE id = ?`,
  )
  const study = db.prepare<[number], StudyRow>(
    `SELECT id, patient, StudyInstanceUID, hidden, NumberOfStudyRelatedSeries AS series,
       NumberOfStudyRelatedInstances AS instances, size, ${SEARCHED.join(', ')} FROM study WHERE id = ?`,
  )
  const eachOnce = (column: string, order: string) =>
    `(SELECT json_group_array(${column}) FROM (SELECT ${column} FROM series
        WHERE study = @study AND hidden = 0 AND ${column} <> '' GROUP BY ${column} ORDER BY ${order}))`
  const countStudy = db.prepare(
    `UPDATE study SET (NumberOfStudyRelatedSeries, NumberOfStudyRelatedInstances, hidden) =
         (SELECT count(*), coalesce(sum(NumberOfSeriesRelatedInstances), 0), count(*) = 0 FROM series
          WHERE study = @study AND hidden = 0),
       size = (SELECT coalesce(sum((SELECT max(length) FROM copy WHERE copy.content = content.id)), 0)
         FROM series JOIN instance ON instance.series = series.id JOIN content ON content.instance = instance.id
         WHERE study = @study AND instance.hidden = 0),
       ModalitiesInStudy = ${eachOnce('Modality', 'Modality')},
       StationNamesInStudy = ${eachOnce('StationName', 'min(id)')},
       BodyPartsInStudy = ${eachOnce('BodyPartExamined', 'min(id)')} WHERE id = @study`,
  )
  const addToTotal = db.prepare('UPDATE state SET value = value + ? WHERE key = ?')
  const clearTokens = db.prepare('DELETE FROM studyToken WHERE study = ?')
  const addToken = db.prepare('INSERT INTO studyToken (token, study) VALUES (?, ?)')
  const studiesOf = db
    .prepare<[number], number>(`SELECT id FROM study WHERE patient = ? AND hidden = 0 LIMIT ${MOST_PRIORS + 2}`)
    .pluck()
  const setPriors = db
    .prepare<{ patient: number; priors: number }, string>(
      `UPDATE study SET priors = @priors WHERE patient = @patient AND hidden = 0 AND priors <> @priors
       RETURNING StudyInstanceUID`,
    )
    .pluck()
  const setManyPriors = db.prepare(`UPDATE study SET priors = ${MOST_PRIORS} WHERE id = ?`)

  /** Counts the priors of a patient's studies anew; the UIDs of those that changed. */
  function countPriors(patient: number, study?: number): string[] {
    const studies = studiesOf.all(patient).length
    if (studies - 1 <= MOST_PRIORS) return setPriors.all({ patient, priors: Math.max(0, studies - 1) })
    if (study !== undefined) setManyPriors.run(study)
    return []
  }

  /** Sums one study anew, after its series are right; the UIDs of the studies that are shown otherwise now, itself among them. */
  function recountStudy(id: number): string[] {
    const before = study.get(id)
    if (!before) return []
    countStudy.run({ study: id })
    const now = study.get(id) ?? before
    addToTotal.run(now.series - before.series, 'series')
    addToTotal.run(now.instances - before.instances, 'instances')
    addToTotal.run(now.size - before.size, 'bytes')
    if (now.hidden === before.hidden) return [now.StudyInstanceUID]
    // A search finds by words alone: what is hidden has none.
    clearTokens.run(id)
    if (now.hidden === 0) for (const token of studyTokens(now)) addToken.run(token, id)
    return [now.StudyInstanceUID, ...countPriors(now.patient, now.hidden === 0 ? id : undefined)]
  }

  function recount(series: Iterable<number>, studies: Iterable<number>): string[] {
    for (const id of new Set(series)) countSeries.run(id)
    return [...new Set([...new Set(studies)].flatMap(recountStudy))]
  }

  return {
    /** How far an instance of this UID is hidden by what was decided about it, whether it is here or not. */
    levelOf: (SOPInstanceUID: string): number => level.get(SOPInstanceUID) ?? 0,
    countPriors,
    recount,
    /** Hides or shows these instances as the decisions about them say now; the UIDs of the studies that are shown otherwise. */
    refresh(SOPInstanceUIDs: Iterable<string>): string[] {
      const series: number[] = []
      const studies: number[] = []
      for (const uid of SOPInstanceUIDs) {
        const known = instance.get(uid)
        if (!known) continue
        const now = level.get(uid) ?? 0
        if (now === known.hidden) continue
        setLevel.run(now, known.id)
        custody.refresh(known.id)
        series.push(known.series)
        studies.push(known.study)
      }
      return recount(series, studies)
    },
    /** Words that a study is found by, after its patient changed. */
    writeTokens(id: number): void {
      clearTokens.run(id)
      const row = study.get(id)
      if (row?.hidden === 0) for (const token of studyTokens(row)) addToken.run(token, id)
    },
  }
}

export type Visibility = ReturnType<typeof createVisibility>
