import { type Dir, opendirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../walk.ts'

/** Deeper than any console writes, and few enough open folders. */
const MOST_DEEP = 64
/** What is still being written, by the names that programs give it, and what hides. */
const UNFINISHED = /^[.~]|\.(part|partial|filepart|crdownload|tmp|temp|lock|lck)$/i

/** A file, a step on the way, or a place that could not be looked into. */
export interface Walked {
  /** Below the root. */
  relative: string
  error?: string
}

/**
 * Every file below the root that has a finished name, one at a time: a folder is read as its entries are asked for, so millions
 * need no memory. Links are not followed; `isOurs` says which folders are not entered. Throws where the root cannot be read.
 */
export function* walkFolder(root: string, isOurs: (path: string) => boolean): Generator<Walked | undefined> {
  const open: Array<{ dir: Dir; relative: string }> = []
  const enter = (relative: string) => {
    const dir = opendirSync(join(root, relative), { bufferSize: 256 })
    open.push({ dir, relative })
  }
  enter('')
  try {
    for (let place = open.at(-1); place; place = open.at(-1)) {
      let relative = place.relative
      try {
        const entry = place.dir.readSync()
        if (!entry) {
          open.pop()?.dir.closeSync()
          continue
        }
        if (UNFINISHED.test(entry.name) || entry.isSymbolicLink()) {
          yield undefined
          continue
        }
        relative = join(place.relative, entry.name)
        if (entry.isFile()) {
          yield { relative }
          continue
        }
        if (!entry.isDirectory() || isOurs(join(root, relative))) continue
        if (open.length >= MOST_DEEP) yield { relative, error: 'It lies too deep: more than 64 folders.' }
        else enter(relative)
        yield undefined
      } catch (error) {
        // A folder that went while it was read has an end like any other.
        if (relative === place.relative) open.pop()?.dir.closeSync()
        if (place.relative === '' && relative === '') throw error
        yield { relative, error: reasonOf(error) }
      }
    }
  } finally {
    for (const { dir } of open) dir.closeSync()
  }
}

/** What tells one folder from all others, whatever it is called. */
export function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}
