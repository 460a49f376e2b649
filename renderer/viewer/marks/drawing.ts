import { MARK_POINTS, type Mark } from '../../../shared/viewing/draft.ts'
import { type LiveWire, startLiveWire } from '../../../shared/viewing/measure/livewire.ts'
import type { Point } from '../../../shared/viewing/measure/scale.ts'
import { applyMatrix } from '../../../shared/viewing/view.ts'
import { drawnPoints, isOpenEnded } from './edit.ts'
import { pixelsOf, scaleAt } from './figures.ts'
import type { MarkedPane, ShownFrame } from './onPane.ts'

/** Under this many CSS pixels two places of the pointer are one. */
export const CLICK_PX = 4
/** Points of a freehand outline lie at least so far apart, CSS pixels. */
const TRACE_PX = 1.5
/** Coordinates of marks of many points are kept to a thousandth of a pixel: half as long, and a tenth of a device pixel at most. */
const DIGITS = 1000

/** A mark on its way from the first press to the last. */
export interface Drawing {
  kind: 'drawing'
  draws: Mark['kind']
  pane: MarkedPane
  shown: ShownFrame
  /** What the hand has placed, in image coordinates. */
  placed: Point[]
  /** Where the button went down last, CSS pixels of the pane. */
  pressedAt: Point
  /** Of a freehand outline. */
  apart: number
  /** Of a livewire: held at the last point, and the path that led there. */
  wire: LiveWire | undefined
  path: Point[]
}

export function startDrawing(
  draws: Mark['kind'],
  pane: MarkedPane,
  shown: ShownFrame,
  at: Point,
  pressedAt: Point,
): Drawing {
  const wire = draws === 'livewire' ? wireAt(at, shown) : undefined
  return { kind: 'drawing', draws, pane, shown, placed: [at], pressedAt, apart: TRACE_PX, wire, path: [at] }
}

function wireAt(at: Point, { imageId }: ShownFrame): LiveWire | undefined {
  const pixels = pixelsOf(imageId)
  return pixels && startLiveWire(at, pixels)
}

/** The hand has placed one more point. */
export function place(drawing: Drawing, at: Point): void {
  const { draws, placed, wire, shown } = drawing
  placed.push(at)
  if (draws !== 'livewire') return
  drawing.path = thinned([...drawing.path, ...(wire?.pathTo(at) ?? [at])], MARK_POINTS.livewire[1])
  drawing.wire = wireAt(at, shown)
}

/** The hand has gone on with the button pressed: a freehand outline grows. */
export function trace(drawing: Drawing, at: Point): void {
  const { placed, shown, apart } = drawing
  if (onScreen(shown, placed.at(-1) ?? at, at) < apart) return
  placed.push(at)
  if (placed.length < MARK_POINTS.freehand[1]) return
  drawing.placed = thinned(placed, MARK_POINTS.freehand[1] - 1)
  drawing.apart *= 2
}

/** Every other point is left out until there are few enough; the ends stay. */
function thinned(points: Point[], most: number): Point[] {
  let now = points
  while (now.length > most) now = now.filter((_, index) => index % 2 === 0 || index === now.length - 1)
  return now
}

/** The points of the mark with the pointer at a place. */
export function pointsNow({ draws, placed, path, wire, shown }: Drawing, pointer: Point): Point[] {
  if (draws === 'livewire') return [...path, ...(wire?.pathTo(pointer) ?? [pointer])]
  if (draws === 'freehand') return placed
  return drawnPoints(draws, placed, pointer, scaleAt(shown.imageId, [...placed, pointer]))
}

function onScreen({ transform }: ShownFrame, a: Point, b: Point): number {
  const [ax, ay] = applyMatrix(transform, a)
  const [bx, by] = applyMatrix(transform, b)
  return Math.hypot(ax - bx, ay - by)
}

/** Whether a press here ends a mark of any number of points: on its first point closed, on its last one as it is. */
export function endsAt({ draws, placed, shown }: Drawing, at: Point): 'closed' | 'open' | undefined {
  const [first, last] = [placed[0], placed.at(-1)]
  if (!isOpenEnded(draws) || first === undefined || last === undefined) return undefined
  if (onScreen(shown, last, at) < CLICK_PX) return 'open'
  return placed.length > 2 && onScreen(shown, first, at) < 2 * CLICK_PX ? 'closed' : undefined
}

/** The finished mark; undefined when it is none: too few points, or all in one place. */
export function finishedMark(drawing: Drawing, mark: Mark, closed: boolean): Mark | undefined {
  const { draws, shown } = drawing
  const done = isOpenEnded(draws) ? { ...mark, ...finalPoints(drawing, closed) } : mark
  const [least] = MARK_POINTS[draws]
  const [first, ...others] = done.points
  // A press and release in one place, where two points are needed, is a slip and no mark.
  const slip = least > 1 && others.every(point => onScreen(shown, first ?? point, point) < CLICK_PX)
  return slip || done.points.length < least ? undefined : done
}

function finalPoints(
  { draws, placed, path, wire }: Drawing,
  closed: boolean,
): Pick<Mark, 'points'> & { closed?: true } {
  // Freehand and spline outlines are closed by what they are.
  const closes = closed && (draws === 'polyline' || draws === 'livewire')
  const [, most] = MARK_POINTS[draws]
  const back = closes && placed[0] ? (wire?.pathTo(placed[0]) ?? []).slice(0, -1) : []
  const points = draws === 'livewire' ? thinned([...path, ...back], most) : placed.slice(0, most)
  const rounded = (value: number) => Math.round(value * DIGITS) / DIGITS
  return {
    points: points.map(([x, y]): Point => [rounded(x), rounded(y)]),
    ...(closes && { closed: true }),
  }
}
