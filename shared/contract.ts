import { z } from 'zod'
import type { SeriesManifest } from './viewing/image.ts'

/**
 * The counter's calls: `POST /api/<name>` with JSON in and out. Each call stands once, here; the station's handlers and the
 * renderer's client are derived from this table, and a missing handler fails to compile.
 */
const uid = z.string().min(1).max(64)

/** A study as the worklist shows it. Dates and times are DICOM's (YYYYMMDD, HHMMSS.F…) or empty; `received` are epoch ms. */
export const studySummary = z.object({
  StudyInstanceUID: z.string(),
  /** All groups as decoded, `Alphabetic=Ideographic=Phonetic`. */
  PatientName: z.string(),
  /** BCP 47 language of the name's script, from the character set; '' when the set says nothing. */
  lang: z.string(),
  PatientID: z.string(),
  IssuerOfPatientID: z.string(),
  PatientBirthDate: z.string(),
  PatientSex: z.string(),
  StudyDate: z.string(),
  StudyTime: z.string(),
  StudyDescription: z.string(),
  AccessionNumber: z.string(),
  ReferringPhysicianName: z.string(),
  InstitutionName: z.string(),
  ModalitiesInStudy: z.array(z.string()),
  NumberOfStudyRelatedSeries: z.int(),
  NumberOfStudyRelatedInstances: z.int(),
  /** Bytes on disk. */
  size: z.int(),
  firstReceived: z.number(),
  lastReceived: z.number(),
  /** Calling AE title of the last object, or 'import'. */
  sendingAET: z.string(),
  /** Oddities kept and shown: see `instanceFlags` in shared/dicom. */
  flags: z.array(z.string()),
  synthetic: z.boolean(),
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
  /** The instance whose thumbnail stands for the series; '' when none has pixels. */
  thumbnailSOPInstanceUID: z.string(),
  flags: z.array(z.string()),
})
export type SeriesSummary = z.infer<typeof seriesSummary>

export const jobSummary = z.object({
  id: z.string(),
  kind: z.enum(['import', 'samples']),
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
  callingAET: z.string(),
  calledAET: z.string(),
  address: z.string(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  received: z.int(),
  bytes: z.int(),
  /** 'open', 'released', 'aborted …' or 'refused: …' in words. */
  outcome: z.string(),
})
export type AssociationSummary = z.infer<typeof associationSummary>

export const stationStatus = z.object({
  version: z.string(),
  aet: z.string(),
  dimsePort: z.int(),
  httpPort: z.int(),
  /** Addresses a scanner can be pointed at, most likely first. */
  addresses: z.array(z.string()),
  dataDir: z.string(),
  disk: z.object({ free: z.number(), total: z.number() }),
  studies: z.int(),
  series: z.int(),
  instances: z.int(),
  bytes: z.number(),
  /** Open associations that have stored something. */
  receiving: z.int(),
  problems: z.int(),
  writable: z.boolean(),
  platform: z.string(),
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

/** One page of the list of studies, newest `lastReceived` first within equal keys. */
const studiesList = {
  in: z.object({
    /** Parts of the name in any order, or an ID or accession prefix; accents and case do not matter. */
    search: z.string().max(200).default(''),
    sort: z.enum(['lastReceived', 'StudyDate', 'PatientName', 'PatientID']).default('lastReceived'),
    descending: z.boolean().default(true),
    limit: z.int().min(1).max(500).default(200),
    /** From the page before; opaque. */
    cursor: z.string().max(2000).optional(),
  }),
  out: z.object({
    studies: z.array(studySummary),
    /** How many match in all. */
    total: z.int(),
    nextCursor: z.string().nullable(),
    seq: z.int(),
  }),
}

export const contract = {
  'station.status': { in: z.object({}), out: stationStatus },
  'studies.list': studiesList,
  'study.get': {
    in: z.object({ StudyInstanceUID: uid }),
    out: z.object({ study: studySummary, series: z.array(seriesSummary), seq: z.int() }),
  },
  'series.open': {
    in: z.object({ StudyInstanceUID: uid, SeriesInstanceUID: uid }),
    out: z.custom<SeriesManifest>(value => typeof value === 'object' && value !== null && 'instances' in value),
  },
  'instance.header': {
    in: z.object({ contentId: z.int().positive() }),
    out: z.object({ elements: z.array(headerElement), truncated: z.boolean() }),
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
  'job.cancel': { in: z.object({ id: z.string().max(64) }), out: jobSummary },
  'jobs.list': { in: z.object({}), out: z.object({ jobs: z.array(jobSummary) }) },
  'problems.list': { in: z.object({}), out: z.object({ problems: z.array(problem) }) },
  'problem.dismiss': { in: z.object({ id: z.string().max(64) }), out: z.object({}) },
  /** Open associations first, then the last 200 that ended. */
  'associations.list': { in: z.object({}), out: z.object({ associations: z.array(associationSummary) }) },
  /** Calling AE titles learned from what arrived. */
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
        }),
      ),
    }),
  },
  /** User-interface settings live in the station, never in the browser's storage. */
  'settings.get': { in: z.object({ user: z.string().max(64).default('local') }), out: z.record(z.string(), z.json()) },
  'settings.set': {
    in: z.object({
      user: z.string().max(64).default('local'),
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
  again: z.object({ seq: z.int() }),
} as const
export type StationEventName = keyof typeof stationEvents
export type StationEvent<N extends StationEventName> = z.infer<(typeof stationEvents)[N]>
