import type { ManifestInstance } from '../../../shared/viewing/image.ts'
import { cssColour, labToRGB } from '../../../shared/viewing/objects/colours.ts'
import type { Box, SlideLevel, Tile } from '../../../shared/viewing/slides/slide.ts'
import { boxOn, levelFor, type Size, type SlideView, seenBox } from '../../../shared/viewing/slides/view.ts'
import type { OpenSlide } from './openSlides.ts'
import type { Tiles, WantedTile } from './tiles.ts'

/** What a view shows and what it lacks. */
export interface Drawn {
  level: number
  wanted: WantedTile[]
  lacking: number
  failed: number
}

/** A tile that is on its way, and one that could not be had: neither is glass nor tissue. */
const AWAITED = '#2a2a2a'
const FAILED = '#4a1414'

function levelTiles(level: SlideLevel, layer: number, seen: Box): Tile[] {
  const box = boxOn(level, seen)
  return box === undefined ? [] : level.tilesIn(layer, box)
}

/** Draws what is here: the level that fits the screen, and under it, where that is lacking, what coarser ones have. */
export function drawSlide(
  context: CanvasRenderingContext2D,
  { slide, instances }: Pick<OpenSlide, 'slide' | 'instances'>,
  tiles: Tiles,
  layer: number,
  view: SlideView,
  size: Size,
): Drawn {
  const seen = seenBox(view, size)
  const target = levelFor(slide, view.zoom)
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.fillStyle = '#000'
  context.fillRect(0, 0, size.width, size.height)
  context.imageSmoothingQuality = 'medium'
  const base = slide.levels[0] as SlideLevel
  if (slide.absent !== undefined) {
    context.fillStyle = cssColour(labToRGB(slide.absent))
    fill(context, view, size, base, { x: 0, y: 0, width: base.columns, height: base.rows })
  }
  const level = slide.levels[target] as SlideLevel
  const centre = [(seen.x0 + seen.x1) / 2, (seen.y0 + seen.y1) / 2] as const
  const far = ({ x, y }: Tile) => {
    const [dx, dy] = [x + level.tileColumns / 2, y + level.tileRows / 2]
    return Math.hypot(dx * level.scale[0] + level.at[0] - centre[0], dy * level.scale[1] + level.at[1] - centre[1])
  }
  const own = levelTiles(level, layer, seen).sort((a, b) => far(a) - far(b))
  const bitmapOf = ({ part, frame }: Tile) => tiles.at(instances[part] as ManifestInstance, frame)
  const awaited = own.filter(tile => bitmapOf(tile) === undefined)
  const isFailed = ({ part, frame }: Tile) => tiles.failureOf(instances[part] as ManifestInstance, frame) !== undefined
  for (const tile of awaited) {
    context.fillStyle = isFailed(tile) ? FAILED : AWAITED
    fill(context, view, size, level, boundsOf(level, tile))
  }
  // Only where something lacks, or the finer level was not made, is a coarser one seen.
  const coarser = slide.levels.slice(target + 1).reverse()
  for (const one of [...coarser, level]) {
    for (const tile of one === level ? own : levelTiles(one, layer, seen)) {
      const bitmap = bitmapOf(tile)
      if (bitmap !== undefined) drawTile(context, view, size, one, tile, bitmap)
    }
  }
  const failed = awaited.filter(isFailed)
  // The smallest level is always wanted: it stands in for what is on its way, and for what a finer one has not.
  const last = slide.levels.length - 1
  const coarsest = target === last ? [] : levelTiles(slide.levels[last] as SlideLevel, layer, seen)
  const wanted = [...coarsest, ...own].map(({ part, frame }) => ({
    instance: instances[part] as ManifestInstance,
    frame,
  }))
  return { level: target, wanted, lacking: awaited.length - failed.length, failed: failed.length }
}

/** The part of a tile that lies in the matrix: the last ones of a row reach beyond it. */
function boundsOf({ columns, rows, tileColumns, tileRows }: SlideLevel, { x, y }: Tile) {
  return { x, y, width: Math.min(tileColumns, columns - x), height: Math.min(tileRows, rows - y) }
}

interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/** To whole device pixels: neighbours share an edge, and no seam shows what is under them. */
function onScreen(
  view: SlideView,
  size: Size,
  { at, scale }: SlideLevel,
  { x, y, width, height }: Rectangle,
): Rectangle {
  const place = (value: number, axis: 0 | 1) =>
    Math.round(
      (value * scale[axis] + at[axis] - view.centre[axis]) * view.zoom + (axis === 0 ? size.width : size.height) / 2,
    )
  const [left, top] = [place(x, 0), place(y, 1)]
  return { x: left, y: top, width: place(x + width, 0) - left, height: place(y + height, 1) - top }
}

function fill(
  context: CanvasRenderingContext2D,
  view: SlideView,
  size: Size,
  level: SlideLevel,
  bounds: Rectangle,
): void {
  const { x, y, width, height } = onScreen(view, size, level, bounds)
  context.fillRect(x, y, width, height)
}

function drawTile(
  context: CanvasRenderingContext2D,
  view: SlideView,
  size: Size,
  level: SlideLevel,
  tile: Tile,
  bitmap: ImageBitmap,
): void {
  const bounds = boundsOf(level, tile)
  if (bounds.width <= 0 || bounds.height <= 0) return
  // Larger than the screen's pixels they are squares, as they were scanned.
  context.imageSmoothingEnabled = level.scale[0] * view.zoom < 4
  const { x, y, width, height } = onScreen(view, size, level, bounds)
  context.drawImage(bitmap, 0, 0, bounds.width, bounds.height, x, y, width, height)
}
