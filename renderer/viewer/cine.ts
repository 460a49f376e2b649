import { frameTimes } from '../../shared/viewing/cine.ts'
import type { ManifestInstance } from '../../shared/viewing/image.ts'
import { describeFrame } from './catalog.ts'
import type { Pane } from './pane.ts'

/** Walks a pane through its stack at the images' own pace. */
export class Cine {
  readonly #pane: Pick<Pane, 'entry' | 'goTo' | 'state'>
  #timer: ReturnType<typeof setTimeout> | undefined
  #times: { instance: ManifestInstance; times: number[] } | undefined

  constructor(pane: Pick<Pane, 'entry' | 'goTo' | 'state'>) {
    this.#pane = pane
  }

  /** False where there is nothing to play. */
  play(): boolean {
    const { state } = this.#pane
    // Asked for each time: a stack may grow while it plays.
    const count = () => state.getState().stack?.entries.length ?? 0
    if (count() < 2) return false
    let due = performance.now()
    const tick = () => {
      const { index, shown } = state.getState()
      // Never past a frame that is not on the screen yet: a slow load slows the cine, it drops nothing.
      if (shown === index || shown === undefined) this.#pane.goTo((index + 1) % Math.max(1, count()))
      due = Math.max(due + this.#frameTime(), performance.now())
      this.#timer = setTimeout(tick, due - performance.now())
    }
    tick()
    return true
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** How long the image on the screen stays, ms: a multi-frame's own times (shared/viewing/cine.ts). */
  #frameTime(): number {
    const described = describeFrame(this.#pane.entry?.imageId ?? '')
    if (described === undefined) return frameTimes({}, 1)[0]!
    const { attributes, instance, frame } = described
    if (instance !== this.#times?.instance) {
      this.#times = { instance, times: frameTimes(attributes, Math.max(1, instance.NumberOfFrames)) }
    }
    return this.#times.times[frame - 1] ?? this.#times.times[0]!
  }
}
