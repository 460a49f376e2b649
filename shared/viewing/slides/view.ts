import type { Matrix } from '../view.ts'
import type { Box, Slide, SlideLevel, Tile } from './slide.ts'

/** Where a reader looks: device pixels for one pixel of the largest level, and which of these is in the middle. */
export interface SlideView {
  zoom: number
  centre: [x: number, y: number]
}

/** Device pixels. */
export interface Size {
  width: number
  height: number
}

/** So many pixels of one level at most are held for a view: 160 MB, five times what a screen of 3840 × 2160 needs. */
const MOST_SEEN = 40_000_000
/** Device pixels for a pixel of the largest level: beyond, nothing more is seen. */
const MOST_ZOOM = 32

/**
 * The smallest level that still has a pixel for each of the screen's; the largest where none has. One part in twenty is let go, so
 * that a level stands at its own size.
 */
export function levelFor(slide: Slide, zoom: number): number {
  for (let index = slide.levels.length - 1; index > 0; index--) {
    const { scale } = slide.levels[index] as SlideLevel
    if (Math.max(...scale) * zoom <= 1.05) return index
  }
  return 0
}

function sizeOf({ levels }: Slide): [width: number, height: number] {
  const { columns, rows } = levels[0] as SlideLevel
  return [columns, rows]
}

/** The whole slide in a screen of this size (device pixels). */
export function fitSlide(slide: Slide, { width, height }: Size): SlideView {
  const [columns, rows] = sizeOf(slide)
  return { zoom: Math.min(width / columns, height / rows), centre: [columns / 2, rows / 2] }
}

/**
 * The view as far as it makes sense: some of the slide is always seen, and never more of it than can be held of its smallest level
 * (of an image of 100,000 × 100,000 pixels without smaller ones not the whole).
 */
export function heldView(slide: Slide, { zoom, centre }: SlideView, size: Size): SlideView {
  const { columns, rows, scale } = slide.levels.at(-1) as SlideLevel
  const [width, height] = sizeOf(slide)
  const held = Math.sqrt((size.width * size.height) / (MOST_SEEN * scale[0] * scale[1]))
  const least = Math.max(fitSlide(slide, size).zoom / 2, columns * rows > MOST_SEEN ? held : 0)
  const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))
  return {
    zoom: clamp(zoom, Math.min(least, MOST_ZOOM), MOST_ZOOM),
    centre: [clamp(centre[0], 0, width), clamp(centre[1], 0, height)],
  }
}

/** What is seen, in pixels of the largest level. */
export function seenBox({ zoom, centre }: SlideView, { width, height }: Size): Box {
  const [x, y] = [width / zoom / 2, height / zoom / 2]
  return { x0: centre[0] - x, y0: centre[1] - y, x1: centre[0] + x, y1: centre[1] + y }
}

/** The same in a level's own pixels, cut to what it has; undefined where it has nothing of it. */
export function boxOn({ at, scale, columns, rows }: SlideLevel, box: Box): Box | undefined {
  const own = {
    x0: Math.max(0, (box.x0 - at[0]) / scale[0]),
    y0: Math.max(0, (box.y0 - at[1]) / scale[1]),
    x1: Math.min(columns, (box.x1 - at[0]) / scale[0]),
    y1: Math.min(rows, (box.y1 - at[1]) / scale[1]),
  }
  return own.x0 < own.x1 && own.y0 < own.y1 ? own : undefined
}

/** Zoomed so that the point (device pixels of the screen) stays where it is. */
export function zoomSlideAbout(
  view: SlideView,
  size: Size,
  [x, y]: [x: number, y: number],
  factor: number,
  hold: (view: SlideView) => SlideView,
): SlideView {
  const { zoom } = hold({ ...view, zoom: view.zoom * factor })
  const [fromX, fromY] = [x - size.width / 2, y - size.height / 2]
  const move = 1 / view.zoom - 1 / zoom
  return hold({ zoom, centre: [view.centre[0] + fromX * move, view.centre[1] + fromY * move] })
}

/** Pixels of the largest level to CSS pixels of the pane; `ratio`: device pixels for one of these. */
export function slideToScreen({ zoom, centre }: SlideView, { width, height }: Size, ratio: number): Matrix {
  const scale = zoom / ratio
  return {
    a: scale,
    b: 0,
    c: 0,
    d: scale,
    e: width / 2 / ratio - centre[0] * scale,
    f: height / 2 / ratio - centre[1] * scale,
  }
}

/** The view that has these points in its middle, and all of them in half of the screen where it has to be zoomed out for that. */
export function viewOf(points: ReadonlyArray<readonly [number, number]>, { zoom }: SlideView, size: Size): SlideView {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const whole = Math.min(size.width / 2 / Math.max(1, x1 - x0), size.height / 2 / Math.max(1, y1 - y0))
  return { zoom: Math.min(zoom, whole), centre: [(x0 + x1) / 2, (y0 + y1) / 2] }
}

/** Tiles of the smallest level that lie wholly on the screen, a pixel of it on `least` of the screen's at least. */
export function tilesInView(slide: Slide, view: SlideView, size: Size, layer: number, least: number): Tile[] {
  const level = slide.levels.at(-1) as SlideLevel
  const { scale, at, columns, rows, tileColumns, tileRows } = level
  if (view.zoom * Math.min(...scale) < least) return []
  const seen = seenBox(view, size)
  const box = boxOn(level, seen)
  if (box === undefined) return []
  // Half a device pixel of a slide that just fits is nothing.
  const slack = 0.5 / view.zoom
  const holds = (x: number, y: number) => {
    const [sx, sy] = [x * scale[0] + at[0], y * scale[1] + at[1]]
    return sx >= seen.x0 - slack && sx <= seen.x1 + slack && sy >= seen.y0 - slack && sy <= seen.y1 + slack
  }
  return level
    .tilesIn(layer, box)
    .filter(({ x, y }) => holds(x, y) && holds(Math.min(x + tileColumns, columns), Math.min(y + tileRows, rows)))
}

/** What a level's pixels are on the slide, and how large they are drawn at a view's zoom: '0.25 µm/px · ×0.50'. */
export function levelWords({ spacing, scale }: SlideLevel, zoom: number): string {
  const own = zoom * scale[0]
  const size = spacing === undefined ? '' : `${(spacing[1] * 1000).toPrecision(3)} µm/px · `
  return `${size}×${own >= 10 ? own.toFixed(1) : own.toFixed(2)}`
}
