import type { Proof } from '../../../shared/sync.ts'
import type { OutboxItem } from '../store/index.ts'

/**
 * What became of one object that was to be sent. 'listed': the archive's own answer names it. 'refused': it named it as not taken;
 * `permanent` where another try cannot help. 'unreached': nothing of it can have arrived. 'ambiguous': it may have arrived (a
 * reset, 502, 503, 504, an answer that does not name it): looked for before it is sent again; `reset` where the connection ended
 * before there was an answer, as when the archive dies of what it was given.
 */
export type SendOutcome = { contentId: number; reason: string } & (
  | { kind: 'listed'; sentMd5: string; sentSha256: string }
  | { kind: 'refused'; permanent: boolean }
  | { kind: 'unreached' }
  | { kind: 'ambiguous'; reset?: boolean }
)

/**
 * What a look at the archive showed. 'absent': it does not have it, or, with a reason, what it has is damaged: that is to be removed
 * before it is sent again, for archives keep what they have. 'other': it holds something else under that UID. 'unknown': it could not be seen.
 */
export type Look = { contentId: number; reason: string } & (
  | { kind: 'there'; proof: Proof }
  | { kind: 'absent' | 'other' | 'unknown' }
)

/** What names an object at an archive, and how it was sent there. */
export type Fetchable = Pick<
  OutboxItem,
  'StudyInstanceUID' | 'SeriesInstanceUID' | 'SOPInstanceUID' | 'SOPClassUID' | 'TransferSyntaxUID'
>

/** One way to one archive. Nothing here keeps anything: what has become of each object is the caller's to keep. */
export interface Carrier {
  /** Of one `send`: what the archive takes well at once. */
  readonly batch: { objects: number; bytes: number }
  /** An outcome for each item, whatever happens; `paced` is awaited with the bytes of each piece before it is sent. */
  send(items: OutboxItem[], paced: (bytes: number) => Promise<void>, signal: AbortSignal): Promise<SendOutcome[]>
  /** Looks for each, up to what `wanted` asks for; an answer for each, whatever happens. */
  look(items: OutboxItem[], wanted: Proof, signal: AbortSignal): Promise<Look[]>
  /** Takes an object away, so that it can be sent anew; false where the archive offers no way. Rejects with 'peer-failed' where it could not be asked. */
  remove(item: OutboxItem, signal: AbortSignal): Promise<boolean>
  /**
   * The Part-10 file of an object that it holds, as it comes; nothing where the archive has sent it through the door for everybody. Absent
   * where it gives nothing back. Rejects with 'peer-failed'.
   */
  fetch?(object: Fetchable, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Whether it answers, in words; nothing is stored. */
  tryOut(signal: AbortSignal): Promise<{ works: boolean; words: string }>
  close(): Promise<void>
}
