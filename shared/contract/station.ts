import { z } from 'zod'
import { auditRecord } from '../audit.ts'
import { watchedFolder, watchedFolders } from '../config.ts'
import { exportPlan, exportWish, textFound } from '../export.ts'
import { cursor, jobSummary, problem, uid, user } from './common.ts'

/** How full a disk is: `close` sends scanners away that come now, `refuse` takes nothing more. */
export const spaceLevel = z.enum(['ok', 'warn', 'close', 'refuse'])
export type SpaceLevel = z.infer<typeof spaceLevel>

/** `readOnly`: what lies there is read. `missing`, `foreign` (another disk lies there), `hung`: nothing on it is touched. */
export const volumeState = z.enum(['ready', 'readOnly', 'missing', 'foreign', 'hung'])
export type VolumeState = z.infer<typeof volumeState>

/** A disk that holds images; the data folder, where all of them land, is the first. */
export const volumeSummary = z.object({
  name: z.string(),
  path: z.string(),
  state: volumeState,
  level: spaceLevel,
  free: z.number(),
  total: z.number(),
  images: z.int(),
  bytes: z.number(),
  /** Images of which no other copy is known. */
  onlyHere: z.int(),
  /** What of new images goes there, in words. */
  takes: z.string(),
  /** Being emptied: how many images have gone elsewhere since the start, and how many are damaged and stay. */
  draining: z.object({ moved: z.int(), failed: z.int() }).nullable(),
})
export type VolumeSummary = z.infer<typeof volumeSummary>

/** How a watched folder does. The counts are since the station started. */
export const watchedFolderSummary = watchedFolder.extend({
  taken: z.int(),
  /** Were in the vault already. */
  duplicates: z.int(),
  /** No DICOM, or refused: left where they are, and not tried again until they change. */
  refusedCount: z.int(),
  /** Name below the folder and reason of what was not taken (the last 200). */
  refused: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** Files that may still be written. */
  waiting: z.int(),
  /** Files that are there and done with, also before the start. */
  known: z.int(),
  /** The last one taken, below the folder; '' = none yet. */
  lastFile: z.string(),
  lastAt: z.number().nullable(),
  /** Why nothing is taken, or what was taken is not moved; '' = all is well. */
  trouble: z.string(),
  /** Files are being read. */
  busy: z.boolean(),
})
export type WatchedFolderSummary = z.infer<typeof watchedFolderSummary>

export const stationStatus = z.object({
  version: z.string(),
  aet: z.string(),
  dimsePort: z.int(),
  httpPort: z.int(),
  /** Addresses a scanner can be pointed at, most likely first. */
  addresses: z.array(z.string()),
  dataDir: z.string(),
  disk: z.object({ free: z.number(), total: z.number(), level: spaceLevel }),
  studies: z.int(),
  series: z.int(),
  instances: z.int(),
  bytes: z.number(),
  /** Images that exist on one disk alone. */
  onlyHere: z.int(),
  /** Open associations that have stored something. */
  receiving: z.int(),
  problems: z.int(),
  writable: z.boolean(),
  platform: z.string(),
  /** Who runs the station, by the system's name for them: what 'local' stands for when a person reads it. */
  user: z.string(),
})
export type StationStatus = z.infer<typeof stationStatus>

/** The station itself: its state, disks, folders, jobs, problems, trail and settings. */
export const stationCalls = {
  'station.status': { in: z.object({}), out: stationStatus },
  /** What a folder on the station's machine holds, for choosing what to import. '' = the user's home. */
  'folder.list': {
    in: z.object({ path: z.string().max(4096).default('') }),
    out: z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(z.object({ name: z.string(), path: z.string(), folder: z.boolean(), size: z.number() })),
      truncated: z.boolean(),
    }),
  },
  'import.start': { in: z.object({ paths: z.array(z.string().min(1).max(4096)).min(1).max(1000) }), out: jobSummary },
  'samples.load': { in: z.object({}), out: jobSummary },
  'repair.start': { in: z.object({ verify: z.boolean().default(false) }), out: jobSummary },
  'job.cancel': { in: z.object({ id: z.string().max(64) }), out: jobSummary },
  'jobs.list': { in: z.object({}), out: z.object({ jobs: z.array(jobSummary) }) },
  'volumes.list': {
    in: z.object({}),
    out: z.object({
      volumes: z.array(volumeSummary),
      /** Images that have landed in the data folder and have not come to their place yet. */
      landing: z.object({ images: z.int(), bytes: z.number() }),
      /** Images that exist on one disk alone. */
      onlyHere: z.int(),
    }),
  },
  /** Empties a volume while it is used, until `volume.keep`; what has gone stays gone. */
  'volume.drain': { in: z.object({ name: z.string().max(32) }), out: z.object({}) },
  'volume.keep': { in: z.object({ name: z.string().max(32) }), out: z.object({}) },
  'problems.list': { in: z.object({}), out: z.object({ problems: z.array(problem) }) },
  'problem.dismiss': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  'folders.list': { in: z.object({}), out: z.object({ folders: z.array(watchedFolderSummary) }) },
  /** All of them, from now on and after a restart. Rejects with 'unwatchable', in words. */
  'folders.set': { in: z.object({ folders: watchedFolders }), out: z.object({}) },
  /**
   * Who did what with whose images, newest first. `text`: words that all stand in a record. A page looks back some megabytes at most:
   * `next` null = there is nothing older, else it goes on there, also where the page is empty.
   */
  'audit.list': {
    in: z.object({
      text: z.string().max(200).default(''),
      limit: z.int().min(1).max(500).default(200),
      before: cursor,
    }),
    out: z.object({
      records: z.array(auditRecord),
      next: z.string().nullable(),
      /** The last record there is. */
      last: z.int(),
      /** null where none is configured. `sent`: the last record the collector has; `trouble`: why it is not reached, '' while it is. */
      syslog: z.object({ to: z.string(), sent: z.int(), trouble: z.string() }).nullable(),
    }),
  },
  /** Reads all of the trail. `broken`: the first line that does not fit. */
  'audit.verify': {
    in: z.object({}),
    out: z.object({
      records: z.int(),
      files: z.int(),
      broken: z.object({ file: z.string(), line: z.int(), sentence: z.string() }).nullable(),
    }),
  },
  /** What would leave as files, and the way to it: nothing has left before `GET /api/export/<id>`. Rejects with 'not-found', 'too-large'. */
  'export.prepare': { in: exportWish, out: exportPlan },
  /** Whether there may be text in the pixels of a series' images, from the one at `from` on, for about a second. Rejects with 'not-found'. */
  'export.findText': {
    in: z.object({ StudyInstanceUID: uid, SeriesInstanceUID: uid, from: z.int().min(0) }),
    out: textFound,
  },
  /** User-interface settings live in the station, never in the browser's storage. */
  'settings.get': { in: z.object({ user }), out: z.record(z.string(), z.json()) },
  'settings.set': {
    in: z.object({
      user,
      key: z.string().min(1).max(100),
      value: z.json(),
    }),
    out: z.object({}),
  },
  /** Stop taking new work, finish what is running, exit 0. */
  'drain': { in: z.object({}), out: z.object({}) },
} as const
