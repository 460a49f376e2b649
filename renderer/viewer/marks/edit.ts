import { MARK_POINTS, type Mark, type MarkKind } from '../../../shared/viewing/draft.ts'
import { moveBidirectional, withShortAxis } from '../../../shared/viewing/measure/geometry.ts'
import { circleBox, cornersOf } from '../../../shared/viewing/measure/markRegion.ts'
import type { Point, Scale } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix, type Matrix } from '../../../shared/viewing/view.ts'

/** A mark as a hand meets it. Points are image coordinates unless said otherwise. */

type Pixel = Pick<Scale, 'x' | 'y'>
type Shape = Pick<Mark, 'kind' | 'points' | 'closed'>

/** Whether the hand says when a mark of this kind has points enough. */
export function isOpenEnded(kind: MarkKind): boolean {
  const [least, most] = MARK_POINTS[kind]
  return least !== most
}

/** How many points a hand places, at most; the rest follow from them. */
export function placedPoints(kind: MarkKind): number {
  if (isOpenEnded(kind)) return MARK_POINTS[kind][1]
  return kind === 'bidirectional' ? 2 : MARK_POINTS[kind][0]
}

/** The points of a mark being drawn, from those placed so far and the one under the pointer. */
export function drawnPoints(kind: MarkKind, placed: Point[], pointer: Point, scale: Scale): Point[] {
  if (isOpenEnded(kind)) return [...placed, pointer]
  const points = Array.from({ length: MARK_POINTS[kind][0] }, (_, index) => placed[index] ?? pointer)
  const [a = pointer, b = pointer] = points
  return kind === 'bidirectional' ? withShortAxis(a, b, scale) : points
}

/** Where a mark can be taken hold of. */
export function handlesOf({ kind, points }: Pick<Mark, 'kind' | 'points'>): Point[] {
  const [a = [0, 0], b = a] = points
  // Points that lie a pixel apart are no handles: such a mark is moved as a whole.
  if (kind === 'text' || kind === 'freehand' || kind === 'livewire') return []
  if (kind === 'rectangle') return [a, b, [a[0], b[1]], [b[0], a[1]]]
  if (kind !== 'ellipse') return points
  const [cx, cy] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
  return [
    [a[0], cy],
    [b[0], cy],
    [cx, a[1]],
    [cx, b[1]],
  ]
}

/** The mark with handle `index` (of `handlesOf`) brought to a point. */
export function withHandle(mark: Mark, index: number, to: Point, scale: Scale): Mark {
  return { ...mark, points: movedHandle(mark, index, to, scale) }
}

function movedHandle({ kind, points }: Mark, index: number, to: Point, scale: Scale): Point[] {
  const [a = to, b = a, c = a, d = a] = points
  if (kind === 'bidirectional') return moveBidirectional([a, b, c, d], index, to, scale)
  if (kind === 'rectangle' && index > 1) {
    return index === 2
      ? [
          [to[0], a[1]],
          [b[0], to[1]],
        ]
      : [
          [a[0], to[1]],
          [to[0], b[1]],
        ]
  }
  if (kind === 'ellipse') {
    const [first, second]: [Point, Point] = [[...a], [...b]]
    if (index === 0) first[0] = to[0]
    if (index === 1) second[0] = to[0]
    if (index === 2) first[1] = to[1]
    if (index === 3) second[1] = to[1]
    return [first, second]
  }
  return points.map((point, at) => (at === index ? to : point))
}

/** The whole mark, its label too, moved by image pixels. */
export function movedMark(mark: Mark, dx: number, dy: number): Mark {
  const moved = ([x, y]: Point): Point => [x + dx, y + dy]
  return { ...mark, points: mark.points.map(moved), ...(mark.label && { label: moved(mark.label) }) }
}

const ARROW_HEAD = 9

/** A mark's strokes on the screen, CSS pixels of the pane: open lines, never a filled shape over anatomy. */
export function strokesOf(mark: Shape, transform: Matrix, scale: Pixel): Point[][] {
  const { kind, points } = mark
  const on = (point: Point): Point => applyMatrix(transform, point)
  const [a = [0, 0], b = a, c = a, d = a] = points
  switch (kind) {
    case 'length':
      return [[on(a), on(b)]]
    case 'angle':
      return [[on(a), on(b), on(c)]]
    case 'cobb':
    case 'openAngle':
    case 'cardiothoracic':
    case 'bidirectional':
      return [
        [on(a), on(b)],
        [on(c), on(d)],
      ]
    case 'rectangle':
      return [[on(a), on([b[0], a[1]]), on(b), on([a[0], b[1]]), on(a)]]
    case 'ellipse':
      return [ellipse(a, b).map(on)]
    case 'circle': {
      const box = circleBox(points, scale)
      return [box ? ellipse(...box).map(on) : points.map(on)]
    }
    case 'polyline':
    case 'freehand':
    case 'spline':
    case 'livewire': {
      const corners = cornersOf(mark)
      return [corners ? [...corners, corners[0] ?? a].map(on) : points.map(on)]
    }
    case 'vertebra':
    case 'probe':
      return cross(on(a))
    case 'arrow':
      return arrow(on(a), on(b))
    case 'text':
      return []
  }
}

