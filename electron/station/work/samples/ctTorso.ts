import { addGrain, grainTable } from './noise.ts'
import { createPlane } from './painter.ts'
import { decimal, type GreyImage, greyPixels, type SampleObject, sampleUID, syntheticObject } from './synthetic.ts'
import { paintTorso } from './torso.ts'

/** Millimetres across one image. */
const FIELD_OF_VIEW = 400
/** Height of the first (topmost) and the last image, mm from the phantom's centre. */
const TOP = 174
const BOTTOM = -186
/** Stored value = HU + this. */
const INTERCEPT = -1024

export interface CtTorsoOptions {
  /** Images in the series. */
  slices: number
  /** Rows and columns of each. */
  matrix: number
  /** Distinguishes the UIDs of another size from the sample study's. */
  variant: string
}

/** What the samples hold; a benchmark asks for 300 slices of 512². */
export const SAMPLE_CT: CtTorsoOptions = { slices: 60, matrix: 256, variant: '' }

/** Height (mm) of the slice with this 0-based index: from the head downwards. */
export function torsoSliceHeight(index: number, slices: number): number {
  return TOP - (index * (TOP - BOTTOM)) / (slices - 1)
}

/** The pixel whose centre is nearest to x, y (mm from the phantom's centre) in an image of `matrix` columns or rows. */
export function torsoPixel(mm: number, matrix: number): number {
  return Math.round((mm / FIELD_OF_VIEW + 0.5) * matrix - 0.5)
}

const grain = grainTable(3)

/** One CT slice as 12-bit values, HU + 1024. */
export function torsoSlice(index: number, { slices, matrix }: CtTorsoOptions): GreyImage {
  const z = torsoSliceHeight(index, slices)
  const plane = createPlane(matrix, matrix, FIELD_OF_VIEW, FIELD_OF_VIEW, -1000)
  paintTorso(plane, z, true)
  addGrain(plane.pixels, matrix, 9, grain, index + 1)
  const pixels = Uint16Array.from(plane.pixels, hu => Math.max(0, Math.min(4095, Math.round(hu) - INTERCEPT)))
  return { rows: matrix, columns: matrix, pixels }
}

/** CT of the torso with tissues of known density (`HU`), contrast in the vessels, 12 bit, head first supine. */
export function* ctTorso(options: CtTorsoOptions): Generator<SampleObject> {
  const { slices, matrix, variant } = options
  const spacing = FIELD_OF_VIEW / matrix
  const corner = (spacing - FIELD_OF_VIEW) / 2
  const step = (TOP - BOTTOM) / (slices - 1)
  for (let index = 0; index < slices; index++) {
    const z = torsoSliceHeight(index, slices)
    yield syntheticObject(
      {
        kind: 'ct',
        variant,
        StudyDate: '20260302',
        StudyTime: '091500',
        StudyDescription: 'CT chest and abdomen',
      },
      {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
        Modality: 'CT',
        series: 2,
        SeriesDescription: 'Torso, portal venous phase',
        instance: index + 1,
        attributes: {
          ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
          BodyPartExamined: 'CHEST',
          PatientPosition: 'HFS',
          KVP: 120,
          ExposureTime: 500,
          XRayTubeCurrent: 210,
          ConvolutionKernel: 'STANDARD',
          ReconstructionDiameter: FIELD_OF_VIEW,
          ContrastBolusAgent: 'SYNTHETIC',
          FrameOfReferenceUID: sampleUID(`ct ${variant} frame of reference`),
          ImagePositionPatient: [corner, corner, z].map(decimal),
          ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
          PixelSpacing: [spacing, spacing].map(decimal),
          SliceThickness: decimal(step),
          SpacingBetweenSlices: decimal(step),
          SliceLocation: decimal(z),
          RescaleSlope: 1,
          RescaleIntercept: INTERCEPT,
          RescaleType: 'HU',
          WindowCenter: [40, -600],
          WindowWidth: [400, 1500],
          WindowCenterWidthExplanation: ['SOFT TISSUE', 'LUNG'],
          ...greyPixels(torsoSlice(index, options), 12, 'MONOCHROME2'),
        },
      },
    )
  }
}
