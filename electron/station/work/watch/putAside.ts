import {
  closeSync,
  existsSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join, parse } from 'node:path'
import { errorCode } from '../../base/durable.ts'
import { createFileSync, makeFolderSync, syncFileSync, syncFolderSync, writeAllSync } from '../../base/durableSync.ts'

const BLOCK_BYTES = 1 << 20
/** Consoles use names again; a thousandth file under one name is left where it is. */
const MOST_SAME_NAMES = 1000
/** Of file systems that know no second name for a file. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

const NO_FOLDER_SYNC: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF'])

/** What it was when it was taken. */
interface FileState {
  size: number
  mtimeMs: number
}

export function isUnchanged(path: string, was: FileState): boolean {
  const now = lstatSync(path, { throwIfNoEntry: false })
  return now?.isFile() === true && now.size === was.size && now.mtimeMs === was.mtimeMs
}

/**
 * Moves a file from `root` to the same place below `target`, which must be there, durably. Nothing is ever overwritten: where
 * another file has the name, it gets a number; where an equal one has it (a move that was cut off), the file only goes. False: the
 * file was written meanwhile and stays. Throws the system's error.
 */
export function putAside(root: string, target: string, relative: string, was: FileState): boolean {
  const source = join(root, relative)
  statSync(target)
  const folder = dirname(join(target, relative))
  // `target` itself is never made: it may be the place of a disk that is not there.
  if (folder !== join(target)) makeFolderSync(join(target), folder)
  if (!isUnchanged(source, was)) return false
  const { dir, name, ext } = parse(join(target, relative))
  for (let number = 1; number <= MOST_SAME_NAMES; number++) {
    const place = join(dir, number === 1 ? `${name}${ext}` : `${name} (${number})${ext}`)
    if (!give(source, place) && !isSame(source, place)) continue
    syncNames(dir)
    // Where there are no second names it has gone there itself.
    if (existsSync(source) && !isUnchanged(source, was)) return false
    rmSync(source, { force: true })
    syncNames(dirname(source))
    return true
  }
  throw new Error('a thousand files have this name there')
}

/** Some network file systems know no sync of a folder: their names are as safe as they make them, and the file is not lost. */
function syncNames(folder: string): void {
  try {
    syncFolderSync(folder)
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(errorCode(error))) throw error
  }
}

/** Gives the file its second name or copy at `place`; false where there is something already. */
function give(source: string, place: string): boolean {
  try {
    return name(source, place)
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error
  }
  if (existsSync(place)) return false
  const copy = `${place}.isocenter-part`
  rmSync(copy, { force: true })
  try {
    copyFile(source, copy)
    // Read back: the original goes only when the copy is the same.
    if (!isSame(source, copy)) throw new Error('the copy differs from the file')
    return name(copy, place)
  } finally {
    rmSync(copy, { force: true })
  }
}

/** A second name, or where there is no such thing the new one instead of the old. False where it is taken. */
function name(file: string, place: string): boolean {
  try {
    linkSync(file, place)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    if (!NO_LINKS.has(errorCode(error))) throw error
  }
  if (existsSync(place)) return false
  renameSync(file, place)
  return true
}

function copyFile(source: string, copy: string): void {
  const from = openSync(source, 'r')
  try {
    const to = createFileSync(copy)
    try {
      const block = Buffer.alloc(BLOCK_BYTES)
      for (let bytes = readSync(from, block); bytes > 0; bytes = readSync(from, block)) {
        writeAllSync(to, block.subarray(0, bytes))
      }
      const { atime, mtime } = statSync(source)
      futimesSync(to, atime, mtime)
      syncFileSync(to)
    } finally {
      closeSync(to)
    }
  } finally {
    closeSync(from)
  }
}

function isSame(a: string, b: string): boolean {
  const one = openSync(a, 'r')
  try {
    const other = openSync(b, 'r')
    try {
      const blocks = [Buffer.alloc(BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES)] as const
      while (true) {
        const [read, readOther] = [readWhole(one, blocks[0]), readWhole(other, blocks[1])]
        if (read !== readOther || !blocks[0].subarray(0, read).equals(blocks[1].subarray(0, read))) return false
        if (read < BLOCK_BYTES) return true
      }
    } finally {
      closeSync(other)
    }
  } finally {
    closeSync(one)
  }
}

/** As much as there is: a read of a network drive may bring less. */
function readWhole(descriptor: number, block: Buffer): number {
  let read = 0
  for (let bytes = -1; bytes !== 0 && read < block.length; read += bytes) {
    bytes = readSync(descriptor, block, read, block.length - read, null)
  }
  return read
}
