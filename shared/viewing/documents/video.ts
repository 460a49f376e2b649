import { readItems } from '../../dicom/elements.ts'
import type { DataSet } from '../../dicom/reader.ts'

/** The wrapping a video stream comes in, by its first bytes; a bare stream has none. */
export type VideoContainer = 'mp4' | 'transport stream' | 'program stream' | 'bare stream'

export interface Video {
  /** The stream's pieces, in order: views of the object's bytes. */
  fragments: Uint8Array[]
  container: VideoContainer
}

const PIXEL_DATA = 0x7fe00010
const MOST_FRAGMENTS = 100_000

/** The one stream of a video object (PS3.5 §8.2.5 to 8.2.8); undefined where the pixels are no fragments. */
export function readVideo(dataSet: DataSet): Video | undefined {
  const span = dataSet.span(PIXEL_DATA)
  if (!span?.undefinedLength) return undefined
  const fragments: Uint8Array[] = []
  const limit = Math.min(span.valueOffset + span.length, dataSet.source.length)
  let first = true
  for (const { offset, end } of readItems(dataSet.source, dataSet.encoding, span.valueOffset, limit, 0)) {
    // The Basic Offset Table.
    if (!first) fragments.push(dataSet.source.subarray(offset, end))
    first = false
    if (fragments.length >= MOST_FRAGMENTS) break
  }
  const [start] = fragments
  return start === undefined ? undefined : { fragments, container: containerOf(start) }
}

function containerOf(bytes: Uint8Array): VideoContainer {
  if (String.fromCharCode(...bytes.subarray(4, 8)) === 'ftyp') return 'mp4'
  if (bytes[0] === 0x47 && (bytes.length < 189 || bytes[188] === 0x47)) return 'transport stream'
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1 && bytes[3] === 0xba) return 'program stream'
  return 'bare stream'
}
