import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { spliceHeader } from '../../../shared/dicom/splice.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import type { StoredObject } from '../store/index.ts'
import { cutPart, type Part } from './bodyParts.ts'
import type { FrameReader } from './frameReader.ts'
import { readReceivedHeader } from './headerReader.ts'

const deflate = promisify(deflateRaw)

/**
 * A stored object's Part-10 file as it leaves the station: a range of its file, or for what was moved its File Meta, a header with
 * the values it is shown with, and the rest of its file, pixels and all, as it was received.
 */
export async function objectParts(object: StoredObject, reader: FrameReader): Promise<Part[]> {
  const { fileOffset, dataSetOffset, dataSetLength, overlay } = object
  if (!overlay) return [receivedFile(object)]
  const meta: Part = { place: object, offset: fileOffset, length: dataSetOffset - fileOffset }
  if (transferSyntax(object.TransferSyntaxUID).deflated) {
    // Deflated as a whole (PS3.5 §A.5), so it is made anew as a whole.
    const inflated = await reader.inflatedDataSet(object)
    const dataSet = DataSet.read(inflated, encodingOf(object.TransferSyntaxUID))
    const { head, rest } = spliceHeader(dataSet, overlay.values, overlay.at)
    return [meta, await deflate(Buffer.concat([head, inflated.subarray(rest)]))]
  }
  const received = await readReceivedHeader(object, reader)
  const { head, rest } = spliceHeader(received, overlay.values, overlay.at)
  return [meta, head, { place: object, offset: dataSetOffset + rest, length: dataSetLength - rest }]
}

/** The file as it is: what leaves when nothing was moved. */
export function receivedFile(object: StoredObject): Part {
  const { fileOffset, dataSetOffset, dataSetLength } = object
  return { place: object, offset: fileOffset, length: dataSetOffset - fileOffset + dataSetLength }
}

/** Bytes `first` to `last` of what the parts make together. */
export function cutParts(parts: Part[], first: number, last: number): Part[] {
  const cut: Part[] = []
  let at = 0
  for (const part of parts) {
    const from = Math.max(0, first - at)
    const to = Math.min(part.length, last + 1 - at)
    at += part.length
    if (from < to) cut.push(cutPart(part, from, to - from))
  }
  return cut
}
