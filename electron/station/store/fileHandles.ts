import { close, open, read, readv } from 'node:fs'
import { type ErrorCode, IsocenterError } from '../../../shared/errors.ts'
import type { Place } from './index.ts'
import { ObjectReads } from './objectReads.ts'

interface Entry {
  fd: Promise<number>
  users: number
}

/** Enough for every pane of four windows; far below any system's limit. */
const MOST_OPEN = 64

/**
 * Open files, kept for the next frame of the same file and closed when others need the place. By Node's callbacks: an image opened, read
 * and closed costs the loop 58 µs so, 104 by its promises and their handles.
 */
export class FileHandles {
  #entries = new Map<string, Entry>()
  readonly #locate: (contentId: number) => Promise<Place>

  readonly #fetchBack: ((contentId: number) => Promise<void>) | undefined
  readonly #objects = new ObjectReads()
  #closed = false

  /**
   * @param locate where a content is now, if it is no longer where it was.
   * @param fetchBack brings one back that lies at an archive alone; without it that is the error.
   */
  constructor(locate: (contentId: number) => Promise<Place>, fetchBack?: (contentId: number) => Promise<void>) {
    this.#locate = locate
    this.#fetchBack = fetchBack
  }

  /**
   * Fills `target`, or one target after the other, from `position` of the place's file, wherever its content has settled
   * meanwhile; what an archive alone has is fetched first. Throws 'not-found' when the file is gone, 'malformed' when it ends before,
   * and whatever fetching rejects with.
   */
  async read(place: Place, target: Uint8Array | Uint8Array[], position: number): Promise<void> {
    await this.#follow(place, position, (path, from) =>
      this.#use(path, fd =>
        target instanceof Uint8Array ? readFully(fd, target, from) : scatterFully(fd, target, from),
      ),
    )
  }

  /**
   * As `read`, of a file that is not soon read again: into shared memory a thread opens, reads and closes it in one go. Each of the three by
   * itself wakes a thread of libuv's pool and then the loop, which cost more than the reading (WADO-RS of CT, page cache warm, alone on two
   * cores: 0.49 to 0.34 ms an image). A disk that hangs holds up that thread, not the pool that received images are written by; it rejects
   * with 'volume-unavailable' then.
   */
  async readOnce(place: Place, targets: Uint8Array[], position: number): Promise<void> {
    const isShared = targets.every(({ buffer }) => buffer instanceof SharedArrayBuffer)
    if (!isShared || this.#closed) return this.read(place, targets, position)
    await this.#follow(place, position, async (path, from) => {
      if (path === '') throw new IsocenterError('volume-unavailable')
      await this.#objects.read(path, targets, from)
    })
  }

  /** Reads a content where it is now. */
  async #follow(place: Place, position: number, read: (path: string, from: number) => Promise<void>): Promise<void> {
    try {
      await read(place.path, position)
    } catch (error) {
      if (place.path !== '' && !hasCode(error, 'not-found')) throw error
      const now = await this.#find(place.contentId, error)
      if (now.path === place.path) throw error
      const isMeta = position < place.dataSetOffset
      // Of what came back the File Meta is written anew, as long as it was but for a station that has another version since.
      if (isMeta && metaLength(now) !== metaLength(place)) throw new IsocenterError('busy', 'it has just come back')
      await read(now.path, position - place.dataSetOffset + now.dataSetOffset)
    }
  }

  async #find(contentId: number, error: unknown): Promise<Place> {
    try {
      return await this.#locate(contentId)
    } catch (failure) {
      if (hasCode(failure, 'volume-unavailable')) throw failure
      if (!hasCode(failure, 'on-archive')) throw error
      if (!this.#fetchBack) throw failure
      await this.#fetchBack(contentId)
      return await this.#locate(contentId)
    }
  }

  /** Runs `action` with the file open for reading. Throws 'not-found' when the file is gone. */
  async #use<T>(path: string, action: (fd: number) => Promise<T>): Promise<T> {
    if (path === '') throw new IsocenterError('volume-unavailable')
    const entry = this.#entries.get(path) ?? { fd: openFile(path), users: 0 }
    // Last in the map = used last.
    this.#entries.delete(path)
    this.#entries.set(path, entry)
    entry.users += 1
    try {
      return await action(await entry.fd)
    } catch (error) {
      // A handle that failed to open, or whose file failed, is not offered again.
      if (this.#entries.get(path) === entry) this.#entries.delete(path)
      throw error
    } finally {
      entry.users -= 1
      if (entry.users === 0 && this.#entries.get(path) !== entry) this.#close(entry)
      this.#shrink(MOST_OPEN)
    }
  }

  /** Closes what nobody uses; the rest closes when its last user is done. */
  close(): void {
    this.#closed = true
    this.#shrink(0)
    this.#entries.clear()
    this.#objects.close()
  }

  #shrink(limit: number): void {
    for (const [path, entry] of this.#entries) {
      if (this.#entries.size <= limit) return
      if (entry.users > 0) continue
      this.#entries.delete(path)
      this.#close(entry)
    }
  }

  #close(entry: Entry): void {
    entry.fd.then(
      fd => close(fd, () => {}),
      () => {},
    )
  }
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof IsocenterError && error.code === code
}

function metaLength({ fileOffset, dataSetOffset }: Place): number {
  return dataSetOffset - fileOffset
}

function openFile(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, fd) => {
      if (!error) resolve(fd)
      else if (error.code !== 'ENOENT') reject(error)
      else reject(new IsocenterError('not-found', 'the file is gone', { cause: error }))
    })
  })
}

async function readFully(fd: number, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.byteLength; ) {
    const bytesRead = await new Promise<number>((resolve, reject) => {
      read(fd, target, done, target.byteLength - done, position + done, (error, count) =>
        error ? reject(error) : resolve(count),
      )
    })
    if (bytesRead === 0) throw new IsocenterError('malformed', 'the file is shorter than its index says')
    done += bytesRead
  }
}

/** In one call of the system where it reads all, as it nearly always does. */
async function scatterFully(fd: number, targets: Uint8Array[], position: number): Promise<void> {
  const bytesRead = await new Promise<number>((resolve, reject) => {
    readv(fd, targets, position, (error, count) => (error ? reject(error) : resolve(count)))
  })
  let at = 0
  for (const target of targets) {
    const done = Math.max(0, Math.min(target.length, bytesRead - at))
    if (done < target.length) await readFully(fd, target.subarray(done), position + at + done)
    at += target.length
  }
}
