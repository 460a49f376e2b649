type Point = readonly [number, number]

/** x, y, x, y, … as points. */
export function pairs(numbers: readonly number[]): Array<[number, number]> {
  const points: Array<[number, number]> = []
  for (let i = 0; i + 1 < numbers.length; i += 2) points.push([numbers[i]!, numbers[i + 1]!])
  return points
}

const number = (value: number) => String(Math.round(value * 100) / 100)
const spot = ([x, y]: Point) => `${number(x)} ${number(y)}`

export function polylinePath(points: readonly Point[]): string {
  return points.map((point, index) => `${index === 0 ? 'M' : 'L'}${spot(point)}`).join('')
}

/**
 * A smooth curve through all points (PS3.3 C.10.5.1.2 INTERPOLATED leaves the kind open): Catmull-Rom, as cubic Béziers; closed
 * where the last point is the first.
 */
export function smoothPath(points: readonly Point[]): string {
  if (points.length < 3) return polylinePath(points)
  const count = points.length
  const closed = points[0]![0] === points[count - 1]![0] && points[0]![1] === points[count - 1]![1]
  const at = (index: number): Point => {
    if (!closed) return points[Math.max(0, Math.min(count - 1, index))]!
    // The last is the first again: it counts once.
    return points[(index + count - 1) % (count - 1)]!
  }
  const parts = [`M${spot(points[0]!)}`]
  for (let i = 0; i + 1 < count; i++) {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)]
    const first: Point = [from[0] + (to[0] - before[0]) / 6, from[1] + (to[1] - before[1]) / 6]
    const second: Point = [to[0] - (after[0] - from[0]) / 6, to[1] - (after[1] - from[1]) / 6]
    parts.push(`C${spot(first)} ${spot(second)} ${spot(to)}`)
  }
  return parts.join('')
}

/** Enough that no corner of an ellipse of a whole screen is seen. */
const ELLIPSE_STEPS = 96

/** Two pairs: the ends of one axis, then those of the other (C.10.5.1.2), whichever is longer. */
export function ellipsePoints([a, b, c, d]: readonly Point[]): Array<[number, number]> {
  if (!a || !b || !c || !d) return []
  const centre: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
  const one: Point = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2]
  const other: Point = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2]
  return Array.from({ length: ELLIPSE_STEPS + 1 }, (_, step): [number, number] => {
    const angle = (step / ELLIPSE_STEPS) * 2 * Math.PI
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
    return [centre[0] + one[0] * cosine + other[0] * sine, centre[1] + one[1] * cosine + other[1] * sine]
  })
}

/** The centre, then a point of the circumference; round where its points are as wide as they are high. */
export function circlePoints([centre, edge]: readonly Point[]): Array<[number, number]> {
  if (!centre || !edge) return []
  const radius = Math.hypot(edge[0] - centre[0], edge[1] - centre[1])
  const [x, y] = centre
  return ellipsePoints([
    [x - radius, y],
    [x + radius, y],
    [x, y - radius],
    [x, y + radius],
  ])
}
