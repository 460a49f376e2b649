import Database from 'better-sqlite3'
import { IsocenterError } from '../../../shared/errors.ts'

/** SQLite's trouble in the station's words. */
export function told<T>(work: () => T): T {
  try {
    return toldDamage(work)
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    if (error.code.startsWith('SQLITE_FULL')) throw new IsocenterError('disk-full', error.code, { cause: error })
    if (error.code.startsWith('SQLITE_IOERR')) throw new IsocenterError('store-read-only', error.code, { cause: error })
    throw new IsocenterError('store-failed', error.code, { cause: error })
  }
}

/** An index that is no longer one is told as that, anything else as it comes. */
export function toldDamage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) {
      throw new IsocenterError('index-damaged', error.code, { cause: error })
    }
    throw error
  }
}
