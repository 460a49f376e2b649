import { z } from 'zod'
import { dicomDate, reason, uid, user } from './common.ts'

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

/** The bin, moves, and patients that may be one. */
export const lifecycleCalls = {
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
} as const
