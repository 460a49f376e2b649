import { access, copyFile, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Disk, errorCode, replaceFile } from '../../base/durable.ts'

export const INDEX_FILE = 'index.sqlite'
export const BACKUP_FOLDER = 'backups'
const BACKUP_NAME = /^index-\d{4}-\d\d-\d\d\.sqlite$/
/** A file of this name has the next start set the index aside: 'damaged' was found so while it ran, 'asked' was by a person. */
const ASKED_FILE = 'index.rebuild'

export type IndexTrouble = 'missing' | 'damaged' | 'asked'

/** Before the index is opened: whether it is gone although there are images, or whether somebody asked for a new one. */
export async function lookForIndex(dataDir: string): Promise<IndexTrouble | undefined> {
  const asked = await readFile(join(dataDir, ASKED_FILE), 'utf8').catch(() => undefined)
  if (asked !== undefined) return asked === 'damaged' ? 'damaged' : 'asked'
  if (await exists(join(dataDir, INDEX_FILE))) return undefined
  const [files, landing] = await Promise.all([readdir(join(dataDir, 'files')), readdir(join(dataDir, 'landing'))])
  return files.length > 0 || landing.length > 0 ? 'missing' : undefined
}

/** What opens, but turns out damaged further in, is not opened a second time. */
export async function condemnIndex(dataDir: string, disk: Disk): Promise<void> {
  await replaceFile(disk, join(dataDir, ASKED_FILE), 'damaged')
}

/** Moves the index and its write-ahead log out of the way, never removes them. Resolves to the new path of what there was. */
export async function setIndexAside(dataDir: string, disk: Disk): Promise<string | undefined> {
  const from = join(dataDir, INDEX_FILE)
  let to = `${from}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  while (await exists(to)) to += '+'
  let moved: string | undefined
  for (const end of ['', '-wal', '-shm']) {
    await rename(from + end, to + end).then(
      () => {
        moved = to
      },
      error => {
        if (errorCode(error) !== 'ENOENT') throw error
      },
    )
  }
  await rm(join(dataDir, ASKED_FILE), { force: true })
  await disk.syncFolder(dataDir)
  return moved
}

/** Names of the daily backups, newest first. */
export async function listBackups(dataDir: string): Promise<string[]> {
  const names = await readdir(join(dataDir, BACKUP_FOLDER)).catch(() => [])
  return names
    .filter(name => BACKUP_NAME.test(name))
    .sort()
    .reverse()
}

/** Puts a copy of the backup where the index was. */
export async function restoreBackup(dataDir: string, name: string, disk: Disk): Promise<void> {
  const draft = join(dataDir, `${INDEX_FILE}.restoring`)
  await copyFile(join(dataDir, BACKUP_FOLDER, name), draft)
  const file = await disk.openToAppend(draft)
  await file.sync().finally(() => file.close())
  await rename(draft, join(dataDir, INDEX_FILE))
  await disk.syncFolder(dataDir)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    error => errorCode(error) !== 'ENOENT',
  )
}
