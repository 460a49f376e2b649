import { joined, type LabelMap, type Rect } from './labels.ts'
import { decodeRuns, encodeRuns } from './runLength.ts'

/** Which labels an edit may write over: 1 at the index of each. */
export type MayReplace = Uint8Array

/** Painting writes on empty voxels and over other segments, unless they are locked. */
export function paintOver(locked: ReadonlySet<number>): MayReplace {
  const may = new Uint8Array(256).fill(1)
  for (const number of locked) may[number] = 0
  return may
}

/** Erasing takes from one segment alone. */
export function eraseFrom(segment: number): MayReplace {
  const may = new Uint8Array(256)
  may[segment] = 1
  return may
}

/** What one step changed, small enough to be kept by the hundred. */
export interface Step {
  slices: Array<{ index: number; before: Uint8Array; after: Uint8Array }>
  bytes: number
}

/**
 * One thing a reader does to a map (a stroke, a fill), from its beginning to its end. What it writes is there at once; `rects` are
 * the pixels that have changed since they were last taken.
 */
export class Edit {
  readonly map: LabelMap
  readonly value: number
  readonly #may: MayReplace
  readonly #before = new Map<number, Uint8Array>()
  #rects = new Map<number, Rect>()

  /** `value`: the segment that is written; 0 erases. */
  constructor(map: LabelMap, value: number, may: MayReplace) {
    this.map = map
    this.value = value
    this.#may = may
  }

  #touch(index: number): Uint8Array {
    const slice = this.map.ensure(index)
    if (!this.#before.has(index)) this.#before.set(index, slice.slice())
    return slice
  }

  /** Pixels `from` up to, but not with, `to` of a row; `when` decides on each by its index. Cut at the picture's edges. */
  span(index: number, row: number, from: number, to: number, when?: (at: number) => boolean): void {
    const { columns, rows } = this.map.grid
    const left = Math.max(0, from)
    const right = Math.min(columns, to)
    if (row < 0 || row >= rows || left >= right) return
    const slice = this.#touch(index)
    const start = row * columns
    let [first, last] = [-1, -1]
    for (let at = start + left; at < start + right; at++) {
      const label = slice[at]!
      if (label === this.value || this.#may[label] === 0 || (when !== undefined && !when(at))) continue
      slice[at] = this.value
      if (first === -1) first = at
      last = at
    }
    if (first === -1) return
    const rect = { left: first - start, right: last - start + 1, top: row, bottom: row + 1 }
    this.#rects.set(index, joined(this.#rects.get(index), rect))
  }

  /** All pixels of a mask of the slice's size that are not 0. */
  mask(index: number, mask: Uint8Array): void {
    const { columns, rows } = this.map.grid
    for (let row = 0; row < rows; row++) {
      const start = row * columns
      const end = start + columns
      for (let from = mask.indexOf(1, start); from !== -1 && from < end; ) {
        let to = from + 1
        while (to < end && mask[to] === 1) to++
        this.span(index, row, from - start, to - start)
        from = mask.indexOf(1, to)
      }
    }
  }

  /** What has changed since this was last asked, by slice. */
  takeRects(): Map<number, Rect> {
    const taken = this.#rects
    this.#rects = new Map()
    return taken
  }

  /** The step as it can be taken back; undefined where it changed nothing. */
  finish(): Step | undefined {
    const slices: Step['slices'] = []
    let bytes = 0
    for (const [index, before] of this.#before) {
      const after = this.map.ensure(index)
      if (equal(before, after)) continue
      const step = { index, before: encodeRuns(before), after: encodeRuns(after) }
      bytes += step.before.length + step.after.length
      slices.push(step)
    }
    return slices.length === 0 ? undefined : { slices, bytes }
  }

  /** As if it had not begun. Returns the slices that are as before. */
  undo(): number[] {
    for (const [index, before] of this.#before) this.map.ensure(index).set(before)
    return [...this.#before.keys()]
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const MOST_STEPS = 100
const MOST_BYTES = 64 * 2 ** 20

/** What was done to a map, to be taken back and done again: 100 steps and 64 MiB at most, the oldest go first. */
export class History {
  readonly #map: LabelMap
  #done: Step[] = []
  #undone: Step[] = []

  constructor(map: LabelMap) {
    this.#map = map
  }

  add(step: Step): void {
    this.#undone = []
    this.#done.push(step)
    let bytes = this.#done.reduce((sum, one) => sum + one.bytes, 0)
    while (this.#done.length > MOST_STEPS || (bytes > MOST_BYTES && this.#done.length > 1)) {
      bytes -= this.#done.shift()!.bytes
    }
  }

  /** Takes the last step back. The slices that changed; undefined where there is no step. */
  undo(): number[] | undefined {
    const step = this.#done.pop()
    if (step === undefined) return undefined
    this.#undone.push(step)
    return this.#apply(step, 'before')
  }

  redo(): number[] | undefined {
    const step = this.#undone.pop()
    if (step === undefined) return undefined
    this.#done.push(step)
    return this.#apply(step, 'after')
  }

  /** Nothing can be taken back any more. */
  clear(): void {
    this.#done = []
    this.#undone = []
  }

  get canUndo(): boolean {
    return this.#done.length > 0
  }

  get canRedo(): boolean {
    return this.#undone.length > 0
  }

  #apply({ slices }: Step, side: 'before' | 'after'): number[] {
    return slices.map(slice => {
      const into = this.#map.ensure(slice.index)
      decodeRuns(slice[side], into.length, into)
      return slice.index
    })
  }
}
