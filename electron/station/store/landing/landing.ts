import { statfs } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../../shared/errors.ts'
import type { Staging } from '../../base/alignedMemory.ts'
import { type Disk, SyncError } from '../../base/durable.ts'
import { type Landed, type LandingEntry, Segment } from './segment.ts'

/** The first segment after a start; each next one is twice as large. Whoever receives little writes no zeros for nothing. */
const FIRST_SEGMENT_BYTES = 8 << 20
const LARGEST_SEGMENT_BYTES = 64 << 20
/** Objects up to a MiB and what stands beside them: one always fits. */
const SMALLEST_SEGMENT_BYTES = 2 << 20
/** Of the volume: what waits to be settled, and one segment of it. */
const SHARE_OF_VOLUME = 0.02
const SEGMENT_SHARE_OF_VOLUME = 0.002
/** Of the volume, kept filled and synced for the next burst: 1 GiB are 2,000 slices of CT. */
const RESERVE_SHARE_OF_VOLUME = 0.005
const MOST_RESERVE_BYTES = 2 ** 30
const MOST_BYTES = 8 * 2 ** 30

/** How far the log of landing records goes: everything before it is synced. */
export interface LandingPosition {
  segment: number
  offset: number
}

export interface LandingLimits {
  /** Past it objects go to files of their own. */
  mostBytes: number
  segmentBytes: number
  /** Segments are kept ready up to so much, within `mostBytes`; 0 = only the next one, made empty when the current one is half full. */
  reserveBytes: number
}

/** What the volume allows: at most 8 GiB or 2 % of it may wait to be settled. */
export async function landingLimits(dataDir: string): Promise<LandingLimits> {
  const { blocks, bsize } = await statfs(dataDir)
  const volume = blocks * bsize
  const segmentBytes = Math.min(
    LARGEST_SEGMENT_BYTES,
    Math.max(SMALLEST_SEGMENT_BYTES, volume * SEGMENT_SHARE_OF_VOLUME),
  )
  return {
    mostBytes: Math.max(4 * segmentBytes, Math.min(MOST_BYTES, volume * SHARE_OF_VOLUME)),
    segmentBytes: Math.floor(segmentBytes / 4096) * 4096,
    reserveBytes: Math.min(MOST_RESERVE_BYTES, volume * RESERVE_SHARE_OF_VOLUME),
  }
}

/** A group on its way to the disk. */
export interface Landing {
  /** Of its entries, in their order. */
  places: Landed[]
  /** Behind its last record. */
  position: LandingPosition
  /** Rejects with the disk's error; what failed is never tried again in the same segment. */
  synced: Promise<void>
}

export interface LandingLog {
  /**
   * Begins to write the first of the group, as many as the segment has room for, behind all before it, with one sync. To be
   * called again when all but those are `synced`. Rejects where nothing could be begun, and with 'draining' when the log is closed.
   */
  land(group: LandingEntry[]): Promise<Landing>
  /** Behind the newest synced record. */
  readonly position: LandingPosition
  /** After a failed sync nothing lands until this is called: the disk has been found to work again. */
  recover(): void
  /** Of segments that are made, or being made, and not written to yet. */
  readonly readyBytes: number
  /**
   * Makes one more segment ready, of the largest size, and rests while `isQuiet` says no, unless it is the next to be used. Rejects
   * with the disk's error, and when the log is closed: then nothing of it is left.
   */
  prepare(isQuiet: () => boolean): Promise<void>
  /** Removes what is ready, but for the next. */
  giveBack(): Promise<void>
  close(): Promise<void>
}

/** A segment without a record. In the order of their numbers, which is the order of the log. */
interface Ready {
  size: number
  segment(): Promise<Segment>
  /** Those that an earlier process made are opened only when they are used. */
  made?: Promise<Segment>
}

/** While a segment is not to be filled on. */
const PAUSE_MS = 50

/**
 * @param numbers `prepared`: segments nobody has written to (`untouchedSegments`), ascending; `next`: above every segment that was ever
 * there. A name is never written to twice, for readers may still hold it open.
 */
