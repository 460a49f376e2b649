import type { Mark } from '../draft.ts'
import type { ImageAttributes, RealWorldValueMapping } from '../image.ts'
import type { SeriesStart, UptakeKind } from '../suv.ts'
import { angleAt, cobbAngle, lengthOf, openAngle, pathLength } from './geometry.ts'
import { cornersOf, type MarkRegion, regionOf } from './markRegion.ts'
import { type FramePixels, regionStatistics, regionValues, type Statistics, storedAt, valueAt } from './region.ts'
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
  /** The smaller of two widths by the larger one. */
  ratio?: number
  area?: number
  /** The whole way round an area. */
  perimeter?: number
  /** Of a circle. */
  diameter?: number
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

export type MeasuredMark = Pick<Mark, 'kind' | 'points' | 'closed'>

/** Modality values times `factor`, which makes them values of `unit`. */
export interface MarkValues {
  values: Float64Array
  unit: string
  factor: number
}

/** The values under a mark that encloses an area, in their unit, for what is reckoned of them; undefined otherwise. */
export function markValues(
  mark: MeasuredMark,
  frame: MeasuredFrame,
  start: SeriesStart,
  pixels: MarkPixels | undefined,
  uptake?: UptakeKind,
): MarkValues | undefined {
  const region = regionOf(mark, markScale(mark, frame))
  if (region === undefined || pixels === undefined || pixels.components === 3) return undefined
  const { unit, factor } = valueUnitOf(frame, start, uptake)
  const values = regionValues(region.shape, region.points, pixels)
  return { values: factor === 1 ? values : values.map(value => value * factor), unit, factor }
}

/** Everything that can be said of a mark on its frame; of PET by the uptake that is wanted. */
export function measure(
  mark: MeasuredMark,
  frame: MeasuredFrame,
  start: SeriesStart,
  pixels: MarkPixels | undefined,
  uptake?: UptakeKind,
): Measured {
  const scale = markScale(mark, frame)
  const region = regionOf(mark, scale)
  const valueUnit = pixels?.components === 3 ? { unit: '', factor: 1 } : valueUnitOf(frame, start, uptake)
  const mapped = mappedValues(mark, region, frame.attributes, pixels)
  const found = { ...figures(mark, scale, valueUnit.factor, pixels), ...areaFigures(region, valueUnit.factor, pixels) }
  return { scale, valueUnit, ...found, ...(mapped.length > 0 && { mapped }) }
}

/** PS3.3 C.7.6.16.2.11 maps stored values: where a modality LUT has been applied they are no longer here. */
function mappedValues(
  { kind, points: [a] }: MeasuredMark,
  region: MarkRegion | undefined,
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
    if (region === undefined) return []
    const statistics = regionStatistics(region.shape, region.points, pixels, stored => realWorldValue(mapping, stored))
    return statistics === undefined ? [] : [{ label, unit, statistics }]
  })
}

function realWorldValue({ first, last, slope, intercept, values }: RealWorldValueMapping, stored: number) {
  if (stored < first || stored > last) return undefined
  return values === undefined ? stored * slope + intercept : values[stored - first]
}

/** The scale a mark is measured by: on an ultrasound image that of the region that holds all of it, its outline too. */
export function markScale(mark: MeasuredMark, frame: MeasuredFrame): Scale {
  const { kind, points } = mark
  const [a, b] = points
  if ((kind === 'ellipse' || kind === 'rectangle') && a && b) return scaleOf(frame, boxCorners(a, b))
  if (kind === 'spline') return scaleOf(frame, cornersOf(mark) ?? points)
  const scale = scaleOf(frame, points)
  if (kind !== 'circle') return scale
  const [first, second] = regionOf(mark, scale)?.points ?? []
  return first && second ? scaleOf(frame, boxCorners(first, second)) : scale
}

function boxCorners(a: Point, b: Point): Point[] {
  return [a, b, [a[0], b[1]], [b[0], a[1]]]
}

