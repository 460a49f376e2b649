import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, rename, rm, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DIRECT_UNIT } from './alignedMemory.ts'

/** A sync failed: what the kernel holds and what the disk holds may differ from now on, and a retry would only hide it. */
export class SyncError extends Error {
  constructor(path: string, cause: unknown) {
    super(`sync of ${path} failed`, { cause })
    this.name = 'SyncError'
  }
}

/** IOV_MAX is 1024 on every system we run on. */
const MOST_PARTS = 1024

/** A file being made. */
export interface NewFile {
  /** Writes all of the bytes, one piece behind the other, from `position` on. Rejects with SyncError (EIO) or the system's error (ENOSPC, …). */
  write(bytes: Uint8Array | Uint8Array[], position: number): Promise<void>
  /** The content is on the disk when it resolves. Rejects with SyncError. */
  sync(): Promise<void>
  close(): Promise<void>
  /** What was written went past the system's cache: a sync has little to wait for. */
  readonly direct?: boolean
}

/** What is known of the writes to come. */
export interface Writing {
  /**
   * Past the system's cache, as far as it lets us (`O_DIRECT`; Linux, and not every file system): filling the cache's pages is what
   * writing costs (alignedMemory.ts). A write, or the first part of it, goes so where its place in the file, the length of its pieces
   * and their place in memory are multiples of `DIRECT_UNIT`; whatever is not goes through the cache.
   */
  direct?: boolean
}

/** A file that only grows. */
export interface GrowingFile extends NewFile {
  /** Bytes in it when it was opened. */
  readonly size: number
}

/** What the station does to files it must be able to rely on. An interface, so that tests can be a disk that fails. */
export interface Disk {
  /** Fails when the file exists. The name itself is durable only after `syncFolder` of its folder. */
  createFile(path: string, how?: Writing): Promise<NewFile>
  /** Opens a file to write behind its end, durably made when it is not there. */
  openToAppend(path: string, how?: Writing): Promise<GrowingFile>
  /** Makes a folder and its parents, durably. */
  makeFolder(path: string): Promise<void>
  /** The names in the folder are on the disk when it resolves. Rejects with SyncError. */
  syncFolder(path: string): Promise<void>
  removeFile(path: string): Promise<void>
  /** A second name for a file on the same volume; fails when the name is taken. Durable after `syncFolder`. */
  linkFile(path: string, name: string): Promise<void>
}

/** 'os': the system writes when it pleases, nothing is synced. A power cut then costs what was answered in the last seconds. */
export type Durability = 'full' | 'os'

/**
 * The only place that syncs. Linux: fdatasync of the file, fsync of the folder of every created or renamed file. macOS: the same
 * calls, which libuv turns into F_FULLFSYNC (plain fsync leaves the data in the drive's cache). Windows: FlushFileBuffers;
 * NTFS journals names and has no sync of a folder, so files get their final name at creation.
 */