export function openLanding(
  disk: Disk,
  dataDir: string,
  numbers: { prepared: number[]; next: number },
  limits: LandingLimits,
  staging: Staging,
): LandingLog {
  const place = (number: number, size: number) => ({ disk, dataDir, number, size, staging })
  let nextNumber = numbers.next
  let nextSize = Math.min(FIRST_SEGMENT_BYTES, limits.segmentBytes)
  let current: Segment | undefined
  const ready = numbers.prepared.map(
    (number): Ready => ({
      size: limits.segmentBytes,
      segment: () => Segment.reopen(place(number, limits.segmentBytes)),
    }),
  )
  let closed = false
  let broken: SyncError | undefined
  /** Resolves when the newest group is synced, or is not. */
  let newest: Promise<void> = Promise.resolve()
  let position: LandingPosition = { segment: numbers.prepared[0] ?? numbers.next, offset: 0 }

  function make(size: number, pace?: (one: Ready) => Promise<void>): Promise<Segment> {
    const making = Segment.create(place(nextNumber++, size), pace && (() => pace(one)))
    const one: Ready = { size, segment: () => making, made: making }
    ready.push(one)
    // It is asked for again, and told then.
    making.catch(() => {
      const index = ready.indexOf(one)
      if (index >= 0) ready.splice(index, 1)
    })
    return making
  }

  function makeNext(): void {
    void make(nextSize)
    nextSize = Math.min(limits.segmentBytes, nextSize * 2)
  }

  async function advance(): Promise<Segment> {
    const old = current
    current = undefined
    await newest
    if (broken) throw broken
    await old?.close()
    if (closed) throw new IsocenterError('draining')
    if (ready.length === 0) makeNext()
    current = await ready.shift()?.segment()
    if (!current) throw new IsocenterError('internal', 'no segment was made')
    return current
  }

  function begin(segment: Segment, entries: LandingEntry[]): Landing {
    const { places, end, written } = segment.append(entries)
    const behind = { segment: segment.number, offset: end }
    const synced = settled(segment, behind, written, newest)
    newest = synced.catch(() => {})
    return { places, position: behind, synced }
  }

  /** In the order of the log, whatever takes longer: who hears that a group is synced relies on all before it. */
  async function settled(segment: Segment, behind: LandingPosition, written: Promise<void>, before: Promise<void>) {
    try {
      await written
      await before
      position = behind
      if (!closed && ready.length === 0 && behind.offset > segment.size / 2) makeNext()
    } catch (error) {
      await before
      if (current === segment) current = undefined
      if (error instanceof SyncError) {
        broken = error
        await segment.condemn(disk).catch(() => {})
      }
      await segment.close().catch(() => {})
      throw error
    }
  }

  return {
    async land(group) {
      if (broken) throw broken
      let segment = current ?? (await advance())
      if (segment.take(group) === 0 && !segment.isEmpty) segment = await advance()
      const count = segment.take(group)
      if (count === 0) throw new IsocenterError('internal', 'larger than a landing segment')
      return begin(segment, group.slice(0, count))
    },
    get position() {
      return position
    },
    recover() {
      broken = undefined
    },
    get readyBytes() {
      return ready.reduce((sum, { size }) => sum + size, 0)
    },
    async prepare(isQuiet) {
      await make(limits.segmentBytes, async one => {
        while (!closed && ready.indexOf(one) > 0 && !isQuiet()) await wait(PAUSE_MS)
        if (closed) throw new IsocenterError('draining')
      })
    },
    async giveBack() {
      // One at a time: what cannot be removed leaves the others where they are known.
      for (let one = ready[1] && ready.pop(); one; one = ready[1] && ready.pop()) {
        const segment = await one.segment().catch(() => undefined)
        await segment?.remove(disk)
      }
    },
    async close() {
      closed = true
      await current?.close()
      current = undefined
      for (const { made } of [...ready]) await made?.then(segment => segment.close()).catch(() => {})
    },
  }
}
