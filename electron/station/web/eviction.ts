import { setTimeout as wait } from 'node:timers/promises'
import type { CallOut } from '../../../shared/contract.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { type CachePolicy, excessOf, planEviction, type RetainedStudy } from '../../../shared/retention.ts'
import type { WebDeps } from './index.ts'
import { receivingNow } from './ports.ts'
import type { Presence } from './presence.ts'

const LOOK_EVERY_MS = 60 * 60 * 1000
/** Between two studies whoever stores comes first. */
const PAUSE_MS = 20
const SHOWN = 200

type EvictionDeps = Pick<WebDeps, 'store' | 'sync' | 'dimse' | 'config' | 'setCache' | 'log'> & {
  presence: Pick<Presence, 'isOpen'>
}

/** Lets studies leave for the archives that hold them: asked for by a person, or by itself each hour while the targets do not hold. */
export interface Eviction {
  plan(): Promise<CallOut<'cache.plan'>>
  set(policy: CachePolicy): Promise<void>
  /** Rejects with 'busy' while it runs already. */
  evict(): Promise<{ studies: number; bytes: number }>
  close(): void
}

export function startEviction({ store, sync, dimse, config, setCache, log, presence }: EvictionDeps): Eviction {
  let policy = config.cache
  let running = false
  let closed = false

  async function spaceNow(): Promise<{ bytes: number; free: number }> {
    const { volumes } = await store.volumes()
    const there = volumes.filter(({ state }) => state === 'ready')
    const sum = (of: (volume: (typeof there)[number]) => number) => there.reduce((all, volume) => all + of(volume), 0)
    return { bytes: sum(({ bytes }) => bytes), free: sum(({ free }) => free) }
  }

  async function planNow() {
    const from = sync.givingBack()
    const studies: RetainedStudy[] = []
    for (let after: number | null = 0; after !== null; ) {
      const page: Awaited<ReturnType<typeof store.read.retained>> = await store.read.retained(after, from)
      for (const study of page.studies) studies.push({ ...study, open: presence.isOpen(study.StudyInstanceUID) })
      after = page.next
    }
    const use = await spaceNow()
    return { from, use, studies, plan: planEviction(studies, use, policy, Date.now()) }
  }

  async function evict(): Promise<{ studies: number; bytes: number }> {
    if (running) throw new IsocenterError('busy')
    running = true
    try {
      const { from, plan } = await planNow()
      const gone = { studies: 0, bytes: 0 }
      for (const { StudyInstanceUID } of plan.goes) {
        if (closed) break
        // Somebody may have opened it since.
        if (presence.isOpen(StudyInstanceUID)) continue
        const { bytes } = await store.evict(StudyInstanceUID, from)
        if (bytes === 0) continue
        log.info({ StudyInstanceUID, bytes }, 'a study has left for the archive')
        gone.studies += 1
        gone.bytes += bytes
        await wait(PAUSE_MS)
      }
      return gone
    } finally {
      running = false
    }
  }

  async function look(): Promise<void> {
    const { mostGigabytes, leastFreeGigabytes } = policy
    if (mostGigabytes === undefined && leastFreeGigabytes === undefined) return
    if (running || receivingNow(dimse).receiving > 0 || excessOf(await spaceNow(), policy) === 0) return
    await evict()
  }
  const timer = setInterval(() => {
    look().catch(error =>
      log.warn({ err: error }, 'nothing could leave for the archives; it is tried again in an hour'),
    )
  }, LOOK_EVERY_MS)
  timer.unref()

  return {
    async plan() {
      const { use, plan } = await planNow()
      const goes = plan.goes.slice(0, SHOWN).map(({ StudyInstanceUID, StudyDate, images, bytes, lastUsed }) => ({
        ...{ StudyInstanceUID, StudyDate, images, bytes, lastUsed },
      }))
      const away = await store.read.evictedTotal()
      return {
        policy,
        use,
        goes,
        studies: plan.goes.length,
        frees: plan.frees,
        kept: plan.kept,
        short: plan.short,
        away,
      }
    },
    async set(wanted) {
      await setCache(wanted)
      policy = wanted
    },
    evict,
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}
