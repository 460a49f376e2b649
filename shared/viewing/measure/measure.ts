import type { Mark, MarkKind } from '../draft.ts'
import type { ImageAttributes, RealWorldValueMapping } from '../image.ts'
import type { SeriesStart, UptakeKind } from '../suv.ts'
import { angleAt, cobbAngle, ellipseArea, lengthOf, rectangleArea } from './geometry.ts'
import { type FramePixels, regionStatistics, type Statistics, storedAt, valueAt } from './region.ts'
import { type MeasuredFrame, type Point, type Scale, scaleOf } from './scale.ts'
import { type ValueUnit, valueUnitOf } from './valueUnit.ts'

/** The figures of a mark: what its kind has. Lengths and areas in `scale.unit`, angles in degrees, values in `valueUnit`. */
export interface Measured {
  scale: Scale
  valueUnit: ValueUnit
  length?: number
  /** The short axis of a bidirectional mark. */
  width?: number
  angle?: number
  area?: number
  statistics?: Statistics
  /** One value, or three of a colour. */
  values?: number[]
  /** The same values by the image's Real World Value Mappings. */
  mapped?: MappedValues[]
}

interface MappedValues {
  label: string
  unit: string
  statistics?: Statistics
  value?: number
}

/** What is under a mark: absent while the frame's pixels are not here. */
export interface MarkPixels extends FramePixels {
  /** 3: `pixels` are red, green, blue by turns, with no unit. */
  components: 1 | 3
}

/** Everything that can be said of a mark on its frame; of PET by the uptake that is wanted. */
export function measure(
  mark: Pick<Mark, 'kind' | 'points'>,
  frame: MeasuredFrame,
  start: SeriesStart,
  pixels: MarkPixels | undefined,
  uptake?: UptakeKind,
): Measured {
  const points = mark.points as Point[]
  const scale = scaleOf(frame, extentOf(mark.kind, points))
  const valueUnit = pixels?.components === 3 ? { unit: '', factor: 1 } : valueUnitOf(frame, start, uptake)
  const mapped = mappedValues(mark.kind, points, frame.attributes, pixels)
  const found = figures(mark.kind, points, scale, valueUnit.factor, pixels)
  return { scale, valueUnit, ...found, ...(mapped.length > 0 && { mapped }) }
}

/** PS3.3 C.7.6.16.2.11 maps stored values: where a modality LUT has been applied they are no longer here. */
function mappedValues(
  kind: MarkKind,
  [a, b]: Point[],
  { RealWorldValueMappings: mappings = [], ModalityLUT }: ImageAttributes,
  pixels: MarkPixels | undefined,
): MappedValues[] {
  if (pixels === undefined || pixels.components === 3 || ModalityLUT !== undefined || a === undefined) return []
  return mappings.flatMap((mapping): MappedValues[] => {
    const { label, unit } = mapping
    if (kind === 'probe') {
      const stored = storedAt(a, pixels)
      const value = stored === undefined ? undefined : realWorldValue(mapping, stored)
      return value === undefined ? [] : [{ label, unit, value }]
    }
    if ((kind !== 'ellipse' && kind !== 'rectangle') || b === undefined) return []
    const statistics = regionStatistics(kind, [a, b], pixels, stored => realWorldValue(mapping, stored))
    return statistics === undefined ? [] : [{ label, unit, statistics }]
  })
}

function realWorldValue({ first, last, slope, intercept, values }: RealWorldValueMapping, stored: number) {
  if (stored < first || stored > last) return undefined
  return values === undefined ? stored * slope + intercept : values[stored - first]
}

/** The points that must lie in one region of an ultrasound image: of a box, all four corners. */
function extentOf(kind: MarkKind, points: Point[]): Point[] {
  const [a, b] = points
  const box = kind === 'ellipse' || kind === 'rectangle'
  return box && a && b ? [a, b, [a[0], b[1]], [b[0], a[1]]] : points
}

function figures(
  kind: MarkKind,
  [a = [0, 0], b = a, c = a, d = a]: Point[],
  scale: Scale,
  factor: number,
  pixels: MarkPixels | undefined,
): Partial<Measured> {
  switch (kind) {
    case 'length':
      return { length: lengthOf(a, b, scale) }
    case 'angle':
      return { angle: angleAt(a, b, c, scale) }
    case 'cobb':
      return { angle: cobbAngle([a, b, c, d], scale) }
    case 'bidirectional':
      return bothAxes(lengthOf(a, b, scale), lengthOf(c, d, scale))
    case 'ellipse':
      return { area: ellipseArea(a, b, scale), ...statisticsOf('ellipse', [a, b], factor, pixels) }
    case 'rectangle':
      return { area: rectangleArea(a, b, scale), ...statisticsOf('rectangle', [a, b], factor, pixels) }
    case 'probe':
      return valuesOf(a, factor, pixels)
    case 'arrow':
    case 'text':
      return {}
  }
}

