import type { Point2 } from '../geometry.ts'
import type { Edit } from './edit.ts'

/** Writes every pixel whose centre lies inside a closed line (image coordinates; even-odd), which need not come back to its beginning. */
export function fillOutline(edit: Edit, slice: number, line: readonly Point2[]): void {
  const { rows } = edit.map.grid
  if (line.length < 3) return
  const ys = line.map(([, y]) => y)
  const top = Math.max(0, Math.floor(Math.min(...ys)))
  const bottom = Math.min(rows - 1, Math.ceil(Math.max(...ys)))
  for (let row = top; row <= bottom; row++) {
    const y = row + 0.5
    const crossings: number[] = []
    line.forEach(([ax, ay], index) => {
      const [bx, by] = line[(index + 1) % line.length]!
      if (ay <= y === by <= y) return
      crossings.push(ax + ((y - ay) / (by - ay)) * (bx - ax))
    })
    crossings.sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      edit.span(slice, row, Math.ceil(crossings[i]! - 0.5), Math.ceil(crossings[i + 1]! - 0.5))
    }
  }
}
