import { z } from 'zod'

const text = (most: number) => z.string().trim().max(most).default('')

/** Who gets signed reports as HL7 results (ORU^R01): over a connection (MLLP), or as files in a folder. */
export const resultTarget = z
  .strictObject({
    /** What the reports that wait for it know it by, whatever it is called later; '' until `identified` gave it one. */
    id: text(80),
    /** What people call it. */
    name: z.string().trim().min(1).max(64),
    kind: z.enum(['mllp', 'folder']),
    host: text(253),
    port: z.int().min(1).max(65535).default(2575),
    /** MLLP over TLS; `caFile`: PEM of whom to believe instead of the authorities of this machine. */
    tls: z.boolean().default(false),
    caFile: text(4096),
    /** On the station's machine, with its full path. */
    folder: text(1000),
    /** What is released as preliminary, too. */
    preliminary: z.boolean().default(false),
    /** The report as PDF within the message, beside its text. */
    pdf: z.boolean().default(true),
    /** What is signed while it is off does not go there. */
    enabled: z.boolean().default(true),
  })
  .refine(one => one.kind !== 'mllp' || one.host !== '', 'it has to be said where it listens')
  .refine(one => one.kind !== 'folder' || one.folder !== '', 'it has to be said into which folder')
export type ResultTarget = z.output<typeof resultTarget>

export const resultTargets = z
  .array(resultTarget)
  .max(16)
  .refine(all => areUnique(all.map(({ name }) => name)), 'two of them have the same name')
  .refine(all => areUnique(all.map(({ id }) => id).filter(id => id !== '')), 'two of them have the same id')

function areUnique(words: string[]): boolean {
  return new Set(words).size === words.length
}

/** Each with an id that stays: its first name, which is also what those have that were written before there were ids. */
export function identified(targets: readonly ResultTarget[]): ResultTarget[] {
  const taken = new Set(targets.map(({ id }) => id))
  return targets.map(target => {
    if (target.id !== '') return target
    let id = target.name
    for (let number = 2; taken.has(id); number++) id = `${target.name} ${number}`
    taken.add(id)
    return { ...target, id }
  })
}

/** `refused`: the other system said no for good. `gaveUp`: it was tried for a week. `replaced`: a later text of it went instead. */
const RESULT_STATES = ['waiting', 'sent', 'refused', 'gaveUp', 'replaced'] as const

/** A report on its way to one of them. Never a patient's name. */
export const resultSummary = z.object({
  number: z.int(),
  /** The id of a target; of one that is no more, too. */
  target: z.string(),
  StudyInstanceUID: z.string(),
  version: z.int(),
  state: z.enum(RESULT_STATES),
  attempts: z.int(),
  /** When it was put there (signed, or sent again), and when last something became of it. */
  at: z.number(),
  changedAt: z.number(),
  /** When it is tried next; null: not any more. */
  nextAt: z.number().nullable(),
  /** Why the last try came to nothing, in words; '' where none failed. */
  lastError: z.string(),
})
export type ResultSummary = z.infer<typeof resultSummary>
