import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { IsocenterError } from '../../../shared/errors.ts'

/** A recording as a download: what is in the file now, no more, so that one that still runs ends. */
export async function captureFile(file: string, headersOnly: boolean): Promise<Response> {
  const { size } = await stat(file).catch(cause => {
    throw new IsocenterError('not-found', 'the recording is no longer there', { cause })
  })
  const headers = {
    'content-type': 'application/vnd.tcpdump.pcap',
    'content-length': String(size),
    'content-disposition': `attachment; filename="${path.basename(file)}"`,
  }
  if (size === 0 || headersOnly) return new Response(null, { headers })
  // Node's own stream type and the global one are the same class under two declarations.
  const body: NodeReadableStream<Uint8Array> = Readable.toWeb(createReadStream(file, { end: size - 1 }))
  return new Response(body as ReadableStream<Uint8Array>, { headers })
}
