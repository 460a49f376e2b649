import { randomUUID } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { ImageText } from '../../../shared/export.ts'
import type { Thread } from '../base/thread.ts'
import type { FrameLocation, Store, StoredObject } from '../store/index.ts'
import type { DeidentifyAnswer, DeidentifyRequest } from './export/deidentifyObject.ts'
import type { WorkApi } from './workThread.ts'

/** For an object, and for each of its frames: no codec takes this long that will ever finish. */
const PATIENCE_MS = 60_000
const FRAME_PATIENCE_MS = 2_000
/** An idle thread with its codecs holds some 60 MB: it goes after this. */
const IDLE_MS = 20_000
const FRAMES_AT_ONCE = 1000
/** Of a run of frames so many are searched for text, from its first to its last: legends stand in all of them. */
const FRAMES_SEARCHED = 5
const HUNG = Symbol('hung')

/** A data set in a file of its own, until `remove`. */
export interface TranscodedFile {
  readonly length: number
  /** Fills one target after the other with what begins at `from`. */
  read(targets: Uint8Array[], from: number): Promise<void>
  remove(): Promise<void>
}

interface TranscoderOptions {
  read: Pick<Store['read'], 'locateContent' | 'locateFrames'>
  /** For what is being sent; what a crash has left there is removed. */
  folder: string
  startThread: () => Thread<WorkApi>
}

/** One thread that decodes for those who wait for it, one object at a time. */
class Lane {
  waiting = 0
  readonly #startThread: () => Thread<WorkApi>
  #thread: Thread<WorkApi> | undefined
  #before: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined

  constructor(startThread: () => Thread<WorkApi>) {
    this.#startThread = startThread
  }

  /** Runs one call in the thread, when those before are done; `frames` is how many it decodes. */
  run<T>(frames: number, call: (thread: Thread<WorkApi>) => Promise<T>): Promise<T> {
    this.waiting += 1
    clearTimeout(this.#idle)
    const result = this.#before.then(() => this.#call(frames, call))
    const after = () => {
      this.waiting -= 1
      if (this.waiting === 0) this.#idle = setTimeout(() => void this.stop(), IDLE_MS).unref()
    }
    this.#before = result.then(after, after)
    return result
  }

  async #call<T>(frames: number, call: (thread: Thread<WorkApi>) => Promise<T>): Promise<T> {
    this.#thread ??= this.#startThread()
    const thread = this.#thread
    const limit = new AbortController()
    const hung = wait(PATIENCE_MS + FRAME_PATIENCE_MS * frames, HUNG, { signal: limit.signal })
    hung.catch(() => {})
    let crashed = false
    thread.ended.then(reason => {
      crashed = reason !== undefined
      if (this.#thread === thread) this.#thread = undefined
    })
    try {
      const result = await Promise.race([call(thread), hung])
      if (result !== HUNG) return result
      await this.stop()
      throw new IsocenterError('unsupported-pixels', 'the pixels could not be decoded in any sensible time')
    } catch (error) {
      // `ended` settles just before or after its calls reject.
      await Promise.resolve()
      if (!crashed) throw error
      throw new IsocenterError('unsupported-pixels', 'the decoder broke down on them', { cause: error })
    } finally {
      limit.abort()
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle)
    const thread = this.#thread
    this.#thread = undefined
    await thread?.stop()
  }
}

/** Makes objects uncompressed for peers that take nothing else: in threads of their own, each result a file for as long as it is sent. */
export class Transcoder {
  readonly #options: TranscoderOptions
  readonly #lanes: Lane[]
  readonly #emptied: Promise<void>

  constructor(options: TranscoderOptions) {
    this.#options = options
    this.#emptied = rm(options.folder, { recursive: true, force: true })
    // Whoever transcodes first hears of it.
    this.#emptied.catch(() => {})
    const count = Math.max(1, Math.min(4, availableParallelism() - 1))
    this.#lanes = Array.from({ length: count }, () => new Lane(options.startThread))
  }

