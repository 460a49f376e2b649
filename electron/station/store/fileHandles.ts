import { type FileHandle, open } from 'node:fs/promises'
import { IsocenterError } from '../../../shared/errors.ts'
import type { Place } from './index.ts'

interface Entry {
  handle: Promise<FileHandle>
  users: number
}

/** Enough for every pane of four windows; far below any system's limit. */
const MOST_OPEN = 64

/** Open files, kept for the next frame of the same file and closed when others need the place. */
export class FileHandles {
  #entries = new Map<string, Entry>()
  readonly #locate: (contentId: number) => Promise<Place>

  /** @param locate where a content is now, if it is no longer where it was. */
  constructor(locate: (contentId: number) => Promise<Place>) {
    this.#locate = locate
  }

  /**
   * Fills `target`, or one target after the other, from `position` of the place's file, wherever its content has settled
   * meanwhile. Throws 'not-found' when the file is gone, 'malformed' when it ends before.
   */
  async read(place: Place, target: Uint8Array | Uint8Array[], position: number): Promise<void> {
    const fill = (handle: FileHandle, from: number) =>
      target instanceof Uint8Array ? readFully(handle, target, from) : scatterFully(handle, target, from)
    try {
      await this.#use(place.path, handle => fill(handle, position))
    } catch (error) {
      if (!(error instanceof IsocenterError && error.code === 'not-found')) throw error
      const now = await this.#locate(place.contentId).catch(failure => {
        if (failure instanceof IsocenterError && failure.code === 'volume-unavailable') throw failure
      })
      if (!now || now.path === place.path) throw error
      await this.#use(now.path, handle => fill(handle, position - place.fileOffset + now.fileOffset))
    }
  }

  /** Runs `action` with the file open for reading. Throws 'not-found' when the file is gone. */
  async #use<T>(path: string, action: (handle: FileHandle) => Promise<T>): Promise<T> {
    if (path === '') throw new IsocenterError('volume-unavailable')
    const entry = this.#entries.get(path) ?? { handle: open(path, 'r'), users: 0 }
    // Last in the map = used last.
    this.#entries.delete(path)
    this.#entries.set(path, entry)
    entry.users += 1
    try {
      return await action(await entry.handle.catch(toNotFound))
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
    this.#shrink(0)
    this.#entries.clear()
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
    entry.handle.then(handle => handle.close()).catch(() => {})
  }
}

function toNotFound(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') throw new IsocenterError('not-found', 'the file is gone', { cause: error })
  throw error
}

async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.byteLength; ) {
    const { bytesRead } = await handle.read(target, done, target.byteLength - done, position + done)
    if (bytesRead === 0) throw new IsocenterError('malformed', 'the file is shorter than its index says')
    done += bytesRead
  }
}

/** In one call of the system where it reads all, as it nearly always does. */
async function scatterFully(handle: FileHandle, targets: Uint8Array[], position: number): Promise<void> {
  const { bytesRead } = await handle.readv(targets, position)
  let at = 0
  for (const target of targets) {
    const done = Math.max(0, Math.min(target.length, bytesRead - at))
    if (done < target.length) await readFully(handle, target.subarray(done), position + at + done)
    at += target.length
  }
}
