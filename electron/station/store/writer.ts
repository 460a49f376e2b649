import Database from 'better-sqlite3'
import type { Priority } from '../../../shared/contract.ts'
import { ATTRIBUTES_VERSION } from '../../../shared/dicom/imageAttributes.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { createCommitRows } from './commitRows.ts'
import { createDecisions, type Decided, type StudyStatus } from './decisions.ts'
import type { WorkFound } from './index.ts'
import { migrate } from './migrate.ts'
import type { CommitAnswer, ReceivedObject } from './receivedObject.ts'
import { createRefold } from './refold.ts'

/** A checkpoint after this many contents keeps the write-ahead log at a few MB; it runs after the answer, never before it. */
const CHECKPOINT_EVERY = 400
/** Steps of refolding: 2,000 studies, some 60 MB of log. */
const REFOLD_CHECKPOINT_EVERY = 40

export interface WriterData {
  /** The SQLite file. */
  file: string
  dataDir: string
}

export type WriterApi = ReturnType<typeof createWriter>

/** The only writable handle on the index: its calls run one after the other, in the writer thread. */
export function createWriter({ file, dataDir }: WriterData) {
  let db: Database.Database | undefined
  let commitRows: (objects: ReceivedObject[]) => CommitAnswer
  let decisions: ReturnType<typeof createDecisions>
  let sinceCheckpoint = 0

  function handle(): Database.Database {
    if (!db) throw new IsocenterError('internal', 'the index is not open')
    return db
  }

  /** Between the calls, a step at a time, until all is done or the index is closed. */
  function refoldFrom(step: () => boolean, steps = 1): void {
    setImmediate(() => {
      if (!db) return
      // Done again when it is lost with the power.
      db.pragma('synchronous = NORMAL')
      try {
        const more = step()
        if (!more || steps % REFOLD_CHECKPOINT_EVERY === 0) db.pragma('wal_checkpoint(PASSIVE)')
        if (more) refoldFrom(step, steps + 1)
      } finally {
        db.pragma('synchronous = FULL')
      }
    })
  }

  return {
    /** Opens and migrates. `unclean`: the station that had it open before did not close it. Throws 'database-newer'. */
    open(): { unclean: boolean; seq: number; lastContentId: number } {
      return told(() => {
        const opening = new Database(file, { timeout: 5000 })
        try {
          opening.pragma('journal_mode = WAL')
          // The row is the promise: it must be on the disk before the answer. NORMAL only becomes right when the landing
          // record is itself a write-ahead log that can be replayed.
          opening.pragma('synchronous = FULL')
          if (process.platform === 'darwin') {
            opening.pragma('fullfsync = 1')
            opening.pragma('checkpoint_fullfsync = 1')
          }
          // A new study touches 40 pages all over the index: with SQLite's own 2 MB, each is read again every time.
          opening.pragma('cache_size = -65536')
          opening.pragma('foreign_keys = ON')
          opening.pragma('wal_autocheckpoint = 0')
          opening.pragma('journal_size_limit = 67108864')
          migrate(opening)
          opening
            .prepare(
              'INSERT OR IGNORE INTO pending (content, again) SELECT id, 1 FROM content WHERE attributesVersion < ?',
            )
            .run(ATTRIBUTES_VERSION)
          const state = opening.prepare<[string], { value: number }>('SELECT value FROM state WHERE key = ?')
          const unclean = state.get('open')?.value === 1
          opening.transaction(() => {
            if (unclean) opening.exec(`UPDATE state SET value = value + 1 WHERE key = 'epoch'`)
            opening.exec(`UPDATE state SET value = 1 WHERE key = 'open'`)
          })()
          const sequence = opening.prepare<[string], { seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = ?')
          const epoch = state.get('epoch')?.value ?? 1
          commitRows = createCommitRows(opening, dataDir, epoch)
          decisions = createDecisions(opening, epoch)
          db = opening
          refoldFrom(createRefold(opening))
          return { unclean, seq: sequence.get('change')?.seq ?? 0, lastContentId: sequence.get('content')?.seq ?? 0 }
        } catch (error) {
          opening.close()
          throw error
        }
      })
    },

    commit(objects: ReceivedObject[]): CommitAnswer {
      const answer = told(() => commitRows(objects))
      sinceCheckpoint += objects.length
      if (sinceCheckpoint >= CHECKPOINT_EVERY) {
        sinceCheckpoint = 0
        setImmediate(() => db?.pragma('wal_checkpoint(PASSIVE)'))
      }
      return answer
    },

    /** Of the given content numbers, those that have a row. */
    knownContents(ids: number[]): number[] {
      return told(() =>
        handle()
          .prepare<[string], { id: number }>('SELECT id FROM content WHERE id IN (SELECT value FROM json_each(?))')
          .all(JSON.stringify(ids))
          .map(row => row.id),
      )
    },

    setReading(studies: StudyStatus[], by: string, at: number): Decided<{ before: StudyStatus[] }> {
      return told(() => decisions.setReading(studies, by, at))
    },

    setOpened(StudyInstanceUID: string, by: string, at: number): Decided<undefined> {
      return told(() => decisions.setOpened(StudyInstanceUID, by, at))
    },

    setPriority(StudyInstanceUID: string, priority: Priority, at: number): Decided<{ before: Priority }> {
      return told(() => decisions.setPriority(StudyInstanceUID, priority, at))
    },

    putDraft(StudyInstanceUID: string, by: string, draft: string, rev: number, at: number): Decided<{ rev: number }> {
      return told(() => decisions.putDraft(StudyInstanceUID, by, draft, rev, at))
    },

    setSetting(user: string, key: string, value: string): void {
      told(() =>
        handle()
          .prepare('INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT (user, key) DO UPDATE SET value = excluded.value')
          .run(user, key, value),
      )
    },

    /** Returns the UID of the content's study. Throws 'not-found'. */
    finishWork(content: number, found: WorkFound): string {
      return told(() => {
        const db = handle()
        // Lost with the power, it is simply done again: no sync of its own. The next commit's sync covers it.
        db.pragma('synchronous = NORMAL')
        try {
          return db.transaction(() => {
            const place = db
              .prepare<[number], { StudyInstanceUID: string }>(
                `SELECT StudyInstanceUID FROM content JOIN instance ON instance.id = content.instance
                 JOIN series ON series.id = instance.series JOIN study ON study.id = series.study WHERE content.id = ?`,
              )
              .get(content)
            if (!place) throw new IsocenterError('not-found', `content ${content}`)
            if (found.attributes) {
              db.prepare('UPDATE content SET attributes = ?, perFrame = ?, attributesVersion = ? WHERE id = ?').run(
                JSON.stringify(found.attributes),
                found.perFrame?.length ? JSON.stringify(found.perFrame) : null,
                ATTRIBUTES_VERSION,
                content,
              )
            }
            if (found.unshowable) {
              db.prepare('UPDATE content SET unshowable = ? WHERE id = ?').run(found.unshowable, content)
            }
            if (found.thumbnail) {
              db.prepare('INSERT OR REPLACE INTO thumbnail (content, png) VALUES (?, ?)').run(content, found.thumbnail)
            }
            db.prepare('DELETE FROM pending WHERE content = ?').run(content)
            return place.StudyInstanceUID
          })()
        } finally {
          db.pragma('synchronous = FULL')
        }
      })
    },

    /** Everything into the database file. `clean`: every file has its row, the next start need not look for others. */
    close({ clean }: { clean: boolean }): void {
      if (!db) return
      if (clean) db.exec(`UPDATE state SET value = 0 WHERE key = 'open'`)
      db.pragma('wal_checkpoint(TRUNCATE)')
      db.close()
      db = undefined
    },
  }
}

/** SQLite's trouble in the station's words. */
function told<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    if (error.code.startsWith('SQLITE_FULL')) throw new IsocenterError('disk-full', error.code, { cause: error })
    if (error.code.startsWith('SQLITE_IOERR')) throw new IsocenterError('store-read-only', error.code, { cause: error })
    throw new IsocenterError('store-failed', error.code, { cause: error })
  }
}
