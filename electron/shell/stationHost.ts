import { setTimeout as sleep } from 'node:timers/promises'
import { type LaunchOptions, launchStation, type Ready, type StationProcess } from './launchStation.ts'
import { type Run, restartDelay } from './restart.ts'

/** A drain that takes longer is cut off; what was acknowledged is on disk, so nothing is lost (ms). */
const DRAIN_PATIENCE = 20_000
/** How often a station that is not our child is asked whether it is still there, in ms. */
const ATTACHED_CHECK = 2_000

/** A station that never was ready is tried this often before a person hears of it: the first time its ports may still be closing. */
const TRIES_IN_SILENCE = 2

/** Who is told what becomes of the station. */
export interface StationListener {
  onReady(ready: Ready): void
  /** It does not start, and why in words. Told once; it is still tried again. */
  onFailure(reason: string): void
}

/** Keeps a station running and tells where it is. */
export interface StationHost {
  /** Drains the station if it is ours; one we attached to goes on. */
  stop(): Promise<void>
}

/**
 * Starts the station and starts it again whenever it ends, until stopped. The listener hears of each start; a later one comes back
 * on the same ports where they are still free, so that a page that is open finds it again.
 */
export function hostStation(options: LaunchOptions, listener: StationListener): StationHost {
  const stopped = new AbortController()
  let current: StationProcess | undefined
  let lastReady: Ready | undefined
  let failures = 0

  const runOnce = async (): Promise<Run> => {
    const startedAt = Date.now()
    const args = lastReady ? [...options.args, ...samePorts(lastReady)] : options.args
    const station = launchStation({ ...options, args })
    current = station
    const ready = await station.ready.catch((error: Error) => {
      failures += 1
      if (failures === TRIES_IN_SILENCE) listener.onFailure(error.message)
      return undefined
    })
    // Ports that are taken by now must not keep it down: the next start is free to choose.
    lastReady = ready
    if (ready && !stopped.signal.aborted) {
      failures = 0
      listener.onReady(ready)
      if (ready.attached) {
        current = undefined
        await untilGone(ready, stopped.signal)
      }
    }
    await station.exited
    current = undefined
    return { startedAt, endedAt: Date.now(), wasReady: ready !== undefined }
  }

  const running = (async () => {
    const runs: Run[] = []
    while (!stopped.signal.aborted) {
      runs.push(await runOnce())
      await sleep(restartDelay(runs), undefined, { signal: stopped.signal }).catch(() => {})
      // Enough to reach the longest delay.
      if (runs.length > 16) runs.shift()
    }
  })()

  return {
    async stop() {
      stopped.abort()
      const draining = current
      draining?.drain()
      const timer = setTimeout(() => draining?.kill(), DRAIN_PATIENCE)
      await running
      clearTimeout(timer)
    },
  }
}

function samePorts(ready: Ready): string[] {
  return ['--dimse-port', String(ready.dimsePort), '--http-port', String(ready.httpPort)]
}

/** Resolves when a station that is not our child no longer answers, or when we stop. */
async function untilGone(ready: Ready, stop: AbortSignal): Promise<void> {
  const healthz = new URL('/healthz', ready.url)
  while (!stop.aborted) {
    await sleep(ATTACHED_CHECK, undefined, { signal: stop }).catch(() => {})
    const answers = await fetch(healthz, { signal: AbortSignal.timeout(10_000) }).then(
      response => response.ok,
      () => false,
    )
    if (!answers) return
  }
}
