import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../../shared/errors.ts'
import { type Disk, errorCode } from '../../base/durable.ts'
import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { StoreProblem } from '../index.ts'
import { readLandingFolder } from '../landing/replay.ts'
import { segmentFile, segmentNumber } from '../landing/segment.ts'
import { DATA_VOLUME } from '../volumes/placement.ts'
import type { Volumes } from '../volumes/volumes.ts'
import type { WriterApi } from '../writer.ts'
import type { createSettle } from './settle.ts'
import { type Backlog, isOwnFile, type PlacedCopy, type UnsettledCopy } from './settleRows.ts'

/** One transaction with one sync of the index for so many, and no more of their bytes in memory. */
const BATCH_OBJECTS = 32
const BATCH_BYTES = 16 << 20
/** While objects keep coming, a batch at a time and a rest between them. */
const QUIET_MS = 250
const REST_MS = 400
const RETRY_MS = 10_000
/** An idle thread goes after this. */
const IDLE_MS = 20_000

export interface SettleTimes {
  /** An object settles when it is so old, … */
  afterMs: number
  /** … without any regard to arrivals when it is so old. */
  latestMs: number
  tickMs: number
  /** What settled stays in the landing folder for so long: who was told its place before still finds it there. */
  lingerMs: number
}

export const SETTLE_TIMES: SettleTimes = { afterMs: 60_000, latestMs: 300_000, tickMs: 1000, lingerMs: 10_000 }

export interface SettlerParts {
  dataDir: string
  disk: Disk
  log: Log
  writer: Thread<WriterApi>
  startThread(): Thread<ReturnType<typeof createSettle>>
  /** Every record of the segments before this one has its rows: only those may go. */
  committedSegment(): number
  mostBytes: number
  volumes: Pick<Volumes, 'choose' | 'put'>
  /** They are about to be written there: nobody is to remove what had their names. */
  spare(volume: number, copies: UnsettledCopy[]): void
  times: SettleTimes
  report(problem: StoreProblem): void
  failedSync(error: unknown): void
}

/** Of what may wait in segments. What goes to files of its own does so until no more is left: a stream is not switched to and fro. */
const SPARE_SHARE = 1 / 8

/** A copy from the future was received before the clock was set back: it is old, not young. */
const ageOf = ({ received }: UnsettledCopy) => Math.abs(Date.now() - received)

