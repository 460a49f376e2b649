import { encodeBase64 } from '../base64.ts'
import { readProfile } from '../viewing/icc.ts'
import type { ImageAttributes, RequestAttributes, UltrasoundRegion } from '../viewing/image.ts'
import { tagOf } from './dictionary.ts'
import type { ElementSpan } from './elements.ts'
import { readLookupTable, readPalette } from './lookupTable.ts'
import { readPrivateAttributes } from './privateAttributes.ts'
import type { DataSet } from './reader.ts'
import { readRealWorldValues } from './realWorldValues.ts'

/**
 * Goes up whenever more is read here or in the functional groups: what an older version kept of an object is then read again
 * from its file.
 */
export const ATTRIBUTES_VERSION = 5

type KeysOf<Value> = Exclude<
  {
    [Key in keyof ImageAttributes]-?: Required<ImageAttributes>[Key] extends Value ? Key : never
  }[keyof ImageAttributes],
  undefined
>

const NUMBER: Array<KeysOf<number>> = [
  'Rows',
  'Columns',
  'BitsAllocated',
  'BitsStored',
  'HighBit',
  'PixelRepresentation',
  'SamplesPerPixel',
  'PlanarConfiguration',
  'EstimatedRadiographicMagnificationFactor',
  'SliceThickness',
  'SpacingBetweenSlices',
  'SliceLocation',
  'RescaleSlope',
  'RescaleIntercept',
  'FrameTime',
  'CineRate',
  'RecommendedDisplayFrameRate',
  'KVP',
  'EchoTime',
  'RepetitionTime',
  'AcquisitionNumber',
  'ImagesInAcquisition',
  'TemporalPositionIdentifier',
  'EchoNumbers',
  'InversionTime',
  'FlipAngle',
  'TriggerTime',
  'NominalCardiacTriggerDelayTime',
  'NominalPercentageOfCardiacPhase',
  'DiffusionBValue',
  'FrameReferenceTime',
  'PatientWeight',
  'PatientSize',
  'ShutterLeftVerticalEdge',
  'ShutterRightVerticalEdge',
  'ShutterUpperHorizontalEdge',
  'ShutterLowerHorizontalEdge',
  'RadiusOfCircularShutter',
  'ShutterPresentationValue',
  'ShutterOverlayGroup',
]

/** With the number of values that makes sense; 0 = any. Anything else would shift coordinates, so it is left out. */
const NUMBERS: Array<[KeysOf<number[]>, count: number]> = [
  ['PixelSpacing', 2],
  ['ImagerPixelSpacing', 2],
  ['NominalScannedPixelSpacing', 2],
  ['PixelAspectRatio', 2],
  ['ImagePositionPatient', 3],
  ['ImageOrientationPatient', 6],
  ['WindowCenter', 0],
  ['WindowWidth', 0],
  ['FrameTimeVector', 0],
  ['LossyImageCompressionRatio', 0],
  ['DiffusionGradientOrientation', 3],
  ['DimensionIndexValues', 0],
  ['CenterOfCircularShutter', 2],
  ['VerticesOfThePolygonalShutter', 0],
]

const STRING: Array<KeysOf<string>> = [
  'PhotometricInterpretation',
  'FrameOfReferenceUID',
  'PixelPresentation',
  'RescaleType',
  'VOILUTFunction',
  'LossyImageCompression',
  'ImageLaterality',
  'ViewPosition',
  'BurnedInAnnotation',
  'AcquisitionDate',
  'AcquisitionTime',
  'ContentTime',
  'ImageComments',
  'StackID',
  'PixelSpacingCalibrationType',
  'Units',
  'SUVType',
  'DecayCorrection',
  'PatientSex',
]

const STRINGS: Array<KeysOf<string[]>> = [
  'PatientOrientation',
  'WindowCenterWidthExplanation',
  'ImageType',
  'CorrectedImage',
  'ShutterShape',
]

/** What goes into the index and the viewer's manifest for every image must stay small, whatever a file says. */
const MAX_VALUES = 65_536
const MAX_TEXT = 10_240
const MAX_TABLES = 16
const MAX_ITEMS = 64
/** Profiles of slide scanners have 150 kB; larger ones would be in the index with every image. */
const MAX_PROFILE = 512 * 1024

