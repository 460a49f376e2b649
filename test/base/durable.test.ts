import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDisk, replaceFile, SyncError } from '../../electron/station/base/durable.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isocenter-durable-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a new file holds what was written where, and never replaces another', async () => {
  const disk = createDisk()
  const path = join(folder, 'a')
  const file = await disk.createFile(path)
  await file.write(new Uint8Array([3, 4]), 2)
  await file.write(new Uint8Array([1, 2]), 0)
  await file.sync()
  await file.close()
  expect([...readFileSync(path)]).toEqual([1, 2, 3, 4])
  await expect(disk.createFile(path)).rejects.toMatchObject({ code: 'EEXIST' })
})

test('folders are made with their parents, by many at once', async () => {
  const disk = createDisk()
  const path = join(folder, 'x', 'y', 'z')
  await Promise.all(Array.from({ length: 10 }, () => disk.makeFolder(path)))
  await disk.makeFolder(join(folder, 'x', 'other'))
  expect(statSync(path).isDirectory()).toBe(true)
  expect(readdirSync(join(folder, 'x')).sort()).toEqual(['other', 'y'])
})

test.runIf(process.platform !== 'win32')(
  'a sync of a folder that fails is told to everybody who shares it',
  async () => {
    const disk = createDisk()
    const syncs = await Promise.allSettled(Array.from({ length: 5 }, () => disk.syncFolder(join(folder, 'nowhere'))))
    for (const sync of syncs) expect(sync).toMatchObject({ status: 'rejected', reason: expect.any(SyncError) })
    await Promise.all(Array.from({ length: 5 }, () => disk.syncFolder(folder)))
  },
)

test('a small file is replaced as a whole', async () => {
  const path = join(folder, 'config.json')
  // Left by a crash of an earlier process with this number.
  writeFileSync(`${path}.${process.pid}.new`, 'half')
  await replaceFile(createDisk(), path, 'old and long')
  await replaceFile(createDisk(), path, 'new')
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(readdirSync(folder)).toEqual(['config.json'])
})