/** The long axis is the longer one, however it was pulled. */
function bothAxes(first: number, second: number): Partial<Measured> {
  return { length: Math.max(first, second), width: Math.min(first, second) }
}

function statisticsOf(
  shape: 'ellipse' | 'rectangle',
  corners: [Point, Point],
  factor: number,
  pixels: MarkPixels | undefined,
): Partial<Measured> {
  if (pixels === undefined || pixels.components === 3) return {}
  const statistics = regionStatistics(shape, corners, pixels)
  if (statistics === undefined) return {}
  const { n, mean, sd, min, max } = statistics
  return { statistics: { n, mean: mean * factor, sd: sd * factor, min: min * factor, max: max * factor } }
}

function valuesOf(point: Point, factor: number, pixels: MarkPixels | undefined): Partial<Measured> {
  if (pixels === undefined) return {}
  if (pixels.components === 1) {
    const value = valueAt(point, pixels)
    return value === undefined ? {} : { values: [value * factor] }
  }
  const [column, row] = [Math.floor(point[0]), Math.floor(point[1])]
  if (column < 0 || row < 0 || column >= pixels.columns || row >= pixels.rows) return {}
  const at = (row * pixels.columns + column) * 3
  return { values: [0, 1, 2].map(channel => pixels.pixels[at + channel] ?? 0) }
}

/** Three significant digits at least, tenths of what is over ten. */
function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 10 || value === 0) return value.toFixed(1)
  return size >= 1 ? value.toFixed(2) : value.toPrecision(3)
}

/** Tenths: finer than a hand places a handle. What is under one unit keeps two digits. */
function lengthText(value: number): string {
  return value >= 1 || value === 0 ? value.toFixed(1) : value.toPrecision(2)
}

/** Whole values as they are; others with what is needed to tell them apart. */
export function valueText(value: number): string {
  return Number.isInteger(value) ? String(value) : figure(value)
}

function withNote(text: string, { note }: Scale): string {
  return note === '' ? text : `${text} ${note}`
}

/** A mark's label, line by line, as it stands on the image. */
export function describe(mark: Pick<Mark, 'kind' | 'text' | 'points'>, measured: Measured): string[] {
  const { scale, valueUnit, length, width, angle, area, statistics, values, mapped = [] } = measured
  const unit = valueUnit.unit === '' ? '' : ` ${valueUnit.unit}`
  const lines: string[] = mark.text === '' ? [] : mark.text.split('\n')
  if (length !== undefined) {
    const both = width === undefined ? lengthText(length) : `${lengthText(length)} × ${lengthText(width)}`
    lines.push(withNote(`${both} ${scale.unit}`, scale))
  }
  if (angle !== undefined) lines.push(`${angle.toFixed(1)}°`)
  if (area !== undefined) lines.push(withNote(`${figure(area)} ${scale.unit}²`, scale))
  if (statistics !== undefined) {
    const { mean, sd, min, max, n } = statistics
    lines.push(`mean ${figure(mean)} SD ${figure(sd)}${unit}`)
    lines.push(`min ${valueText(min)} max ${valueText(max)} n ${n}`)
  }
  if (values !== undefined) lines.push(values.length === 1 ? `${valueText(values[0] ?? 0)}${unit}` : values.join(' '))
  for (const { label, unit, statistics, value } of mapped) {
    const name = label === '' ? 'mapped' : label
    const of = unit === '' ? '' : ` ${unit}`
    if (value !== undefined) lines.push(`${name} ${figure(value)}${of}`)
    else if (statistics !== undefined) {
      const { mean, sd, min, max } = statistics
      lines.push(`${name} mean ${figure(mean)} SD ${figure(sd)}${of}`, `min ${valueText(min)} max ${valueText(max)}`)
    }
  }
  if (mark.kind === 'probe' && values !== undefined) {
    const [x, y] = mark.points[0] ?? [0, 0]
    lines.push(`column ${Math.floor(x) + 1} row ${Math.floor(y) + 1}`)
  }
  return lines
}
