import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifyFolder } from '../../electron/station/audit/files.ts'
import { type Audit, type AuditOptions, openAudit } from '../../electron/station/audit/index.ts'
import { AuditLog, type AuditLogOptions } from '../../electron/station/audit/log.ts'
import { createDisk, type Disk, type GrowingFile, SyncError } from '../../electron/station/base/durable.ts'
import type { AuditEvent } from '../../shared/audit.ts'
import { silentLog } from '../web/counter.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isocenter-audit-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function access(text: string): AuditEvent {
  return {
    event: 'instancesAccessed',
    action: 'R',
    outcome: 0,
    door: 'counter',
    text,
    participants: [{ UserID: 'main key', address: '127.0.0.1', requestor: true }],
    study: { StudyInstanceUID: '1.2.3', PatientID: 'P1', instances: {} },
  }
}

const unwritten = (text: string) => ({ at: 1_000, count: 1, station: 'ISOCENTER', event: access(text) })

async function openLog(more: Partial<AuditLogOptions> = {}) {
  return AuditLog.open({ folder, gatherMs: 0, retryMs: 1, failed() {}, lost() {}, ...more })
}

/** A trail of `count` records over several files. */
async function writeTrail(count: number, fullFile = 2_000): Promise<void> {
  const { log } = await openLog({ fullFile })
  for (let n = 1; n <= count; n++) await log.append(unwritten(`record ${n}`))
  await log.close()
}

const logs = () => readdirSync(folder).filter(name => name.startsWith('audit-'))
const linesIn = (name: string) => readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1)
const writeLines = (name: string, lines: string[]) =>
  writeFileSync(path.join(folder, name), lines.map(line => `${line}\n`).join(''))

test('a trail goes on across files and starts, and fits', async () => {
  await writeTrail(12)
  await writeTrail(8)
  expect(logs().length).toBeGreaterThan(3)
  expect(await verifyFolder(folder)).toEqual({ records: 20, files: logs().length, broken: null })
})

test('the files are for their owner alone', async () => {
  await writeTrail(1)
  for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).mode & 0o077).toBe(0)
})

test.each([
  ['a flipped byte', (lines: string[]) => lines.with(2, lines[2]!.replace('P1', 'P2')), 3, 'was changed'],
  ['a flipped byte of a hash', (lines: string[]) => lines.with(2, flipFirst(lines[2]!)), 3, 'was changed'],
  ['a removed line', (lines: string[]) => lines.toSpliced(2, 1), 3, 'records 3 to 3 are missing'],
  ['a swapped pair', (lines: string[]) => lines.with(2, lines[3]!).with(3, lines[2]!), 3, 'are missing before it'],
  ['a line twice', (lines: string[]) => lines.toSpliced(3, 0, lines[2]!), 4, 'stands behind record'],
  ['a line that is none', (lines: string[]) => lines.with(2, 'nothing happened'), 3, 'this is no record'],
  ['a cut tail', (lines: string[]) => lines.slice(0, -2), 4, 'are missing at the end'],
])('%s is told, with its line', async (_, change, line, sentence) => {
  await writeTrail(5, 2 ** 20)
  const [name = ''] = logs()
  writeLines(name, change(linesIn(name)))
  const { broken } = await verifyFolder(folder)
  expect(broken).toMatchObject({ file: name, line })
  expect(broken?.sentence).toContain(sentence)
})

function flipFirst(line: string): string {
  return (line.startsWith('0') ? '1' : '0') + line.slice(1)
}

test('a file that was taken out whole is told', async () => {
  await writeTrail(12)
  const [, second = '', third = ''] = logs()
  rmSync(path.join(folder, second))
  const { broken } = await verifyFolder(folder)
  expect(broken).toMatchObject({ file: third, line: 1 })
})

test('a record that was written only in part is set aside, and the chain goes on behind the last whole one', async () => {
  await writeTrail(3, 2 ** 20)
  const [name = ''] = logs()
  const torn = linesIn(name)[2]!.slice(0, 100)
  appendFileSync(path.join(folder, name), torn)
  expect((await verifyFolder(folder)).broken).toMatchObject({ line: 4 })
  const { log, recovered } = await openLog()
  expect(recovered).toEqual({ cut: 100, missing: 0 })
  await log.append(unwritten('after the cut'))
  await log.close()
  expect(await verifyFolder(folder)).toMatchObject({ records: 4, broken: null })
  const aside = readdirSync(folder).find(one => one.startsWith('cut-')) ?? ''
  expect(readFileSync(path.join(folder, aside), 'utf8')).toBe(torn)
})

test('records that went from the end while the station was away leave a gap for good', async () => {
  await writeTrail(6, 2 ** 20)
  const [name = ''] = logs()
  writeLines(name, linesIn(name).slice(0, 4))
  const { log, recovered } = await openLog()
  expect(recovered).toEqual({ cut: 0, missing: 2 })
  await log.append(unwritten('after the theft'))
  await log.close()
  expect((await verifyFolder(folder)).broken).toMatchObject({
    line: 5,
    sentence: 'records 5 to 6 are missing before it',
  })
})

