import { closeSync, openSync, readvSync } from 'node:fs'
import { type ErrorCode, IsocenterError } from '../../../shared/errors.ts'
import { errorCode } from '../base/durable.ts'

export type ObjectFile = ReturnType<typeof createObjectFile>

/** What of a file is to be read, and where to: one target after the other, in shared memory. */
export interface FileRead {
  path: string
  targets: Uint8Array[]
  position: number
}

/** Why one could not be read: `code` of an error of ours. */
export interface ReadFailure {
  code: ErrorCode | undefined
  detail: string | undefined
  message: string
}

/** For a thread that may wait for a disk. @param progress shared; its first element counts what it is done with. */
export function createObjectFile(progress: Int32Array) {
  return {
    /**
     * Opens each file, fills the targets with what begins at `position`, closes it. What has become of each, in order: undefined where it was
     * read; 'not-found' when it is gone, 'malformed' when it ends before.
     */
    read(reads: FileRead[]): Array<ReadFailure | undefined> {
      return reads.map(one => {
        try {
          readFile(one)
          return undefined
        } catch (thrown) {
          const { code, detail } = thrown instanceof IsocenterError ? thrown : {}
          return { code, detail, message: thrown instanceof Error ? thrown.message : String(thrown) }
        } finally {
          Atomics.add(progress, 0, 1)
        }
      })
    },
  }
}

function readFile({ path, targets, position }: FileRead): void {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    throw new IsocenterError('not-found', 'the file is gone', { cause: error })
  }
  try {
    for (let left = targets, from = position; left.length > 0; ) {
      let count = readvSync(fd, left, from)
      if (count === 0) throw new IsocenterError('malformed', 'the file is shorter than its index says')
      from += count
      // In one call of the system where it reads all, as it nearly always does.
      left = left.flatMap(target => {
        const done = Math.min(count, target.length)
        count -= done
        return done < target.length ? [target.subarray(done)] : []
      })
    }
  } finally {
    closeSync(fd)
  }
}