function figures(
  { kind, points, closed }: MeasuredMark,
  scale: Scale,
  factor: number,
  pixels: MarkPixels | undefined,
): Partial<Measured> {
  const [a = [0, 0], b = a, c = a, d = a] = points
  switch (kind) {
    case 'length':
      return { length: lengthOf(a, b, scale) }
    case 'angle':
      return { angle: angleAt(a, b, c, scale) }
    case 'cobb':
      return { angle: cobbAngle([a, b, c, d], scale) }
    case 'openAngle':
      return { angle: openAngle([a, b, c, d], scale) }
    case 'bidirectional':
      return bothAxes(lengthOf(a, b, scale), lengthOf(c, d, scale))
    case 'cardiothoracic': {
      // The heart is the narrower of the two, in whatever order they were drawn.
      const { length = 0, width = 0 } = bothAxes(lengthOf(a, b, scale), lengthOf(c, d, scale))
      return length === 0 ? {} : { length, width, ratio: width / length }
    }
    case 'polyline':
    case 'livewire':
      return closed ? {} : { length: pathLength(points, scale) }
    case 'probe':
      return valuesOf(a, factor, pixels)
    case 'ellipse':
    case 'circle':
    case 'rectangle':
    case 'freehand':
    case 'spline':
    case 'vertebra':
    case 'arrow':
    case 'text':
      return {}
  }
}

function areaFigures(
  region: MarkRegion | undefined,
  factor: number,
  pixels: MarkPixels | undefined,
): Partial<Measured> {
  if (region === undefined) return {}
  const { area, perimeter, diameter } = region
  const statistics = statisticsIn(region, factor, pixels)
  return {
    ...(area !== undefined && { area }),
    perimeter,
    ...(diameter !== undefined && { diameter }),
    ...(statistics && { statistics }),
  }
}

/** The long axis is the longer one, however it was pulled. */
function bothAxes(first: number, second: number): Partial<Measured> {
  return { length: Math.max(first, second), width: Math.min(first, second) }
}

function statisticsIn(
  { shape, points }: MarkRegion,
  factor: number,
  pixels: MarkPixels | undefined,
): Statistics | undefined {
  if (pixels === undefined || pixels.components === 3) return undefined
  const found = regionStatistics(shape, points, pixels)
  if (found === undefined) return undefined
  const { n, mean, sd, min, max, median } = found
  const scaled = { mean: mean * factor, sd: sd * factor, min: min * factor, max: max * factor, median: median * factor }
  return { n, ...scaled }
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
export function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 10 || value === 0) return value.toFixed(1)
  return size >= 1 ? value.toFixed(2) : value.toPrecision(3)
}

/** Tenths: finer than a hand places a handle. What is under one unit keeps two digits. */
export function lengthText(value: number): string {
  return value >= 1 || value === 0 ? value.toFixed(1) : value.toPrecision(2)
}

/** Whole values as they are; others with what is needed to tell them apart. */
export function valueText(value: number): string {
  return Number.isInteger(value) ? String(value) : figure(value)
}

/** A length or an area as it stands beside a mark and in a report: of what a microscope saw in µm (µm²) below a millimetre (mm²). */
export interface Extent {
  value: number
  text: string
  unit: string
}

export function lengthExtent(value: number, { unit, fine }: Pick<Scale, 'unit' | 'fine'>): Extent {
  return fine ? fineExtent(value, unit, 1) : { value, text: lengthText(value), unit }
}

export function areaExtent(value: number, { unit, fine }: Pick<Scale, 'unit' | 'fine'>): Extent {
  return fine ? fineExtent(value, unit, 2) : { value, text: figure(value), unit: `${unit}²` }
}

/** µm² are too many from a hundredth of a square millimetre on. */
const LEAST_MM = { 1: 1, 2: 0.01 } as const

