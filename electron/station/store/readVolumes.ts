import type { Database } from 'better-sqlite3'
import { IsocenterError } from '../../../shared/errors.ts'
import type { OnlyCopy, VolumeUse } from './index.ts'
import { DATA_VOLUME } from './volumes/placement.ts'

/** What lies where, and what lies nowhere else. */
export function createVolumeReader(db: Database) {
  const use = db.prepare<[], VolumeUse>(
    'SELECT id, name, objects, bytes, onlyHere FROM volume WHERE id >= 0 ORDER BY id',
  )
  const byName = db.prepare<[string], { id: number }>('SELECT id FROM volume WHERE name = ?')
  const only = (where: string) =>
    `SELECT content.id AS contentId, PatientID, PatientName, AccessionNumber, StudyDate, StudyInstanceUID, SeriesInstanceUID,
       SOPInstanceUID, SOPClassUID, content.sendingAET, received, content.length FROM copy
     JOIN content ON content.id = copy.content JOIN instance ON instance.id = content.instance
     JOIN series ON series.id = instance.series JOIN study ON study.id = series.study
     WHERE ${where} AND copy.content > ?
       AND NOT EXISTS (SELECT 1 FROM copy AS other WHERE other.content = copy.content AND other.volume <> copy.volume)
     ORDER BY copy.content LIMIT ?`
  const onlyOn = db.prepare<[number, number, number], OnlyCopy>(only('copy.volume = ?'))
  // With what has landed there; walked by content, for it is most of them.
  const onlyOnData = db.prepare<[number, number], OnlyCopy>(only(`+copy.volume BETWEEN 0 AND ${DATA_VOLUME}`))
  return {
    volumeUse: (): VolumeUse[] => use.all(),

    onlyOn(volume: string, after: number, limit: number): OnlyCopy[] {
      const row = byName.get(volume)
      if (!row) throw new IsocenterError('not-found', `volume ${volume}`)
      return row.id === DATA_VOLUME ? onlyOnData.all(after, limit) : onlyOn.all(row.id, after, limit)
    },
  }
}
