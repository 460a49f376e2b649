/** Deterministic uniform numbers in [0, 1) (mulberry32): the same seed gives the same phantom on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const GRAIN = 1 << 16

/** A table of 65,536 nearly Gaussian values, mean 0, standard deviation 1: drawing from it costs an index. */
export function grainTable(seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: GRAIN }, () => (random() + random() + random() + random() - 2) * Math.sqrt(3))
}

/**
 * Adds detector-like grain to `image` (row-major, `columns` wide): neighbouring pixels are correlated as after a
 * reconstruction kernel. `sd` is the standard deviation in the image's own unit.
 */
export function addGrain(image: Float32Array, columns: number, sd: number, table: Float32Array, seed: number): void {
  const random = seededRandom(seed)
  for (let start = 0; start < image.length; start += columns) {
    const a = Math.floor(random() * GRAIN)
    const b = Math.floor(random() * GRAIN)
    for (let x = 0; x < columns; x++) {
      const grain =
        table[(a + x) & 0xffff]! * 0.75 + table[(a + x + 1) & 0xffff]! * 0.5 + table[(b + x) & 0xffff]! * 0.44
      image[start + x]! += grain * sd
    }
  }
}

function lattice(seed: number): Float32Array {
  const random = seededRandom(seed)
  return Float32Array.from({ length: 4096 }, () => random() * 2 - 1)
}

/** Smooth noise in [-1, 1] over space, with features of about one unit: trilinear between values on a 16³ lattice. */
export function smoothNoise(seed: number): (x: number, y: number, z: number) => number {
  const values = lattice(seed)
  return (x, y, z) => {
    const xf = Math.floor(x)
    const yf = Math.floor(y)
    const zf = Math.floor(z)
    const u = ease(x - xf)
    const v = ease(y - yf)
    const w = ease(z - zf)
    const x0 = xf & 15
    const x1 = (xf + 1) & 15
    const y0 = (yf & 15) << 4
    const y1 = ((yf + 1) & 15) << 4
    const z0 = (zf & 15) << 8
    const z1 = ((zf + 1) & 15) << 8
    const a = values[x0 + y0 + z0]! * (1 - u) + values[x1 + y0 + z0]! * u
    const b = values[x0 + y1 + z0]! * (1 - u) + values[x1 + y1 + z0]! * u
    const c = values[x0 + y0 + z1]! * (1 - u) + values[x1 + y0 + z1]! * u
    const d = values[x0 + y1 + z1]! * (1 - u) + values[x1 + y1 + z1]! * u
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w
  }
}

function ease(t: number): number {
  return t * t * (3 - 2 * t)
}
