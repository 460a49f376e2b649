import { cache, type Types } from '@cornerstonejs/core'
import { createStore } from 'zustand/vanilla'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import type { PaletteName } from '../../shared/viewing/palettes.ts'
import {
  applyMatrix,
  fitZoom,
  flipped,
  type ImageShape,
  imageToDevice,
  invertMatrix,
  panned,
  scaleMatrix,
  turned,
  type View,
  zoomedAbout,
} from '../../shared/viewing/view.ts'
import { BestScreen } from './bestScreen.ts'
import { describeFrame, type SeriesStack, type StackEntry } from './catalog.ts'
import { Cine } from './cine.ts'
import type { Engine } from './engine.ts'
import { failureOf, needFrame, onFrames } from './frameLoader.ts'
import { placesIn } from './growth.ts'
import { keepPalette, keptPalette } from './palettes.ts'
import { EMPTY_PANE, type PaneListener, type PanePresentation, type PaneState, type PaneView } from './paneState.ts'
import type { Look, Screen, ScreenFrame } from './screen.ts'
import { spacingOf } from './spacing.ts'
import { dragWindow, type VoiRange, windowToRange } from './windows.ts'

/** An image and where it stands in the stack. */
interface Drawing extends ScreenFrame {
  shape: ImageShape
  place: number
}

/** Pictures that follow one another so closely are of one movement. */
const BURST_MS = 50

const alive = new Set<Pane>()

export function panesAlive(): Pane[] {
  return [...alive]
}

/** Whether a pane shows, or waits for, an image: what is made for nobody can be given up. */
export function isWantedByPane(imageId: string): boolean {
  return panesAlive().some(pane => pane.wants(imageId))
}

const UNMOVED: View = { zoom: 1, centre: [0, 0], quarterTurns: 0, mirrored: false }

function shapeOf(image: Types.IImage, attributes: ImageAttributes): ImageShape {
  const [row, column] = spacingOf(attributes)
  return { columns: image.columns, rows: image.rows, aspect: row / column }
}

/** One stack of images and everything a reader does to it. Only frames that are in Cornerstone's cache are ever drawn. */
export class Pane {
  readonly id: string
  readonly element: HTMLDivElement
  readonly state = createStore<PaneState>(() => EMPTY_PANE)
  direction: 1 | -1 = 1
  readonly #listener: PaneListener
  readonly #screen: BestScreen
  readonly #dispose: Array<() => void> = []
  /** What the screen shows: kept, so that it can be drawn again when the cache has let it go. */
  #image: Drawing | undefined
  #view = UNMOVED
  #fitted = true
  #opening = 0
  /** The image of a stack that is to take this one's place. */
  #next: string | undefined
  /** The window the reader set; undefined = as stored. */
  #range: VoiRange | undefined
  #presented: ImageAttributes | undefined
  /** What the reader had set before a presentation state was applied. */
  #own: PaneView | undefined
  readonly #cine = new Cine(this)
  #drawDue = false
  #drawnAt = Number.NEGATIVE_INFINITY
  #waiting: Array<() => void> = []

