import type { SlidePart } from './readSlide.ts'

/** VL Whole Slide Microscopy Image Storage. */
export const WHOLE_SLIDE = '1.2.840.10008.5.1.4.1.1.77.1.6'

/** A tile of a level, in the level's own pixels. */
export interface Tile {
  /** Index of the instance it is a frame of, among those the slide was made of. */
  part: number
  /** 1-based. */
  frame: number
  x: number
  y: number
}

/** One size of a slide. Its pixels (i, j) lie at `at` + `scale` × (i, j) in pixels of the largest level. */
export interface SlideLevel {
  /** Indices of the instances it is of, among those the slide was made of. */
  parts: number[]
  columns: number
  rows: number
  tileColumns: number
  tileRows: number
  /** Row and column spacing, mm. */
  spacing: [number, number] | undefined
  scale: [x: number, y: number]
  at: [x: number, y: number]
  /** By layer: the tiles in a box of the level's pixels. */
  tilesIn: (layer: number, box: Box) => Tile[]
}

/** What lies over one another on a slide: one path of light at one depth. */
interface SlideLayer {
  path: string
  /** From 1, the deepest first. */
  plane: number
}

/** A slide: levels from the largest to the smallest, layers in the order they were made. */
export interface Slide {
  levels: SlideLevel[]
  layers: SlideLayer[]
  /** Of where there is no tile; undefined where the object does not say. */
  absent: SlidePart['absent']
}

/** First and last corner. */
export interface Box {
  x0: number
  y0: number
  x1: number
  y1: number
}

/** Sizes of levels are rounded: beyond this share of a side two matrices show something else. */
const SAME_RATIO = 0.02

type Indexed = SlidePart & { part: number }
type Lookup = (box: Box) => Tile[]

/** The pyramid that so many instances make; undefined of none. */
export function makeSlide(parts: readonly SlidePart[]): Slide | undefined {
  const sizes = new Map<string, Indexed[]>()
  parts.forEach((each, part) => {
    const key = `${each.columns} ${each.rows}`
    sizes.set(key, [...(sizes.get(key) ?? []), { ...each, part }])
  })
  const sorted = [...sizes.values()].sort((a, b) => area(b[0]) - area(a[0]))
  const base = sorted[0]?.[0]
  if (base === undefined) return undefined
  const found = sorted.map(same => ({ same, layers: layersOf(same) }))
  const layers = [...new Map(found.flatMap(({ layers }) => [...layers].map(([key, { layer }]) => [key, layer])))]
  const isOnePath = found.every(
    ({ layers: own }) => new Set([...own.values()].map(({ layer }) => layer.path)).size === 1,
  )
  const levels = found.map(({ same, layers: own }): SlideLevel => {
    const first = same[0] as Indexed
    const { columns, rows, tileColumns, tileRows, spacing } = first
    const lookups = layers.map(([key, layer]) => own.get(key)?.lookup ?? standIn(own, layer, isOnePath))
    return {
      parts: same.map(({ part }) => part),
      columns,
      rows,
      tileColumns,
      tileRows,
      spacing,
      ...placeOn(base, first),
      tilesIn: (layer, box) => lookups[layer]?.(box) ?? [],
    }
  })
  return { levels, layers: layers.map(([, layer]) => layer), absent: base.absent }
}

/** Smaller levels are often made at one depth alone: of the same light the nearest depth; blank would be glass. */
function standIn(own: Found, { path, plane }: SlideLayer, isOnePath: boolean): Lookup | undefined {
  const far = ({ layer }: { layer: SlideLayer }) => Math.abs(layer.plane - plane)
  const [nearest] = [...own.values()]
    .filter(({ layer }) => isOnePath || layer.path === path)
    .sort((a, b) => far(a) - far(b))
  return nearest?.lookup
}

function area(part: SlidePart | undefined): number {
  return part === undefined ? 0 : part.columns * part.rows
}

/** By the sizes of their pixels and their corners on the slide, where both say so; else both show the same. */
function placeOn(base: SlidePart, level: SlidePart): Pick<SlideLevel, 'scale' | 'at'> {
  const whole: [number, number] = [base.columns / level.columns, base.rows / level.rows]
  const same: Pick<SlideLevel, 'scale' | 'at'> = { scale: whole, at: [0, 0] }
  if (base.spacing === undefined || level.spacing === undefined) return same
  const scale: [number, number] = [level.spacing[1] / base.spacing[1], level.spacing[0] / base.spacing[0]]
  const at = offsetOn(base, level)
  // Makers round spacings: where both matrices are of one area, their sides say it more exactly.
  const isAlike = scale.every((value, axis) => Math.abs(value / (whole[axis] as number) - 1) < SAME_RATIO)
  if (isAlike && at.every((value, axis) => Math.abs(value) <= 2 * (scale[axis] as number))) return same
  return { scale, at }
}

