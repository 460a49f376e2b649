import type { DataSet } from '../../../shared/dicom/reader.ts'
import type { NewDataSet } from '../../../shared/dicom/writer.ts'
import type { OutboxItem } from '../store/index.ts'
import type { Carried, Given, Taker, UniqueKeys } from '../wire/carried.ts'
import type { Fetchable } from './carrier.ts'
import type { Digesting } from './digests.ts'

/** What sync needs of the DIMSE door, handed in by `station.ts`. Nodes go by their name. Rejects with 'peer-failed' or 'destination-unknown'. */
export interface DimseDoor {
  /** An outcome for each that the node could be called for; `leaving` begins with each anew. */
  store(
    node: string,
    objects: OutboxItem[],
    leaving: { paced(bytes: number): Promise<void>; digest(): Digesting },
    signal: AbortSignal,
  ): Promise<Carried[]>
  /** The SOP Instance UIDs that a node has of a series, or that one alone. */
  find(
    node: string,
    keys: { StudyInstanceUID: string; SeriesInstanceUID: string; SOPInstanceUID?: string },
    signal: AbortSignal,
  ): Promise<Set<string>>
  /** Of any level: `each` hears every match until it says 'enough'. Rejects with `Answered` where the node does not take the question. */
  query(
    node: string,
    level: 'STUDY' | 'SERIES' | 'IMAGE',
    keys: NewDataSet,
    each: (match: DataSet) => 'enough' | undefined,
    signal: AbortSignal,
  ): Promise<void>
  /** One object, by C-GET; a chunk is good until `take` resolves. False where the node has none. Rejects with 'not-acceptable' where it has no C-GET. */
  fetch(
    node: string,
    object: Fetchable,
    take: (chunk: Uint8Array, TransferSyntaxUID: string) => void | Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean>
  /**
   * All of what the keys name, of these classes (none: the usual ones), by C-GET, one after the other. What the node says went wrong, ''
   * where nothing did. Rejects as `fetch` does, where the line broke.
   */
  get(
    node: string,
    keys: UniqueKeys,
    classes: readonly string[],
    begin: (object: Given) => Taker,
    signal: AbortSignal,
  ): Promise<string>
  /** By C-MOVE to this station: what comes goes through the door for everybody, and is on the disk when this resolves. */
  move(node: string, keys: UniqueKeys, signal: AbortSignal): Promise<void>
  /** Host; '' where no node has that name. */
  addressOf(node: string): string
  echo(node: string): Promise<{ works: boolean; sentence: string }>
}
