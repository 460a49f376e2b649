import { paletteColours } from '../palettes.ts'
import type { RayMode, Transfer } from './rays.ts'

/** How a volume can be looked at. Values are modality values: HU of CT; of others, parts of their own range (0 to 1). */
export interface RayPreset {
  id: string
  name: string
  modalities: readonly string[] | 'all'
  /** MIP, or what a value looks like: value, red, green, blue, opacity of a millimetre. */
  points: 'mip' | ReadonlyArray<readonly [value: number, red: number, green: number, blue: number, opacity: number]>
  /** The values are parts of the picture's own range. */
  relative?: true
}

export const RAY_PRESETS: readonly RayPreset[] = [
  { id: 'mip', name: 'Maximum intensity', modalities: 'all', points: 'mip' },
  {
    id: 'ct-bone',
    name: 'CT bone',
    modalities: ['CT'],
    points: [
      [130, 150, 70, 45, 0],
      [250, 205, 150, 110, 0.12],
      [500, 240, 222, 190, 0.6],
      [1500, 255, 252, 240, 0.9],
    ],
  },
  {
    id: 'ct-vessels',
    name: 'CT vessels',
    modalities: ['CT'],
    points: [
      [110, 90, 10, 5, 0],
      [170, 170, 40, 25, 0.2],
      [320, 225, 105, 75, 0.55],
      [600, 250, 235, 205, 0.7],
      [1500, 255, 255, 250, 0.9],
    ],
  },
  {
    id: 'ct-soft',
    name: 'CT soft tissue',
    modalities: ['CT'],
    points: [
      [-400, 190, 130, 100, 0],
      [-250, 225, 170, 140, 0.25],
      [-20, 235, 180, 150, 0.35],
      [60, 205, 110, 90, 0.4],
      [250, 245, 225, 200, 0.6],
      [1500, 255, 255, 250, 0.9],
    ],
  },
  {
    id: 'mr',
    name: 'MR surface',
    modalities: ['MR'],
    relative: true,
    points: [
      [0.12, 60, 40, 35, 0],
      [0.25, 180, 140, 120, 0.12],
      [0.55, 235, 215, 200, 0.4],
      [1, 255, 255, 255, 0.8],
    ],
  },
  {
    id: 'pet',
    name: 'PET uptake',
    modalities: ['PT', 'NM'],
    relative: true,
    points: [
      [0.1, 60, 60, 70, 0],
      [0.25, 150, 60, 20, 0.04],
      [0.55, 255, 150, 20, 0.25],
      [1, 255, 250, 200, 0.8],
    ],
  },
]

/** At least a MIP: any modality's slices may make a volume, and what makes none is told as that. */
export function rayPresets(Modality: string): RayPreset[] {
  return RAY_PRESETS.filter(({ modalities }) => modalities === 'all' || modalities.includes(Modality))
}

const ENTRIES = 1024

/**
 * A preset as it is drawn: `window` says what is black and white in a MIP, and what a relative preset's 0 and 1 are; `shift` moves
 * what is seen of the others up (HU), as a reader's drag does. A PET's MIP is dark on white, as it is read.
 */
export function rayMode(
  { points, relative }: RayPreset,
  Modality: string,
  window: { lower: number; upper: number },
  shift: number,
): RayMode {
  const { lower, upper } = window
  if (points === 'mip') {
    return { kind: 'mip', lower, upper, colours: paletteColours(Modality === 'PT' ? 'inverted' : 'grey') }
  }
  const placed = points.map(([value, ...rest]) => [relative ? lower + value * (upper - lower) : value + shift, ...rest])
  return { kind: 'shaded', transfer: transferOf(placed as Array<[number, number, number, number, number]>) }
}

/** Linear between the points; nothing below the first, the last one's above it. */
function transferOf(points: ReadonlyArray<readonly [number, number, number, number, number]>): Transfer {
  const lower = points[0]![0]
  const upper = points.at(-1)![0]
  const colours = new Uint8Array(3 * ENTRIES)
  const opacities = new Float32Array(ENTRIES)
  for (let entry = 0; entry < ENTRIES; entry++) {
    const value = lower + ((upper - lower) * entry) / (ENTRIES - 1)
    const next = Math.max(
      1,
      points.findIndex(point => point[0] >= value),
    )
    const [a, b] = [points[next - 1]!, points[next]!]
    const part = Math.max(0, Math.min(1, (value - a[0]) / (b[0] - a[0])))
    for (let channel = 0; channel < 3; channel++) {
      colours[3 * entry + channel] = a[channel + 1]! + (b[channel + 1]! - a[channel + 1]!) * part
    }
    opacities[entry] = a[4] + (b[4] - a[4]) * part
  }
  return { lower, upper, colours, opacities }
}
