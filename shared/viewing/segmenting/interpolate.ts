import type { Edit } from './edit.ts'
import { boundsOf, joined, type LabelMap, type Rect } from './labels.ts'

/** Two slices a segment was drawn on with none of it between them. */
export interface Gap {
  from: number
  to: number
}

export function gapsOf(map: LabelMap, segment: number): Gap[] {
  const drawn = map.drawn().filter(index => map.slice(index)!.includes(segment))
  return drawn.flatMap((to, index) => {
    const from = drawn[index - 1]
    return from !== undefined && to - from > 1 ? [{ from, to }] : []
  })
}

/**
 * Fills the slices of a gap with what lies between its two ends: the signed distances to both outlines, mixed by how near each is
 * (Raya and Udupa 1990, 10.1109/42.52980). `edit.value` is the segment.
 */
export function fillGap(edit: Edit, { from, to }: Gap): void {
  const { grid } = edit.map
  const [a, b] = [edit.map.slice(from), edit.map.slice(to)]
  if (a === undefined || b === undefined) return
  const bounds = [a, b].map(slice => boundsOf(slice, grid.columns, edit.value))
  if (bounds[0] === undefined || bounds[1] === undefined) return
  const rect = joined(bounds[0], bounds[1])
  const near = signedDistance(a, edit.value, rect, grid)
  const far = signedDistance(b, edit.value, rect, grid)
  const width = rect.right - rect.left
  for (let slice = from + 1; slice < to; slice++) {
    const part = (slice - from) / (to - from)
    for (let y = rect.top; y < rect.bottom; y++) {
      const start = (y - rect.top) * width
      for (let x = 0; x < width; x++) {
        const isIn = (at: number) => near[at]! * (1 - part) + far[at]! * part > 0
        if (!isIn(start + x)) continue
        let end = x + 1
        while (end < width && isIn(start + end)) end++
        edit.span(slice, y, rect.left + x, rect.left + end)
        x = end
      }
    }
  }
}

/**
 * Distances of the pixels of a rectangle to a segment's outline, in the grid's unit: positive inside. Exact (Felzenszwalb and
 * Huttenlocher 2012), from centre to centre less half a pixel.
 */
export function signedDistance(
  slice: Uint8Array,
  segment: number,
  rect: Rect,
  {
    columns,
    rows,
    columnSpacing,
    rowSpacing,
  }: { columns: number; rows: number; columnSpacing: number; rowSpacing: number },
): Float64Array {
  // One pixel of margin: what touches the edge ends there.
  const width = rect.right - rect.left + 2
  const height = rect.bottom - rect.top + 2
  const inside = new Float64Array(width * height)
  const outside = new Float64Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = [rect.left + x - 1, rect.top + y - 1]
      const isIn =
        column >= 0 && row >= 0 && column < columns && row < rows && slice[row * columns + column] === segment
      inside[y * width + x] = isIn ? 0 : FAR
      outside[y * width + x] = isIn ? FAR : 0
    }
  }
  squaredDistances(inside, width, height, columnSpacing, rowSpacing)
  squaredDistances(outside, width, height, columnSpacing, rowSpacing)
  const half = Math.min(columnSpacing, rowSpacing) / 2
  const distances = new Float64Array((width - 2) * (height - 2))
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const [toOutside, toInside] = [Math.sqrt(outside[at]!), Math.sqrt(inside[at]!)]
      distances[(y - 1) * (width - 2) + x - 1] = toOutside > 0 ? toOutside - half : half - toInside
    }
  }
  return distances
}

const FAR = 1e20

function squaredDistances(field: Float64Array, width: number, height: number, sx: number, sy: number): void {
  const longest = Math.max(width, height)
  const [line, parabolas, borders] = [new Float64Array(longest), new Int32Array(longest), new Float64Array(longest + 1)]
  const pass = (start: number, step: number, count: number, spacing: number) => {
    for (let i = 0; i < count; i++) line[i] = field[start + i * step]!
    let last = 0
    parabolas[0] = 0
    borders[0] = Number.NEGATIVE_INFINITY
    borders[1] = Number.POSITIVE_INFINITY
    const square = (i: number) => (i * spacing) ** 2
    const meet = (i: number, j: number) =>
      (line[i]! + square(i) - line[j]! - square(j)) / (2 * spacing * spacing * (i - j))
    for (let i = 1; i < count; i++) {
      let at = meet(i, parabolas[last]!)
      while (at <= borders[last]!) at = meet(i, parabolas[--last]!)
      parabolas[++last] = i
      borders[last] = at
      borders[last + 1] = Number.POSITIVE_INFINITY
    }
    for (let i = 0, k = 0; i < count; i++) {
      while (borders[k + 1]! < i) k++
      const from = parabolas[k]!
      field[start + i * step] = square(i - from) + line[from]!
    }
  }
  for (let y = 0; y < height; y++) pass(y * width, 1, width, sx)
  for (let x = 0; x < width; x++) pass(x, width, height, sy)
}
