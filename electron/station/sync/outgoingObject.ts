import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { spliceHeader } from '../../../shared/dicom/splice.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { inflateLimit, inflateStart } from '../base/inflate.ts'
import type { FileHandles, OutboxItem } from '../store/index.ts'
import type { DataSource } from '../wire/framing.ts'
import { overlaid } from '../wire/overlaid.ts'

const CHUNK_BYTES = 256 * 1024
/** File Meta has some hundred bytes; private information may make it larger, to this. */
const LONGEST_META = 2 ** 20 + 2 ** 16
/** A deflated object that was moved is made anew in memory. */
const LONGEST_DEFLATED = 64 * 2 ** 20
const LONGEST_INFLATED = 512 * 2 ** 20

const deflate = promisify(deflateRaw)

/** An object's Part-10 file as it leaves: File Meta as stored, the data set as it is shown. */
export interface OutgoingObject {
  meta: Uint8Array
  dataSet: DataSource
}

/** Rejects with 'not-found', 'malformed', 'volume-unavailable', 'too-large' where it cannot be read here. */
export async function openOutgoing(item: OutboxItem, files: Pick<FileHandles, 'read'>): Promise<OutgoingObject> {
  const { fileOffset, dataSetOffset, dataSetLength, overlay, TransferSyntaxUID } = item
  const length = dataSetOffset - fileOffset
  if (length < 0 || length > LONGEST_META) throw new IsocenterError('malformed', 'its File Meta')
  const meta = Buffer.alloc(length)
  await files.read(item, meta, fileOffset)
  const stored: DataSource = {
    length: dataSetLength,
    read: (targets, from) => files.read(item, targets, dataSetOffset + from),
  }
  if (!overlay) return { meta, dataSet: stored }
  if (!transferSyntax(TransferSyntaxUID).deflated) {
    return { meta, dataSet: await overlaid(stored, TransferSyntaxUID, overlay) }
  }
  return { meta, dataSet: await deflatedAnew(stored, TransferSyntaxUID, overlay) }
}

/** Deflated as a whole (PS3.5 §A.5), so it is made anew as a whole. */
async function deflatedAnew(
  stored: DataSource,
  TransferSyntaxUID: string,
  { values, at }: NonNullable<OutboxItem['overlay']>,
): Promise<DataSource> {
  const limit = inflateLimit(stored.length, LONGEST_INFLATED)
  if (stored.length > LONGEST_DEFLATED) throw new IsocenterError('too-large', 'deflated, and moved since')
  const bytes = Buffer.alloc(stored.length)
  await stored.read([bytes], 0)
  const inflated = await inflateStart(bytes, limit)
  if (inflated.length >= limit) throw new IsocenterError('too-large', 'deflated, and moved since')
  const { head, rest } = spliceHeader(DataSet.read(inflated, encodingOf(TransferSyntaxUID)), values, at)
  return sourceOf(await deflate(Buffer.concat([head, inflated.subarray(rest)])))
}

function sourceOf(bytes: Buffer): DataSource {
  return {
    length: bytes.length,
    async read(targets, from) {
      let at = from
      for (const target of targets) at += bytes.copy(target, 0, at, at + target.length)
    },
  }
}

/** Two, to be read into in turn; of one source after the other. Threads share them. */
export function chunkBuffers(): Buffer[] {
  return [0, 1].map(() => Buffer.from(new SharedArrayBuffer(CHUNK_BYTES)))
}

/** Its bytes in order, the next read while one is used: a chunk is good until the next is asked for. */
export async function* chunksOf(source: DataSource, buffers = chunkBuffers()): AsyncGenerator<Buffer> {
  const { length } = source
  const readAt = (at: number): Promise<Buffer> | undefined => {
    if (at >= length) return undefined
    const target = (buffers[(at / CHUNK_BYTES) % 2] as Buffer).subarray(0, Math.min(CHUNK_BYTES, length - at))
    const reading = source.read([target], at).then(() => target)
    // Whoever never asks for it need not hear that it failed.
    reading.catch(() => {})
    return reading
  }
  let reading = readAt(0)
  for (let at = 0; reading; at += CHUNK_BYTES) {
    const chunk = await reading
    reading = readAt(at + CHUNK_BYTES)
    yield chunk
  }
}

/** SHA-256 of all that a source has, in hexadecimal. */
export async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}
