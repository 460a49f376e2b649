import { z } from 'zod'
import { apiKeySummary, newApiKey } from './apiKeys.ts'
import { auditRecord } from './audit.ts'
import { aeProfiles, aeTitle, furtherAETs, node, nodes, watchedFolder, watchedFolders } from './config.ts'
import { exportPlan, exportWish } from './export.ts'
import {
  echoAnswer,
  findingSummary,
  foundStudies,
  nodeAddress,
  ownAETs,
  studySearch,
  tlsStatus,
  tlsWish,
} from './network.ts'
import { pullSummary } from './pull.ts'
import { dictationSettings } from './reporting/dictation.ts'
import { reportContent, reportVersion } from './reporting/report.ts'
import { cachePolicy, KEPT_REASONS } from './retention.ts'
import {
  custodyEvent,
  deadLetter,
  destination,
  destinationSummary,
  destinations,
  routeAnswer,
  studyCustody,
} from './sync.ts'
import type { SeriesManifest } from './viewing/image.ts'
import { SEEN_TEXT } from './viewing/seen.ts'

/**
 * The counter's calls: `POST /api/<name>` with JSON in and out. Each call stands once, here; the station's handlers and the
 * renderer's client are derived from this table, and a missing handler fails to compile.
 */
const uid = z.string().min(1).max(64)

/** new → opened (somebody looked) → read (somebody said so). Opening alone never makes a study read. */
export const readingStatus = z.enum(['new', 'opened', 'read'])
export type ReadingStatus = z.infer<typeof readingStatus>

/** (0040,1003) RequestedProcedurePriority as a reader uses it; what nobody set is routine. */
export const priority = z.enum(['stat', 'urgent', 'routine'])
export type Priority = z.infer<typeof priority>

/** Characters of the name of a part of a segmentation. */
const SEGMENT_PART = 160

/** Whose settings, drafts and marks of reading; 'local' is who sits at this workstation. */
const user = z.string().min(1).max(64).default('local')

/** Whether all of a study is here (shared/viewing/completeness.ts), with the reasons as sentences. */
const completeness = z.object({
  verdict: z.enum(['proved', 'looksComplete', 'missing']),
  missing: z.int(),
  reasons: z.array(z.string()),
})

/** A study as the worklist shows it. Dates and times are DICOM's (YYYYMMDD, HHMMSS.F…) or empty; `received` are epoch ms. */
export const studySummary = z.object({
  /** The station's number for the study: what `studies.order` and `studies.rows` speak of. */
  id: z.int(),
  StudyInstanceUID: z.string(),
  /** All groups as decoded, `Alphabetic=Ideographic=Phonetic`. */
  PatientName: z.string(),
  /** BCP 47 language of the name's script, from the character set; '' when the set says nothing. */
  lang: z.string(),
  PatientID: z.string(),
  IssuerOfPatientID: z.string(),
  PatientBirthDate: z.string(),
  PatientSex: z.string(),
  /** As sent (AS), '' when absent: the worklist computes the age from the dates where it can. */
  PatientAge: z.string(),
  StudyDate: z.string(),
  StudyTime: z.string(),
  StudyDescription: z.string(),
  AccessionNumber: z.string(),
  ReferringPhysicianName: z.string(),
  InstitutionName: z.string(),
  /** Each once, in order of arrival. */
  StationName: z.array(z.string()),
  BodyPartExamined: z.array(z.string()),
  ModalitiesInStudy: z.array(z.string()),
  NumberOfStudyRelatedSeries: z.int(),
  NumberOfStudyRelatedInstances: z.int(),
  /** Bytes on disk. */
  size: z.int(),
  firstReceived: z.number(),
  lastReceived: z.number(),
  /** Calling AE title of the last object, or the door it came by ('import', 'folder'). */
  sendingAET: z.string(),
  /** Oddities kept and shown: see `instanceFlags` in shared/dicom. */
  flags: z.array(z.string()),
  synthetic: z.boolean(),
  reading: z.object({ status: readingStatus, by: z.string(), at: z.number().nullable() }),
  priority,
  /** How many other studies of the same patient are here; 999 = that many or more. */
  priors: z.int(),
  /** Windows that show it now, each user once. */
  openBy: z.array(z.string()),
  /** null while it comes, and of studies that came before there was a verdict. */
  completeness: completeness.nullable(),
  /** Its last object was sent by a station that is no node of the configuration as it is now. */
  fromStranger: z.boolean(),
  /** Images of it that are not proved to be where they have to go, and of these what was refused for good; null: it goes nowhere. */
  custody: z.object({ waiting: z.int(), dead: z.int() }).nullable(),
  /** Images of it that archives alone have: fetched when they are opened. */
  away: z.int(),
  /** A person wants it here: it never leaves for an archive. */
  kept: z.boolean(),
})
export type StudySummary = z.infer<typeof studySummary>

