import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { MIGRATIONS, migrate } from '../../electron/station/store/migrate.ts'
import { ctSlice, newStore, send, temporaryFolder } from './objects.ts'

const next = `ALTER TABLE study ADD COLUMN StudyStatusID TEXT NOT NULL DEFAULT ''`

test('an upgrade keeps what is there and leaves a whole backup of the version before', async () => {
  const { store, dataDir } = await newStore()
  await send(store, ctSlice(1))
  await store.close()
  const file = join(dataDir, 'index.sqlite')
  const db = new Database(file)
  migrate(db, [...MIGRATIONS, next])
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1)
  expect(db.prepare('SELECT StudyInstanceUID, StudyStatusID FROM study').all()).toEqual([
    { StudyInstanceUID: '2.25.1000.1', StudyStatusID: '' },
  ])
  db.close()
  const backup = new Database(`${file}.v${MIGRATIONS.length}.backup`, { readonly: true })
  expect(backup.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(backup.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length)
  expect(backup.prepare('SELECT count(*) AS n FROM instance').get()).toEqual({ n: 1 })
  backup.close()
})

test('a step that fails changes nothing', () => {
  const db = new Database(join(temporaryFolder(), 'index.sqlite'))
  migrate(db)
  expect(() => migrate(db, [...MIGRATIONS, `${next}; SELECT nonsense FROM nowhere`])).toThrow()
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length)
  expect(() => db.prepare('SELECT StudyStatusID FROM study').all()).toThrow()
  db.close()
})

test('a database of a newer version is not opened and not touched', async () => {
  const dataDir = temporaryFolder()
  const file = join(dataDir, 'index.sqlite')
  const db = new Database(file)
  db.pragma('user_version = 99')
  db.close()
  await expect(newStore({ dataDir })).rejects.toMatchObject({ code: 'database-newer' })
  expect(existsSync(`${file}.v99.backup`)).toBe(false)
})
