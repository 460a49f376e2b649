import { mkdir, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { VolumeConfig } from '../../../shared/config.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { createDisk, type Disk, type Durability } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import { startThread } from '../base/thread.ts'
import { JUDGE_TIMES, type JudgeTimes } from './completeness/judge.ts'
import { newestFileSync } from './contentFile.ts'
import { createStore } from './createStore.ts'
import type { Store } from './index.ts'
import { type LandingLimits, landingLimits } from './landing/landing.ts'
import { readLandingFolder } from './landing/replay.ts'
import { RESERVE_TIMES, type ReserveTimes } from './landing/reserve.ts'
import { LANDING_FOLDER } from './landing/segment.ts'
import type { ReaderApi, ReaderData } from './reader.ts'
import type { createBackup } from './repair/backup.ts'
import { INDEX_FILE } from './repair/indexFile.ts'
import type { createLook } from './repair/look.ts'
import { openSoundIndex } from './repair/openSoundIndex.ts'
import type { UpkeepOptions } from './repair/upkeep.ts'
import type { createSettle, SettleData } from './settle/settle.ts'
import { SETTLE_TIMES, type SettleTimes } from './settle/settler.ts'
import type { Watermarks } from './volumes/space.ts'
import { watchSpace } from './volumes/spaceWatch.ts'
import { openStationFile } from './volumes/stationFile.ts'
import type { VolumeFolder } from './volumes/volumeFolder.ts'
import { openVolumes, VOLUME_TIMES, type VolumeTimes } from './volumes/volumes.ts'
import type { WriterApi, WriterData } from './writer.ts'

/** Reads overlap with each other and never with a commit; more than two only compete for two cores. */
const READERS = 2

export interface StoreOptions {
  dataDir: string
  log: Log
  /** How long what is deleted can be taken back; 0 = until somebody purges it. */
  binDays?: number
  /** How long `close` waits for running receives. */
  graceMs?: number
  /** 'os' gives up durability under a power cut for speed: nothing is synced on the way to the answer. */
  durability?: Durability
  /** For tests: a disk that fails, other times and limits. */
  disk?: Disk
  settle?: Partial<SettleTimes>
  landing?: LandingLimits
  reserve?: Partial<ReserveTimes>
  /** Free bytes of the data folder below which it is warned, doors close, nothing is taken. */
  watermarks?: Partial<Watermarks>
  /** Disks beside the data folder. */
  volumes?: readonly VolumeConfig[]
  volumeTimes?: Partial<VolumeTimes>
  recoverMs?: number
  /** When studies are judged. */
  judge?: Partial<JudgeTimes>
  /** Repair, scrub, backups. */
  upkeep?: UpkeepOptions
  /** The index turned out damaged further in than where opening looks: closed and opened again, the store makes it anew. */
  onCondemned?: () => void
  /** A deletion is about to be purged because its time is over. Waited for; it does not reject. */
  onPurge?: (deletion: { id: string; StudyInstanceUID: string; PatientID: string }) => Promise<void>
}

/** Read-only after a failed sync, the disk is tried again so often. */
const RECOVER_MS = 15_000

/** Opens the vault: one writer thread, a pool of readers, the files below `dataDir`. Rejects with 'database-newer' among others. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, log, binDays = 30, graceMs = 10_000, durability = 'full', recoverMs = RECOVER_MS } = options
  const disk = options.disk ?? createDisk(durability)
  await refuseNetworkFolder(dataDir)
  await mkdir(join(dataDir, 'files'), { recursive: true })
  await mkdir(join(dataDir, LANDING_FOLDER), { recursive: true })
  await disk.syncFolder(dataDir)
  await disk.syncFolder(dirname(dataDir))
  const data: WriterData & ReaderData = { file: join(dataDir, INDEX_FILE), dataDir }
  const writer = startThread<WriterApi>(threadUrl('writerThread'), data)
  // Started beside the writer, to load meanwhile; they open the index at their first call.
  const readers = Array.from({ length: READERS }, () => startThread<ReaderApi>(threadUrl('readerThread'), data))
  try {
    const { opened, lost } = await openSoundIndex(dataDir, disk, () => writer.call('open'))
    if (lost) log.error(lost, 'the index was lost: it is made again from the files')
    const newestFile = newestFileSync(dataDir)
    // A file that is newer than every row: the index is an older one than the files are.
    const isOlder = newestFile > opened.lastContentId
    if (isOlder) log.warn({ newestFile, lastContentId: opened.lastContentId }, 'the index is older than the files')
    const repairing = opened.repairing || lost !== undefined || isOlder
    if (repairing) await writer.call('beginRepair')
    if (opened.unclean) log.warn({}, 'the station was not closed cleanly')
    const known = await openStationFile(dataDir, disk, writer, log)
    const settleData: SettleData = { dataDir }
    return await createStore({
      dataDir,
      log,
      binDays,
      graceMs,
      recoverMs,
      disk,
      writer,
      readers,
      startSettleThread: () =>
        startThread<ReturnType<typeof createSettle>>(threadUrl('settle/settleThread'), settleData),
      settleTimes: { ...SETTLE_TIMES, ...options.settle },
      limits: options.landing ?? (await landingLimits(dataDir)),
      reserveTimes: { ...RESERVE_TIMES, ...options.reserve },
      folder: await readLandingFolder(dataDir),
      opened: { ...opened, lastContentId: Math.max(opened.lastContentId, newestFile), repairing },
      lost,
      upkeep: options.upkeep ?? {},
      judgeTimes: { ...JUDGE_TIMES, ...options.judge },
      onCondemned: options.onCondemned ?? (() => {}),
      onPurge: options.onPurge ?? (async () => {}),
      startLookThread: data => startThread<ReturnType<typeof createLook>>(threadUrl('repair/lookThread'), data),
      startBackupThread: () => startThread<ReturnType<typeof createBackup>>(threadUrl('repair/backupThread')),
      backlog: await writer.call('landingBytes'),
      openVolumes: parts =>
        openVolumes({
          ...parts,
          dataDir,
          known,
          config: options.volumes ?? [],
          watermarks: options.watermarks,
          times: { ...VOLUME_TIMES, ...options.volumeTimes },
          writer,
          log,
          startThread: volume => startThread<VolumeFolder>(threadUrl('volumes/volumeThread'), volume),
        }),
      watchSpace: report => watchSpace({ folder: dataDir, set: options.watermarks, log, report }),
    })
  } catch (error) {
    await Promise.all([writer, ...readers].map(thread => thread.stop()))
    throw error
  }
}

/** Sources are run by Node directly; the build puts every thread's entry flat beside the station's. */
function threadUrl(
  name:
    | 'writerThread'
    | 'readerThread'
    | 'settle/settleThread'
    | 'volumes/volumeThread'
    | 'repair/lookThread'
    | 'repair/backupThread',
): URL {
  const fromSources = import.meta.url.endsWith('.ts')
  return new URL(fromSources ? `./${name}.ts` : `./${basename(name)}.js`, import.meta.url)
}

/** statfs(2) types of NFS, SMB, SMB2 and CIFS: their locks and syncs can't be relied on (sqlite.org/useovernet.html). */
const NETWORK_FILE_SYSTEMS = [0x6969, 0x517b, 0xfe534d42, 0xff534d42]

async function refuseNetworkFolder(dataDir: string): Promise<void> {
  if (process.platform !== 'linux') return
  const { type } = await statfs(dataDir)
  if (NETWORK_FILE_SYSTEMS.includes(type)) throw new IsocenterError('network-folder')
}
