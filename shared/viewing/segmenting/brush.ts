import type { Point2 } from '../geometry.ts'
import type { Edit } from './edit.ts'

export interface Brush {
  /** In the grid's unit (mm, or pixels where the file says nothing). */
  radius: number
  /** A ball through the slices instead of a disc on one; only where the grid knows how far apart they are. */
  ball: boolean
}

/** Whether a pixel may be painted at all; undefined: every one may. */
export type Sieve = (slice: number) => ((at: number) => boolean) | undefined

/**
 * Paints where the brush passes from one point to another of a slice (image coordinates): every pixel whose centre is within the
 * radius of the line. The pixel under the point itself is always painted, however thin the brush.
 */
export function brush(
  edit: Edit,
  slice: number,
  from: Point2,
  to: Point2,
  { radius, ball }: Brush,
  sieve?: Sieve,
): void {
  const { sliceSpacing, slices } = edit.map.grid
  disc(edit, slice, from, to, radius, sieve?.(slice))
  if (!ball || sliceSpacing === undefined) return
  const reach = Math.floor(radius / sliceSpacing)
  for (let away = 1; away <= reach; away++) {
    const at = Math.sqrt(radius ** 2 - (away * sliceSpacing) ** 2)
    for (const other of [slice - away, slice + away]) {
      if (other >= 0 && other < slices) disc(edit, other, from, to, at, sieve?.(other), false)
    }
  }
}

function disc(
  edit: Edit,
  slice: number,
  from: Point2,
  to: Point2,
  radius: number,
  when: ((at: number) => boolean) | undefined,
  always = true,
): void {
  const { columnSpacing: sx, rowSpacing: sy } = edit.map.grid
  const [ax, ay, bx, by] = [from[0] * sx, from[1] * sy, to[0] * sx, to[1] * sy]
  const [dx, dy] = [bx - ax, by - ay]
  const length = Math.hypot(dx, dy)
  const top = Math.floor((Math.min(ay, by) - radius) / sy)
  const bottom = Math.ceil((Math.max(ay, by) + radius) / sy)
  for (let row = top; row <= bottom; row++) {
    const y = (row + 0.5) * sy
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    const add = (x0: number, x1: number) => {
      least = Math.min(least, x0)
      most = Math.max(most, x1)
    }
    for (const [cx, cy] of [
      [ax, ay],
      [bx, by],
    ] as const) {
      const half = radius ** 2 - (y - cy) ** 2
      if (half >= 0) add(cx - Math.sqrt(half), cx + Math.sqrt(half))
    }
    if (length > 0) {
      // The strip between the two discs, cut by the row: where both the distance along and across are within.
      const [ux, uy] = [dx / length, dy / length]
      let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      const within = (slope: number, at: number, least: number, most: number) => {
        if (Math.abs(slope) < 1e-9) {
          if (at < least || at > most) low = Number.POSITIVE_INFINITY
          return
        }
        const [p, q] = [(least - at) / slope, (most - at) / slope]
        low = Math.max(low, Math.min(p, q))
        high = Math.min(high, Math.max(p, q))
      }
      within(ux, (y - ay) * uy - ax * ux, 0, length)
      within(-uy, (y - ay) * ux + ax * uy, -radius, radius)
      if (low <= high) add(low, high)
    }
    // Centres within: column + 0.5 from `least` to `most`.
    if (least <= most) edit.span(slice, row, Math.ceil(least / sx - 0.5), Math.floor(most / sx - 0.5) + 1, when)
  }
  if (always) edit.span(slice, Math.floor(to[1]), Math.floor(to[0]), Math.floor(to[0]) + 1, when)
}
