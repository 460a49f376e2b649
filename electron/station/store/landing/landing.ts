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

export interface Landing {
  /**
   * Writes the group behind all before it and syncs once. One call at a time. Resolves with each entry's place. Rejects with the
   * disk's error; what failed is never tried again in the same segment.
   */
  land(group: LandingEntry[]): Promise<Landed[]>
  /** Behind the newest synced record. */
  readonly position: LandingPosition
  /** After a failed sync nothing lands until this is called: the disk has been found to work again. */
  recover(): void
  close(): Promise<void>
}

/** @param firstNumber above every segment that was ever there: a name is never used twice, for readers may still hold it open. */
export function openLanding(disk: Disk, dataDir: string, firstNumber: number, limits: LandingLimits): Landing {
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

  async function append(segment: Segment, entries: LandingEntry[]): Promise<Landed[]> {
    try {
      const landed = await segment.append(entries)
      position = { segment: segment.number, offset: segment.end }
      return landed
    } catch (error) {
      current = undefined
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
      const landed: Landed[] = []
      while (landed.length < group.length) {
        if (broken) throw broken
        const segment = current ?? (await advance())
        const rest = group.slice(landed.length)
        const count = segment.take(rest)
        if (count === 0 && segment.isEmpty) throw new IsocenterError('internal', 'larger than a landing segment')
        if (count > 0) landed.push(...(await append(segment, rest.slice(0, count))))
        if (count < rest.length) await advance()
        else if (!spare && segment.end > segment.size / 2) {
          spare = make()
          // It is asked for again, and told then.
          spare.catch(() => {
            spare = undefined
          })
        }
      }
      return landed
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
