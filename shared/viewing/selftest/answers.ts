import type { MarkKind } from '../draft.ts'
import type { Measured } from '../measure/measure.ts'
import type { Point } from '../measure/scale.ts'
import { colourAt, DOT_HU, type PhantomKind } from './phantom.ts'

/** A figure of a mark, by name. */
export type Figure =
  | 'length'
  | 'width'
  | 'angle'
  | 'ratio'
  | 'area'
  | 'perimeter'
  | 'diameter'
  | 'mean'
  | 'sd'
  | 'min'
  | 'max'
  | 'n'
  | 'value'

/** A mark on the phantom and what it must measure: mm, mm², degrees, Hounsfield units; reckoned by hand, not by the program. */
export interface KnownMark {
  kind: MarkKind
  name: string
  points: Point[]
  /** Of the pixels' values in Hounsfield units. */
  answers: Partial<Record<Figure, number>>
}

/** Splines and livewires are measured as the outlines that they are drawn as. */
export const KNOWN_MARKS: readonly KnownMark[] = [
  {
    kind: 'length',
    name: 'length',
    // 80 columns of 0.6 mm and 25 rows of 0.8 mm: 48, 20, 52. With the spacings exchanged it would be 65.7.
    points: [
      [10, 20],
      [90, 45],
    ],
    answers: { length: 52 },
  },
  {
    kind: 'angle',
    name: 'angle',
    // 24 mm along the rows; 24 mm along and 24 mm up.
    points: [
      [60, 60],
      [20, 60],
      [60, 30],
    ],
    answers: { angle: 45 },
  },
  {
    kind: 'cobb',
    name: 'Cobb angle',
    // A level line, and one that falls 12 mm in 12 mm, drawn from its far end: 135°, which of two lines is 45°.
    points: [
      [10, 30],
      [50, 30],
      [80, 45],
      [60, 30],
    ],
    answers: { angle: 45 },
  },
  {
    kind: 'bidirectional',
    name: 'two axes',
    points: [
      [20, 40],
      [70, 40],
      [40, 30],
      [40, 45],
    ],
    answers: { length: 30, width: 12 },
  },
  {
    kind: 'openAngle',
    name: 'open angle',
    // 24 mm along the rows; 24 mm along and 24 mm up, beside it.
    points: [
      [60, 60],
      [20, 60],
      [58, 58],
      [18, 28],
    ],
    answers: { angle: 45 },
  },
  {
    kind: 'polyline',
    name: 'polyline',
    // 48 mm along a row, 32 mm down a column.
    points: [
      [10, 20],
      [90, 20],
      [90, 60],
    ],
    answers: { length: 80 },
  },
  {
    kind: 'cardiothoracic',
    name: 'cardiothoracic ratio',
    // 24 mm along a row; 36 along and 48 down are 60.
    points: [
      [30, 40],
      [70, 40],
      [20, 10],
      [80, 70],
    ],
    answers: { ratio: 0.4 },
  },
  {
    kind: 'circle',
    name: 'circle in the disc',
    // 6 mm are 10 columns and 7.5 rows. 232 pixel centres lie within.
    points: [
      [42, 48],
      [22, 48],
      [32, 55.5],
    ],
    answers: { area: 36 * Math.PI, diameter: 12, mean: 104, sd: 0, min: 104, max: 104, n: 232 },
  },
  {
    kind: 'ellipse',
    name: 'ellipse in the disc',
    // Half axes of 10 pixels: 6 and 8 mm. 316 pixel centres lie within 10 pixels of a corner of pixels.
    points: [
      [22, 38],
      [42, 58],
    ],
    answers: { area: 48 * Math.PI, mean: 104, sd: 0, min: 104, max: 104, n: 316 },
  },
  {
    kind: 'rectangle',
    name: 'rectangle on the checkerboard',
    points: [
      [56, 40],
      [76, 60],
    ],
    answers: { area: 192, mean: 0, sd: 504, min: -504, max: 504, n: 400 },
  },
  {
    kind: 'freehand',
    name: 'outline on the checkerboard',
    points: [
      [56, 40],
      [76, 40],
      [76, 60],
      [56, 60],
    ],
    answers: { area: 192, perimeter: 56, mean: 0, sd: 504, min: -504, max: 504, n: 400 },
  },
  {
    kind: 'rectangle',
    name: 'rectangle on the ramp',
    // Columns 40 to 59 in steps of 16: an even distribution of 20 values has the variance (20² - 1) / 12 of its step's square.
    points: [
      [40, 2],
      [60, 12],
    ],
    answers: { area: 96, mean: -224, sd: 16 * Math.sqrt(399 / 12), min: -376, max: -72, n: 200 },
  },
  { kind: 'probe', name: 'probe on a dot', points: [[100.5, 24.5]], answers: { value: DOT_HU } },
  { kind: 'probe', name: 'probe on the ramp', points: [[10.5, 5.5]], answers: { value: -856 } },
  { kind: 'probe', name: 'probe on the ramp downwards', points: [[120.5, 50.5]], answers: { value: -256 } },
]

/** Figures that lossy coding cannot change. */
const OF_COLOURS = new Set<Figure>(['length', 'width', 'angle', 'ratio', 'area', 'perimeter', 'diameter'])
const EXACT = new Set<Figure>([...OF_COLOURS, 'n'])

export interface CheckedFigure {
  figure: Figure
  expected: number
  found: number | undefined
  passed: boolean
}

/**
 * The figures of a mark on a kind of phantom against the known ones. `tolerance`: how far its modality values may be off. Colours
 * have no statistics: only lengths, angles and areas are asked of them, and the three values of a probe.
 */
export function checkFigures(
  { answers, points }: KnownMark,
  kind: PhantomKind,
  tolerance: number,
  measured: Measured | undefined,
): CheckedFigure[] {
  if (kind === 'colour' && answers.value !== undefined) {
    const [column, row] = (points[0] ?? [0, 0]).map(Math.floor) as [number, number]
    return colourAt(column, row).map((expected, i) => checked('value', expected, measured?.values?.[i], tolerance))
  }
  return (Object.entries(answers) as Array<[Figure, number]>).flatMap(([figure, hounsfield]) => {
    if (kind === 'colour' && !OF_COLOURS.has(figure)) return []
    const within = EXACT.has(figure) ? 0 : tolerance
    return [checked(figure, ofKind(kind, figure, hounsfield), figureOf(measured, figure), within)]
  })
}

/** Values of 8 bits are Hounsfield units + 1024, by 8. */
function ofKind(kind: PhantomKind, figure: Figure, hounsfield: number): number {
  if (kind !== 'bytes' || EXACT.has(figure)) return hounsfield
  return figure === 'sd' ? hounsfield / 8 : (hounsfield + 1024) / 8
}

function figureOf(measured: Measured | undefined, figure: Figure): number | undefined {
  switch (figure) {
    case 'mean':
    case 'sd':
    case 'min':
    case 'max':
    case 'n':
      return measured?.statistics?.[figure]
    case 'value':
      return measured?.values?.[0]
    default:
      return measured?.scale.unit === 'mm' ? measured[figure] : undefined
  }
}

/** What doubles lose: nine digits are left. */
function checked(figure: Figure, expected: number, found: number | undefined, tolerance: number): CheckedFigure {
  const allowed = tolerance + 1e-9 * Math.max(1, Math.abs(expected))
  return { figure, expected, found, passed: found !== undefined && Math.abs(found - expected) <= allowed }
}
