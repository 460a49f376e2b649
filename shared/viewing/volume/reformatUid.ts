import { dot, type ImagePlane } from '../geometry.ts'
import { REFORMATS, type ReformatName } from './reformat.ts'

/**
 * A plane that is made of a volume is no stored image and has no SOP Instance UID. Marks on it are kept under a name that says
 * which plane it is, so that they are found again: no UID looks like it, and it fits where a UID does (64 characters).
 */
const NAME = /^mpr:(axial|coronal|sagittal):([0-9a-f]{16}):(-?\d+\.\d\d)$/
const PREFIX = 'mpr:'

/**
 * What the planes of a stack are named by: their display set, and where their pixels lie. Marks are kept in pixels: of a volume
 * that has grown, or is decimated, the same points are elsewhere in the patient, and a mark must not be found there.
 */
export function planesKey(displaySet: string, { position, row, column, columnSpacing }: ImagePlane): string {
  const corner = [dot(position, row), dot(position, column)].map(hundredths)
  return [displaySet, ...corner, columnSpacing.toFixed(5)].join(' ')
}

/** `+ 0` makes -0 a 0. */
function hundredths(mm: number): string {
  return (Math.round(mm * 100) / 100 + 0).toFixed(2)
}

/**
 * @param key `planesKey` of the stack
 * @param mm of the plane along the way its stack is paged, from the patient's origin
 */
export function reformatUid(key: string, name: ReformatName, mm: number): string {
  return `${PREFIX}${name}:${hashOf(key)}:${hundredths(mm)}`
}

/** The name of a plane that was turned freely: it is gone when it is turned on, and nothing is kept of it. */
export function passingUid(view: number, page: number): string {
  return `${PREFIX}turned:${view}:${page}`
}

/** The name of a straightened picture: its curve is not kept, and marks on it are there as long as it is. */
export function curvedUid(curve: number, page: number): string {
  return `${PREFIX}curved:${curve}:${page}`
}

export function isCurvedUid(uid: string): boolean {
  return uid.startsWith(`${PREFIX}curved:`)
}

/** Whether a SOP Instance UID is none, but the name of a plane that was made here. */
export function isReformatUid(uid: string): boolean {
  return uid.startsWith(PREFIX)
}

/** Whether marks on the plane can be found again. */
export function isLastingUid(uid: string): boolean {
  return !isReformatUid(uid) || NAME.test(uid)
}

/** Which plane of which stack (by `isOf`) a name is of; undefined when it is none. */
export function readReformatUid(
  uid: string,
): { name: ReformatName; mm: number; isOf: (key: string) => boolean } | undefined {
  const [, word, hash, mm] = NAME.exec(uid) ?? []
  const name = REFORMATS.find(one => one === word)
  return name && { name, mm: Number(mm), isOf: key => hashOf(key) === hash }
}

/** FNV-1a, twice, from two beginnings: 64 bits of what may be 300 characters. */
function hashOf(text: string): string {
  const fnv = (start: number) => {
    let hash = start
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
    return hash.toString(16).padStart(8, '0')
  }
  return fnv(0x811c9dc5) + fnv(0x1b873593)
}
