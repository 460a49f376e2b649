import { z } from 'zod'
import { cursor, dicomDate, uid, user } from './common.ts'

/** new → opened (somebody looked) → read (somebody said so). Opening alone never makes a study read. */
export const readingStatus = z.enum(['new', 'opened', 'read'])
export type ReadingStatus = z.infer<typeof readingStatus>

/** (0040,1003) RequestedProcedurePriority as a reader uses it; what nobody set is routine. */
export const priority = z.enum(['stat', 'urgent', 'routine'])
export type Priority = z.infer<typeof priority>

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

/** Lists, studies and how far they are read. */
export const worklistCalls = {
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
} as const
