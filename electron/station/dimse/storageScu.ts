import type { Node } from '../../../shared/config.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Received, RetrieveKeys, StoreReader } from '../store/index.ts'
import { formsOf, pagesOf, type SendToDeps, sendTo } from './sendTo.ts'
import type { Sent } from './subOperations.ts'

/** What a job of ours tells of how far it is. */
export interface Progress {
  readonly signal: AbortSignal
  total(count: number): void
  received(outcome: Received['outcome']): void
  failed(what: string, reason: string): void
}

/** So many are tried a second time at once: a broken line, or a peer that was out of resources for a moment. */
const MOST_AGAIN = 2000

/**
 * C-STORE of what the keys ask for (PS3.4 annex B) as a job: what was not taken is tried once more over a new association, then every
 * object that the node did not take is told. Rejects with 'not-found' when there is nothing to send.
 */
export async function send(
  node: Node,
  keys: RetrieveKeys,
  deps: SendToDeps & { read: Pick<StoreReader, 'retrievable'> },
  progress: Progress,
): Promise<void> {
  const { signal } = progress
  const { forms, total } = await formsOf(deps.read, keys)
  if (total === 0) throw new IsocenterError('not-found', 'no image that could be sent')
  progress.total(total)
  const tell = ({ object, outcome, reason }: Sent) => {
    if (outcome === 'failed') progress.failed(object.SOPInstanceUID, reason)
    else progress.received('stored')
  }
  const again: Sent[] = []
  for await (const sent of sendTo(node, () => pagesOf(deps.read, keys), forms, deps, signal)) {
    if (sent.outcome === 'failed' && isWorthAgain(sent) && again.length < MOST_AGAIN) again.push(sent)
    else tell(sent)
  }
  if (again.length === 0) return
  const left = new Map(again.map(sent => [sent.object.SOPInstanceUID, sent]))
  const retried = { SOPInstanceUID: [...left.keys()] }
  for await (const sent of sendTo(
    node,
    () => pagesOf(deps.read, retried),
    again.map(({ object }) => object),
    deps,
    signal,
  )) {
    left.delete(sent.object.SOPInstanceUID)
    tell(sent)
  }
  // Cancelled meanwhile, or deleted here.
  for (const sent of left.values()) tell(sent)
}

/** No answer at all, or out of resources (PS3.4 table B.2-1: A7xx): the next minute may be better. What it cannot take it never will. */
function isWorthAgain({ status }: Sent): boolean {
  return status === undefined || status >> 8 === 0xa7
}
