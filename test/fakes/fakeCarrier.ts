import type { OutboxItem } from '../../electron/station/store/index.ts'
import type { Carrier, Look, SendOutcome } from '../../electron/station/sync/carrier.ts'
import type { Clock } from '../../electron/station/sync/clock.ts'
import type { Proof } from '../../shared/sync.ts'

/** What an archive does to one call. 'works' first of all; the rest as real ones were seen to fail. */
export type Mood =
  | 'works'
  /** Nobody listens. */
  | 'away'
  /** The connection ends: after some of it was stored. */
  | 'reset'
  /** An answer that names nothing, which may have stored all of it or nothing. */
  | 'silent'
  /** 500, 507: it takes none of it now. */
  | 'full'
  /** It says that it has it, and has not. */
  | 'lies'

/** An archive in memory behind a carrier: it holds what it stored, by UID, and does what its mood says. */
export class FakeArchive implements Carrier {
  readonly batch = { objects: 10, bytes: 8 * 2 ** 20 }
  /** SOP Instance UID → what stands for its bytes. */
  readonly held = new Map<string, string>()
  readonly #clock: Clock
  /** Of the next call. */
  mood: (call: 'send' | 'look' | 'remove' | 'try') => Mood = () => 'works'
  /** UIDs that end it, whole, for `diedMs`. */
  readonly poison = new Set<string>()
  /** UIDs it refuses for good. */
  readonly unwanted = new Set<string>()
  /** UIDs because of which it refuses all that came with them, as a whole. */
  readonly spoilers = new Set<string>()
  /** Of those that it lists, so many it does not keep, in [0, 1). */
  loses = 0
  shows: Proof = 'equal'
  latencyMs = 5
  diedMs = 3000
  #deadUntil = Number.NEGATIVE_INFINITY
  deaths = 0
  /** UIDs in the order they came, and how many came together. */
  readonly came: string[] = []
  readonly together: number[] = []
  sending = 0
  mostSending = 0
  looks = 0
  removed: string[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(this.latencyMs, signal)
  }

  #moodOf(call: 'send' | 'look' | 'remove' | 'try'): Mood {
    return this.#clock.ticks() < this.#deadUntil ? 'away' : this.mood(call)
  }

  async send(
    items: OutboxItem[],
    paced: (bytes: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<SendOutcome[]> {
    const mood = this.#moodOf('send')
    if (mood === 'away')
      return items.map(({ contentId }) => ({ contentId, kind: 'unreached', reason: 'nobody listens' }))
    this.sending += 1
    this.mostSending = Math.max(this.mostSending, this.sending)
    this.together.push(items.length)
    for (const item of items) {
      this.came.push(item.SOPInstanceUID)
      await paced(item.dataSetLength)
    }
    await this.#wait(signal)
    this.sending -= 1
    const deadly = items.some(({ SOPInstanceUID }) => this.poison.has(SOPInstanceUID))
    const beside = this.#clock.ticks() < this.#deadUntil
    if (deadly) {
      this.deaths += 1
      this.#deadUntil = this.#clock.ticks() + this.diedMs
    }
    if (deadly || beside || mood === 'reset') {
      const some = deadly ? 0 : Math.floor(this.#clock.random() * (items.length + 1))
      for (const item of items.slice(0, some)) this.#keep(item)
      return items.map(({ contentId }) => ({
        contentId,
        kind: 'ambiguous',
        reset: true,
        reason: 'the connection ended',
      }))
    }
    if (mood === 'silent') {
      if (this.#clock.random() < 0.5) for (const item of items) this.#keep(item)
      return items.map(({ contentId }) => ({ contentId, kind: 'ambiguous', reason: '503' }))
    }
    if (mood === 'full') {
      return items.map(({ contentId }) => ({ contentId, kind: 'refused', permanent: false, reason: '507' }))
    }
    if (items.some(({ SOPInstanceUID }) => this.spoilers.has(SOPInstanceUID))) {
      const permanent = items.length === 1
      return items.map(({ contentId }) => ({ contentId, kind: 'refused', permanent, reason: '400' }))
    }
    return items.map(item => {
      const { contentId, SOPInstanceUID } = item
      if (this.unwanted.has(SOPInstanceUID)) return { contentId, kind: 'refused', permanent: true, reason: '0xA900' }
      if (mood !== 'lies' && this.#clock.random() >= this.loses) this.#keep(item)
      return { contentId, kind: 'listed', sentMd5: `md5 ${contentId}`, sentSha256: `sha ${contentId}`, reason: '' }
    })
  }

  /** What it has already it keeps, as archives do. */
  #keep({ SOPInstanceUID, contentId }: OutboxItem): void {
    if (!this.held.has(SOPInstanceUID)) this.held.set(SOPInstanceUID, `sha ${contentId}`)
  }

  async look(items: OutboxItem[], wanted: Proof, signal: AbortSignal): Promise<Look[]> {
    this.looks += 1
    const mood = this.#moodOf('look')
    await this.#wait(signal)
    if (mood !== 'works' && mood !== 'lies') {
      return items.map(({ contentId }) => ({ contentId, kind: 'unknown', reason: 'it does not answer' }))
    }
    return items.map(({ contentId, SOPInstanceUID }) => {
      const held = this.held.get(SOPInstanceUID)
      if (held === undefined || held === 'damaged') return { contentId, kind: 'absent', reason: 'it does not have it' }
      if (held !== `sha ${contentId}`) return { contentId, kind: 'other', reason: 'it has other bytes' }
      const proof = wanted === 'equal' ? this.shows : wanted
      return { contentId, kind: 'there', proof, reason: '' }
    })
  }

  async remove({ SOPInstanceUID }: OutboxItem, signal: AbortSignal): Promise<boolean> {
    await this.#wait(signal)
    if (this.#moodOf('remove') !== 'works') return false
    this.removed.push(SOPInstanceUID)
    return this.held.delete(SOPInstanceUID)
  }

  async tryOut(signal: AbortSignal): Promise<{ works: boolean; words: string }> {
    const mood = this.#moodOf('try')
    await this.#wait(signal)
    return mood === 'away' ? { works: false, words: 'nobody listens' } : { works: true, words: 'it answers' }
  }

  async close(): Promise<void> {}
}

/** The n-th of what there is to be sent: an image of 512 kB in a study of a hundred. */
export function queuedItem(n: number, given: Partial<OutboxItem> = {}): OutboxItem {
  return {
    contentId: n,
    path: `/vault/${n}`,
    fileOffset: 0,
    StudyInstanceUID: `1.2.${Math.floor(n / 100)}`,
    SeriesInstanceUID: `1.3.${Math.floor(n / 100)}`,
    SOPInstanceUID: `1.4.${n}`,
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
    dataSetOffset: 400,
    dataSetLength: 512 * 1024,
    crc: null,
    unshowable: false,
    nestsTooDeep: false,
    state: 'queued',
    attempts: 0,
    rank: 1,
    PatientID: 'P',
    sentMd5: '',
    sentSha256: '',
    received: 0,
    ...given,
  }
}
