import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from './durable.ts'

/**
 * What `durable.ts` does, for a thread that lives for one disk and may hang on it: the asynchronous calls of all threads share
 * libuv's four, and four that wait for a network drive would stop every other disk, too.
 */

/** Fails when the file exists. Returns its descriptor. */
export function createFileSync(path: string): number {
  return openSync(path, 'wx', 0o600)
}

/** Writes all of the bytes behind what was written before. */
export function writeAllSync(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done)
}

export function syncFileSync(descriptor: number): void {
  if (process.platform === 'darwin') fsyncSync(descriptor)
  else fdatasyncSync(descriptor)
}

/** The names in the folder are on the disk when it returns. */
export function syncFolderSync(path: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a folder and those above it as far as `root`, durably. Throws ENOENT when the root itself is not there: it is a mount point. */
export function makeFolderSync(root: string, path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path || path === root) throw error
    if (dirname(path) === root) throw error
    makeFolderSync(root, dirname(path))
    mkdirSync(path)
  }
  syncFolderSync(dirname(path))
}
