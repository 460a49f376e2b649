import { type Proof, RANK, type Rank, type Urgency } from '../../../../shared/sync.ts'
import type { CustodyState } from './types.ts'

/** As the index has them, by number. */
export const STATES = [
  'queued',
  'unsure',
  'sent',
  'confirmed',
  'dead',
  'withheld',
  'gone',
  'lost',
] as const satisfies CustodyState[]
export const CODE = { queued: 0, unsure: 1, sent: 2, confirmed: 3, dead: 4, withheld: 5, gone: 6, lost: 7 } as const
export const PROOF: Record<Proof, number> = { listed: 1, present: 2, equal: 3 }

/** Why this station itself does not send a content. */
export const BAR = { none: 0, notShown: 1, otherIsThere: 2, nesting: 3 } as const
export type Bar = (typeof BAR)[keyof typeof BAR]
/** By number: what a person reads. */
export const BARRED = [
  '',
  'Another version of this image is shown here, and only what is shown is sent.',
  'Another version of this image was sent there before, and an archive does not replace what it holds.',
  'Its sequences are nested so deep that it could bring the archive down.',
] as const

/** What may become of a content that has not been sent. */
export interface Standing {
  state: 'queued' | 'withheld' | 'dead'
  bar: Bar
}

export function standingOf(content: {
  /** It is the version of its instance that is shown. */
  isShown: boolean
  /** Deleted or rejected. */
  isWithheld: boolean
  nestsTooDeep: boolean
  /** Another version of it is at the destination, or may be. */
  otherIsThere: boolean
}): Standing {
  if (content.nestsTooDeep) return { state: 'dead', bar: BAR.nesting }
  if (!content.isShown) return { state: 'dead', bar: BAR.notShown }
  if (content.otherIsThere) return { state: 'dead', bar: BAR.otherIsThere }
  return { state: content.isWithheld ? 'withheld' : 'queued', bar: BAR.none }
}

export interface CustodyFacts {
  state: CustodyState
  bar: Bar
  leased: boolean
  /** The destination said that it has it, and nothing since that it has not. */
  wasListed: boolean
}

/** It is at the destination, or may be. */
export function mayBeThere({ state, leased, wasListed }: CustodyFacts): boolean {
  if (state === 'queued' || state === 'withheld') return leased
  if (state === 'gone' || state === 'lost') return false
  return state !== 'dead' || wasListed
}

/**
 * What a row has to become after its content was hidden, shown or superseded; undefined: it stays. What is or may be at the
 * destination is brought to its end first, and what the destination refused stays refused.
 */
export function restated(row: CustodyFacts, standing: Standing): Standing | undefined {
  const untouched =
    (row.state === 'queued' && !row.leased) ||
    row.state === 'withheld' ||
    (row.state === 'dead' && row.bar !== BAR.none)
  if (!untouched || (row.state === standing.state && row.bar === standing.bar)) return undefined
  return standing
}

const PRIOR_AFTER_MS = 30 * 86_400_000

/** Of what has just arrived: an older study is a prior of something. */
export function rankOf(urgency: Urgency, { StudyDate, received }: { StudyDate: string; received: number }): Rank {
  if (urgency === 'urgent') return RANK.urgent
  if (urgency === 'offPeak') return RANK.offPeak
  const before = new Date(received - PRIOR_AFTER_MS).toISOString().slice(0, 10).replaceAll('-', '')
  return /^\d{8}$/.test(StudyDate) && StudyDate < before ? RANK.prior : RANK.current
}

/** Of what was here before the destination was. */
export function backfillRank(urgency: Urgency): Rank {
  return urgency === 'offPeak' ? RANK.offPeak : RANK.backfill
}
