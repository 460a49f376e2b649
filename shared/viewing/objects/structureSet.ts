import type { DataSet } from '../../dicom/reader.ts'
import { cross, dot, type ImagePlane, type Point2, type Point3, patientToImage } from '../geometry.ts'
import { type RGB, spareColour } from './colours.ts'
import { along, type SeriesReference, UnreadableObject } from './readPlanes.ts'
import { axesOf, type Region, type Slab } from './slabs.ts'

export type ContourKind = 'closed' | 'open' | 'point'

export interface Contour {
  kind: ContourKind
  points: Point3[]
  /** Images it was drawn on; mostly one. */
  images: string[]
}

export interface StructureROI {
  number: number
  label: string
  /** Interpreted type, how it was made. */
  about: string
  colour: RGB
  contours: Contour[]
  /** Of the closed contours. */
  region: Region
}

export interface StructureSet {
  kind: 'structures'
  label: string
  FrameOfReferenceUID: string
  segments: StructureROI[]
  series: SeriesReference[]
  note: string
}

const MOST_ROIS = 2000
const MOST_CONTOURS = 200_000
const MOST_POINTS = 20_000_000

/** An RT Structure Set (PS3.3 A.19): ROIs with their contours, in patient coordinates. Throws UnreadableObject. */
export function readStructureSet(dataSet: DataSet): StructureSet {
  const frames = dataSet.items('ReferencedFrameOfReferenceSequence')
  const roisByNumber = new Map<number, DataSet>()
  for (const item of dataSet.items('StructureSetROISequence').slice(0, MOST_ROIS)) {
    roisByNumber.set(item.number('ROINumber') ?? -1, item)
  }
  const types = new Map<number, string>()
  for (const item of dataSet.items('RTROIObservationsSequence').slice(0, MOST_ROIS)) {
    types.set(item.number('ReferencedROINumber') ?? -1, item.string('RTROIInterpretedType'))
  }
  const drawn = new Map<number, DataSet>()
  for (const item of dataSet.items('ROIContourSequence').slice(0, MOST_ROIS)) {
    drawn.set(item.number('ReferencedROINumber') ?? -1, item)
  }
  const bounds = { contours: 0, points: 0 }
  const FrameOfReferenceUID =
    frames[0]?.string('FrameOfReferenceUID') ||
    [...roisByNumber.values()][0]?.string('ReferencedFrameOfReferenceUID') ||
    dataSet.string('FrameOfReferenceUID')
  const segments = [...roisByNumber].map(([number, item], index): StructureROI => {
    const its = drawn.get(number)
    const colour = its?.numbers('ROIDisplayColor') ?? []
    // One of another frame of reference would be drawn in a wrong place: it is listed, and not drawn.
    const frame = item.string('ReferencedFrameOfReferenceUID')
    const here = frame === '' || frame === FrameOfReferenceUID
    const contours = here && its !== undefined ? readContours(its, bounds) : []
    const made = item.string('ROIGenerationAlgorithm').toLowerCase()
    const type = (types.get(number) ?? '').toLowerCase()
    return {
      number,
      label: item.string('ROIName') || `ROI ${number}`,
      about: [type, made, here ? '' : 'another frame of reference: not drawn'].filter(Boolean).join(' · '),
      colour: colour.length === 3 ? (colour.map(byte) as [number, number, number]) : spareColour(index),
      contours,
      region: regionOf(contours, FrameOfReferenceUID),
    }
  })
  return {
    kind: 'structures',
    label: dataSet.string('StructureSetLabel') || dataSet.string('StructureSetName'),
    FrameOfReferenceUID,
    segments,
    series: frames.flatMap(frame =>
      frame.items('RTReferencedStudySequence').flatMap(study =>
        study.items('RTReferencedSeriesSequence').map(one => ({
          StudyInstanceUID: study.string('ReferencedSOPInstanceUID'),
          SeriesInstanceUID: one.string('SeriesInstanceUID'),
        })),
      ),
    ),
    note: '',
  }
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)))
}

function kindOf(type: string, points: number): ContourKind {
  if (type === 'POINT' || points === 1) return 'point'
  // Older writers have CLOSED_PLANAR for lines of two points.
  return type.startsWith('OPEN') || points < 3 ? 'open' : 'closed'
}

function readContours(roi: DataSet, bounds: { contours: number; points: number }): Contour[] {
  const contours: Contour[] = []
  const span = roi.span('ContourSequence')
  for (const item of span === undefined ? [] : roi.eachItem(span)) {
    const numbers = item.numbers('ContourData')
    bounds.contours++
    bounds.points += numbers.length / 3
    if (bounds.contours > MOST_CONTOURS || bounds.points > MOST_POINTS) {
      throw new UnreadableObject('The structure set has more contours than can be drawn.')
    }
    const points: Point3[] = []
    for (let i = 0; i + 2 < numbers.length; i += 3) points.push([numbers[i]!, numbers[i + 1]!, numbers[i + 2]!])
    const first = points[0]
    const last = points.at(-1)
    if (first === undefined || last === undefined) continue
    const kind = kindOf(item.string('ContourGeometricType'), points.length)
    if (kind === 'closed' && points.length > 3 && first.every((part, axis) => part === last[axis])) points.pop()
    const images = item.items('ContourImageSequence').map(image => image.string('ReferencedSOPInstanceUID'))
    contours.push({ kind, points, images })
  }
  return contours
}

// ── closed contours as slabs ──

