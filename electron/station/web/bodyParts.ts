import { randomUUID } from 'node:crypto'
import type { FileHandles, Place } from '../store/index.ts'
import { takeBuffer } from './bufferPool.ts'

/** What fills one target after the other with what begins at `from`. */
export interface ByteSource {
  read(targets: Uint8Array[], from: number): Promise<void>
}

/** Bytes at hand, or where they are: `offset` is in the place's `path`, or in the source. */
export type Part =
  | Uint8Array
  | { place: Place; offset: number; length: number }
  | { source: ByteSource; offset: number; length: number }

/** Large enough that a read's overhead (0.1 ms) does not show, small enough for dozens of answers at once. */
const CHUNK_BYTES = 512 * 1024

/**
 * A body read from its files only as fast as the client takes it; nothing is opened before, and nothing after it has gone. `end`
 * runs when it has, whether or not it was ever begun.
 */
export function streamParts(
  parts: Iterable<Part> | AsyncIterable<Part>,
  files: FileHandles,
  end: () => Promise<unknown> = async () => {},
): ReadableStream<Uint8Array> {
  const chunks = chunksOf(parts, files)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next().catch(async error => {
          await end()
          throw error
        })
        if (done) {
          await end()
          controller.close()
        } else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return(undefined)
        await end()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* chunksOf(parts: Iterable<Part> | AsyncIterable<Part>, files: FileHandles): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    if (part instanceof Uint8Array) {
      yield part
      continue
    }
    for (let done = 0; done < part.length; done += CHUNK_BYTES) {
      const chunk = takeBuffer(Math.min(CHUNK_BYTES, part.length - done))
      if ('place' in part) await files.read(part.place, chunk, part.offset + done)
      else await part.source.read([chunk], part.offset + done)
      yield chunk
    }
  }
}

export interface MultipartPart {
  contentType: string
  location?: string
  parts: Part[]
}

/** A multipart/related answer (RFC 2387); `type` is the root part's media type without parameters; `end` as for `streamParts`. */
export function multipartResponse(
  type: string,
  bodies: Iterable<MultipartPart> | AsyncIterable<MultipartPart>,
  files: FileHandles,
  end?: () => Promise<unknown>,
): Response {
  const boundary = randomUUID()
  async function* parts(): AsyncGenerator<Part> {
    let separator = `--${boundary}\r\n`
    for await (const body of bodies) {
      const location = body.location ? `Content-Location: ${body.location}\r\n` : ''
      yield Buffer.from(`${separator}Content-Type: ${body.contentType}\r\n${location}\r\n`)
      yield* body.parts
      separator = `\r\n--${boundary}\r\n`
    }
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  }
  const headers = { 'content-type': `multipart/related; type="${type}"; boundary=${boundary}` }
  return new Response(streamParts(parts(), files, end), { headers })
}
