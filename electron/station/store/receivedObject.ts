import type { FramePlan } from '../../../shared/dicom/frames.ts'
import type { InstanceHeader } from '../../../shared/dicom/instanceHeader.ts'
import type { Decision } from './decisionLog.ts'
import type { Change, Origin, Received } from './index.ts'
import type { Landed, LandingEntry } from './landing/segment.ts'

/** An object that is complete and described, on its way to the disk. */
export interface ReceivedObject {
  /** What is to be synced before its rows are written. */
  entry: LandingEntry
  /** Also names the file. */
  contentId: number
  origin: Origin
  TransferSyntaxUID: string
  header: Omit<InstanceHeader, 'attributes'>
  /** Of the header, as JSON: a text goes to the writer's thread in a tenth of the time that what it says takes. */
  attributes: string
  framePlan: FramePlan | null
  unshowable?: string
  /** Bytes of the data set, and their CRC-32; the SHA-256 is taken when it settles. */
  length: number
  crc: number
  metaLength: number
  /** Epoch ms. */
  received: number
  /** Under a known UID: shown instead of what is there. */
  showLatest: boolean
}

/** An object whose bytes are synced at their place, on its way into the rows. */
export type PlacedObject = Omit<ReceivedObject, 'entry' | 'crc'> &
  Landed & {
    /** null: of an adopted object that has not been read to its end yet. */
    crc: number | null
    /** Only of an object that repair brings back: where it lies already (`file` begins with the `root`), and its SHA-256 where that is known. */
    adopted?: { volume: number; root: string; state: 'whole' | 'damaged'; sha256: Uint8Array }
  }

/** One transaction's answer: a result for each object in its order, and what the feed gained. */
export interface CommitAnswer {
  results: Array<Received | { failed: string }>
  changes: Change[]
  /** For `decisions.log`, ahead of whatever is decided behind this. */
  decisions: Decision[]
  seq: number
}
