import { createHash, randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  futimesSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IsocenterError } from '../../../../shared/errors.ts'
import { errorCode } from '../../base/durable.ts'
import { createFileSync, makeFolderSync, syncFileSync, syncFolderSync, writeAllSync } from '../../base/durableSync.ts'
import { fileOfContent, newestFileSync } from '../contentFile.ts'

/** In each volume's root: who it is. An empty mount point has none. */
export const IDENTITY_FILE = 'isocenter-volume.json'
const PROBE_FILE = 'isocenter-probe'
const BLOCK_BYTES = 1 << 20
/** A file of another program by that name is not read to its end. */
const IDENTITY_BYTES = 4096

export interface VolumeData {
  /** Absolute. */
  root: string
  /** False of the data folder: it has the lock and the index to know it by. */
  hasIdentity: boolean
}

export interface VolumeLook {
  /** null: there is no identity file. */
  identity: string | null
  free: number
  total: number
}

/** Bytes to be put on a volume. */
export interface PutObject {
  contentId: number
  /** Absolute; the Part-10 file begins at `offset`. */
  path: string
  offset: number
  metaLength: number
  /** Of the data set. */
  length: number
  /** Epoch ms: the time of its file, from which a lost index learns it. */
  received: number
  /** What they must be: either checksum of the data set. */
  crc: number | null
  sha256: Uint8Array | null
}

export type PutResult = { contentId: number; file: string; sha256: Uint8Array } | { contentId: number; damage: string }

export type VolumeFolder = ReturnType<typeof createVolumeFolder>

