import type { Mark } from '../draft.ts'
import { circleThrough, ellipseArea, ellipsePerimeter, pathLength, rectangleArea } from './geometry.ts'
import { outlineArea, splineOutline } from './outline.ts'
import type { RegionShape } from './region.ts'
import type { Point, Scale } from './scale.ts'

/** What of an image a mark encloses. */
export interface MarkRegion {
  /** As `regionSpans` takes it, in image coordinates. */
  shape: RegionShape
  points: Point[]
  /** By geometry, in the scale's unit squared; undefined of a scribble. */
  area: number | undefined
  /** The length of the whole outline, in the scale's unit. */
  perimeter: number
  /** Of a circle. */
  diameter?: number
}

type Shape = Pick<Mark, 'kind' | 'points' | 'closed'>

/** The closed outline of a mark whose outline is one of corners; undefined of every other. */
export function cornersOf({ kind, points, closed }: Shape): Point[] | undefined {
  if (kind === 'spline') return splineOutline(points)
  const closes = kind === 'freehand' || ((kind === 'polyline' || kind === 'livewire') && closed === true)
  return closes && points.length > 2 ? points : undefined
}

/** The rectangle that a circle's mark fills, as two opposite corners in image coordinates; undefined where there is no circle. */
export function circleBox([a, b, c]: readonly Point[], scale: Pick<Scale, 'x' | 'y'>): [Point, Point] | undefined {
  const circle = a && b && c && circleThrough([a, b, c], scale)
  if (!circle) return undefined
  const { centre, radius } = circle
  const [x, y] = [radius / scale.x, radius / scale.y]
  return [
    [centre[0] - x, centre[1] - y],
    [centre[0] + x, centre[1] + y],
  ]
}

/** Undefined for a mark that encloses nothing. */
export function regionOf(mark: Shape, scale: Pick<Scale, 'x' | 'y'>): MarkRegion | undefined {
  const [a = [0, 0], b = a] = mark.points
  if (mark.kind === 'rectangle') {
    const perimeter = pathLength([a, [b[0], a[1]], b, [a[0], b[1]]], scale, true)
    return { shape: 'rectangle', points: [a, b], area: rectangleArea(a, b, scale), perimeter }
  }
  if (mark.kind === 'ellipse') return ellipse([a, b], scale)
  if (mark.kind === 'circle') {
    const box = circleBox(mark.points, scale)
    return box && { ...ellipse(box, scale), diameter: (box[1][0] - box[0][0]) * scale.x }
  }
  const points = cornersOf(mark)
  return (
    points && { shape: 'polygon', points, area: outlineArea(points, scale), perimeter: pathLength(points, scale, true) }
  )
}

function ellipse([a, b]: [Point, Point], scale: Pick<Scale, 'x' | 'y'>): MarkRegion {
  return { shape: 'ellipse', points: [a, b], area: ellipseArea(a, b, scale), perimeter: ellipsePerimeter(a, b, scale) }
}
