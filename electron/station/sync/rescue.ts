import { toIsocenterError } from '../../../shared/errors.ts'
import type { Log } from '../base/log.ts'
import type { LostContent, Outbox } from '../store/index.ts'
import type { Clock } from './clock.ts'

const EVERY_MS = 60_000
const MOST = 200
/** After the first failure; doubled with each to a day: an archive that gives other bytes back gives them each time. */
const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 86_400_000

export interface RescueParts {
  outbox: Pick<Outbox, 'lost'>
  /** Brings one here; rejects where none of its holders gives it. */
  bring(contentId: number): Promise<void>
  clock: Clock
  log: Log
}

/**
 * Brings back what one archive has lost, this station has let go, and another archive was shown to hold: once it is here it goes where it
 * was lost.
 */
export class Rescue {
  readonly #parts: RescueParts
  readonly #stop = new AbortController()
  #nap = new AbortController()
  readonly #tried = new Map<number, { until: number; failures: number }>()
  readonly #running: Promise<void>

  constructor(parts: RescueParts) {
    this.#parts = parts
    this.#running = this.#run()
  }

  /** Something was lost just now. */
  wake(): void {
    this.#nap.abort()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#nap = new AbortController()
      await this.#round().catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, 'what was lost could not be looked up')
      })
      await clock.sleep(EVERY_MS, AbortSignal.any([signal, this.#nap.signal]))
    }
  }

  async #round(): Promise<void> {
    const { outbox, clock } = this.#parts
    const lost = await outbox.lost(MOST)
    const known = new Set(lost.map(({ contentId }) => contentId))
    for (const contentId of this.#tried.keys()) if (!known.has(contentId)) this.#tried.delete(contentId)
    for (const one of lost) {
      if (this.#stop.signal.aborted) return
      const due = (this.#tried.get(one.contentId)?.until ?? Number.NEGATIVE_INFINITY) <= clock.ticks()
      if (due && one.holders.length > 0) await this.#bring(one)
    }
  }

  async #bring({ contentId, holders }: LostContent): Promise<void> {
    const { bring, clock, log } = this.#parts
    try {
      await bring(contentId)
      log.info({ contentId, holders }, 'an image that an archive had lost was fetched from another')
    } catch (thrown) {
      if (this.#stop.signal.aborted) return
      const { code, detail } = toIsocenterError(thrown)
      const failures = (this.#tried.get(contentId)?.failures ?? 0) + 1
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1))
      this.#tried.set(contentId, { until: clock.ticks() + pause, failures })
      log.warn(
        { contentId, holders, code, detail },
        'an image that an archive has lost could not be fetched from another',
      )
    }
  }
}