/** One volume's own thread: every call blocks, so that a disk that hangs holds up nobody else. */
export function createVolumeFolder({ root, hasIdentity }: VolumeData) {
  const identityPath = join(root, IDENTITY_FILE)

  function readFile(): { volume: string; station: unknown } | null {
    try {
      const text = readFileSync(identityPath, 'utf8').slice(0, IDENTITY_BYTES)
      const { volume, station } = JSON.parse(text) as { volume?: unknown; station?: unknown }
      return typeof volume === 'string' ? { volume, station } : null
    } catch (error) {
      if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null
      throw error
    }
  }

  const readIdentity = () => readFile()?.volume ?? null

  /** Right before each use: whatever was mounted a second ago may be an empty folder now. Returns the device that is written to. */
  function device(identity: string): number {
    if (!hasIdentity) return statSync(root).dev
    if (readIdentity() !== identity) throw new IsocenterError('volume-unavailable', 'it is not mounted')
    return statSync(identityPath).dev
  }

  function look(): VolumeLook {
    const identity = readIdentity()
    const { bavail, blocks, bsize } = identity === null ? { bavail: 0, blocks: 0, bsize: 0 } : statfsSync(root)
    return { identity, free: bavail * bsize, total: blocks * bsize }
  }

  /** Writes the object's file and syncs it; its name is not durable yet. */
  function write(object: PutObject, on: number): PutResult {
    const { contentId, metaLength, length } = object
    const file = fileOfContent(contentId)
    const path = join(root, file)
    makeFolderSync(root, dirname(path))
    const descriptor = createOver(object, path)
    try {
      // A volume that was unmounted between the look and the write.
      if (fstatSync(descriptor).dev !== on) throw new IsocenterError('volume-unavailable', 'it is not mounted')
      const sums = readObject(object.path, object.offset, metaLength, length, part => writeAllSync(descriptor, part))
      const asExpected =
        sums !== undefined &&
        (object.crc === null || object.crc === sums.crc) &&
        (object.sha256 === null || sums.sha256.equals(object.sha256))
      if (!asExpected) {
        unlinkSync(path)
        return { contentId, damage: 'its bytes are not those that were received' }
      }
      futimesSync(descriptor, object.received / 1000, object.received / 1000)
      syncFileSync(descriptor)
      return { contentId, file, sha256: Uint8Array.from(sums.sha256) }
    } finally {
      closeSync(descriptor)
    }
  }

  /**
   * What stands under a name of ours without a row is the rest of a move that was cut off, and goes when it is the same; anything
   * else is set aside, for nobody knows whose it is.
   */
  function createOver(object: PutObject, path: string): number {
    try {
      return createFileSync(path)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    const [source, there] = [statSync(object.path), statSync(path)]
    if (source.ino === there.ino && source.dev === there.dev) {
      throw new IsocenterError('volume-unavailable', 'two volumes are the same folder')
    }
    const { offset, metaLength, length } = object
    const mine = readObject(object.path, offset, metaLength, length, () => {})
    const other = there.size === metaLength + length ? readObject(path, 0, metaLength, length, () => {}) : undefined
    if (mine && other?.sha256.equals(mine.sha256)) unlinkSync(path)
    else {
      makeFolderSync(root, join(root, 'orphans'))
      renameSync(path, join(root, 'orphans', `${basename(path)}.${randomUUID()}`))
    }
    return createFileSync(path)
  }

  return {
    look: (): VolumeLook => told(look),

    /**
     * Gives the root an identity, or returns the one it got of this station before (`known`): before its row was written, or of an
     * index that was lost since. Throws where it belongs to
     * another station, whose images lie there under the same names, or is one that has its row, and where
     * another is `expected`: the mount point of a disk that is away.
     */
    adopt: (station: string, rows: string[], expected: string | undefined): { identity: string; known: boolean } =>
      told(() => {
        const before = readFile()
        if (before?.station === station && !rows.includes(before.volume)) {
          return { identity: before.volume, known: true }
        }
        if (before) {
          throw new IsocenterError(
            'volume-unavailable',
            'it belongs to another station, or to one of the other volumes',
          )
        }
        if (expected !== undefined) throw new IsocenterError('volume-unavailable', 'it is not mounted')
        const volume = randomUUID()
        const descriptor = createFileSync(identityPath)
        try {
          writeAllSync(descriptor, Buffer.from(`${JSON.stringify({ volume, station })}\n`))
          syncFileSync(descriptor)
        } finally {
          closeSync(descriptor)
        }
        syncFolderSync(root)
        return { identity: volume, known: false }
      }),

    /** The greatest content number that names a file here; 0 when there is none. */
    newest: (identity: string): number =>
      told(() => {
        device(identity)
        return newestFileSync(root)
      }),

    /** Throws when it cannot be written and synced there. */
    probe: (identity: string): void =>
      told(() => {
        device(identity)
        const path = join(root, PROBE_FILE)
        rmSync(path, { force: true })
        const descriptor = createFileSync(path)
        try {
          writeAllSync(descriptor, new Uint8Array(4096).fill(1))
          syncFileSync(descriptor)
        } finally {
          closeSync(descriptor)
        }
        unlinkSync(path)
      }),

    /** On the disk with their names, and read back, when it returns. Throws as a whole; what it left has no row and is made again. */
    put: (objects: PutObject[], identity: string): PutResult[] =>
      told(() => {
        const on = device(identity)
        const results = objects.map(object => write(object, on))
        const written = results.flatMap(result => ('file' in result ? [result] : []))
        for (const folder of new Set(written.map(({ file }) => dirname(join(root, file))))) syncFolderSync(folder)
        for (const { contentId, file, sha256 } of written) {
          const object = objects.find(one => one.contentId === contentId)
          const back = object && readObject(join(root, file), 0, object.metaLength, object.length, () => {})
          if (!back?.sha256.equals(sha256)) throw new Error(`${file} does not read back as it was written`)
        }
        return results
      }),

    /** Those that could not be removed yet; the others are gone for good, by a power cut too. */
    remove: (files: string[], identity: string): string[] =>
      told(() => {
        device(identity)
        const left = files.filter(file => {
          try {
            unlinkSync(join(root, file))
            return false
          } catch (error) {
            return errorCode(error) !== 'ENOENT'
          }
        })
        for (const folder of new Set(files.map(file => dirname(join(root, file)))))
          if (existsSync(folder)) syncFolderSync(folder)
        return left
      }),
  }
}

/** An error's class does not cross to the other thread, its code does. */
function told<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof IsocenterError) throw error
    const code = errorCode(error)
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new IsocenterError(full ? 'disk-full' : 'volume-unavailable', code || String(error), { cause: error })
  }
}

/** The whole Part-10 file in blocks, and the checksums of its data set; undefined when it is gone or ends before. */
function readObject(
  path: string,
  offset: number,
  metaLength: number,
  length: number,
  take: (part: Uint8Array) => void,
): { crc: number; sha256: Buffer } | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const hash = createHash('sha256')
    const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, metaLength + length))
    let crc = 0
    for (let done = 0; done < metaLength + length; ) {
      // Never across the end of the File Meta: the checksums begin behind it.
      const wanted = done < metaLength ? metaLength - done : metaLength + length - done
      const read = readSync(descriptor, block, 0, Math.min(block.length, wanted), offset + done)
      if (read === 0) return undefined
      const part = block.subarray(0, read)
      take(part)
      if (done >= metaLength) {
        crc = crc32(part, crc)
        hash.update(part)
      }
      done += read
    }
    return { crc, sha256: hash.digest() }
  } finally {
    closeSync(descriptor)
  }
}
