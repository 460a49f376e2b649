import { createHash, type Hash } from 'node:crypto'
import { serveThread } from '../base/thread.ts'

export interface Digest {
  /** Of the File Meta and the data set, in hexadecimal; '' where it was not wanted. */
  md5: string
  /** Of the data set. */
  sha256: string
}

export type DigestApi = ReturnType<typeof digests>

/** Checksums of objects on their way, by a number each: taken piece by piece from shared memory. */
function digests() {
  const open = new Map<number, { md5: Hash | undefined; sha256: Hash }>()
  return {
    /** `meta` goes before the data set in the MD5; without it there is none. */
    begin(id: number, meta: Uint8Array | undefined): void {
      const md5 = meta && createHash('md5').update(meta)
      open.set(id, { md5, sha256: createHash('sha256') })
    },
    add(id: number, chunks: readonly Uint8Array[]): void {
      const { md5, sha256 } = known(id)
      for (const chunk of chunks) {
        md5?.update(chunk)
        sha256.update(chunk)
      }
    },
    end(id: number): Digest {
      const { md5, sha256 } = known(id)
      open.delete(id)
      return { md5: md5?.digest('hex') ?? '', sha256: sha256.digest('hex') }
    },
    drop(id: number): void {
      open.delete(id)
    },
  }

  function known(id: number) {
    const found = open.get(id)
    if (!found) throw new Error(`no object ${id} is under way`)
    return found
  }
}

serveThread(digests)