/** 64 chords: at 1,000 pixels across they stray 0.6 from the curve. */
const CHORDS = 64

function ellipse(a: Point, b: Point): Point[] {
  const [cx, cy] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
  return Array.from({ length: CHORDS + 1 }, (_, i): Point => {
    const angle = (i / CHORDS) * 2 * Math.PI
    return [cx + (Math.cos(angle) * (b[0] - a[0])) / 2, cy + (Math.sin(angle) * (b[1] - a[1])) / 2]
  })
}

/** Open in the middle: the pixel that is probed stays to be seen. */
function cross([x, y]: Point): Point[][] {
  return [
    [
      [x - 8, y],
      [x - 3, y],
    ],
    [
      [x + 3, y],
      [x + 8, y],
    ],
    [
      [x, y - 8],
      [x, y - 3],
    ],
    [
      [x, y + 3],
      [x, y + 8],
    ],
  ]
}

function arrow(tip: Point, tail: Point): Point[][] {
  const angle = Math.atan2(tail[1] - tip[1], tail[0] - tip[0])
  const barb = (turn: number): Point => [
    tip[0] + ARROW_HEAD * Math.cos(angle + turn),
    tip[1] + ARROW_HEAD * Math.sin(angle + turn),
  ]
  return [
    [tail, tip],
    [barb(0.45), tip, barb(-0.45)],
  ]
}

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/**
 * Where a label lies, CSS pixels of the pane: where the reader put it, else right of the mark's rightmost point; never cut by
 * the pane's edge.
 */
export function labelBox(
  mark: Shape & Pick<Mark, 'label'>,
  text: { width: number; height: number },
  transform: Matrix,
  pane: { width: number; height: number },
  scale: Pixel,
): Box {
  const at = mark.kind === 'text' ? mark.points[0] : mark.label
  const wanted = at ? applyMatrix(transform, at) : besideMark(mark, text, transform, scale)
  const within = (value: number, size: number, extent: number) => Math.max(2, Math.min(value, extent - size - 2))
  return {
    x: within(wanted[0], text.width, pane.width),
    y: within(wanted[1], text.height, pane.height),
    ...text,
  }
}

const CURVED = new Set<MarkKind>(['circle', 'spline', 'freehand', 'livewire'])

function besideMark(mark: Shape, text: { height: number }, transform: Matrix, scale: Pixel): Point {
  const all = CURVED.has(mark.kind)
    ? strokesOf(mark, transform, scale).flat()
    : handlesOf(mark).map(point => applyMatrix(transform, point))
  // An arrow's words stand at its tail.
  const [x, y] =
    mark.kind === 'arrow' && all[1] ? all[1] : all.reduce((best, point) => (point[0] > best[0] ? point : best))
  return [x + 10, y - text.height / 2]
}

/** Half of the 10 px that take hold of a handle, and what a line may be missed by. */
const REACH = 5

export type Hold = { part: 'handle'; index: number } | { part: 'label' } | { part: 'body' }

/** What of a mark lies under the pointer (CSS pixels of the pane). */
export function holdAt(
  mark: Mark,
  label: Box | undefined,
  transform: Matrix,
  [x, y]: Point,
  scale: Pixel,
): Hold | undefined {
  const index = handlesOf(mark).findIndex(handle => {
    const [hx, hy] = applyMatrix(transform, handle)
    return Math.max(Math.abs(hx - x), Math.abs(hy - y)) <= REACH
  })
  if (index !== -1) return { part: mark.kind === 'probe' ? 'body' : 'handle', index }
  if (label && x >= label.x && x <= label.x + label.width && y >= label.y && y <= label.y + label.height) {
    return { part: 'label' }
  }
  const near = strokesOf(mark, transform, scale).some(line =>
    line.some((point, i) => i > 0 && distanceToSegment([x, y], line[i - 1] ?? point, point) <= REACH),
  )
  return near ? { part: 'body' } : undefined
}

function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay]
  const square = dx * dx + dy * dy
  const along = square === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / square))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}
