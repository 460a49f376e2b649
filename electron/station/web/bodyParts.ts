import { randomUUID } from 'node:crypto'
import type { FileHandles, Place } from '../store/index.ts'
import { takeSharedBuffer } from './bufferPool.ts'

/** What fills one target after the other with what begins at `from`. */
export interface ByteSource {
  read(targets: Uint8Array[], from: number): Promise<void>
}

/** Bytes at hand, or where they are: `offset` is in the place's `path`, or in the source. */
export type Part =
  | Uint8Array
  | { place: Place; offset: number; length: number }
  | { source: ByteSource; offset: number; length: number }

/** A CT slice of 512 × 512 with its headers is one read and one write; small enough for dozens of answers at once. */
const CHUNK_BYTES = 640 * 1024
/** What ends with this much at hand leaves by itself; less waits for what follows. */
const ENOUGH_BYTES = 64 * 1024

/**
 * Chunks read behind the one that is sent, for reading takes longer than sending: when two are left there are five again, for three read at
 * once wake their thread and the loop no more often than one, and are there before the two have left.
 */
const AHEAD = { least: 2, most: 5 }

/** What leaves as one chunk. */
interface Gathered {
  parts: Part[]
  bytes: number
}

/** Where the chunks of a body come from: undefined behind the last. */
export interface BodyChunks {
  next(): Promise<Uint8Array | undefined>
  stop(): Promise<unknown>
}

const sources = new WeakMap<ReadableStream<Uint8Array>, BodyChunks>()

/**
 * A body read from its files only as fast as the client takes it; nothing is opened before, and nothing after it has gone. `end`
 * runs when it has, whether or not it was ever begun.
 */
export function streamParts(
  parts: Iterable<Part> | AsyncIterable<Part>,
  files: FileHandles,
  end?: () => Promise<unknown>,
): ReadableStream<Uint8Array> {
  const gathered = gather(parts)
  const stop = () => gathered.return(undefined)
  const next = async () => {
    const { done, value } = await gathered.next()
    if (done) return undefined
    try {
      return await read(value, files)
    } catch (error) {
      await stop()
      throw error
    }
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next()
          if (chunk) return controller.enqueue(chunk)
        } catch (error) {
          await end?.()
          throw error
        }
        await end?.()
        controller.close()
      },
      async cancel() {
        await stop()
        await end?.()
      },
    },
    { highWaterMark: 0 },
  )
  // What is made for this answer goes when the next is asked for: nothing of it is read ahead.
  if (!end) sources.set(stream, { next, stop })
  return stream
}

/**
 * What a body of ours is made from, some chunks ahead, for whoever writes it to a socket himself and leaves the stream alone. Through the
 * stream each chunk waits for its file.
 */
export function chunksOfBody(body: ReadableStream<Uint8Array>): BodyChunks | undefined {
  const source = sources.get(body)
  if (!source) return undefined
  const underWay: Array<Promise<Uint8Array | undefined>> = []
  const fill = (most: number) => {
    while (underWay.length < most) {
      const chunk = source.next()
      // Heard when it is asked for.
      chunk.catch(() => {})
      underWay.push(chunk)
    }
  }
  let begun = false
  return {
    next() {
      if (!begun) {
        begun = true
        // The first does not wait for others to be read.
        const first = source.next()
        first.then(
          () => fill(AHEAD.most),
          () => {},
        )
        return first
      }
      if (underWay.length <= AHEAD.least) fill(AHEAD.most)
      return underWay.shift() ?? source.next()
    },
    stop: source.stop,
  }
}

async function* gather(parts: Iterable<Part> | AsyncIterable<Part>): AsyncGenerator<Gathered, undefined> {
  let gathered: Gathered = { parts: [], bytes: 0 }
  const take = () => {
    const taken = gathered
    gathered = { parts: [], bytes: 0 }
    return taken
  }
  for await (const part of parts) {
    if (part instanceof Uint8Array && part.length >= ENOUGH_BYTES) {
      // Whole, for its memory is used again once it was sent (`bufferPool.ts`).
      if (gathered.bytes > 0) yield take()
      yield { parts: [part], bytes: part.length }
      continue
    }
    for (let done = 0; done < part.length; ) {
      const length = Math.min(part.length - done, CHUNK_BYTES - gathered.bytes)
      gathered.parts.push(cutPart(part, done, length))
      gathered.bytes += length
      done += length
      if (gathered.bytes === CHUNK_BYTES) yield take()
    }
    const goesSoon = 'source' in part
    if (gathered.bytes >= (goesSoon ? 1 : ENOUGH_BYTES)) yield take()
  }
  if (gathered.bytes > 0) yield take()
}

async function read({ parts, bytes }: Gathered, files: FileHandles): Promise<Uint8Array> {
  const [only] = parts
  if (only instanceof Uint8Array && parts.length === 1) return only
  const chunk = takeSharedBuffer(bytes)
  let at = 0
  for (const part of parts) {
    if (part instanceof Uint8Array) chunk.set(part, at)
    else if ('place' in part) await files.readOnce(part.place, [chunk.subarray(at, at + part.length)], part.offset)
    else await part.source.read([chunk.subarray(at, at + part.length)], part.offset)
    at += part.length
  }
  return chunk
}

/** `length` bytes of a part, from `from` on. */
export function cutPart(part: Part, from: number, length: number): Part {
  if (part instanceof Uint8Array) return part.subarray(from, from + length)
  return { ...part, offset: part.offset + from, length }
}

export interface MultipartPart {
  contentType: string
  location?: string
  parts: Part[]
}

/**
 * A multipart/related answer (RFC 2387); `type` is the root part's media type without parameters. Where all bodies are known its
 * length is said. `end` as for `streamParts`.
 */
export function multipartResponse(
  type: string,
  bodies: MultipartPart[] | AsyncIterable<MultipartPart>,
  files: FileHandles,
  end?: () => Promise<unknown>,
): Response {
  const boundary = randomUUID()
  const close = Buffer.from(`\r\n--${boundary}--\r\n`)
  async function* parts(): AsyncGenerator<Part> {
    let separator = ''
    for await (const body of bodies) {
      yield headOf(body, separator, boundary)
      yield* body.parts
      separator = SEPARATOR
    }
    yield close
  }
  const headers = new Headers({ 'content-type': `multipart/related; type="${type}"; boundary=${boundary}` })
  if (Array.isArray(bodies)) {
    const lengths = bodies.map(
      (body, at) => headOf(body, at > 0 ? SEPARATOR : '', boundary).length + lengthOf(body.parts),
    )
    headers.set('content-length', String(lengths.reduce((sum, length) => sum + length, close.length)))
  }
  return new Response(streamParts(parts(), files, end), { headers })
}

const SEPARATOR = '\r\n'

function headOf({ contentType, location }: MultipartPart, separator: string, boundary: string): Buffer {
  const where = location ? `Content-Location: ${location}\r\n` : ''
  return Buffer.from(`${separator}--${boundary}\r\nContent-Type: ${contentType}\r\n${where}\r\n`)
}

export function lengthOf(parts: Part[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
