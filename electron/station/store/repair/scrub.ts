import type { Log } from '../../base/log.ts'
import type { Thread } from '../../base/thread.ts'
import type { StoreProblem } from '../index.ts'
import type { WriterApi } from '../writer.ts'
import type { createLook } from './look.ts'

/** Small steps: what was read is kept after each, and ingest waits for none of them. */
const COPIES_PER_STEP = 8
/** While something arrives or is read, a step only once in so many ticks. */
const BUSY_TICKS = 10

export interface ScrubTimes {
  tickMs: number
  /** After a start, other things come first. */
  firstAfterMs: number
  /** From the beginning of one pass through all copies to the next. */
  passMs: number
}

export const SCRUB_TIMES: ScrubTimes = { tickMs: 1000, firstAfterMs: 120_000, passMs: 86_400_000 }

export interface ScrubParts {
  /** 0 = off. */
  bytesPerSecond: number
  times: ScrubTimes
  log: Log
  writer: Thread<WriterApi>
  startThread(): Thread<ReturnType<typeof createLook>>
  report(problem: StoreProblem): void
  busy(): boolean
}

/**
 * Reads every settled copy again, at a rate, round and round, and compares it with its SHA-256; a copy that never was read gets
 * one. How far it came is kept in the index, so a restart goes on there.
 */
export function startScrub({ bytesPerSecond, times, log, writer, startThread, report, busy }: ScrubParts) {
  // Not by the wall clock, which somebody may set back.
  const begun = performance.now()
  let thread: ReturnType<ScrubParts['startThread']> | undefined
  let running: Promise<void> | undefined
  let closed = false
  let bytes = 0
  let skipped = 0
  let resting = 0

  /** At least a tick, at most a pass, whatever became of the clock that said when this one began. */
  const restOf = (ms: number) => Math.min(times.passMs, Math.max(times.tickMs, ms))

  async function rest(): Promise<void> {
    const idle = thread
    thread = undefined
    await idle?.stop()
  }

  async function step(): Promise<void> {
    const { scrubbedTo, scrubBegun } = await writer.call('scrubState')
    const copies = await writer.call('settledBehind', scrubbedTo, COPIES_PER_STEP)
    const last = copies.at(-1)
    if (!last) {
      const next = scrubBegun + times.passMs
      if (scrubbedTo > 0 && Date.now() >= next) await writer.call('setScrubState', 0, Date.now())
      else resting = performance.now() + restOf(scrubbedTo > 0 ? next - Date.now() : 0)
      return rest()
    }
    thread ??= startThread()
    const found = await thread.call('scrub', copies, bytesPerSecond)
    bytes += found.bytes
    const lost = await writer.call('mark', {
      ...found.findings,
      damaged: found.damage.map(({ contentId }) => contentId),
    })
    await writer.call('setScrubState', last.contentId, scrubbedTo === 0 ? Date.now() : scrubBegun)
    const reasons = new Map(found.damage.map(({ contentId, reason }) => [contentId, reason]))
    for (const { contentId, SOPInstanceUID } of lost) {
      const reason = reasons.get(contentId)
      log.error({ contentId, SOPInstanceUID, reason }, 'the scrub found a damaged copy')
      report({
        severity: 'failure',
        sentence: 'A stored image is damaged on this disk. It is kept as it is; have it sent again.',
        detail: `content ${contentId}: ${reason}`,
      })
    }
  }

  async function tick(): Promise<void> {
    if (running || closed || performance.now() - begun < times.firstAfterMs || performance.now() < resting) return
    if (busy() && ++skipped < BUSY_TICKS) return
    skipped = 0
    running = step()
      .catch(error => {
        if (!closed) log.error({ err: error }, 'the scrub stopped; it goes on at its next step')
      })
      .finally(() => {
        running = undefined
      })
  }
  const timer = bytesPerSecond > 0 ? setInterval(() => void tick(), times.tickMs) : undefined
  timer?.unref()

  return {
    /** Bytes read since the start. */
    get bytes(): number {
      return bytes
    },
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      await rest()
      await running
    },
  }
}
