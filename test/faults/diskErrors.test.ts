import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ctObject } from '../dimse/harness.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { inspect, nothingLost, ownStation, report } from './inspect.ts'
import { makeWeather, type Weather } from './weather.ts'

const { EIO, EROFS } = constants.errno
const objects = (first: number, count = 20) => Array.from({ length: count }, (_, n) => ctObject(first + n))

/** The landing segments that are there, with what they hold now. */
function segments(dataDir: string): Map<string, string> {
  const folder = join(dataDir, 'landing')
  const names = readdirSync(folder).filter(name => name.endsWith('.seg'))
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
  return new Map(names.map(name => [name, hash(name)]))
}

/**
 * 20 objects, then `word` = `errno` and 20 more, then the disk works again and the 20 are sent once more. What is asked in all of it:
 * nothing is answered 0x0000 that is not kept, and what was taken before can be read.
 */
async function fails(row: string, word: 'syncErrno' | 'writeErrno', errno: number, injected: (w: Weather) => string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'isocenter-disk-errors-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const weather = makeWeather(dataDir)
  const station = await ownStation({ dataDir, env: weather.env })
  const to = { port: station.dimsePort, associations: 4 }
  const acknowledged = objects(0)
  expect(new Set((await sendBytes(acknowledged, to)).map(({ status }) => status))).toEqual(new Set([0]))

  weather.set(word, errno)
  const refused = objects(100)
  const answers = (await sendBytes(refused, to)).map(({ status }) => status)
  expect(new Set(answers)).toEqual(new Set([0xa700]))
  const condemned = segments(dataDir)
  expect(await inspect(station, acknowledged)).toMatchObject({ ...nothingLost, acknowledged: 20 })
  const { problems } = await station.call('problems.list', {})
  expect(problems.map(({ sentence }) => sentence)).toContainEqual(expect.stringContaining('reported an error'))
  // Who knocks meanwhile is refused, too.
  expect((await sendBytes(objects(200, 4), to)).every(({ status }) => status === 0xa700)).toBe(true)

  const what = injected(weather)
  weather.set(word, 0)
  await expect
    .poll(async () => (await sendBytes(refused.slice(0, 1), to))[0]?.status, { timeout: 60_000, interval: 500 })
    .toBe(0)
  expect((await sendBytes(refused, to)).every(({ status }) => status === 0)).toBe(true)
  acknowledged.push(...refused)
  const now = segments(dataDir)
  for (const [name, hash] of condemned) if (now.has(name)) expect(now.get(name), name).toBe(hash)

  await station.stop()
  const restarted = await ownStation({ dataDir })
  const found = await inspect(restarted, acknowledged)
  report(row, what, found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 40 })
}

test('a sync that fails: 0xA700 for all, reading goes on, the segment is not written to again, and on when the disk works', async () => {
  await fails('5', 'syncErrno', EIO, weather => `${weather.get('syncsFailed')} syncs failed with EIO`)
})

test('a file system that turned read-only: 0xA700 for all, it is told, reading goes on, and on when it can be written', async () => {
  await fails('6', 'writeErrno', EROFS, weather => `${weather.get('writesRefused')} writes refused with EROFS`)
})
