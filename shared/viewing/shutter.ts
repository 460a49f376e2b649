import type { ImageAttributes } from './image.ts'

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
  const mask = new Uint8Array(rows * columns)
  for (let row = 1; row <= rows; row++) {
    for (let column = 1; column <= columns; column++) {
      if (shapes.every(isOpen => isOpen(row, column))) mask[(row - 1) * columns + column - 1] = 1
    }
  }
  return mask
}

/** 0 (black) to 255, of the 16-bit P-value; black where none is given (C.7.6.11.1). */
export function shutterGrey({ ShutterPresentationValue = 0 }: ImageAttributes): number {
  return Math.max(0, Math.min(255, Math.round(ShutterPresentationValue / 257)))
}

/** Rows and columns count from 1. */
type IsOpen = (row: number, column: number) => boolean

function shapeOf(
  shape: string,
  attributes: ImageAttributes,
  columns: number,
  bitmap: Uint8Array | undefined,
): IsOpen | undefined {
  switch (shape) {
    case 'RECTANGULAR': {
      const { ShutterLeftVerticalEdge: left, ShutterRightVerticalEdge: right } = attributes
      const { ShutterUpperHorizontalEdge: upper, ShutterLowerHorizontalEdge: lower } = attributes
      if (left === undefined || right === undefined || upper === undefined || lower === undefined) return undefined
      // The edges' own pixels belong to the image: columns greater than the right edge are hidden (C.7.6.11).
      return (row, column) => column >= left && column <= right && row >= upper && row <= lower
    }
    case 'CIRCULAR': {
      const [centreRow, centreColumn] = attributes.CenterOfCircularShutter ?? []
      const radius = attributes.RadiusOfCircularShutter
      if (centreRow === undefined || centreColumn === undefined || radius === undefined) return undefined
      return (row, column) => (row - centreRow) ** 2 + (column - centreColumn) ** 2 <= radius ** 2
    }
    case 'POLYGONAL':
      return polygon(attributes.VerticesOfThePolygonalShutter ?? [])
    case 'BITMAP':
      return bitmap && ((row, column) => bitmap[(row - 1) * columns + column - 1] !== 1)
  }
  return undefined
}

/** `vertices`: row, column, row, column, …; the last joins the first. A vertex or edge itself is inside. */
function polygon(vertices: number[]): IsOpen | undefined {
  const count = vertices.length >> 1
  if (count < 3) return undefined
  return (row, column) => {
    let inside = false
    for (let i = 0, j = count - 1; i < count; j = i++) {
      const [rowI, columnI] = [vertices[2 * i]!, vertices[2 * i + 1]!]
      const [rowJ, columnJ] = [vertices[2 * j]!, vertices[2 * j + 1]!]
      const side = (columnJ - columnI) * (row - rowI) - (rowJ - rowI) * (column - columnI)
      const between = (row - rowI) * (row - rowJ) <= 0 && (column - columnI) * (column - columnJ) <= 0
      if (side === 0 && between) return true
      if (rowI > row !== rowJ > row && column < ((columnJ - columnI) * (row - rowI)) / (rowJ - rowI) + columnI) {
        inside = !inside
      }
    }
    return inside
  }
}
