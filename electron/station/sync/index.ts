import type { JobSummary } from '../../../shared/contract.ts'
import type { PullSummary } from '../../../shared/pull.ts'
import type { Destination, DestinationSummary, Exchange } from '../../../shared/sync.ts'
import type { Outbox } from '../store/index.ts'
import type { Asker } from './fetchBack.ts'

export { startSync } from './startSync.ts'

/** Brings what the outbox holds to its destinations, and proves that it is there. */
export interface Sync {
  /** In the order they are configured. */
  status(): Promise<DestinationSummary[]>
  destinations(): Destination[]
  /** They hold from now on; what is on its way to one that is left out is finished. */
  setDestinations(destinations: Destination[]): Promise<void>
  /** Looks now, whatever the back-off: a person has pressed "send now", or paused, or goes on. */
  wake(name?: string): void
  /** Whether one, which need not be kept yet, answers: in words. Nothing is stored there. */
  tryOut(destination: Destination): Promise<{ works: boolean; words: string }>
  /** What was exchanged with a destination after the outage that ended at `until`, by study. */
  exchanged(name: string, until: number): Exchange[]
  /** Refused images again, as the outbox does it; what told of them is taken back. How many. */
  retry: Outbox['retry']
  /** By name: those that give back what they hold byte for byte, so that eviction may count on them. */
  givingBack(): string[]
  /** Brings back what archives alone have. Rejects with 'archive-offline', 'image-lost', 'busy' or the store's own error. */
  fetchBack(contentId: number, asker: Asker): Promise<void>
  /** What is here of what is to be brought here, by destination. */
  pulls(): PullSummary[]
  /**
   * A study from a destination, as a job; undefined = what of it archives alone have, then what any of them has besides. Throws
   * 'destination-unknown' and 'bad-request'.
   */
  pullStudy(destination: string | undefined, StudyInstanceUID: string): JobSummary
  /** Coalesced. Returns the unsubscribe. */
  onChange(listener: () => void): () => void
  /** Finishes what is on its way within seconds, then aborts; what is unsure is looked for at the next start. */
  close(): Promise<void>
}
