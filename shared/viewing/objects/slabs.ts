import { cross, dot, type ImagePlane, imageToPatient, type Point2, type Point3, patientToImage } from '../geometry.ts'
import type { Mask } from './outline.ts'
import { clipToBox, fillLine, fillPolygons, nestedArea, type Polygon } from './polygons.ts'

/**
 * A slice of a region: what lies in its plane reaches half the thickness (mm) to either side. Of a segmentation it is a mask of
 * pixels, of a structure set outlines in the plane's image coordinates.
 */
export interface Slab {
  plane: ImagePlane
  thickness: number
  mask?: () => Mask
  /** The mask's pixel by its place in the data, where that is known without unpacking the mask. */
  holds?: (at: number) => boolean
  polygons?: Polygon[]
}

/** A part of the patient. Slabs of one orientation do not overlap but where a file says one place twice. */
export interface Region {
  slabs: Slab[]
}

/** mm³ of one pixel of a slab's mask. */
export function pixelVolume({ plane, thickness }: Slab): number {
  return plane.rowSpacing * plane.columnSpacing * thickness
}

const areas = new WeakMap<Slab, number>()

/** mm². */
export function slabArea(slab: Slab): number {
  let area = areas.get(slab)
  if (area === undefined) {
    const { rowSpacing, columnSpacing } = slab.plane
    const pixels = slab.polygons ? nestedArea(slab.polygons) : countInside(slab.mask?.())
    area = pixels * rowSpacing * columnSpacing
    areas.set(slab, area)
  }
  return area
}

function countInside(mask: Mask | undefined): number {
  let count = 0
  for (const value of mask?.data ?? []) if (value !== 0) count++
  return count
}

/** ml. Voxels counted, or area by the distance of the outlines. */
export function regionVolume({ slabs }: Region): number {
  return slabs.reduce((sum, slab) => sum + slabArea(slab) * slab.thickness, 0) / 1000
}

/** Where it is largest: the slab, and the middle of what lies in it, in the patient. */
export function largestSlab({ slabs }: Region): { slab: Slab; centre: Point3 } | undefined {
  let slab: Slab | undefined
  for (const one of slabs) if (slab === undefined || slabArea(one) > slabArea(slab)) slab = one
  if (slab === undefined || slabArea(slab) === 0) return undefined
  const { data, columns } = slabMask(slab)
  let [x, y, count] = [0, 0, 0]
  data.forEach((value, at) => {
    if (value === 0) return
    x += (at % columns) + 0.5
    y += Math.floor(at / columns) + 0.5
    count++
  })
  const { Columns, Rows } = slab.plane
  const middle: Point2 = count > 0 ? [x / count, y / count] : [Columns / 2, Rows / 2]
  return { slab, centre: imageToPatient(slab.plane, middle) }
}

/** As pixels: a segmentation's own, or those of its plane that the outlines hold. */
export function slabMask({ plane: { Columns, Rows }, mask, polygons = [] }: Slab): Mask {
  return mask?.() ?? { data: fillPolygons(polygons, Columns, Rows), columns: Columns, rows: Rows }
}

// ── on another plane ──

/** 0.2°: over the width of a body the far edge is out by no more than half a thin slice; scanners write cosines to 5 digits. */
const PARALLEL = Math.cos((0.2 * Math.PI) / 180)

function parallel(a: Point3, b: Point3): boolean {
  return Math.abs(dot(a, b)) >= PARALLEL
}

/** mm: what planes may differ by and still be the same. */
const SAME_PLACE = 0.01

/** A slab at its place along the normal (mm), and what of the normal it is the nearest of all to, half its thickness at most. */
interface Layer {
  slab: Slab
  at: number
  from: number
  to: number
}

/** Slabs of one orientation, by their place along its normal. */
interface Stack {
  normal: Point3
  slabs: Layer[]
  /** mm: none reaches farther from its place. */
  reach: number
}

const stacked = new WeakMap<Region, Stack[]>()

function stacksOf(region: Region): Stack[] {
  let stacks = stacked.get(region)
  if (stacks === undefined) {
    stacks = []
    for (const slab of region.slabs) {
      const { normal, position } = slab.plane
      let stack = stacks.find(one => parallel(one.normal, normal))
      if (stack === undefined) {
        stack = { normal, slabs: [], reach: 0 }
        stacks.push(stack)
      }
      const at = dot(position, stack.normal)
      const half = slab.thickness / 2 + SAME_PLACE
      stack.slabs.push({ slab, at, from: at - half, to: at + half })
      stack.reach = Math.max(stack.reach, half)
    }
    for (const { slabs } of stacks) shareOut(slabs.sort((a, b) => a.at - b.at))
    stacked.set(region, stacks)
  }
  return stacks
}

