import { type FileHandle, open } from 'node:fs/promises'
import { IsocenterError } from '../../../shared/errors.ts'

interface Entry {
  handle: Promise<FileHandle>
  users: number
}

/** Enough for every pane of four windows; far below any system's limit. */
const MOST_OPEN = 64

/** Open files, kept for the next frame of the same file and closed when others need the place. */
export class FileHandles {
  #entries = new Map<string, Entry>()

  /** Runs `action` with the file open for reading. Throws 'not-found' when the file is gone. */
  async use<T>(path: string, action: (handle: FileHandle) => Promise<T>): Promise<T> {
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

/** Fills `target` from `position`. Throws 'malformed' when the file ends before. */
export async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.byteLength; ) {
    const { bytesRead } = await handle.read(target, done, target.byteLength - done, position + done)
    if (bytesRead === 0) throw new IsocenterError('malformed', 'the file is shorter than its index says')
    done += bytesRead
  }
}
