import { cross, dot, type ImagePlane, imageToPatient, type Point2, type Point3, patientToImage } from '../geometry.ts'
import type { Mask } from './outline.ts'
import { fillPolygons, nestedArea, type Polygon } from './polygons.ts'

/**
 * A slice of a region: what lies in its plane reaches half the thickness (mm) to either side. Of a segmentation it is a mask of
 * pixels, of a structure set outlines in the plane's image coordinates.
 */
export interface Slab {
  plane: ImagePlane
  thickness: number
  mask?: () => Mask
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

/** Slabs of one orientation, by their place along its normal. */
interface Stack {
  normal: Point3
  slabs: Array<{ slab: Slab; at: number }>
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
        stack = { normal, slabs: [] }
        stacks.push(stack)
      }
      stack.slabs.push({ slab, at: dot(position, stack.normal) })
    }
    for (const { slabs } of stacks) slabs.sort((a, b) => a.at - b.at)
    stacked.set(region, stacks)
  }
  return stacks
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
      mask ??= maskOn(region, plane)
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
  const { Columns: columns, Rows: rows } = plane
  const data = new Uint8Array(columns * rows)
  let found = false
  for (const stack of stacksOf(region)) {
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

/** Sets the pixels of `plane` whose centres lie in a slab's pixel; true where there was any. */
function sampleStack({ slabs, normal }: Stack, plane: ImagePlane, data: Uint8Array): boolean {
  const first = slabs[0]
  if (first === undefined) return false
  const masks = new Map<Slab, Mask>()
  const { Columns, Rows } = plane
  const acrossRow = dot(plane.row, normal) * plane.columnSpacing
  let found = false
  let last = 0
  for (let y = 0; y < Rows; y++) {
    const start = imageToPatient(plane, [0.5, y + 0.5])
    const startAt = dot(start, normal)
    for (let x = 0; x < Columns; x++) {
      last = nearestAt(slabs, startAt + x * acrossRow, last)
      const { slab, at } = slabs[last]!
      if (Math.abs(at - startAt - x * acrossRow) > slab.thickness / 2 + SAME_PLACE) continue
      let mask = masks.get(slab)
      if (mask === undefined) {
        mask = slabMask(slab)
        masks.set(slab, mask)
      }
      const along = x * plane.columnSpacing
      const point: Point3 = [
        start[0] + plane.row[0] * along,
        start[1] + plane.row[1] * along,
        start[2] + plane.row[2] * along,
      ]
      const [column, row] = patientToImage(slab.plane, point).at
      if (column < 0 || row < 0 || column >= mask.columns || row >= mask.rows) continue
      if (mask.data[Math.floor(row) * mask.columns + Math.floor(column)] === 0) continue
      data[y * Columns + x] = 1
      found = true
    }
  }
  return found
}

/** Walks from the one that was nearest before: neighbours on a picture are neighbours in space. */
function nearestAt(slabs: Stack['slabs'], at: number, from: number): number {
  let best = from
  const distance = (index: number) => Math.abs((slabs[index]?.at ?? Number.POSITIVE_INFINITY) - at)
  // `<=`: two slabs in one place must not hold it up.
  while (distance(best + 1) <= distance(best)) best++
  while (best > 0 && distance(best - 1) <= distance(best)) best--
  return best
}

/** Unit vectors of a plane with this normal, the row as near to the patient's x (else y) as it goes. */
export function axesOf(normal: Point3): { row: Point3; column: Point3 } {
  const other: Point3 = Math.abs(normal[1]) < 0.9 ? [0, 1, 0] : [0, 0, 1]
  const [x, y, z] = cross(other, normal)
  const length = Math.hypot(x, y, z)
  const row: Point3 = [x / length, y / length, z / length]
  return { row, column: cross(normal, row) }
}
