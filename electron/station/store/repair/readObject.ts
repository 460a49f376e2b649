import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type AeProfiles, profileOf } from '../../../../shared/config.ts'
import { readFileMeta } from '../../../../shared/dicom/part10.ts'
import { normaliseUID } from '../../../../shared/dicom/uids.ts'
import { IsocenterError } from '../../../../shared/errors.ts'
import { readUpTo } from '../../base/readUpTo.ts'
import type { FragmentWalker } from '../fragmentWalker.ts'
import type { Origin } from '../index.ts'
import { checkIdentity, describePixels, MAX_HEADER_BYTES, readObjectHeader } from '../objectHeader.ts'
import type { PlacedObject } from '../receivedObject.ts'
import { walkerFor } from '../spill.ts'

const HEAD_BYTES = 256 << 10
const BLOCK_BYTES = 1 << 20

/** What may pass between two blocks of a file, to keep a rate. */
export type Pace = (bytes: number) => Promise<void>

export interface FileToRead {
  contentId: number
  /** The opened file, its name (relative to the data folder, or with its volume's root before it), where in it the Part-10 file begins, its length. */
  handle: FileHandle
  file: string
  volume: number
  root: string
  offset: number
  size: number
}

/** What an index said of it before; what a Part-10 file doesn't say. */
export interface Remembered {
  received: number
  origin: Origin
  length: number
  crc: number | null
  sha256: Uint8Array
}

/**
 * The object of one Part-10 file of ours, as its rows are made from it: the counterpart of receiving for bytes that lie at their
 * place already. Only its header is read, and the rest where the fragments of encapsulated pixels have to be found or when
 * `whole` is asked for. `differs`: it is not what it was `before`. Rejects with 'not-dicom', 'malformed' or 'invalid-uid', or the
 * disk's error.
 */
export async function readObject(
  { contentId, handle, file, volume, root, offset, size }: FileToRead,
  profiles: AeProfiles,
  whole: boolean,
  before: Remembered | undefined,
  pace: Pace,
): Promise<{ object: PlacedObject; differs: boolean }> {
  const { mtimeMs } = await handle.stat()
  const head = await readUpTo(handle, offset, Math.min(size, HEAD_BYTES))
  const meta = readFileMeta(head)
  if (!meta) throw new IsocenterError('not-dicom')
  const { TransferSyntaxUID, dataSetOffset: metaLength } = meta
  const length = size - metaLength
  const sendingAET = meta.meta.string('SendingApplicationEntityTitle')
  const { SpecificCharacterSet, IssuerOfPatientID, conflictPolicy } = profileOf(profiles, sendingAET)
  const assumed = sendingAET === '' ? undefined : { SpecificCharacterSet, IssuerOfPatientID }
  const dataSet = head.subarray(metaLength)
  let header = await readObjectHeader(dataSet, TransferSyntaxUID, assumed)
  if (!header.pixels && dataSet.length < length) {
    const more = await readUpTo(handle, offset + metaLength, Math.min(length, MAX_HEADER_BYTES))
    header = await readObjectHeader(more, TransferSyntaxUID, assumed)
  }
  checkIdentity(header, '')
  const walker = walkerFor(header, TransferSyntaxUID)
  const data = { handle, offset: offset + metaLength, length }
  const sums = whole ? await checksums(data, pace, walker, header.pixels?.valueOffset) : undefined
  if (!whole && walker) await walk(data, walker, header.pixels?.valueOffset ?? 0, pace)
  const { framePlan, unshowable, truncated } = describePixels(header, TransferSyntaxUID, length, walker)
  const differs =
    before !== undefined && (before.length !== length || (sums !== undefined && !isAsBefore(before, sums)))
  // What was received is what counts, not what lies here now.
  const { crc, sha256 } = (differs ? before : (sums ?? before)) ?? { crc: null, sha256: new Uint8Array() }
  const { attributes, ...told } = header
  const object: PlacedObject = {
    contentId,
    file,
    offset,
    metaLength,
    length,
    crc,
    TransferSyntaxUID,
    attributes: JSON.stringify(attributes),
    header: {
      ...told,
      SOPClassUID: header.SOPClassUID || normaliseUID(meta.MediaStorageSOPClassUID),
      flags: truncated ? [...header.flags, 'truncated'] : header.flags,
    },
    framePlan,
    unshowable,
    received: before?.received ?? Math.floor(mtimeMs),
    origin:
      before?.origin ??
      originOf(meta.SourceApplicationEntityTitle, sendingAET, meta.meta.string('ReceivingApplicationEntityTitle')),
    showLatest: conflictPolicy === 'showLatest' && sendingAET !== '',
    adopted: { volume, root, state: 'whole', sha256 },
  }
  return { object, differs }
}

/** The address isn't in the file; the door is the one that leaves these titles. */
function originOf(sourceAET: string, sendingAET: string, receivingAET: string): Origin {
  const door = sendingAET !== '' ? 'dimse' : sourceAET === 'SYNTHETIC' ? 'sample' : 'import'
  return { door, sourceAET, sendingAET, receivingAET, address: '' }
}

/** Whether the bytes are those that an index knew; what it did not know is no difference. */
export function isAsBefore(
  before: { crc: number | null; sha256: Uint8Array },
  now: { crc: number; sha256: Uint8Array },
): boolean {
  if (before.crc !== null && before.crc !== now.crc) return false
  return before.sha256.length === 0 || Buffer.from(before.sha256).equals(now.sha256)
}

interface DataSetBytes {
  handle: FileHandle
  offset: number
  length: number
}

/** Of a data set; a file that ends before gives those of what there is. */
export async function checksums(
  data: DataSetBytes,
  pace: Pace,
  walker?: FragmentWalker,
  pixels = 0,
): Promise<{ crc: number; sha256: Uint8Array }> {
  const hash = createHash('sha256')
  let crc = 0
  await everyBlock(data, 0, pace, (block, at) => {
    crc = crc32(block, crc)
    hash.update(block)
    if (at + block.length > pixels) walker?.feed(block.subarray(Math.max(0, pixels - at)))
    return true
  })
  return { crc, sha256: Uint8Array.from(hash.digest()) }
}

async function walk(data: DataSetBytes, walker: FragmentWalker, pixels: number, pace: Pace): Promise<void> {
  await everyBlock(data, pixels, pace, block => {
    walker.feed(block)
    return !walker.ended && !walker.damage
  })
}

async function everyBlock(
  { handle, offset, length }: DataSetBytes,
  from: number,
  pace: Pace,
  next: (block: Buffer, at: number) => boolean,
): Promise<void> {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, Math.max(1, length - from)))
  for (let at = from; at < length; ) {
    const { bytesRead } = await handle.read(block, 0, Math.min(block.length, length - at), offset + at)
    if (bytesRead === 0 || !next(block.subarray(0, bytesRead), at)) return
    at += bytesRead
    await pace(bytesRead)
  }
}
