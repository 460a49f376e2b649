import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createBackup } from '../../electron/station/store/repair/backup.ts'
import { temporaryFolder } from './objects.ts'

/** An index of some megabytes, and a hand that keeps writing into it. */
function busyIndex() {
  const from = join(temporaryFolder(), 'index.sqlite')
  const db = new Database(from)
  db.pragma('journal_mode = WAL')
  db.pragma('wal_autocheckpoint = 0')
  db.exec('CREATE TABLE state (key TEXT, value); CREATE TABLE filler (n INTEGER, bytes BLOB)')
  const add = db.prepare('INSERT INTO filler VALUES (?, ?)')
  const fill = db.transaction((from: number, count: number) => {
    for (let n = from; n < from + count; n++) add.run(n, Buffer.alloc(2000, n))
  })
  fill(0, 3000)
  db.pragma('wal_checkpoint(TRUNCATE)')
  let written = 3000
  let writing = true
  const write = () => {
    if (!writing) return
    fill(written, 20)
    written += 20
    setImmediate(write)
  }
  write()
  return {
    from,
    stop() {
      writing = false
      db.close()
      return written
    },
  }
}

test('a backup taken while others write is one moment, whole, in one file', async () => {
  const { from, stop } = busyIndex()
  const to = join(temporaryFolder(), 'backups', 'copy.sqlite')
  await createBackup().backup({ from, to })
  const written = stop()
  const copy = new Database(to, { readonly: true })
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok')
  const { rows, last } = copy.prepare('SELECT count(*) AS rows, max(n) AS last FROM filler').get() as {
    rows: number
    last: number
  }
  copy.close()
  expect(rows).toBe(last + 1)
  expect(rows).toBeLessThan(written)
  expect(existsSync(`${to}-wal`)).toBe(false)
})

test('a backup that holds up the write-ahead log for too long gives up and leaves nothing', async () => {
  const { from, stop } = busyIndex()
  const to = join(temporaryFolder(), 'copy.sqlite')
  await expect(createBackup().backup({ from, to, mostLogGrowth: 50_000 })).rejects.toThrow(/too much is written/)
  stop()
  expect(existsSync(to)).toBe(false)
})
