import type { FramePlan } from '../../../shared/dicom/frames.ts'
import type { InstanceHeader } from '../../../shared/dicom/instanceHeader.ts'
import type { Change, Origin, Received } from './index.ts'

/** An object whose bytes are complete and synced at their place, on its way into the rows. */
export interface ReceivedObject {
  /** Also names the file. */
  contentId: number
  origin: Origin
  TransferSyntaxUID: string
  header: InstanceHeader
  framePlan: FramePlan | null
  unshowable?: string
  sha256: Uint8Array
  /** Bytes of the data set. */
  length: number
  metaLength: number
  /** Relative to the data folder. */
  file: string
  /** Epoch ms. */
  received: number
}

/** One transaction's answer: a result for each object in its order, and what the feed gained. */
export interface CommitAnswer {
  results: Array<Received | { failed: string }>
  changes: Change[]
  seq: number
}
