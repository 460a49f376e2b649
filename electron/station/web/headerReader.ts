import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { FIRST_PIXEL_TAG, headerOf } from '../../../shared/dicom/headerOf.ts'
import { DataSet, type ElementSpan, readElements } from '../../../shared/dicom/reader.ts'
import { spliceHeader } from '../../../shared/dicom/splice.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import type { StoredObject } from '../store/index.ts'
import type { FrameReader } from './frameReader.ts'

const PIXEL_TAGS = [0x7fe00008, 0x7fe00009, 0x7fe00010]

/**
 * What stands before the pixels of a stored object, without reading the pixels, as it was received. Spans are relative to the data set's first
 * byte. A damaged object gives what can be read. Throws 'not-found', 'malformed', 'too-large'.
 */
export async function readReceivedHeader(object: StoredObject, reader: FrameReader): Promise<DataSet> {
  const encoding = encodingOf(object.TransferSyntaxUID)
  if (transferSyntax(object.TransferSyntaxUID).deflated) {
    return DataSet.read(await reader.inflatedDataSet(object), encoding, { stopAt: FIRST_PIXEL_TAG })
  }
  return headerOf(object.dataSetLength, encoding, length => reader.ranges(object, [[object.dataSetOffset, length]]))
}

/** The same as it is shown: of what was moved, with its patient's and study's values put in. Spans are those of the new bytes. */
export async function readHeader(object: StoredObject, reader: FrameReader): Promise<DataSet> {
  const received = await readReceivedHeader(object, reader)
  if (!object.overlay) return received
  const { head, rest } = spliceHeader(received, object.overlay.values, object.overlay.at)
  const bytes = Buffer.concat([head, received.source.subarray(rest)])
  return DataSet.read(bytes, received.encoding, { stopAt: FIRST_PIXEL_TAG })
}

/** The element that holds the pixels of a data set read by `readHeader`; its value is not in the bytes. */
export function pixelSpan(dataSet: DataSet): ElementSpan | undefined {
  const last = dataSet.elements.at(-1)
  if (last && PIXEL_TAGS.includes(last.tag)) return last
  const next = { offset: dataSet.end, stopAt: 0x7fe00010, maxElements: 1 }
  const { elements } = readElements(dataSet.source, dataSet.encoding, next)
  return elements.find(span => PIXEL_TAGS.includes(span.tag))
}
