import type { Point2 } from '../geometry.ts'

/** Vertices in order, not closed by a repeated first one. */
export type Polygon = readonly Point2[]

/** Positive whichever way round; 0 under three vertices. A keyhole's two channel edges cancel out (PS3.3 C.8.8.6.3). */
export function polygonArea(polygon: Polygon): number {
  let twice = 0
  for (let i = 0; i < polygon.length; i++) {
    const [x, y] = polygon[i]!
    const [nextX, nextY] = polygon[(i + 1) % polygon.length]!
    twice += x * nextY - nextX * y
  }
  return Math.abs(twice) / 2
}

/** Even-odd. */
export function isInside([x, y]: Point2, polygon: Polygon): boolean {
  let inside = false
  for (let i = 0, before = polygon.length - 1; i < polygon.length; before = i++) {
    const [ax, ay] = polygon[i]!
    const [bx, by] = polygon[before]!
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

/** Of outlines that lie in one plane and do not cross: one within another is a hole, one within that an island. */
export function nestedArea(polygons: readonly Polygon[]): number {
  return polygons.reduce((sum, polygon, index) => {
    const first = polygon[0]
    if (first === undefined) return sum
    const around = polygons.filter((other, at) => at !== index && isInside(first, other)).length
    return sum + (around % 2 === 0 ? 1 : -1) * polygonArea(polygon)
  }, 0)
}

/** 1 for the pixels whose centres the polygons hold, even-odd over all of them; image coordinates. */
export function fillPolygons(polygons: readonly Polygon[], columns: number, rows: number): Uint8Array {
  const mask = new Uint8Array(columns * rows)
  const crossings: number[][] = []
  for (const polygon of polygons) {
    for (let i = 0; i < polygon.length; i++) {
      const [ax, ay] = polygon[i]!
      const [bx, by] = polygon[(i + 1) % polygon.length]!
      const [top, bottom] = ay < by ? [ay, by] : [by, ay]
      // Centres stand at .5; half-open, so that a vertex on a centre line counts once.
      const last = Math.min(rows - 1, Math.ceil(bottom - 0.5) - 1)
      for (let row = Math.max(0, Math.ceil(top - 0.5)); row <= last; row++) {
        const x = ax + ((row + 0.5 - ay) * (bx - ax)) / (by - ay)
        const line = crossings[row]
        if (line === undefined) crossings[row] = [x]
        else line.push(x)
      }
    }
  }
  crossings.forEach((line, row) => {
    line.sort((a, b) => a - b)
    for (let i = 0; i + 1 < line.length; i += 2) {
      const from = Math.max(0, Math.ceil(line[i]! - 0.5))
      const to = Math.min(columns, Math.ceil(line[i + 1]! - 0.5))
      if (to > from) mask.fill(1, row * columns + from, row * columns + to)
    }
  })
  return mask
}

/** Points `(x + n * dx, y + n * dy)` for whole n, image coordinates. */
interface PointsOnLine {
  x: number
  y: number
  dx: number
  dy: number
}

/** What of `[first, end)` may lie in the box from (0, 0) to (columns, rows); a hair more, so that rounding cuts nothing off. */
export function clipToBox(
  { x, y, dx, dy }: PointsOnLine,
  [first, end]: readonly [number, number],
  columns: number,
  rows: number,
): [number, number] {
  let [from, to] = [first, end]
  const clip = (start: number, step: number, size: number) => {
    if (Math.abs(step) < 1e-12) {
      if (start < 0 || start > size) to = from
      return
    }
    const [one, other] = [-start / step, (size - start) / step]
    from = Math.max(from, Math.ceil(Math.min(one, other) - 1e-6))
    to = Math.min(to, Math.floor(Math.max(one, other) + 1e-6) + 1)
  }
  clip(x, dx, columns)
  clip(y, dy, rows)
  return [from, Math.max(from, to)]
}

/** Sets `row[n]` for the points of a line that the polygons hold, even-odd over all of them; true where there was any. */
export function fillLine(
  polygons: readonly Polygon[],
  { x, y, dx, dy }: PointsOnLine,
  [first, end]: readonly [number, number],
  row: Uint8Array,
): boolean {
  const length = dx * dx + dy * dy
  if (length < 1e-18) {
    const inside = polygons.filter(polygon => isInside([x, y], polygon)).length % 2 === 1
    if (inside) row.fill(1, first, end)
    return inside
  }
  const crossings: number[] = []
  for (const polygon of polygons) {
    const last = polygon.at(-1)
    if (last === undefined) continue
    let [ax, ay] = [last[0] - x, last[1] - y]
    let before = ax * dy - ay * dx
    for (const point of polygon) {
      const bx = point[0] - x
      const by = point[1] - y
      const side = bx * dy - by * dx
      if (side < 0 !== before < 0) {
        const part = before / (before - side)
        crossings.push(((ax + (bx - ax) * part) * dx + (ay + (by - ay) * part) * dy) / length)
      }
      ax = bx
      ay = by
      before = side
    }
  }
  crossings.sort((a, b) => a - b)
  let found = false
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const from = Math.max(first, Math.ceil(crossings[i]!))
    const to = Math.min(end, Math.ceil(crossings[i + 1]!))
    if (to <= from) continue
    row.fill(1, from, to)
    found = true
  }
  return found
}
