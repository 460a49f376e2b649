import type { Point } from './scale.ts'

/** An image as a wire follows it. */
interface WireImage {
  pixels: ArrayLike<number>
  columns: number
  rows: number
  /** 3: red, green, blue by turns; the edges of green are followed. */
  components: 1 | 3
}

/** The wire looks so many pixels around its anchor: 37,249 of them at most, reckoned once per anchor in some 20 ms (2 cores, 512 × 512). */
const REACH = 96
/** What a pixel without any edge costs; one on the strongest costs 1. */
const MOST_COST = 64
/** A step along and across, 5 : 7 for 1 : √2, so that costs are whole numbers and can be sorted into buckets. */
const [STRAIGHT, DIAGONAL] = [5, 7]
/** Of the gradients around the anchor, the part that counts as a full edge: one metal clip must not make all else flat. */
const FULL_EDGE = 0.95

export interface LiveWire {
  /** From the anchor (without it) to a point (with it), along edges as far as the wire reaches, straight from there. */
  pathTo(point: Point): Point[]
}

/** A wire (Mortensen & Barrett 1995) held at an anchor: the cheapest path from it to every pixel around, where edges are cheap. */
export function startLiveWire(anchor: Point, image: WireImage): LiveWire {
  const inside = (value: number, size: number) => Math.max(0, Math.min(size - 1, Math.floor(value)))
  const [column, row] = [inside(anchor[0], image.columns), inside(anchor[1], image.rows)]
  const left = Math.max(0, column - REACH)
  const top = Math.max(0, row - REACH)
  const width = Math.min(image.columns - 1, column + REACH) - left + 1
  const height = Math.min(image.rows - 1, row + REACH) - top + 1
  const cost = edgeCosts(image, { left, top, width, height })
  const start = (row - top) * width + column - left
  const before = cheapestPaths(cost, width, height, start)
  return {
    pathTo(point) {
      const [x, y] = [inside(point[0] - left, width), inside(point[1] - top, height)]
      const path: Point[] = []
      for (let node = y * width + x; node !== start; node = before[node]!) {
        path.push([left + (node % width) + 0.5, top + Math.floor(node / width) + 0.5])
      }
      // The last pixel is the one under the hand: the hand's own point stands for it.
      return smoothed([anchor, ...path.reverse().slice(0, -1), point]).slice(1)
    },
  }
}

function edgeCosts(
  { pixels, columns, rows, components }: WireImage,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): Uint8Array {
  // With a border of one pixel, the image's own edge repeated: the filter below asks nothing of its own.
  const wide = width + 2
  const values = new Float32Array(wide * (height + 2))
  for (let y = 0; y < height + 2; y++) {
    const row = Math.max(0, Math.min(rows - 1, top + y - 1))
    for (let x = 0; x < wide; x++) {
      const column = Math.max(0, Math.min(columns - 1, left + x - 1))
      values[y * wide + x] = pixels[(row * columns + column) * components + (components === 3 ? 1 : 0)] ?? 0
    }
  }
  const gradients = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Sobel.
      const above = y * wide + x
      const [beside, below] = [above + wide, above + 2 * wide]
      const falling = values[below + 2]! - values[above]!
      const rising = values[above + 2]! - values[below]!
      const across = falling + rising + 2 * (values[beside + 2]! - values[beside]!)
      const down = falling - rising + 2 * (values[below + 1]! - values[above + 1]!)
      gradients[y * width + x] = Math.sqrt(across * across + down * down)
    }
  }
  const edges = gradients.filter(gradient => gradient > 0).sort()
  const full = edges[Math.floor(edges.length * FULL_EDGE)] ?? 1
  return Uint8Array.from(gradients, gradient => 1 + Math.round((MOST_COST - 1) * (1 - Math.min(1, gradient / full))))
}

const BUCKETS = MOST_COST * DIAGONAL + 1

/** Dijkstra with Dial's buckets: for every pixel the one before it on the way from `start`. */
function cheapestPaths(cost: Uint8Array, width: number, height: number, start: number): Int32Array {
  const total = new Int32Array(cost.length).fill(0x7fffffff)
  const before = new Int32Array(cost.length).fill(start)
  const done = new Uint8Array(cost.length)
  const buckets: number[][] = Array.from({ length: BUCKETS }, () => [])
  total[start] = 0
  buckets[0]!.push(start)
  for (let left = 1, at = 0; left > 0; at++) {
    const bucket = buckets[at % BUCKETS]!
    for (let node = bucket.pop(); node !== undefined; node = bucket.pop()) {
      left--
      if (done[node]) continue
      done[node] = 1
      const x = node % width
      const y = (node - x) / width
      for (let dy = y === 0 ? 0 : -1; dy <= (y === height - 1 ? 0 : 1); dy++) {
        for (let dx = x === 0 ? 0 : -1; dx <= (x === width - 1 ? 0 : 1); dx++) {
          const next = node + dy * width + dx
          if (done[next]) continue
          const sum = at + cost[next]! * (dx === 0 || dy === 0 ? STRAIGHT : DIAGONAL)
          if (sum >= total[next]!) continue
          total[next] = sum
          before[next] = node
          buckets[sum % BUCKETS]!.push(next)
          left++
        }
      }
    }
  }
  return before
}

/** Steps from pixel to pixel are stairs and up to 8 % too long: each point goes halfway to its neighbours' middle, three times; the ends stay. */
function smoothed(path: Point[]): Point[] {
  let now = path
  for (let round = 0; round < 3; round++) {
    now = now.map((point, i): Point => {
      const [a, b] = [now[i - 1], now[i + 1]]
      return a && b ? [(a[0] + 2 * point[0] + b[0]) / 4, (a[1] + 2 * point[1] + b[1]) / 4] : point
    })
  }
  return now
}
