import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet, type ElementSpan, readElements } from '../../../shared/dicom/reader.ts'
import { spliceHeader } from '../../../shared/dicom/splice.ts'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import type { StoredObject } from '../store/index.ts'
import type { FrameReader } from './frameReader.ts'

/** Most headers are under 16 KiB; one read of this size has nearly all of them. */
const FIRST_READ = 64 * 1024
/** Enhanced multi-frame objects carry their functional groups here: tens of MiB for thousands of frames. */
const LARGEST_HEADER = 256 * 1024 * 1024
/** Float pixels; double float (7FE0,0009) and integer ones (7FE0,0010) come after. PS3.3 C.7.6.3, C.7.6.24. */
const FIRST_PIXEL_TAG = 0x7fe00008
const PIXEL_TAGS = [0x7fe00008, 0x7fe00009, 0x7fe00010]

/**
 * What stands before the pixels of a stored object, without reading the pixels, as it was received. Spans are relative to the data set's first
 * byte. A damaged object gives what can be read. Throws 'not-found', 'malformed', 'too-large'.
 */
export async function readReceivedHeader(object: StoredObject, reader: FrameReader): Promise<DataSet> {
  const encoding = encodingOf(object.TransferSyntaxUID)
  const stop = { stopAt: FIRST_PIXEL_TAG }
  if (transferSyntax(object.TransferSyntaxUID).deflated) {
    return DataSet.read(await reader.inflatedDataSet(object), encoding, stop)
  }
  const most = Math.min(object.dataSetLength, LARGEST_HEADER)
  for (let length = Math.min(FIRST_READ, most); ; length = Math.min(length * 4, most)) {
    const bytes = await reader.ranges(object, [[object.dataSetOffset, length]])
    const dataSet = DataSet.read(bytes, encoding, stop)
    // Bytes that end exactly between two elements are not known to be cut.
    if ((!dataSet.truncated && dataSet.end < length) || length >= most) return dataSet
  }
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
