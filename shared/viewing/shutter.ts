import { type DisplayShutter, displayShutter, MAX_SHUTTER_VERTICES } from './draft.ts'
import type { ImageAttributes } from './image.ts'
import type { MarkRegion } from './measure/markRegion.ts'
import type { Point } from './measure/scale.ts'

/**
 * The display shutter of an image (PS3.3 C.7.6.11): one byte a pixel, 1 where the image may be seen; undefined when it has none.
 * Several shapes cover together: what one of them hides is hidden. `bitmap` is the overlay a BITMAP shutter names (C.7.6.15),
 * 1 where the image is hidden.
 */
export function shutterMask(
  attributes: ImageAttributes,
  rows: number,
  columns: number,
  bitmap?: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const shapes = (attributes.ShutterShape ?? []).flatMap(shape => shapeOf(shape, attributes, columns, bitmap) ?? [])
  if (shapes.length === 0) return undefined
  const mask = new Uint8Array(rows * columns).fill(1)
  for (let row = 1; row <= rows; row++) {
    const line = mask.subarray((row - 1) * columns, row * columns)
    for (const hide of shapes) hide(row, line)
  }
  return mask
}

/** 0 (black) to 255, of the 16-bit P-value; black where none is given (C.7.6.11.1). */
export function shutterGrey({ ShutterPresentationValue = 0 }: ImageAttributes): number {
  return Math.max(0, Math.min(255, Math.round(ShutterPresentationValue / 257)))
}

/** What a mask hides of a picture (RGBA) becomes one grey. */
export function paintHidden(rgba: Uint8ClampedArray<ArrayBuffer>, mask: Uint8Array, grey: number): void {
  const pixels = new Uint32Array(rgba.buffer)
  const hidden = new Uint32Array(Uint8Array.of(grey, grey, grey, 255).buffer)[0]!
  for (let i = 0; i < mask.length; i++) if (mask[i] === 0) pixels[i] = hidden
}

/** Zeroes what a shape hides of a row's pixels. Rows and columns count from 1. */
type Hide = (row: number, line: Uint8Array) => void

function shapeOf(
  shape: string,
  attributes: ImageAttributes,
  columns: number,
  bitmap: Uint8Array | undefined,
): Hide | undefined {
  switch (shape) {
    case 'RECTANGULAR': {
      const { ShutterLeftVerticalEdge: left, ShutterRightVerticalEdge: right } = attributes
      const { ShutterUpperHorizontalEdge: upper, ShutterLowerHorizontalEdge: lower } = attributes
      if (left === undefined || right === undefined || upper === undefined || lower === undefined) return undefined
      // The edges' own pixels belong to the image: columns greater than the right edge are hidden (C.7.6.11).
      return (row, line) => leaveOpen(line, row >= upper && row <= lower ? [left, right] : [])
    }
    case 'CIRCULAR': {
      const [centreRow, centreColumn] = attributes.CenterOfCircularShutter ?? []
      const radius = attributes.RadiusOfCircularShutter
      if (centreRow === undefined || centreColumn === undefined || radius === undefined) return undefined
      return (row, line) => {
        const across = Math.sqrt(radius ** 2 - (row - centreRow) ** 2)
        leaveOpen(line, across >= 0 ? [centreColumn - across, centreColumn + across] : [])
      }
    }
    case 'POLYGONAL': {
      const vertices = attributes.VerticesOfThePolygonalShutter ?? []
      return vertices.length >> 1 < 3 ? undefined : (row, line) => leaveOpen(line, spansIn(row, vertices))
    }
    case 'BITMAP':
      return (
        bitmap &&
        ((row, line) => {
          for (let i = 0; i < line.length; i++) if (bitmap[(row - 1) * columns + i] === 1) line[i] = 0
        })
      )
  }
  return undefined
}

/** `spans`: first and last column, first and last column, …; the rest of the line is hidden. */
function leaveOpen(line: Uint8Array, spans: number[]): void {
  const open = new Uint8Array(line.length)
  for (let at = 0; at < spans.length; at += 2) {
    open.fill(1, Math.max(0, Math.ceil(spans[at]!) - 1), Math.max(0, Math.floor(spans[at + 1]!)))
  }
  for (let i = 0; i < line.length; i++) if (open[i] === 0) line[i] = 0
}