  /** See `transcode` in `transcode/transcode.ts` for what it rejects with. */
  async transcode(object: StoredObject, TransferSyntaxUID: string): Promise<TranscodedFile> {
    const { folder } = this.#options
    await this.#emptied
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = path.join(folder, `${randomUUID()}.part`)
    const remove = () => rm(file, { force: true })
    try {
      const { length } = await again(() => this.#made(object.contentId, TransferSyntaxUID, file))
      const handle = await open(file, 'r')
      return {
        length,
        async read(targets, from) {
          const wanted = targets.reduce((sum, target) => sum + target.length, 0)
          const { bytesRead } = await handle.readv(targets, from)
          if (bytesRead < wanted) throw new IsocenterError('internal', 'a transcoded file was not read to its end')
        },
        async remove() {
          await handle.close()
          await remove()
        },
      }
    } catch (error) {
      await remove()
      throw error
    }
  }

  /** As `Work.nativeFrame`. */
  nativeFrame(contentId: number, frame: number): Promise<Uint8Array<ArrayBuffer>> {
    const { read } = this.#options
    return again(async () => {
      const object = await read.locateContent(contentId)
      const [location] = await read.locateFrames([[contentId, frame]])
      if (!location) throw new IsocenterError('not-found', 'the object has no such frame')
      return this.#lane().run(1, thread => thread.call('nativeFrameOf', { object, location }))
    })
  }

  /** As `Work.findText`. */
  findText(contentId: number): Promise<ImageText> {
    const { read } = this.#options
    return again(async () => {
      const object = await read.locateContent(contentId)
      const [first] = await read.locateFrames([[contentId, 1]])
      const last = (first?.NumberOfFrames ?? 1) - 1
      const steps = Math.min(FRAMES_SEARCHED - 1, last)
      const numbers = Array.from({ length: steps + 1 }, (_, step) => 1 + Math.round((last * step) / Math.max(1, steps)))
      const places = await read.locateFrames(numbers.map(frame => [contentId, frame]))
      const frames = numbers.flatMap((frame, index) => {
        const location = places[index]
        return location ? [{ object, frame, location }] : []
      })
      if (frames.length === 0) throw new IsocenterError('not-found', 'the object has no frame')
      return this.#lane().run(frames.length, thread => thread.call('findText', frames))
    })
  }

  /** As `Work.deidentify`: only where pixels are cleaned anything is decoded, and it is as much work as that. */
  deidentify(
    contentId: number,
    request: Omit<DeidentifyRequest, 'object' | 'frames' | 'file'>,
  ): Promise<DeidentifyAnswer> {
    return again(async () => {
      const object = await this.#options.read.locateContent(contentId)
      const cleaning = request.options.cleanPixels === null ? undefined : await this.#cleaning(object)
      const frames = Math.max(1, cleaning?.frames.length ?? 0)
      return this.#lane().run(frames, thread => thread.call('deidentifyObject', { ...request, ...cleaning, object }))
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(lane => lane.stop()))
    await rm(this.#options.folder, { recursive: true, force: true })
  }

  async #cleaning({ contentId, TransferSyntaxUID }: StoredObject) {
    const { folder } = this.#options
    await this.#emptied
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { encapsulated, video } = transferSyntax(TransferSyntaxUID)
    const frames = encapsulated && !video ? await this.#framesOf(contentId) : []
    return { frames, file: path.join(folder, `${randomUUID()}.part`) }
  }

  async #made(contentId: number, TransferSyntaxUID: string, file: string): Promise<{ length: number }> {
    const object = await this.#options.read.locateContent(contentId)
    const { encapsulated, video } = transferSyntax(object.TransferSyntaxUID)
    const frames = encapsulated && !video ? await this.#framesOf(contentId) : []
    return this.#lane().run(frames.length, thread =>
      thread.call('transcode', { object, frames, TransferSyntaxUID, file }),
    )
  }

  /** The one with the fewest before it. */
  #lane(): Lane {
    return this.#lanes.reduce((least, one) => (one.waiting < least.waiting ? one : least))
  }

  /** In order, as far as they are there. */
  async #framesOf(contentId: number): Promise<FrameLocation[]> {
    const all: FrameLocation[] = []
    for (let first = 1; ; first += FRAMES_AT_ONCE) {
      const wanted = Array.from({ length: FRAMES_AT_ONCE }, (_, i): [number, number] => [contentId, first + i])
      const found = (await this.#options.read.locateFrames(wanted)).filter(location => location !== null)
      all.push(...found)
      if (found.length < FRAMES_AT_ONCE) return all
    }
  }
}

/** Once more for what has settled since it was located. */
function again<T>(attempt: () => Promise<T>): Promise<T> {
  return attempt().catch((error: unknown) => {
    if (toIsocenterError(error).code !== 'not-found') throw error
    return attempt()
  })
}