test('a disk that fails loses no record: they wait, go to a new file, and the chain fits', async () => {
  const disk = createDisk()
  let broken = false
  const failing: Disk = {
    ...disk,
    async openToAppend(file): Promise<GrowingFile> {
      const opened = await disk.openToAppend(file)
      const sync = async () => {
        if (broken) throw new SyncError(file, new Error('EIO'))
        await opened.sync()
      }
      return { ...opened, sync }
    },
  }
  let failures = 0
  const { log } = await openLog({
    disk: failing,
    failed: () => {
      failures += 1
    },
  })
  await log.append(unwritten('before'))
  broken = true
  const waiting = [log.append(unwritten('during 1')), log.append(unwritten('during 2'))]
  while (failures < 2) await new Promise(resolve => setTimeout(resolve, 2))
  broken = false
  await Promise.all(waiting)
  await log.append(unwritten('after'))
  await log.close()
  expect(await verifyFolder(folder)).toMatchObject({ records: 4, broken: null })
  expect(logs().flatMap(linesIn).join('\n')).toContain('during 2')
})

let clock = 1_000_000
async function openTrail(more: Partial<AuditOptions> = {}): Promise<Audit> {
  return openAudit({
    folder,
    log: silentLog,
    aet: 'ISOCENTER',
    version: '1',
    patientOf: async uid => (uid === '1.2.9' ? 'P9' : ''),
    problem() {},
    now: () => clock,
    ...more,
  })
}

test('the same access again is counted, and told once more when its time is over', async () => {
  const audit = await openTrail()
  for (let n = 0; n < 5; n++) audit.recordOnce('me 1.2.3', access('opened'))
  audit.recordOnce('me 1.2.4', access('another'))
  await audit.settle()
  const all = (await audit.list({ text: 'opened', limit: 10 })).records
  expect(all.map(({ count }) => count)).toEqual([4, 1])
  expect((await audit.list({ text: 'another', limit: 10 })).records).toHaveLength(1)
  await audit.close()
})

test('what came in one association is one message a study, with its SOP classes and its patient', async () => {
  const audit = await openTrail()
  const stored = (StudyInstanceUID: string): AuditEvent & { study: { StudyInstanceUID: string } } => ({
    ...access('stored'),
    event: 'instancesTransferred',
    action: 'C',
    participants: [{ UserID: 'CT1', address: '192.0.2.7', requestor: true, role: 'source' }],
    study: { StudyInstanceUID, PatientID: '', instances: {} },
  })
  for (let n = 0; n < 300; n++) audit.gather('7', stored('1.2.9'), '1.2.840.10008.5.1.4.1.1.2')
  audit.gather('7', stored('1.2.9'), '1.2.840.10008.5.1.4.1.1.88.67')
  audit.gather('7', stored('1.2.10'), '1.2.840.10008.5.1.4.1.1.2')
  audit.finish('7')
  await audit.settle()
  const { records } = await audit.list({ text: 'stored', limit: 10 })
  expect(records.map(({ study }) => study)).toEqual([
    { StudyInstanceUID: '1.2.10', PatientID: '', instances: { '1.2.840.10008.5.1.4.1.1.2': 1 } },
    {
      StudyInstanceUID: '1.2.9',
      PatientID: 'P9',
      instances: { '1.2.840.10008.5.1.4.1.1.2': 300, '1.2.840.10008.5.1.4.1.1.88.67': 1 },
    },
  ])
  expect(records[0]?.participants).toEqual([
    { UserID: 'CT1', address: '192.0.2.7', requestor: true, role: 'source' },
    { UserID: 'ISOCENTER', address: '', requestor: false, role: 'destination' },
  ])
  await audit.close()
})

test('a list in pages has each record once, newest first, and a filter finds words anywhere', async () => {
  const audit = await openTrail()
  for (let n = 1; n <= 25; n++) await audit.record(access(`look ${n}`))
  const seen: number[] = []
  for (let before: string | undefined; ; ) {
    const { records, next } = await audit.list({ text: '', limit: 10, before })
    seen.push(...records.map(({ seq }) => seq))
    if (next === null) break
    before = next
  }
  expect(seen).toEqual(Array.from({ length: 26 }, (_, i) => 26 - i))
  const { records } = await audit.list({ text: 'P1 LOOK', limit: 500 })
  expect(records).toHaveLength(25)
  await audit.close()
})

test('an export holds a span of time, with what the chain is followed by', async () => {
  const audit = await openTrail()
  clock = 2_000_000
  await audit.record(access('in it'))
  clock = 3_000_000
  await audit.record(access('behind it'))
  let text = ''
  for await (const part of audit.exported(2_000_000, 3_000_000, 'ndjson')) text += part
  const lines = text.trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    record: { text: 'in it', at: 2_000_000 },
  })
  await audit.close()
})

test('start and stop of the station stand in its trail', async () => {
  await (await openTrail()).close()
  const audit = await openTrail()
  const { records } = await audit.list({ text: '', limit: 10 })
  expect(records.map(({ type }) => type)).toEqual(['applicationStart', 'applicationStop', 'applicationStart'])
  await audit.close()
})
