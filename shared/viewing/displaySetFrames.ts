import { cross, dot, type Point3 } from './geometry.ts'
import type { ImageAttributes, SeriesManifest } from './image.ts'

/** Where a frame lies in the patient: what sorting and splitting asks of Image Position and Orientation (Patient). */
interface Place {
  row: Point3
  column: Point3
  normal: Point3
  position: Point3
}

/** A frame on its way into a display set. */
export interface SetFrame {
  /** Index into the manifest's `instances`. */
  instance: number
  /** 1-based. */
  frame: number
  place: Place | undefined
  /** Its turn in the series as it was made: equal for frames of which neither number nor time says which came first. */
  turn: number
  /** The attribute of the frame, else of its instance, else of the series. */
  value<Key extends keyof ImageAttributes>(key: Key): ImageAttributes[Key]
}

/** Cosines this far from unit length or a right angle are no orientation: scanners round to 5 digits, not to 2. */
const ORTHONORMAL = 0.01

function placeOf(orientation: number[] | undefined, position: number[] | undefined): Place | undefined {
  if (orientation?.length !== 6 || position?.length !== 3 || !position.every(Number.isFinite)) return undefined
  const [a, b, c, d, e, f] = orientation as [number, number, number, number, number, number]
  const [row, column] = [unit([a, b, c]), unit([d, e, f])]
  if (!row || !column || !(Math.abs(dot(row, column)) < ORTHONORMAL)) return undefined
  return { row, column, normal: cross(row, column), position: position as [number, number, number] }
}

function unit(vector: Point3): Point3 | undefined {
  const length = Math.hypot(...vector)
  if (!(Math.abs(length - 1) < ORTHONORMAL)) return undefined
  return [vector[0] / length, vector[1] / length, vector[2] / length]
}

/** Every frame with a picture, in the order they were made. Of a multi-frame instance only frames with a position of their own are placed. */
export function setFrames(manifest: SeriesManifest): SetFrame[] {
  const { common, instances } = manifest
  const frames = instances.flatMap((instance, index): SetFrame[] => {
    if (instance.unshowable !== undefined) return []
    const { attributes, perFrame } = instance
    const count = Math.max(1, instance.NumberOfFrames)
    return Array.from({ length: count }, (_, at): SetFrame => {
      const own = perFrame?.[at]
      const value: SetFrame['value'] = key => own?.[key] ?? attributes[key] ?? common[key]
      const position = count === 1 || own?.ImagePositionPatient ? value('ImagePositionPatient') : undefined
      const place = placeOf(value('ImageOrientationPatient'), position)
      return { instance: index, frame: at + 1, place, turn: 0, value }
    })
  })
  return inTurn(frames, manifest)
}

/** By Instance Number, the maker's own dimensions (PS3.3 C.7.6.17), time, frame; the UID only makes the order the same every time. */
function inTurn(frames: SetFrame[], { instances }: SeriesManifest): SetFrame[] {
  const keyed = frames.map(frame => ({
    frame,
    numbers: [
      instances[frame.instance]?.InstanceNumber ?? Number.POSITIVE_INFINITY,
      ...(frame.value('DimensionIndexValues') ?? []),
    ],
    time: acquiredAt(frame),
    uid: instances[frame.instance]?.SOPInstanceUID ?? '',
  }))
  type Keyed = (typeof keyed)[number]
  const byTurn = (a: Keyed, b: Keyed) =>
    compareNumbers(a.numbers, b.numbers) || compareTexts(a.time, b.time) || a.frame.frame - b.frame.frame
  keyed.sort((a, b) => byTurn(a, b) || compareTexts(a.uid, b.uid) || a.frame.instance - b.frame.instance)
  keyed.forEach((each, index) => {
    const before = keyed[index - 1]
    each.frame.turn = before && byTurn(before, each) === 0 ? before.frame.turn : index
  })
  return keyed.map(({ frame }) => frame)
}

/** Date and time as one text that sorts; '' when neither is known. */
export function acquiredAt(frame: SetFrame): string {
  const time = frame.value('AcquisitionTime') ?? frame.value('ContentTime') ?? ''
  return time === '' ? '' : `${frame.value('AcquisitionDate') ?? ''} ${time}`
}

function compareNumbers(a: number[], b: number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [first, second] = [a[i] ?? 0, b[i] ?? 0]
    if (first !== second) return first < second ? -1 : 1
  }
  return 0
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
