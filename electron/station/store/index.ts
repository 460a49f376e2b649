import type {
  BinEntry,
  CallOut,
  CallParsed,
  MoveEntry,
  PatientProposal,
  Priority,
  ReadingStatus,
  SeriesSummary,
  StudySort,
  StudySummary,
} from '../../../shared/contract.ts'
import type { InstanceFlag } from '../../../shared/dicom/flags.ts'
import type { AssumedValues } from '../../../shared/dicom/instanceHeader.ts'
import type { ReportVersion } from '../../../shared/reporting/report.ts'
import type { ResultSummary } from '../../../shared/reporting/resultTargets.ts'
import type { ReportWish } from '../../../shared/reporting/states.ts'
import type { Proof } from '../../../shared/sync.ts'
import type { SenderCounts } from '../../../shared/viewing/completeness.ts'
import type { FrameAccessKind, ImageAttributes, SeriesManifest } from '../../../shared/viewing/image.ts'
import type { AskedCommitment, Commitment, FailedReferences, References } from './commitment/commitmentRows.ts'
import type { ReferencedCopy } from './commitment/readReferenced.ts'
import type { Verified } from './commitment/verify.ts'
import type { JudgedFacts, LackingSeries } from './completeness/readCompleteness.ts'
import type { EvictedContent, StoredStudy } from './eviction/readEviction.ts'
import type { DueNotice, NoticeOutcome, ToldNotice } from './notices/noticeRows.ts'
import type { Outbox } from './outbox/types.ts'
import type { Matching } from './queryConditions.ts'
import type { QueryLevel } from './queryKeys.ts'
import type { RepairProgress } from './repair/repair.ts'
import type { DueResult, ResultTargetRow } from './results/resultRows.ts'
import type { SegmentPart } from './segmentRows.ts'
import type { Space } from './volumes/spaceWatch.ts'

export type { Commitment, FailedReferences, References } from './commitment/commitmentRows.ts'
export { FAILURE } from './commitment/verify.ts'
export type { EvictedContent } from './eviction/readEviction.ts'
export { FileHandles } from './fileHandles.ts'
export type { DueNotice, StepStatus, ToldNotice } from './notices/noticeRows.ts'
export { openStore, type StoreOptions } from './openStore.ts'
export type { DestinationCounts, LostContent, Outbox, OutboxItem, OutboxOutcome, Unproved } from './outbox/types.ts'
export { queryKeys } from './queryKeys.ts'
export type { DueResult } from './results/resultRows.ts'
export type { Space } from './volumes/spaceWatch.ts'

/** Where an object came from: one type for every door. */
export interface Origin {
  door: 'dimse' | 'stow' | 'import' | 'sample' | 'folder' | 'pull'
  /** PS3.10 (0002,0016): kept from an imported file's own File Meta, else the calling AE title. */
  sourceAET: string
  /** (0002,0017) Sending and (0002,0018) Receiving AE title; '' for doors without an association. */
  sendingAET: string
  receivingAET: string
  /** Peer address, or '' for import. */
  address: string
  /** Of 'pull': the destination it comes from, by its name. It counts as being there. */
  archive?: string
  /** Of what comes so: all that its coming shows of what lies there; 'equal', byte for byte, where absent. */
  proof?: Proof
}

/** Of 'pull', where that is known only when the data set has come. */
export type PulledFrom = Required<Pick<Origin, 'archive' | 'proof'>>

