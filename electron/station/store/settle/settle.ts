import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IsocenterError } from '../../../../shared/errors.ts'
import { AlignedMemory, DIRECT_UNIT, inWholeUnits } from '../../base/alignedMemory.ts'
import { createDisk, type Disk, errorCode, type NewFile, SyncError } from '../../base/durable.ts'
import { fileOfContent } from '../contentFile.ts'
import { isOwnFile, type SettledCopy, type UnsettledCopy } from './settleRows.ts'

const BLOCK_BYTES = 1 << 20

const NOTHING = new Uint8Array(0)
/** Files read at once, a turn each: one is hashed while others come. libuv's four threads are everybody's. */
const TURNS = [1, 2, 3]

/** A copy out of a segment, on its way to `path`. */
interface Copied {
  copy: UnsettledCopy
  /** Relative to the data folder. */
  file: string
  path: string
  bytes: Uint8Array
}

export interface SettleData {
  dataDir: string
}

/**
 * The settler's thread: copies out of the landing folder become plain Part-10 files, byte for byte, on the disk with their names
 * when a call resolves. Received bytes are compared with the checksum they came with before, and the file with them after.
 */
export function createSettle({ dataDir }: SettleData) {
  const disk = createDisk()
  const memory = new AlignedMemory()

  /** Rejects with the disk's error: then nothing is lost, the same copies are tried again later. */
  async function settle(copies: UnsettledCopy[]): Promise<SettledCopy[]> {
    try {
      return await settleAll(copies)
    } catch (error) {
      // An error's class does not cross to the other thread, its code does.
      if (error instanceof SyncError) throw new IsocenterError('store-read-only', error.message, { cause: error })
      if (errorCode(error) === 'ENOSPC') throw new IsocenterError('disk-full', 'settling', { cause: error })
      throw error
    }
  }

  async function settleAll(copies: UnsettledCopy[]): Promise<SettledCopy[]> {
    const results: SettledCopy[] = []
    const landed = copies.filter(copy => !isOwnFile(copy))
    const lengths = landed.map(({ metaLength, length }) => metaLength + length)
    const longest = Math.max(BLOCK_BYTES, ...lengths)
    // One more unit: in a segment they begin anywhere.
    const pieces = memory.take([...TURNS.map(() => longest), ...lengths.map(length => length + DIRECT_UNIT)])
    const spare = pieces.splice(0, TURNS.length)
    const copied: Copied[] = []
    await each(landed, async (copy, index, back) => {
      const file = fileOfContent(copy.contentId)
      const path = join(dataDir, file)
      const bytes = await readCopy(dataDir, copy, pieces[index] ?? NOTHING)
      if (bytes) copied.push({ copy, file, path, bytes })
      else results.push((await settledBefore(path, file, copy, back)) ?? damaged(copy))
    })
    const folders = new Set(copies.map(({ contentId }) => dirname(join(dataDir, fileOfContent(contentId)))))
    for (const folder of folders) await disk.makeFolder(folder)
    await ended(copied.map(one => writeCopy(disk, one)))
    await each(copies.filter(isOwnFile), async (copy, _, back) => {
      results.push(await nameFile(disk, dataDir, copy, back))
    })
    await Promise.all([...folders].map(folder => disk.syncFolder(folder)))
    await each(copied, async ({ copy, file, path, bytes }, _, back) => {
      if (!(await readsBack(path, bytes, back))) throw new Error(`${file} does not read back as it was written`)
      const sha256 = createHash('sha256').update(bytes.subarray(copy.metaLength)).digest()
      results.push({ contentId: copy.contentId, file, sha256: Uint8Array.from(sha256) })
    })

    /** `back`: memory for the longest of them. */
    async function each<T>(items: T[], work: (item: T, index: number, back: Uint8Array) => Promise<void>) {
      const next = items.entries()
      await ended(
        spare.map(async back => {
          for (const [index, item] of next) await work(item, index, back)
        }),
      )
    }
    return results
  }

  return { settle }
}

/** As `Promise.all`, but nobody still uses the memory when it rejects. */
async function ended(work: Array<Promise<void>>): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

const damaged = ({ contentId }: UnsettledCopy): SettledCopy => ({
  contentId,
  damage: 'its bytes are not those that were received',
})

/** Its bytes, as they were received, at the beginning of `memory`; undefined where they are no longer there. */
async function readCopy(dataDir: string, copy: UnsettledCopy, memory: Uint8Array): Promise<Uint8Array | undefined> {
  const ahead = copy.offset % DIRECT_UNIT
  const length = copy.metaLength + copy.length
  const wanted = inWholeUnits(memory.subarray(0, ahead + length))
  const read = await pastCache(join(dataDir, copy.file), handle => readPart(handle, copy.offset - ahead, wanted))
  if (read === undefined || read < ahead + length) return undefined
  memory.copyWithin(0, ahead, ahead + length)
  const bytes = memory.subarray(0, length)
  return crc32(bytes.subarray(copy.metaLength)) === copy.crc ? bytes : undefined
}