type Reader = (dataSet: DataSet, span: ElementSpan, into: ImageAttributes) => void

function buildReaders(): Map<number, Reader> {
  const readers = new Map<number, Reader>()
  const add = (keyword: string, reader: Reader) => readers.set(tagOf(keyword) ?? 0, reader)
  for (const key of NUMBER) {
    add(key, (dataSet, span, into) => {
      const value = dataSet.numbersOf(span)[0]
      if (value !== undefined) into[key] = value
    })
  }
  for (const [key, count] of NUMBERS) {
    add(key, (dataSet, span, into) => {
      const values = dataSet.numbersOf(span)
      if (values.length > 0 && (count === 0 || values.length === count)) into[key] = values.slice(0, MAX_VALUES)
    })
  }
  for (const key of STRING) {
    add(key, (dataSet, span, into) => {
      const value = dataSet.stringsOf(span)[0]
      if (value) into[key] = value.slice(0, MAX_TEXT)
    })
  }
  for (const key of STRINGS) {
    add(key, (dataSet, span, into) => {
      const values = dataSet.stringsOf(span)
      if (values.length > 0) into[key] = values.slice(0, MAX_ITEMS).map(value => value.slice(0, MAX_TEXT))
    })
  }
  add('PixelPaddingValue', padding('PixelPaddingValue'))
  add('PixelPaddingRangeLimit', padding('PixelPaddingRangeLimit'))
  add('ModalityLUTSequence', (dataSet, span, into) => {
    const item = dataSet.itemsOf(span)[0]
    const table = item && readLookupTable(item, 'LUTDescriptor', 'LUTData')
    if (table) into.ModalityLUT = { ...table, ...explained(item, 'LUTExplanation') }
  })
  add('VOILUTSequence', (dataSet, span, into) => {
    const tables = dataSet
      .itemsOf(span)
      .slice(0, MAX_TABLES)
      .flatMap(item => {
        const table = readLookupTable(item, 'LUTDescriptor', 'LUTData')
        return table ? [{ ...table, ...explained(item, 'LUTExplanation') }] : []
      })
    if (tables.length > 0) into.VOILUT = tables
  })
  add('RedPaletteColorLookupTableDescriptor', (dataSet, _span, into) => {
    const palette = readPalette(dataSet)
    if (palette) into.PaletteColorLookupTable = palette
  })
  add('ICCProfile', (dataSet, _span, into) => readColourProfile(dataSet, [dataSet], into))
  // PS3.3 C.8.12.5: of slides, one for each path of light.
  add('OpticalPathSequence', (dataSet, span, into) => {
    readColourProfile(dataSet, dataSet.itemsOf(span).slice(0, MAX_ITEMS), into)
  })
  add('ColorSpace', (dataSet, _span, into) => {
    if (isColoured(dataSet) && !dataSet.has('ICCProfile')) into.ColorSpace = dataSet.string('ColorSpace').slice(0, 16)
  })
  add('RealWorldValueMappingSequence', (dataSet, span, into) => {
    const mappings = readRealWorldValues(dataSet.itemsOf(span))
    if (mappings.length > 0) into.RealWorldValueMappings = mappings
  })
  add('SequenceOfUltrasoundRegions', (dataSet, span, into) => {
    const regions = dataSet.itemsOf(span).slice(0, MAX_ITEMS).flatMap(readRegion)
    if (regions.length > 0) into.SequenceOfUltrasoundRegions = regions
  })
  add('RequestAttributesSequence', (dataSet, span, into) => {
    const requests = dataSet.itemsOf(span).slice(0, MAX_ITEMS).map(readRequest)
    if (requests.length > 0) into.RequestAttributesSequence = requests
  })
  add('RadiopharmaceuticalInformationSequence', (dataSet, span, into) => {
    const item = dataSet.itemsOf(span)[0]
    for (const key of ['RadionuclideTotalDose', 'RadionuclideHalfLife'] as const) {
      const value = item?.number(key)
      if (value !== undefined) into[key] = value
    }
    for (const key of ['RadiopharmaceuticalStartTime', 'RadiopharmaceuticalStartDateTime'] as const) {
      const value = item?.string(key)
      if (value) into[key] = value.slice(0, MAX_TEXT)
    }
  })
  return readers
}

