import type { AssociationSummary, JobSummary } from '../../../shared/contract.ts'

/** What the counter needs of the DIMSE door. */
export interface DimsePort {
  readonly port: number
  /** Open ones first, then those that ended. */
  associations(): AssociationSummary[]
  onChange(listener: () => void): () => void
}

/** What the counter needs of the workshop. */
export interface WorkPort {
  startImport(paths: string[]): JobSummary
  loadSamples(): JobSummary
  /** Throws 'not-found'. */
  cancel(id: string): JobSummary
  list(): JobSummary[]
  /** Looks into these contents before all others. */
  hurry(contentIds: number[]): void
  onChange(listener: (job: JobSummary) => void): () => void
}

/** How much is coming in right now; the same two numbers for the status call and the event. */
export function receivingNow(dimse: Pick<DimsePort, 'associations'>): { open: number; receiving: number } {
  const open = dimse.associations().filter(association => association.endedAt === null)
  return { open: open.length, receiving: open.filter(association => association.received > 0).length }
}
