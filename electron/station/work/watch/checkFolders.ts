import path from 'node:path'
import type { WatchedFolder } from '../../../../shared/config.ts'
import { IsocenterError } from '../../../../shared/errors.ts'

/** Whether `inner` is `outer` or lies in it. */
function isWithin(inner: string, outer: string): boolean {
  const way = path.relative(path.resolve(outer), path.resolve(inner))
  return way === '' || !(way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way))
}

/**
 * What no folder may be: without a full path, in one of the station's own folders (`ours`), in another watched one, or with the
 * place for what is done where it would be found again. Throws 'unwatchable' in words.
 */
export function checkFolders(folders: readonly WatchedFolder[], ours: readonly string[]): void {
  const no = (words: string): never => {
    throw new IsocenterError('unwatchable', words)
  }
  for (const { id, path: folder, onDone, movedTo } of folders) {
    if (!path.isAbsolute(folder)) no(`${folder} needs a full path`)
    if (ours.some(own => isWithin(folder, own))) no(`${folder} lies in a folder of the station itself`)
    const others = folders.filter(other => other.id !== id)
    if (others.some(other => isWithin(folder, other.path))) no(`${folder} is watched already`)
    if (onDone === 'leave' || movedTo === undefined) continue
    if (!path.isAbsolute(movedTo)) no(`${movedTo} needs a full path`)
    if (ours.some(own => isWithin(movedTo, own))) no(`${movedTo} lies in a folder of the station itself`)
    if (isWithin(folder, movedTo)) no(`${movedTo} holds the watched folder`)
    if (others.some(other => isWithin(movedTo, other.path))) no(`${movedTo} is watched itself`)
  }
}
