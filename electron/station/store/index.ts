import type { SeriesSummary, StudySummary } from '../../../shared/contract.ts'
import type { FrameAccessKind, ImageAttributes, SeriesManifest } from '../../../shared/viewing/image.ts'

export { openStore } from './openStore.ts'

/** Where an object came from: one type for every door. */
export interface Origin {
  door: 'dimse' | 'import' | 'sample'
  /** PS3.10 (0002,0016): kept from an imported file's own File Meta, else the calling AE title. */
  sourceAET: string
  /** (0002,0017) Sending and (0002,0018) Receiving AE title; '' for doors without an association. */
  sendingAET: string
  receivingAET: string
  /** Peer address, or '' for import. */
  address: string
}

/** What the door knows before the first data set byte: the command of a C-STORE or a file's own File Meta. */
export interface ReceiveStart {
  origin: Origin
  SOPClassUID: string
  SOPInstanceUID: string
  TransferSyntaxUID: string
}

/** The one way in. Exactly one of `commit` and `abort` ends it. */
export interface Receive {
  /**
   * The next bytes of the data set, exactly as they came. The chunk is only valid during the call unless a promise is
   * returned: then until it resolves, and the door must not write again (and pauses its socket) before.
   */
  write(chunk: Uint8Array): void | Promise<void>
  /** Resolves when the bytes are synced and the rows committed. Rejects with an IsocenterError; then nothing was left behind. */
  commit(): Promise<Received>
  abort(): Promise<void>
}

export interface Received {
  /** 'duplicate': equal data set was here already. 'revision': same pixels, other header. 'conflict': anything else under the same UID. All are Success. */
  outcome: 'stored' | 'duplicate' | 'revision' | 'conflict'
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  contentId: number
  seq: number
}

/** One content at its place, for reading. */
export interface StoredObject {
  contentId: number
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  SOPClassUID: string
  TransferSyntaxUID: string
  /** The Part-10 file; the data set begins at `dataSetOffset` and has `dataSetLength` bytes. */
  path: string
  dataSetOffset: number
  dataSetLength: number
}

/** How to get one frame's bytes (design: Frames). `ranges` are [file offset, length] of `path`. */
export interface FrameLocation {
  contentId: number
  TransferSyntaxUID: string
  NumberOfFrames: number
  kind: FrameAccessKind
  path: string
  ranges: Array<[number, number]>
  /** kind 'bits': the frame begins at this bit of the first byte; `bits` of them. */
  bitOffset: number
  bits: number
  /** kind 'swap': 2 or 4 bytes a sample. */
  sampleBytes: number
  /** kind 'inflate': `ranges` is the whole data set; the frame is at this offset and length of the inflated data set. */
  inflatedOffset: number
  inflatedLength: number
}

/** PS3.18 §8.3.4 matching, already parsed: every key by keyword with its raw value; the store knows which are indexed. */
export interface QidoQuery {
  level: 'study' | 'series' | 'instance'
  StudyInstanceUID?: string
  SeriesInstanceUID?: string
  matches: Array<{ keyword: string; value: string }>
  fuzzymatching: boolean
  limit: number
  offset: number
}

export interface QidoRow {
  /** Values by keyword, as QIDO returns them for this level; absent when not known. */
  values: Record<string, string | number | Array<string | number>>
}

export interface StudyPage {
  studies: StudySummary[]
  total: number
  nextCursor: string | null
  seq: number
}

/** Every read, answered by a pool of reader threads. */
export interface StoreReader {
  listStudies(query: {
    search: string
    sort: 'lastReceived' | 'StudyDate' | 'PatientName' | 'PatientID'
    descending: boolean
    limit: number
    cursor?: string
  }): Promise<StudyPage>
  /** Rejects with 'not-found'. */
  getStudy(StudyInstanceUID: string): Promise<{ study: StudySummary; series: SeriesSummary[]; seq: number }>
  getManifest(StudyInstanceUID: string, SeriesInstanceUID: string): Promise<SeriesManifest>
  /** `matches` of the level's indexed attributes; rows in a stable order. */
  qido(query: QidoQuery): Promise<QidoRow[]>
  /** The shown content of every instance below the given UIDs, in instance-number order; at most `limit`. */
  locate(
    uids: { StudyInstanceUID: string; SeriesInstanceUID?: string; SOPInstanceUID?: string },
    limit: number,
  ): Promise<StoredObject[]>
  locateContent(contentId: number): Promise<StoredObject>
  /** Batched: one round trip for many frames; null where there is no such content or frame. */
  locateFrames(wanted: Array<[contentId: number, frame: number]>): Promise<Array<FrameLocation | null>>
  counts(): Promise<{ studies: number; series: number; instances: number; bytes: number }>
  listPeers(): Promise<Array<{ AET: string; address: string; firstSeen: number; lastSeen: number; instances: number }>>
  getSettings(user: string): Promise<Record<string, unknown>>
  /** Instances `work` still has to look into (functional groups, thumbnails), oldest first. */
  pendingWork(limit: number): Promise<Array<{ contentId: number }>>
  getThumbnail(contentId: number): Promise<Uint8Array | null>
}

/** One row of the feed, as listeners get it. */
export interface Change {
  seq: number
  kind: 'instance' | 'study'
  StudyInstanceUID: string
}

/** A sentence for a person; `detail` names the sender, never a patient. */
export interface StoreProblem {
  severity: 'attention' | 'failure'
  sentence: string
  detail: string
}

export interface Store {
  readonly read: StoreReader
  /** Throws 'store-read-only' or 'draining' at once. */
  beginReceive(start: ReceiveStart): Receive
  /** The position of the newest committed change. */
  readonly seq: number
  /** Told after each commit, with what it brought. A listener's failure is logged and harms nobody. Returns the unsubscribe. */
  onChanges(listener: (changes: Change[]) => void): () => void
  /** Told of trouble a person should know of: other bytes under a known UID, a disk that failed. Returns the unsubscribe. */
  onProblem(listener: (problem: StoreProblem) => void): () => void
  setSetting(user: string, key: string, value: unknown): Promise<void>
  /** What `work` found after the answer: functional groups per frame, thumbnail (PNG), or why it can't be shown. Marks the content as done. */
  finishWork(
    contentId: number,
    found: { perFrame?: ImageAttributes[]; thumbnail?: Uint8Array; unshowable?: string },
  ): Promise<void>
  readonly writable: boolean
  /** Refuse new receives, wait for the running ones, checkpoint, close. */
  close(): Promise<void>
}
