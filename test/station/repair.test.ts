import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { contract } from '../../shared/contract.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'

function folder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-repair-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ settleAfterSeconds: 0 }))
  return dataDir
}

/** As a person types it. */
async function repair(dataDir: string, ...options: string[]): Promise<{ code: number; said: string }> {
  const args = [join(REPOSITORY, 'build/run.mjs'), 'repair', '--data-dir', dataDir, ...options]
  const child = spawn(process.execPath, args, {
    cwd: REPOSITORY,
    env: { ...process.env, ISOCENTER_API_KEY: 'test-key-0123456789abcdef' },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => (said += text))
  const [code] = await once(child, 'close')
  return { code, said }
}

const metric = async (station: RunningStation, name: string) =>
  Number(new RegExp(`^isocenter_${name} (.*)$`, 'm').exec(await (await station.get('/metrics')).text())?.[1])

const listed = async (station: RunningStation) => {
  const { studies } = await station.call('studies.list', contract['studies.list'].in.parse({}))
  return studies
    .map(({ StudyInstanceUID, NumberOfStudyRelatedInstances, size, reading }) => ({
      StudyInstanceUID,
      NumberOfStudyRelatedInstances,
      size,
      reading,
    }))
    .sort((a, b) => (a.StudyInstanceUID < b.StudyInstanceUID ? -1 : 1))
}

test('the command makes a lost index again, beside a station that runs checks it, and says what is missing', {
  timeout: 240_000,
}, async () => {
  const dataDir = folder()
  const first = await startStation({ dataDir })
  await first.job(await first.call('samples.load', {}))
  const [study = { StudyInstanceUID: '' }] = await listed(first)
  await first.call('reading.set', {
    studies: [{ StudyInstanceUID: study.StudyInstanceUID, status: 'read' }],
    user: 'anna',
  })
  const before = await listed(first)
  await expect.poll(() => metric(first, 'landing_bytes'), { timeout: 60_000 }).toBe(0)
  await first.stop()
  for (const file of globSync('index.sqlite*', { cwd: dataDir })) rmSync(join(dataDir, file))

  const made = await repair(dataDir)
  expect(made.said).toMatch(/done: (\d+)\/\1 files, \1 adopted, 0 damaged/)
  expect(made.code).toBe(0)

  const station = await startStation({ dataDir })
  onTestFinished(async () => void (await station.stop()))
  expect(await listed(station)).toEqual(before)
  expect(await metric(station, 'damaged_copies')).toBe(0)
  const verifying = repair(dataDir, '--verify')
  expect(await listed(station)).toEqual(before)
  expect(await verifying).toMatchObject({ code: 0, said: expect.stringContaining(' 0 adopted, 0 damaged') })

  const [name = ''] = readdirSync(join(dataDir, 'files/0000/00'))
  rmSync(join(dataDir, 'files/0000/00', name))
  const found = await repair(dataDir)
  expect(found.code).toBe(1)
  expect(found.said).toContain(`files/0000/00/${name}: Its file is missing.`)
  expect(await metric(station, 'damaged_copies')).toBe(1)
  const { problems } = await station.call('problems.list', {})
  expect(problems.map(({ sentence }) => sentence)).toEqual([expect.stringContaining('no other copy')])
})

test('an index that turns out damaged while it is read is made anew by the station itself, on the same address', {
  timeout: 240_000,
}, async () => {
  const dataDir = folder()
  const first = await startStation({ dataDir })
  await first.job(await first.call('samples.load', {}))
  const before = await listed(first)
  await expect.poll(() => metric(first, 'landing_bytes'), { timeout: 60_000 }).toBe(0)
  await first.stop()
  const index = join(dataDir, 'index.sqlite')
  const db = new Database(index, { readonly: true })
  const page = Number(db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'instance'`).pluck().get())
  db.close()
  writeSync(openSync(index, 'r+'), Buffer.alloc(4096, 0xee), 0, 4096, (page - 1) * 4096)

  const station = await startStation({ dataDir })
  onTestFinished(async () => void (await station.stop()))
  const StudyInstanceUID = before[0]?.StudyInstanceUID ?? ''
  const objects = () => station.get(`/dicom-web/studies/${StudyInstanceUID}/metadata`)
  const status = async () => (await objects().catch(() => ({ status: 0 }))).status
  // Whoever reads it first finds out, be it the station itself.
  const aside = async () => (await status()) > 0 && globSync('index.sqlite.damaged-*', { cwd: dataDir }).length > 0
  await expect.poll(aside, { timeout: 60_000, interval: 250 }).toBe(true)
  await expect.poll(status, { timeout: 60_000, interval: 250 }).toBe(200)
  await expect.poll(() => listed(station).catch(() => []), { timeout: 60_000, interval: 250 }).toEqual(before)
  const { problems } = await station.call('problems.list', {})
  expect(problems.map(({ sentence }) => sentence)).toContainEqual(expect.stringContaining('was damaged'))
})
