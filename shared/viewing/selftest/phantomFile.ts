import { type InstanceHeader, readInstanceHeader } from '../../dicom/instanceHeader.ts'
import { readFileMeta } from '../../dicom/part10.ts'
import { swapped } from '../../dicom/reencode.ts'
import { transferSyntax } from '../../dicom/uids.ts'

/** A file of the self-test as the counter would give it: what its header says, and its one frame. */
export interface PhantomFile {
  TransferSyntaxUID: string
  header: InstanceHeader
  /** Native little endian, or the codestream. */
  frame: Uint8Array<ArrayBuffer>
}

/**
 * Reads one of our own files of a single frame (Part 10). `inflate` undoes a raw deflate stream (PS3.5 §A.5). Rejects with an Error
 * in words when it is none.
 */
export async function readPhantomFile(
  file: Uint8Array,
  inflate: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<PhantomFile> {
  const meta = readFileMeta(file)
  if (meta === null) throw new Error('The phantom is not a DICOM file.')
  const { TransferSyntaxUID } = meta
  const { deflated, bigEndian } = transferSyntax(TransferSyntaxUID)
  const body = file.subarray(meta.dataSetOffset)
  const bytes = deflated ? await inflate(body) : body
  const header = readInstanceHeader(bytes, TransferSyntaxUID)
  const { pixels, attributes } = header
  if (pixels === null) throw new Error('The phantom has no pixels.')
  const value = bytes.subarray(pixels.valueOffset)
  // Copied: an image keeps its frame, not the file.
  const frame = pixels.undefinedLength ? codestreamOf(value) : new Uint8Array(value.subarray(0, pixels.length))
  const turned = bigEndian ? new Uint8Array(swapped(frame, (attributes.BitsAllocated ?? 16) / 8)) : frame
  return { TransferSyntaxUID, header, frame: turned }
}

const ITEM = 0xe000fffe

/** The fragments behind the Basic Offset Table, joined (PS3.5 §A.4). */
function codestreamOf(value: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const fragments: Uint8Array[] = []
  let at = 0
  while (at + 8 <= value.length && view.getUint32(at, true) === ITEM) {
    const length = view.getUint32(at + 4, true)
    fragments.push(value.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  const parts = fragments.slice(1)
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let filled = 0
  for (const part of parts) {
    joined.set(part, filled)
    filled += part.length
  }
  return joined
}
