import { z } from 'zod'

/**
 * Which studies leave this station once an archive has shown that it holds them, so that there is room for what comes: whole studies,
 * least recently used first, and only until the targets hold. Sizes are bytes, times epoch ms.
 */

const gigabytes = z.number().min(0).max(1_000_000)

export const cachePolicy = z.strictObject({
  /** Of images on all volumes together (1 GB = 10⁹ bytes). */
  mostGigabytes: gigabytes.optional(),
  /** On all volumes together. */
  leastFreeGigabytes: gigabytes.optional(),
  /** What was received or used within so many days stays. */
  keepDays: z.int().min(0).max(3650).default(7),
})
export type CachePolicy = z.infer<typeof cachePolicy>

/** What of a study decides whether its images may leave. */
export interface RetainedStudy {
  StudyInstanceUID: string
  /** YYYYMMDD or ''. */
  StudyDate: string
  /** That lie here: what its leaving frees. */
  bytes: number
  images: number
  /** When it was opened, fetched or received last. */
  lastUsed: number
  /** When the last of it was received. */
  received: number
  /** Images that lie here and are not shown to lie at an archive that gives them back. */
  unproved: number
  /** Images that are to be sent, or that were refused, anywhere. */
  waiting: number
  unread: boolean
  /** A person wants it here. */
  pinned: boolean
  /** A window shows it. */
  open: boolean
  /** Somebody's work on it is kept here alone. */
  drafts: boolean
  /** It, or a series of it, was moved, or some of it is in the bin. */
  altered: boolean
  /** Some of it has not settled yet. */
  landing: boolean
}

/** Why a study stays: the first that holds. 'notNeeded': it could leave, and the targets hold without. */
export const KEPT_REASONS = [
  'open',
  'pinned',
  'unproved',
  'waiting',
  'drafts',
  'altered',
  'landing',
  'unread',
  'today',
  'young',
  'notNeeded',
] as const
type KeptReason = (typeof KEPT_REASONS)[number]

interface EvictionPlan {
  /** In the order in which they leave. */
  goes: RetainedStudy[]
  frees: number
  /** Of each reason that keeps any. */
  kept: Array<{ reason: KeptReason; studies: number; bytes: number }>
  /** What the targets still lack when all of it has left. */
  short: number
}

const GIGABYTE = 1e9
const DAY_MS = 24 * 60 * 60 * 1000

/** The local day of a moment, as DICOM writes it. */
function dayOf(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
}

/** Why a study must stay whatever the targets say; undefined where it may leave. A clock that was set back keeps what seems to come. */
export function keptBy(
  study: RetainedStudy,
  { keepDays }: Pick<CachePolicy, 'keepDays'>,
  now: number,
): KeptReason | undefined {
  if (study.open) return 'open'
  if (study.pinned) return 'pinned'
  if (study.unproved > 0) return 'unproved'
  if (study.waiting > 0) return 'waiting'
  if (study.drafts) return 'drafts'
  if (study.altered) return 'altered'
  if (study.landing) return 'landing'
  if (study.unread) return 'unread'
  if (study.StudyDate >= dayOf(now)) return 'today'
  if (now - Math.max(study.received, study.lastUsed) < keepDays * DAY_MS) return 'young'
  return undefined
}

/** How much has to go for the targets to hold. */
export function excessOf(
  use: { bytes: number; free: number },
  { mostGigabytes = Number.POSITIVE_INFINITY, leastFreeGigabytes = 0 }: Omit<CachePolicy, 'keepDays'>,
): number {
  return Math.max(0, use.bytes - mostGigabytes * GIGABYTE, leastFreeGigabytes * GIGABYTE - use.free)
}

/** `use`: what lies here, and what is free beside it. What is not here frees nothing and is not counted. */
export function planEviction(
  studies: readonly RetainedStudy[],
  use: { bytes: number; free: number },
  policy: CachePolicy,
  now: number,
): EvictionPlan {
  const needed = excessOf(use, policy)
  const kept = new Map<KeptReason, { reason: KeptReason; studies: number; bytes: number }>()
  const keep = (reason: KeptReason, { bytes }: RetainedStudy) => {
    const sum = kept.get(reason) ?? { reason, studies: 0, bytes: 0 }
    kept.set(reason, { reason, studies: sum.studies + 1, bytes: sum.bytes + bytes })
  }
  const may: RetainedStudy[] = []
  for (const study of studies) {
    if (study.bytes === 0) continue
    const reason = keptBy(study, policy, now)
    if (reason) keep(reason, study)
    else may.push(study)
  }
  may.sort((a, b) => a.lastUsed - b.lastUsed || (a.StudyInstanceUID < b.StudyInstanceUID ? -1 : 1))
  const goes: RetainedStudy[] = []
  let frees = 0
  for (const study of may) {
    if (frees >= needed) keep('notNeeded', study)
    else {
      goes.push(study)
      frees += study.bytes
    }
  }
  return {
    goes,
    frees,
    kept: KEPT_REASONS.flatMap(reason => kept.get(reason) ?? []),
    short: Math.max(0, needed - frees),
  }
}
