import { setTimeout as wait } from 'node:timers/promises'
import type { AuditSink } from '../../../shared/audit.ts'
import type { JobSummary } from '../../../shared/contract.ts'
import { isStorableUID } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { Destination } from '../../../shared/sync.ts'
import type { Log } from '../base/log.ts'
import type { Outbox } from '../store/index.ts'
import type { ProblemList } from './alarms.ts'
import type { Carrier } from './carrier.ts'
import { type Clock, systemClock } from './clock.ts'
import type { DimseDoor } from './dimseDoor.ts'
import { FetchBack, type FetchBackParts } from './fetchBack.ts'
import type { Sync } from './index.ts'
import { Outages } from './outages.ts'
import { Pace } from './pace.ts'
import type { BringProgress } from './pull/bringStudy.ts'
import { createNodeSource } from './pull/nodeSource.ts'
import { HAS_NOTHING, Puller, type PullStore } from './pull/puller.ts'
import { createWebSource } from './pull/webSource.ts'
import { Rescue } from './rescue.ts'
import { Runner } from './runner.ts'

/** Listeners hear of changes at most five times a second. */
const CHANGE_PAUSE_MS = 200
/** In the vault's settings, by destination. */
const OUTAGES = 'station:outages'
/** Whoever tries a destination out waits no longer. */
const TRY_MS = 15_000

export interface SyncParts {
  outbox: Outbox
  /** Where what is fetched back goes. */
  store: FetchBackParts['store']
  log: Log
  audit: AuditSink
  problems: ProblemList
  destinations: Destination[]
  /** One way to one archive; it may be made for one that is only tried. */
  createCarrier(destination: Destination): Carrier
  /** What brings images here; without it nothing does. */
  pulling?: PullingParts
  clock?: Clock
}

export interface PullingParts {
  store: PullStore
  /** The way to archives that are nodes. */
  dimse: DimseDoor
  startJob(kind: 'fetch', title: string, work: (progress: BringProgress) => Promise<void>): JobSummary
}

