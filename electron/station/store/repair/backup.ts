import { mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { IsocenterError } from '../../../../shared/errors.ts'

/** Pages of 4 KB a step, and the pause after it: 1 MB at a time, some 50 MB a second. */
const PAGES = 256
const PAUSE_MS = 20
/** What the write-ahead log may grow by while a backup reads: beyond it the backup gives up, and is tried again in a quieter hour. */
const MOST_LOG_GROWTH = 256 << 20

export interface BackupOrder {
  from: string
  to: string
  /** For tests. */
  mostLogGrowth?: number
}

/**
 * The backup's own thread. One snapshot is read in steps: SQLite begins a backup anew whenever another handle has written between
 * two of them, which a station that receives would never let end. As long as the snapshot is held the write-ahead log cannot be
 * emptied, so its growth is what bounds it.
 */
export function createBackup() {
  return {
    /** Writes a whole copy of the index to `to`, synced and proven. Rejects, leaving nothing, when it can't. */
    async backup({ from, to, mostLogGrowth = MOST_LOG_GROWTH }: BackupOrder): Promise<void> {
      mkdirSync(dirname(to), { recursive: true })
      rmSync(to, { force: true })
      const pause = new Int32Array(new SharedArrayBuffer(4))
      const source = new Database(from, { readonly: true, timeout: 5000 })
      try {
        source.exec('BEGIN')
        source.prepare('SELECT value FROM state').get()
        const before = sizeOf(`${from}-wal`)
        await source.backup(to, {
          progress() {
            if (sizeOf(`${from}-wal`) - before > mostLogGrowth) {
              throw new IsocenterError('store-failed', 'too much is written while the index is copied')
            }
            Atomics.wait(pause, 0, 0, PAUSE_MS)
            return PAGES
          },
        })
        prove(to)
      } catch (error) {
        rmSync(to, { force: true })
        throw error
      } finally {
        source.close()
      }
    },
  }
}

/** One file, without a log of its own, that SQLite finds nothing wrong with. */
function prove(path: string): void {
  const copy = new Database(path)
  try {
    copy.pragma('journal_mode = DELETE')
    const found = copy.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw new IsocenterError('index-damaged', String(found))
  } finally {
    copy.close()
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
