/**
 * How an image lies in its pane. Quarter turns and mirroring only, so that its pixels stay square to the screen's. Image
 * coordinates: x = column, y = row, (0, 0) the corner of the first pixel, its centre (0.5, 0.5) (PS3.3 C.10.5.1.2).
 */
export interface View {
  /** Device pixels for the width of one image pixel. */
  zoom: number
  /** The image point in the middle of the pane. */
  centre: [number, number]
  /** Clockwise. */
  quarterTurns: 0 | 1 | 2 | 3
  /** Left and right exchanged, before it is turned. */
  mirrored: boolean
}

export interface Size {
  width: number
  height: number
}

/** x' = a·x + c·y + e, y' = b·x + d·y + f: CSS's `matrix(a, b, c, d, e, f)`. */
export interface Matrix {
  a: number
  b: number
  c: number
  d: number
  e: number
  f: number
}

export interface ImageShape {
  columns: number
  rows: number
  /** Height of a pixel by its width. */
  aspect: number
}

const SMALLEST_ZOOM = 0.02
const LARGEST_ZOOM = 100

/** The zoom that just shows the whole image. */
export function fitZoom(size: Size, { columns, rows, aspect }: ImageShape, quarterTurns: number): number {
  const [across, down] = quarterTurns % 2 === 0 ? [columns, rows * aspect] : [rows * aspect, columns]
  return Math.max(1e-3, Math.min(size.width / across, size.height / down))
}

/** Image coordinates to device pixels of the pane. The image's corner lies on a corner of device pixels, so that 1:1 is exact. */
export function imageToDevice(view: View, size: Size, aspect: number): Matrix {
  const { zoom, centre, quarterTurns, mirrored } = view
  const [cosine, sine] = (
    [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ] as const
  )[quarterTurns]
  const across = mirrored ? -zoom : zoom
  const down = zoom * aspect
  // `+ 0` makes -0 a 0.
  const [a, b, c, d] = [cosine * across + 0, sine * across + 0, -sine * down + 0, cosine * down + 0]
  return {
    a,
    b,
    c,
    d,
    e: Math.round(size.width / 2 - a * centre[0] - c * centre[1]),
    f: Math.round(size.height / 2 - b * centre[0] - d * centre[1]),
  }
}

export function applyMatrix({ a, b, c, d, e, f }: Matrix, [x, y]: readonly [number, number]): [number, number] {
  return [a * x + c * y + e, b * x + d * y + f]
}

export function invertMatrix({ a, b, c, d, e, f }: Matrix): Matrix {
  const determinant = a * d - b * c
  return {
    a: d / determinant,
    b: -b / determinant,
    c: -c / determinant,
    d: a / determinant,
    e: (c * f - d * e) / determinant,
    f: (b * e - a * f) / determinant,
  }
}

export function scaleMatrix(matrix: Matrix, factor: number): Matrix {
  const { a, b, c, d, e, f } = matrix
  return { a: a * factor, b: b * factor, c: c * factor, d: d * factor, e: e * factor, f: f * factor }
}

/** Zoomed by `factor`, the image point under `point` (device pixels) staying where it is. */
export function zoomedAbout(view: View, size: Size, aspect: number, point: [number, number], factor: number): View {
  const zoom = Math.min(LARGEST_ZOOM, Math.max(SMALLEST_ZOOM, view.zoom * factor))
  const under = applyMatrix(invertMatrix(imageToDevice(view, size, aspect)), point)
  const part = view.zoom / zoom
  return {
    ...view,
    zoom,
    centre: [under[0] + (view.centre[0] - under[0]) * part, under[1] + (view.centre[1] - under[1]) * part],
  }
}

/** Moved by device pixels. */
export function panned(view: View, aspect: number, dx: number, dy: number): View {
  const inverse = invertMatrix({ ...imageToDevice(view, { width: 0, height: 0 }, aspect), e: 0, f: 0 })
  const [x, y] = applyMatrix(inverse, [dx, dy])
  return { ...view, centre: [view.centre[0] - x, view.centre[1] - y] }
}

/** Turned clockwise on the screen. */
export function turned(view: View, quarterTurns: number): View {
  return { ...view, quarterTurns: quarter(view.quarterTurns + quarterTurns) }
}

/** What is seen is mirrored, whatever it was turned before. */
export function flipped(view: View, axis: 'horizontal' | 'vertical'): View {
  const half = axis === 'vertical' ? 2 : 0
  return { ...view, quarterTurns: quarter(half - view.quarterTurns), mirrored: !view.mirrored }
}

function quarter(turns: number): View['quarterTurns'] {
  return (((turns % 4) + 4) % 4) as View['quarterTurns']
}