/** Where a level's corner lies in the largest one's pixels; (0, 0) where that is not told. */
function offsetOn(base: SlidePart, { origin, orientation }: SlidePart): [number, number] {
  const axes = base.orientation
  const isTurned = axes.length !== 6 || orientation.some((value, i) => Math.abs(value - (axes[i] ?? 0)) > 1e-3)
  if (base.origin === undefined || origin === undefined || base.spacing === undefined || isTurned) return [0, 0]
  const [dx, dy] = [origin[0] - base.origin[0], origin[1] - base.origin[1]]
  const along = (first: number) => dx * (axes[first] as number) + dy * (axes[first + 1] as number)
  return [along(0) / base.spacing[1], along(3) / base.spacing[0]]
}

type Found = Map<string, { layer: SlideLayer; lookup: Lookup }>

/** The layers of one level's instances; a second instance of the same path and depth is one more. */
function layersOf(parts: Indexed[]): Found {
  const found: Found = new Map()
  const add = (path: string, plane: number, lookup: Lookup) => {
    let name = path
    for (let copy = 2; found.has(`${name}\n${plane}`); copy++) name = `${path} (${copy})`.trimStart()
    found.set(`${name}\n${plane}`, { layer: { path: name, plane }, lookup })
  }
  const images = new Map<string, Indexed[]>()
  for (const part of parts) {
    const key = part.concatenation || `alone ${part.part}`
    images.set(key, [...(images.get(key) ?? []), part])
  }
  for (const image of images.values()) {
    const first = image[0] as Indexed
    if (image.every(({ places }) => places === undefined)) {
      first.paths.forEach(({ name }, path) => {
        for (let plane = 0; plane < first.focalPlanes; plane++) {
          add(name, plane + 1, fullLookup(image, path * first.focalPlanes + plane))
        }
      })
    } else sparseLayers(image, add)
  }
  return found
}

/** PS3.3 C.7.6.17.3: row by row, then plane by plane, then path by path. */
function fullLookup(image: Indexed[], layer: number): Lookup {
  const { columns, rows, tileColumns, tileRows } = image[0] as Indexed
  const [across, down] = [Math.ceil(columns / tileColumns), Math.ceil(rows / tileRows)]
  return box => {
    const tiles: Tile[] = []
    const [left, right] = [Math.max(0, Math.floor(box.x0 / tileColumns)), Math.min(across, box.x1 / tileColumns)]
    const [top, bottom] = [Math.max(0, Math.floor(box.y0 / tileRows)), Math.min(down, box.y1 / tileRows)]
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const index = (layer * down + row) * across + column
        const holder = image.find(one => index >= one.framesBefore && index < one.framesBefore + one.frames)
        if (holder === undefined) continue
        const frame = index - holder.framesBefore + 1
        tiles.push({ part: holder.part, frame, x: column * tileColumns, y: row * tileRows })
      }
    }
    return tiles
  }
}

function sparseLayers(image: Indexed[], add: (path: string, plane: number, lookup: Lookup) => void): void {
  const { tileColumns, tileRows, columns, paths } = image[0] as Indexed
  const across = Math.ceil(columns / tileColumns) + 1
  const all = image.flatMap(({ part, places = [] }) => places.map(place => ({ ...place, part })))
  const depths = [...new Set(all.map(({ z }) => z))].sort((a, b) => a - b)
  const layers = new Map<string, Map<number, Tile[]>>()
  for (const { part, frame, x, y, z, path } of all) {
    // One path alone need not be named by each frame.
    const key = `${path || paths[0]?.id}\n${depths.indexOf(z) + 1}`
    const cells = layers.get(key) ?? new Map<number, Tile[]>()
    layers.set(key, cells)
    const cell = Math.floor(y / tileRows) * across + Math.floor(x / tileColumns)
    const others = cells.get(cell)
    if (others) others.push({ part, frame, x, y })
    else cells.set(cell, [{ part, frame, x, y }])
  }
  const order = (key: string) => paths.findIndex(({ id }) => id === key.split('\n')[0])
  for (const [key, cells] of [...layers].sort(([a], [b]) => order(a) - order(b))) {
    const [id = '', plane = '1'] = key.split('\n')
    const name = paths.find(path => path.id === id)?.name ?? id
    add(name, Number(plane), box => {
      const tiles: Tile[] = []
      // A tile need not begin where the grid does: the one before may reach into the box.
      const [top, left] = [Math.floor(box.y0 / tileRows) - 1, Math.floor(box.x0 / tileColumns) - 1]
      for (let row = Math.max(0, top); row * tileRows < box.y1; row++) {
        for (let column = Math.max(0, left); column * tileColumns < box.x1 && column < across; column++) {
          for (const tile of cells.get(row * across + column) ?? []) {
            if (tile.x + tileColumns > box.x0 && tile.y + tileRows > box.y0 && tile.x < box.x1 && tile.y < box.y1) {
              tiles.push(tile)
            }
          }
        }
      }
      return tiles
    })
  }
}
