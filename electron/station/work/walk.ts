import { opendir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** A file, or a place that could not be looked into. */
export interface Walked {
  path: string
  /** The path from the folder that was given, with that folder's own name: what a person recognises. */
  name: string
  /** Why it could not be read. */
  error?: string
}

/**
 * Every file below the given files and folders, one at a time: a folder is read as its entries are asked for, so millions of
 * files need no memory. Links are followed; a folder that was walked before (a link back up) is not entered again.
 */
export async function* walk(paths: string[]): AsyncGenerator<Walked> {
  const entered = new Set<string>()
  const waiting: Walked[] = paths.map(path => ({ path, name: basename(path) || path })).reverse()
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    try {
      const found = await stat(place.path, { bigint: true })
      if (found.isFile()) {
        yield place
        continue
      }
      // Pipes, sockets and devices would block a reader for ever.
      if (!found.isDirectory()) continue
      const identity = `${found.dev}:${found.ino}`
      if (entered.has(identity)) continue
      entered.add(identity)
      for await (const entry of await opendir(place.path)) {
        const inside = { path: join(place.path, entry.name), name: join(place.name, entry.name) }
        if (entry.isFile()) yield inside
        else if (entry.isDirectory() || entry.isSymbolicLink()) waiting.push(inside)
      }
    } catch (error) {
      yield { ...place, error: reasonOf(error) }
    }
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'It is not there.',
  EACCES: 'The station may not read it.',
  EPERM: 'The station may not read it.',
  ELOOP: 'It is a link that leads to itself.',
  EIO: 'The disk it lies on reported an error.',
  ESTALE: 'The network drive it lies on was connected anew, or has lost it.',
  ENOTCONN: 'The network drive it lies on is not connected.',
  EHOSTDOWN: 'The network drive it lies on is not connected.',
  ETIMEDOUT: 'The network drive it lies on does not answer.',
}

/** A system error in a sentence, without the path. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return REASONS[code] ?? `It could not be read (${code}).`
}
