import { headSignal } from './head.ts'
import { addGrain, grainTable } from './noise.ts'
import { decimal, type GreyImage, greyPixels, type SampleObject, sampleUID, syntheticObject } from './synthetic.ts'

const MATRIX = 256
/** Pixel size, mm. */
const SPACING = 1

type Direction = readonly [number, number, number]

export interface MrPlane {
  name: 'Sagittal' | 'Axial' | 'Coronal'
  /** Cosines along a row and down a column (ImageOrientationPatient), patient coordinates. */
  row: Direction
  column: Direction
  /** Centre of the first image and the step to the next, mm. */
  first: Direction
  step: Direction
  slices: number
}

/** The three series of the study: whole head, image 1 at the right, at the bottom and at the front. */
export const MR_PLANES: readonly MrPlane[] = [
  { name: 'Sagittal', row: [0, 1, 0], column: [0, 0, -1], first: [-63, 4, -20], step: [6, 0, 0], slices: 22 },
  { name: 'Axial', row: [1, 0, 0], column: [0, 1, 0], first: [0, 0, -52], step: [0, 0, 5], slices: 24 },
  { name: 'Coronal', row: [1, 0, 0], column: [0, 0, -1], first: [0, -80, -20], step: [0, 7, 0], slices: 24 },
]

/** Centre of the image with this 0-based index, mm. */
export function mrCentre(plane: MrPlane, index: number): [number, number, number] {
  return [0, 1, 2].map(axis => plane.first[axis]! + plane.step[axis]! * index) as [number, number, number]
}

const grain = grainTable(8)

/** One T1 image as 12-bit magnitudes: partial volume, a shading coil, grain that never falls below zero. */
export function mrSlice(plane: MrPlane, index: number): GreyImage {
  const [cx, cy, cz] = mrCentre(plane, index)
  const { row, column } = plane
  const sharp = new Float32Array(MATRIX * MATRIX)
  for (let y = 0; y < MATRIX; y++) {
    const v = (y - (MATRIX - 1) / 2) * SPACING
    for (let x = 0; x < MATRIX; x++) {
      const u = (x - (MATRIX - 1) / 2) * SPACING
      const left = cx + row[0] * u + column[0] * v
      const back = cy + row[1] * u + column[1] * v
      const up = cz + row[2] * u + column[2] * v
      const signal = headSignal(left, back, up)
      const shading = 1 + 0.1 * Math.cos(left / 60) * Math.cos(back / 75) + 0.0006 * up
      sharp[y * MATRIX + x] = signal * shading
    }
  }
  const smooth = blurred(sharp)
  addGrain(smooth, MATRIX, 14, grain, index + 1 + plane.name.length * 100)
  const pixels = Uint16Array.from(smooth, signal => Math.min(4095, Math.round(Math.abs(signal))))
  return { rows: MATRIX, columns: MATRIX, pixels }
}

/** A 3 × 3 point spread (centre 1/2), so that tissue borders are mixed pixels. */
function blurred(image: Float32Array): Float32Array {
  const result = new Float32Array(image.length)
  for (let i = MATRIX + 1; i < image.length - MATRIX - 1; i++) {
    const sides = image[i - 1]! + image[i + 1]! + image[i - MATRIX]! + image[i + MATRIX]!
    const corners = image[i - MATRIX - 1]! + image[i - MATRIX + 1]! + image[i + MATRIX - 1]! + image[i + MATRIX + 1]!
    result[i] = image[i]! * 0.4 + sides * 0.11 + corners * 0.04
  }
  return result
}

/** T1-weighted brain in three orientations of one head and frame of reference. */
export function* mrBrain(): Generator<SampleObject> {
  for (const [number, plane] of MR_PLANES.entries()) {
    for (let index = 0; index < plane.slices; index++) {
      const centre = mrCentre(plane, index)
      const half = ((MATRIX - 1) / 2) * SPACING
      const corner = [0, 1, 2].map(axis => decimal(centre[axis]! - half * (plane.row[axis]! + plane.column[axis]!)))
      const thickness = Math.hypot(...plane.step)
      yield syntheticObject(
        {
          kind: 'mr',
          variant: '',
          StudyDate: '20260303',
          StudyTime: '104200',
          StudyDescription: 'MR brain',
        },
        {
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
          Modality: 'MR',
          series: number + 2,
          SeriesDescription: `T1 ${plane.name.toLowerCase()}`,
          instance: index + 1,
          attributes: {
            ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'SE'],
            BodyPartExamined: 'BRAIN',
            PatientPosition: 'HFS',
            ScanningSequence: 'SE',
            SequenceVariant: 'NONE',
            ScanOptions: '',
            MRAcquisitionType: '2D',
            MagneticFieldStrength: 1.5,
            RepetitionTime: 520,
            EchoTime: 12,
            EchoTrainLength: 1,
            FrameOfReferenceUID: sampleUID('mr frame of reference'),
            ImagePositionPatient: corner,
            ImageOrientationPatient: [...plane.row, ...plane.column],
            PixelSpacing: [SPACING, SPACING],
            SliceThickness: thickness - 1,
            SpacingBetweenSlices: thickness,
            SliceLocation: plane.step.reduce((sum, part, axis) => sum + (part === 0 ? 0 : centre[axis]!), 0),
            WindowCenter: 420,
            WindowWidth: 840,
            ...greyPixels(mrSlice(plane, index), 12, 'MONOCHROME2'),
          },
        },
      )
    }
  }
}
