import type { Database } from 'better-sqlite3'
import type { ListSource } from '../../../../shared/viewing/completeness.ts'

/** Objects that somebody named. */
export interface ObjectList {
  source: ListSource
  id: string
  AET: string
  at: number
  final: boolean
  /** '' = whoever named them did not say. */
  StudyInstanceUID: string
  objects: Array<{ SOPInstanceUID: string; SeriesInstanceUID: string }>
}

/** Of a list none of whose objects has come for so long, none will. */
const UNPLACED_MS = 30 * 86_400_000

interface ListRow {
  source: ListSource
  id: string
  AET: string
  at: number
  final: 0 | 1
}

/** What is said to belong to studies, as rows. */
export function createListRows(db: Database) {
  const removeList = db.prepare('DELETE FROM list WHERE id = ? AND source = ?')
  const addList = db.prepare(
    `INSERT INTO list (source, id, AET, at, StudyInstanceUID, final) VALUES (@source, @id, @AET, @at, @StudyInstanceUID, @final)`,
  )
  const addListed = db.prepare(
    'INSERT OR IGNORE INTO listed (list, SOPInstanceUID, SeriesInstanceUID) VALUES (?, ?, ?)',
  )
  const studyOf = db
    .prepare<[string], string>(
      `SELECT StudyInstanceUID FROM instance JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
       WHERE SOPInstanceUID = ?`,
    )
    .pluck()
  const touch = db.prepare('UPDATE study SET unjudged = unjudged + 1 WHERE StudyInstanceUID = ?')
  const someoneUnplaced = db.prepare<[], 1>(`SELECT 1 FROM list WHERE StudyInstanceUID = ''`).pluck()
  const placeable = db.prepare<[string], ListRow>(
    `SELECT DISTINCT source, list.id, list.AET, list.at, final FROM study JOIN series ON series.study = study.id
     JOIN instance ON instance.series = series.id JOIN listed ON listed.SOPInstanceUID = instance.SOPInstanceUID
     JOIN list ON list.number = listed.list WHERE study.StudyInstanceUID = ? AND list.StudyInstanceUID = ''`,
  )
  const prune = db.prepare(`DELETE FROM list WHERE StudyInstanceUID = '' AND at < ?`)
  const objectsOf = db.prepare<[string, string], ObjectList['objects'][number]>(
    `SELECT SOPInstanceUID, SeriesInstanceUID FROM listed JOIN list ON list.number = listed.list WHERE id = ? AND source = ?`,
  )

  /** By the studies of those that are here; the others belong to theirs where that is one only, else to none that is known yet. */
  function byStudy(objects: ObjectList['objects']): Map<string, ObjectList['objects']> {
    const studies = new Map<string, ObjectList['objects']>()
    for (const object of objects) {
      const uid = studyOf.get(object.SOPInstanceUID) ?? ''
      const others = studies.get(uid) ?? []
      studies.set(uid, others)
      others.push(object)
    }
    const strange = studies.get('')
    const [only, ...more] = [...studies.keys()].filter(Boolean)
    if (strange && only && more.length === 0) {
      studies.get(only)?.push(...strange)
      studies.delete('')
    }
    return studies
  }

  /** Replaces what the same one said before. */
  function keep({ objects, StudyInstanceUID, final, ...list }: ObjectList): void {
    prune.run(list.at - UNPLACED_MS)
    removeList.run(list.id, list.source)
    const parts = StudyInstanceUID === '' ? byStudy(objects) : new Map([[StudyInstanceUID, objects]])
    for (const [uid, part] of parts) {
      const number = addList.run({ ...list, StudyInstanceUID: uid, final: Number(final) }).lastInsertRowid
      for (const { SOPInstanceUID, SeriesInstanceUID } of part) addListed.run(number, SOPInstanceUID, SeriesInstanceUID)
      touch.run(uid)
    }
  }

  return {
    /** Within a transaction of the caller's. */
    keep,
    objectsOf: (id: string, source: ListSource): ObjectList['objects'] => objectsOf.all(id, source),

    /** Something else was said of it. */
    judgeAgain: (StudyInstanceUID: string): void => void touch.run(StudyInstanceUID),

    /** Lists that named objects nobody knew by then: of those that this study has now, its part. */
    placeLists: db.transaction((StudyInstanceUID: string): void => {
      if (!someoneUnplaced.get()) return
      for (const { final, ...list } of placeable.all(StudyInstanceUID)) {
        const objects = objectsOf.all(list.id, list.source)
        keep({ ...list, final: final === 1, StudyInstanceUID: '', objects })
      }
    }).immediate,
  }
}
