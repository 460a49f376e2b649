import { IsocenterError } from '../../../../shared/errors.ts'
import type { Disk } from '../../base/durable.ts'
import type { OpenedIndex } from '../writer.ts'
import { type IndexTrouble, listBackups, lookForIndex, restoreBackup, setIndexAside } from './indexFile.ts'

export interface SoundIndex {
  opened: OpenedIndex
  /** Why it is not the one that was there, which lies at `oldIndex` when there was one, and the backup it began as. */
  lost?: { trouble: IndexTrouble; oldIndex?: string; backup?: string }
}

/**
 * Opens the index; one that is damaged or gone is set aside, and the newest backup that can be opened stands in for it, or an empty
 * one, to be filled from the files. A new index that was asked for is always an empty one.
 */
export async function openSoundIndex(
  dataDir: string,
  disk: Disk,
  open: () => Promise<OpenedIndex>,
): Promise<SoundIndex> {
  let trouble = await lookForIndex(dataDir)
  if (!trouble) {
    const opened = await openUnlessDamaged(open)
    if (opened) return { opened }
    trouble = 'damaged'
  }
  const oldIndex = await setIndexAside(dataDir, disk)
  for (const backup of trouble === 'asked' ? [] : await listBackups(dataDir)) {
    await restoreBackup(dataDir, backup, disk)
    const opened = await openUnlessDamaged(open)
    if (opened) return { opened, lost: { trouble, oldIndex, backup } }
    await setIndexAside(dataDir, disk)
  }
  return { opened: await open(), lost: { trouble, oldIndex } }
}

async function openUnlessDamaged(open: () => Promise<OpenedIndex>): Promise<OpenedIndex | undefined> {
  return open().catch(error => {
    if (error instanceof IsocenterError && error.code === 'index-damaged') return undefined
    throw error
  })
}