/** Opens the door to the archives: one runner for each destination, independent of each other. */
export async function startSync(parts: SyncParts): Promise<Sync> {
  const { outbox, store, log, audit, problems, createCarrier, pulling, clock = systemClock } = parts
  let destinations: Destination[] = []
  let closed = false
  const runners = new Map<string, Runner>()
  const carriers = new Map<string, Carrier>()
  const fetchBack = new FetchBack({
    store,
    log,
    audit,
    from: name => carriers.get(name)?.fetch,
    peerOf(name) {
      const route = destinations.find(one => one.name === name)?.route
      if (route?.kind === 'dimse') return { door: 'dimse', address: pulling?.dimse.addressOf(route.node) ?? '' }
      return { door: 'dicomweb', address: route ? new URL(route.url).hostname : '' }
    },
  })
  const rescue = new Rescue({ outbox, clock, log, bring: contentId => fetchBack.bring(contentId) })
  const pullers = new Map<string, Puller>()
  const outagesOf = new Map<string, Outages>()
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
    const endingPullers = ending.flatMap(([name]) => pullers.get(name) ?? [])
    for (const [name] of ending) {
      runners.delete(name)
      carriers.delete(name)
      pullers.delete(name)
    }
    // What is on its way by the old route is over before the new one begins.
    await Promise.all([...ending.map(([, runner]) => runner.close()), ...endingPullers.map(puller => puller.close())])
    if (closed) return
    for (const destination of next) {
      const runner = runners.get(destination.name)
      if (runner) {
        runner.set(destination)
        pullers.get(destination.name)?.set(destination)
        continue
      }
      const { name, route } = destination
      const pace = new Pace()
      const outages = new Outages(keptOutages[name], all => {
        keptOutages[name] = all
        pulling?.store
          .setSetting(OUTAGES, name, all)
          .catch((error: unknown) => log.warn({ err: error }, 'what was exchanged could not be kept'))
      })
      outagesOf.set(name, outages)
      const carrier = createCarrier(destination)
      carriers.set(name, carrier)
      runners.set(
        name,
        new Runner(destination, {
          outbox,
          carrier,
          clock,
          pace,
          log,
          problems,
          changed,
          outages,
          lost: () => rescue.wake(),
        }),
      )
      if (pulling) {
        const { store, dimse } = pulling
        const source = route.kind === 'dicomweb' ? createWebSource(route) : createNodeSource(route, dimse)
        pullers.set(name, new Puller(destination, { store, source, audit, clock, log, pace, outages }))
      }
    }
    changed()
  }

  const keptOutages = (await pulling?.store.read.getSettings(OUTAGES)) ?? {}
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
      for (const [own, puller] of pullers) if (name === undefined || name === own) puller.wake()
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
    exchanged: (name, until) => outagesOf.get(name)?.exchanged(until) ?? [],
    async retry(name, which) {
      const images = await outbox.retry(name, which)
      if (images > 0) runners.get(name)?.seen()
      return images
    },
    // A node may write anew what it is sent: 'equal' element by element is not byte for byte, and eviction counts on bytes alone.
    givingBack: () => destinations.flatMap(({ name, route }) => (route.kind === 'dicomweb' ? [name] : [])),
    fetchBack: (contentId, asker) => fetchBack.fetch(contentId, asker),
    pulls: () =>
      destinations.flatMap(({ name, pull }) => {
        const puller = pull && pullers.get(name)
        return puller ? [puller.status()] : []
      }),
    pullStudy(name, StudyInstanceUID) {
      const from = destinations.flatMap(one => {
        const puller = name === undefined || one.name === name ? pullers.get(one.name) : undefined
        return puller ? [{ name: one.name, puller }] : []
      })
      if (!pulling || from.length === 0) {
        const words = name === undefined ? 'none is among' : `"${name}" is not among`
        throw new IsocenterError('destination-unknown', `${words} the destinations`)
      }
      if (!isStorableUID(StudyInstanceUID)) throw new IsocenterError('bad-request', 'that is no UID')
      const title = `A study from ${name ?? 'the archive'}`
      return pulling.startJob('fetch', title, async progress => {
        if (name !== undefined) return from[0]?.puller.bringNow(StudyInstanceUID, progress)
        const archives = from.map(one => bringsWhatItHas(one.puller, one.name, StudyInstanceUID))
        // What left is known image by image, so it comes first; what any archive has besides, after it.
        await inTurn(progress, [own => fetchBack.study(StudyInstanceUID, own), ...archives])
      })
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      closed = true
      unsubscribe()
      await applying
      await Promise.all([rescue.close(), fetchBack.close()])
      await Promise.all([...runners.values(), ...pullers.values()].map(one => one.close()))
      clearTimeout(pending)
    },
  }
}

/** One after the other, counted together; each says its own total anew as it learns it. */
async function inTurn(
  progress: BringProgress,
  steps: Array<(progress: BringProgress) => Promise<void>>,
): Promise<void> {
  let before = 0
  for (const step of steps) {
    let own = 0
    const total = (count: number) => {
      own = count
      progress.total(before + count)
    }
    await step({ ...progress, total })
    before += own
  }
}

/** Of several archives, one that has nothing of a study, or is away, is passed over: another may have it. */
const bringsWhatItHas =
  (puller: Puller, name: string, StudyInstanceUID: string) =>
  async (progress: BringProgress): Promise<void> => {
    try {
      await puller.bringNow(StudyInstanceUID, progress)
    } catch (thrown) {
      const { code, detail, message } = toIsocenterError(thrown)
      if (code !== 'peer-failed') throw thrown
      if (detail !== HAS_NOTHING) progress.failed(name, detail ?? message)
    }
  }

const NOTHING = { queued: 0, queuedBytes: 0, unproved: 0, confirmed: 0, dead: 0, oldest: null }
