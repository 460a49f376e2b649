import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../shared/errors.ts'
import { errorCode } from '../base/durable.ts'
import type { Log } from '../base/log.ts'
import type { Thread } from '../base/thread.ts'
import type { Store, WorkFound } from '../store/index.ts'
import type { WorkApi } from './workThread.ts'

/** Asked of the store at a time. */
const PAGE = 32
/**
 * No codec takes this long for a frame it will ever finish: a 100-megapixel JPEG 2000 takes 10 s, and behind two busy threads a core the
 * low priority of this one has a twentieth of it. What is given up is said to be unshowable.
 */
const PATIENCE_MS = 300_000
/** While objects keep coming, at most one is looked into per `BURST_PACE_MS`; this long without one and the burst is over. */
const QUIET_MS = 150
const BURST_PACE_MS = 500
/** A series' own picture is made when nothing has come for so long; who wants it sooner asks for it. */
const PICTURES_AFTER_MS = 2000
/** Studies remembered for that; the pictures of more are made when they are looked at. */
const MOST_STUDIES = 10_000
/** An idle thread with its codecs holds some 60 MB: it goes after this. */
const IDLE_MS = 20_000

export interface BackgroundOptions {
  store: Store
  log: Log
  startThread: () => Thread<WorkApi>
  /** For tests: how long one object may take. */
  patienceMs?: number
}