/** The order as the information system numbers it: what series are asked for by (PS3.4 table C.6-3, PS3.18 table 10.6.3-4). */
function readRequest(item: DataSet): RequestAttributes {
  return {
    ScheduledProcedureStepID: item.string('ScheduledProcedureStepID').slice(0, MAX_TEXT),
    RequestedProcedureID: item.string('RequestedProcedureID').slice(0, MAX_TEXT),
  }
}

/** PS3.3 C.7.6.1: profiles are of colour samples and of what palettes give; greys are P-values. */
function isColoured(dataSet: DataSet): boolean {
  const palette = dataSet.has('RedPaletteColorLookupTableDescriptor')
  return palette || !dataSet.string('PhotometricInterpretation').startsWith('MONOCHROME')
}

/** The profile all items have alike; nothing where it is sRGB, and where it cannot be applied the word that it is not. */
function readColourProfile(dataSet: DataSet, items: DataSet[], into: ImageAttributes): void {
  const [first, ...others] = items.flatMap(item => item.bytes('ICCProfile') ?? [])
  if (first === undefined || first.length === 0 || !isColoured(dataSet)) return
  delete into.ColorSpace
  const alike = others.every(other => other.length === first.length && other.every((byte, i) => byte === first[i]))
  const profile = alike && first.length <= MAX_PROFILE ? readProfile(first) : undefined
  if (profile === undefined) into.colourProfileUnapplied = true
  else if (!profile.isSRGB) into.ICCProfile = { data: encodeBase64(first) }
}

function explained(item: DataSet, key: string): { explanation?: string } {
  const explanation = item.string(key)
  return explanation ? { explanation } : {}
}

/** Written as US by some although the pixels are signed. */
function padding(key: 'PixelPaddingValue' | 'PixelPaddingRangeLimit'): Reader {
  return (dataSet, span, into) => {
    const value = dataSet.numbersOf(span)[0]
    if (value !== undefined) into[key] = dataSet.signedPixels && value > 0x7fff ? value - 0x1_0000 : value
  }
}

const REGION_KEYS = [
  'RegionLocationMinX0',
  'RegionLocationMinY0',
  'RegionLocationMaxX1',
  'RegionLocationMaxY1',
  'PhysicalUnitsXDirection',
  'PhysicalUnitsYDirection',
  'PhysicalDeltaX',
  'PhysicalDeltaY',
] as const satisfies ReadonlyArray<keyof UltrasoundRegion>

/** A region that lacks one of these calibrates nothing. */
function readRegion(item: DataSet): UltrasoundRegion[] {
  const region: Partial<UltrasoundRegion> = {}
  for (const key of REGION_KEYS) {
    const value = item.number(key)
    if (value === undefined) return []
    region[key] = value
  }
  return [region as UltrasoundRegion]
}

let readers: Map<number, Reader> | undefined
let plain: Map<number, keyof ImageAttributes> | undefined

/** The attribute that says what this element says and nothing else, by its tag; undefined where others have a say in it, too. */
export function plainAttribute(tag: number): keyof ImageAttributes | undefined {
  plain ??= new Map(
    [...NUMBER, ...NUMBERS.map(([key]) => key), ...STRING, ...STRINGS].map(key => [tagOf(key) ?? 0, key]),
  )
  return plain.get(tag)
}

/** Some attribute is read from the element. */
export function isAttribute(tag: number): boolean {
  readers ??= buildReaders()
  return readers.has(tag)
}

/** The attributes of `ImageAttributes` that stand in this data set or item (PS3.3 C.7.6 and C.11), parsed; wrong ones left out. */
export function readImageAttributes(dataSet: DataSet, into: ImageAttributes = {}): ImageAttributes {
  readers ??= buildReaders()
  let anyPrivate = false
  for (const span of dataSet.elements) {
    readers.get(span.tag)?.(dataSet, span, into)
    // Odd groups are private (PS3.5 §7.8).
    anyPrivate ||= (span.tag & 0x1_0000) !== 0
  }
  if (anyPrivate) readPrivateAttributes(dataSet, into)
  return into
}
