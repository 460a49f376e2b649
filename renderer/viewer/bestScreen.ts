import type { Matrix, Size } from '../../shared/viewing/view.ts'
import { CpuScreen } from './cpuScreen.ts'
import type { Engine } from './engine.ts'
import { GlScreen } from './glScreen.ts'
import type { Look, Screen, ScreenFrame } from './screen.ts'

/** The graphics card's screen where there is one; the page's own in its place for what the card cannot draw. */
export class BestScreen implements Screen {
  readonly #engine: Engine
  readonly #element: HTMLElement
  #screen: Screen

  constructor(engine: Engine, element: HTMLElement) {
    this.#engine = engine
    this.#element = element
    this.#screen = this.#onCard() ?? new CpuScreen(element)
  }

  #onCard(): Screen | undefined {
    const { card } = this.#engine
    return card === undefined || card.lost ? undefined : new GlScreen(card, this.#element)
  }

  #replace(screen: Screen): void {
    screen.resize(this.size)
    this.#screen.dispose()
    this.#screen = screen
  }

  /** Another stack comes: the card, if it failed at the one before, is tried again. */
  renew(): void {
    const onCard = this.#screen instanceof CpuScreen ? this.#onCard() : undefined
    if (onCard !== undefined) this.#replace(onCard)
  }

  get size(): Size {
    return this.#screen.size
  }

  resize(size: Size): void {
    this.#screen.resize(size)
  }

  /** Too large, no memory, just taken away: from now on the page draws. */
  draw(frame: ScreenFrame, matrix: Matrix, look: Look): void {
    try {
      this.#screen.draw(frame, matrix, look)
    } catch (thrown) {
      if (this.#screen instanceof CpuScreen) throw thrown
      this.#replace(new CpuScreen(this.#element))
      this.#screen.draw(frame, matrix, look)
    }
  }

  clear(): void {
    this.#screen.clear()
  }

  readPixels(): ImageData | undefined {
    return this.#screen.readPixels()
  }

  dispose(): void {
    this.#screen.dispose()
  }
}
