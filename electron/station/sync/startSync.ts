import { setTimeout as wait } from 'node:timers/promises'
import type { Destination } from '../../../shared/sync.ts'
import type { Log } from '../base/log.ts'
import type { Outbox } from '../store/index.ts'
import type { ProblemList } from './alarms.ts'
import type { Carrier } from './carrier.ts'
import { type Clock, systemClock } from './clock.ts'
import { FetchBack, type FetchBackParts } from './fetchBack.ts'
import type { Sync } from './index.ts'
import { Runner } from './runner.ts'

/** Listeners hear of changes at most five times a second. */
const CHANGE_PAUSE_MS = 200
/** Whoever tries a destination out waits no longer. */
const TRY_MS = 15_000

export interface SyncParts {
  outbox: Outbox
  /** Where what is fetched back goes. */
  store: FetchBackParts['store']
  log: Log
  problems: ProblemList
  destinations: Destination[]
  /** One way to one archive; it may be made for one that is only tried. */
  createCarrier(destination: Destination): Carrier
  clock?: Clock
}

/** Opens the door to the archives: one runner for each destination, independent of each other. */
export async function startSync(parts: SyncParts): Promise<Sync> {
  const { outbox, store, log, problems, createCarrier, clock = systemClock } = parts
  let destinations: Destination[] = []
  let closed = false
  const runners = new Map<string, Runner>()
  const carriers = new Map<string, Carrier>()
  const fetchBack = new FetchBack({ store, log, from: name => carriers.get(name)?.fetch })
  const listeners = new Set<() => void>()
  let pending: NodeJS.Timeout | undefined
  const changed = () => {
    pending ??= setTimeout(() => {
      pending = undefined
      for (const listener of listeners) listener()
    }, CHANGE_PAUSE_MS)
  }

  const apply = async (next: Destination[]) => {
    await outbox.setDestinations(next)
    destinations = next
    const ending = [...runners].filter(([name, { destination }]) => {
      const same = next.find(one => one.name === name)
      return !same || JSON.stringify(same.route) !== JSON.stringify(destination.route)
    })
    for (const [name] of ending) {
      runners.delete(name)
      carriers.delete(name)
    }
    // What is on its way by the old route is over before the new one begins.
    await Promise.all(ending.map(([, runner]) => runner.close()))
    if (closed) return
    for (const destination of next) {
      const runner = runners.get(destination.name)
      if (runner) runner.set(destination)
      else {
        const carrier = createCarrier(destination)
        carriers.set(destination.name, carrier)
        runners.set(destination.name, new Runner(destination, { outbox, carrier, clock, log, problems, changed }))
      }
    }
    changed()
  }

  await outbox.releaseLeases()
  await apply(parts.destinations)
  let applying = Promise.resolve()
  const unsubscribe = outbox.onWaiting(() => {
    for (const runner of runners.values()) runner.wake()
    changed()
  })

  return {
    async status() {
      const counts = await outbox.counts()
      return destinations.flatMap(({ name }) => {
        const own = counts.find(one => one.name === name) ?? NOTHING
        return runners.get(name)?.status(own) ?? []
      })
    },
    destinations: () => destinations,
    setDestinations(next) {
      const done = applying.then(() => apply(next))
      applying = done.catch(() => {})
      return done
    },
    wake(name) {
      for (const [own, runner] of runners) if (name === undefined || name === own) runner.hurry()
    },
    async tryOut(destination) {
      const carrier = createCarrier(destination)
      const over = new AbortController()
      try {
        const late = wait(TRY_MS, { works: false, words: 'there was no answer in time' }, { signal: over.signal })
        return await Promise.race([carrier.tryOut(over.signal), late])
      } finally {
        over.abort()
        await carrier.close().catch((error: unknown) => log.warn({ err: error }, 'a carrier did not close cleanly'))
      }
    },
    givingBack: () => destinations.flatMap(({ name }) => (carriers.get(name)?.fetch ? [name] : [])),
    fetchBack: contentId => fetchBack.fetch(contentId),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      closed = true
      unsubscribe()
      await applying
      await fetchBack.close()
      await Promise.all([...runners.values()].map(runner => runner.close()))
      clearTimeout(pending)
    },
  }
}

const NOTHING = { queued: 0, queuedBytes: 0, unproved: 0, confirmed: 0, dead: 0, oldest: null }
