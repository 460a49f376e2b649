/** Instances one deletion or one rejection note names: a line of `decisions.log` with as many UIDs of 64 characters has 7 MB. */
export const MAX_REMOVED = 100_000
