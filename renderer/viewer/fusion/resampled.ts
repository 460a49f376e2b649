import type { ImagePlane } from '../../../shared/viewing/geometry.ts'
import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import type { PlaneAnswer, PlaneRequest } from './planeWorker.ts'

/** A volume's values on a plane, `columns` × `rows` points over its picture. */
export interface PlaneSamples {
  values: Float32Array
  columns: number
  rows: number
}

/** Planes kept: the ones around the one on the screen, 1 MiB each. */
const KEPT = 24
/** Points a side at least: a coarse picture underneath must not make what lies over it coarse. */
const LEAST_POINTS = 384

let worker: Worker | undefined
let count = 0
const waiting = new Map<number, (answer: PlaneAnswer) => void>()

function post(request: PlaneRequest): void {
  if (worker === undefined) {
    worker = new Worker(new URL('./planeWorker.ts', import.meta.url), { type: 'module', name: 'isocenter-planes' })
    worker.onmessage = ({ data }: MessageEvent<PlaneAnswer>) => {
      waiting.get(data.id)?.(data)
      waiting.delete(data.id)
    }
  }
  worker.postMessage(request)
}

function ask(key: string, plane: ImagePlane, columns: number, rows: number): Promise<PlaneAnswer> {
  const id = count++
  return new Promise(resolve => {
    waiting.set(id, resolve)
    post({ kind: 'plane', key, id, plane, columns, rows })
  })
}

function keyOf({ position, row, column, rowSpacing, columnSpacing, Rows, Columns }: ImagePlane): string {
  return [...position, ...row, ...column, rowSpacing, columnSpacing, Rows, Columns].join()
}

/** A volume in the worker, and what was sampled of it. One plane is asked for at a time: what is overtaken is never begun. */
export class Resampled {
  readonly volume: Volume
  readonly #key = `volume-${count++}`
  readonly #found = new Map<string, PlaneSamples>()
  readonly #listeners = new Set<() => void>()
  #wanted: ImagePlane[] = []
  #busy = false

  constructor(volume: Volume) {
    this.volume = volume
    post({ kind: 'keep', key: this.#key, volume })
  }

  /** Called when another plane is here. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What is known of a plane by now. */
  samplesOn(plane: ImagePlane): PlaneSamples | undefined {
    return this.#found.get(keyOf(plane))
  }

  /** Wants these planes, the first one first, and no others any more. */
  want(planes: ImagePlane[]): void {
    this.#wanted = planes
    if (!this.#busy) void this.#next()
  }

  async #next(): Promise<void> {
    const plane = this.#wanted.find(one => !this.#found.has(keyOf(one)))
    if (plane === undefined) return
    this.#busy = true
    const finer = Math.max(1, Math.ceil(LEAST_POINTS / Math.max(plane.Columns, plane.Rows)))
    const [columns, rows] = [plane.Columns * finer, plane.Rows * finer]
    const { values } = await ask(this.#key, plane, columns, rows)
    this.#busy = false
    if (values === undefined) return
    this.#found.set(keyOf(plane), { values, columns, rows })
    for (const oldest of this.#found.keys()) {
      if (this.#found.size <= KEPT) break
      this.#found.delete(oldest)
    }
    for (const listener of this.#listeners) listener()
    void this.#next()
  }

  dispose(): void {
    this.#wanted = []
    this.#listeners.clear()
    post({ kind: 'forget', key: this.#key })
  }
}