/**
 * The columns that a polygon holds of a row, as `leaveOpen` takes them. `vertices`: row, column, row, column, …; the last joins the
 * first. A vertex or edge itself is inside.
 */
function spansIn(row: number, vertices: number[]): number[] {
  const count = vertices.length >> 1
  const spans: number[] = []
  const crossings: number[] = []
  for (let i = 0, j = count - 1; i < count; j = i++) {
    const [rowI, columnI] = [vertices[2 * i]!, vertices[2 * i + 1]!]
    const [rowJ, columnJ] = [vertices[2 * j]!, vertices[2 * j + 1]!]
    if (rowI === row) spans.push(columnI, columnI)
    if (rowI === row && rowJ === row) spans.push(Math.min(columnI, columnJ), Math.max(columnI, columnJ))
    else if (rowI > row !== rowJ > row) {
      crossings.push(((columnJ - columnI) * (row - rowI)) / (rowJ - rowI) + columnI)
    }
  }
  return [...spans, ...crossings.sort((a, b) => a - b)]
}

/** Corners of an ellipse that is no circle. */
const ELLIPSE_CORNERS = 90

/**
 * The shutter that leaves open what a mark encloses, to the whole pixel (all its numbers are integer strings). A circle is one in
 * pixels: where these are no squares, and for an ellipse, it is a polygon.
 */
export function shutterAround({ shape, points }: Pick<MarkRegion, 'shape' | 'points'>): DisplayShutter {
  const [[ax, ay] = [0, 0], [bx, by] = [0, 0]] = points
  const [left, right, top, bottom] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)]
  if (shape === 'rectangle') {
    // A pixel is left open when its centre is in the rectangle.
    return {
      ShutterShape: ['RECTANGULAR'],
      ShutterLeftVerticalEdge: Math.ceil(left + 0.5),
      ShutterRightVerticalEdge: Math.floor(right + 0.5),
      ShutterUpperHorizontalEdge: Math.ceil(top + 0.5),
      ShutterLowerHorizontalEdge: Math.floor(bottom + 0.5),
    }
  }
  const [x, y, across, down] = [(left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2]
  if (shape === 'ellipse' && Math.abs(across - down) < 0.5) {
    return {
      ShutterShape: ['CIRCULAR'],
      CenterOfCircularShutter: [pixel(y), pixel(x)],
      RadiusOfCircularShutter: Math.max(1, Math.round((across + down) / 2)),
    }
  }
  const corners =
    shape === 'polygon'
      ? points
      : Array.from({ length: ELLIPSE_CORNERS }, (_, at) => {
          const angle = (at / ELLIPSE_CORNERS) * 2 * Math.PI
          return [x + across * Math.cos(angle), y + down * Math.sin(angle)] as const
        })
  return { ShutterShape: ['POLYGONAL'], VerticesOfThePolygonalShutter: vertices(corners) }
}

/** A shutter as images and presentation states have it: of each shape one at most, all of which cover together. */
export type Shutter = Pick<
  ImageAttributes,
  | 'ShutterShape'
  | 'ShutterLeftVerticalEdge'
  | 'ShutterRightVerticalEdge'
  | 'ShutterUpperHorizontalEdge'
  | 'ShutterLowerHorizontalEdge'
  | 'CenterOfCircularShutter'
  | 'RadiusOfCircularShutter'
  | 'VerticesOfThePolygonalShutter'
>

/** The shapes of a shutter apart; without a bitmap, whose plane is elsewhere, and what cannot be read. */
export function shuttersIn(attributes: Shutter): DisplayShutter[] {
  return (attributes.ShutterShape ?? []).flatMap(
    shape => displayShutter.safeParse({ ...attributes, ShutterShape: [shape] }).data ?? [],
  )
}

/**
 * What is covered by either of two: with a state's shutter the image's own is not what is shown (PS3.4 N.2.1), so that the state has
 * to say both. A second circle is a polygon then; a second polygon, or a circle beside both, is the rectangle around it.
 */
