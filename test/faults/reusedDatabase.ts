/** Stands in for `better-sqlite3` in the processes that check: knows which handles are open in a thread that is used again. */
import { createRequire } from 'node:module'
import type BetterSqlite from 'better-sqlite3'

// By require: the bundle's imports of it end here.
const Sqlite = createRequire(import.meta.url)('better-sqlite3') as typeof BetterSqlite
const handles = new Set<BetterSqlite.Database>()

export default class Database extends Sqlite {
  constructor(...args: ConstructorParameters<typeof BetterSqlite>) {
    super(...args)
    handles.add(this)
  }

  override close(): this {
    handles.delete(this)
    return super.close()
  }
}

export function closeDatabases(): void {
  for (const handle of handles) handle.close()
}
