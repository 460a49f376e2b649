import { cross, dot, type ImagePlane, type Point3 } from '../geometry.ts'
import type { Matrix } from '../view.ts'
import type { VolumeGrid } from './grid.ts'

/** A point of a curve, at whole steps of the way along it. */
interface Station {
  at: Point3
  /** Unit vector along the curve, and one across it that turns about it no more than the curve itself makes it. */
  along: Point3
  across: Point3
}

/** A curve through points in the patient, in steps of equal length. */
export interface Curve {
  stations: Station[]
  /** mm from one station to the next, along the curve. */
  step: number
  /** mm. */
  length: number
}

/** Points nearer than this are one (mm): a double click is no stretch of a vessel. */
const SAME_PLACE = 0.5
/** Chords between two points: of a bend of 90° each is 0.02 % shorter than its arc. */
const CHORDS = 64
/** A curve is no finer than this part of its length. */
const MOST_STATIONS = 2048
/** Neighbours that lie nearer to one another than this part of the way between them say nothing of its direction. */
const TURNS_BACK = 1e-3
/** A direction this near to the curve's own says nothing of what lies across it. */
const ALONG = 0.9

function plus(a: Point3, b: Point3, factor = 1): Point3 {
  return [a[0] + b[0] * factor, a[1] + b[1] * factor, a[2] + b[2] * factor]
}

function unit(a: Point3): Point3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