/** Brings what landed to its final place: from a minute on, oldest first, behind all that arrives, but never later than its limits. */
export function createSettler(parts: SettlerParts, before: Backlog) {
  const { dataDir, disk, log, writer, times } = parts
  let { bytes, objects } = before
  let inSegments = 0
  let isFull = false
  weigh(before.inSegments)
  let lastArrival = Number.NEGATIVE_INFINITY
  let thread: Thread<ReturnType<typeof createSettle>> | undefined
  let idleSince = performance.now()
  let running: Promise<void> | undefined
  /** Batches under way, each from its asking for what waits. */
  const settling = new Set<Promise<unknown>>()
  let retryAt = Number.NEGATIVE_INFINITY
  let closed = false
  /** Files something settled out of, and when: the last one out leaves nobody behind. */
  const left = new Map<string, number>()
  let removedAt = Number.NEGATIVE_INFINITY

  /** What waits in segments has changed, and with it whether they take more. */
  function weigh(bytes: number): void {
    inSegments = bytes
    isFull = bytes > parts.mostBytes * (isFull ? SPARE_SHARE : 1)
  }

  /** More waits than is to: what came last settles, too, and beside what comes. */
  const pressed = () => bytes > parts.mostBytes

  /** What a volume beside the data folder cannot take now stays in the data folder. */
  async function settleOn(volume: number, copies: UnsettledCopy[]): Promise<PlacedCopy[]> {
    if (volume !== DATA_VOLUME) {
      try {
        parts.spare(volume, copies)
        const objects = copies.map(copy => ({ ...copy, path: join(dataDir, copy.file), sha256: null }))
        return (await parts.volumes.put(volume, objects)).map(copy => ({ ...copy, volume }))
      } catch (error) {
        log.warn({ volume, err: error }, 'a volume took nothing: it is kept in the data folder')
      }
    }
    parts.spare(DATA_VOLUME, copies)
    thread ??= parts.startThread()
    return (await thread.call('settle', copies)).map(copy => ({ ...copy, volume: DATA_VOLUME }))
  }

  /** The next of what waits: how old the first of it was, or undefined when none is due. */
  async function settleSome(all: boolean): Promise<number | undefined> {
    const before = lastArrival
    const wanted = await writer.call('unsettled', BATCH_OBJECTS)
    // Repair may have taken away rows that were counted.
    if (wanted.length === 0 && lastArrival === before) {
      bytes = objects = 0
      weigh(0)
    }
    const age = wanted[0] ? ageOf(wanted[0]) : 0
    if (wanted.length === 0 || !(all || pressed() || age >= times.afterMs)) return undefined
    const due = all || pressed() ? wanted : wanted.filter(copy => ageOf(copy) >= times.afterMs)
    await settleBatch(due)
    return age
  }

  async function settleBatch(wanted: UnsettledCopy[]): Promise<void> {
    let size = 0
    const batch = wanted.filter((copy, index) => {
      size += copy.length
      return index === 0 || size <= BATCH_BYTES
    })
    await writer.call('syncRows')
    const groups = Map.groupBy(batch, copy => parts.volumes.choose(copy) ?? DATA_VOLUME)
    const placed: PlacedCopy[] = []
    for (const [volume, copies] of groups) placed.push(...(await settleOn(volume, copies)))
    const settled = await writer.call('settled', placed)
    idleSince = performance.now()
    // What was purged meanwhile is counted when its purge is done.
    const here = new Set(settled.map(({ contentId }) => contentId))
    const gone = batch.filter(({ contentId }) => here.has(contentId))
    const total = (copies: UnsettledCopy[]) =>
      copies.reduce((sum, { length, metaLength }) => sum + length + metaLength, 0)
    bytes = Math.max(0, bytes - total(gone))
    weigh(Math.max(0, inSegments - total(gone.filter(copy => !isOwnFile(copy)))))
    objects = Math.max(0, objects - gone.length)
    for (const copy of settled) {
      if (!('damage' in copy)) continue
      log.error({ contentId: copy.contentId, damage: copy.damage }, 'a stored object is damaged')
      parts.report({
        severity: 'failure',
        sentence: 'A stored image is damaged on this disk. It is kept as it is; have it sent again.',
        detail: `content ${copy.contentId}`,
      })
    }
    for (const { file } of batch) left.set(file, performance.now())
  }

  /** Unlinks what nobody is in any more; a name that is locked (Windows) is tried again. */
  async function removeLeft(linger: number): Promise<void> {
    removedAt = performance.now()
    const committed = parts.committedSegment()
    const due = [...left].flatMap(([file, at]) => {
      const number = segmentNumber(basename(file)) ?? Number.NEGATIVE_INFINITY
      return number < committed && performance.now() - at >= linger ? [file] : []
    })
    if (due.length === 0) return
    const inUse = new Set(await writer.call('landingFilesInUse', due))
    for (const file of due) {
      if (inUse.has(file)) left.delete(file)
      else
        await disk.removeFile(join(dataDir, file)).then(
          () => {
            left.delete(file)
            // The mark of a segment whose sync failed.
            return disk.removeFile(join(dataDir, `${file}.failed`)).catch(() => {})
          },
          error => {
            if (errorCode(error) === 'ENOENT') left.delete(file)
            else log.warn({ file, err: error }, 'a landing file could not be removed yet')
          },
        )
    }
  }

  async function run(all: boolean): Promise<void> {
    while (!closed) {
      const next = settleSome(all)
      settling.add(next)
      const age = await next.finally(() => settling.delete(next))
      if (age === undefined) break
      // A stream may settle without end.
      if (performance.now() - removedAt > times.lingerMs) await removeLeft(times.lingerMs)
      if (!all && !pressed() && age < times.latestMs && performance.now() - lastArrival < QUIET_MS) await wait(REST_MS)
    }
    await removeLeft(all ? 0 : times.lingerMs)
  }

  async function attempt(all: boolean): Promise<void> {
    try {
      await run(all)
    } catch (error) {
      if (closed) return
      retryAt = performance.now() + RETRY_MS
      log.error({ err: error }, 'settling stopped; it is tried again')
      if (error instanceof IsocenterError && error.code === 'store-read-only') parts.failedSync(error)
      if (error instanceof IsocenterError && error.code === 'disk-full') {
        parts.report({
          severity: 'failure',
          sentence: 'The disk is full: received images cannot be brought to their place. They are safe where they are.',
          detail: '',
        })
      }
    }
  }

  /** One at a time: two would settle the same copies. */
  function begun(all: boolean): Promise<void> {
    running = attempt(all).finally(() => {
      running = undefined
    })
    return running
  }

  async function tick(): Promise<void> {
    if (running || closed || performance.now() < retryAt) return
    if (objects === 0 && left.size === 0) {
      if (thread && performance.now() - idleSince > IDLE_MS) {
        const idle = thread
        thread = undefined
        await idle.stop()
      }
      return
    }
    await begun(false)
  }
  let timer: NodeJS.Timeout | undefined

  return {
    /** The landing folder has been tidied: from now on nobody else removes anything from it. */
    begin(): void {
      timer ??= setInterval(() => void tick(), times.tickMs).unref()
    },
    /** An object landed with so many bytes, in a segment or in a file of its own. */
    landed(size: number, inSegment: boolean): void {
      lastArrival = performance.now()
      bytes += size
      objects++
      if (inSegment) weigh(inSegments + size)
    },
    /** What waits to be settled. */
    get backlog(): { bytes: number; objects: number } {
      return { bytes, objects }
    },
    /** Segments are to take no more for now. */
    get full(): boolean {
      return isFull
    },
    /** Resolves when no batch is under way any more that may know of rows which are gone by now. */
    async forgotten(): Promise<void> {
      await Promise.allSettled(settling)
    },
    /** Copies were purged: what waits is counted anew, and segments that they alone lay in may go. */
    async purged(): Promise<void> {
      const waiting = await writer.call('landingBytes')
      ;({ bytes, objects } = waiting)
      weigh(waiting.inSegments)
      const { segments } = await readLandingFolder(dataDir)
      for (const number of segments) left.set(segmentFile(number), performance.now())
    },
    /** Everything, now. */
    async settleAll(): Promise<void> {
      while (running) await running
      await begun(true)
    },
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      // A batch that is cut off is done again after the next start.
      await thread?.stop()
      await running
      await removeLeft(0)
    },
  }
}
