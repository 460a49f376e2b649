import { SEEN_MS } from '../../../shared/viewing/seen.ts'
import { noteSeen, type SeenFrame, wasSeen } from './keeper.ts'
import { COVERED_MS, isUncovered } from './watch.ts'

/** Tiles of a slide that stand in a pane long enough to be seen: many at once, each with a time of its own. */
export class TileWatch {
  readonly #element: Element
  readonly #standing = new Map<string, { tile: SeenFrame; since: number }>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(element: Element) {
    this.#element = element
  }

  /** From now on these are there, and no others. */
  show(tiles: readonly SeenFrame[]): void {
    const now = performance.now()
    // A busy page may bring the next picture before the timer: what stood long enough counts all the same.
    this.#look(now)
    const before = new Map(this.#standing)
    this.#standing.clear()
    for (const tile of tiles) {
      if (wasSeen(tile)) continue
      const key = `${tile.SOPInstanceUID} ${tile.frame}`
      this.#standing.set(key, before.get(key) ?? { tile, since: now })
    }
    this.#wait(SEEN_MS)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#standing.clear()
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#standing.size > 0) this.#timer = setTimeout(() => this.#turn(), ms)
  }

  #turn(): void {
    const isSeen = isUncovered(this.#element)
    this.#look(performance.now())
    this.#wait(isSeen ? SEEN_MS : COVERED_MS)
  }

  #look(now: number): void {
    const isSeen = this.#standing.size > 0 && isUncovered(this.#element)
    for (const [key, standing] of this.#standing) {
      // Under something else its time begins anew.
      if (!isSeen) standing.since = now
      else if (now - standing.since >= SEEN_MS) {
        noteSeen(standing.tile)
        this.#standing.delete(key)
      }
    }
  }
}
