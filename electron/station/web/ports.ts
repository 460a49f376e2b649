import type { AeProfiles } from '../../../shared/config.ts'
import type { AssociationSummary, CaptureSummary, JobSummary } from '../../../shared/contract.ts'

/** What the counter needs of the DIMSE door. */
export interface DimsePort {
  readonly port: number
  /** Open ones first, then those that ended. */
  associations(): AssociationSummary[]
  profiles(): AeProfiles
  /** All but `list` throw 'not-found' for an unknown id. */
  readonly captures: {
    list(): CaptureSummary[]
    start(AET: string, megabytes: number): Promise<CaptureSummary>
    stop(id: string): Promise<CaptureSummary>
    remove(id: string): Promise<void>
    /** The path of its file. */
    file(id: string): string
  }
  onChange(listener: () => void): () => void
}

/** What the counter needs of the workshop. */
export interface WorkPort {
  startImport(paths: string[]): JobSummary
  loadSamples(): JobSummary
  startRepair(verify: boolean): JobSummary
  /** A node by its name. */
  requestCommitment(StudyInstanceUID: string, node: string): JobSummary
  /** Throws 'not-found'. */
  cancel(id: string): JobSummary
  list(): JobSummary[]
  /** Looks into these contents before all others; resolves when it has. */
  hurry(contentIds: number[]): Promise<void>
  onChange(listener: (job: JobSummary) => void): () => void
}

/** How much is coming in right now; the same two numbers for the status call and the event. */
export function receivingNow(dimse: Pick<DimsePort, 'associations'>): { open: number; receiving: number } {
  const open = dimse.associations().filter(({ endedAt, outgoing }) => endedAt === null && !outgoing)
  return { open: open.length, receiving: open.filter(association => association.received > 0).length }
}