  constructor(engine: Engine, id: string, element: HTMLDivElement, listener: PaneListener) {
    this.id = id
    this.element = element
    this.#listener = listener
    this.#screen = new BestScreen(engine, element)
    const observer = new ResizeObserver(entries => {
      const box = entries.at(-1)?.devicePixelContentBoxSize?.[0]
      if (box === undefined || box.inlineSize === 0 || box.blockSize === 0) return
      this.#screen.resize({ width: box.inlineSize, height: box.blockSize })
      if (this.#fitted) this.#fitView()
      this.#draw()
    })
    observer.observe(element, { box: 'device-pixel-content-box' })
    this.#dispose.push(
      () => observer.disconnect(),
      onFrames(() => this.#framesChanged()),
      () => alive.delete(this),
    )
    alive.add(this)
  }

  get stack(): SeriesStack | undefined {
    return this.state.getState().stack
  }

  get entry(): StackEntry | undefined {
    const { stack, index } = this.state.getState()
    return stack?.entries[index]
  }

  /** The image on the screen: its samples are modality values but for `slope` and `intercept`. */
  get image(): Types.IImage | undefined {
    return this.#image?.image
  }

  /** Shows a series from `index` on. Resolves when its first image is presented, or is known not to be showable. */
  async open(stack: SeriesStack, range: VoiRange | undefined, index = 0): Promise<void> {
    this.stop()
    const opening = ++this.#opening
    this.#next = undefined
    this.direction = 1
    this.#fitted = true
    this.#view = UNMOVED
    this.#range = range
    this.#presented = undefined
    this.#own = undefined
    const { nearest } = this.state.getState()
    this.#screen.renew()
    // Nothing of the stack before is drawn any more: it would stand under this one's name.
    this.#image = undefined
    this.state.setState({ ...EMPTY_PANE, nearest, stack, range, index, palette: keptPalette(stack), loading: true })
    // The rest is ordered when the first image is on the screen: 300 frames arriving at once delayed it by 300 ms.
    await this.#show()
    if (opening === this.#opening) this.#listener.onMoved()
  }

  /**
   * The stack has grown (or shrunk): what is on the screen stays there, under its number in the new one. False, and nothing
   * happens, where the image on the screen is not in it.
   */
  grow(stack: SeriesStack): boolean {
    const { stack: before, index, shown, loading } = this.state.getState()
    if (before === undefined || before === stack) return false
    const places = placesIn(stack.entries, before.entries)
    const shownAt = shown === undefined ? undefined : places[shown]
    const wantedAt = places[index] === -1 ? shownAt : places[index]
    if (wantedAt === undefined || wantedAt === -1 || shownAt === -1) return false
    if (this.#image !== undefined) this.#image = { ...this.#image, place: places[this.#image.place] ?? wantedAt }
    this.state.setState({ stack, index: wantedAt, shown: shownAt })
    this.#listener.onMoved()
    // What was on its way may not be what is wanted now.
    if (loading) void this.#show()
    return true
  }

  /**
   * Another stack of the same thing (turned, thicker) in this one's place: window, turn and zoom stay, and the picture until the
   * new one is here. `move` tells where a point of the picture stands in the new one, and so what stays in the middle.
   */
  async replace(
    stack: SeriesStack,
    index: number,
    move?: (point: [number, number]) => [number, number],
  ): Promise<void> {
    const opening = this.#opening
    const { imageId } = stack.entries[index]!
    this.#next = imageId
    await needFrame(imageId)
    const image = cache.getImage(imageId)
    if (opening !== this.#opening || this.#next !== imageId || image === undefined) return
    this.#next = undefined
    const attributes = describeFrame(imageId)?.attributes ?? {}
    this.#image = { image, attributes, shape: shapeOf(image, attributes), place: index }
    if (move) {
      this.#view = { ...this.#view, centre: move(this.#view.centre) }
      this.#fitted = false
    }
    this.state.setState({ stack, index, shown: index, loading: false, reason: undefined })
    // At once: the old pixels never stand under the new words.
    if (this.#screen.size.width >= 1) this.#drawNow(this.#image)
    this.#listener.onMoved()
  }

  /** Shows the image again: it was made anew. */
  renew(): void {
    if (this.stack !== undefined) void this.#show()
  }

  wants(imageId: string): boolean {
    return imageId === this.#next || imageId === this.entry?.imageId
  }

  close(): void {
    this.stop()
    this.#opening++
    this.#next = undefined
    this.#blank()
    this.state.setState({ ...EMPTY_PANE, nearest: this.state.getState().nearest })
  }

  dispose(): void {
    this.close()
    for (const dispose of this.#dispose) dispose()
    this.#screen.dispose()
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
    // The number alone is not enough: the stack may grow meanwhile.
    const current = () => opening === this.#opening && this.entry?.imageId === entry.imageId
    if (entry.unshowable !== undefined) {
      this.#cannotShow(entry.unshowable)
      return
    }
    let image = cache.getImage(entry.imageId)
    if (image === undefined) {
      // Within the stack the picture before stays, under its own number.
      if (this.state.getState().shown === undefined) this.#blank()
      this.state.setState({ loading: true, reason: undefined })
      const here = await needFrame(entry.imageId)
      if (!current()) return
      image = cache.getImage(entry.imageId)
      if (!here || image === undefined) {
        this.#cannotShow(failureOf(entry.imageId) ?? 'The image could not be kept in memory.')
        return
      }
    }
    const attributes = this.#attributesOf(entry.imageId)
    const shape = shapeOf(image, attributes)
    const before = this.#image?.shape
    this.#image = { image, attributes, shape, place: this.state.getState().index }
    const resized = before?.columns !== shape.columns || before.rows !== shape.rows || before.aspect !== shape.aspect
    if (this.#fitted && (resized || this.#view === UNMOVED)) this.#fitView()
    await this.#draw()
  }

  /**
   * Puts what is wanted on the screen: at once after a pause, within a burst with the next frame of the display, so that no picture
   * is drawn that nobody sees (a third of them while a wheel turns 60 notches a second, 2 cores without a graphics card). Resolves
   * when the picture is there, or nothing is to be drawn.
   */
  #draw(): Promise<void> {
    if (this.#image === undefined) return Promise.resolve()
    const drawn = new Promise<void>(resolve => this.#waiting.push(resolve))
    this.#drawSoon()
    return drawn
  }

  #drawSoon(): void {
    // Without a size yet, the observer draws when there is one.
    if (this.#drawDue || this.#screen.size.width < 1) return
    if (performance.now() - this.#drawnAt > BURST_MS) {
      this.#drawWaiting()
      return
    }
    this.#drawDue = true
    requestAnimationFrame(() => {
      this.#drawDue = false
      this.#drawWaiting()
    })
  }

  #drawWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (this.#image !== undefined) this.#drawNow(this.#image)
    this.#drawnAt = performance.now()
    for (const resolve of waiting) resolve()
  }

  #drawNow({ image, attributes, shape, place }: Drawing): void {
    const { index, loading } = this.state.getState()
    const view = this.#view
    const matrix = imageToDevice(view, this.#screen.size, shape.aspect)
    const look = this.#look(image)
    try {
      this.#screen.draw({ image, attributes }, matrix, look)
    } catch (thrown) {
      this.#cannotShow(thrown instanceof Error ? thrown.message : 'The image could not be drawn.')
      return
    }
    this.state.setState({
      shown: place,
      loading: place === index ? false : loading,
      reason: undefined,
      range: image.color ? undefined : look.range,
      zoom: view.zoom,
      transform: scaleMatrix(matrix, this.#width() / this.#screen.size.width),
      quarterTurns: view.quarterTurns,
      mirrored: view.mirrored,
    })
  }

  #look(image: Types.IImage): Look {
    const { inverted, palette, nearest } = this.state.getState()
    return { range: this.#range ?? storedRange(image), asStored: this.#range === undefined, inverted, palette, nearest }
  }

  /** Draws what is shown on another screen, `factor` times as large, with the point `at` (CSS pixels of the pane) in its middle. */
  drawAbout(screen: Screen, at: [number, number], factor: number): void {
    if (this.#image === undefined) {
      screen.clear()
      return
    }
    const { image, attributes, shape } = this.#image
    const own = imageToDevice(this.#view, this.#screen.size, shape.aspect)
    const centre = applyMatrix(invertMatrix(own), [this.#device(at[0]), this.#device(at[1])])
    const view = { ...this.#view, centre, zoom: this.#view.zoom * factor }
    screen.draw({ image, attributes }, imageToDevice(view, screen.size, shape.aspect), this.#look(image))
  }

  #cannotShow(reason: string): void {
    this.#blank()
    this.state.setState({ reason, shown: undefined, transform: undefined, loading: false })
  }

  #blank(): void {
    this.#image = undefined
    this.#screen.clear()
    for (const resolve of this.#waiting.splice(0)) resolve()
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
    if (stack === undefined || this.#image === undefined || this.#image.image.color) return
    this.#range = range
    this.state.setState({ range: range ?? storedRange(this.#image.image) })
    void this.#draw()
    if (tell) this.#listener.onWindow(stack.manifest.SeriesInstanceUID, range)
  }

  /** `dx`, `dy`: parts of the pane's width and height. */
  dragWindow(dx: number, dy: number): void {
    const { range } = this.state.getState()
    const { image } = this
    if (range === undefined || image === undefined) return
    const full = Math.max(1e-6, (image.maxPixelValue - image.minPixelValue) * Math.abs(image.slope || 1))
    this.setRange(dragWindow(range, full, dx, dy))
  }

  toggleInterpolation(): void {
    this.state.setState(({ nearest }) => ({ nearest: !nearest }))
    void this.#draw()
  }

  /** Black and white exchanged. */
  invert(): void {
    if (this.#image === undefined || this.#image.image.color) return
    this.state.setState(({ inverted }) => ({ inverted: !inverted }))
    void this.#draw()
  }

  /** Kept with the series, for whatever pane it is hung in next. */
  setPalette(palette: PaletteName): void {
    const { stack } = this.state.getState()
    if (stack === undefined || this.#image === undefined || this.#image.image.color) return
    keepPalette(stack, palette)
    this.state.setState({ palette })
    void this.#draw()
  }

  // ── view; points are CSS pixels from the pane's top left ──

  /** CSS pixels, not rounded as `clientWidth` is: at a scale of 1.5 that put marks half a device pixel aside. */
  #width(): number {
    return Math.max(1, this.element.getBoundingClientRect().width)
  }

  #device(cssPixels: number): number {
    return (cssPixels * this.#screen.size.width) / this.#width()
  }

  #setView(view: View, fitted = false): void {
    this.#view = view
    this.#fitted = fitted
    void this.#draw()
  }

  #fitView(): void {
    if (this.#image === undefined) return
    const { shape } = this.#image
    const { quarterTurns, mirrored } = this.#view
    const { size } = this.#screen
    this.#view = {
      zoom: fitZoom(size, shape, quarterTurns),
      centre: [shape.columns / 2, shape.rows / 2],
      quarterTurns,
      mirrored,
    }
  }

  pan(dx: number, dy: number): void {
    if (this.#image === undefined) return
    this.#setView(panned(this.#view, this.#image.shape.aspect, this.#device(dx), this.#device(dy)))
  }

  zoomAbout(point: [number, number], factor: number): void {
    if (this.#image === undefined) return
    const at: [number, number] = [this.#device(point[0]), this.#device(point[1])]
    this.#setView(zoomedAbout(this.#view, this.#screen.size, this.#image.shape.aspect, at, factor))
  }

  fit(): void {
    if (this.#image === undefined) return
    this.#fitView()
    this.#setView(this.#view, true)
  }

  /** Device pixels for the width of one image pixel, about the middle of the pane. */
  setZoom(zoom: number): void {
    if (this.#image === undefined) return
    const { width, height } = this.#screen.size
    const { aspect } = this.#image.shape
    const middle: [number, number] = [width / 2, height / 2]
    const view = zoomedAbout(this.#view, this.#screen.size, aspect, middle, zoom / this.#view.zoom)
    // 1 is 1: a zoom that rounding left beside it would blend neighbours.
    this.#setView(Math.abs(view.zoom / zoom - 1) < 1e-9 ? { ...view, zoom } : view)
  }

  /** Brings an image point into the middle of the pane. */
  centreOn(point: [number, number]): void {
    if (this.#image !== undefined) this.#setView({ ...this.#view, centre: point })
  }

  /** Clockwise. */
  rotate(quarterTurns: number): void {
    this.#turn(turned(this.#view, quarterTurns))
  }

  /** What is seen is mirrored: left and right exchanged, or top and bottom. */
  flip(axis: 'horizontal' | 'vertical'): void {
    this.#turn(flipped(this.#view, axis))
  }

  #turn(view: View): void {
    if (this.#image === undefined) return
    this.#view = view
    if (this.#fitted) this.#fitView()
    void this.#draw()
  }

  #attributesOf(imageId: string): ImageAttributes {
    const own = describeFrame(imageId)?.attributes ?? {}
    return this.#presented === undefined ? own : { ...own, ...this.#presented }
  }

  /**
   * Shows the pictures as a presentation state says, until it is taken away (undefined): then they are as the reader had them, which
   * is what `view` gives all the while.
   */
  present(presentation: PanePresentation | undefined): void {
    const { stack } = this.state.getState()
    if (this.#image === undefined || stack === undefined) return
    // A state says greys (PS3.3 A.33.1): through PET's dark palette its white would be black.
    if (!this.presented && presentation) this.state.setState({ palette: 'grey' })
    if (this.presented && !presentation) this.state.setState({ palette: keptPalette(stack) })
    const own = this.#own ?? this.view()
    this.#own = presentation && own
    this.#presented = presentation?.attributes
    this.#image = { ...this.#image, attributes: this.#attributesOf(this.#image.image.imageId) }
    this.setView(presentation?.view ?? own)
  }

  /** A presentation state is applied. */
  get presented(): boolean {
    return this.#own !== undefined
  }

  /** What the reader has set, for keeping. */
  view(): PaneView {
    if (this.#own !== undefined) return this.#own
    const { inverted } = this.state.getState()
    const { quarterTurns, mirrored, zoom, centre } = this.#view
    return { range: this.#range, inverted, quarterTurns, mirrored, ...(this.#fitted ? {} : { zoom, centre }) }
  }

  /** Brings back what `view` gave. */
  setView(kept: PaneView): void {
    if (this.#image === undefined) return
    const { range, inverted, quarterTurns, mirrored, zoom, centre } = kept
    this.#range = range
    this.state.setState({ inverted })
    this.#view = { ...this.#view, quarterTurns, mirrored }
    if (zoom === undefined || centre === undefined) this.fit()
    else this.#setView({ zoom, centre, quarterTurns, mirrored })
  }

  /** Image coordinates of a point of the pane; undefined while nothing is shown. */
  imagePoint(point: [number, number]): [number, number] | undefined {
    const { transform } = this.state.getState()
    return transform && applyMatrix(invertMatrix(transform), point)
  }

  // ── cine ──

  toggleCine(): void {
    if (this.state.getState().playing) this.stop()
    else if (this.#cine.play()) this.state.setState({ playing: true })
  }

  stop(): void {
    this.#cine.stop()
    if (this.state.getState().playing) this.state.setState({ playing: false })
  }

  /** What the canvas holds, for read-back in tests. */
  readPixels(): ImageData | undefined {
    return this.#screen.readPixels()
  }
}

/** The window the frame loader found for the image, in modality units. */
function storedRange({ windowCenter, windowWidth }: Types.IImage): VoiRange {
  const first = (value: number | number[]) => (Array.isArray(value) ? (value[0] ?? 0) : value)
  return windowToRange({ center: first(windowCenter), width: first(windowWidth) })
}
