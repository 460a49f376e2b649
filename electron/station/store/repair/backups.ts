import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { StoreProblem } from '../index.ts'
import type { createBackup } from './backup.ts'
import { BACKUP_FOLDER, INDEX_FILE, listBackups } from './indexFile.ts'

const KEPT = 7

export interface BackupTimes {
  /** The first of a day, when the station was started on it. */
  firstAfterMs: number
  tickMs: number
}

export const BACKUP_TIMES: BackupTimes = { firstAfterMs: 3_600_000, tickMs: 600_000 }

export interface BackupParts {
  dataDir: string
  disk: Disk
  log: Log
  times: BackupTimes
  startThread(): Thread<ReturnType<typeof createBackup>>
  report(problem: StoreProblem): void
  /** An index that lacks images is no backup of anything. */
  mayCopy(): boolean
}

/** A copy of the index a day, `<data>/backups/index-YYYY-MM-DD.sqlite`, seven kept: what a damaged index is made again from. */
export async function startBackups({ dataDir, disk, log, times, startThread, report, mayCopy }: BackupParts) {
  const begun = performance.now()
  const folder = join(dataDir, BACKUP_FOLDER)
  let newest = await timeOf((await listBackups(dataDir))[0])
  let thread: ReturnType<BackupParts['startThread']> | undefined
  let running: Promise<void> | undefined
  let closed = false

  async function timeOf(name: string | undefined): Promise<number | undefined> {
    return name === undefined ? undefined : (await stat(join(folder, name))).mtimeMs
  }

  async function backup(name: string): Promise<void> {
    const to = join(folder, name)
    await disk.makeFolder(folder)
    thread = startThread()
    try {
      await thread.call('backup', { from: join(dataDir, INDEX_FILE), to: `${to}.part` })
      await rename(`${to}.part`, to)
      await disk.syncFolder(folder)
      newest = Date.now()
      for (const old of (await listBackups(dataDir)).slice(KEPT)) await disk.removeFile(join(folder, old))
      log.info({ name }, 'the index was backed up')
    } catch (error) {
      if (closed) return
      log.error({ err: error }, 'the index could not be backed up; it is tried again')
      report({
        severity: 'attention',
        sentence: 'The index could not be backed up. Images are safe: it is made again from them if need be.',
        detail: error instanceof Error ? error.message : '',
      })
    } finally {
      await thread.stop()
      thread = undefined
    }
  }

  async function tick(): Promise<void> {
    if (running || closed || !mayCopy() || performance.now() - begun < times.firstAfterMs) return
    const name = `index-${dayOf(new Date())}.sqlite`
    if ((await listBackups(dataDir)).includes(name)) return
    running = backup(name).finally(() => {
      running = undefined
    })
  }
  const timer = setInterval(() => void tick().catch(error => log.error({ err: error }, 'no backup')), times.tickMs)
  timer.unref()

  return {
    /** Seconds since the newest; undefined when there is none. */
    get ageSeconds(): number | undefined {
      return newest === undefined ? undefined : Math.max(0, (Date.now() - newest) / 1000)
    },
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      await thread?.stop()
      await running
    },
  }
}

/** The day as the clock on the wall has it. */
function dayOf(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
