import { setTimeout as wait } from 'node:timers/promises'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Thread } from '../base/thread.ts'
import type { StoreReader } from '../store/index.ts'
import type { RenderOptions, RenderRequest } from './renderFrame.ts'
import type { WorkApi } from './workThread.ts'

/** Pictures that may wait; who asks for more is told to come again. */
const MOST_WAITING = 200
/** No codec takes this long for a frame it will ever finish. */
const PATIENCE_MS = 60_000
/** An idle thread with its codecs holds some 60 MB: it goes after this. */
const IDLE_MS = 20_000

interface RenderingOptions {
  read: Pick<StoreReader, 'locateContent' | 'locateFrames'>
  startThread: () => Thread<WorkApi>
}

/** Pictures that somebody waits for, one at a time in a thread of their own: they wait neither for thumbnails nor these for them. */
export function startRendering({ read, startThread }: RenderingOptions) {
  let thread: Thread<WorkApi> | undefined
  let idle: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let closed = false

  const stopThread = async () => {
    const old = thread
    thread = undefined
    await old?.stop()
  }

  async function requestFor(
    contentId: number,
    frame: number | undefined,
    options: RenderOptions,
  ): Promise<RenderRequest> {
    const object = await read.locateContent(contentId)
    const [first] = await read.locateFrames([[contentId, frame ?? 1]])
    // The middle of a run shows more than its ends, which are often black.
    const middle = frame ?? Math.ceil((first?.NumberOfFrames ?? 1) / 2)
    const [location] = middle === (frame ?? 1) ? [first] : await read.locateFrames([[contentId, middle]])
    if (!location) throw new IsocenterError('not-found', 'the object has no such frame')
    return { object, frame: middle, location, options }
  }

  async function renderNow(
    contentId: number,
    frame: number | undefined,
    options: RenderOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const request = await requestFor(contentId, frame, options)
    if (closed) throw new IsocenterError('draining')
    clearTimeout(idle)
    thread ??= startThread()
    const current = thread
    let crashed = false
    void current.ended.then(() => {
      crashed = true
    })
    const limit = new AbortController()
    const hung = wait(PATIENCE_MS, 'hung' as const, { signal: limit.signal })
    hung.catch(() => {})
    try {
      const result = await Promise.race([current.call('renderFrame', request), hung])
      if (result !== 'hung') return result
      await stopThread()
      throw new IsocenterError('unsupported-pixels', 'they could not be decoded in any sensible time')
    } catch (error) {
      // `ended` settles just before or after its calls reject.
      await Promise.resolve()
      if (!crashed || closed) throw error
      thread = undefined
      throw new IsocenterError('unsupported-pixels', 'the decoder broke down on them', { cause: error })
    } finally {
      limit.abort()
      if (!closed) idle = setTimeout(() => void stopThread(), IDLE_MS).unref()
    }
  }

  return {
    /** As `Work.render`. */
    render(contentId: number, frame: number | undefined, options: RenderOptions): Promise<Uint8Array<ArrayBuffer>> {
      if (waiting >= MOST_WAITING) return Promise.reject(new IsocenterError('busy', `${waiting} pictures wait already`))
      waiting += 1
      const picture = last
        .then(() => renderNow(contentId, frame, options))
        .finally(() => {
          waiting -= 1
        })
      last = picture.catch(() => {})
      return picture
    },
    async close(): Promise<void> {
      closed = true
      clearTimeout(idle)
      await stopThread()
    },
  }
}
