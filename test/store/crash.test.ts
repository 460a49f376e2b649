import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { newStore, temporaryFolder } from './objects.ts'
import { ledger, looked } from './outboxModel.ts'

const sender = fileURLToPath(new URL('crashingSender.ts', import.meta.url))

/** Lets the sender run until it was answered `answers` times, then kills it as a power cut of the process would. */
async function runAndKill(dataDir: string, run: number, answers: number): Promise<Map<string, string>> {
  const child = spawn(process.execPath, [sender, dataDir, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    output += text
    if (output.split('\n').length > answers) child.kill('SIGKILL')
  })
  await once(child, 'close')
  const lines = output.split('\n').filter(line => line.length > 64)
  return new Map(lines.map(line => line.split(' ') as [string, string]))
}

test('killed in the middle, ten times: everything that was answered is there unchanged, and nothing half', async () => {
  const dataDir = temporaryFolder()
  const acknowledged = new Map<string, string>()
  for (let run = 1; run <= 10; run++) {
    const answered = await runAndKill(dataDir, run, 5 + run * 3)
    expect(answered.size).toBeGreaterThanOrEqual(5 + run * 3)
    for (const [uid, hash] of answered) acknowledged.set(uid, hash)
  }
  const db = new Database(join(dataDir, 'index.sqlite'))
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()

  const { store } = await newStore({ dataDir })
  const present = new Map<string, string>()
  for (let study = 0; study < 7; study++) {
    for (const object of await store.read.locate({ StudyInstanceUID: `2.25.7.${study}` }, 100_000)) {
      const bytes = readFileSync(object.path).subarray(
        object.dataSetOffset,
        object.dataSetOffset + object.dataSetLength,
      )
      expect(bytes.length).toBe(object.dataSetLength)
      present.set(object.SOPInstanceUID, createHash('sha256').update(bytes).digest('hex'))
    }
  }
  for (const [uid, hash] of acknowledged) expect(present.get(uid)).toBe(hash)
  // Each has its row at the archive it has to go to, made with it, and none of them two.
  await looked(dataDir)
  const waiting = ledger(dataDir)
  expect(waiting.map(row => row.SOPInstanceUID).sort()).toEqual([...present.keys()].sort())
  expect(waiting.every(row => row.state === 'queued')).toBe(true)

  // Every file has its row: what was cut off was set aside, not deleted.
  await store.settleAll()
  expect(readdirSync(join(dataDir, 'landing')).filter(name => name.endsWith('.dcm'))).toEqual([])
  const files = readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true }).filter(f => f.isFile())
  expect(files).toHaveLength(present.size)
}, 120_000)

test('an object that was not answered any more is set aside after a crash, never deleted', async () => {
  const dataDir = temporaryFolder()
  await runAndKill(dataDir, 1, 3)
  writeFileSync(join(dataDir, 'landing', '000f0000.dcm'), 'half')
  await newStore({ dataDir })
  expect(existsSync(join(dataDir, 'landing', '000f0000.dcm'))).toBe(false)
  expect(readdirSync(join(dataDir, 'orphans')).some(name => name.endsWith('000f0000.dcm'))).toBe(true)
}, 60_000)
