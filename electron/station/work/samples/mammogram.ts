import { addGrain, grainTable, seededRandom, smoothNoise } from './noise.ts'
import { type GreyImage, greyPixels, type SampleObject, syntheticObject } from './synthetic.ts'

const COLUMNS = 960
const ROWS = 1280
/** Detector pixel, mm. */
const SPACING = 0.18

export type BreastSide = 'L' | 'R'

/** Where the cluster of calcifications lies in the left breast, pixels from the chest wall and from the top. */
export const CALCIFICATIONS = { column: 330, row: 520 } as const

/**
 * A craniocaudal view for presentation, 12 bit, MONOCHROME2, air 0. The chest wall is at the left edge of a left breast and at
 * the right edge of a right one. `CALCIFICATIONS` are in the left breast only.
 */
export function mammogram(side: BreastSide): GreyImage {
  const seed = side === 'L' ? 31 : 32
  const coarse = smoothNoise(seed)
  const strands = smoothNoise(seed + 40)
  const image = new Float32Array(ROWS * COLUMNS)
  const middle = ROWS * (side === 'L' ? 0.5 : 0.505)
  const reach = side === 'L' ? 720 : 700
  for (let row = 0; row < ROWS; row++) {
    const v = (row - middle) / 560
    for (let wall = 0; wall < COLUMNS; wall++) {
      const u = wall / reach
      const radius = Math.sqrt(u * u + Math.abs(v) ** 2.2) + 0.012 * coarse(row / 160, wall / 160, 5)
      const column = side === 'L' ? wall : COLUMNS - 1 - wall
      image[row * COLUMNS + column] = radius < 1 ? tissue(u, v, radius, row, wall, coarse, strands) : 0
    }
  }
  paintNipple(image, side, middle, reach)
  if (side === 'L') paintCalcifications(image)
  addGrain(image, COLUMNS, 16, grainTable(seed), seed)
  const pixels = Uint16Array.from(image, value => (value < 60 ? 0 : Math.min(4095, Math.round(value))))
  return { rows: ROWS, columns: COLUMNS, pixels }
}

type Noise = ReturnType<typeof smoothNoise>

function tissue(
  u: number,
  v: number,
  radius: number,
  row: number,
  wall: number,
  coarse: Noise,
  strands: Noise,
): number {
  const skin = radius > 0.985 ? 420 : 0
  // Compressed flat in the middle, thinner towards the skin: the fat background falls off over the outer fifth.
  const thickness = Math.min(1, Math.sqrt(Math.max(0, 1 - radius) / 0.2))
  const fat = 1000 * thickness
  const gland = Math.max(0, 1 - ((u - 0.42) / 0.46) ** 2 - (v / 0.62) ** 2)
  const lobes = 0.55 + 0.7 * coarse(row / 95, wall / 95, 1) + 0.45 * coarse(row / 42, wall / 42, 2)
  const pull = wall + 0.35 * Math.abs(row - ROWS / 2)
  const line = Math.abs(strands(row / 38 + coarse(row / 60, wall / 60, 3), pull / 85, 4))
  const cooper = Math.max(0, 0.16 - line) * 3600
  const fibres = Math.max(0, 0.1 - Math.abs(strands(row / 16, pull / 48, 7))) * 2600
  const dense = 1400 * gland ** 0.8 * Math.max(0, lobes)
  const muscle = u < 0.05 + 0.03 * Math.cos(v * 2.5) ? 500 * (1 - u / 0.08) : 0
  return fat + thickness * (dense + cooper * (0.35 + gland) + fibres * (0.3 + gland) + Math.max(0, muscle)) + skin
}

function paintNipple(image: Float32Array, side: BreastSide, middle: number, reach: number): void {
  for (let dy = -34; dy <= 34; dy++) {
    for (let dx = -30; dx <= 34; dx++) {
      const r = (dx / 30) ** 2 + (dy / 30) ** 2
      const wall = reach + dx - 8
      if (r >= 1 || wall >= COLUMNS) continue
      const index = Math.round(middle + dy) * COLUMNS + (side === 'L' ? wall : COLUMNS - 1 - wall)
      image[index] = Math.max(image[index]!, 1500 * Math.sqrt(1 - r))
    }
  }
}

function paintCalcifications(image: Float32Array): void {
  const random = seededRandom(5)
  for (let grain = 0; grain < 14; grain++) {
    const far = grain === 0 ? 0 : random() * 42
    const angle = random() * 2 * Math.PI
    const size = grain === 0 ? 2.6 : 1 + random() * 1.6
    const row = Math.round(CALCIFICATIONS.row + far * Math.sin(angle))
    const column = Math.round(CALCIFICATIONS.column + far * Math.cos(angle))
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const fall = Math.exp(-(dx * dx + dy * dy) / (size * size))
        image[(row + dy) * COLUMNS + column + dx]! += 1700 * fall
      }
    }
  }
}

/** Right and left craniocaudal views, one series each, with the laterality and orientation PS3.3 C.7.6.1.1.1 gives them. */
export function* mgPair(): Generator<SampleObject> {
  for (const [index, side] of (['R', 'L'] as const).entries()) {
    yield syntheticObject(
      {
        kind: 'mg',
        variant: '',
        StudyDate: '20260305',
        StudyTime: '133000',
        StudyDescription: 'Mammography screening',
      },
      {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.2',
        Modality: 'MG',
        series: index + 1,
        SeriesDescription: `${side} CC`,
        instance: 1,
        attributes: {
          ImageType: ['DERIVED', 'PRIMARY'],
          PresentationIntentType: 'FOR PRESENTATION',
          BodyPartExamined: 'BREAST',
          ViewPosition: 'CC',
          Laterality: side,
          ImageLaterality: side,
          OrganExposed: 'BREAST',
          PatientOrientation: side === 'L' ? ['A', 'R'] : ['P', 'L'],
          KVP: 28,
          ImagerPixelSpacing: [SPACING, SPACING],
          PixelIntensityRelationship: 'LOG',
          PixelIntensityRelationshipSign: -1,
          RescaleSlope: 1,
          RescaleIntercept: 0,
          RescaleType: 'US',
          PresentationLUTShape: 'IDENTITY',
          LossyImageCompression: '00',
          WindowCenter: 1750,
          WindowWidth: 3100,
          ...greyPixels(mammogram(side), 12, 'MONOCHROME2'),
        },
      },
    )
  }
}
