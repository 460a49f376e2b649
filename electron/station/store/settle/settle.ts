import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IsocenterError } from '../../../../shared/errors.ts'
import { AlignedMemory, inWholeUnits } from '../../base/alignedMemory.ts'
import { createDisk, type Disk, errorCode, type NewFile, SyncError } from '../../base/durable.ts'
import { fileOfContent } from '../contentFile.ts'
import type { SettledCopy, UnsettledCopy } from './settleRows.ts'

const BLOCK_BYTES = 1 << 20

const NOTHING = new Uint8Array(0)

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
    const [back = NOTHING, ...pieces] = memory.take([Math.max(0, ...lengths), ...lengths])
    const copied: Copied[] = []
    for (const [index, copy] of landed.entries()) {
      const file = fileOfContent(copy.contentId)
      const one = { copy, file, path: join(dataDir, file), bytes: pieces[index] ?? NOTHING }
      if (await isAsReceived(dataDir, one)) copied.push(one)
      else results.push((await settledBefore(one.path, file, copy)) ?? damaged(copy))
    }
    const folders = new Set(copies.map(({ contentId }) => dirname(join(dataDir, fileOfContent(contentId)))))
    for (const folder of folders) await disk.makeFolder(folder)
    const written = Promise.all(copied.map(one => writeCopy(disk, one)))
    for (const copy of copies) if (isOwnFile(copy)) results.push(await nameFile(disk, dataDir, copy))
    await written
    await Promise.all([...folders].map(folder => disk.syncFolder(folder)))
    for (const { copy, file, path, bytes } of copied) {
      if (!(await readsBack(path, bytes, back))) throw new Error(`${file} does not read back as it was written`)
      const sha256 = createHash('sha256').update(bytes.subarray(copy.metaLength)).digest()
      results.push({ contentId: copy.contentId, file, sha256: Uint8Array.from(sha256) })
    }
    return results
  }

  return { settle }
}

const damaged = ({ contentId }: UnsettledCopy): SettledCopy => ({
  contentId,
  damage: 'its bytes are not those that were received',
})

/** Reads its bytes. */
async function isAsReceived(dataDir: string, { copy, bytes }: Copied): Promise<boolean> {
  const whole = await readPart(join(dataDir, copy.file), copy.offset, bytes)
  return whole && crc32(bytes.subarray(copy.metaLength)) === copy.crc
}

/** The content is on the disk when it resolves, its name when its folder is synced. */
async function writeCopy(disk: Disk, { copy, path, bytes }: Copied): Promise<void> {
  const handle = await createAnew(disk, path)
  try {
    await handle.write(inWholeUnits(bytes), 0)
    await handle.truncate(bytes.length)
    // The one thing of an object that its bytes don't tell: an index that is made anew takes it from here.
    await utimes(path, copy.received / 1000, copy.received / 1000)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** From the disk itself where the system lets it be asked past its cache. `back`: memory for it. */
async function readsBack(path: string, bytes: Uint8Array, back: Uint8Array): Promise<boolean> {
  const direct = constants.O_DIRECT ?? 0
  return readsBackBy(constants.O_RDONLY | direct, path, bytes, back).catch(error => {
    if (errorCode(error) !== 'EINVAL') throw error
    return readsBackBy(constants.O_RDONLY, path, bytes, back)
  })
}

async function readsBackBy(flags: number, path: string, bytes: Uint8Array, back: Uint8Array): Promise<boolean> {
  const handle = await open(path, flags)
  try {
    const blocks = inWholeUnits(back.subarray(0, bytes.length))
    let done = 0
    while (done < bytes.length) {
      const { bytesRead } = await handle.read(blocks, done, blocks.length - done, done)
      if (bytesRead === 0) return false
      done += bytesRead
    }
    return done === bytes.length && Buffer.compare(blocks.subarray(0, done), bytes) === 0
  } finally {
    await handle.close()
  }
}

/** The index may be an older one than the files, and what it calls unsettled lie in its place. */
async function settledBefore(path: string, file: string, copy: UnsettledCopy): Promise<SettledCopy | undefined> {
  const found = await checksums(path, copy)
  return found?.crc === copy.crc
    ? { contentId: copy.contentId, file, sha256: Uint8Array.from(found.hash.digest()) }
    : undefined
}

/** A large object already is a file: it gets its name, by a second link until the first is removed. */
async function nameFile(disk: Disk, dataDir: string, copy: UnsettledCopy): Promise<SettledCopy> {
  const file = fileOfContent(copy.contentId)
  const [from, to] = [join(dataDir, copy.file), join(dataDir, file)]
  const found = await checksums(from, copy)
  if (found?.crc !== copy.crc) return (await settledBefore(to, file, copy)) ?? damaged(copy)
  await disk.linkFile(from, to).catch(async error => {
    if (errorCode(error) !== 'EEXIST') throw error
    // Of a settling that was cut off: that file, or something in its place.
    if ((await stat(from)).ino === (await stat(to)).ino) return
    await disk.removeFile(to)
    await disk.linkFile(from, to)
  })
  return { contentId: copy.contentId, file, sha256: Uint8Array.from(found.hash.digest()) }
}

async function checksums(path: string, copy: UnsettledCopy): Promise<{ crc: number; hash: Hash } | undefined> {
  const handle = await openToRead(path)
  if (!handle) return undefined
  try {
    const hash = createHash('sha256')
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    let crc = 0
    for (let done = 0; done < copy.length; ) {
      const wanted = Math.min(BLOCK_BYTES, copy.length - done)
      const { bytesRead } = await handle.read(block, 0, wanted, copy.metaLength + done)
      if (bytesRead === 0) return undefined
      const part = block.subarray(0, bytesRead)
      crc = crc32(part, crc)
      hash.update(part)
      done += bytesRead
    }
    return { crc, hash }
  } catch (error) {
    return unreadable(error)
  } finally {
    await handle.close()
  }
}

/** A file under a name of ours that has no row yet is half of a settling that was cut off. */
async function createAnew(disk: Disk, path: string): Promise<NewFile> {
  return disk.createFile(path, { direct: true }).catch(async error => {
    if (errorCode(error) !== 'EEXIST') throw error
    await disk.removeFile(path)
    return disk.createFile(path, { direct: true })
  })
}

/** Fills `bytes`; false when the file is gone or ends before. */
async function readPart(path: string, offset: number, bytes: Uint8Array): Promise<boolean> {
  const handle = await openToRead(path)
  if (!handle) return false
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done)
      if (bytesRead === 0) return false
      done += bytesRead
    }
    return true
  } catch (error) {
    return unreadable(error) ?? false
  } finally {
    await handle.close()
  }
}

/** A sector that can't be read is damage to one object, not a reason to stop with all of them. */
function unreadable(error: unknown): undefined {
  if (errorCode(error) !== 'EIO') throw error
}

async function openToRead(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch(error => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
}

function isOwnFile(copy: UnsettledCopy): boolean {
  return copy.file.endsWith('.dcm')
}
