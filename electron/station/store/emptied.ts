import type { Database } from 'better-sqlite3'
import type { Log } from '../base/log.ts'
import type { Decision, DecisionLog } from './decisionLog.ts'

/** A study of which a purge left nothing: what was written of it before is nobody's. `at` in epoch ms. */
export interface Emptied {
  StudyInstanceUID: string
  at: number
}

/** Those that the log may not know of yet. Written in the transaction that empties, by whoever does it now; not when the log is read back. */
export function createEmptiedRows(db: Database) {
  const owe = db.prepare('INSERT OR REPLACE INTO emptied VALUES (?, ?)')
  const list = db.prepare<[], Emptied>('SELECT StudyInstanceUID, at FROM emptied')
  const forget = db.prepare('DELETE FROM emptied WHERE StudyInstanceUID = @StudyInstanceUID AND at = @at')
  return {
    owe(StudyInstanceUID: string, at: number): void {
      owe.run(StudyInstanceUID, at)
    },
    list: (): Emptied[] => list.all(),
    /** The log has them. */
    said: db.transaction((studies: Emptied[]): void => {
      for (const { StudyInstanceUID, at } of studies) forget.run({ StudyInstanceUID, at })
    }).immediate,
  }
}

/** The log that tells `said` of each emptied study it has taken, be it with a later decision because the disk was full. */
export function tellingEmptied(
  log: DecisionLog,
  said: (studies: Emptied[]) => Promise<void>,
  errors: Log,
): DecisionLog {
  let late: Emptied[] = []
  return {
    ...log,
    async append(decisions) {
      const emptied = decisions.filter(({ kind }) => kind === 'emptied')
      try {
        await log.append(decisions)
      } catch (error) {
        late.push(...emptied)
        throw error
      }
      const taken = [...late, ...emptied].map(({ StudyInstanceUID, at }) => ({ StudyInstanceUID, at }))
      late = []
      if (taken.length === 0) return
      // Where it fails the next start finds them in the log.
      await said(taken).catch(error => errors.error({ err: error }, 'emptied studies were not forgotten'))
    },
  }
}

/** Whether a line of the log says that the study was emptied. No other line does: what was written of it since may be of an earlier time. */
export function saysEmptied(line: Decision, { StudyInstanceUID, at }: Emptied): boolean {
  return line.kind === 'emptied' && line.StudyInstanceUID === StudyInstanceUID && line.at === at
}
