import type { Point, Scale } from './scale.ts'

/** Chords of a spline's span: at 100 pixels between its points they stray 0.02 from the curve. */
const SPAN_CHORDS = 32
/** Chords of a whole spline. */
const MAX_CHORDS = 3200

/**
 * The closed curve through three points or more, as the polygon it is drawn, filled and measured by: uniform Catmull-Rom, which
 * turning, mirroring and pixels that are not square do not change.
 */
export function splineOutline(points: readonly Point[]): Point[] {
  const count = points.length
  if (count < 3) return [...points]
  const chords = Math.max(4, Math.min(SPAN_CHORDS, Math.floor(MAX_CHORDS / count)))
  const at = (index: number): Point => points[(index + count) % count]!
  const outline: Point[] = []
  for (let span = 0; span < count; span++) {
    const [p, q, r, s] = [at(span - 1), at(span), at(span + 1), at(span + 2)]
    for (let step = 0; step < chords; step++) {
      const t = step / chords
      outline.push([catmullRom(p[0], q[0], r[0], s[0], t), catmullRom(p[1], q[1], r[1], s[1], t)])
    }
  }
  return outline
}

/** From q (t = 0) to r (t = 1). */
function catmullRom(p: number, q: number, r: number, s: number, t: number): number {
  return q + (t / 2) * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)))
}

/** An outline that crosses itself more often is a scribble. */
const MAX_CROSSINGS = 5000

/**
 * The area within a closed outline, in the scale's unit squared. Where it crosses itself, a point is inside when a line from it
 * to the outside crosses the outline an odd number of times (as `regionSpans` counts pixels); undefined where it crosses itself
 * over 5,000 times.
 */
export function outlineArea(points: readonly Point[], scale: Pick<Scale, 'x' | 'y'>): number | undefined {
  const crossings = crossingRows(points)
  if (crossings === undefined) return undefined
  const area = crossings.length === 0 ? shoelace(points) : evenOddArea(points, crossings)
  return area * scale.x * scale.y
}

function shoelace(points: readonly Point[]): number {
  // About the first point: far from the origin the products would lose digits.
  const [left, top] = points[0] ?? [0, 0]
  const twice = points.reduce((sum, [x, y], i) => {
    const [u, v] = points[(i + 1) % points.length]!
    return sum + (x - left) * (v - top) - (u - left) * (y - top)
  }, 0)
  return Math.abs(twice) / 2
}

interface Edge {
  from: Point
  to: Point
  left: number
  right: number
  index: number
}

function edgesOf(points: readonly Point[]): Edge[] {
  return points.map((from, index) => {
    const to = points[(index + 1) % points.length]!
    return { from, to, left: Math.min(from[0], to[0]), right: Math.max(from[0], to[0]), index }
  })
}

/** The y of every place where two edges cross within both; undefined when there are too many. */
function crossingRows(points: readonly Point[]): number[] | undefined {
  const edges = edgesOf(points).sort((a, b) => a.left - b.left)
  const found: number[] = []
  for (const [i, one] of edges.entries()) {
    for (let j = i + 1; j < edges.length; j++) {
      const other = edges[j]!
      if (other.left > one.right) break
      const apart = Math.abs(one.index - other.index)
      if (apart === 1 || apart === edges.length - 1) continue
      const y = crossingOf(one, other)
      if (y !== undefined && found.push(y) > MAX_CROSSINGS) return undefined
    }
  }
  return found
}

function crossingOf({ from: a, to: b }: Edge, { from: c, to: d }: Edge): number | undefined {
  const [ux, uy] = [b[0] - a[0], b[1] - a[1]]
  const [vx, vy] = [d[0] - c[0], d[1] - c[1]]
  const cross = ux * vy - uy * vx
  if (cross === 0) return undefined
  const [wx, wy] = [c[0] - a[0], c[1] - a[1]]
  const t = (wx * vy - wy * vx) / cross
  const s = (wx * uy - wy * ux) / cross
  return t >= 0 && t <= 1 && s >= 0 && s <= 1 ? a[1] + t * uy : undefined
}

/** Between two neighbouring corners or crossings no edges meet, so that what lies inside are trapezoids. */
function evenOddArea(points: readonly Point[], crossings: number[]): number {
  const rows = [...new Set([...points.map(([, y]) => y), ...crossings])].sort((a, b) => a - b)
  const edges = edgesOf(points)
  let area = 0
  for (let i = 1; i < rows.length; i++) {
    const [top, bottom] = [rows[i - 1]!, rows[i]!]
    const middle = (top + bottom) / 2
    const across = edges
      .filter(({ from, to }) => from[1] > middle !== to[1] > middle)
      .map(({ from, to }) => from[0] + ((middle - from[1]) * (to[0] - from[0])) / (to[1] - from[1]))
      .sort((a, b) => a - b)
    for (let pair = 1; pair < across.length; pair += 2) area += (across[pair]! - across[pair - 1]!) * (bottom - top)
  }
  return area
}
