import type { DataSet } from '../../dicom/reader.ts'
import { readRealWorldValues } from '../../dicom/realWorldValues.ts'
import { dot } from '../geometry.ts'
import type { RealWorldValueMapping } from '../image.ts'
import {
  along,
  frameSizes,
  MOST_VOXELS,
  readFrameGroups,
  referencedSeries,
  type SeriesReference,
  UnreadableObject,
} from './readPlanes.ts'
import type { ValueField } from './valueField.ts'

export interface ParametricMap {
  kind: 'map'
  label: string
  FrameOfReferenceUID: string
  field: ValueField
  series: SeriesReference[]
  note: string
}

/**
 * A parametric map (PS3.3 A.75): whole, float or double pixels, as real world values where the file maps them. Of several quantities
 * in one object the first mapping holds. Throws UnreadableObject, also where its frames are not parallel.
 */
export function readParametricMap(dataSet: DataSet): ParametricMap {
  const { Rows, Columns, frames } = frameSizes(dataSet)
  if (Rows * Columns * frames > MOST_VOXELS) throw new UnreadableObject('The map is too large to be opened here.')
  const groups = readFrameGroups(dataSet)
  const first = groups[0]?.plane
  if (first === undefined) throw new UnreadableObject('The map does not say where its frames lie.')
  const placed = groups.flatMap(({ plane }, frame) => {
    if (plane === undefined || dot(plane.normal, first.normal) < 0.9999) return []
    return [{ frame, plane, at: along(plane.position, first.normal) }]
  })
  placed.sort((a, b) => a.at - b.at)
  const planes = placed.filter(({ at }, index) => index === 0 || at - placed[index - 1]!.at > 0.01)
  if (planes.length === 0 || placed.length < frames) {
    throw new UnreadableObject('The frames of the map are not parallel: it cannot be laid over images.')
  }
  const mapping = mappingOf(dataSet)
  const { values, max } = mapValues(
    dataSet,
    planes.map(({ frame }) => frame),
    Rows * Columns,
    mapping,
  )
  const lowest = planes[0]!
  return {
    kind: 'map',
    label: mapping?.label || dataSet.string('ContentLabel') || dataSet.string('SeriesDescription') || 'Map',
    FrameOfReferenceUID: dataSet.string('FrameOfReferenceUID'),
    field: {
      plane: lowest.plane,
      offsets: planes.map(({ at }) => at - lowest.at),
      values,
      unit: mapping?.unit ?? '',
      max,
    },
    series: referencedSeries(dataSet),
    note: planes.length < frames ? 'several values in one place: the first is shown' : '',
  }
}

function mappingOf(dataSet: DataSet): RealWorldValueMapping | undefined {
  const shared = dataSet.items('SharedFunctionalGroupsSequence')[0]
  const frame = dataSet.items('PerFrameFunctionalGroupsSequence')[0]
  for (const group of [frame, shared]) {
    const [mapping] = readRealWorldValues(group?.items('RealWorldValueMappingSequence') ?? [])
    if (mapping !== undefined) return mapping
  }
  return undefined
}

function mapValues(
  dataSet: DataSet,
  order: number[],
  size: number,
  mapping: RealWorldValueMapping | undefined,
): { values: Float32Array; max: number } {
  const stored = storedValues(dataSet)
  const values = new Float32Array(order.length * size)
  let max = Number.NEGATIVE_INFINITY
  order.forEach((frame, place) => {
    for (let i = 0; i < size; i++) {
      const value = realValue(stored(frame * size + i), mapping)
      values[place * size + i] = value
      if (value > max) max = value
    }
  })
  return { values, max }
}

function realValue(value: number, mapping: RealWorldValueMapping | undefined): number {
  if (mapping === undefined) return value
  if (value < mapping.first || value > mapping.last) return Number.NaN
  return mapping.values?.[value - mapping.first] ?? value * mapping.slope + mapping.intercept
}

function storedValues(dataSet: DataSet): (at: number) => number {
  const { littleEndian } = dataSet.encoding
  const open = (keyword: string, width: number): DataView | undefined => {
    const bytes = dataSet.bytes(keyword)
    const { Rows, Columns, frames } = frameSizes(dataSet)
    if (bytes === undefined || bytes.length < Rows * Columns * frames * width) return undefined
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  const float = open('FloatPixelData', 4)
  if (float) return at => float.getFloat32(4 * at, littleEndian)
  const double = open('DoubleFloatPixelData', 8)
  if (double) return at => double.getFloat64(8 * at, littleEndian)
  const whole = dataSet.number('BitsAllocated') === 16 ? open('PixelData', 2) : undefined
  if (whole && dataSet.signedPixels) return at => whole.getInt16(2 * at, littleEndian)
  if (whole) return at => whole.getUint16(2 * at, littleEndian)
  throw new UnreadableObject('The values of the map are missing or end too early.')
}
