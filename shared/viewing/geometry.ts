import type { ImageAttributes } from './image.ts'
import { invertMatrix, type Matrix } from './view.ts'

/** mm, patient coordinates (LPS). */
export type Point3 = readonly [number, number, number]
/** Image coordinates: x = column, y = row, pixels; (0, 0) is the top left corner of the top left pixel, its centre (0.5, 0.5). */
export type Point2 = readonly [number, number]

/** Where a frame lies in the patient (PS3.3 C.7.6.2). */
export interface ImagePlane {
  FrameOfReferenceUID: string
  /** Centre of the top left pixel. */
  position: Point3
  /** Unit vectors: along a row (x grows), along a column (y grows), and their cross product. */
  row: Point3
  column: Point3
  normal: Point3
  /** mm from one row to the next, and from one column to the next. */
  rowSpacing: number
  columnSpacing: number
  Rows: number
  Columns: number
}

/** Cosines this far from unit length or a right angle are no orientation: scanners round to 5 digits, not to 2. */
const ORTHONORMAL = 0.01

export function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

export function cross(a: Point3, b: Point3): Point3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function scaled(a: Point3, factor: number): Point3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor]
}

function plus(a: Point3, b: Point3): Point3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

function minus(a: Point3, b: Point3): Point3 {
  return plus(a, scaled(b, -1))
}

/** The plane of a frame; undefined unless position, orientation, spacing, size and frame of reference are all there and make sense. */
export function imagePlane(attributes: ImageAttributes): ImagePlane | undefined {
  const { FrameOfReferenceUID, ImagePositionPatient, ImageOrientationPatient, PixelSpacing, Rows, Columns } = attributes
  const [rowSpacing = 0, columnSpacing = 0] = PixelSpacing ?? []
  if (!FrameOfReferenceUID || !Rows || !Columns || !(rowSpacing > 0 && columnSpacing > 0)) return undefined
  if (ImagePositionPatient?.length !== 3 || ImageOrientationPatient?.length !== 6) return undefined
  const [rx, ry, rz, cx, cy, cz] = ImageOrientationPatient as [number, number, number, number, number, number]
  const rowLength = Math.hypot(rx, ry, rz)
  const columnLength = Math.hypot(cx, cy, cz)
  const angle = rx * cx + ry * cy + rz * cz
  const off = Math.max(Math.abs(rowLength - 1), Math.abs(columnLength - 1), Math.abs(angle))
  if (!(off < ORTHONORMAL) || !ImagePositionPatient.every(Number.isFinite)) return undefined
  const row = scaled([rx, ry, rz], 1 / rowLength)
  const column = scaled([cx, cy, cz], 1 / columnLength)
  const [x, y, z] = ImagePositionPatient as [number, number, number]
  const normal = cross(row, column)
  return { FrameOfReferenceUID, position: [x, y, z], row, column, normal, rowSpacing, columnSpacing, Rows, Columns }
}

/** PS3.3 C.7.6.2.1.1, with our image coordinates: half a pixel from index to centre. */
export function imageToPatient(plane: ImagePlane, [x, y]: Point2): Point3 {
  const along = scaled(plane.row, (x - 0.5) * plane.columnSpacing)
  const down = scaled(plane.column, (y - 0.5) * plane.rowSpacing)
  return plus(plane.position, plus(along, down))
}

/** The foot of the perpendicular from a patient point, in image coordinates, and how far (mm) the point lies along the normal. */
export function patientToImage(plane: ImagePlane, point: Point3): { at: Point2; distance: number } {
  const from = minus(point, plane.position)
  const x = dot(from, plane.row) / plane.columnSpacing + 0.5
  const y = dot(from, plane.column) / plane.rowSpacing + 0.5
  return { at: [x, y], distance: dot(from, plane.normal) }
}

/** 1°: scanners write rounded cosines. */
const PARALLEL = Math.cos(Math.PI / 180)

/** Same or opposite direction, within 1°. */
export function parallel(a: Point3, b: Point3): boolean {
  return Math.abs(dot(a, b)) >= PARALLEL
}

/** The middle of the picture. */
export function planeCentre(plane: ImagePlane): Point3 {
  return imageToPatient(plane, [plane.Columns / 2, plane.Rows / 2])
}

/**
 * Where the picture of `other` cuts the plane of `plane`, as two points in `plane`'s image coordinates; undefined when they do
 * not share a frame of reference, are parallel, or the picture does not reach the plane. The line is not cut at `plane`'s own
 * edges: whoever draws it clips.
 */
export function referenceLine(plane: ImagePlane, other: ImagePlane): [Point2, Point2] | undefined {
  if (plane.FrameOfReferenceUID !== other.FrameOfReferenceUID || parallel(plane.normal, other.normal)) return undefined
  const { Columns, Rows } = other
  const corners: Point2[] = [
    [0, 0],
    [Columns, 0],
    [Columns, Rows],
    [0, Rows],
  ]
  const found: Point3[] = []
  corners.forEach((corner, index) => {
    const from = imageToPatient(other, corner)
    const to = imageToPatient(other, corners[(index + 1) % 4]!)
    const before = dot(minus(from, plane.position), plane.normal)
    const after = dot(minus(to, plane.position), plane.normal)
    // Half-open: a corner that lies in the plane is counted with one of its two edges.
    if (before < 0 === after < 0) return
    found.push(plus(from, scaled(minus(to, from), before / (before - after))))
  })
  if (found.length !== 2) return undefined
  return [patientToImage(plane, found[0]!).at, patientToImage(plane, found[1]!).at]
}

