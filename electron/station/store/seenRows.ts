import type { Database } from 'better-sqlite3'
import { IsocenterError } from '../../../shared/errors.ts'
import { mergeSeenTexts } from '../../../shared/viewing/seen.ts'

/**
 * What readers have had on the screen, as rows. No decision: it is not in `decisions.log`, and the last seconds of it may go with
 * the power. What is lost is called not seen, and looked at again.
 */
export function createSeenRows(db: Database) {
  const isHere = db.prepare<[string], number>('SELECT 1 FROM study WHERE StudyInstanceUID = ?').pluck()
  const before = db
    .prepare<[string, string, string], string>(
      'SELECT seen FROM seen WHERE StudyInstanceUID = ? AND user = ? AND SeriesInstanceUID = ?',
    )
    .pluck()
  const put = db.prepare(
    // A series that is not here, or not of this study, is nothing that anybody saw.
    `INSERT OR REPLACE INTO seen (StudyInstanceUID, user, SeriesInstanceUID, seen)
     SELECT StudyInstanceUID, @user, SeriesInstanceUID, @seen FROM study JOIN series ON series.study = study.id
     WHERE StudyInstanceUID = @StudyInstanceUID AND SeriesInstanceUID = @SeriesInstanceUID`,
  )
  return {
    /** Adds to what is kept: two windows never take anything from each other. Throws 'not-found'. */
    add: db.transaction((StudyInstanceUID: string, user: string, series: Record<string, string>): void => {
      if (!isHere.get(StudyInstanceUID)) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
      for (const [SeriesInstanceUID, more] of Object.entries(series)) {
        const known = before.get(StudyInstanceUID, user, SeriesInstanceUID) ?? ''
        const seen = mergeSeenTexts(known, more)
        if (seen !== known) put.run({ StudyInstanceUID, user, SeriesInstanceUID, seen })
      }
    }).immediate,
  }
}
