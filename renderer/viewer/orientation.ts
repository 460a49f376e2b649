type Vector = readonly number[]

/** PS3.3 C.7.6.1.1.1: x grows to the patient's left, y to the back, z to the head. */
const LETTERS: Array<[negative: string, positive: string]> = [
  ['R', 'L'],
  ['A', 'P'],
  ['F', 'H'],
]

/** The direction in letters, strongest first, as Patient Orientation writes it; parts under 0.1 (6°) are left out. */
export function directionLetters(direction: Vector): string {
  return direction
    .map((part, axis) => ({ part, letter: LETTERS[axis]![part < 0 ? 0 : 1] }))
    .filter(({ part }) => Math.abs(part) > 0.1)
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    .map(({ letter }) => letter)
    .join('')
}

export interface EdgeLetters {
  left: string
  right: string
  top: string
  bottom: string
}

const OPPOSITE: Record<string, string> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' }

/** The letters at the four edges, from Image Orientation (Patient), else from Patient Orientation; undefined when neither is known. */
export function edgeLetters(orientation: Vector | undefined, patientOrientation?: string[]): EdgeLetters | undefined {
  if (orientation?.length === 6) {
    const right = directionLetters(orientation.slice(0, 3))
    const bottom = directionLetters(orientation.slice(3, 6))
    return { right, bottom, left: opposite(right), top: opposite(bottom) }
  }
  const [right = '', bottom = ''] = patientOrientation ?? []
  if (!/^[LRAPHF]{1,3}$/.test(right) || !/^[LRAPHF]{1,3}$/.test(bottom)) return undefined
  return { right, bottom, left: opposite(right), top: opposite(bottom) }
}

function opposite(letters: string): string {
  return [...letters].map(letter => OPPOSITE[letter] ?? letter).join('')
}

/** Distance of the slice along its normal, mm, with the letter of the side it lies on; '' without a position. */
export function slicePosition(position: Vector | undefined, orientation: Vector | undefined): string {
  if (position?.length !== 3 || orientation?.length !== 6) return ''
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number]
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx]
  const axis = normal.reduce((best, part, i) => (Math.abs(part) > Math.abs(normal[best]!) ? i : best), 0)
  const sign = normal[axis]! < 0 ? -1 : 1
  const distance = normal.reduce((sum, part, i) => sum + part * position[i]!, 0) * sign
  return `${LETTERS[axis]![distance < 0 ? 0 : 1]} ${Math.abs(distance).toFixed(1)} mm`
}