/** No farther than half way to the next place on either side; a place that a file has twice is both slabs'. */
function shareOut(slabs: Layer[]): void {
  const towards = (layers: Layer[], limit: (layer: Layer, middle: number) => void) => {
    let [here, before] = [Number.NaN, Number.NaN]
    for (const layer of layers) {
      if (!(Math.abs(layer.at - here) <= SAME_PLACE)) [here, before] = [layer.at, here]
      if (!Number.isNaN(before)) limit(layer, (before + here) / 2)
    }
  }
  towards(slabs, (layer, middle) => {
    layer.from = Math.max(layer.from, middle)
  })
  towards([...slabs].reverse(), (layer, middle) => {
    layer.to = Math.min(layer.to, middle)
  })
}

/** Those whose thickness, or `reach` (mm) to either side, the place along the normal lies in; nearest first. */
function slabsAt({ slabs }: Stack, at: number, reach: number): Array<{ slab: Slab; distance: number }> {
  return slabs
    .map(({ slab, at: its }) => ({ slab, distance: Math.abs(its - at) }))
    .filter(({ slab, distance }) => distance <= Math.max(slab.thickness / 2, reach) + SAME_PLACE)
    .sort((a, b) => a.distance - b.distance)
}

/** What a region shows on a plane: outlines in its image coordinates. */
export interface Cut {
  /** Parallel to the plane: these slabs' own masks and outlines, carried over to it. */
  slabs: Array<{ slab: Slab; between: boolean }>
  /** Of slabs that the plane cuts at an angle: their pixels on the plane's own. */
  mask: Mask | undefined
}

/**
 * What of the region is to be drawn on a plane of its frame of reference. Parallel slabs are drawn where they lie nearest, and no
 * farther than half their thickness or half the distance of the images (`reach`, mm); `between`: it was drawn on another image and
 * only reaches to this one.
 */
export function cutRegion(region: Region, plane: ImagePlane, reach: number): Cut {
  const slabs: Cut['slabs'] = []
  let mask: Mask | undefined
  for (const stack of stacksOf(region)) {
    if (!parallel(stack.normal, plane.normal)) {
      // Of those at an angle only: what is parallel is drawn by its own outlines.
      mask ??= maskOfStacks(
        stacksOf(region).filter(one => !parallel(one.normal, plane.normal)),
        plane,
      )
      continue
    }
    const near = slabsAt(stack, dot(plane.position, stack.normal), reach)
    const nearest = near[0]?.distance ?? 0
    // A file may name one place twice; both are drawn.
    for (const { slab, distance } of near) {
      if (distance - nearest <= SAME_PLACE) slabs.push({ slab, between: distance > reach + SAME_PLACE })
    }
  }
  return { slabs, mask }
}

/** From image coordinates of one plane to those of another, for planes that are parallel. */
export function carriedOver(from: ImagePlane, to: ImagePlane): (point: Point2) => Point2 {
  return point => patientToImage(to, imageToPatient(from, point)).at
}

/** The pixels of a plane whose centres lie in the region; undefined where there is none. */
export function maskOn(region: Region, plane: ImagePlane): Mask | undefined {
  return maskOfStacks(stacksOf(region), plane)
}

function maskOfStacks(stacks: readonly Stack[], plane: ImagePlane): Mask | undefined {
  const { Columns: columns, Rows: rows } = plane
  const data = new Uint8Array(columns * rows)
  let found = false
  for (const stack of stacks) {
    const normal = stack.normal
    if (parallel(normal, plane.normal)) {
      const [near] = slabsAt(stack, dot(plane.position, normal), 0)
      if (near === undefined) continue
      if (near.slab.polygons !== undefined) {
        const over = carriedOver(near.slab.plane, plane)
        const filled = fillPolygons(
          near.slab.polygons.map(polygon => polygon.map(over)),
          columns,
          rows,
        )
        for (let i = 0; i < filled.length; i++) {
          if (filled[i] === 0) continue
          data[i] = 1
          found = true
        }
        continue
      }
    }
    found = sampleStack(stack, plane, data) || found
  }
  return found ? { data, columns, rows } : undefined
}

