import { readPalette } from '../../dicom/lookupTable.ts'
import type { DataSet } from '../../dicom/reader.ts'
import type { LookupTable } from '../image.ts'
import { lookUp } from '../table.ts'
import { labToRGB, type RGB, spareColour } from './colours.ts'
import type { Mask } from './outline.ts'
import {
  type FrameGroup,
  frameSizes,
  type ImageReference,
  readFrameGroups,
  referencedSeries,
  type SeriesReference,
  sliceDistance,
  UnreadableObject,
} from './readPlanes.ts'
import type { Region, Slab } from './slabs.ts'

/** A segment with a place in the patient, on the images it was drawn on, or both. */
export interface Segment {
  number: number
  label: string
  /** Property type, algorithm: as the file words them. */
  about: string
  colour: RGB
  region: Region
  /** Its frames by the image they were drawn on: all there is where they have no place of their own. */
  onImages: Array<{ image: ImageReference; mask: () => Mask }>
}

export interface Segmentation {
  kind: 'segmentation'
  label: string
  /** '' = placed by its images alone. */
  FrameOfReferenceUID: string
  segments: Segment[]
  series: SeriesReference[]
  /** What a reader must know of it; '' = nothing. */
  note: string
}

const MOST_SEGMENTS = 65_535
/** Of a label map, values in all frames together: one of noise has thousands in each. */
const MOST_PLACES = 500_000

/**
 * A segmentation (PS3.3 A.51, A.90): binary, fractional (probability or occupancy: what is at least half counts as inside) and
 * label maps. Pixels are unpacked when a slice is asked for. Throws UnreadableObject.
 */
export function readSegmentation(dataSet: DataSet): Segmentation {
  const type = dataSet.string('SegmentationType')
  const groups = readFrameGroups(dataSet)
  const thickness = sliceDistance(groups)
  const described = new Map<number, DataSet>()
  for (const item of dataSet.items('SegmentSequence').slice(0, MOST_SEGMENTS)) {
    described.set(item.number('SegmentNumber') ?? 0, item)
  }
  // PS3.3 C.8.20.2: 0 is nothing, unless the object names it and fills with another value.
  const padding = dataSet.number('PixelPaddingValue')
  const background = new Set(padding === undefined || padding === 0 || !described.has(0) ? [0] : [])
  if (padding !== undefined) background.add(padding)
  const paletteOf = type === 'LABELMAP' ? paletteColours(dataSet) : undefined
  const pixels = pixelReader(dataSet, type, background)
  const segments = new Map<number, Segment>()
  const segmentOf = (number: number): Segment => {
    const known = segments.get(number)
    if (known !== undefined) return known
    const segment = describeSegment(number, described.get(number), segments.size, paletteOf)
    segments.set(number, segment)
    return segment
  }
  // In the file's order, also those that no frame has.
  const isMeant = (number: number) => (type === 'LABELMAP' ? !background.has(number) : number > 0)
  for (const number of described.keys()) if (isMeant(number)) segmentOf(number)
  let places = 0
  groups.forEach((group, frame) => {
    const numbers = type === 'LABELMAP' ? pixels.labels(frame) : [group.segment ?? 1]
    places += numbers.length
    if (places > MOST_PLACES) throw new UnreadableObject('The label map has more segments than can be drawn.')
    for (const number of numbers) {
      addFrame(segmentOf(number), group, thickness, {
        mask: () => pixels.mask(frame, number),
        holds: at => pixels.holds(frame, number, at),
      })
    }
  })
  return {
    kind: 'segmentation',
    label: dataSet.string('ContentLabel'),
    FrameOfReferenceUID: dataSet.string('FrameOfReferenceUID'),
    segments: [...segments.values()],
    series: referencedSeries(dataSet),
    note: noteOf(dataSet, type),
  }
}

function noteOf(dataSet: DataSet, type: string): string {
  if (type !== 'FRACTIONAL') return ''
  const kind = dataSet.string('SegmentationFractionalType') === 'OCCUPANCY' ? 'occupancy' : 'probability'
  return `${kind}: outlined at half, volumes of what is at least half`
}

