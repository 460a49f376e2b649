import type { DataSet } from '../../dicom/reader.ts'
import { dot, imagePlane } from '../geometry.ts'
import { frameSizes, MOST_VOXELS, type SeriesReference, UnreadableObject } from './readPlanes.ts'
import type { ValueField } from './valueField.ts'

export interface Dose {
  kind: 'dose'
  label: string
  FrameOfReferenceUID: string
  field: ValueField
  /** Dose Summation Type (PS3.3 C.8.8.3.1): only PLAN and MULTI_PLAN are doses of the whole treatment; '' = not said. */
  summation: string
  /** SOP Instance UIDs of the plan and the structure set it belongs to. */
  plans: string[]
  structureSets: string[]
  series: SeriesReference[]
  note: string
}

/** An RT Dose grid (PS3.3 A.18). Throws UnreadableObject. */
export function readDose(dataSet: DataSet): Dose {
  const { Rows, Columns, frames } = frameSizes(dataSet)
  const FrameOfReferenceUID = dataSet.string('FrameOfReferenceUID')
  const plane = imagePlane({
    FrameOfReferenceUID: FrameOfReferenceUID || '-',
    Rows,
    Columns,
    ImagePositionPatient: dataSet.numbers('ImagePositionPatient'),
    ImageOrientationPatient: dataSet.numbers('ImageOrientationPatient'),
    PixelSpacing: dataSet.numbers('PixelSpacing'),
  })
  if (plane === undefined) throw new UnreadableObject('The dose has no grid: it does not say where its planes lie.')
  if (Rows * Columns * frames > MOST_VOXELS) throw new UnreadableObject('The dose grid is too large to be opened here.')
  const offsets = planeOffsets(dataSet, frames, plane.normal)
  const order = offsets.map((_, index) => index).sort((a, b) => offsets[a]! - offsets[b]!)
  const start = offsets[order[0]!]!
  const { values, max } = doseValues(dataSet, order, Rows * Columns)
  const [x, y, z] = plane.position
  const [nx, ny, nz] = plane.normal
  const units = dataSet.string('DoseUnits')
  const kind = [dataSet.string('DoseType'), dataSet.string('DoseSummationType')].filter(Boolean).join(' ').toLowerCase()
  return {
    kind: 'dose',
    label: dataSet.string('DoseComment'),
    FrameOfReferenceUID,
    field: {
      plane: { ...plane, position: [x + nx * start, y + ny * start, z + nz * start] },
      offsets: order.map(index => offsets[index]! - start),
      values,
      unit: units === 'GY' ? 'Gy' : units === 'RELATIVE' ? '' : units,
      max,
    },
    summation: dataSet.string('DoseSummationType'),
    plans: dataSet.items('ReferencedRTPlanSequence').map(item => item.string('ReferencedSOPInstanceUID')),
    structureSets: dataSet.items('ReferencedStructureSetSequence').map(item => item.string('ReferencedSOPInstanceUID')),
    series: [],
    note: [kind, units === 'RELATIVE' ? 'relative, not in Gy' : ''].filter(Boolean).join(' · '),
  }
}

/**
 * mm along the normal from Image Position (Patient). PS3.3 C.8.8.3.2: relative, beginning with 0; or the planes' own z, where the
 * first is that of the position.
 */
function planeOffsets(dataSet: DataSet, frames: number, normal: readonly [number, number, number]): number[] {
  if (frames === 1) return [0]
  const said = dataSet.numbers('GridFrameOffsetVector')
  if (said.length !== frames || new Set(said).size !== frames) {
    throw new UnreadableObject('The dose does not say where each of its planes lies.')
  }
  const first = said[0]!
  const along = first === 0 ? 1 : dot([0, 0, 1], normal)
  return said.map(offset => (offset - first) * (along < 0 ? -1 : 1))
}

function doseValues(dataSet: DataSet, order: number[], size: number): { values: Float32Array; max: number } {
  const bits = dataSet.number('BitsAllocated') ?? 0
  const bytes = dataSet.bytes('PixelData')
  const scaling = dataSet.number('DoseGridScaling')
  if (bytes === undefined || (bits !== 16 && bits !== 32) || bytes.length < (order.length * size * bits) / 8) {
    throw new UnreadableObject('The dose values are missing or end too early.')
  }
  if (scaling === undefined) throw new UnreadableObject('The dose does not say what its values stand for.')
  const { littleEndian } = dataSet.encoding
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const signed = dataSet.signedPixels
  const stored = (at: number) => {
    if (bits === 16) return signed ? view.getInt16(2 * at, littleEndian) : view.getUint16(2 * at, littleEndian)
    return signed ? view.getInt32(4 * at, littleEndian) : view.getUint32(4 * at, littleEndian)
  }
  const values = new Float32Array(order.length * size)
  let max = 0
  order.forEach((frame, place) => {
    for (let i = 0; i < size; i++) {
      const value = stored(frame * size + i) * scaling
      values[place * size + i] = value
      if (value > max) max = value
    }
  })
  return { values, max }
}

/** Isodoses in the colours of treatment planning, highest first: in % of the reference. */
export const ISODOSES: ReadonlyArray<{ percent: number; colour: string }> = [
  { percent: 107, colour: '#ff40ff' },
  { percent: 105, colour: '#ff3b30' },
  { percent: 100, colour: '#ff9500' },
  { percent: 95, colour: '#ffe600' },
  { percent: 90, colour: '#63e63b' },
  { percent: 70, colour: '#2ad4e8' },
  { percent: 50, colour: '#4a86ff' },
  { percent: 30, colour: '#a274ff' },
]

/** The colour of a level: that of the nearest usual one at or below it. */
export function isodoseColour(percent: number): string {
  return (ISODOSES.find(one => percent >= one.percent - 0.5) ?? ISODOSES.at(-1)!).colour
}
