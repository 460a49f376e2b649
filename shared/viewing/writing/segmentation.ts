import type { NewDataSet } from '../../dicom/writer.ts'
import type { ImageAttributes } from '../image.ts'
import { rgbToLab } from '../objects/colours.ts'
import type { Code } from '../segmenting/kinds.ts'
import type { LabelMap } from '../segmenting/labels.ts'
import type { SavedAs, Segment } from '../segmenting/segment.ts'
import type { NewObject } from './newObject.ts'

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4'

/** An image that was drawn on. */
export interface SourceFrame {
  SOPClassUID: string
  SOPInstanceUID: string
  /** 1-based; of an image of many frames. */
  frame?: number
  attributes: ImageAttributes
}

export interface SegmentationParts {
  /** By slice of the map. */
  sources: readonly SourceFrame[]
  SeriesInstanceUID: string
  map: LabelMap
  segments: readonly Segment[]
  /** Who has drawn it; '' = not known. */
  creator: string
  predecessor: SavedAs | undefined
  /** Of the segmentation series of ours that it joins; '' = a new one. */
  series: string
  SeriesNumber: number
}

interface Frame {
  segment: number
  slice: number
}

/**
 * A Segmentation (PS3.3 A.51, C.8.20), binary: a frame for each slice of each segment that has any of it. Where everything that the
 * object before had was erased, its segments with one empty frame (an object has one at least). Throws RangeError where nothing
 * was ever drawn.
 */
export function newSegmentation(parts: SegmentationParts): NewObject {
  const { map, sources, segments, predecessor } = parts
  const { columns, rows, columnSpacing, rowSpacing, sliceSpacing } = map.grid
  const drawn = map.drawn()
  const holds = drawn.map(slice => new Set(map.slice(slice)))
  const sorted = [...segments].sort((a, b) => a.number - b.number)
  const filled = sorted.filter(({ number }) => holds.some(labels => labels.has(number)))
  const erased = predecessor !== undefined && filled.length === 0
  const listed = erased ? sorted : filled
  if (listed.length === 0) throw new RangeError('Nothing is drawn.')
  // PS3.3 C.8.20.2: segment numbers count from 1 by 1.
  const frames = erased
    ? [{ segment: listed[0]!.number, slice: drawn[0] ?? 0 }]
    : listed.flatMap(({ number }) =>
        drawn.flatMap((slice, index): Frame[] => (holds[index]!.has(number) ? [{ segment: number, slice }] : [])),
      )
  const numbers = new Map(listed.map(({ number }, index) => [number, index + 1]))
  const first = sources[frames[0]!.slice]!.attributes
  // Planes that turn, or are scaled one by one, have no orientation and no spacing in common: then the images alone say where it is.
  const placed = map.grid.isMillimetres && frames.every(({ slice }) => isPlaced(sources[slice]!.attributes))
  const places = new Map(
    [...new Set(frames.map(({ slice }) => slice))].sort((a, b) => a - b).map((slice, i) => [slice, i + 1]),
  )
  const thickness = sliceSpacing ?? first.SliceThickness
  const lossy = sources.some(({ attributes }) => attributes.LossyImageCompression === '01')
  const images = uniqueBy(
    [...places.keys()].map(slice => sources[slice]!),
    ({ SOPInstanceUID }) => SOPInstanceUID,
  )
  const body: NewDataSet = {
    ...(placed
      ? { FrameOfReferenceUID: first.FrameOfReferenceUID ?? '', PositionReferenceIndicator: '' }
      : { PatientOrientation: '' }),
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: 'SEGMENTATION',
    ContentDescription: listed
      .map(({ label }) => label)
      .join(', ')
      .replaceAll('\\', '/')
      .slice(0, 64),
    ContentCreatorName: parts.creator,
    Rows: rows,
    Columns: columns,
    NumberOfFrames: String(frames.length),
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelRepresentation: 0,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    LossyImageCompression: lossy ? '01' : '00',
    ...(lossy && {
      LossyImageCompressionRatio: (first.LossyImageCompressionRatio ?? [1]).map(decimal),
      LossyImageCompressionMethod: 'ISO_10918_1',
    }),
    SegmentationType: 'BINARY',
    SegmentsOverlap: 'NO',
    SegmentSequence: listed.map(segment => describe(segment, numbers.get(segment.number)!)),
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: ORGANIZATION }],
    DimensionIndexSequence: [
      index('ReferencedSegmentNumber', 0x0062000b, 0x0062000a),
      placed
        ? index('ImagePositionPatient', 0x00200032, 0x00209113)
        : index('InStackPositionNumber', 0x00209057, 0x00209111),
    ],
    SharedFunctionalGroupsSequence: [
      {
        ...(placed && {
          PlaneOrientationSequence: [{ ImageOrientationPatient: first.ImageOrientationPatient!.map(decimal) }],
          PixelMeasuresSequence: [
            {
              PixelSpacing: [decimal(rowSpacing), decimal(columnSpacing)],
              ...(thickness !== undefined && { SliceThickness: decimal(thickness) }),
              ...(sliceSpacing !== undefined && { SpacingBetweenSlices: decimal(sliceSpacing) }),
            },
          ],
        }),
      },
    ],
    PerFrameFunctionalGroupsSequence: frames.map(({ segment, slice }) => ({
      FrameContentSequence: [
        {
          DimensionIndexValues: [numbers.get(segment)!, places.get(slice)!],
          ...(!placed && { StackID: '1', InStackPositionNumber: places.get(slice)! }),
        },
      ],
      ...(placed && {
        PlanePositionSequence: [
          { ImagePositionPatient: sources[slice]!.attributes.ImagePositionPatient!.map(decimal) },
        ],
      }),
      DerivationImageSequence: [
        {
          DerivationCodeSequence: [dcm('113076', 'Segmentation')],
          SourceImageSequence: [
            {
              ...referenceTo(sources[slice]!),
              PurposeOfReferenceCodeSequence: [SOURCE],
              SpatialLocationsPreserved: 'YES',
            },
          ],
        },
      ],
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: numbers.get(segment)! }],
    })),
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: parts.SeriesInstanceUID,
        ReferencedInstanceSequence: images.map(({ SOPClassUID, SOPInstanceUID }) => ({
          ReferencedSOPClassUID: SOPClassUID,
          ReferencedSOPInstanceUID: SOPInstanceUID,
        })),
      },
      ...(predecessor
        ? [{ SeriesInstanceUID: predecessor.SeriesInstanceUID, ReferencedInstanceSequence: [named(predecessor)] }]
        : []),
    ],
    // PS3.3 C.12.4: what it was made of as a whole. A segmentation has no sequence for predecessors.
    ...(predecessor && { SourceImageSequence: [{ ...named(predecessor), PurposeOfReferenceCodeSequence: [SOURCE] }] }),
    PixelData: { vr: 'OB', value: packFrames(map, frames) },
  }
  return {
    SOPClassUID: SEGMENTATION_STORAGE,
    Modality: 'SEG',
    SeriesInstanceUID: parts.series,
    SeriesNumber: parts.SeriesNumber,
    SeriesDescription: 'Segmentation',
    InstanceNumber: parts.series === '' ? 1 : (predecessor?.InstanceNumber ?? 0) + 1,
    body,
  }
}

