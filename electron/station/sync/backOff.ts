const MOST_MS = 600_000
/** No pause of ours is longer. What is due later than that was written by a clock that has been set back since. */
export const LONGEST_PAUSE_MS = 1.3 * MOST_MS

/**
 * Milliseconds before something is tried again that went wrong `attempts` times: 1 s, doubled up to 10 minutes, give or take 30 %,
 * so that what failed together does not come back together. For ever: an outage is as long as it is.
 * @param random in [0, 1).
 */
export function backOff(attempts: number, random: number): number {
  const pause = Math.min(MOST_MS, 1000 * 2 ** Math.max(0, attempts - 1))
  return Math.round(pause * (0.7 + 0.6 * random))
}
