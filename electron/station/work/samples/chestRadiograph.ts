import { addGrain, grainTable } from './noise.ts'
import { createPlane } from './painter.ts'
import { type GreyImage, greyPixels, type SampleObject, syntheticObject } from './synthetic.ts'
import { paintTorso } from './torso.ts'

const COLUMNS = 1024
const ROWS = 1280
/** Detector pixel, mm: 338 × 422 mm in all. */
const SPACING = 0.33
/** Height of the uppermost row in the torso, mm. */
const TOP = 214
/** Rays are cast on every fourth pixel; what lies between is interpolated. */
const STRIDE = 4
const DEPTH_STEPS = 56

/**
 * A chest radiograph as 12-bit values for MONOCHROME1 (0 is white: the most attenuated ray is the lowest value): parallel
 * rays from back to front through the torso, then the detector's logarithm.
 */
export function chestRadiograph(): GreyImage {
  const columns = Math.ceil(COLUMNS / STRIDE) + 1
  const rows = Math.ceil(ROWS / STRIDE) + 1
  const absorbed = new Float32Array(columns * rows)
  for (let row = 0; row < rows; row++) {
    const slice = createPlane(columns, DEPTH_STEPS, columns * STRIDE * SPACING, 250, -1000)
    paintTorso(slice, TOP - row * STRIDE * SPACING, false)
    for (let column = 0; column < columns; column++) {
      let sum = 0
      for (let step = 0; step < DEPTH_STEPS; step++) sum += rayWeight(slice.pixels[step * columns + column]!)
      // The patient looks at the detector; his left is on the image's right, so columns keep their order.
      absorbed[row * columns + column] = (sum * 250) / DEPTH_STEPS
    }
  }
  const image = enlarged(absorbed, columns)
  addGrain(image, COLUMNS, 7, grainTable(9), 1)
  const pixels = Uint16Array.from(image, value => Math.max(0, Math.min(4095, Math.round(value))))
  return { rows: ROWS, columns: COLUMNS, pixels }
}

/** Attenuation of one millimetre of tissue relative to water's at chest energies; bone counts for more than its HU. */
function rayWeight(hu: number): number {
  const relative = Math.max(0, 1 + hu / 1000)
  return hu > 200 ? relative + (hu - 200) / 900 : relative
}

/** The detector's answer to `mm` of water: bright (low) behind the spine, dark in the air, compressed at both ends. */
function detector(mm: number): number {
  return 3900 - 3600 / (1 + Math.exp(-(mm - 118) / 46)) - mm * 0.4
}

function enlarged(small: Float32Array, width: number): Float32Array {
  const image = new Float32Array(COLUMNS * ROWS)
  for (let y = 0; y < ROWS; y++) {
    const top = Math.floor(y / STRIDE) * width
    const v = (y % STRIDE) / STRIDE
    for (let x = 0; x < COLUMNS; x++) {
      const left = Math.floor(x / STRIDE)
      const u = (x % STRIDE) / STRIDE
      const above = small[top + left]! * (1 - u) + small[top + left + 1]! * u
      const below = small[top + width + left]! * (1 - u) + small[top + width + left + 1]! * u
      image[y * COLUMNS + x] = detector(above * (1 - v) + below * v)
    }
  }
  return image
}

/** One posterior-anterior chest radiograph, MONOCHROME1. */
export function* crChest(): Generator<SampleObject> {
  yield syntheticObject(
    { kind: 'cr', variant: '', StudyDate: '20260304', StudyTime: '081030', StudyDescription: 'Chest PA' },
    {
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      Modality: 'CR',
      series: 1,
      SeriesDescription: 'Chest PA',
      instance: 1,
      attributes: {
        ImageType: ['ORIGINAL', 'PRIMARY'],
        BodyPartExamined: 'CHEST',
        ViewPosition: 'PA',
        PatientOrientation: ['L', 'F'],
        KVP: 120,
        ImagerPixelSpacing: [SPACING, SPACING],
        PlateType: '',
        WindowCenter: 2048,
        WindowWidth: 3900,
        ...greyPixels(chestRadiograph(), 12, 'MONOCHROME1'),
      },
    },
  )
}