export const seriesSummary = z.object({
  SeriesInstanceUID: z.string(),
  Modality: z.string(),
  SeriesNumber: z.int().nullable(),
  SeriesDescription: z.string(),
  BodyPartExamined: z.string(),
  SeriesDate: z.string(),
  SeriesTime: z.string(),
  NumberOfSeriesRelatedInstances: z.int(),
  /** All frames of all instances. */
  frames: z.int(),
  /** False when nothing in it has pixels this version shows (reports, plans, …). */
  hasImages: z.boolean(),
  /** Its images say that they are scouts (PS3.3 C.8.2.1.1.1), whatever it is called. */
  localizer: z.boolean(),
  /** The instance whose thumbnail stands for the series; '' when none has pixels. */
  thumbnailSOPInstanceUID: z.string(),
  flags: z.array(z.string()),
})
export type SeriesSummary = z.infer<typeof seriesSummary>

export const jobSummary = z.object({
  id: z.string(),
  kind: z.enum(['import', 'samples', 'repair', 'send', 'fetch', 'commitment', 'export']),
  title: z.string(),
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  /** Files looked at / known so far; `total` 0 while still counting. */
  done: z.int(),
  total: z.int(),
  stored: z.int(),
  duplicates: z.int(),
  /** Not DICOM: counted, named (the first 200), not fatal. */
  notDicom: z.int(),
  failed: z.int(),
  /** File name and reason of what was not taken (the first 200). */
  refused: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** Files per second over the last seconds. */
  rate: z.number(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  error: z.string().nullable(),
})
export type JobSummary = z.infer<typeof jobSummary>

export const problem = z.object({
  id: z.string(),
  severity: z.enum(['attention', 'failure']),
  at: z.number(),
  sentence: z.string(),
  /** What folds out: peer, UIDs, codes. Never a patient's name. */
  detail: z.string(),
})
export type Problem = z.infer<typeof problem>

export const associationSummary = z.object({
  id: z.int(),
  /** We called the peer. */
  outgoing: z.boolean(),
  callingAET: z.string(),
  calledAET: z.string(),
  address: z.string(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** Images that came, and that the peer took of us. */
  received: z.int(),
  sent: z.int(),
  /** Received. */
  bytes: z.int(),
  /** 'calling', 'waiting for a place', 'open', 'released', 'aborted …' or 'refused: …' in words. */
  outcome: z.string(),
})
export type AssociationSummary = z.infer<typeof associationSummary>

/** A recording of what one AE sent and was answered; `GET /api/captures/<id>` is its pcap file, data sets and all. */
export const captureSummary = z.object({
  id: z.string(),
  AET: z.string(),
  startedAt: z.number(),
  /** null while it runs. */
  endedAt: z.number().nullable(),
  bytes: z.int(),
  /** Why it ended, in words; '' while it runs. */
  ending: z.string(),
})
export type CaptureSummary = z.infer<typeof captureSummary>

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

/** One line of the header view. `value` is cut at 1,024 characters; binary values are described, not shown. */
export const headerElement = z.object({
  tag: z.string(),
  vr: z.string(),
  keyword: z.string(),
  depth: z.int(),
  length: z.int(),
  value: z.string(),
})
export type HeaderElement = z.infer<typeof headerElement>

/** shared/viewing/overlay.ts */
const overlay = z.object({
  group: z.int(),
  Rows: z.int(),
  Columns: z.int(),
  OverlayOrigin: z.tuple([z.int(), z.int()]),
  OverlayType: z.string(),
  OverlayLabel: z.string(),
  OverlayDescription: z.string(),
  bits: z.string(),
  OverlayBitPosition: z.int().optional(),
})

/** One deletion by a person (`code` '') or one rejection note (PS3.16 CID 7011). */
export const binEntry = z.object({
  id: z.string(),
  code: z.string(),
  at: z.number(),
  by: z.string(),
  reason: z.string(),
  StudyInstanceUID: z.string(),
  /** '' = the study, or images of several series. */
  SeriesInstanceUID: z.string(),
  /** `purging`: decided, the files are going. */
  state: z.enum(['binned', 'restored', 'purging', 'purged']),
  changedAt: z.number(),
  changedBy: z.string(),
  /** Named by it; of these, `here` on this station. */
  images: z.int(),
  here: z.int(),
  /** How often, and when last, one of them was sent again while it was hidden. */
  arrivedAgain: z.int(),
  againAt: z.number(),
  /** When it is purged by itself; null = never. */
  purgeAt: z.number().nullable(),
  /** '' where the study is not known (any more). */
  PatientName: z.string(),
  lang: z.string(),
  PatientID: z.string(),
  StudyDate: z.string(),
  StudyDescription: z.string(),
  /** Modality and description of the series. */
  series: z.string(),
})
export type BinEntry = z.infer<typeof binEntry>

/** A study (`SeriesInstanceUID` '') or series that is shown elsewhere than it was received. */
export const moveEntry = z.object({
  id: z.string(),
  at: z.number(),
  by: z.string(),
  reason: z.string(),
  StudyInstanceUID: z.string(),
  SeriesInstanceUID: z.string(),
  toStudyInstanceUID: z.string(),
  /** Whose it was until then. */
  before: z.object({ PatientName: z.string(), PatientID: z.string() }),
  PatientName: z.string(),
  lang: z.string(),
  PatientID: z.string(),
  StudyDate: z.string(),
  StudyDescription: z.string(),
})
export type MoveEntry = z.infer<typeof moveEntry>

const proposedPatient = z.object({
  StudyInstanceUID: z.string(),
  PatientName: z.string(),
  lang: z.string(),
  PatientID: z.string(),
  IssuerOfPatientID: z.string(),
  PatientBirthDate: z.string(),
  PatientSex: z.string(),
  AccessionNumber: z.string(),
  StudyDate: z.string(),
  StudyDescription: z.string(),
})
export type ProposedPatient = z.infer<typeof proposedPatient>

/** Two patients that may be one (`from` would be shown under `to`), or `apart`: two that may be under one ID. */
export const patientProposal = z.object({
  likeness: z.enum(['likely', 'possible', 'apart']),
  /** In words. */
  reasons: z.array(z.string()),
  from: proposedPatient,
  to: proposedPatient,
})
export type PatientProposal = z.infer<typeof patientProposal>

const reason = z.string().trim().min(1).max(200)

const dicomDate = z
  .string()
  .regex(/^(\d{8})?$/)
  .default('')

/** Which studies a list shows; every condition that is given must hold. */
export const studyFilter = z.object({
  /**
   * Every word must begin a word of the name (any order, accents, kana form and case do not matter), of the description, or
   * be an ID or accession number's beginning (with or without its leading zeros).
   */
  search: z.string().max(200).default(''),
  /** Study Date, inclusive, YYYYMMDD; '' = open. */
  from: dicomDate,
  to: dicomDate,
  /** Any of them in the study; empty = all. */
  modalities: z.array(z.string().max(16)).max(50).default([]),
  statuses: z.array(readingStatus).max(3).default([]),
  priorities: z.array(priority).max(3).default([]),
  /** First object received at or after this moment (epoch ms): "just arrived". */
  receivedSince: z.number().optional(),
  /** Changed after this position of the feed (`seq`): what a list that was read there may have to take up. */
  changedSince: z.int().nonnegative().optional(),
})
export type StudyFilter = z.input<typeof studyFilter>

/** Every column a list can be ordered by. Equal keys stand in the order they first arrived in, turned around with the list. */
export const studySort = z.enum([
  'lastReceived',
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'ModalitiesInStudy',
  'BodyPartExamined',
  'StudyDescription',
  'AccessionNumber',
  'InstitutionName',
  'StationName',
  'ReferringPhysicianName',
  'NumberOfStudyRelatedInstances',
  'priors',
  'reading',
  'priority',
])
export type StudySort = z.infer<typeof studySort>

/** STAT studies that nobody has read stand above the others, whatever the order. */
const studyQuery = studyFilter.extend({
  sort: studySort.default('lastReceived'),
  descending: z.boolean().default(true),
})
/** From the page before; opaque. */
const cursor = z.string().max(2000).optional()

export const contract = {
  'station.status': { in: z.object({}), out: stationStatus },
  /** One page of rows, keyset-paged. */
  'studies.list': {
    in: studyQuery.extend({ limit: z.int().min(1).max(500).default(200), cursor }),
    out: z.object({
      studies: z.array(studySummary),
      /** How many match in all. */
      total: z.int(),
      nextCursor: z.string().nullable(),
      seq: z.int(),
    }),
  },
  /** The same list as numbers alone, so that a reader's list stands still and any place in it is reached at once. */
  'studies.order': {
    in: studyQuery.extend({ limit: z.int().min(1).max(50_000).default(20_000), cursor }),
    out: z.object({
      /** `id` of each study in order: little-endian uint32, base64. */
      ids: z.string(),
      nextCursor: z.string().nullable(),
      seq: z.int(),
    }),
  },
  /** The rows of these studies as they are now, in the order asked; those that are gone are left out. */
  'studies.rows': {
    in: z.object({ ids: z.array(z.int().positive()).max(500) }),
    out: z.object({ studies: z.array(studySummary), seq: z.int() }),
  },
  /** Live counts of saved lists. */
  'studies.counts': {
    in: z.object({ filters: z.array(studyFilter).max(50) }),
    out: z.object({ counts: z.array(z.object({ total: z.int(), unread: z.int() })), seq: z.int() }),
  },
  /** The other studies of the same patient, newest first, at most 500. */
  'patient.studies': {
    in: z.object({ StudyInstanceUID: uid }),
    out: z.object({ studies: z.array(studySummary), seq: z.int() }),
  },
  /** Says how far the reading of studies is; `before` is what undoes it, study by study. */
  'reading.set': {
    in: z.object({
      studies: z
        .array(z.object({ StudyInstanceUID: uid, status: readingStatus }))
        .min(1)
        .max(500),
      user,
    }),
    out: z.object({ before: z.array(z.object({ StudyInstanceUID: z.string(), status: readingStatus })) }),
  },
  'priority.set': {
    in: z.object({ StudyInstanceUID: uid, priority }),
    out: z.object({ before: priority }),
  },
  /** That a study stays here whatever the cache wants, or need not any more. */
  'study.keep': {
    in: z.object({ StudyInstanceUID: uid, kept: z.boolean(), user }),
    out: z.object({ before: z.boolean() }),
  },
  /**
   * What a window shows now ('' = no study). Said again at least every 20 s; forgotten after 60 s. A study that was new becomes
   * opened.
   */
  'window.shows': {
    in: z.object({ window: z.string().min(1).max(64), StudyInstanceUID: z.string().max(64), user }),
    out: z.object({}),
  },
  /** A reader's unsaved work on a study (shared/viewing/draft.ts); null and rev 0 when there is none. */
  'draft.get': {
    in: z.object({ StudyInstanceUID: uid, user }),
    out: z.object({ draft: z.json().nullable(), rev: z.int() }),
  },
  /**
   * Durable when answered. `rev` is the one the change was made on; the answer's is the next one, or null when another is there
   * by now: then nothing was kept, and it is to be read and merged. (No error: two windows do this every day.)
   */
  'draft.put': {
    in: z.object({ StudyInstanceUID: uid, user, draft: z.json(), rev: z.int().min(0) }),
    out: z.object({ rev: z.int().nullable() }),
  },
  /**
   * A reader's unsaved segmentations of a study, by part (renderer/viewer/segmenting/keeper.ts), from the one after `after` on. `more`:
   * there are parts after these; `rev` 0: there is none.
   */
  'segments.get': {
    in: z.object({ StudyInstanceUID: uid, user, after: z.string().max(SEGMENT_PART).default('') }),
    out: z.object({
      rev: z.int(),
      parts: z.array(z.object({ part: z.string(), data: z.string() })),
      more: z.boolean(),
    }),
  },
  /** Writes parts and removes those without data: all of them or none. `rev` as in draft.put. 64 MiB a study and reader. */
  'segments.put': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      rev: z.int().min(0),
      parts: z
        .array(
          z.object({
            part: z.string().min(1).max(SEGMENT_PART),
            data: z
              .string()
              .max(3 * 2 ** 20)
              .nullable(),
          }),
        )
        .min(1)
        .max(4096),
    }),
    out: z.object({ rev: z.int().nullable() }),
  },
  /** The report of a study with its addenda (shared/reporting/report.ts), oldest first; empty when there is none. */
  'report.get': { in: z.object({ StudyInstanceUID: uid }), out: z.object({ versions: z.array(reportVersion) }) },
  /**
   * Keeps what is being written, durable when answered; with `rev` as in `draft.put` (0 begins the report). What was released is a
   * draft again. Rejects with 'report-locked' when it is signed.
   */
  'report.put': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      version: z.int().min(1),
      rev: z.int().min(0),
      content: reportContent,
    }),
    out: z.object({ rev: z.int().nullable() }),
  },
  /**
   * Releases (preliminary) or signs (final) the text that is kept as `rev`, in the name of `name` (PN). Rejects with
   * 'report-not-in-front' when no window shows the study, 'report-locked', 'draft-conflict'.
   */
  'report.sign': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      version: z.int().min(1),
      rev: z.int().min(1),
      state: z.enum(['preliminary', 'final']),
      name: z.string().trim().min(1).max(64),
    }),
    out: z.object({ report: reportVersion }),
  },
  /** Begins an addendum to what is signed. Rejects as `report.sign` does. */
  'report.addend': { in: z.object({ StudyInstanceUID: uid, user }), out: z.object({ report: reportVersion }) },
  /** Notes what was stored of a released or signed report. */
  'report.stored': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      version: z.int().min(1),
      documents: reportVersion.shape.documents.max(10),
    }),
    out: z.object({ report: reportVersion }),
  },
  /** A version as PDF, base64. */
  'report.pdf': {
    in: z.object({ StudyInstanceUID: uid, version: z.int().min(1) }),
    out: z.object({ pdf: z.string() }),
  },
  /** How a dictation system outside is told of studies (shared/reporting/dictation.ts). */
  'dictation.get': { in: z.object({ user }), out: dictationSettings },
  /** Rejects with 'bad-request' where its template or folder cannot be used. */
  'dictation.set': { in: z.object({ user, settings: dictationSettings }), out: z.object({}) },
  /**
   * Tells the dictation system of a study: a file is written when it is answered; an address is for the window to open. Rejects with
   * 'not-found', and with 'bad-request' where this study makes no address or the folder cannot be written.
   */
  'dictation.tell': {
    in: z.object({ StudyInstanceUID: uid, user }),
    out: z.object({ kind: dictationSettings.shape.kind.unwrap(), url: z.string() }),
  },
  /**
   * For a dictation system, by a key of its own: the report of this study was finished elsewhere. It is marked as read, by
   * "dictated elsewhere". Rejects with 'not-found', and with 'order-ambiguous' where the order has several studies and none is named.
   */
  'dictation.final': {
    in: z.object({
      AccessionNumber: z.string().trim().min(1).max(64),
      PatientID: z.string().trim().min(1).max(64),
      StudyInstanceUID: uid.optional(),
    }),
    out: z.object({ StudyInstanceUID: z.string() }),
  },
  /** What a reader has had on the screen, by series (shared/viewing/seen.ts). */
  'seen.get': {
    in: z.object({ StudyInstanceUID: uid, user }),
    out: z.object({ series: z.record(z.string(), z.string()) }),
  },
  /** Adds to it. Series that are not of the study are left out. */
  'seen.put': {
    in: z.object({
      StudyInstanceUID: uid,
      user,
      series: z.record(
        uid,
        z
          .string()
          .max(SEEN_TEXT)
          .regex(/^[0-9.:;,-]*$/),
      ),
    }),
    out: z.object({}),
  },
  'study.get': {
    in: z.object({ StudyInstanceUID: uid }),
    out: z.object({ study: studySummary, series: z.array(seriesSummary), seq: z.int() }),
  },
  /** The verdict, and what lists name and is not here: by series ('' = of none that was named), at most 1,000 in all. */
  'study.completeness': {
    in: z.object({ StudyInstanceUID: uid }),
    out: z.object({
      completeness: completeness.nullable(),
      lacking: z.array(z.object({ SeriesInstanceUID: z.string(), SOPInstanceUIDs: z.array(z.string()) })),
    }),
  },
  /** Asks a node, by its name, whether it keeps the study safe (PS3.4 annex J). */
  'commitment.request': {
    in: z.object({ StudyInstanceUID: uid, node: z.string().min(1).max(64) }),
    out: jobSummary,
  },
  'series.open': {
    in: z.object({ StudyInstanceUID: uid, SeriesInstanceUID: uid }),
    out: z.custom<SeriesManifest>(value => typeof value === 'object' && value !== null && 'instances' in value),
  },
  'instance.header': {
    in: z.object({ contentId: z.int().positive() }),
    out: z.object({ elements: z.array(headerElement), truncated: z.boolean() }),
  },
  /** The overlay planes (60xx) of one frame, 1-based; without the bits of those that are in its pixels. */
  'instance.overlays': {
    in: z.object({ contentId: z.int().positive(), frame: z.int().positive().default(1) }),
    out: z.object({ overlays: z.array(overlay) }),
  },
  /** Takes studies, series or instances into the bin: hidden everywhere until they are taken back or purged. */
  'bin.delete': {
    in: z.object({
      items: z
        .array(z.object({ StudyInstanceUID: uid, SeriesInstanceUID: uid.optional(), SOPInstanceUID: uid.optional() }))
        .min(1)
        .max(500),
      reason,
      user,
    }),
    /** An id for each item, to take it back by. */
    out: z.object({ ids: z.array(z.string()), images: z.int() }),
  },
  /** Newest first. */
  'bin.list': {
    in: z.object({ limit: z.int().min(1).max(1000).default(500) }),
    out: z.object({ entries: z.array(binEntry), moves: z.array(moveEntry), binDays: z.int() }),
  },
  'bin.restore': { in: z.object({ id: uid, user }), out: z.object({ images: z.int() }) },
  /** For good. Answered when it is decided durably; the files go after that. */
  'bin.purge': { in: z.object({ id: uid, user }), out: z.object({ images: z.int() }) },
  /**
   * Shows a study or series under another patient, or a series in another study; what comes of it later follows. What was
   * received stays as it is. The answer is where it is shown.
   */
  'move.make': {
    in: z.object({
      StudyInstanceUID: uid,
      SeriesInstanceUID: uid.optional(),
      to: z.union([
        /** The patient of this study; a series goes `into` it, or becomes a study of its own. */
        z.object({ StudyInstanceUID: uid, into: z.boolean().optional() }),
        z.object({
          patient: z.object({
            PatientName: z.string().max(324),
            PatientID: z.string().min(1).max(64),
            IssuerOfPatientID: z.string().max(64).default(''),
            PatientBirthDate: dicomDate,
            PatientSex: z.enum(['', 'M', 'F', 'O']).default(''),
          }),
        }),
      ]),
      reason,
      user,
    }),
    out: z.object({ id: z.string(), StudyInstanceUID: z.string() }),
  },
  /** Of a move, of a merge with all its studies, or of the word that two patients are not one. */
  'move.undo': { in: z.object({ id: uid, user }), out: z.object({}) },
  /** Patients that may be one, newest first: of this study, or of the studies that came last. */
  'patients.proposals': {
    in: z.object({
      StudyInstanceUID: z.union([uid, z.literal('')]).default(''),
      limit: z.int().min(1).max(200).default(50),
    }),
    out: z.object({ proposals: z.array(patientProposal) }),
  },
  /**
   * The patient of the study is the `same` as that of study `to`: all its studies are shown under that one, and what comes later.
   * Or it is not, and they are not proposed again. `move.undo` takes either back.
   */
  'patients.decide': {
    in: z.object({ StudyInstanceUID: uid, to: uid, same: z.boolean(), reason, user }),
    out: z.object({ id: z.string() }),
  },
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
  /** What would leave now, and why the rest stays. Whether anything leaves by itself is said by the targets. */
  'cache.plan': {
    in: z.object({}),
    out: z.object({
      policy: cachePolicy,
      use: z.object({ bytes: z.number(), free: z.number() }),
      /** The first 200, in the order in which they would leave. */
      goes: z.array(
        z.object({
          StudyInstanceUID: z.string(),
          StudyDate: z.string(),
          images: z.int(),
          bytes: z.number(),
          lastUsed: z.number(),
        }),
      ),
      studies: z.int(),
      frees: z.number(),
      kept: z.array(z.object({ reason: z.enum(KEPT_REASONS), studies: z.int(), bytes: z.number() })),
      short: z.number(),
      /** Images that archives alone have. */
      away: z.object({ images: z.int(), bytes: z.number() }),
    }),
  },
  'cache.set': { in: cachePolicy, out: z.object({}) },
  /** Lets leave what `cache.plan` says, as it is now. */
  'cache.evict': { in: z.object({}), out: z.object({ studies: z.int(), bytes: z.number() }) },
  'problems.list': { in: z.object({}), out: z.object({ problems: z.array(problem) }) },
  'problem.dismiss': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  /** Open associations first, then the last 200 that ended. */
  'associations.list': { in: z.object({}), out: z.object({ associations: z.array(associationSummary) }) },
  /** Calling AE titles learned from what arrived, the last one first; `stranger`: no node of the configuration as it is now. */
  'peers.list': {
    in: z.object({}),
    out: z.object({
      peers: z.array(
        z.object({
          AET: z.string(),
          address: z.string(),
          firstSeen: z.number(),
          lastSeen: z.number(),
          instances: z.int(),
          stranger: z.boolean(),
        }),
      ),
    }),
  },
  /** How calling AEs are treated. What is set holds from each AE's next association on, and after a restart. */
  'profiles.get': { in: z.object({}), out: aeProfiles },
  'profiles.set': { in: aeProfiles, out: z.object({}) },
  'apiKeys.list': { in: z.object({}), out: z.object({ keys: z.array(apiKeySummary) }) },
  /** `secret` is the key; it is told this once. */
  'apiKeys.make': { in: newApiKey, out: z.object({ key: apiKeySummary, secret: z.string() }) },
  'apiKeys.revoke': { in: z.object({ id: z.string().min(1).max(64) }), out: z.object({}) },
  /** The other DICOM applications we know, with what the last echo to each said since the station started. */
  'nodes.list': {
    in: z.object({}),
    out: z.object({ nodes: z.array(node.extend({ lastEcho: echoAnswer.nullable() })) }),
  },
  /** All of them. Holds from each one's next association on, and after a restart. */
  'nodes.set': { in: z.object({ nodes }), out: z.object({}) },
  /** C-ECHO now, to a node or to one that is being written. A node that does not answer is an answer, too. */
  'node.echo': { in: nodeAddress, out: echoAnswer },
  'aets.get': { in: z.object({}), out: ownAETs },
  'tls.get': { in: z.object({}), out: tlsStatus },
  /** null: none any more. Holds for connections from now on, and after a restart. Rejects with 'bad-certificate', 'port-in-use'. */
  'tls.set': { in: z.object({ wish: tlsWish.nullable() }), out: tlsStatus },
  /** The AE titles this station answers to beside its own. */
  'aets.set': { in: z.object({ aets: furtherAETs }), out: z.object({}) },
  /** Studies to a node, by its AE title. The job's `stored` are those it took. Rejects with 'destination-unknown'. */
  'send.start': { in: z.object({ AET: aeTitle, StudyInstanceUIDs: z.array(uid).min(1).max(500) }), out: jobSummary },
  /** A study from a node. Rejects with 'destination-unknown'. */
  'fetch.start': { in: z.object({ AET: aeTitle, StudyInstanceUID: uid }), out: jobSummary },
  /** Looks for studies on a node; the rows are read with `search.read`. Rejects with 'destination-unknown'. */
  'search.start': { in: z.object({ AET: aeTitle, search: studySearch }), out: z.object({ id: z.string() }) },
  /** What has come behind the first `after` rows. A search that nobody reads for a minute is stopped. */
  'search.read': { in: z.object({ id: z.string().max(64), after: z.int().min(0) }), out: foundStudies },
  'search.stop': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  /** The failed associations of the last seven days, the last one first. */
  'doctor.list': { in: z.object({}), out: z.object({ findings: z.array(findingSummary) }) },
  /** Calls the node again, or says what the peer would be answered with today's settings. */
  'doctor.replay': { in: z.object({ id: z.string().max(64) }), out: findingSummary },
  'doctor.dismiss': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  'destinations.list': { in: z.object({}), out: z.object({ destinations }) },
  /** All of them, from now on. */
  'destinations.set': { in: z.object({ destinations }), out: z.object({}) },
  /** Whether one answers that may not be kept yet; nothing is stored there. One that does not answer is an answer. */
  'destination.try': { in: destination, out: z.object({ works: z.boolean(), words: z.string() }) },
  'sync.status': { in: z.object({}), out: z.object({ destinations: z.array(destinationSummary) }) },
  'sync.pause': { in: z.object({ destination: z.string().max(64), paused: z.boolean() }), out: z.object({}) },
  /** Whatever the back-off; without a destination all of them. */
  'sync.now': { in: z.object({ destination: z.string().max(64).optional() }), out: z.object({}) },
  /** A study's images before all others. */
  'sync.prioritise': { in: z.object({ StudyInstanceUID: uid }), out: z.object({ images: z.int() }) },
  /** Newest first; `before` is the `at` of the last one of the page before. */
  'sync.dead': {
    in: z.object({
      destination: z.string().max(64).optional(),
      /** Of one study: the newest `limit`, in one page. */
      StudyInstanceUID: uid.optional(),
      limit: z.int().min(1).max(500).default(200),
      before: z.number().optional(),
    }),
    out: z.object({ letters: z.array(deadLetter) }),
  },
  /** Sends refused ones again: these, all of a study with what was taken away there, or all of a destination. */
  'sync.retry': {
    in: z.object({
      destination: z.string().max(64),
      contentIds: z.array(z.int().positive()).min(1).max(500).optional(),
      StudyInstanceUID: uid.optional(),
    }),
    out: z.object({ images: z.int() }),
  },
  /** Where a study is, destination by destination, with its history, newest first. */
  'sync.study': {
    in: z.object({ StudyInstanceUID: uid }),
    out: z.object({ custody: z.array(studyCustody), events: z.array(custodyEvent) }),
  },
  /** Where a study would go by these rules. */
  'sync.test': {
    in: z.object({ StudyInstanceUID: uid, destinations }),
    out: z.object({ answers: z.array(routeAnswer) }),
  },
  /** What is here of what the archives have for this station. */
  'pull.status': { in: z.object({}), out: z.object({ archives: z.array(pullSummary) }) },
  /**
   * A study from a destination, before everything else; without one, what of it archives alone have, and what any of them has and this
   * station never had. Rejects with 'destination-unknown', also where no destination gives anything back.
   */
  'pull.study': {
    in: z.object({ destination: z.string().max(64).optional(), StudyInstanceUID: uid }),
    out: jobSummary,
  },
  'folders.list': { in: z.object({}), out: z.object({ folders: z.array(watchedFolderSummary) }) },
  /** All of them, from now on and after a restart. Rejects with 'unwatchable', in words. */
  'folders.set': { in: z.object({ folders: watchedFolders }), out: z.object({}) },
  'captures.list': { in: z.object({}), out: z.object({ captures: z.array(captureSummary) }) },
  /** Records the AE's associations from the next one on, until stopped or full. One that runs already is returned. */
  'capture.start': {
    in: z.object({ AET: aeTitle, megabytes: z.int().min(1).max(4096).default(256) }),
    out: captureSummary,
  },
  'capture.stop': { in: z.object({ id: z.string().max(64) }), out: captureSummary },
  /** Deletes the file, too. */
  'capture.remove': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
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

