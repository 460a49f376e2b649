import type { Edit } from './edit.ts'
import { boundsOf, type LabelMap } from './labels.ts'

/** A run of a segment's pixels in a row, and which piece it belongs to. */
interface Run {
  slice: number
  row: number
  from: number
  to: number
}

/** The pieces of a segment that hang together by faces, through the slices; largest first. */
export function piecesOf(map: LabelMap, segment: number): Array<{ voxels: number; runs: Run[] }> {
  const { columns } = map.grid
  const runs: Run[] = []
  const parent: number[] = []
  const root = (index: number): number => {
    let at = index
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!
      at = parent[at]!
    }
    return at
  }
  /** By row, the numbers of its runs. */
  let before = new Map<number, number[]>()
  let beforeSlice = -2
  for (const slice of map.drawn()) {
    const labels = map.slice(slice)!
    const here = new Map<number, number[]>()
    const bounds = boundsOf(labels, columns, segment)
    for (let row = bounds?.top ?? 0; row < (bounds?.bottom ?? 0); row++) {
      const own: number[] = []
      const start = row * columns
      for (let x = bounds!.left; x < bounds!.right; x++) {
        if (labels[start + x] !== segment) continue
        let to = x + 1
        while (to < bounds!.right && labels[start + to] === segment) to++
        const number = runs.length
        runs.push({ slice, row, from: x, to })
        parent.push(number)
        own.push(number)
        x = to
      }
      here.set(row, own)
      for (const others of [here.get(row - 1), beforeSlice === slice - 1 ? before.get(row) : undefined]) {
        for (const number of own) {
          for (const other of others ?? []) {
            if (runs[other]!.from < runs[number]!.to && runs[number]!.from < runs[other]!.to) {
              parent[root(other)] = root(number)
            }
          }
        }
      }
    }
    before = here
    beforeSlice = slice
  }
  const pieces = new Map<number, { voxels: number; runs: Run[] }>()
  runs.forEach((run, index) => {
    const its = root(index)
    const piece = pieces.get(its) ?? { voxels: 0, runs: [] }
    piece.voxels += run.to - run.from
    piece.runs.push(run)
    pieces.set(its, piece)
  })
  return [...pieces.values()].sort((a, b) => b.voxels - a.voxels)
}

/** Erases the pieces of a segment but those that `keep` says; `edit` writes 0. Returns how many went. */
export function removePieces(edit: Edit, segment: number, keep: (voxels: number, place: number) => boolean): number {
  let removed = 0
  piecesOf(edit.map, segment).forEach(({ voxels, runs }, place) => {
    if (keep(voxels, place)) return
    removed++
    for (const { slice, row, from, to } of runs) edit.span(slice, row, from, to)
  })
  return removed
}

/** Fills what a segment surrounds on each of its slices (by faces); `edit.value` is the segment. */
export function fillHoles(edit: Edit): void {
  const { columns } = edit.map.grid
  for (const slice of edit.map.drawn()) {
    const labels = edit.map.slice(slice)!
    const bounds = boundsOf(labels, columns, edit.value)
    if (bounds === undefined) continue
    // One pixel around it, from where everything outside is reached.
    const width = bounds.right - bounds.left + 2
    const height = bounds.bottom - bounds.top + 2
    const outside = new Uint8Array(width * height)
    const stack = [0]
    outside[0] = 1
    const isSegment = (x: number, y: number) => {
      const [column, row] = [bounds.left + x - 1, bounds.top + y - 1]
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return false
      return labels[row * columns + column] === edit.value
    }
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)]
      for (const [nx, ny] of [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ] as const) {
        const next = ny * width + nx
        if (nx < 0 || ny < 0 || nx >= width || ny >= height || outside[next] === 1 || isSegment(nx, ny)) continue
        outside[next] = 1
        stack.push(next)
      }
    }
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        if (outside[y * width + x] === 0) edit.span(slice, bounds.top + y - 1, bounds.left + x - 1, bounds.left + x)
      }
    }
  }
}