function fineExtent(mm: number, unit: Scale['unit'], power: 1 | 2): Extent {
  const isSmall = unit === 'mm' && mm < LEAST_MM[power]
  const value = isSmall ? mm * 1000 ** power : mm
  // Three digits of it: half a pixel of a hundred is all that a hand places.
  const text = value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 || value === 0 ? 2 : 3)
  return { value, text, unit: `${isSmall ? 'µm' : unit}${power === 2 ? '²' : ''}` }
}

function extentText({ text, unit }: Extent): string {
  return `${text} ${unit}`
}

/** Puts the words between a label's figures into the reader's language. */
type Say = (words: string) => string

function withNote(text: string, { note }: Scale, say: Say): string {
  return note === '' ? text : `${text} ${say(note)}`
}

function lengthLines({ scale, length, width, ratio }: Measured, say: Say): string[] {
  if (length === undefined) return []
  const long = lengthExtent(length, scale)
  if (width === undefined) return [withNote(extentText(long), scale, say)]
  const short = lengthExtent(width, scale)
  const first = (one: Extent, other: Extent) => (one.unit === other.unit ? one.text : extentText(one))
  if (ratio === undefined) return [withNote(`${first(long, short)} × ${extentText(short)}`, scale, say)]
  return [`CTR ${ratio.toFixed(2)}`, withNote(`${first(short, long)} / ${extentText(long)}`, scale, say)]
}

/** An outline whose area cannot be said still has a length. */
function areaLines({ scale, area, perimeter, diameter }: Measured, say: Say): string[] {
  if (perimeter === undefined) return []
  const length = (value: number) => extentText(lengthExtent(value, scale))
  const round = `${diameter === undefined ? '' : `⌀ ${length(diameter)} `}${say('perimeter')} ${length(perimeter)}`
  const text = area === undefined ? say('crosses itself too often for an area') : extentText(areaExtent(area, scale))
  return [withNote(text, scale, say), withNote(round, scale, say)]
}

/** A mark's label, line by line, as it stands on the image; in English without `say`, as it is written into objects. */
export function describe(
  mark: Pick<Mark, 'kind' | 'text' | 'points'>,
  measured: Measured,
  say: Say = words => words,
): string[] {
  const { valueUnit, angle, statistics, values, mapped = [] } = measured
  const unit = valueUnit.unit === '' ? '' : ` ${valueUnit.unit}`
  const lines: string[] = mark.text === '' ? [] : mark.text.split('\n')
  lines.push(...lengthLines(measured, say))
  if (angle !== undefined) lines.push(`${angle.toFixed(1)}°`)
  lines.push(...areaLines(measured, say))
  if (statistics !== undefined) {
    const { mean, sd, min, max, n, median } = statistics
    lines.push(`${say('mean')} ${figure(mean)} SD ${figure(sd)}${unit}`)
    lines.push(`${say('median')} ${valueText(median)} min ${valueText(min)} max ${valueText(max)} n ${n}`)
  }
  if (values !== undefined) lines.push(values.length === 1 ? `${valueText(values[0] ?? 0)}${unit}` : values.join(' '))
  for (const { label, unit, statistics, value } of mapped) {
    const name = label === '' ? say('mapped') : label
    const of = unit === '' ? '' : ` ${unit}`
    if (value !== undefined) lines.push(`${name} ${figure(value)}${of}`)
    else if (statistics !== undefined) {
      const { mean, sd, min, max } = statistics
      lines.push(
        `${name} ${say('mean')} ${figure(mean)} SD ${figure(sd)}${of}`,
        `min ${valueText(min)} max ${valueText(max)}`,
      )
    }
  }
  if (mark.kind === 'probe' && values !== undefined) {
    const [x, y] = mark.points[0] ?? [0, 0]
    lines.push(`${say('column')} ${Math.floor(x) + 1} ${say('row')} ${Math.floor(y) + 1}`)
  }
  return lines
}