/** Contents that stand for a series of the study and have no picture yet. */
export async function lackingPictures(read: Store['read'], StudyInstanceUID: string): Promise<number[]> {
  const { series } = await read.getStudy(StudyInstanceUID)
  const lacking = series.map(async ({ SeriesInstanceUID, thumbnailSOPInstanceUID: SOPInstanceUID }) => {
    if (!SOPInstanceUID) return []
    const [object] = await read.locate({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, 1)
    return object && !(await read.getThumbnail(object.contentId)) ? [object.contentId] : []
  })
  return (await Promise.all(lacking)).flat()
}

/**
 * Looks into what arrived, after the answer: functional groups, thumbnails. Oldest first, one at a time, beside everything
 * else; the store's `pendingWork` is the queue, so nothing is lost by a restart. Nothing runs while nothing is pending.
 */
export function startBackground({ store, log, startThread, patienceMs = PATIENCE_MS }: BackgroundOptions) {
  let thread: Thread<WorkApi> | undefined
  let idle: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let wakened = false
  let closed = false
  let lastArrival = Number.NEGATIVE_INFINITY
  /** Somebody waits for them. */
  const urgent: Array<{ contentId: number; again: boolean; done: () => void }> = []
  /** Studies that something came to. */
  const touched = new Set<string>()
  let pictures: NodeJS.Timeout | undefined

  async function stopThread(): Promise<void> {
    const old = thread
    thread = undefined
    await old?.stop()
  }

  /** What the thread finds; a crash or a hang of a codec costs the thread, and that object its picture. */
  async function look(request: Parameters<WorkApi['lookInto']>[0]): Promise<WorkFound> {
    thread ??= startThread()
    const current = thread
    const limit = new AbortController()
    const hung = wait(patienceMs, 'hung' as const, { signal: limit.signal })
    hung.catch(() => {})
    let crashed = false
    current.ended.then(() => {
      crashed = true
    })
    try {
      const result = await Promise.race([current.call('lookInto', request), hung])
      if (result !== 'hung') return result
      await stopThread()
      return { unshowable: 'The pixels could not be decoded in any sensible time.' }
    } catch (error) {
      // `ended` settles just before or after its calls reject.
      await Promise.resolve()
      const { contentId } = request.object
      log.warn({ err: error, contentId, crashed }, 'an object could not be looked into')
      if (crashed) {
        thread = undefined
        return { unshowable: 'The decoder broke down on these pixels.' }
      }
      return { unshowable: errorCode(error) ? 'The file could not be read.' : 'The object could not be read.' }
    } finally {
      limit.abort()
    }
  }

  async function requestFor(contentId: number, headerOnly: boolean): Promise<Parameters<WorkApi['lookInto']>[0]> {
    const object = await store.read.locateContent(contentId)
    const [first] = await store.read.locateFrames([[contentId, 1]])
    // The middle of a run shows more than its ends, which are often black.
    const frame = Math.ceil((first?.NumberOfFrames ?? 1) / 2)
    const [location] = frame === 1 ? [first] : await store.read.locateFrames([[contentId, frame]])
    return { object, frame, location: location ?? null, headerOnly }
  }

  /** One page of those that are wanted now, else of the queue; how many there were. */
  async function page(): Promise<number> {
    const wanted = urgent.splice(0, PAGE)
    if (wanted.length > 0) {
      for (const { contentId, again, done } of wanted) {
        try {
          if (!closed) await lookAndKeep(contentId, again)
        } catch (error) {
          // Those behind it are waited for, too.
          if (!closed) log.warn({ err: error, contentId }, 'an object that was asked for could not be looked into')
        } finally {
          done()
        }
      }
      return wanted.length
    }
    const pending = await store.read.pendingWork(PAGE)
    for (const { contentId, again } of pending) {
      await giveWay()
      if (urgent.length > 0) return pending.length
      if (closed) return 0
      await lookAndKeep(contentId, again)
    }
    return pending.length
  }

  async function lookAndKeep(contentId: number, again: boolean): Promise<void> {
    // Asked for now: what a page of them said would be gone when it has settled meanwhile.
    const request = await requestFor(contentId, again).catch(unlessGone)
    // Deleted meanwhile: it waits until it is taken back.
    if (!request) return
    const found = await look(request)
    if (closed) return
    // A picture that could be shown is not lost because its header could not be read once more.
    await store.finishWork(contentId, again ? { ...found, unshowable: undefined } : found).catch(unlessGone)
  }

  /** The pictures that stand for the series of what has come, where they are not there yet. */
  async function makePictures(): Promise<void> {
    const newest = lastArrival
    for (const StudyInstanceUID of touched) {
      // What came meanwhile has a wait of its own.
      if (closed || lastArrival !== newest) return
      touched.delete(StudyInstanceUID)
      await hurry(await lackingPictures(store.read, StudyInstanceUID))
    }
  }

  function hurry(contentIds: number[]): Promise<void> {
    if (closed || contentIds.length === 0) return Promise.resolve()
    const looks = contentIds.map(contentId => new Promise<void>(done => urgent.push({ contentId, again: false, done })))
    wake()
    return Promise.all(looks).then(() => {})
  }

  /** Ingest comes first: wait for a gap in the arrivals, but not for ever. */
  async function giveWay(): Promise<void> {
    const begun = performance.now()
    while (
      !closed &&
      urgent.length === 0 &&
      performance.now() - lastArrival < QUIET_MS &&
      performance.now() - begun < BURST_PACE_MS
    )
      await wait(50)
  }

  async function run(): Promise<void> {
    clearTimeout(idle)
    try {
      do {
        wakened = false
        while (!closed && (await page()) > 0);
      } while (wakened && !closed)
    } catch (error) {
      if (!closed) log.error({ err: error }, 'looking into new objects stopped; the next arrival starts it again')
    }
    if (!closed) idle = setTimeout(() => void stopThread(), IDLE_MS).unref()
  }

  function wake(): void {
    if (closed) return
    wakened = true
    running ??= run().finally(() => {
      running = undefined
      if (wakened) wake()
    })
  }

  const unsubscribe = store.onChanges(changes => {
    const came = changes.filter(change => change.kind === 'instance')
    if (came.length === 0) return
    lastArrival = performance.now()
    for (const { StudyInstanceUID } of came) if (touched.size < MOST_STUDIES) touched.add(StudyInstanceUID)
    clearTimeout(pictures)
    pictures = setTimeout(() => {
      makePictures().catch(
        error => closed || log.error({ err: error }, 'the pictures of series are made when asked for'),
      )
    }, PICTURES_AFTER_MS).unref()
    wake()
  })
  wake()

  return {
    hurry,
    async close(): Promise<void> {
      closed = true
      unsubscribe()
      clearTimeout(idle)
      clearTimeout(pictures)
      for (const { done } of urgent.splice(0)) done()
      await stopThread()
      await running
    },
  }
}

/** Deleted or purged meanwhile: nothing to do, and nothing wrong. */
function unlessGone(error: unknown): undefined {
  if (error instanceof IsocenterError && error.code === 'not-found') return undefined
  throw error
}
