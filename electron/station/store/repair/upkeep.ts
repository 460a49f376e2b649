import { join } from 'node:path'
import type { AeProfiles } from '../../../../shared/config.ts'
import type { Disk } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { Change, StoreProblem } from '../index.ts'
import type { WriterApi } from '../writer.ts'
import type { createBackup } from './backup.ts'
import { BACKUP_TIMES, type BackupTimes, startBackups } from './backups.ts'
import type { createLook, LookData } from './look.ts'
import { type RepairParts, type RepairProgress, repairFiles, replayDecisionLog } from './repair.ts'
import { SCRUB_TIMES, type ScrubTimes, startScrub } from './scrub.ts'

/** What keeps the vault in order, as it is set. */
export interface UpkeepOptions {
  /** 0 = no scrub. */
  scrubBytesPerSecond?: number
  scrub?: Partial<ScrubTimes>
  backup?: Partial<BackupTimes>
  /** How callers are treated: what a file of theirs is indexed by where it says nothing. */
  profiles?: AeProfiles
}

export interface UpkeepParts {
  dataDir: string
  disk: Disk
  log: Log
  writer: Thread<WriterApi>
  startLookThread(data: LookData): Thread<ReturnType<typeof createLook>>
  startBackupThread(): Thread<ReturnType<typeof createBackup>>
  options: UpkeepOptions
  /** The index lacks what lies in the files, or may. */
  repairing: boolean
  oldIndex: string | undefined
  newest(): number
  volumes: RepairParts['volumes']
  writeDown: RepairParts['writeDown']
  tell(changes: Change[]): void
  report(problem: StoreProblem): void
  /** Runs `work` while nobody decides. */
  undisturbed<T>(work: () => Promise<T>): Promise<T>
  busy(): boolean
}

const MIB = 1 << 20

/** Repair, scrub and backups of one store. */
export async function startUpkeep(parts: UpkeepParts) {
  const { dataDir, writer, options } = parts
  const { profiles = { default: {}, byAET: {} }, scrubBytesPerSecond = 4 * MIB } = options
  let { repairing } = parts
  /** Done by the start that found the index wanting. */
  let decisionsReplayed = repairing
  let running: Promise<void> | undefined
  const startThread = () => parts.startLookThread({ dataDir, profiles, oldIndex: parts.oldIndex })
  const scrub = startScrub({
    ...parts,
    bytesPerSecond: scrubBytesPerSecond,
    times: { ...SCRUB_TIMES, ...options.scrub },
    startThread,
    busy: () => running !== undefined || parts.busy(),
  })
  const backups = await startBackups({
    ...parts,
    times: { ...BACKUP_TIMES, ...options.backup },
    startThread: parts.startBackupThread,
    mayCopy: () => !repairing,
  })

  async function repairNow(verify: boolean, progress: RepairProgress): Promise<void> {
    if (!decisionsReplayed) {
      const log = join(dataDir, 'decisions.log')
      parts.tell(await parts.undisturbed(() => replayDecisionLog(log, writer)))
    }
    decisionsReplayed = false
    await repairFiles({ ...parts, startThread }, verify, progress)
    if (!progress.signal.aborted) repairing = false
  }

  return {
    get repairing(): boolean {
      return repairing
    },
    get scrubbedBytes(): number {
      return scrub.bytes
    },
    get backupAgeSeconds(): number | undefined {
      return backups.ageSeconds
    },
    /** One after the other. */
    repair(verify: boolean, progress: RepairProgress): Promise<void> {
      const before = running?.catch(() => {})
      const mine = (async () => {
        await before
        await repairNow(verify, progress)
      })()
      running = mine
      return mine.finally(() => {
        if (running === mine) running = undefined
      })
    },
    async close(): Promise<void> {
      await Promise.all([scrub.close(), backups.close()])
    },
  }
}
