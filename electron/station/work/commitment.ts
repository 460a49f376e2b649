import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../shared/errors.ts'
import type { FailedReferences, References, RetrieveCursor, StoreReader } from '../store/index.ts'
import type { Progress } from './jobs.ts'

/** What the job needs of whoever asks a node. */
export interface CommitmentDoor {
  /** Resolves with the Transaction UID when the node has taken the request. Rejects with 'destination-unknown', 'peer-failed'. */
  requestCommitment(node: string, references: References): Promise<string>
  /** Returns the unsubscribe. */
  onCommitment(listener: (answer: { TransactionUID: string; failed: FailedReferences }) => void): () => void
}

const PAGE = 200
/** A node that takes longer is still heard; the job says so and ends. */
const PATIENCE_MS = 15 * 60_000

/** Asks a node whether it keeps a study safe, and waits for its answer: an object confirmed is one done. */
export async function requestCommitment(
  read: Pick<StoreReader, 'retrievable'>,
  door: CommitmentDoor,
  StudyInstanceUID: string,
  node: string,
  progress: Progress,
): Promise<void> {
  const references: References = {}
  let count = 0
  for (let after: RetrieveCursor | null | undefined; after !== null; ) {
    const page = await read.retrievable({ StudyInstanceUID: [StudyInstanceUID] }, PAGE, after)
    for (const { SOPClassUID, SOPInstanceUID } of page.objects) {
      references[SOPClassUID] ??= []
      references[SOPClassUID].push(SOPInstanceUID)
      count += 1
    }
    after = page.next
  }
  if (count === 0) throw new IsocenterError('not-found', `study ${StudyInstanceUID}`)
  progress.total(count)
  // Listened for before it is asked: the answer may come before the response.
  const answers = new Map<string, FailedReferences>()
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  let TransactionUID: string | undefined
  const forget = door.onCommitment(answer => {
    answers.set(answer.TransactionUID, answer.failed)
    if (answer.TransactionUID === TransactionUID) resolve()
  })
  try {
    TransactionUID = await door.requestCommitment(node, references)
    if (!answers.has(TransactionUID)) {
      await Promise.race([heard, wait(PATIENCE_MS, undefined, { signal: progress.signal }).catch(() => {})])
    }
    if (progress.signal.aborted) return
    const failed = answers.get(TransactionUID)
    if (!failed)
      throw new IsocenterError('peer-failed', 'it took the request and has not answered; it is heard when it does')
    let left = 0
    for (const { FailureReason, references: each } of failed) {
      for (const uid of Object.values(each).flat()) {
        progress.failed(uid, `not confirmed (0x${FailureReason.toString(16).padStart(4, '0')})`)
        left += 1
      }
    }
    for (let confirmed = count - left; confirmed > 0; confirmed--) progress.received('stored')
  } finally {
    forget()
  }
}