/** Unit normal by Newell's method; undefined where the points lie on a line. */
function normalOf(points: readonly Point3[]): Point3 | undefined {
  let [x, y, z] = [0, 0, 0]
  points.forEach((point, index) => {
    const [nx, ny, nz] = cross(minus(point, points[0]!), minus(points[(index + 1) % points.length]!, points[0]!))
    x += nx
    y += ny
    z += nz
  })
  const length = Math.hypot(x, y, z)
  if (!(length > 1e-9)) return undefined
  const sign = Math.abs(z) > length / 2 ? Math.sign(z) : Math.sign(x + y) || 1
  return [(sign * x) / length, (sign * y) / length, (sign * z) / length]
}

function minus(a: Point3, b: Point3): Point3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/** Cosine of 2°: contours of so nearly one direction are of one family, whatever a short one's own digits say. */
const ONE_FAMILY = Math.cos((2 * Math.PI) / 180)
/** Each contour is compared with all of them. */
const MOST_FAMILIES = 512
/** mm: contours this near lie in one plane. */
const ONE_PLANE = 0.1
/** Pixels across a slab, at most and at least (mm 0.5 do for any): what a region is sampled by where its outlines do not serve. */
const FINEST = 768
const COARSEST = 128

/** Closed planar contours, gathered by plane. Each reaches half way to its neighbours (PS3.3 C.8.8.6.1: nothing is said of between). */
export function regionOf(contours: readonly Contour[], FrameOfReferenceUID: string): Region {
  const families: Array<{ normal: Point3; contours: Array<{ at: number; contour: Contour }> }> = []
  for (const contour of contours) {
    if (contour.kind !== 'closed') continue
    const normal = normalOf(contour.points)
    if (normal === undefined) continue
    let family = families.find(one => Math.abs(dot(one.normal, normal)) >= ONE_FAMILY)
    if (family === undefined) {
      if (families.length === MOST_FAMILIES) {
        throw new UnreadableObject('The contours of a structure lie in more directions than can be drawn.')
      }
      family = { normal: tidy(normal), contours: [] }
      families.push(family)
    }
    family.contours.push({ at: along(contour.points[0]!, family.normal), contour })
  }
  return {
    slabs: families.flatMap(({ normal, contours: its }) => {
      const planes = inPlanes(its)
      const distances = planes.slice(1).map(({ at }, index) => at - planes[index]!.at)
      const usual = [...distances].sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0
      const half = (distance: number | undefined) =>
        (distance === undefined || distance > 1.5 * usual ? usual : distance) / 2
      return planes.map(({ contours: its }, index) =>
        slabOf(its, normal, half(distances[index - 1]) + half(distances[index]), FrameOfReferenceUID),
      )
    }),
  }
}

/** Contours gathered by place: sorted first, since a file may have 200,000 of them. */
function inPlanes(
  contours: Array<{ at: number; contour: Contour }>,
): Array<{ at: number; contours: [Contour, ...Contour[]] }> {
  const planes: Array<{ at: number; contours: [Contour, ...Contour[]] }> = []
  for (const { at, contour } of contours.sort((a, b) => a.at - b.at)) {
    const last = planes.at(-1)
    if (last !== undefined && at - last.at <= ONE_PLANE) last.contours.push(contour)
    else planes.push({ at, contours: [contour] })
  }
  return planes
}

/** Written with few digits, an axis is an axis. */
function tidy(normal: Point3): Point3 {
  const axis = normal.findIndex(part => Math.abs(part) > 1 - 1e-6)
  return axis === -1
    ? normal
    : (normal.map((part, at) => (at === axis ? Math.sign(part) : 0)) as [number, number, number])
}

function slabOf(contours: Contour[], normal: Point3, thickness: number, FrameOfReferenceUID: string): Slab {
  const { row, column } = axesOf(normal)
  const first = contours[0]!.points[0]!
  const bare: ImagePlane = {
    FrameOfReferenceUID,
    position: first,
    row,
    column,
    normal,
    rowSpacing: 1,
    columnSpacing: 1,
    Rows: 1,
    Columns: 1,
  }
  const flat = contours.map(({ points }) => points.map(point => patientToImage(bare, point).at))
  const all = flat.flat()
  const least = (axis: 0 | 1) => all.reduce((low, point) => Math.min(low, point[axis]), Number.POSITIVE_INFINITY)
  const most = (axis: 0 | 1) => all.reduce((high, point) => Math.max(high, point[axis]), Number.NEGATIVE_INFINITY)
  const [left, top] = [least(0), least(1)]
  const [width, height] = [most(0) - left, most(1) - top]
  const widest = Math.max(width, height, 1e-3)
  const pixel = Math.max(Math.min(0.5, widest / COARSEST), widest / FINEST)
  // A pixel of room, so that an upright edge lies between pixels: on their centres it would be one's and not the other's.
  const corner: Point2 = [left - pixel, top - pixel]
  const offset = (axis: 0 | 1 | 2) =>
    first[axis] + (corner[0] + pixel / 2 - 0.5) * row[axis] + (corner[1] + pixel / 2 - 0.5) * column[axis]
  const plane: ImagePlane = {
    ...bare,
    position: [offset(0), offset(1), offset(2)],
    rowSpacing: pixel,
    columnSpacing: pixel,
    Rows: Math.ceil(height / pixel) + 2,
    Columns: Math.ceil(width / pixel) + 2,
  }
  const polygons = flat.map(polygon =>
    polygon.map(([x, y]): Point2 => [(x - corner[0]) / pixel, (y - corner[1]) / pixel]),
  )
  return { plane, thickness, polygons }
}
