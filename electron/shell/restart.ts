/** How one run of the station went: when it began and ended (ms), and whether it ever said it was ready. */
export interface Run {
  startedAt: number
  endedAt: number
  wasReady: boolean
}

/** A run this long was healthy: what went wrong before it no longer counts. */
const HEALTHY_MS = 60_000
const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 30_000

/**
 * How long to wait before the station is started again, in ms: doubled for each unhealthy run in a row, for a scanner keeps
 * knocking while a port that is taken or a disk that is gone must not be hammered. It never gives up: a disk may come back.
 */
export function restartDelay(runs: readonly Run[]): number {
  const lastHealthy = runs.findLastIndex(run => run.wasReady && run.endedAt - run.startedAt >= HEALTHY_MS)
  const unhealthy = runs.length - 1 - lastHealthy
  return unhealthy === 0 ? FIRST_DELAY_MS : Math.min(FIRST_DELAY_MS * 2 ** (unhealthy - 1), LONGEST_DELAY_MS)
}

/** A window whose page crashed is loaded anew at most three times in five minutes; then a person decides. Times in ms. */
export function mayReload(crashes: readonly number[], now: number): boolean {
  return crashes.filter(at => now - at < 5 * 60_000).length < 3
}