function distance(a: Point3, b: Point3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/**
 * The centripetal Catmull–Rom spline through the points (Yuksel, Schaefer and Keyser, CAD 43 (2011): it makes neither loops nor
 * cusps), in steps of about `step` mm of its own length. Undefined where there are no two places.
 */
export function curveThrough(given: readonly Point3[], step: number): Curve | undefined {
  const points: Point3[] = []
  for (const point of given) {
    if (points.length === 0 || distance(point, points.at(-1)!) > SAME_PLACE) points.push(point)
  }
  if (points.length < 2) return undefined
  const chain = chords(points)
  const lengths = [0]
  for (let i = 1; i < chain.length; i++) lengths.push(lengths[i - 1]! + distance(chain[i]!, chain[i - 1]!))
  const length = lengths.at(-1)!
  const count = Math.max(2, Math.min(MOST_STATIONS, Math.round(length / step) + 1))
  const own = length / (count - 1)
  const places: Point3[] = []
  let chord = 1
  for (let index = 0; index < count; index++) {
    const at = Math.min(length, index * own)
    while (chord < chain.length - 1 && lengths[chord]! < at) chord++
    const [from, to] = [lengths[chord - 1]!, lengths[chord]!]
    const part = to > from ? (at - from) / (to - from) : 0
    const [a, b] = [chain[chord - 1]!, chain[chord]!]
    places.push(plus(a, [b[0] - a[0], b[1] - a[1], b[2] - a[2]], part))
  }
  return { stations: framed(places), step: own, length }
}

/** Barry and Goldman's pyramid, knots by the root of the distance; the ends lean on their own mirror images. */
function chords(points: readonly Point3[]): Point3[] {
  const mirrored = (end: Point3, next: Point3): Point3 => plus(plus(end, end), next, -1)
  const all = [mirrored(points[0]!, points[1]!), ...points, mirrored(points.at(-1)!, points.at(-2)!)]
  const chain: Point3[] = [points[0]!]
  for (let i = 1; i + 2 < all.length; i++) {
    const four = [all[i - 1]!, all[i]!, all[i + 1]!, all[i + 2]!] as const
    const knots = [0]
    for (let k = 1; k < 4; k++) knots.push(knots[k - 1]! + Math.sqrt(distance(four[k - 1]!, four[k]!)))
    const [t0, t1, t2, t3] = knots as [number, number, number, number]
    const mix = (a: Point3, b: Point3, from: number, to: number, t: number): Point3 => {
      const part = (t - from) / (to - from)
      return plus(plus([0, 0, 0], a, 1 - part), b, part)
    }
    for (let n = 1; n <= CHORDS; n++) {
      const t = t1 + ((t2 - t1) * n) / CHORDS
      const [a, b, c] = [
        mix(four[0], four[1], t0, t1, t),
        mix(four[1], four[2], t1, t2, t),
        mix(four[2], four[3], t2, t3, t),
      ]
      chain.push(mix(mix(a, b, t0, t2, t), mix(b, c, t1, t3, t), t1, t2, t))
    }
  }
  return chain
}

/**
 * Directions along and across. From one station to the next the one across is carried by double reflection (Wang, Jüttler, Zheng
 * and Liu, ACM TOG 27 (2008)): it does not turn about the curve. In the middle it points to the patient's left, or to the back
 * where the curve itself runs from side to side.
 */
function framed(places: readonly Point3[]): Station[] {
  const last = places.length - 1
  const tangents: Point3[] = []
  for (const [i, place] of places.entries()) {
    const [before, after] = [places[Math.max(0, i - 1)]!, places[Math.min(last, i + 1)]!]
    const [come, go] = [distance(before, place), distance(place, after)]
    // Where a curve turns back on itself its neighbours are one place: it comes to an end there and sets out anew.
    const [from, to] = distance(before, after) > TURNS_BACK * (come + go) ? [before, after] : [before, place]
    tangents.push(distance(from, to) > 0 ? unit(plus(to, from, -1)) : (tangents.at(-1) ?? [0, 0, 1]))
  }
  const middle = Math.floor(last / 2)
  const along = tangents[middle]!
  const wanted: Point3 = Math.abs(along[0]) < ALONG ? [1, 0, 0] : [0, 1, 0]
  const across: Point3[] = []
  across[middle] = unit(plus(wanted, along, -dot(wanted, along)))
  for (let i = middle; i < last; i++) across[i + 1] = carried(places, tangents, across[i]!, i, i + 1)
  for (let i = middle; i > 0; i--) across[i - 1] = carried(places, tangents, across[i]!, i, i - 1)
  return places.map((at, i) => ({ at, along: tangents[i]!, across: across[i]! }))
}

function carried(
  places: readonly Point3[],
  tangents: readonly Point3[],
  across: Point3,
  from: number,
  to: number,
): Point3 {
  const reflected = (vector: Point3, mirror: Point3): Point3 => {
    const square = dot(mirror, mirror)
    return square < 1e-18 ? vector : plus(vector, mirror, (-2 * dot(mirror, vector)) / square)
  }
  // Walked backwards the curve runs the other way.
  const sign = to > from ? 1 : -1
  const first = plus(places[to]!, places[from]!, -1)
  const turnedAcross = reflected(across, first)
  const turnedAlong = reflected(plus([0, 0, 0], tangents[from]!, sign), first)
  const second = plus(plus([0, 0, 0], tangents[to]!, sign), turnedAlong, -1)
  const next = reflected(turnedAcross, second)
  // Rounding must not add up over thousands of steps.
  return unit(plus(next, tangents[to]!, -dot(next, tangents[to]!)))
}

/** The straightened picture of a curve: each row lies across it, one step below the row before. */
export interface StraightPicture {
  /** A plane of one row for each row of the picture, left to right `across`, turned about the curve. */
  rows: ImagePlane[]
  Rows: number
  Columns: number
  /** mm, down and across alike. */
  pixel: number
}

/** mm of a pixel of straightened pictures of a volume: its finest step. */
export function straightPixel({ steps }: VolumeGrid): number {
  return Math.min(...steps.map(step => Math.hypot(...step)))
}

/**
 * @param width mm across, half of it to each side
 * @param angle radians by which what lies across is turned about the curve, right hand along it
 */
export function straightPicture(
  { stations, step }: Curve,
  FrameOfReferenceUID: string,
  width: number,
  angle: number,
): StraightPicture {
  // An odd number: the curve itself is the middle of a column.
  const Columns = 2 * Math.max(1, Math.round(width / step / 2)) + 1
  const rows = stations.map((station): ImagePlane => {
    const row = acrossAt(station, angle)
    return {
      FrameOfReferenceUID,
      position: plus(station.at, row, (-(Columns - 1) / 2) * step),
      row,
      column: station.along,
      normal: cross(row, station.along),
      rowSpacing: step,
      columnSpacing: step,
      Rows: 1,
      Columns,
    }
  })
  return { rows, Rows: rows.length, Columns, pixel: step }
}

/** What lies across a curve at a station, turned about it. */
export function acrossAt({ along, across }: Station, angle: number): Point3 {
  const aside = cross(along, across)
  return plus(plus([0, 0, 0], across, Math.cos(angle)), aside, Math.sin(angle))
}

/**
 * The letters of what lies beside the line of a straightened picture, as it stands on the screen, turned and mirrored: at the left and
 * the right, or, lying (`isLying`), on top and below. `first` and `last`: towards its first and its last column.
 */
export function shownSides(first: string, last: string, matrix: Pick<Matrix, 'a' | 'b'>): [string, string] {
  return (isLying(matrix) ? matrix.b : matrix.a) < 0 ? [last, first] : [first, last]
}

/** The picture's rows run down the screen, and its line across it. */
export function isLying({ a, b }: Pick<Matrix, 'a' | 'b'>): boolean {
  return Math.abs(b) > Math.abs(a)
}
