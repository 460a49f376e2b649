import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Staging } from '../../electron/station/base/alignedMemory.ts'
import { createDisk } from '../../electron/station/base/durable.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isocenter-aligned-'))
})
afterEach(() => {
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true, force: true })
})

/** As with a limit to the address space (`ulimit -v`), which each of these memories wants gigabytes of. */
class NoMemory {
  constructor() {
    throw new RangeError('could not allocate memory')
  }
}

test.each([
  ['', globalThis.WebAssembly],
  [' where aligned memory cannot be had', { Memory: NoMemory }],
])('what is staged is on the disk as it was, by more files at once than there is memory for%s', async (_, offered) => {
  vi.stubGlobal('WebAssembly', offered)
  const disk = createDisk()
  const staging = new Staging()
  const write = async (bytes: Uint8Array, n: number) => {
    const path = join(folder, `${n}`)
    const file = await disk.createFile(path, { direct: true })
    // Pieces that begin and end anywhere: of a record a head, the blocks of a data set, what fills up its last unit.
    const ends = [0, 72 + n, 72 + n, 70_001, 900_000, bytes.length].map(end => Math.min(end, bytes.length))
    await staging.write(
      file,
      ends.slice(1).map((end, i) => bytes.subarray(ends[i], end)),
      0,
    )
    await file.sync()
    await file.close()
    return Buffer.compare(readFileSync(path), bytes)
  }
  const sizes = [0, 1, 4096, 4097, (2 << 20) - 1, 2 << 20, (2 << 20) + 4096, (5 << 20) + 3]
  const contents = sizes.map((size, n) => Buffer.alloc(size, n + 1).map((byte, i) => byte + i * 31 + (i >> 12)))
  expect(await Promise.all(contents.map(write))).toEqual(sizes.map(() => 0))
})
