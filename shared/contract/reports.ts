import { z } from 'zod'
import { dictationSettings } from '../reporting/dictation.ts'
import { reportContent, reportVersion } from '../reporting/report.ts'
import { resultSummary, resultTarget, resultTargets } from '../reporting/resultTargets.ts'
import { uid, user } from './common.ts'

/** Reports and what dictation elsewhere is told. */
export const reportCalls = {
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
  /** The programs that the station's configuration lets a reader choose, by their names. */
  'dictation.commands': { in: z.object({}), out: z.object({ commands: z.array(z.string()) }) },
  /** Rejects with 'bad-request' where its template, folder or program cannot be used. */
  'dictation.set': { in: z.object({ user, settings: dictationSettings }), out: z.object({}) },
  /**
   * Tells the dictation system of a study: a file is written when it is answered; an address is for the window to open. Rejects with
   * 'not-found', and with 'bad-request' where this study makes no address, the folder cannot be written or the program does not start.
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
  /** Where signed reports go, and how the newest 200 of them do. */
  'results.list': {
    in: z.object({}),
    out: z.object({ targets: resultTargets, results: z.array(resultSummary) }),
  },
  /** All of them, from now on and after a restart. Rejects with 'bad-request' in words. */
  'results.set': { in: z.object({ targets: resultTargets }), out: z.object({}) },
  /** A version of a report to all targets, or to one by its id, whatever was sent before; later ones that went there follow again. */
  'results.send': {
    in: z.object({ StudyInstanceUID: uid, version: z.int().min(1), target: z.string().max(80).optional() }),
    out: z.object({ targets: z.int() }),
  },
  /** Tries one again now that waits or was given up. Rejects with 'not-found'. */
  'results.retry': { in: z.object({ number: z.int() }), out: z.object({}) },
  /** Whether it is reached: a connection for MLLP, a file written and taken away for a folder. */
  'results.try': { in: resultTarget, out: z.object({ works: z.boolean(), words: z.string() }) },
} as const