export function createDisk(durability: Durability = 'full'): Disk {
  const made = new Map<string, Promise<void>>()
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()

  async function fsyncFolder(path: string): Promise<void> {
    if (process.platform === 'win32' || durability === 'os') return
    try {
      const handle = await open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      throw new SyncError(path, error)
    }
  }

  /** A sync that already runs may have begun before the caller's name was there: the caller shares the next one. */
  function syncFolder(path: string): Promise<void> {
    const current = running.get(path)
    if (current) {
      const shared =
        waiting.get(path) ??
        current
          .catch(() => {})
          .then(() => {
            waiting.delete(path)
            return begin(path)
          })
      waiting.set(path, shared)
      return shared
    }
    return begin(path)
  }

  function begin(path: string): Promise<void> {
    const sync = fsyncFolder(path).finally(() => {
      if (running.get(path) === sync) running.delete(path)
    })
    running.set(path, sync)
    return sync
  }

  async function makeNewFolder(path: string): Promise<void> {
    try {
      await mkdir(path)
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ENOENT') {
        await makeFolder(dirname(path))
        return makeNewFolder(path)
      }
      if (code !== 'EEXIST') throw error
    }
    await syncFolder(dirname(path))
  }

  function makeFolder(path: string): Promise<void> {
    const before = made.get(path)
    if (before) return before
    const making = makeNewFolder(path)
    made.set(path, making)
    making.catch(() => made.delete(path))
    return making
  }

  function writable(path: string, handle: FileHandle): NewFile {
    return {
      async write(bytes, position) {
        let parts = Array.isArray(bytes) ? bytes : [bytes]
        for (let at = position; ; ) {
          parts = parts.filter(part => part.length > 0)
          if (parts.length === 0) return
          // One call for all of them, as far as the system takes them (IOV_MAX).
          const { bytesWritten } = await handle.writev(parts.slice(0, MOST_PARTS), at)
          at += bytesWritten
          parts = behind(parts, bytesWritten)
        }
      },
      async sync() {
        if (durability === 'os') return
        try {
          await handle.datasync()
        } catch (error) {
          throw new SyncError(path, error)
        }
      },
      close: () => handle.close(),
    }
  }

  /** Without syncs the system's cache is what makes it fast. */
  async function opened(path: string, handle: FileHandle, { direct = false }: Writing = {}): Promise<NewFile> {
    const file = writable(path, handle)
    if (!direct || !constants.O_DIRECT || durability === 'os') return file
    // Two descriptors of one file: what is left behind the last whole unit goes by the plain one.
    const past = await open(path, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined)
    return past ? besideCache(path, file, past) : file
  }

  return {
    createFile: async (path, how) => opened(path, await open(path, 'wx', 0o600), how),
    async openToAppend(path, how) {
      // Not 'a': Linux then ignores the position, and what a failed write left behind could not be written over.
      const handle = await open(path, 'r+').catch(async error => {
        if (errorCode(error) !== 'ENOENT') throw error
        const made = await open(path, 'wx+', 0o600)
        await syncFolder(dirname(path))
        return made
      })
      return { ...(await opened(path, handle, how)), size: (await handle.stat()).size }
    },
    makeFolder,
    syncFolder,
    removeFile: path => unlink(path),
    linkFile: (path, name) => link(path, name),
  }
}

/** The file, written by `past`, which was opened with O_DIRECT, as far as that takes it. */
function besideCache(path: string, file: NewFile, past: FileHandle): NewFile {
  let taken = true
  return {
    get direct() {
      return taken
    },
    async write(bytes, position) {
      let parts = Array.isArray(bytes) ? bytes : [bytes]
      let at = position
      while (taken && at % DIRECT_UNIT === 0) {
        const whole = wholeUnits(parts)
        if (whole.length === 0) break
        try {
          const { bytesWritten } = await past.writev(whole, at)
          at += bytesWritten
          parts = behind(parts, bytesWritten)
        } catch (error) {
          // The cache would have told of it with the sync.
          if (errorCode(error) === 'EIO') throw new SyncError(path, error)
          // Memory that lies elsewhere, or a file system that opens so and does not write so.
          if (errorCode(error) !== 'EINVAL') throw error
          taken = false
        }
      }
      await file.write(parts, at)
    },
    sync: () => file.sync(),
    async close() {
      await past.close()
      await file.close()
    },
  }
}

/** The first of the pieces, as far as they are made of whole units. */
function wholeUnits(parts: Uint8Array[]): Uint8Array[] {
  const whole: Uint8Array[] = []
  for (const part of parts.slice(0, MOST_PARTS)) {
    const length = part.length - (part.length % DIRECT_UNIT)
    if (length > 0) whole.push(part.subarray(0, length))
    if (length < part.length) break
  }
  return whole
}

/** What is left of the pieces behind their first `bytes`. */
function behind(parts: Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  for (const [index, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(index + 1)]
    left -= part.length
  }
  return []
}

/** Replaces a small file as a whole: a reader, or a crash, meets the old content or the new, never a half. */
export async function replaceFile(disk: Disk, path: string, content: string | Iterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  // What a crash left of an earlier process with this number (in a container it is always the same) was never in use.
  await rm(temporary, { force: true })
  const file = await disk.createFile(temporary)
  try {
    let position = 0
    for (const part of typeof content === 'string' ? [content] : content) {
      const bytes = new TextEncoder().encode(part)
      await file.write(bytes, position)
      position += bytes.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await disk.syncFolder(dirname(path))
}

/** The system's code of an error ('ENOSPC', 'EIO', …) or ''. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
