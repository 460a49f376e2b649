import { Enums, type Types } from '@cornerstonejs/core'
import { createStore } from 'zustand/vanilla'
import { describeFrame, type SeriesStack, type StackEntry } from './catalog.ts'
import type { Engine } from './engine.ts'
import { failureOf, isLoaded, needFrame, onFrames } from './frameLoader.ts'
import { dragWindow, type VoiRange } from './windows.ts'

/** What a pane shows, for the overlays. `shown` always belongs to the pixels on the screen; `index` is what is wanted. */
export interface PaneState {
  stack: SeriesStack | undefined
  index: number
  /** The entry whose pixels are on the screen. */
  shown: number | undefined
  range: VoiRange | undefined
  /** Device pixels of the screen for one pixel of the image. */
  zoom: number
  playing: boolean
  /** Why there is no picture at `index`. */
  reason: string | undefined
  loading: boolean
}

const EMPTY: PaneState = {
  stack: undefined,
  index: 0,
  shown: undefined,
  range: undefined,
  zoom: 1,
  playing: false,
  reason: undefined,
  loading: false,
}

export interface PaneListener {
  /** What is wanted has changed: the load order follows. */
  onMoved: () => void
  /** The reader set a window: it sticks to the series, in every pane. */
  onWindow: (SeriesInstanceUID: string, range: VoiRange | undefined) => void
}

/** One stack viewport and everything a reader does to it. Cornerstone is only ever given frames that are in its cache. */
export class Pane {
  readonly id: string
  readonly element: HTMLDivElement
  readonly state = createStore<PaneState>(() => EMPTY)
  direction: 1 | -1 = 1
  readonly #engine: Engine
  readonly #listener: PaneListener
  readonly #viewport: Types.IStackViewport
  readonly #dispose: Array<() => void> = []
  #mounted: SeriesStack | undefined
  #fitted = true
  #opening = 0
  /** The window the reader set; undefined = as stored. */
  #range: VoiRange | undefined
  #nearest = false
  #cine: ReturnType<typeof setTimeout> | undefined
  #presented: (() => void) | undefined

  constructor(engine: Engine, id: string, element: HTMLDivElement, listener: PaneListener) {
    this.#engine = engine
    this.id = id
    this.element = element
    this.#listener = listener
    engine.engine.enableElement({
      viewportId: id,
      element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    })
    this.#viewport = engine.engine.getViewport(id) as Types.IStackViewport
    const rendered = () => this.#rendered()
    element.addEventListener(Enums.Events.IMAGE_RENDERED, rendered)
    this.#dispose.push(
      () => element.removeEventListener(Enums.Events.IMAGE_RENDERED, rendered),
      onFrames(() => this.#framesChanged()),
    )
  }

  get stack(): SeriesStack | undefined {
    return this.state.getState().stack
  }

  get entry(): StackEntry | undefined {
    const { stack, index } = this.state.getState()
    return stack?.entries[index]
  }

