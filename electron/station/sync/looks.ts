import { createHash } from 'node:crypto'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { openPart10 } from '../../../shared/dicom/part10Stream.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { FileHandles, OutboxItem } from '../store/index.ts'
import type { DataSource } from '../wire/framing.ts'
import { Pieces } from '../wire/pieces.ts'
import type { Carrier, Look } from './carrier.ts'
import { differences } from './differences.ts'
import { chunksOf, openOutgoing, sha256Of } from './outgoingObject.ts'

/** One way to see what an archive holds. */
export type Looks = Pick<Carrier, 'look' | 'remove'>

/** A look without its object. */
type Bare<T> = T extends unknown ? Omit<T, 'contentId'> : never
export type Sight = Bare<Look>

/** Requests at once; an archive has others to serve. */
const AT_ONCE = 4
/** What was encoded anew is compared in memory, element by element, up to this; a CT slice has 0.5 MiB. */
const LARGEST_COMPARED = 64 * 2 ** 20
/** To this it is kept while its checksum is taken: what turns out to be written anew need not come twice. */
const LARGEST_KEPT = 4 * 2 ** 20

/** An answer for each, in order; what cannot be seen is 'unknown', and says why. */
export async function lookAtEach(
  items: readonly OutboxItem[],
  look: (item: OutboxItem) => Promise<Sight>,
  signal: AbortSignal,
): Promise<Look[]> {
  const looks: Look[] = []
  let next = 0
  const work = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at] as OutboxItem
      const { contentId } = item
      const sight = signal.aborted ? unknownSight('given up') : await look(item).catch(toUnknown)
      looks[at] = { contentId, ...sight }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work))
  return looks
}

export function unknownSight(reason: string): Sight {
  return { kind: 'unknown', reason }
}

export function toUnknown(thrown: unknown): Sight {
  const { detail, message } = toIsocenterError(thrown)
  return unknownSight(detail ?? message)
}

/** Its own words about what cannot be parsed would quote it. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new IsocenterError('peer-failed', 'what it answered is not JSON')
  }
}

/** What an archive gave back: of its data set the SHA-256, and the bytes where they were asked for and are not too many. */
interface Fetched {
  TransferSyntaxUID: string
  sha256: string
  bytes: Buffer | undefined
}

/** Takes a data set that comes back, piece by piece. */
export class Taking {
  readonly #hash = createHash('sha256')
  #pieces: Pieces | undefined

  constructor(collect: boolean) {
    this.#pieces = collect ? new Pieces() : undefined
  }

  take(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    if (this.#pieces && this.#pieces.length + chunk.length > LARGEST_COMPARED) this.#pieces = undefined
    this.#pieces?.add(chunk)
  }

  done(TransferSyntaxUID: string): Fetched {
    return { TransferSyntaxUID, sha256: this.#hash.digest('hex'), bytes: this.#pieces?.take() }
  }
}

/** Of a Part-10 file as it comes; null where it is none. */
export async function takePart10(chunks: AsyncIterable<Uint8Array>, collect: boolean): Promise<Fetched | null> {
  const stream = await openPart10(chunks)
  if (!stream) return null
  const taking = new Taking(collect)
  for await (const chunk of stream.dataSet) taking.take(chunk)
  return taking.done(stream.meta.TransferSyntaxUID)
}

/**
 * Whether what an archive gives is what was sent: by the SHA-256 of its data set; where that is another, element by element, for
 * many write anew what they receive. `fetch` may be called twice; null = it gave something that is not DICOM.
 */
export async function compareFetched(
  item: OutboxItem,
  files: Pick<FileHandles, 'read'>,
  fetch: (collect: boolean) => Promise<Fetched | null>,
): Promise<Sight> {
  const first = await fetch(item.dataSetLength <= LARGEST_KEPT)
  if (!first) return unknownSight('what it gives is not DICOM')
  const { sha256, TransferSyntaxUID: theirs } = first
  if (sha256 === item.sentSha256) return { kind: 'there', proof: 'equal', reason: '' }
  const { dataSet } = await openOutgoing(item, files)
  if (item.sentSha256 === '' && sha256 === (await sha256Of(chunksOf(dataSet)))) {
    return { kind: 'there', proof: 'equal', reason: '' }
  }
  if (!isComparable(theirs, item.TransferSyntaxUID)) {
    const kept = transferSyntax(theirs).name
    return { kind: 'there', proof: 'present', reason: `it keeps it in another transfer syntax (${kept})` }
  }
  const bytes = dataSet.length > LARGEST_COMPARED ? undefined : (first.bytes ?? (await fetch(true))?.bytes)
  if (!bytes) return { kind: 'there', proof: 'present', reason: 'it was encoded anew, and is too large to be compared' }
  const ours = DataSet.read(await bytesOf(dataSet), encodingOf(item.TransferSyntaxUID))
  const other = differences(ours, DataSet.read(bytes, encodingOf(theirs)))
  if (other.length === 0) return { kind: 'there', proof: 'equal', reason: 'encoded anew, every element is equal' }
  return { kind: 'other', reason: `it holds another version under this UID: ${other.join(', ')}` }
}

/** Elements have the same values in both, whatever stands around them. */
function isComparable(a: string, b: string): boolean {
  if (a === b) return !transferSyntax(a).deflated
  return [a, b].every(uid => {
    const { encapsulated, deflated, bigEndian } = transferSyntax(uid)
    return !encapsulated && !deflated && !bigEndian
  })
}

async function bytesOf(source: DataSource): Promise<Buffer> {
  const bytes = Buffer.alloc(source.length)
  await source.read([bytes], 0)
  return bytes
}
