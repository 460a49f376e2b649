import { statfs } from 'node:fs/promises'
import { IsocenterError } from '../../../../shared/errors.ts'
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
   * called again when those are `synced`. Rejects where nothing could be begun.
   */
  land(group: LandingEntry[]): Promise<Landing>
  /** Behind the newest synced record. */
  readonly position: LandingPosition
  /** After a failed sync nothing lands until this is called: the disk has been found to work again. */
  recover(): void
  close(): Promise<void>
}

/** @param firstNumber above every segment that was ever there: a name is never used twice, for readers may still hold it open. */
export function openLanding(disk: Disk, dataDir: string, firstNumber: number, limits: LandingLimits): LandingLog {
  let nextNumber = firstNumber
  let nextSize = Math.min(FIRST_SEGMENT_BYTES, limits.segmentBytes)
  let current: Segment | undefined
  let spare: Promise<Segment> | undefined
  let broken: SyncError | undefined
  let position: LandingPosition = { segment: firstNumber, offset: 0 }

  function make(): Promise<Segment> {
    const size = nextSize
    nextSize = Math.min(limits.segmentBytes, size * 2)
    return Segment.create(disk, dataDir, nextNumber++, size)
  }

  async function advance(): Promise<Segment> {
    const old = current
    current = undefined
    await old?.close()
    const ready = spare ?? make()
    spare = undefined
    current = await ready
    return current
  }

  function begin(segment: Segment, entries: LandingEntry[]): Landing {
    const { places, end, written } = segment.append(entries)
    const behind = { segment: segment.number, offset: end }
    const synced = written.then(
      () => {
        position = behind
        if (!spare && end > segment.size / 2) {
          spare = make()
          // It is asked for again, and told then.
          spare.catch(() => {
            spare = undefined
          })
        }
      },
      async error => {
        current = undefined
        if (error instanceof SyncError) {
          broken = error
          await segment.condemn(disk).catch(() => {})
        }
        await segment.close().catch(() => {})
        throw error
      },
    )
    return { places, position: behind, synced }
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
    async close() {
      await current?.close()
      current = undefined
      const unused = await spare?.catch(() => undefined)
      await unused?.close()
    },
  }
}
