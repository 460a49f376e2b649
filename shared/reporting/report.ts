import { z } from 'zod'

/**
 * A report of one study as the station keeps it: versions, the first and its addenda. A version is written (draft), released for
 * those who treat (preliminary), signed (final: never changed again).
 */
const uid = z.string().min(1).max(64)

/** A figure of a mark of the study, standing in the text at [from, to): kept current while the report is written, frozen with it. */
const link = z.object({
  from: z.int().min(0),
  to: z.int().min(1),
  /** Of the mark (shared/viewing/draft.ts). */
  mark: uid,
  /** What is measured: 'Length'. */
  name: z.string().min(1).max(64),
  /** As it stands in the text; digits alone, and the unit as UCUM has it. */
  value: z.string().regex(/^-?\d{1,12}(\.\d{1,12})?$/),
  unit: z.string().min(1).max(16),
  SeriesInstanceUID: uid,
  SOPClassUID: uid,
  SOPInstanceUID: uid,
  /** null: the image is one frame. */
  frame: z.int().min(1).max(1_000_000).nullable(),
})
export type FigureLink = z.infer<typeof link>

/** Of one section; a report of more is a book. */
export const MAX_TEXT = 30_000

const section = z.object({
  /** 'findings'; what is known of it stands in `headings.ts`. */
  id: z.string().min(1).max(64),
  title: z.string().min(1).max(64),
  text: z.string().max(MAX_TEXT),
  /** In the order of the text, none over another. */
  links: z.array(link).max(200),
})
export type ReportSection = z.infer<typeof section>

export const reportContent = z.object({
  version: z.literal(1),
  /** Of the template it was begun with. */
  template: z.string().max(100),
  title: z.string().min(1).max(200),
  sections: z.array(section).min(1).max(30),
})
export type ReportContent = z.infer<typeof reportContent>

export const REPORT_STATES = ['draft', 'preliminary', 'final'] as const
export type ReportState = (typeof REPORT_STATES)[number]

const storedDocument = z.object({
  SOPClassUID: uid,
  SeriesInstanceUID: uid,
  SOPInstanceUID: uid,
  /** What it says of itself; a report that goes on has several. */
  state: z.enum(['preliminary', 'final']),
  /** Of the signature it was made of: a text released anew is stored anew. */
  signedAt: z.number().optional(),
})
export type StoredDocument = z.infer<typeof storedDocument>

export const reportVersion = z.object({
  /** 1 = the report, from 2 on its addenda. */
  version: z.int().min(1).max(1000),
  state: z.enum(REPORT_STATES),
  /** Of the keeping: what is changed names the one it was made on. */
  rev: z.int().min(1),
  /** Who changed it last, epoch ms. */
  by: z.string(),
  at: z.number(),
  content: reportContent,
  /** Who released or signed this very text. `sha256`: of `reportText`, UTF-8. */
  signature: z.object({ by: z.string(), name: z.string(), at: z.number(), sha256: z.string() }).nullable(),
  /** What was stored of it in the study, oldest first. */
  documents: z.array(storedDocument).max(200),
})
export type ReportVersion = z.infer<typeof reportVersion>

/** Whether the text that was released or signed last lies in the study as documents. */
export function isStored(report: ReportVersion): boolean {
  if (report.signature === null) return true
  return new Set(documentsOf(report).map(({ SOPClassUID }) => SOPClassUID)).size > 1
}

/** What lies in the study of the version as it is signed now: its text, and its paper. */
export function documentsOf({ state, signature, documents }: ReportVersion): StoredDocument[] {
  if (signature === null) return []
  return documents.filter(one => one.state === state && (one.signedAt ?? signature.at) === signature.at)
}

/** The text that is signed: the title, each section that says something under its heading. */
export function reportText({ title, sections }: ReportContent): string {
  const said = sections.filter(({ text }) => text.trim() !== '')
  return [title, ...said.map(one => `${one.title.toUpperCase()}\n${one.text.trim()}`)].join('\n\n')
}
