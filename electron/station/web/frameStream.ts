import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import { FRAME_HEADER_BYTES, type FrameOrder, writeFrameHeader } from '../../../shared/viewing/frameStream.ts'
import type { FrameLocation, StoreReader } from '../store/index.ts'
import type { FrameReader } from './frameReader.ts'

/** First a small batch, so that the first byte does not wait for the whole order; then large ones, one ahead. */
const FIRST_BATCH = 16
const BATCH = 256
/** Reads under way: hides the disk's latency. More only costs memory, the client takes one frame after the other. */
const READ_AHEAD = 6
const READ_AHEAD_BYTES = 32 * 1024 * 1024

export interface FrameStreamDeps {
  locateFrames: StoreReader['locateFrames']
  reader: Pick<FrameReader, 'frame'>
  /** Told once for every frame that was handed on. */
  onFrame?(bytes: number): void
}

/**
 * The ordered frame stream (shared/viewing/frameStream.ts). Frames are read a few ahead of what the client takes; when it
 * stops taking, reading stops; when it goes away, nothing more is begun. A frame that can't be had is a record with its HTTP
 * status, and the stream goes on.
 */
export function frameStream(order: FrameOrder, deps: FrameStreamDeps): ReadableStream<Uint8Array> {
  let cancelled = false
  const records = readAhead(order, deps, () => cancelled)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await records.next()
        if (done || cancelled) return cancelled ? undefined : controller.close()
        deps.onFrame?.(value.byteLength)
        controller.enqueue(value)
      },
      cancel() {
        cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
}

type Ordered = FrameOrder['frames'][number]

async function* readAhead(
  order: FrameOrder,
  deps: FrameStreamDeps,
  isCancelled: () => boolean,
): AsyncGenerator<Buffer> {
  const underWay: Array<{ record: Promise<Buffer>; bytes: number }> = []
  let bytesUnderWay = 0
  const next = async () => {
    const first = underWay.shift()
    bytesUnderWay -= first?.bytes ?? 0
    return first?.record ?? Buffer.alloc(0)
  }
  for await (const located of locatedAhead(order.frames, deps)) {
    for (const { wanted, location, failure } of located) {
      if (isCancelled()) return
      const bytes = location ? sizeOf(location) : 0
      while (underWay.length >= READ_AHEAD || (underWay.length > 0 && bytesUnderWay + bytes > READ_AHEAD_BYTES)) {
        yield await next()
        if (isCancelled()) return
      }
      underWay.push({ record: toRecord(wanted[2], location, failure, deps.reader), bytes })
      bytesUnderWay += bytes
    }
  }
  while (underWay.length > 0 && !isCancelled()) yield await next()
}

interface Located {
  wanted: Ordered
  location: FrameLocation | null
  failure?: unknown
}

/** The batches of an order with their places; the next one is asked for while this one is read. */
async function* locatedAhead(frames: Ordered[], { locateFrames }: FrameStreamDeps): AsyncGenerator<Located[]> {
  const locate = async (batch: Ordered[]): Promise<Located[]> => {
    try {
      const locations = await locateFrames(batch.map(([contentId, frame]) => [contentId, frame]))
      return batch.map((wanted, i) => ({ wanted, location: locations[i] ?? null }))
    } catch (failure) {
      return batch.map(wanted => ({ wanted, location: null, failure }))
    }
  }
  let at = Math.min(FIRST_BATCH, frames.length)
  let pending = locate(frames.slice(0, at))
  for (;;) {
    const located = await pending
    const more = at < frames.length
    if (more) {
      pending = locate(frames.slice(at, at + BATCH))
      at += BATCH
    }
    yield located
    if (!more) return
  }
}

/** Never rejects: what went wrong is the record. */
async function toRecord(
  tag: number,
  location: FrameLocation | null,
  failure: unknown,
  reader: Pick<FrameReader, 'frame'>,
): Promise<Buffer> {
  try {
    if (failure !== undefined) throw failure
    if (!location) throw new IsocenterError('not-found', 'no such frame')
    const record = await reader.frame(location, FRAME_HEADER_BYTES)
    record.set(writeFrameHeader({ tag, status: 0, length: record.length - FRAME_HEADER_BYTES }))
    return record
  } catch (thrown) {
    const error = toIsocenterError(thrown)
    const sentence = Buffer.from(error.code === 'internal' ? 'The frame could not be read.' : error.message)
    return Buffer.concat([writeFrameHeader({ tag, status: error.httpStatus, length: sentence.length }), sentence])
  }
}

function sizeOf(location: FrameLocation): number {
  if (location.kind === 'inflate') return location.inflatedLength
  return location.ranges.reduce((sum, range) => sum + range[1], 0)
}