  /** Shows a series from `index` on. Resolves when its first image is presented, or is known not to be showable. */
  async open(stack: SeriesStack, range: VoiRange | undefined, index = 0): Promise<void> {
    this.stop()
    const opening = ++this.#opening
    this.direction = 1
    this.#fitted = true
    this.#mounted = undefined
    this.#range = range
    this.state.setState({ ...EMPTY, stack, range, index, loading: true })
    // The rest is ordered when the first image is on the screen: 300 frames arriving at once delayed it by 300 ms.
    await this.#show()
    if (opening === this.#opening) this.#listener.onMoved()
  }

  close(): void {
    this.stop()
    this.#opening++
    this.#mounted = undefined
    this.state.setState(EMPTY)
  }

  dispose(): void {
    this.close()
    for (const dispose of this.#dispose) dispose()
    this.#engine.engine.disableElement(this.id)
  }

  goTo(index: number): void {
    const { stack, index: before } = this.state.getState()
    if (stack === undefined) return
    const next = Math.max(0, Math.min(stack.entries.length - 1, index))
    if (next === before) return
    this.direction = next > before ? 1 : -1
    this.state.setState({ index: next })
    this.#listener.onMoved()
    void this.#show()
  }

  /** No wrap: the ends are ends. */
  step(delta: number): void {
    this.goTo(this.state.getState().index + delta)
  }

  async #show(): Promise<void> {
    const opening = this.#opening
    const { stack, index } = this.state.getState()
    const entry = stack?.entries[index]
    if (stack === undefined || entry === undefined) return
    const current = () => opening === this.#opening && this.state.getState().index === index
    if (entry.unshowable !== undefined) {
      this.state.setState({ reason: entry.unshowable, shown: undefined, loading: false })
      return
    }
    if (!isLoaded(entry.imageId)) {
      this.state.setState({ loading: true, reason: undefined })
      const here = await needFrame(entry.imageId)
      if (!current()) return
      if (!here) {
        this.state.setState({ reason: failureOf(entry.imageId), loading: false })
        return
      }
    }
    const presented = new Promise<void>(resolve => {
      this.#presented = resolve
    })
    const place = stack.imageIds.indexOf(entry.imageId)
    if (this.#mounted !== stack) {
      this.#mounted = stack
      await this.#viewport.setStack(stack.imageIds, place)
      if (!current()) {
        if (opening === this.#opening) void this.#show()
        return
      }
      this.#applyProperties()
    } else {
      await this.#viewport.setImageIdIndex(place)
      // Cornerstone's CPU path goes back to the stored window with every image; the reader's sticks to the series.
      if (this.#range !== undefined) this.#viewport.setProperties({ voiRange: this.#range })
    }
    if (current()) this.state.setState({ reason: undefined })
    this.#viewport.render()
    await presented
  }

  #applyProperties(): void {
    const range = this.#range
    const image = this.#viewport.getCornerstoneImage()
    const stored = describeFrame(image?.imageId ?? '')?.attributes.VOILUTFunction
    if (stored === 'SIGMOID' && this.#engine.rendering === 'gl') {
      this.#viewport.setProperties({ VOILUTFunction: Enums.VOILUTFunctionType.SAMPLED_SIGMOID })
    }
    if (range !== undefined && !image?.color) this.#viewport.setProperties({ voiRange: range })
    if (this.#nearest) this.#viewport.setProperties({ interpolationType: Enums.InterpolationType.NEAREST })
  }

  #rendered(): void {
    const { stack, index, loading } = this.state.getState()
    const image = this.#viewport.getCornerstoneImage()
    if (stack === undefined || this.#mounted !== stack || image === undefined) return
    const shown =
      stack.entries[index]?.imageId === image.imageId
        ? index
        : stack.entries.findIndex(entry => entry.imageId === image.imageId)
    const voiRange = this.#viewport.getProperties().voiRange
    this.state.setState({
      shown: shown === -1 ? undefined : shown,
      loading: shown === index ? false : loading,
      range: image.color ? undefined : voiRange && { lower: voiRange.lower, upper: voiRange.upper },
      zoom: this.#zoom(),
    })
    this.#presented?.()
    this.#presented = undefined
  }

  #framesChanged(): void {
    const { entry } = this
    const { reason, loading } = this.state.getState()
    if (entry === undefined || entry.unshowable !== undefined) return
    // What could not be reached before can be now, or was pushed out of the cache under the reader.
    if (reason !== undefined && !loading && failureOf(entry.imageId) === undefined) void this.#show()
  }

  // ── window ──

  /** Undefined = as stored. */
  setRange(range: VoiRange | undefined, tell = true): void {
    const { stack } = this.state.getState()
    const image = this.#viewport.getCornerstoneImage()
    if (stack === undefined || this.#mounted !== stack || image === undefined || image.color) return
    this.#range = range
    if (range === undefined) this.#viewport.resetProperties()
    else this.#viewport.setProperties({ voiRange: range })
    if (this.#nearest) this.#viewport.setProperties({ interpolationType: Enums.InterpolationType.NEAREST })
    this.#viewport.render()
    if (tell) this.#listener.onWindow(stack.manifest.SeriesInstanceUID, range)
  }

  /** `dx`, `dy`: parts of the pane's width and height. */
  dragWindow(dx: number, dy: number): void {
    const { range } = this.state.getState()
    const image = this.#viewport.getCornerstoneImage()
    if (range === undefined || image === undefined) return
    const full = Math.max(1e-6, (image.maxPixelValue - image.minPixelValue) * Math.abs(image.slope || 1))
    const next = dragWindow(range, full, dx, dy)
    this.state.setState({ range: next })
    this.setRange(next)
  }

  toggleInterpolation(): void {
    this.#nearest = !this.#nearest
    const { NEAREST, LINEAR } = Enums.InterpolationType
    this.#viewport.setProperties({ interpolationType: this.#nearest ? NEAREST : LINEAR })
    this.#viewport.render()
  }

  // ── camera; points are CSS pixels from the pane's top left ──

  pan(dx: number, dy: number): void {
    if (this.state.getState().shown === undefined) return
    const from = this.#viewport.canvasToWorld([0, 0])
    const to = this.#viewport.canvasToWorld([dx, dy])
    this.#shift(from, to)
    this.#fitted = false
    this.#viewport.render()
  }

  zoomAbout(point: [number, number], factor: number): void {
    if (this.state.getState().shown === undefined) return
    const { parallelScale } = this.#viewport.getCamera()
    const zoom = this.#zoom() * factor
    if (parallelScale === undefined || zoom < 0.02 || zoom > 100) return
    const before = [...this.#viewport.canvasToWorld(point)]
    this.#viewport.setCamera({ parallelScale: parallelScale / factor })
    this.#shift(before, this.#viewport.canvasToWorld(point))
    this.#fitted = false
    this.#viewport.render()
  }

  fit(): void {
    if (this.state.getState().shown === undefined) return
    this.#fitted = true
    this.#viewport.resetCamera()
    this.#viewport.render()
  }

  /** After the engine has given the canvas its new size: fit stays fit. */
  resized(): void {
    if (this.#fitted && this.#mounted !== undefined) this.#viewport.resetCamera()
    if (this.#mounted !== undefined) this.#viewport.render()
  }

  #shift(from: ArrayLike<number>, to: ArrayLike<number>): void {
    const { focalPoint, position } = this.#viewport.getCamera()
    if (focalPoint === undefined || position === undefined) return
    const moved = (point: ArrayLike<number>): Types.Point3 => [
      point[0]! + from[0]! - to[0]!,
      point[1]! + from[1]! - to[1]!,
      point[2]! + from[2]! - to[2]!,
    ]
    this.#viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) })
  }

  #zoom(): number {
    const image = this.#viewport.getCornerstoneImage()
    if (image === undefined) return 1
    // Measured, not asked for: Cornerstone's CPU path keeps its old zoom after a resize.
    const [a, b] = [this.#viewport.canvasToWorld([0, 0]), this.#viewport.canvasToWorld([100, 0])]
    const mm = Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2])
    return mm > 0 ? (100 * devicePixelRatio * image.columnPixelSpacing) / mm : 1
  }

  // ── cine ──

  /** Frame Time (ms), else the rates the file recommends, else 15 a second. */
  #frameTime(): number {
    const { FrameTime, CineRate, RecommendedDisplayFrameRate } =
      describeFrame(this.entry?.imageId ?? '')?.attributes ?? {}
    const rate = RecommendedDisplayFrameRate || CineRate
    const time = FrameTime && FrameTime > 0 ? FrameTime : rate && rate > 0 ? 1000 / rate : 1000 / 15
    return Math.max(1000 / 60, Math.min(2000, time))
  }

  toggleCine(): void {
    const { playing, stack } = this.state.getState()
    if (playing) {
      this.stop()
      return
    }
    if (stack === undefined || stack.entries.length < 2) return
    this.state.setState({ playing: true })
    let due = performance.now()
    const tick = () => {
      const { index, shown } = this.state.getState()
      // Never past a frame that is not on the screen yet: a slow load slows the cine, it drops nothing.
      if (shown === index || shown === undefined) this.goTo((index + 1) % stack.entries.length)
      due = Math.max(due + this.#frameTime(), performance.now())
      this.#cine = setTimeout(tick, due - performance.now())
    }
    tick()
  }

  stop(): void {
    clearTimeout(this.#cine)
    if (this.state.getState().playing) this.state.setState({ playing: false })
  }

  /** What the canvas holds, for read-back in tests. */
  readPixels(): ImageData | undefined {
    const { canvas } = this.#viewport
    return canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height)
  }
}