/**
 * Index of the plane nearest to a patient point, by distance along its normal; −1 when there is none. Of planes that lie in the
 * same place (echoes, phases) `current` is kept.
 */
export function nearestPlane(
  planes: ReadonlyArray<ImagePlane | undefined>,
  point: Point3,
  current = -1,
): { index: number; distance: number } {
  let best = { index: -1, distance: Number.POSITIVE_INFINITY }
  planes.forEach((plane, index) => {
    if (plane === undefined) return
    const distance = Math.abs(dot(minus(point, plane.position), plane.normal))
    if (distance < best.distance - 1e-6 || (index === current && distance < best.distance + 1e-6))
      best = { index, distance }
  })
  return best
}

// ── letters ──

/** PS3.3 C.7.6.1.1.1: x grows to the patient's left, y to the back, z to the head. */
const LETTERS: Array<[negative: string, positive: string]> = [
  ['R', 'L'],
  ['A', 'P'],
  ['F', 'H'],
]
const OPPOSITE: Record<string, string> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' }

/** The direction in letters, strongest first, as Patient Orientation writes it; parts under 0.1 (6°) are left out. */
export function directionLetters(direction: readonly number[]): string {
  const length = Math.hypot(...direction) || 1
  return direction
    .map((part, axis) => ({ part: part / length, letter: LETTERS[axis]![part < 0 ? 0 : 1] }))
    .filter(({ part }) => Math.abs(part) > 0.1)
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    .map(({ letter }) => letter)
    .join('')
}

export function oppositeLetters(letters: string): string {
  return [...letters].map(letter => OPPOSITE[letter] ?? letter).join('')
}

export interface EdgeLetters {
  left: string
  right: string
  top: string
  bottom: string
}

const UPRIGHT: Matrix = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }

/**
 * The patient's directions at the four edges of the screen, from Image Orientation (Patient), else from Patient Orientation
 * (bipeds, PS3.3 C.7.6.1.1.1), as the picture is turned by `transform` (image to screen); undefined when neither is known.
 */
export function edgeLetters(attributes: ImageAttributes, transform: Matrix = UPRIGHT): EdgeLetters | undefined {
  const { ImageOrientationPatient: orientation, PatientOrientation = [] } = attributes
  const placed = orientation?.length === 6
  const [rowWord = '', columnWord = ''] = PatientOrientation
  if (!placed && ![rowWord, columnWord].every(word => /^[LRAPHF]{1,3}$/.test(word))) return undefined
  const [rowSpacing, columnSpacing] = aspectOf(attributes)
  const back = invertMatrix(transform)
  /** `along` a row and `down` a column, mm: one step on the screen. */
  const lettersOf = (along: number, down: number): string => {
    if (placed) {
      const column = orientation.slice(3, 6)
      return directionLetters(orientation.slice(0, 3).map((part, axis) => part * along + column[axis]! * down))
    }
    const [letters, forward] = Math.abs(along) >= Math.abs(down) ? [rowWord, along > 0] : [columnWord, down > 0]
    return forward ? letters : oppositeLetters(letters)
  }
  const right = lettersOf(back.a * columnSpacing, back.b * rowSpacing)
  const bottom = lettersOf(back.c * columnSpacing, back.d * rowSpacing)
  return { right, bottom, left: oppositeLetters(right), top: oppositeLetters(bottom) }
}

function aspectOf({ PixelSpacing, ImagerPixelSpacing, PixelAspectRatio }: ImageAttributes): [number, number] {
  const [row = 1, column = 1] = PixelSpacing ?? ImagerPixelSpacing ?? PixelAspectRatio ?? []
  return row > 0 && column > 0 ? [row, column] : [1, 1]
}

/** Distance of the slice along its normal, mm, with the letter of the side it lies on; '' without a position. */
export function slicePosition({
  ImagePositionPatient: position,
  ImageOrientationPatient: orientation,
}: ImageAttributes): string {
  if (position?.length !== 3 || orientation?.length !== 6) return ''
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number]
  const normal = cross([rx, ry, rz], [cx, cy, cz])
  const axis = normal.reduce((best, part, i) => (Math.abs(part) > Math.abs(normal[best]!) ? i : best), 0)
  const sign = normal[axis]! < 0 ? -1 : 1
  const distance = dot(normal, position as [number, number, number]) * sign
  return `${LETTERS[axis]![distance < 0 ? 0 : 1]} ${Math.abs(distance).toFixed(1)} mm`
}

/** The anatomical plane a normal is nearest to. */
export function planeName(normal: Point3): 'sagittal' | 'coronal' | 'axial' {
  const [x, y, z] = normal.map(Math.abs) as [number, number, number]
  if (x > y && x > z) return 'sagittal'
  return y > z ? 'coronal' : 'axial'
}

/** The longest of 1, 2, 5 · 10ⁿ that is at most `most`: a scale bar's length. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most))
  const lead = most / power
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power
}
