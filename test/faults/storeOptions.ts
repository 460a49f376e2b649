import type { StoreOptions } from '../../electron/station/store/openStore.ts'

/** Times and limits of a store under test: what it otherwise does after a minute or a gigabyte, it does within the run. */
const options = {
  graceMs: 2000,
  settle: { afterMs: 50, latestMs: 200, tickMs: 20, lingerMs: 60 },
  landing: { mostBytes: 64 << 20, segmentBytes: 2 << 20, reserveBytes: 6 << 20 },
  reserve: { afterBytes: 1, quietMs: 50, tickMs: 20, retryMs: 100 },
}
export const STORE_OPTIONS: Partial<StoreOptions> = options

/** Of a store whose segments take no more after an object or two: small ones go to files of their own, too. */
export const FULL_OPTIONS: Partial<StoreOptions> = { ...options, landing: { ...options.landing, mostBytes: 1 } }

/** How long a load waits at the end of each session for what the store does by itself. */
export const QUIET_MS = 400
