import type { Point2 } from '../geometry.ts'

/** Of pixels in rows: any value but 0 is inside. */
export interface Mask {
  data: Uint8Array
  columns: number
  rows: number
}

/** Right, down, left, up. */
const STEP_X = [1, 0, -1, 0]
const STEP_Y = [0, 1, 0, -1]

/**
 * The edges between inside and outside as closed lines along the pixels' borders, image coordinates, corners only. Inside lies to
 * the right of the way; pixels that touch at a corner alone are two outlines.
 */
export function maskOutline({ data, columns, rows }: Mask): Point2[][] {
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < columns && y < rows && data[y * columns + x] !== 0
  /** By corner: which of the four ways an edge leaves it that has not been walked. */
  const width = columns + 1
  const leaving = new Uint8Array(width * (rows + 1))
  const starts: number[] = []
  const add = (x: number, y: number, way: number) => {
    const at = y * width + x
    if (leaving[at] === 0) starts.push(at)
    leaving[at]! |= 1 << way
  }
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (data[y * columns + x] === 0) continue
      if (!inside(x, y - 1)) add(x, y, 0)
      if (!inside(x + 1, y)) add(x + 1, y, 1)
      if (!inside(x, y + 1)) add(x + 1, y + 1, 2)
      if (!inside(x - 1, y)) add(x, y + 1, 3)
    }
  }
  const lines: Point2[][] = []
  for (const start of starts) {
    while (leaving[start] !== 0) lines.push(walk(leaving, width, start))
  }
  return lines
}

function walk(leaving: Uint8Array, width: number, start: number): Point2[] {
  const line: Point2[] = []
  const first = [0, 1, 2, 3].find(way => (leaving[start]! >> way) & 1)!
  let at = start
  let way = first
  let before = -1
  for (;;) {
    leaving[at]! &= ~(1 << way)
    if (way !== before) line.push([at % width, Math.floor(at / width)])
    before = way
    at += STEP_X[way]! + STEP_Y[way]! * width
    // Where two pixels touch at a corner, right first: the line stays with its own pixel.
    const turns = [(way + 1) % 4, way, (way + 3) % 4]
    const next = turns.find(one => (leaving[at]! >> one) & 1 || (at === start && one === first))
    if (next === undefined || (at === start && next === first)) break
    way = next
  }
  // It came back the way it left: the first corner is none.
  if (line.length > 2 && collinear(line.at(-1)!, line[0]!, line[1]!)) line.shift()
  return line
}

function collinear(a: Point2, b: Point2, c: Point2): boolean {
  return (a[0] === b[0] && b[0] === c[0]) || (a[1] === b[1] && b[1] === c[1])
}

/** Values at evenly spaced points: `(column, row)` stands at `(left + column * step, top + row * step)`, image coordinates; NaN = none. */
export interface Samples {
  values: Float32Array
  columns: number
  rows: number
  left: number
  top: number
  step: number
}

/** Where the values pass `level`, linear between samples (marching squares): strokes of two points each. */
export function isoLines({ values, columns, rows, left, top, step }: Samples, level: number): Array<[Point2, Point2]> {
  const strokes: Array<[Point2, Point2]> = []
  const between = (a: number, b: number) => (level - a) / (b - a)
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column
      const a = values[at]!
      const b = values[at + 1]!
      const c = values[at + columns + 1]!
      const d = values[at + columns]!
      const high = (a >= level ? 1 : 0) | (b >= level ? 2 : 0) | (c >= level ? 4 : 0) | (d >= level ? 8 : 0)
      // A corner without a value is neither high nor low.
      if (high === 0 || high === 15 || Number.isNaN(a + b + c + d)) continue
      const x = left + column * step
      const y = top + row * step
      const onTop = (): Point2 => [x + between(a, b) * step, y]
      const onRight = (): Point2 => [x + step, y + between(b, c) * step]
      const onBottom = (): Point2 => [x + between(d, c) * step, y + step]
      const onLeft = (): Point2 => [x, y + between(a, d) * step]
      switch (high) {
        case 1:
        case 14:
          strokes.push([onLeft(), onTop()])
          break
        case 2:
        case 13:
          strokes.push([onTop(), onRight()])
          break
        case 4:
        case 11:
          strokes.push([onRight(), onBottom()])
          break
        case 8:
        case 7:
          strokes.push([onBottom(), onLeft()])
          break
        case 3:
        case 12:
          strokes.push([onLeft(), onRight()])
          break
        case 6:
        case 9:
          strokes.push([onTop(), onBottom()])
          break
        default: {
          // Two corners across: the middle decides which of them hang together.
          const joined = (a + b + c + d) / 4 >= level
          const aIsHigh = high === 5
          if (joined === aIsHigh) strokes.push([onLeft(), onBottom()], [onTop(), onRight()])
          else strokes.push([onLeft(), onTop()], [onRight(), onBottom()])
        }
      }
    }
  }
  return strokes
}
