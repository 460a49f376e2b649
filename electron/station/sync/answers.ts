import { toIsocenterError } from '../../../shared/errors.ts'
import type { Proof } from '../../../shared/sync.ts'
import type { OutboxItem } from '../store/index.ts'
import type { Carrier, Look, SendOutcome } from './carrier.ts'

/** Sends, with an outcome for each item even where the carrier failed or forgot one: then it may have arrived. */
export async function sentBy(
  carrier: Carrier,
  items: OutboxItem[],
  paced: (bytes: number) => Promise<void>,
  signal: AbortSignal,
): Promise<Array<{ item: OutboxItem; outcome: SendOutcome }>> {
  const { answers, reason } = await asked(() => carrier.send(items, paced, signal))
  return items.map(item => ({
    item,
    outcome: answers.get(item.contentId) ?? { contentId: item.contentId, kind: 'ambiguous', reason },
  }))
}

/** Looks, with an answer for each item even where the carrier failed or forgot one: then it could not be seen. */
export async function lookedFor(
  carrier: Carrier,
  items: OutboxItem[],
  wanted: Proof,
  signal: AbortSignal,
): Promise<Array<{ item: OutboxItem; look: Look }>> {
  const { answers, reason } = await asked(() => carrier.look(items, wanted, signal))
  return items.map(item => ({
    item,
    look: answers.get(item.contentId) ?? { contentId: item.contentId, kind: 'unknown', reason },
  }))
}

/** Whether an archive answers, in words; a carrier that failed is one that does not. */
export async function triedBy(carrier: Carrier, signal: AbortSignal): Promise<{ works: boolean; words: string }> {
  return carrier.tryOut(signal).catch((thrown: unknown) => {
    const error = toIsocenterError(thrown)
    return { works: false, words: error.detail ?? error.message }
  })
}

async function asked<Answer extends { contentId: number }>(ask: () => Promise<Answer[]>) {
  try {
    const answers = await ask()
    return { answers: new Map(answers.map(answer => [answer.contentId, answer])), reason: 'there was no answer for it' }
  } catch (thrown) {
    const error = toIsocenterError(thrown)
    return { answers: new Map<number, Answer>(), reason: error.detail ?? error.message }
  }
}
