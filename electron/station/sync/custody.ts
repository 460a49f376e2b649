import { type Proof, proof as proofs } from '../../../shared/sync.ts'
import type { OutboxItem, OutboxOutcome } from '../store/index.ts'
import { backOff } from './backOff.ts'
import type { Look, SendOutcome } from './carrier.ts'

/** What else is known when an item's new state is decided. */
export interface Circumstances {
  /** Epoch ms. */
  now: number
  /** In [0, 1). */
  random: number
  /** What the destination asks for. */
  wanted: Proof
  /** Nothing worked at all: the archive's fault, not this item's, and it is the breaker that waits. */
  allFailed: boolean
}

export const TOO_DEEP = 'it is nested deeper than 32 levels, which ends other archives'
const POISON = 'the connection ended each time it was sent, also when it was sent alone'

/** Why an item is not sent at all. */
export function neverSent(item: OutboxItem): OutboxOutcome | undefined {
  return item.nestsTooDeep ? { contentId: item.contentId, state: 'dead', reason: TOO_DEEP } : undefined
}

/** What becomes of an item that was to be sent. */
export function afterSend(item: OutboxItem, outcome: SendOutcome, about: Circumstances): OutboxOutcome {
  const { contentId } = item
  const { now, random, wanted } = about
  const attempts = item.attempts + 1
  const later = now + backOff(attempts, random)
  switch (outcome.kind) {
    case 'listed': {
      const { sentMd5, sentSha256, reason } = outcome
      if (wanted === 'listed') {
        return { contentId, state: 'confirmed', proof: 'listed', attempts: 0, reason, sentMd5, sentSha256 }
      }
      // Its attempts stay until it is proved: an archive that only says yes is asked less and less often.
      return { contentId, state: 'sent', nextAt: now, reason, sentMd5, sentSha256 }
    }
    case 'refused':
      if (outcome.permanent) return { contentId, state: 'dead', attempts, reason: outcome.reason }
      return { contentId, state: 'queued', attempts, nextAt: later, reason: outcome.reason }
    case 'unreached':
      return { contentId, state: 'queued', nextAt: about.allFailed ? now : now + 1000, reason: outcome.reason }
    case 'ambiguous':
      return { contentId, state: 'unsure', attempts, nextAt: about.allFailed ? now : later, reason: outcome.reason }
  }
}

/**
 * What becomes of a sent or perhaps sent item after a look. `suspected`: it may be what ends the archive, or is (`poison`): sent to it
 * less and less often, or never again.
 */
export function afterLook(
  item: OutboxItem,
  look: Look,
  about: Circumstances & { suspected: boolean; poison: boolean },
): OutboxOutcome {
  const { contentId, state } = item
  const { now, random, suspected, poison } = about
  const attempts = item.attempts + 1
  const { reason } = look
  switch (look.kind) {
    case 'there':
      return { contentId, state: 'confirmed', proof: look.proof, attempts: 0, reason: withLesserProof(look, about) }
    case 'other':
      return { contentId, state: 'dead', attempts, reason }
    case 'unknown':
      if (about.allFailed) return { contentId, state, nextAt: now, reason }
      return { contentId, state, attempts, nextAt: now + backOff(attempts, random), reason }
    case 'absent':
      if (poison) return { contentId, state: 'dead', reason: POISON }
      // Its attempts were counted when it went wrong, and it has waited.
      if (state === 'unsure') {
        return { contentId, state: 'queued', nextAt: suspected ? now + backOff(attempts, random) : now, reason }
      }
      return { contentId, state: 'queued', attempts, nextAt: now + backOff(attempts, random), reason }
  }
}

const TAKEN_AWAY =
  'It came from there, and is not there any more. Nothing of ours needs it there, so it is not sent back.'

/**
 * What becomes of a confirmed item that was looked for again; undefined: nothing was to be seen, it stays as it is. `isTheirs`: it came
 * from there; where they took it away or changed it, that is theirs to decide. What they have and is damaged is healed all the same.
 */
export function afterAudit(
  { contentId }: OutboxItem,
  { kind, reason }: Look,
  now: number,
  isTheirs: boolean,
): OutboxOutcome | 'there' | undefined {
  switch (kind) {
    case 'there':
      return 'there'
    case 'unknown':
      return undefined
    case 'other':
      return { contentId, state: isTheirs ? 'gone' : 'dead', lost: true, isOther: true, reason }
    case 'absent':
      if (isTheirs && reason === '') return { contentId, state: 'gone', lost: true, reason: TAKEN_AWAY }
      return { contentId, state: 'queued', lost: true, attempts: 0, nextAt: now, reason }
  }
}

/** Whether a proof is less than what was asked for. */
export function isLesser(shown: Proof, wanted: Proof): boolean {
  return proofs.options.indexOf(shown) < proofs.options.indexOf(wanted)
}

const WORDS: Record<Proof, string> = {
  listed: 'only its own answer says that it is there',
  present: 'it is there, but whether it is equal could not be shown',
  equal: 'it is there and equal',
}

/** Less than what was asked for is never taken in silence. */
function withLesserProof({ proof, reason }: Look & { kind: 'there' }, { wanted }: Circumstances): string {
  if (!isLesser(proof, wanted)) return reason
  return reason === '' ? WORDS[proof] : `${WORDS[proof]}: ${reason}`
}
