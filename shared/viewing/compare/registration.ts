import type { DataSet } from '../../dicom/reader.ts'
import type { Point3 } from '../geometry.ts'

/** PS3.3 A.39: Spatial Registration. */
export const REGISTRATION_CLASS = '1.2.840.10008.5.1.4.1.1.66.1'

/** Rows of a rigid homogeneous matrix, 4×4. */
export type Rigid = readonly number[]

/** By frame of reference: how its points become those of the object's own (PS3.3 C.20.2). */
export type Registration = ReadonlyMap<string, Rigid>

const MOST_ITEMS = 32
/** Rounding in DS. */
const NEAR = 1e-3

/** The matrices of a Spatial Registration that move and turn only; others (scale, deform) are left out: nothing is stretched here. */
export function readRegistration(object: DataSet): Registration {
  const found = new Map<string, Rigid>()
  for (const item of object.items('RegistrationSequence').slice(0, MOST_ITEMS)) {
    const frame = item.string('FrameOfReferenceUID') ?? ''
    let all: Rigid | undefined = IDENTITY
    for (const step of item.items('MatrixRegistrationSequence').slice(0, MOST_ITEMS)) {
      for (const one of step.items('MatrixSequence').slice(0, MOST_ITEMS)) {
        const matrix = one.numbers('FrameOfReferenceTransformationMatrix')
        // Applied in the order of the items (PS3.3 C.20.2.1.1).
        all = all && isRigid(matrix) ? multiplied(matrix, all) : undefined
      }
    }
    if (frame !== '' && all !== undefined) found.set(frame, all)
  }
  return found
}

const IDENTITY: Rigid = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]

/** Four rows, the last 0 0 0 1, the rest a rotation and a shift. */
export function isRigid(matrix: readonly number[]): boolean {
  if (matrix.length !== 16 || !matrix.every(Number.isFinite)) return false
  const last = [0, 0, 0, 1].every((value, at) => Math.abs(matrix[12 + at]! - value) < NEAR)
  const row = (at: number): Point3 => [matrix[4 * at]!, matrix[4 * at + 1]!, matrix[4 * at + 2]!]
  const product = (a: Point3, b: Point3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
  const turns = [0, 1, 2].every(a => [0, 1, 2].every(b => Math.abs(product(row(a), row(b)) - (a === b ? 1 : 0)) < NEAR))
  return last && turns
}

function multiplied(a: Rigid, b: Rigid): Rigid {
  return Array.from({ length: 16 }, (_, at) => {
    const [row, column] = [at >> 2, at & 3]
    return [0, 1, 2, 3].reduce((sum, k) => sum + a[4 * row + k]! * b[4 * k + column]!, 0)
  })
}

function moved(matrix: Rigid, [x, y, z]: Point3): Point3 {
  const at = (row: number) =>
    matrix[4 * row]! * x + matrix[4 * row + 1]! * y + matrix[4 * row + 2]! * z + matrix[4 * row + 3]!
  return [at(0), at(1), at(2)]
}

function inverse(m: Rigid): Rigid {
  const [x, y, z] = [m[3]!, m[7]!, m[11]!]
  const back = (a: number, b: number, c: number) => -(a * x + b * y + c * z)
  return [
    ...[m[0]!, m[4]!, m[8]!, back(m[0]!, m[4]!, m[8]!)],
    ...[m[1]!, m[5]!, m[9]!, back(m[1]!, m[5]!, m[9]!)],
    ...[m[2]!, m[6]!, m[10]!, back(m[2]!, m[6]!, m[10]!)],
    ...[0, 0, 0, 1],
  ]
}

/** A point of one frame of reference in another's coordinates, where both are registered; undefined where they are not. */
export function registeredPoint(
  registration: Registration,
  from: string,
  to: string,
  point: Point3,
): Point3 | undefined {
  const [there, back] = [registration.get(from), registration.get(to)]
  return there && back && moved(inverse(back), moved(there, point))
}
