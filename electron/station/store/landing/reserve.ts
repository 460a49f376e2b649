import type { SpaceLevel } from '../../../../shared/contract.ts'
import type { Log } from '../../base/log.ts'
import type { LandingLimits, LandingLog } from './landing.ts'

export interface ReserveTimes {
  /** Nothing is filled before so much has landed since the start: whoever receives little gives no disk away. */
  afterBytes: number
  /** Nothing landed for so long. */
  quietMs: number
  /** One segment every so often: a full reserve after a quarter of a minute, and the disk is everybody's meanwhile. */
  tickMs: number
  /** After an error of the disk. */
  retryMs: number
}

export const RESERVE_TIMES: ReserveTimes = { afterBytes: 32 << 20, quietMs: 2000, tickMs: 1000, retryMs: 60_000 }

export interface ReserveFacts {
  /** Bytes that landed since the start. */
  landed: number
  isQuiet: boolean
  /** Bytes of segments that nobody has written to. */
  ready: number
  /** Bytes that wait to be settled. */
  waiting: number
  level: SpaceLevel
  /** Free bytes above the mark at which space is called scarce. */
  room: number
}

/** What the reserve needs now. It never brings a disk near its first mark, and never counts beyond what may wait to be settled. */
export function reserveStep(
  facts: ReserveFacts,
  limits: LandingLimits,
  { afterBytes }: Pick<ReserveTimes, 'afterBytes'>,
): 'fill' | 'give back' | 'nothing' {
  const { landed, isQuiet, ready, waiting, level, room } = facts
  const { segmentBytes, reserveBytes, mostBytes } = limits
  if (level !== 'ok') return ready > segmentBytes ? 'give back' : 'nothing'
  const after = ready + segmentBytes
  const wanted = landed >= afterBytes && after <= reserveBytes && after + waiting <= mostBytes
  return wanted && isQuiet && room > reserveBytes ? 'fill' : 'nothing'
}

export interface Reserve {
  /** So many bytes are about to land. */
  landing(bytes: number): void
  close(): Promise<void>
}

/**
 * Keeps segments ready for the next burst, made while the station rests: filling one beside a burst takes the disk and the processor
 * from it (RESULTS.md).
 */
export function startReserve({
  log,
  landing,
  limits,
  times,
  waiting,
  space,
}: {
  log: Log
  landing: Pick<LandingLog, 'readyBytes' | 'prepare' | 'giveBack'>
  limits: LandingLimits
  times: ReserveTimes
  /** Bytes that wait to be settled. */
  waiting(): number
  space: { readonly level: SpaceLevel; readonly room: number; landed(bytes: number): void }
}): Reserve {
  let landed = 0
  let landedAt = Number.NEGATIVE_INFINITY
  let retryAt = Number.NEGATIVE_INFINITY
  let closed = false
  let running: Promise<void> | undefined
  const isQuiet = () => performance.now() - landedAt >= times.quietMs

  async function step(): Promise<void> {
    const { level, room } = space
    const facts = { landed, isQuiet: isQuiet(), ready: landing.readyBytes, waiting: waiting(), level, room }
    const next = reserveStep(facts, limits, times)
    if (next === 'nothing') return
    try {
      if (next === 'give back') await landing.giveBack()
      else {
        await landing.prepare(isQuiet)
        space.landed(limits.segmentBytes)
      }
    } catch (error) {
      if (closed) return
      // Nothing was answered for: whoever lands next meets the disk by himself.
      retryAt = performance.now() + times.retryMs
      log.warn({ err: error }, 'no segment could be made ready ahead')
    }
  }

  const timer = setInterval(() => {
    if (performance.now() < retryAt) return
    running ??= step().finally(() => {
      running = undefined
    })
  }, times.tickMs).unref()

  return {
    landing(bytes) {
      landed += bytes
      landedAt = performance.now()
    },
    /** Resolves when the landing log is closed, too: what is being filled ends with it. */
    async close() {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}
