import { IsocenterError } from '../../../../shared/errors.ts'

/** What a thread has to wait for: `number` in `passed`, or in `failed`. */
export interface Gate {
  /** Numbers in shared memory: of the newest sync that is over, and of the newest even and the newest odd one that failed. */
  shared: Int32Array<SharedArrayBuffer>
  number: number
}

const OVER = 0
/** The thread may still be at the rows of one when the next has failed, too: neither takes the other's place. */
const FAILED = [1, 2] as const
const failedAt = (number: number) => FAILED[number & 1 ? 1 : 0]
/**
 * Behind a slower disk the thread is not held: others want it, and a millisecond of rows is not what is waited for. The first slow sync
 * after fast ones does hold it, once and for as long as it takes. That costs nobody: what is decided meanwhile waits for a sync of the
 * same disk anyway, reads have threads of their own, and the next group could not have been answered before this one either.
 */
export const FAST_MS = 5
/** Of a group of many the bytes take longer than the sync: they say nothing of the disk's slowness. */
const BYTES_A_MS = 1e6

/**
 * Lets the writer's thread make the rows of what is still being synced, and commit them the moment it is: through shared memory, for the
 * way of a message is as long as the sync of a fast disk.
 */
export function createSyncGate() {
  const shared = new Int32Array(new SharedArrayBuffer(12))
  let last = 0
  /** Until the first is over the disk counts as slow. */
  let newestMs = Number.POSITIVE_INFINITY
  /** The rows of two groups are begun in the groups' order, whatever is waited for here. */
  let turn: Promise<unknown> = Promise.resolve()

  return {
    /** What the newest sync took beside its bytes, ms; none is over: 0. */
    get newestMs() {
      return Number.isFinite(newestMs) ? newestMs : 0
    },
    /**
     * What to wait for in the thread; undefined when it was waited for here. Two syncs at a time, over in the order they were named in,
     * and none is named before the thread has gone on from the last but one.
     */
    behind(synced: Promise<void>, bytes = 0): Promise<Gate | undefined> {
      const began = performance.now()
      const isFast = newestMs < FAST_MS
      last = (last + 1) | 0
      const number = last
      const over = () => {
        newestMs = Math.max(0, performance.now() - began - bytes / BYTES_A_MS)
        Atomics.store(shared, OVER, number)
        Atomics.notify(shared, OVER)
      }
      const told = synced.then(over, error => {
        Atomics.store(shared, failedAt(number), number)
        over()
        throw error
      })
      told.catch(() => {})
      const before = turn
      const mine = (async () => {
        if (!isFast) await told
        await before
        return isFast ? { shared, number } : undefined
      })()
      turn = mine.catch(() => {})
      return mine
    },
  }
}

/** In the thread: holds it until the sync is over. Throws 'store-read-only' when it has failed. */
export function waitForSync({ shared, number }: Gate): void {
  for (;;) {
    const over = Atomics.load(shared, OVER)
    // They go round after 2^32 syncs.
    if (((over - number) | 0) >= 0) break
    Atomics.wait(shared, OVER, over)
  }
  if (Atomics.load(shared, failedAt(number)) === number) throw new IsocenterError('store-read-only', 'the landing log')
}
