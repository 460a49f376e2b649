import type { Point, Scale } from './scale.ts'

type Pixel = Pick<Scale, 'x' | 'y'>

/** From `a` to `b`, in the scale's unit. */
function vector(a: Point, b: Point, scale: Pixel): Point {
  return [(b[0] - a[0]) * scale.x, (b[1] - a[1]) * scale.y]
}

/** Distance of two points, in the scale's unit. */
export function lengthOf(a: Point, b: Point, scale: Pixel): number {
  return Math.hypot(...vector(a, b, scale))
}

/** The angle at `vertex`, 0 to 180 degrees; 0 when an arm has no length. */
export function angleAt(a: Point, vertex: Point, b: Point, scale: Pixel): number {
  return angleBetween(vector(vertex, a, scale), vector(vertex, b, scale))
}

/** Cobb: the angle between the lines a–b and c–d, 0 to 90 degrees: a line has no direction. */
export function cobbAngle([a, b, c, d]: readonly [Point, Point, Point, Point], scale: Pixel): number {
  const angle = angleBetween(vector(a, b, scale), vector(c, d, scale))
  return Math.min(angle, 180 - angle)
}

/** The angle between the lines a→b and c→d as they were drawn, 0 to 180 degrees: their vertex need not be seen. */
export function openAngle([a, b, c, d]: readonly [Point, Point, Point, Point], scale: Pixel): number {
  return angleBetween(vector(a, b, scale), vector(c, d, scale))
}

/** By the arc tangent: the arc cosine loses eight digits near 0° and 180°. */
function angleBetween([ax, ay]: Point, [bx, by]: Point): number {
  return (Math.atan2(Math.abs(ax * by - ay * bx), ax * bx + ay * by) * 180) / Math.PI
}

/** Area of the rectangle between two opposite corners, in the scale's unit squared. */
export function rectangleArea(a: Point, b: Point, scale: Pixel): number {
  const [width, height] = vector(a, b, scale)
  return Math.abs(width * height)
}

/** Area of the ellipse that fills the rectangle between two opposite corners, in the scale's unit squared. */
export function ellipseArea(a: Point, b: Point, scale: Pixel): number {
  return (Math.PI / 4) * rectangleArea(a, b, scale)
}

/** The way round that ellipse, in the scale's unit: by the arithmetic-geometric mean, to the last digits (Abramowitz 17.6). */
export function ellipsePerimeter(a: Point, b: Point, scale: Pixel): number {
  const [width, height] = vector(a, b, scale).map(Math.abs) as [number, number]
  let [mean, other] = [Math.max(width, height) / 2, Math.min(width, height) / 2]
  if (other === 0) return 4 * mean
  const square = mean * mean
  let sum = (square - other * other) / 2
  for (let weight = 1; mean - other > 1e-15 * mean && weight < 1e6; weight *= 2) {
    const half = (mean - other) / 2
    ;[mean, other] = [(mean + other) / 2, Math.sqrt(mean * other)]
    sum += weight * half * half
  }
  return ((2 * Math.PI) / mean) * (square - sum)
}

/** Along the points, and back to the first where `closed`; in the scale's unit. */
export function pathLength(points: readonly Point[], scale: Pixel, closed = false): number {
  let length = 0
  for (let i = 1; i < points.length; i++) length += lengthOf(points[i - 1]!, points[i]!, scale)
  return closed && points.length > 1 ? length + lengthOf(points.at(-1)!, points[0]!, scale) : length
}

/**
 * The circle (in the patient: on the image an ellipse where pixels are not square) through three points: its centre in image
 * coordinates, its radius in the scale's unit; undefined where they lie on one line.
 */
export function circleThrough(
  [a, b, c]: readonly [Point, Point, Point],
  scale: Pixel,
): { centre: Point; radius: number } | undefined {
  const [bx, by] = vector(a, b, scale)
  const [cx, cy] = vector(a, c, scale)
  const twice = 2 * (bx * cy - by * cx)
  const [bb, cc] = [bx * bx + by * by, cx * cx + cy * cy]
  const x = (cy * bb - by * cc) / twice
  const y = (bx * cc - cx * bb) / twice
  const radius = Math.hypot(x, y)
  // Nearly on one line: a circle larger than any image is none.
  if (!(radius < 1e5 * Math.max(scale.x, scale.y))) return undefined
  return { centre: [a[0] + x / scale.x, a[1] + y / scale.y], radius }
}

/** Where `point` stands along and across the line a–b, in the scale's unit, from a. */
function alongAndAcross([a, b]: readonly [Point, Point], point: Point, scale: Pixel): Point {
  const line = vector(a, b, scale)
  const [px, py] = vector(a, point, scale)
  const length = Math.hypot(...line)
  if (length === 0) return [0, 0]
  return [(px * line[0] + py * line[1]) / length, (py * line[0] - px * line[1]) / length]
}

function fromAlongAndAcross([a, b]: readonly [Point, Point], along: number, across: number, scale: Pixel): Point {
  const line = vector(a, b, scale)
  const length = Math.hypot(...line) || 1
  const [ux, uy] = [line[0] / length, line[1] / length]
  return [a[0] + (along * ux - across * uy) / scale.x, a[1] + (along * uy + across * ux) / scale.y]
}

type Four = [Point, Point, Point, Point]

/** The short axis a new long axis begins with: across its middle, a quarter of its length to either side. */
export function withShortAxis(a: Point, b: Point, scale: Pixel): Four {
  const length = lengthOf(a, b, scale)
  const at = (across: number) => fromAlongAndAcross([a, b], length / 2, across, scale)
  return [a, b, at(length / 4), at(-length / 4)]
}

/**
 * A bidirectional mark (long axis 0–1, short axis 2–3) with one end moved: the axes stay at right angles in the patient. An end
 * of the long axis takes the short one along; an end of the short one keeps its partner on the same crossing.
 */
export function moveBidirectional(points: Four, index: number, to: Point, scale: Pixel): Four {
  const [a, b, c, d] = points
  if (index < 2) {
    const long: [Point, Point] = index === 0 ? [to, b] : [a, to]
    const stretch = lengthOf(...long, scale) / (lengthOf(a, b, scale) || 1)
    const carried = (point: Point): Point => {
      const [along, across] = alongAndAcross([a, b], point, scale)
      return fromAlongAndAcross(long, along * stretch, across, scale)
    }
    return [...long, carried(c), carried(d)]
  }
  const [along, across] = alongAndAcross([a, b], to, scale)
  const partner = fromAlongAndAcross([a, b], along, alongAndAcross([a, b], index === 2 ? d : c, scale)[1], scale)
  const moved = fromAlongAndAcross([a, b], along, across, scale)
  return index === 2 ? [a, b, moved, partner] : [a, b, partner, moved]
}
