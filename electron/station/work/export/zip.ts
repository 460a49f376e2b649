import { once } from 'node:events'
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'

/** One file of an archive; its bytes are asked for when its turn comes. */
export interface ZipEntry {
  name: string
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/**
 * A ZIP (zip64 where it needs to be) of these files, one after the other, as fast as it is read; nothing of it lies on a disk or is
 * held whole. Not compressed: images do not shrink by it, and whoever waits at the other end need not wait for it. What an entry throws
 * breaks the archive off, so that nobody takes half of one for all.
 */
export function zipOf(entries: AsyncIterable<ZipEntry>, signal: AbortSignal): Readable {
  const zip = new ZipFile()
  // yazl's stream is a PassThrough; its types know less of it.
  const output = zip.outputStream as Readable
  const mtime = new Date()
  const pack = async () => {
    for await (const { name, bytes } of entries) {
      signal.throwIfAborted()
      const source = Readable.from(bytes, { objectMode: false })
      const ended = once(source, 'end', { signal })
      zip.addReadStream(source, name, { compress: false, mtime, mode: 0o100644 })
      await ended
    }
    zip.end()
  }
  zip.on('error', (error: Error) => output.destroy(error))
  signal.addEventListener('abort', () => output.destroy(new Error('the export was cancelled')), { once: true })
  pack().catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))))
  return output
}
