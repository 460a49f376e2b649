import type { StoreOptions } from '../../electron/station/store/openStore.ts'

/** Of a store under test: whatever it does after a time, it does at once. */
export const STORE_OPTIONS: Partial<StoreOptions> = { graceMs: 2000 }
