import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDataFolder } from '../../electron/station/base/lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isocenter-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const content = () =>
  JSON.parse(readFileSync(join(folder, 'station.lock'), 'utf8')) as { pid: number; httpPort: number }

test('one holder at a time, whose port others can read', async () => {
  const lock = await lockDataFolder(folder)
  await expect(lockDataFolder(folder)).rejects.toMatchObject({ code: 'data-dir-in-use' })
  await lock.setHttpPort(11180)
  expect(content()).toMatchObject({ pid: process.pid, httpPort: 11180 })
  await lock.release()
  expect(readdirSync(folder)).toEqual([])
  await (await lockDataFolder(folder)).release()
})

test('of many that start at once, one gets it', async () => {
  const starts = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(folder)))
  expect(starts.filter(start => start.status === 'fulfilled')).toHaveLength(1)
})

test('the lock of a dead process is taken over', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  writeFileSync(join(folder, 'station.lock'), JSON.stringify({ pid: child.pid, started: '', httpPort: 5 }))
  await lockDataFolder(folder)
  expect(content()).toMatchObject({ pid: process.pid, httpPort: 0 })
})

test('a half-written lock of a crash is taken over', async () => {
  writeFileSync(join(folder, 'station.lock'), '{"pid":')
  await lockDataFolder(folder)
  expect(content().pid).toBe(process.pid)
})

test.runIf(process.platform === 'linux')('a number that was given to another process since is no holder', async () => {
  writeFileSync(
    join(folder, 'station.lock'),
    JSON.stringify({ pid: process.pid, started: 'an earlier boot/77', httpPort: 5 }),
  )
  await lockDataFolder(folder)
  expect(content().httpPort).toBe(0)
})