/** The content is on the disk when it resolves, its name when its folder is synced. */
async function writeCopy(disk: Disk, { copy, path, bytes }: Copied): Promise<void> {
  const handle = await createAnew(disk, path)
  try {
    await handle.write(bytes, 0)
    // The one thing of an object that its bytes don't tell: an index that is made anew takes it from here.
    await utimes(path, copy.received / 1000, copy.received / 1000)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** From the disk itself where the system lets it be asked past its cache. `back`: memory for it. */
async function readsBack(path: string, bytes: Uint8Array, back: Uint8Array): Promise<boolean> {
  const wanted = inWholeUnits(back.subarray(0, bytes.length))
  const read = await pastCache(path, handle => readPart(handle, 0, wanted))
  return read === bytes.length && Buffer.compare(back.subarray(0, read), bytes) === 0
}

/** The index may be an older one than the files, and what it calls unsettled lie in its place. */
async function settledBefore(
  path: string,
  file: string,
  copy: UnsettledCopy,
  memory: Uint8Array,
): Promise<SettledCopy | undefined> {
  const found = await checksums(path, copy, memory)
  return found?.crc === copy.crc
    ? { contentId: copy.contentId, file, sha256: Uint8Array.from(found.hash.digest()) }
    : undefined
}

/** A large object already is a file: it gets its name, by a second link until the first is removed. */
async function nameFile(disk: Disk, dataDir: string, copy: UnsettledCopy, memory: Uint8Array): Promise<SettledCopy> {
  const file = fileOfContent(copy.contentId)
  const [from, to] = [join(dataDir, copy.file), join(dataDir, file)]
  const found = await checksums(from, copy, memory)
  if (found?.crc !== copy.crc) return (await settledBefore(to, file, copy, memory)) ?? damaged(copy)
  await disk.linkFile(from, to).catch(async error => {
    if (errorCode(error) !== 'EEXIST') throw error
    // Of a settling that was cut off: that file, or something in its place.
    if ((await stat(from)).ino === (await stat(to)).ino) return
    await disk.removeFile(to)
    await disk.linkFile(from, to)
  })
  return { contentId: copy.contentId, file, sha256: Uint8Array.from(found.hash.digest()) }
}

/** Of the data set; undefined where the file is gone or ends before. `memory`: for one block. */
async function checksums(
  path: string,
  { metaLength, length }: UnsettledCopy,
  memory: Uint8Array,
): Promise<{ crc: number; hash: Hash } | undefined> {
  const block = memory.subarray(0, BLOCK_BYTES)
  return pastCache(path, async handle => {
    const hash = createHash('sha256')
    let crc = 0
    let at = 0
    while (at < metaLength + length) {
      const read = await readPart(handle, at, block)
      if (read === 0) return undefined
      const part = block.subarray(Math.max(0, metaLength - at), Math.min(read, metaLength + length - at))
      crc = crc32(part, crc)
      hash.update(part)
      at += read
    }
    return { crc, hash }
  })
}

/** A file under a name of ours that has no row yet is half of a settling that was cut off. */
async function createAnew(disk: Disk, path: string): Promise<NewFile> {
  return disk.createFile(path, { direct: true }).catch(async error => {
    if (errorCode(error) !== 'EEXIST') throw error
    await disk.removeFile(path)
    return disk.createFile(path, { direct: true })
  })
}

/** How much there was from `position` on, to fill `bytes` with; less than all only at the end of the file. */
async function readPart(handle: FileHandle, position: number, bytes: Uint8Array): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done)
    done += bytesRead
    // Past the cache what comes short of a unit is the end, and the next read would have to begin at one.
    if (bytesRead === 0 || done % DIRECT_UNIT !== 0) break
  }
  return done
}

/** Reads a file past the system's cache where that can be done. undefined when it is gone or a sector of it cannot be read. */
async function pastCache<T>(path: string, read: (handle: FileHandle) => Promise<T>): Promise<T | undefined> {
  for (const flags of [constants.O_RDONLY | (constants.O_DIRECT ?? 0), constants.O_RDONLY]) {
    try {
      const handle = await open(path, flags)
      return await read(handle).finally(() => handle.close())
    } catch (error) {
      // Damage to one object is no reason to stop with all of them.
      if (['ENOENT', 'EIO'].includes(errorCode(error))) return undefined
      if (errorCode(error) !== 'EINVAL' || flags === constants.O_RDONLY) throw error
    }
  }
  return undefined
}
