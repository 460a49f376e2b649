import type { Volume } from './grid.ts'

/** Voxels of a block's side. */
export const BLOCK = 8

/** What lies in each block of a volume, so that rays need not look: stored values, those of its far neighbours included. */
export interface Blocks {
  size: readonly [number, number, number]
  least: Float32Array
  most: Float32Array
}

const known = new WeakMap<Volume['values'], Blocks>()

/** Of a volume whose values stay as they are: reckoned once. */
export function blocksOf({ grid, values }: Volume): Blocks {
  let blocks = known.get(values)
  if (blocks === undefined) {
    blocks = reckoned(grid.size, values)
    known.set(values, blocks)
  }
  return blocks
}

function reckoned([ni, nj, nk]: Volume['grid']['size'], values: Volume['values']): Blocks {
  const size = [Math.ceil(ni / BLOCK), Math.ceil(nj / BLOCK), Math.ceil(nk / BLOCK)] as const
  const least = new Float32Array(size[0] * size[1] * size[2]).fill(Number.POSITIVE_INFINITY)
  const most = new Float32Array(least.length).fill(Number.NEGATIVE_INFINITY)
  for (let bk = 0; bk < size[2]; bk++) {
    for (let bj = 0; bj < size[1]; bj++) {
      for (let bi = 0; bi < size[0]; bi++) {
        const block = (bk * size[1] + bj) * size[0] + bi
        let low = Number.POSITIVE_INFINITY
        let high = Number.NEGATIVE_INFINITY
        // One farther than the block: what lies between it and the next is made of both.
        for (let k = bk * BLOCK; k <= Math.min(nk - 1, (bk + 1) * BLOCK); k++) {
          for (let j = bj * BLOCK; j <= Math.min(nj - 1, (bj + 1) * BLOCK); j++) {
            const row = (k * nj + j) * ni
            for (let i = bi * BLOCK; i <= Math.min(ni - 1, (bi + 1) * BLOCK); i++) {
              const value = values[row + i]!
              if (value < low) low = value
              if (value > high) high = value
            }
          }
        }
        least[block] = low
        most[block] = high
      }
    }
  }
  return { size, least, most }
}

/** How many more steps of a ray after this place lie in the same block. */
export function stepsInBlock(a: number, b: number, c: number, ray: readonly [number, number, number]): number {
  const least = Math.min(way(a, ray[0]), way(b, ray[1]), way(c, ray[2]), 1e6)
  return (least - 1e-6) | 0
}

function way(at: number, by: number): number {
  if (by > 1e-9) return ((((at | 0) >> 3) + 1) * BLOCK - at) / by
  return by < -1e-9 ? (((at | 0) >> 3) * BLOCK - at) / by : Number.POSITIVE_INFINITY
}
