import { stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { RunningStation } from '../fixtures/station.ts'
import { cpuMsOf } from './procfs.ts'

/** The station's gauges and counters without labels, by name without `isocenter_`. Reading starts the event loop's anew. */
export async function gauges(station: RunningStation): Promise<Record<string, number>> {
  const text = await (await station.get('/metrics')).text()
  return Object.fromEntries(
    [...text.matchAll(/^isocenter_(\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  )
}

/** How late the station's main loop was since the gauges were last read, ms. */
export async function eventLoop(station: RunningStation): Promise<{ p99: number; max: number }> {
  const { event_loop_late_p99_seconds = Number.NaN, event_loop_late_max_seconds = Number.NaN } = await gauges(station)
  return { p99: 1000 * event_loop_late_p99_seconds, max: 1000 * event_loop_late_max_seconds }
}

/** Bytes received that have not reached a file of their own, and instances whose hash is not recorded yet. */
export async function backlog(station: RunningStation): Promise<{ landingBytes: number; unhashed: number }> {
  const { landing_bytes = 0, unhashed = 0 } = await gauges(station)
  return { landingBytes: landing_bytes, unhashed }
}

/** No segment takes so long to be filled. */
const FILLING_MS = 5000

/** Resolves with the bytes of landing segments that are made ready when they are no more for five seconds. */
export async function untilReserved(station: RunningStation): Promise<number> {
  let most = 0
  for (let grownAt = Date.now(); Date.now() - grownAt < FILLING_MS; await wait(LOOK_MS)) {
    const { landing_reserve_bytes = 0 } = await gauges(station)
    if (landing_reserve_bytes > most) grownAt = Date.now()
    most = Math.max(most, landing_reserve_bytes)
  }
  return most
}

/** Of the index's write-ahead log, as it lies on disk. */
export async function logBytes(station: RunningStation): Promise<number> {
  const log = await stat(path.join(station.dataDir, 'index.sqlite-wal')).catch(() => undefined)
  return log?.size ?? 0
}

const LOOK_MS = 500
/** Under 5 % of a core for this long: nothing is being made, moved or hashed any more. */
const CALM_MS = 2000

/**
 * Waits until nothing of what was received is left to do: landing empty, every hash recorded, and no work for two seconds.
 * Returns when that began (epoch ms) and the most that was ever seen waiting.
 */
export async function untilAllDone(station: RunningStation): Promise<{ at: number; mostLandingBytes: number }> {
  const pid = station.process.pid ?? 0
  let mostLandingBytes = 0
  let busyAt = Date.now()
  for (let before = await cpuMsOf(pid); Date.now() - busyAt < CALM_MS; ) {
    await wait(LOOK_MS)
    const { landingBytes, unhashed } = await backlog(station)
    mostLandingBytes = Math.max(mostLandingBytes, landingBytes)
    const now = await cpuMsOf(pid)
    if (landingBytes > 0 || unhashed > 0 || now - before > LOOK_MS * 0.05) busyAt = Date.now()
    before = now
  }
  return { at: busyAt, mostLandingBytes }
}
