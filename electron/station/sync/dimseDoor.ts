import type { ErrorCode } from '../../../shared/errors.ts'
import type { OutboxItem } from '../store/index.ts'

/** What became of one object that a node was to store. */
export interface Carried {
  contentId: number
  taken: boolean
  /** What the node answered; absent where it did not. */
  status?: number | undefined
  /** Of what never came to an answer: why. */
  code?: ErrorCode | undefined
  reason: string
  /** Some of it may have left. */
  begun: boolean
  /** The node, or the line, ended the association while it was under way. */
  reset?: boolean | undefined
  /** Of the data set that left, in hexadecimal; '' where not all of it did. */
  sha256: string
}

/** What sync needs of the DIMSE door, handed in by `station.ts`. Nodes go by their name. Rejects with 'peer-failed' or 'destination-unknown'. */
export interface DimseDoor {
  /** An outcome for each that the node could be called for. */
  store(
    node: string,
    objects: OutboxItem[],
    paced: (bytes: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Carried[]>
  /** The SOP Instance UIDs that a node has of a series, or that one alone. */
  find(
    node: string,
    keys: { StudyInstanceUID: string; SeriesInstanceUID: string; SOPInstanceUID?: string },
    signal: AbortSignal,
  ): Promise<Set<string>>
  /** False where it has none. Rejects with 'not-acceptable' where the node gives nothing back. */
  fetch(
    node: string,
    item: OutboxItem,
    take: (chunk: Uint8Array, TransferSyntaxUID: string) => void,
    signal: AbortSignal,
  ): Promise<boolean>
  echo(node: string): Promise<{ works: boolean; sentence: string }>
}
