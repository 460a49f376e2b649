import { opendir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { CallOut } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'

/** Past this a folder is for the import's own walk, not for a list on a screen. */
const MOST_ENTRIES = 5_000
const STATS_AT_ONCE = 32

type Entry = CallOut<'folder.list'>['entries'][number]

/**
 * Names and sizes in a folder of the station's machine, folders first; hidden entries and what is neither file nor folder are
 * left out. '' is the user's home. Throws 'bad-request' (not absolute, not readable) or 'not-found'.
 */
export async function listFolder(asked: string): Promise<CallOut<'folder.list'>> {
  if (asked !== '' && !path.isAbsolute(asked)) throw new IsocenterError('bad-request', 'the folder needs a full path')
  const folder = path.resolve(asked || homedir())
  const { names, truncated } = await namesIn(folder)
  const entries: Entry[] = []
  for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
    const batch = await Promise.all(names.slice(at, at + STATS_AT_ONCE).map(name => describe(folder, name)))
    entries.push(...batch.filter(entry => entry !== undefined))
  }
  const collator = new Intl.Collator('en', { numeric: true })
  entries.sort((a, b) => Number(b.folder) - Number(a.folder) || collator.compare(a.name, b.name))
  const parent = path.dirname(folder)
  return { path: folder, parent: parent === folder ? null : parent, entries, truncated }
}

async function namesIn(folder: string): Promise<{ names: string[]; truncated: boolean }> {
  const names: string[] = []
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.name.startsWith('.')) continue
      if (names.length === MOST_ENTRIES) return { names, truncated: true }
      names.push(entry.name)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new IsocenterError('not-found', 'no such folder')
    throw new IsocenterError('bad-request', `the folder cannot be read: ${code}`, { cause: error })
  }
  return { names, truncated: false }
}

/** Symbolic links are followed: a mounted disk is often one. Undefined for broken links, sockets and devices. */
async function describe(folder: string, name: string): Promise<Entry | undefined> {
  const full = path.join(folder, name)
  const stats = await stat(full).catch(() => undefined)
  if (!stats || !(stats.isDirectory() || stats.isFile())) return undefined
  return { name, path: full, folder: stats.isDirectory(), size: stats.isFile() ? stats.size : 0 }
}
