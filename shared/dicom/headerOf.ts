import type { Encoding } from './encoding.ts'
import { DataSet } from './reader.ts'

/** Most headers are under 16 KiB; one read of this size has nearly all of them. */
const FIRST_READ = 64 * 1024
/** Enhanced multi-frame objects carry their functional groups here: tens of MiB for thousands of frames. */
const LARGEST_HEADER = 256 * 1024 * 1024
/** Float pixels; double float (7FE0,0009) and integer ones (7FE0,0010) come after. PS3.3 C.7.6.3, C.7.6.24. */
export const FIRST_PIXEL_TAG = 0x7fe00008

/**
 * What stands before the pixels of a data set of `total` bytes that is not deflated, without reading the pixels. `read` gives its
 * first bytes, as many as it is asked for. A damaged one gives what can be read; what `read` throws is thrown.
 */
export async function headerOf(
  total: number,
  encoding: Encoding,
  read: (length: number) => Promise<Uint8Array>,
): Promise<DataSet> {
  const most = Math.min(total, LARGEST_HEADER)
  for (let length = Math.min(FIRST_READ, most); ; length = Math.min(length * 4, most)) {
    const dataSet = DataSet.read(await read(length), encoding, { stopAt: FIRST_PIXEL_TAG })
    // Bytes that end exactly between two elements are not known to be cut.
    if ((!dataSet.truncated && dataSet.end < length) || length >= most) return dataSet
  }
}