/** PS3.3 C.8.20.2: a label map may have its colours in a palette, in place of one at each segment. */
function paletteColours(dataSet: DataSet): ((number: number) => RGB) | undefined {
  const palette = dataSet.string('PhotometricInterpretation') === 'PALETTE COLOR' ? readPalette(dataSet) : undefined
  if (palette === undefined) return undefined
  const level = (table: LookupTable) => {
    const of = lookUp(table)
    return (number: number) => Math.round((of(number) * 255) / (2 ** table.bits - 1))
  }
  const [red, green, blue] = [level(palette.red), level(palette.green), level(palette.blue)]
  return number => [red(number), green(number), blue(number)]
}

function describeSegment(
  number: number,
  item: DataSet | undefined,
  index: number,
  paletteOf: ((number: number) => RGB) | undefined,
): Segment {
  const lab = item?.numbers('RecommendedDisplayCIELabValue') ?? []
  const property = item?.items('SegmentedPropertyTypeCodeSequence')[0]?.string('CodeMeaning') ?? ''
  const label = item?.string('SegmentLabel') ?? ''
  const algorithm = item?.string('SegmentAlgorithmType').toLowerCase() ?? ''
  return {
    number,
    label: label || property || `Segment ${number}`,
    about: [property === label ? '' : property, algorithm].filter(Boolean).join(' · '),
    colour: lab.length === 3 ? labToRGB(lab as [number, number, number]) : (paletteOf?.(number) ?? spareColour(index)),
    region: { slabs: [] },
    onImages: [],
  }
}

function addFrame(
  segment: Segment,
  group: FrameGroup,
  thickness: number,
  { mask, holds }: Required<Pick<Slab, 'mask' | 'holds'>>,
): void {
  const { plane, references } = group
  if (plane !== undefined) {
    const slab: Slab = { plane, thickness, mask, holds }
    segment.region.slabs.push(slab)
  }
  for (const image of references) segment.onImages.push({ image, mask })
}

interface PixelReader {
  mask(frame: number, segment: number): Mask
  /** One pixel of it. */
  holds(frame: number, segment: number, at: number): boolean
  /** The values in a frame of a label map, but for its background. */
  labels(frame: number): number[]
}

function pixelReader(dataSet: DataSet, type: string, background: ReadonlySet<number>): PixelReader {
  const { Rows, Columns, frames } = frameSizes(dataSet)
  const bits = dataSet.number('BitsAllocated') ?? 0
  const bytes = dataSet.bytes('PixelData')
  const count = Rows * Columns
  const known = type === 'BINARY' ? [1, 8] : type === 'FRACTIONAL' ? [8] : type === 'LABELMAP' ? [8, 16] : []
  if (!known.includes(bits)) {
    throw new UnreadableObject(`A segmentation of this kind is not known (${type || 'no type'}, ${bits} bits).`)
  }
  if (bytes === undefined || bytes.length * 8 < count * frames * bits) {
    throw new UnreadableObject('The pixels of the segmentation end too early.')
  }
  const half = (dataSet.number('MaximumFractionalValue') ?? 255) / 2
  const { littleEndian } = dataSet.encoding
  const label = (at: number) => {
    if (bits === 8) return bytes[at]!
    const [low, high] = littleEndian ? [bytes[2 * at]!, bytes[2 * at + 1]!] : [bytes[2 * at + 1]!, bytes[2 * at]!]
    return low | (high << 8)
  }
  // PS3.5 §8.1.1: single bits are packed across bytes and frames, the first in the lowest bit.
  const isIn = (at: number, segment: number) => {
    if (bits === 1) return ((bytes[at >> 3]! >> (at & 7)) & 1) === 1
    if (type === 'LABELMAP') return label(at) === segment
    return type === 'BINARY' ? bytes[at] !== 0 : bytes[at]! >= half
  }
  return {
    holds: (frame, segment, at) => isIn(frame * count + at, segment),
    mask(frame, segment) {
      const data = new Uint8Array(count)
      const start = frame * count
      for (let i = 0; i < count; i++) {
        const at = start + i
        // Most of a slice is empty: eight at a time.
        if (bits === 1 && (at & 7) === 0 && bytes[at >> 3] === 0) {
          i += 7
          continue
        }
        if (isIn(at, segment)) data[i] = 1
      }
      return { data, columns: Columns, rows: Rows }
    },
    labels(frame) {
      const found = new Set<number>()
      let last = -1
      for (let at = frame * count; at < (frame + 1) * count; at++) {
        const value = label(at)
        // Neighbours are mostly alike.
        if (value !== last) found.add(value)
        last = value
      }
      for (const value of background) found.delete(value)
      return [...found].sort((a, b) => a - b)
    },
  }
}