/** How the frames of all segmentations made here are ordered: by segment, then by place. */
const ORGANIZATION = '2.25.207342590683187513046811928534711843921'

const dcm = (CodeValue: string, CodeMeaning: string): NewDataSet => ({
  CodeValue,
  CodingSchemeDesignator: 'DCM',
  CodeMeaning,
})
const SOURCE = dcm('121322', 'Source image for image processing operation')

function named({ SOPClassUID, SOPInstanceUID }: { SOPClassUID: string; SOPInstanceUID: string }): NewDataSet {
  return { ReferencedSOPClassUID: SOPClassUID, ReferencedSOPInstanceUID: SOPInstanceUID }
}

function referenceTo(source: SourceFrame): NewDataSet {
  return { ...named(source), ...(source.frame !== undefined && { ReferencedFrameNumber: String(source.frame) }) }
}

function index(label: string, pointer: number, group: number): NewDataSet {
  return {
    DimensionOrganizationUID: ORGANIZATION,
    DimensionIndexPointer: pointer,
    FunctionalGroupPointer: group,
    DimensionDescriptionLabel: label,
  }
}

function describe({ label, colour, kind, semiautomatic }: Segment, number: number): NewDataSet {
  return {
    SegmentNumber: number,
    // A backslash would part it in two.
    SegmentLabel: label.replaceAll('\\', '/'),
    SegmentAlgorithmType: semiautomatic ? 'SEMIAUTOMATIC' : 'MANUAL',
    ...(semiautomatic && { SegmentAlgorithmName: 'Isocenter' }),
    SegmentedPropertyCategoryCodeSequence: [codeItem(kind.category)],
    SegmentedPropertyTypeCodeSequence: [codeItem(kind.type)],
    RecommendedDisplayCIELabValue: rgbToLab(colour),
  }
}

function codeItem({ CodeValue, CodingSchemeDesignator, CodeMeaning }: Code): NewDataSet {
  return { CodeValue, CodingSchemeDesignator, CodeMeaning }
}

function isPlaced({
  FrameOfReferenceUID,
  ImagePositionPatient,
  ImageOrientationPatient,
  PixelSpacing,
}: ImageAttributes) {
  return (
    Boolean(FrameOfReferenceUID) &&
    ImagePositionPatient?.length === 3 &&
    ImageOrientationPatient?.length === 6 &&
    PixelSpacing?.length === 2
  )
}

/** A DS of at most 16 characters (PS3.5 §6.2), as near to the value as they allow. */
export function decimal(value: number): string {
  for (let digits = 17; digits > 1; digits--) {
    const text = String(Number(value.toPrecision(Math.min(digits, 16))))
    if (text.length <= 16) return text
  }
  return '0'
}

function uniqueBy<T>(all: readonly T[], key: (one: T) => string): T[] {
  return [...new Map(all.map(one => [key(one), one])).values()]
}

/** PS3.5 §8.1.1: one bit a pixel, the first in the lowest bit, frames one after the other without padding. */
function packFrames(map: LabelMap, frames: readonly Frame[]): Uint8Array {
  const size = map.grid.columns * map.grid.rows
  const bits = new Uint8Array(Math.ceil((size * frames.length) / 8))
  frames.forEach(({ segment, slice }, frame) => {
    const labels = map.slice(slice)
    if (labels === undefined) return
    const start = frame * size
    for (let i = labels.indexOf(segment); i !== -1 && i < size; ) {
      const at = start + i
      // `at` can pass 2³¹: no shift.
      bits[Math.floor(at / 8)]! |= 1 << (at % 8)
      i = labels[i + 1] === segment ? i + 1 : labels.indexOf(segment, i + 1)
    }
  })
  return bits
}
