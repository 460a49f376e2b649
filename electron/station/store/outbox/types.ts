import type {
  CustodyEvent,
  DeadLetter,
  Destination,
  Proof,
  RouteAnswer,
  StudyCustody,
} from '../../../../shared/sync.ts'
import type { RetrievableObject } from '../index.ts'

/**
 * Of one content at one destination. 'queued': to be sent. 'unsure': it may be there, so it is looked for before it is sent. 'sent':
 * the destination says it has it, not proved yet. 'confirmed': proved. 'dead': refused for good. 'withheld': deleted or rejected here.
 * 'gone': it came from there, and was taken away there. 'lost': it was there, and is neither there nor here any more.
 */
export type CustodyState = 'queued' | 'unsure' | 'sent' | 'confirmed' | 'dead' | 'withheld' | 'gone' | 'lost'

/**
 * What waits for a destination. The row is leased: nobody else is given it until it is settled or `until` has passed; then one that
 * was 'queued' is 'unsure'.
 */
export interface OutboxItem extends RetrievableObject {
  state: 'queued' | 'unsure' | 'sent'
  attempts: number
  rank: number
  /** As received, for systems that number objects by it: what an overlay changes is in `overlay`. */
  PatientID: string
  /** Of the Part-10 file that was sent last, in hexadecimal; '' = nothing was, or as a data set alone. */
  sentMd5: string
  /** SHA-256 of the data set that was sent last, in hexadecimal; '' = nothing was. */
  sentSha256: string
  /** When it was received, epoch ms. */
  received: number
}

/** What has become of a leased item: its new state and all that goes with it. 'queued': it is known not to be there. */
export interface OutboxOutcome {
  contentId: number
  state: CustodyState
  /** When it is taken up again (epoch ms); of 'queued', 'unsure' and 'sent'. */
  nextAt?: number
  attempts?: number
  /** Why, in words, of all that is not as it should be; never a patient's name. */
  reason?: string
  /** Of 'confirmed'. */
  proof?: Proof
  sentMd5?: string
  sentSha256?: string
  /** It was confirmed, and is not there any more: nothing else but another proof changes what is confirmed. */
  lost?: boolean
  /** Of 'lost': something else is there under its UID. */
  isOther?: boolean
}

/** One that no bytes are left of here and at the destination that it was lost by. */
export interface LostContent {
  contentId: number
  StudyInstanceUID: string
  /** Destinations that were shown to hold it, the best proof first. */
  holders: string[]
}

/** By SOP Instance UID. */
export interface Unproved {
  waiting: string[]
  /** By the destination for good, or this station never sends them there. */
  refused: string[]
  /** Neither there nor here. */
  lost: string[]
}

export interface DestinationCounts {
  name: string
  queued: number
  queuedBytes: number
  /** 'unsure' and 'sent'. */
  unproved: number
  confirmed: number
  dead: number
  oldest: number | null
}

/**
 * The outbox and the custody ledger: a row for each content and each destination its rules name, made in the transaction of the
 * content's own row, so a landing log that is read again makes the same. Every call is one transaction (or a few, bounded ones).
 */
export interface Outbox {
  /**
   * From now on. A destination that is new, or whose rules are, gets rows for what is here already, behind everything else and in
   * the background (what its rules do not name any more and was never sent goes); one that is left out keeps its rows and is not
   * leased.
   */
  setDestinations(destinations: Destination[]): Promise<void>
  /**
   * What is due at `now`, smallest rank first, then in order of arrival; ranks up to `rank`. At most `objects` and (but for the
   * first) `bytes`. `only`: items in these states. What cannot be read now, for it is damaged or its disk is away, is passed over and
   * due again in five minutes.
   */
  lease(wanted: {
    destination: string
    objects: number
    bytes: number
    rank: number
    now: number
    until: number
    only?: Array<'queued' | 'unsure' | 'sent'>
  }): Promise<OutboxItem[]>
  /** When the next of them is due (epoch ms): now or earlier where one is; null where nothing waits. Leased ones when their lease ends. */
  nextDue(destination: string, rank: number): Promise<number | null>
  /**
   * Durable (FULL) where anything is confirmed, dead, gone or lost. What is no longer there is left out. What the destination lost and
   * is not here either becomes 'lost', whatever the outcome says, but for what the destination itself replaced: those are the answer.
   */
  settle(destination: string, outcomes: OutboxOutcome[]): Promise<LostContent[]>
  /** Ends the leases of a process before this one. */
  releaseLeases(): Promise<void>
  counts(): Promise<DestinationCounts[]>
  /** A study's images first, wherever they still have to go. How many. */
  prioritise(StudyInstanceUID: string): Promise<number>
  /**
   * Refused ones are to be sent again: these, all of a study with what is gone there, or all of a destination; not what this station
   * itself holds back. How many.
   */
  retry(destination: string, which?: { contentIds: number[] } | { StudyInstanceUID: string }): Promise<number>
  /** Newest first; a page ends behind all of one moment, so it may be longer than `limit`. Of a study: the newest `limit` of it. */
  deadLetters(wanted: {
    destination?: string
    StudyInstanceUID?: string
    limit: number
    before?: number
  }): Promise<DeadLetter[]>
  /** A row for each destination that any of its images goes to. */
  study(StudyInstanceUID: string): Promise<{ custody: StudyCustody[]; events: CustodyEvent[] }>
  /** What rules that are not in force yet would say. Rejects with 'not-found'. */
  test(StudyInstanceUID: string, destinations: Destination[]): Promise<RouteAnswer[]>
  /** Confirmed ones that were last proved before `before`, oldest first, to be looked for again. */
  toAudit(destination: string, before: number, limit: number): Promise<OutboxItem[]>
  /** They were looked for and are there, as of `at`: a moment to come puts the next look off. */
  audited(destination: string, contentIds: number[], at: number): Promise<void>
  /** Of these contents, those that came from that destination, and of whose studies all did: no work of ours needs them there. */
  theirs(destination: string, contentIds: number[]): Promise<number[]>
  /** What is neither where it was nor here, `limit` of it: first what somebody else holds. */
  lost(limit: number): Promise<LostContent[]>
  /**
   * Of these SOP Instance UIDs those that have to go there and are not proved to be there; what is deleted or rejected here is none.
   * Of a destination that is not known all of them wait, and so does what has not been held against its rules yet.
   */
  unproved(destination: string, SOPInstanceUIDs: string[]): Promise<Unproved>
  /** Something to send may be there. Returns the unsubscribe. */
  onWaiting(listener: () => void): () => void
}
