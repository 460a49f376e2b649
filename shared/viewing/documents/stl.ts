/** A surface of triangles: nine numbers each, mm, in the order of the file. */
export interface Mesh {
  corners: Float32Array
  /** The file names more triangles than it has bytes for, or than are read. */
  cut: boolean
}

const MOST_TRIANGLES = 2_000_000
const HEADER = 84
const TRIANGLE = 50
const MOST_TEXT = 256 * 2 ** 20

/** A binary STL (PS3.3 C.24.3 allows no other), or one of text, which printers take as well. Undefined where it is neither. */
export function readStl(bytes: Uint8Array): Mesh | undefined {
  if (bytes.length >= HEADER) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const named = view.getUint32(80, true)
    const there = Math.floor((bytes.length - HEADER) / TRIANGLE)
    // A text may begin with `solid`, and so may a binary file's header: the length tells.
    if (!startsWithSolid(bytes) || HEADER + named * TRIANGLE === bytes.length) {
      const count = Math.min(named, there, MOST_TRIANGLES)
      const corners = new Float32Array(count * 9)
      for (let i = 0; i < count; i++) {
        for (let part = 0; part < 9; part++) {
          corners[i * 9 + part] = view.getFloat32(HEADER + i * TRIANGLE + 12 + part * 4, true)
        }
      }
      return count > 0 ? { corners: finite(corners), cut: count < named } : undefined
    }
  }
  return startsWithSolid(bytes) ? readText(bytes) : undefined
}

function startsWithSolid(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 5)).toLowerCase() === 'solid'
}

function readText(bytes: Uint8Array): Mesh | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, MOST_TEXT))
  const numbers: number[] = []
  for (const [, x, y, z] of text.matchAll(/\bvertex\s+(\S{1,40})\s+(\S{1,40})\s+(\S{1,40})/g)) {
    numbers.push(Number(x), Number(y), Number(z))
    if (numbers.length >= MOST_TRIANGLES * 9) break
  }
  const whole = numbers.length - (numbers.length % 9)
  if (whole === 0) return undefined
  return {
    corners: finite(Float32Array.from(numbers.slice(0, whole))),
    cut: bytes.length > MOST_TEXT || whole < numbers.length,
  }
}

function finite(corners: Float32Array): Float32Array {
  for (let i = 0; i < corners.length; i++) if (!Number.isFinite(corners[i])) corners[i] = 0
  return corners
}

/** The middle of a mesh's box and the radius around it that holds all of it. */
export function meshBounds({ corners }: Mesh): { middle: [number, number, number]; radius: number } {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < corners.length; i++) {
    const axis = i % 3
    low[axis] = Math.min(low[axis]!, corners[i]!)
    high[axis] = Math.max(high[axis]!, corners[i]!)
  }
  const middle = low.map((value, axis) => (value + high[axis]!) / 2) as [number, number, number]
  const radius = Math.hypot(...high.map((value, axis) => value - middle[axis]!))
  return { middle, radius: radius || 1 }
}
