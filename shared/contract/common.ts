import { z } from 'zod'

export const uid = z.string().min(1).max(64)

/** Whose settings, drafts and marks of reading; 'local' is who sits at this workstation. */
export const user = z.string().min(1).max(64).default('local')

export const jobSummary = z.object({
  id: z.string(),
  kind: z.enum(['import', 'samples', 'repair', 'send', 'fetch', 'commitment', 'export', 'print']),
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

export const reason = z.string().trim().min(1).max(200)

export const dicomDate = z
  .string()
  .regex(/^(\d{8})?$/)
  .default('')

/** From the page before; opaque. */
export const cursor = z.string().max(2000).optional()
