import { cross, dot, type ImagePlane, type Point2, type Point3, patientToImage } from '../geometry.ts'
import { applyMatrix, type Matrix } from '../view.ts'

/** Where two other planes cut a picture: on the screen, CSS pixels of the pane. */
export interface CrossLines {
  /** Where all three planes meet. */
  point: Point3
  centre: Point2
  /** Unit vectors, in the order of the planes that were given. */
  directions: [Point2, Point2]
}

/** The point that lies in all three planes; undefined where two of them run (nearly) parallel. */
function meetingPoint(a: ImagePlane, b: ImagePlane, c: ImagePlane): Point3 | undefined {
  const bc = cross(b.normal, c.normal)
  const ca = cross(c.normal, a.normal)
  const ab = cross(a.normal, b.normal)
  const determinant = dot(a.normal, bc)
  if (Math.abs(determinant) < 1e-6) return undefined
  const [da, db, dc] = [a, b, c].map(plane => dot(plane.normal, plane.position)) as [number, number, number]
  const part = (axis: 0 | 1 | 2) => (da * bc[axis] + db * ca[axis] + dc * ab[axis]) / determinant
  return [part(0), part(1), part(2)]
}

/** @param transform image coordinates of `plane` to CSS pixels */
export function crossLines(
  plane: ImagePlane,
  first: ImagePlane,
  second: ImagePlane,
  transform: Matrix,
): CrossLines | undefined {
  const point = meetingPoint(plane, first, second)
  if (point === undefined) return undefined
  const onScreen = (place: Point3) => applyMatrix(transform, patientToImage(plane, place).at)
  const centre = onScreen(point)
  const direction = (other: ImagePlane): Point2 => {
    const along = cross(plane.normal, other.normal)
    const [x, y] = onScreen([point[0] + along[0], point[1] + along[1], point[2] + along[2]])
    const length = Math.hypot(x - centre[0], y - centre[1])
    return [(x - centre[0]) / length, (y - centre[1]) / length]
  }
  return { point, centre, directions: [direction(first), direction(second)] }
}

/** The angle by which a point of a plane was carried about another one, radians, about the plane's normal (right hand). */
export function turnAbout(plane: ImagePlane, centre: Point3, from: Point3, to: Point3): number {
  const angle = (at: Point3) => {
    const away: Point3 = [at[0] - centre[0], at[1] - centre[1], at[2] - centre[2]]
    return Math.atan2(dot(away, plane.column), dot(away, plane.row))
  }
  const turn = angle(to) - angle(from)
  return turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn
}
