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

const PAGE = 64 << 10
// The one memory of JavaScript that begins with a page, as O_DIRECT asks for.
const aligned = Buffer.from(new WebAssembly.Memory({ initial: 16 }).buffer)

test.each([
  ['in blocks where pages begin', aligned],
  ['in blocks that begin anywhere', aligned.subarray(24)],
])('a file that is written past the cache, %s, is what was written, of any length', async (_, memory) => {
  const disk = createDisk()
  for (const length of [0, 1, 4095, 4096, 4097, 2 * PAGE, 3 * PAGE - 1, 5 * PAGE + 4097]) {
    const wanted = memory
      .subarray(0, length)
      .fill(0)
      .map((_, i) => (i * 7 + (i >> 9) + length) & 0xff)
    memory.set(wanted)
    const path = join(folder, `${length}`)
    const file = await disk.createFile(path, { direct: true })
    for (let at = 0; at < length; at += 2 * PAGE) {
      const end = Math.min(length, at + 2 * PAGE)
      const middle = Math.min(end, at + PAGE)
      await file.write([memory.subarray(at, middle), memory.subarray(middle, end)], at)
    }
    await file.sync()
    await file.close()
    expect(statSync(path).size).toBe(length)
    expect(Buffer.compare(readFileSync(path), wanted)).toBe(0)
  }
})

test('a file that is written past the cache takes pieces of any length, in their order', async () => {
  const path = join(folder, 'pieces')
  const file = await createDisk().createFile(path, { direct: true })
  const lengths = [4096, 1, 4095, 8192, 100, 4096]
  const wanted = Buffer.concat(lengths.map((length, n) => Buffer.alloc(length, n + 1)))
  await file.write(
    lengths.map((length, n) => aligned.subarray(n * PAGE, n * PAGE + length).fill(n + 1)),
    0,
  )
  // Behind an end that is no block's, and over it.
  await file.write(aligned.subarray(0, 4096).fill(9), wanted.length)
  await file.write(aligned.subarray(PAGE, PAGE + 4096).fill(8), 4096)
  await file.close()
  wanted.fill(8, 4096, 8192)
  expect(Buffer.compare(readFileSync(path), Buffer.concat([wanted, Buffer.alloc(4096, 9)]))).toBe(0)
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
