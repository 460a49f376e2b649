import type { AeProfiles, Node, Printer } from '../../../shared/config.ts'
import type { AssociationSummary, CaptureSummary, JobSummary, WatchedFolderSummary } from '../../../shared/contract.ts'
import type { ImageText } from '../../../shared/export.ts'
import type { EchoAnswer, FindingSummary, FoundStudies, NodeAddress, StudySearch } from '../../../shared/network.ts'
import type { Print, PrintProgress } from '../dimse/index.ts'
import type { StoredObject } from '../store/index.ts'
import type { DeidentifyAnswer, DeidentifyRequest, Progress, RenderOptions } from '../work/index.ts'
import type { ByteSource } from './bodyParts.ts'

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
  nodes(): Node[]
  /** Our own first. */
  aets(): string[]
  readonly requests: {
    echo(called: NodeAddress): Promise<EchoAnswer>
    lastEcho(called: NodeAddress): EchoAnswer | null
    /** Throws 'destination-unknown', as the next two do. */
    send(AET: string, StudyInstanceUIDs: string[]): JobSummary
    fetch(AET: string, StudyInstanceUID: string): JobSummary
    readonly searches: {
      start(AET: string, search: StudySearch): string
      /** Throws 'not-found'. */
      read(id: string, after: number): FoundStudies
      stop(id: string): void
    }
    /** Rejects with 'not-found'. */
    replay(id: string): Promise<FindingSummary>
  }
  readonly doctor: {
    list(): FindingSummary[]
    dismiss(id: string): void
  }
  onChange(listener: () => void): () => void
  /** As `Dimse.print`. */
  print(printer: Printer, print: Print, progress: PrintProgress): Promise<string[]>
}

interface TranscodedObject {
  readonly length: number
  remove(): Promise<void>
}

/** What the counter needs of the workshop. */
export interface WorkPort {
  startImport(paths: string[]): JobSummary
  loadSamples(): JobSummary
  startRepair(verify: boolean): JobSummary
  startJob(kind: 'export' | 'print', title: string, work: (progress: Progress) => Promise<void>): JobSummary
  /** As `Work.findText`. */
  findText(contentId: number): Promise<ImageText>
  /** An object as a file that names nobody; as `Work.deidentify`. */
  deidentify(
    request: Omit<DeidentifyRequest, 'object' | 'frames' | 'file'> & { contentId: number },
  ): Promise<DeidentifyAnswer>
  /** A node by its name. */
  requestCommitment(StudyInstanceUID: string, node: string): JobSummary
  /** Throws 'not-found'. */
  cancel(id: string): JobSummary
  list(): JobSummary[]
  /** Looks into these contents before all others; resolves when it has. */
  hurry(contentIds: number[]): Promise<void>
  /** An object's data set without loss in another syntax, until it is removed; as `Work.transcode`. */
  transcode(object: StoredObject, TransferSyntaxUID: string): Promise<ByteSource & TranscodedObject>
  /** As `Work.nativeFrame`. */
  nativeFrame(contentId: number, frame: number): Promise<Uint8Array>
  /** A picture of one frame; as `Work.render`. */
  render(contentId: number, frame: number | undefined, options: RenderOptions): Promise<Uint8Array<ArrayBuffer>>
  onChange(listener: (job: JobSummary) => void): () => void
  folders(): WatchedFolderSummary[]
}

/** How much is coming in right now; the same two numbers for the status call and the event. */
export function receivingNow(dimse: Pick<DimsePort, 'associations'>): { open: number; receiving: number } {
  const open = dimse.associations().filter(({ endedAt, outgoing }) => endedAt === null && !outgoing)
  return { open: open.length, receiving: open.filter(association => association.received > 0).length }
}
