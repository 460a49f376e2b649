import { closeSync, openSync, readvSync } from 'node:fs'
import { IsocenterError } from '../../../shared/errors.ts'
import { errorCode } from '../base/durable.ts'

export type ObjectFile = typeof objectFile

/** For a thread that may wait for a disk. */
export const objectFile = {
  /**
   * Opens a file, fills one target after the other with what begins at `position`, closes it. Throws 'not-found' when it is gone, 'malformed'
   * when it ends before.
   */
  read(path: string, targets: Uint8Array[], position: number): void {
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
  },
}
