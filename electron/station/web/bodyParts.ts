import { randomUUID } from 'node:crypto'
import type { FileHandles, Place } from '../store/index.ts'
import { takeBuffer } from './bufferPool.ts'

/** Bytes at hand, or where they are: `offset` is in the place's `path`. */
export type Part = Uint8Array | { place: Place; offset: number; length: number }

/** Large enough that a read's overhead (0.1 ms) does not show, small enough for dozens of answers at once. */
const CHUNK_BYTES = 512 * 1024

/** A body read from its files only as fast as the client takes it; nothing is opened before, and nothing after it has gone. */
export function streamParts(
  parts: Iterable<Part> | AsyncIterable<Part>,
  files: FileHandles,
): ReadableStream<Uint8Array> {
  const chunks = chunksOf(parts, files)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return(undefined)
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
      await files.read(part.place, chunk, part.offset + done)
      yield chunk
    }
  }
}

export interface MultipartPart {
  contentType: string
  location?: string
  parts: Part[]
}

/** A multipart/related answer (RFC 2387); `type` is the root part's media type without parameters. */
export function multipartResponse(
  type: string,
  bodies: Iterable<MultipartPart> | AsyncIterable<MultipartPart>,
  files: FileHandles,
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
  return new Response(streamParts(parts(), files), { headers })
}
