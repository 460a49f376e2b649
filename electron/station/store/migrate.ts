import { existsSync, rmSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { IsocenterError } from '../../../shared/errors.ts'
import { sql as first } from './migrations/0001.ts'
import { sql as second } from './migrations/0002.ts'
import { sql as third } from './migrations/0003.ts'
import { sql as fourth } from './migrations/0004.ts'
import { sql as fifth } from './migrations/0005.ts'
import { sql as sixth } from './migrations/0006.ts'
import { sql as seventh } from './migrations/0007.ts'
import { sql as eighth } from './migrations/0008.ts'
import { sql as ninth } from './migrations/0009.ts'
import { sql as tenth } from './migrations/0010.ts'
import { sql as eleventh } from './migrations/0011.ts'
import { sql as twelfth } from './migrations/0012.ts'
import { sql as thirteenth } from './migrations/0013.ts'
import { sql as fourteenth } from './migrations/0014.ts'
import { sql as fifteenth } from './migrations/0015.ts'
import { sql as sixteenth } from './migrations/0016.ts'
import { sql as twentyFirst } from './migrations/0021.ts'
import { sql as twentySecond } from './migrations/0022.ts'
import { sql as twentyThird } from './migrations/0023.ts'

/** In order; position n brings a database from version n to n + 1. A step that has shipped is never edited. */
export const MIGRATIONS: readonly string[] = [
  first,
  second,
  third,
  fourth,
  fifth,
  sixth,
  seventh,
  eighth,
  ninth,
  tenth,
  eleventh,
  twelfth,
  thirteenth,
  fourteenth,
  fifteenth,
  sixteenth,
  twentyFirst,
  twentySecond,
  twentyThird,
]

/**
 * Brings the database to the newest version, each step in its own transaction, after a backup beside it
 * (`<file>.v<version>.backup`, whole and readable by the version that wrote it). Throws 'database-newer' and touches nothing
 * when a later Isocenter wrote it.
 */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > migrations.length) {
    throw new IsocenterError('database-newer', `version ${version}, this one knows ${migrations.length}`)
  }
  if (version === migrations.length) return
  if (version > 0) {
    const backup = `${db.name}.v${version}.backup`
    // One that is there already was made by a start that did not finish.
    if (existsSync(backup)) rmSync(backup)
    db.prepare('VACUUM INTO ?').run(backup)
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    db.transaction(() => {
      db.exec(sql)
      db.pragma(`user_version = ${index + 1}`)
    })()
  }
}
