import { finerPlane, OUTSIDE, valuesOf } from '../../../shared/viewing/fused.ts'
import { type ImagePlane, imageToPatient, type Point2 } from '../../../shared/viewing/geometry.ts'
import { PlaneSampler } from '../../../shared/viewing/volume/sample.ts'
import { volumeNotes } from '../volume/reformats.ts'
import { samplePlane } from '../volume/sampler.ts'
import { initialRange, type VoiRange } from '../windows.ts'
import type { WholeVolume } from './wholeVolume.ts'

/** A volume's modality values on a plane, `columns` × `rows` points over its picture; NaN beside the volume. */
export interface PlaneSamples {
  values: Float32Array
  columns: number
  rows: number
}

/** Planes kept: the ones around those on the screen, 1 MiB each. */
const KEPT = 24
/** Points a side at least: a coarse picture underneath must not make what lies over it coarse. */
const LEAST_POINTS = 384

function keyOf({ position, row, column, rowSpacing, columnSpacing, Rows, Columns }: ImagePlane): string {
  return [...position, ...row, ...column, rowSpacing, columnSpacing, Rows, Columns].join()
}

/** What was sampled of a volume. One plane is asked for at a time: what is overtaken is never begun. */
export class Resampled {
  readonly #whole: WholeVolume
  readonly #least: number
  readonly #found = new Map<string, PlaneSamples>()
  readonly #listeners = new Set<() => void>()
  /** By whom. */
  readonly #wanted = new Map<object, ImagePlane[]>()
  #busy = false

  /** @param least points a side at least; 1 = the picture's own pixels */
  constructor(whole: WholeVolume, least = LEAST_POINTS) {
    this.#whole = whole
    this.#least = least
  }

  /** Called when another plane is here. Returns the unsubscribe. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** In what the volume is not what was scanned. */
  get notes(): string[] {
    return volumeNotes(this.#whole.volume)
  }

  /** From the least modality value of the volume to the greatest. */
  get valueRange(): VoiRange {
    const { range, slope, intercept } = this.#whole.volume
    const ends = [range.min * slope + intercept, range.max * slope + intercept]
    return initialRange({}, { min: Math.min(...ends), max: Math.max(...ends) })
  }

  /** What is known of a plane by now. */
  samplesOn(plane: ImagePlane): PlaneSamples | undefined {
    return this.#found.get(keyOf(plane))
  }

  /** The modality value at a point of a plane's picture; NaN beside the volume. */
  valueAt(plane: ImagePlane, at: Point2): number {
    const { volume } = this.#whole
    const there = { ...plane, position: imageToPatient(plane, at), Rows: 1, Columns: 1 }
    const sampler = new PlaneSampler(volume, there, undefined, OUTSIDE)
    sampler.rows(0, 1)
    return valuesOf(sampler.pixels, volume)[0]!
  }

  /** `who` wants these planes, the first one first, and no others any more. Several panes share one volume. */
  want(who: object, planes: ImagePlane[]): void {
    if (planes.length === 0) this.#wanted.delete(who)
    else this.#wanted.set(who, planes)
    if (!this.#busy) void this.#next()
  }

  /** What is on the screens first. */
  #inOrder(): ImagePlane[] {
    const lists = [...this.#wanted.values()]
    return [...lists.flatMap(planes => planes.slice(0, 1)), ...lists.flatMap(planes => planes.slice(1))]
  }

  async #next(): Promise<void> {
    const plane = this.#inOrder().find(one => !this.#found.has(keyOf(one)))
    if (plane === undefined) return
    this.#busy = true
    const { volume } = this.#whole
    const key = keyOf(plane)
    const finer = finerPlane(plane, this.#least)
    const isWanted = () => this.#inOrder().some(one => keyOf(one) === key)
    const pixels = await samplePlane(volume, { plane: finer, slab: undefined, outside: OUTSIDE }, isWanted)
    this.#busy = false
    if (pixels !== undefined) {
      this.#found.set(key, { values: valuesOf(pixels, volume), columns: finer.Columns, rows: finer.Rows })
      const wanted = new Set(this.#inOrder().map(keyOf))
      for (const oldest of this.#found.keys()) {
        if (this.#found.size <= KEPT) break
        // On a screen it would be missing, and made again and again.
        if (!wanted.has(oldest)) this.#found.delete(oldest)
      }
      for (const listener of this.#listeners) listener()
    }
    void this.#next()
  }

  dispose(): void {
    this.#wanted.clear()
    this.#listeners.clear()
    this.#whole.letGo()
  }
}