/** What the door knows before the first data set byte: the command of a C-STORE or a file's own File Meta. */
export interface ReceiveStart {
  origin: Origin
  SOPClassUID: string
  SOPInstanceUID: string
  TransferSyntaxUID: string
  /** The only study it may belong to (STOW-RS to a study); any where it is absent. */
  StudyInstanceUID?: string
  /** The data set must be of `SOPInstanceUID`, as that of a C-STORE always must: it was asked for by that. */
  asked?: boolean
  /** Of the sender's profile: what is indexed where the data set says nothing. Nothing is written into it. */
  assumed?: AssumedValues
  /** Of the sender's profile: other bytes under a known UID are shown from now on. All are kept, whatever is shown. */
  showLatest?: boolean
  /** What ends in the middle is refused with 'cut-short'; else it is kept as far as it goes. */
  whole?: boolean
  /** What the door saw beside the data set. */
  flags?: InstanceFlag[]
  /** Asked once with the data set's UIDs, before it has a record in the log: an archive that sends what it was asked for. */
  pulledFrom?(uids: Pick<Received, 'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID'>): PulledFrom | undefined
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

/**
 * Where a content's Part-10 file is, as far as it was known when it was asked for: settling moves it. Whoever finds no file at
 * `path` any more asks `locateContent` again and reads as much further on as `fileOffset` has changed.
 */
export interface Place {
  contentId: number
  /** '' while the disk it lies on is not there, or an archive alone has it. */
  path: string
  /** Where in `path` the Part-10 file begins. */
  fileOffset: number
  /** Where in `path` the data set begins. */
  dataSetOffset: number
}

/** One content at its place, for reading. */
export interface StoredObject extends Place {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  SOPClassUID: string
  TransferSyntaxUID: string
  /** The Part-10 file ends with it. */
  dataSetLength: number
  /** CRC-32 of the data set as it was received; null of what came to an older version. */
  crc: number | null
  /** It is known that there is no picture of it. */
  unshowable: boolean
  /** Its study or series was moved: what is to be put in place of the received values, by keyword, and since when (epoch ms). */
  overlay?: { at: number; values: Record<string, string> }
}

/** A patient as a moved study is shown under. Text as decoded; `lang` as in a study's summary. */
export interface PatientModule {
  PatientName: string
  PatientID: string
  IssuerOfPatientID: string
  PatientBirthDate: string
  PatientSex: string
  lang: string
}

/** What goes into the bin: all that is shown of a study, of one of its series, or one instance. */
export type RemovedItem = CallParsed<'bin.delete'>['items'][number]
/** The patient of a study that is here (a series may go `into` that very study), or one that is typed. */
export type MoveTarget = CallParsed<'move.make'>['to']
export type PatientWord = Pick<CallParsed<'patients.decide'>, 'StudyInstanceUID' | 'to' | 'same' | 'reason'>
export type MoveWish = Pick<CallParsed<'move.make'>, 'StudyInstanceUID' | 'SeriesInstanceUID' | 'to' | 'reason'>

/** What C-MOVE and C-GET ask for (PS3.4 §C.4.2.1.4): all that is given must hold, of a list any. At least one is given. */
export interface RetrieveKeys {
  PatientID?: string
  StudyInstanceUID?: string[]
  SeriesInstanceUID?: string[]
  SOPInstanceUID?: string[]
}

export interface RetrievableObject extends StoredObject {
  /** Flagged 'deep-nesting': it would end other systems. */
  nestsTooDeep: boolean
}

/** A class and transfer syntax in which some of what is to be sent is stored. */
export interface RetrievableForm {
  SOPClassUID: string
  TransferSyntaxUID: string
  objects: number
}

/** Where a page ended. What arrives meanwhile shifts nothing. */
export interface RetrieveCursor {
  series: number
  instance: number
}

/** How to get one frame's bytes (design: Frames). `ranges` are [offset in `path`, length]. */
export interface FrameLocation extends Place {
  TransferSyntaxUID: string
  NumberOfFrames: number
  kind: FrameAccessKind
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

/** What C-FIND asks: every key by keyword with its raw value. */
export interface FindQuery extends Matching {
  level: QueryLevel
  /** Keywords, of `queryKeys`: the columns of the rows. */
  returned: string[]
  /** 0, or `next` of the page before. */
  from: number
}

/** Values in the order of `returned`, several joined by backslashes, '' where nothing is known. */
export interface FindPage {
  rows: string[][]
  /** The numbers of what was found beyond: `findRows` reads them, 200 at a time. */
  rest: Uint32Array
  /** Where the search goes on when all of `rest` is read; null when it is over. */
  next: number | null
}

/** PS3.18 §8.3.4 matching, already parsed. */
export interface QidoQuery extends Matching {
  level: 'study' | 'series' | 'instance'
  StudyInstanceUID?: string
  SeriesInstanceUID?: string
  limit: number
  offset: number
}

export interface QidoPage {
  /** An array of results in DICOM's JSON model (PS3.18 annex F), UTF-8: the thread that reads writes it, too. */
  json: Uint8Array<ArrayBuffer>
  /** There are others beyond `limit`. */
  more: boolean
}

/** Which studies and in which order, as the contract parsed it. */
export type StudyFilter = CallParsed<'studies.counts'>['filters'][number]
export type StudyQuery = StudyFilter & { sort: StudySort; descending: boolean }

export interface StudyPage {
  studies: StudySummary[]
  total: number
  nextCursor: string | null
  seq: number
}

/** `id` of each study of a page, in order. */
export interface StudyOrder {
  ids: Uint32Array
  nextCursor: string | null
  seq: number
}

export interface VolumeUse {
  id: number
  name: string
  objects: number
  bytes: number
  /** Contents that lie on no other. */
  onlyHere: number
}

/** What somebody needs to have an image sent again. */
export interface OnlyCopy {
  contentId: number
  PatientID: string
  PatientName: string
  AccessionNumber: string
  StudyDate: string
  StudyInstanceUID: string
  SeriesInstanceUID: string
  SOPInstanceUID: string
  SOPClassUID: string
  sendingAET: string
  /** Epoch ms. */
  received: number
  /** Of the data set. */
  length: number
}

/** Every read, answered by a pool of reader threads. */
export interface StoreReader {
  /** `openBy` of every summary is empty: the vault does not know who looks. */
  listStudies(query: StudyQuery & { limit: number; cursor?: string }): Promise<StudyPage>
  orderStudies(query: StudyQuery & { limit: number; cursor?: string }): Promise<StudyOrder>
  /** In the order asked; those that are gone are left out. */
  getStudies(ids: number[]): Promise<{ studies: StudySummary[]; seq: number }>
  countStudies(filter: StudyFilter): Promise<{ total: number; unread: number; seq: number }>
  /** The patient's other studies, newest first. Rejects with 'not-found'. */
  patientStudies(StudyInstanceUID: string): Promise<{ studies: StudySummary[]; seq: number }>
  /** null and 0 when there is none. */
  getDraft(StudyInstanceUID: string, user: string): Promise<{ draft: unknown; rev: number }>
  /** A reader's unsaved segmentations of a study, by part, from the one after `after` on; some MiB at a time. */
  getSegments(
    StudyInstanceUID: string,
    user: string,
    after: string,
  ): Promise<{ rev: number; parts: SegmentPart[]; more: boolean }>
  /** All versions of the study's report, the first one first. */
  getReports(StudyInstanceUID: string): Promise<ReportVersion[]>
  /** What the user has had on the screen of a study, by series (shared/viewing/seen.ts). */
  getSeen(StudyInstanceUID: string, user: string): Promise<Record<string, string>>
  /** Rejects with 'not-found'. */
  getStudy(StudyInstanceUID: string): Promise<{ study: StudySummary; series: SeriesSummary[]; seq: number }>
  /** The studies of an order, by what it says of itself letter for letter; two stand for as many as there are. */
  studiesOfOrder(AccessionNumber: string, PatientID: string, StudyInstanceUID?: string): Promise<string[]>
  getManifest(StudyInstanceUID: string, SeriesInstanceUID: string): Promise<SeriesManifest>
  /** The next studies behind a number, of which anything lies here, as far as one read goes; `next` null = that was all. `from`: who gives back. */
  retained(after: number, from: string[]): Promise<{ studies: StoredStudy[]; next: number | null }>
  /** null where it lies here, or is not known. Of the destinations that were shown to hold it, the best proof first. */
  evicted(contentId: number): Promise<EvictedContent | null>
  /** What archives alone have. */
  evictedTotal(): Promise<{ images: number; bytes: number }>
  /** Of a study, in reading order; at most `limit`. */
  evictedOf(StudyInstanceUID: string, limit: number): Promise<number[]>
  /** In pages, so that no read lasts: a query that no index helps looks at a part of the studies at a time. */
  find(query: FindQuery): Promise<FindPage>
  /** In the order of their numbers; those that are gone are left out. */
  findRows(level: QueryLevel, returned: string[], numbers: Uint32Array): Promise<string[][]>
  /** `matches` of the level's attributes; results in a stable order, each with its address below `base`. */
  qido(query: QidoQuery, base: string): Promise<QidoPage>
  /** The shown content of every instance below the given UIDs, in instance-number order; at most `limit`. */
  locate(
    uids: { StudyInstanceUID: string; SeriesInstanceUID?: string; SOPInstanceUID?: string },
    limit: number,
  ): Promise<StoredObject[]>
  /** A page of what is to be sent, series by series in the order of arrival; `next` is null behind the last. */
  retrievable(
    keys: RetrieveKeys,
    limit: number,
    after?: RetrieveCursor,
  ): Promise<{ objects: RetrievableObject[]; next: RetrieveCursor | null }>
  /** The forms in which a page of it is stored; a form may come again on the next page. */
  retrievableForms(
    keys: RetrieveKeys,
    limit: number,
    after?: RetrieveCursor,
  ): Promise<{ forms: RetrievableForm[]; next: RetrieveCursor | null }>
  /** Studies to be judged (shared/viewing/completeness.ts), of which nothing came in the last `quietMs`. */
  unjudgedStudies(now: number, quietMs: number, limit: number): Promise<string[]>
  /** null where there is no such study. */
  completenessFacts(StudyInstanceUID: string): Promise<JudgedFacts | null>
  /** What somebody's list names and is not here, by series; at most 1,000. */
  lacking(StudyInstanceUID: string): Promise<LackingSeries[]>
  /** All copies of these instances, the shown contents first; of what is not known nothing. */
  referencedCopies(SOPInstanceUIDs: string[]): Promise<ReferencedCopy[]>
  /** Rejects with 'not-found', 'volume-unavailable' or 'on-archive'. */
  locateContent(contentId: number): Promise<StoredObject>
  /** Batched: one round trip for many frames; null where there is no such content or frame. */
  locateFrames(wanted: Array<[contentId: number, frame: number]>): Promise<Array<FrameLocation | null>>
  /** What lies on each volume, the landing folder and the data folder first. */
  volumeUse(): Promise<VolumeUse[]>
  /** Images that lie on that volume alone, behind a content, in their order of arrival: at most `limit`. Rejects with 'not-found'. */
  onlyOn(volume: string, after: number, limit: number): Promise<OnlyCopy[]>
  counts(): Promise<{ studies: number; series: number; instances: number; bytes: number }>
  /** Copies that are missing, or not what was received. */
  damagedCopies(): Promise<number>
  /** The last thousand. */
  listPeers(): Promise<Array<{ AET: string; address: string; firstSeen: number; lastSeen: number; instances: number }>>
  getSettings(user: string): Promise<Record<string, unknown>>
  /**
   * Contents `work` still has to look into, oldest first: what has functional groups or has to be decoded, and of plain images the
   * first of each series. After them those whose header alone is to be read `again`, because an older version read less of it.
   */
  pendingWork(limit: number): Promise<Array<{ contentId: number; again: boolean }>>
  /** Of `pendingWork`, what may have functional groups that a viewer of this series would miss. */
  unreadGroups(StudyInstanceUID: string, SeriesInstanceUID: string): Promise<number[]>
  getThumbnail(contentId: number): Promise<Uint8Array | null>
  /** Deletions and rejections, newest first, those that were taken back or purged among them. */
  listRemovals(limit: number): Promise<Array<Omit<BinEntry, 'purgeAt'>>>
  /** The moves that are in force, newest first. */
  listMoves(limit: number): Promise<MoveEntry[]>
  /** Patients that may be one, newest first; of one study, or ('') of those that came last. */
  patientProposals(StudyInstanceUID: string, limit: number): Promise<PatientProposal[]>
  /** What a deletion, rejection or move is about. */
  subjectOf(id: string): Promise<{ StudyInstanceUID: string; PatientID: string } | undefined>
  /** Patient ID, also of what is hidden; '' where there is no such study. */
  patientOf(StudyInstanceUID: string): Promise<string>
  /** Of these contents, at most some hundreds; what is not known is left out. */
  studiesOf(contentIds: number[]): Promise<Array<{ contentId: number; StudyInstanceUID: string }>>
  /** Which of these have come before, at most some thousands: also what is hidden, and what was deleted or rejected for good. */
  knownInstances(SOPInstanceUIDs: string[]): Promise<string[]>
}

/** What is found in an object after its sender has been answered. */
export interface WorkFound {
  /** Of the header and the shared functional groups. With them `perFrame`, what differs of each frame; absent when nothing does. */
  attributes?: ImageAttributes
  perFrame?: ImageAttributes[]
  /** PNG. */
  thumbnail?: Uint8Array
  /** Why there is no picture. */
  unshowable?: string
}

/** One row of the feed, as listeners get it. */
export interface Change {
  seq: number
  kind: 'instance' | 'study'
  StudyInstanceUID: string
}

/** Storage commitment (PS3.4 annex J), durable: what was asked, and what was answered. */
export interface Commitments {
  /** A decision; the number of its transaction. The same request again opens the same transaction again. */
  accept(asked: AskedCommitment): Promise<number>
  /** What was asked of us and is to be answered by then (epoch ms). */
  due(at: number, limit: number): Promise<number[]>
  get(number: number): Promise<Commitment | null>
  /** What this station asked of that peer under that UID. */
  find(AET: string, TransactionUID: string): Promise<Commitment | null>
  /** Whether every reference is here, under its SOP class, with the bytes that came: they are read again, one request after the other. */
  verify(references: References, signal: AbortSignal): Promise<Verified>
  /** A decision: the answer has been taken; null = nobody took it in time. */
  over(number: number, failed: FailedReferences | null): Promise<void>
  postpone(number: number, attempts: number, nextAt: number): Promise<void>
}

/** Performed procedure steps and availability notices (PS3.4 annexes F and R): kept as they stand, and handed on as they came. */
export interface Notices {
  /** A decision. Refused, by the word it resolves with, nothing was kept. */
  take(told: ToldNotice): Promise<NoticeOutcome>
  /** What is to be handed on by then (epoch ms): of one step to one node the earliest. */
  due(at: number, limit: number): Promise<DueNotice[]>
  /** It need not be handed on any more. */
  forwarded(number: number): Promise<void>
  postpone(number: number, attempts: number, nextAt: number): Promise<void>
}

/** Signed reports on their way to other systems; each is there with its signature, for those who are the targets then. */
export interface Results {
  setTargets(targets: ResultTargetRow[]): Promise<void>
  /** Once more, to all or to one by its id; what went there, or waits, of later versions goes behind it. How many get it. */
  send(StudyInstanceUID: string, version: number, target: string | undefined): Promise<number>
  /** Those something waits for, by id, also where they are no targets any more. */
  waitingFor(): Promise<string[]>
  /** What is to be sent there next: of one study the earliest. Undefined: nothing now. */
  due(target: string): Promise<DueResult | undefined>
  /** All that waits for it is due now. */
  hurry(target: string): Promise<void>
  /** The newest 200, newest first. */
  list(): Promise<ResultSummary[]>
  over(number: number, state: 'sent' | 'refused' | 'gaveUp', why: string): Promise<void>
  postpone(number: number, why: string, nextAt: number): Promise<void>
  /** As `send` of that one. False: none of that number waits or was given up. */
  again(number: number): Promise<boolean>
}

/** A sentence for a person; `detail` names the sender, never a patient. */
export interface StoreProblem {
  severity: 'attention' | 'failure'
  sentence: string
  detail: string
}

export interface Store {
  readonly read: StoreReader
  /** Throws 'store-read-only', 'disk-nearly-full' or 'draining' at once. */
  beginReceive(start: ReceiveStart): Receive
  /** The position of the newest committed change, within `epoch`, which is another one after each start. */
  readonly seq: number
  readonly epoch: number
  /** Told after each commit, with what it brought. A listener's failure is logged and harms nobody. Returns the unsubscribe. */
  onChanges(listener: (changes: Change[]) => void): () => void
  /**
   * Told of trouble a person should know of: other bytes under a known UID, a disk that failed. The first listener also hears, at
   * once, what was met while the store opened. Returns the unsubscribe.
   */
  onProblem(listener: (problem: StoreProblem) => void): () => void
  setSetting(user: string, key: string, value: unknown): Promise<void>
  /**
   * Decisions: durable, in the index and in `decisions.log`, when they resolve. Reject with 'not-found' or 'store-read-only'.
   * Those of unknown studies among others are left out.
   */
  setReading(
    studies: Array<{ StudyInstanceUID: string; status: ReadingStatus }>,
    user: string,
  ): Promise<{ before: Array<{ StudyInstanceUID: string; status: ReadingStatus }> }>
  /** Somebody looks: a new study is opened from now on, any other stays as it is. */
  setOpened(StudyInstanceUID: string, user: string): Promise<void>
  setPriority(StudyInstanceUID: string, priority: Priority): Promise<{ before: Priority }>
  /** Whether it stays here whatever the cache wants: then it is never evicted. Rejects with 'not-found'. */
  setKept(StudyInstanceUID: string, kept: boolean, user: string): Promise<{ before: boolean }>
  /** Durable when it resolves. Parts without data go. Rejects with 'draft-conflict' and 'segments-full'. */
  putSegments(
    StudyInstanceUID: string,
    user: string,
    parts: Array<{ part: string; data: string | null }>,
    rev: number,
  ): Promise<{ rev: number }>
  /** Rejects with 'draft-conflict' when the draft's rev is not the given one. */
  putDraft(StudyInstanceUID: string, user: string, draft: unknown, rev: number): Promise<{ rev: number }>
  /** What is done with a study's report; the version as it is now. Rejects as `nextReport` throws (shared/reporting/states.ts). */
  decideReport(StudyInstanceUID: string, wish: ReportWish, user: string): Promise<ReportVersion>
  /** Adds to what the user has seen, by series (shared/viewing/seen.ts); no decision. Rejects with 'not-found'. */
  addSeen(StudyInstanceUID: string, user: string, series: Record<string, string>): Promise<void>
  /** Into the bin: hidden everywhere, kept for the configured time. An id for each item. Rejects with 'not-found', 'too-large'. */
  remove(items: RemovedItem[], reason: string, user: string): Promise<{ ids: string[]; images: number }>
  /** Takes a deletion or rejection back. Rejects with 'not-found', or 'gone' when it was purged. */
  restore(id: string, user: string): Promise<{ images: number }>
  /** For good: resolves when it is decided durably; rows and files follow. */
  purge(id: string, user: string): Promise<{ images: number }>
  /** Shows a study or series elsewhere; what comes of it later follows. `id` '' = an earlier move was taken back by it. */
  move(wish: MoveWish, user: string): Promise<{ id: string; StudyInstanceUID: string }>
  /**
   * That two patients are one: every study of the one is shown under the other, what comes later too; or that they are not, and
   * nobody asks again. Rejects with 'not-found', 'too-large', or 'bad-request' when they are one already.
   */
  decidePatients(word: PatientWord, user: string): Promise<{ id: string }>
  /** Of a merge, too. Rejects with 'not-found', or 'bad-request' when it was moved on since. */
  moveBack(id: string, user: string): Promise<object>
  /** What the station that sent a study has of it, by its own words: the study is judged anew (shared/viewing/completeness.ts). */
  senderSays(StudyInstanceUID: string, counts: SenderCounts): Promise<void>
  /**
   * The files of a study leave, for the destinations of `from` were shown to hold them all: decided durably when it resolves, the files
   * follow. What of the study says otherwise is looked at again; the bytes that leave, 0 where it stays.
   */
  evict(StudyInstanceUID: string, from: string[]): Promise<{ bytes: number }>
  /** A person looks at it: it leaves later than others. */
  used(StudyInstanceUID: string): Promise<void>
  readonly commitments: Commitments
  readonly notices: Notices
  readonly results: Results
  readonly outbox: Outbox
  /** Keeps what `work` found after the answer, and marks the content as done. */
  finishWork(contentId: number, found: WorkFound): Promise<void>
  readonly writable: boolean
  /** What has been answered and lies in the landing folder still. */
  readonly backlog: { bytes: number; objects: number }
  /** Disk that is filled and synced ahead for what lands next; nothing of it waits. */
  readonly reserveBytes: number
  /** Memory in which what is being received waits for the disk, in bytes, and the most it was since the start. */
  readonly receiving: { bytes: number; most: number }
  /** Objects by what became of them, since the start. */
  readonly received: Readonly<Record<Received['outcome'], number>>
  /** Of the data folder, where everything lands. */
  readonly space: Space
  /** The disks that hold images, the data folder first, and how many images exist on one of them alone. */
  volumes(): Promise<CallOut<'volumes.list'>>
  /** Empties a volume in the background, over restarts, until it is kept. Both reject with 'not-found'. */
  drainVolume(name: string): Promise<void>
  keepVolume(name: string): Promise<void>
  /** Brings all of it to its place now. */
  settleAll(): Promise<void>
  /** The index lacks what lies in the files: it is an older one, or a new one. `repair` is to be called. */
  readonly needsRepair: boolean
  /**
   * Brings index and files together beside all other work: files without rows are adopted, rows without whole files are marked, what
   * is none of ours is set aside, nothing is deleted. `verify`: every byte is read. One after the other.
   */
  repair(verify: boolean, progress: RepairProgress): Promise<void>
  /** `backupAgeSeconds` is undefined while there is no backup. */
  health(): Promise<{ damagedCopies: number; scrubbedBytes: number; backupAgeSeconds: number | undefined }>
  /** Refuse new receives, wait for the running ones, checkpoint, close. */
  close(): Promise<void>
}
