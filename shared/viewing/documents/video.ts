import { readItems } from '../../dicom/elements.ts'
import type { DataSet } from '../../dicom/reader.ts'

/** The wrapping a video stream comes in, by its first bytes; a bare stream has none. */
export type VideoContainer = 'mp4' | 'transport stream' | 'program stream' | 'bare stream'

export interface Video {
  /** The stream's pieces, in order: views of the object's bytes. */
  fragments: Uint8Array[]
  container: VideoContainer
  /** Of an MP4: what a browser is asked by whether it plays it; undefined where it does not say. */
  codec: VideoCodec | undefined
}

/** The picture track of an MP4. */
interface VideoCodec {
  /** RFC 6381: 'avc1.640029', 'hvc1.1.6.L93.B0'. */
  name: string
  width: number
  height: number
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
  if (start === undefined) return undefined
  const container = containerOf(start)
  return { fragments, container, codec: container === 'mp4' ? codecOf(start) : undefined }
}

/** Boxes of ISO/IEC 14496-12 that lie in one another on the way to a track's sample description. */
const INSIDE = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl'])
const MOST_BOXES = 10_000

/** Of the first fragment, which as a rule is all; what is cut into more, with its tracks behind the pictures, does not say. */
function codecOf(bytes: Uint8Array): VideoCodec | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const nameAt = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
  let left = MOST_BOXES
  const walk = (from: number, end: number): VideoCodec | undefined => {
    let at = from
    while (at + 8 <= end && left-- > 0) {
      const short = view.getUint32(at)
      const isLong = short === 1 && at + 16 <= end
      const size = short === 0 ? end - at : isLong ? Number(view.getBigUint64(at + 8)) : short
      const body = at + (isLong ? 16 : 8)
      if (size < 8 || at + size > end) return undefined
      const kind = nameAt(at + 4)
      const found = INSIDE.has(kind)
        ? walk(body, at + size)
        : kind === 'stsd'
          ? sampleEntry(body + 8, at + size)
          : undefined
      if (found !== undefined) return found
      at += size
    }
    return undefined
  }
  // 8 bytes of header, 78 of a visual sample entry, then its boxes; the first of them says how it is coded.
  const sampleEntry = (at: number, end: number): VideoCodec | undefined => {
    const setup = at + 86
    if (setup + 21 > end) return undefined
    const [width, height] = [view.getUint16(at + 32), view.getUint16(at + 34)]
    const inside = nameAt(setup + 4)
    const record = bytes.subarray(setup + 8, end)
    const parameters = inside === 'avcC' ? avcName(record) : inside === 'hvcC' ? hevcName(record) : undefined
    return parameters === undefined ? undefined : { name: `${nameAt(at + 4)}.${parameters}`, width, height }
  }
  return walk(0, bytes.length)
}

const hex = (value: number) => value.toString(16).padStart(2, '0')

/** ISO/IEC 14496-15 §5.3.3.1: profile, compatibility, level. */
function avcName(record: Uint8Array): string {
  return [...record.subarray(1, 4)].map(hex).join('')
}

/** ISO/IEC 14496-15 annex E.3: profile, compatibility flags in reverse order, tier and level, constraints. */
function hevcName(record: Uint8Array): string {
  const first = record[1] ?? 0
  const space = ['', 'A', 'B', 'C'][first >> 6] ?? ''
  let flags = 0
  for (let bit = 0; bit < 32; bit++) flags |= (((record[2 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) << bit
  const constraints = [...record.subarray(6, 12)]
  while (constraints.at(-1) === 0) constraints.pop()
  const tier = (first >> 5) & 1 ? 'H' : 'L'
  const rest = constraints.map(one => one.toString(16).toUpperCase())
  return [`${space}${first & 31}`, (flags >>> 0).toString(16).toUpperCase(), `${tier}${record[12]}`, ...rest].join('.')
}

function containerOf(bytes: Uint8Array): VideoContainer {
  if (String.fromCharCode(...bytes.subarray(4, 8)) === 'ftyp') return 'mp4'
  if (bytes[0] === 0x47 && (bytes.length < 189 || bytes[188] === 0x47)) return 'transport stream'
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1 && bytes[3] === 0xba) return 'program stream'
  return 'bare stream'
}