/**
 * Sets the pixels of `plane` whose centres lie in the slabs; true where there was any. Row by row: what of a row lies in a slab is
 * a line on it, and only that is asked for. No slab is made into pixels for it (of 100 structures on 200 slices that took seconds
 * for each new plane).
 */
function sampleStack({ slabs, normal, reach }: Stack, plane: ImagePlane, data: Uint8Array): boolean {
  const masks = new Map<Slab, Mask>()
  const { Columns, Rows } = plane
  const acrossRow = dot(plane.row, normal) * plane.columnSpacing
  let found = false
  for (let y = 0; y < Rows; y++) {
    const start = imageToPatient(plane, [0.5, y + 0.5])
    const startAt = dot(start, normal)
    const endAt = startAt + acrossRow * (Columns - 1)
    const [low, high] = [Math.min(startAt, endAt), Math.max(startAt, endAt)]
    for (let index = firstFrom(slabs, low - reach); index < slabs.length; index++) {
      const layer = slabs[index]!
      if (layer.at > high + reach) break
      const [first, end] = columnsIn(layer, startAt, acrossRow, Columns)
      if (first >= end) continue
      const { slab } = layer
      const [x, y0] = patientToImage(slab.plane, start).at
      const line: Line = {
        x,
        y: y0,
        dx: (dot(plane.row, slab.plane.row) * plane.columnSpacing) / slab.plane.columnSpacing,
        dy: (dot(plane.row, slab.plane.column) * plane.columnSpacing) / slab.plane.rowSpacing,
      }
      found = fillFrom(slab, line, [first, end], data.subarray(y * Columns, (y + 1) * Columns), masks) || found
    }
  }
  return found
}

/** A row of pixel centres on a slab: its image coordinates at the row's first pixel, and from one pixel to the next. */
interface Line {
  x: number
  y: number
  dx: number
  dy: number
}

function fillFrom(slab: Slab, line: Line, range: [number, number], row: Uint8Array, masks: Map<Slab, Mask>): boolean {
  const { polygons, holds, plane } = slab
  if (polygons !== undefined) {
    const [first, end] = clipToBox(line, range, plane.Columns, plane.Rows)
    return first < end && fillLine(polygons, line, [first, end], row)
  }
  const mask = holds === undefined ? (masks.get(slab) ?? slabMask(slab)) : undefined
  if (mask !== undefined) masks.set(slab, mask)
  const [columns, rows] = mask === undefined ? [plane.Columns, plane.Rows] : [mask.columns, mask.rows]
  const [first, end] = clipToBox(line, range, columns, rows)
  let found = false
  for (let x = first; x < end; x++) {
    const column = Math.floor(line.x + x * line.dx)
    const its = Math.floor(line.y + x * line.dy)
    // The clip is a hair generous.
    if (column < 0 || its < 0 || column >= columns || its >= rows) continue
    const at = its * columns + column
    if (mask === undefined ? !holds?.(at) : mask.data[at] === 0) continue
    row[x] = 1
    found = true
  }
  return found
}

/** The first layer whose place is `at` or beyond. */
function firstFrom(slabs: readonly Layer[], at: number): number {
  let [low, high] = [0, slabs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (slabs[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}

/** The pixels of a row whose place along the normal, `start + x * step`, is the layer's: the first, and one past the last. */
function columnsIn({ from, to }: Layer, start: number, step: number, columns: number): [number, number] {
  if (Math.abs(step) < 1e-9) return from <= start && start < to ? [0, columns] : [0, 0]
  const [a, b] = [(from - start) / step, (to - start) / step]
  // Half-open, whichever way it is walked: a place half way between two slabs is the upper one's alone.
  const [first, end] = step > 0 ? [Math.ceil(a), Math.ceil(b)] : [Math.floor(b) + 1, Math.floor(a) + 1]
  return [Math.max(0, first), Math.min(columns, end)]
}

/** Unit vectors of a plane with this normal, the row as near to the patient's x (else y) as it goes. */
export function axesOf(normal: Point3): { row: Point3; column: Point3 } {
  const other: Point3 = Math.abs(normal[1]) < 0.9 ? [0, 1, 0] : [0, 0, 1]
  const [x, y, z] = cross(other, normal)
  const length = Math.hypot(x, y, z)
  const row: Point3 = [x / length, y / length, z / length]
  return { row, column: cross(normal, row) }
}