export function coveredByBoth(own: readonly DisplayShutter[], reader: DisplayShutter | undefined): Shutter | undefined {
  const shapes = own.map(joined)
  if (reader !== undefined && !own.some(one => JSON.stringify(one) === JSON.stringify(reader))) {
    const has = (shape: string) => own.some(one => one.ShutterShape[0] === shape)
    const [kind] = reader.ShutterShape
    if (!has(kind)) shapes.push(joined(reader))
    else if (kind === 'CIRCULAR' && !has('POLYGONAL'))
      shapes.push(joined(shutterAround({ shape: 'polygon', points: rim(reader) })))
    else {
      const around = shutterAround({ shape: 'rectangle', points: boundsOf(reader) })
      const at = own.findIndex(one => one.ShutterShape[0] === 'RECTANGULAR')
      const before = shapes[at]
      if (before === undefined) shapes.push(joined(around))
      else shapes[at] = narrowed(before, joined(around))
    }
  }
  if (shapes.length === 0) return undefined
  return Object.assign({}, ...shapes, { ShutterShape: shapes.flatMap(({ ShutterShape = [] }) => ShutterShape) })
}

function joined(shutter: DisplayShutter): Shutter {
  return { ...shutter }
}

function narrowed(one: Shutter, other: Shutter): Shutter {
  const of = (name: 'Left' | 'Right', by: typeof Math.max) =>
    by(one[`Shutter${name}VerticalEdge`] ?? 0, other[`Shutter${name}VerticalEdge`] ?? 0)
  const down = (name: 'Upper' | 'Lower', by: typeof Math.max) =>
    by(one[`Shutter${name}HorizontalEdge`] ?? 0, other[`Shutter${name}HorizontalEdge`] ?? 0)
  return {
    ShutterShape: ['RECTANGULAR'],
    ShutterLeftVerticalEdge: of('Left', Math.max),
    ShutterRightVerticalEdge: of('Right', Math.min),
    ShutterUpperHorizontalEdge: down('Upper', Math.max),
    ShutterLowerHorizontalEdge: down('Lower', Math.min),
  }
}

/** Image coordinates: a pixel's middle is half a pixel from its corner. */
function rim(shutter: DisplayShutter): Point[] {
  if (!('RadiusOfCircularShutter' in shutter)) return []
  const {
    CenterOfCircularShutter: [row, column],
    RadiusOfCircularShutter: radius,
  } = shutter
  return Array.from({ length: ELLIPSE_CORNERS }, (_, at): Point => {
    const angle = (at / ELLIPSE_CORNERS) * 2 * Math.PI
    return [column - 0.5 + radius * Math.cos(angle), row - 0.5 + radius * Math.sin(angle)]
  })
}

/** First and last corner of what a shutter leaves open. */
function boundsOf(shutter: DisplayShutter): [Point, Point] {
  if ('ShutterLeftVerticalEdge' in shutter) {
    const { ShutterLeftVerticalEdge: left, ShutterRightVerticalEdge: right } = shutter
    const { ShutterUpperHorizontalEdge: upper, ShutterLowerHorizontalEdge: lower } = shutter
    return [
      [left - 0.5, upper - 0.5],
      [right - 0.5, lower - 0.5],
    ]
  }
  const corners =
    'VerticesOfThePolygonalShutter' in shutter
      ? shutter.VerticesOfThePolygonalShutter.flatMap((row, at, all) =>
          at % 2 === 0 ? [[(all[at + 1] ?? 0) - 0.5, row - 0.5] satisfies Point] : [],
        )
      : rim(shutter)
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
  return [
    [Math.min(...xs), Math.min(...ys)],
    [Math.max(...xs), Math.max(...ys)],
  ]
}

/** The pixel, counted from 1, that an image coordinate lies in the middle of. */
function pixel(coordinate: number): number {
  return Math.round(coordinate + 0.5)
}

function vertices(corners: ReadonlyArray<readonly [number, number]>): number[] {
  const every = Math.ceil(corners.length / MAX_SHUTTER_VERTICES)
  const whole = corners.filter((_, at) => at % every === 0).map(([x, y]) => [pixel(y), pixel(x)] as const)
  const apart = whole.filter(([row, column], at) => {
    const [rowBefore, columnBefore] = whole[at - 1] ?? []
    return row !== rowBefore || column !== columnBefore
  })
  // Fewer than three are still a polygon for whoever reads it.
  return (apart.length < 3 ? [...apart, ...apart, ...apart] : apart).slice(0, Math.max(3, apart.length)).flat()
}