export type Contract = typeof contract
export type CallName = keyof Contract
/** What a caller passes (defaults may be left out). */
export type CallIn<N extends CallName> = z.input<Contract[N]['in']>
/** What a handler gets (defaults filled in). */
export type CallParsed<N extends CallName> = z.output<Contract[N]['in']>
export type CallOut<N extends CallName> = z.output<Contract[N]['out']>

/** A refused call's body, with the error's HTTP status. */
export const callError = z.object({ code: z.string(), sentence: z.string(), detail: z.string().optional() })
export type CallError = z.infer<typeof callError>

/**
 * `GET /api/events` (server-sent events): `id` is the feed's seq, `event` the name, `data` the JSON. `studies` are coalesced
 * per study to at most five a second; `again` tells a client that lagged to read everything anew.
 */
export const stationEvents = {
  studies: z.object({ seq: z.int(), StudyInstanceUIDs: z.array(z.string()) }),
  job: jobSummary,
  problem: problem,
  associations: z.object({ open: z.int(), receiving: z.int() }),
  /** How destinations do; told at most once a second. */
  sync: z.object({ destinations: z.array(destinationSummary) }),
  again: z.object({ seq: z.int() }),
} as const
export type StationEventName = keyof typeof stationEvents
export type StationEvent<N extends StationEventName> = z.infer<(typeof stationEvents)[N]>
