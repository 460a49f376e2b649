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
