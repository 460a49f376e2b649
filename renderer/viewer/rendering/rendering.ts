import { create, type StoreApi, type UseBoundStore } from 'zustand'
import type { Point3 } from '../../../shared/viewing/geometry.ts'
import type { Volume } from '../../../shared/viewing/volume/grid.ts'
import { boundsOf, type Camera, type CropBox, turnedCamera, wholeBox } from '../../../shared/viewing/volume/rays.ts'
import { type RayPreset, rayMode, rayPresets } from '../../../shared/viewing/volume/transfers.ts'
import { whyOf } from '../../i18n/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { renderingPath } from '../engine.ts'
import { type WholeVolume, wholeVolume } from '../fusion/wholeVolume.ts'
import type { Pane } from '../pane.ts'
import { currentEngine, livePanes, useSession } from '../session.ts'
import { uptakePresets } from '../uptake.ts'
import type { LiveVolume, VolumeHolder } from '../volume/liveVolume.ts'
import { liesIn, reformatOf } from '../volume/reformats.ts'
import { dragWindow, initialRange, type VoiRange } from '../windows.ts'
import type { RayAnswer, ToRays } from './rayWorker.ts'

/** How a volume is looked at in a pane; `camera` is undefined while its frames are on their way. */
export interface Look {
  stack: SeriesStack
  preset: RayPreset
  /** Of a MIP, and of presets that are parts of it. */
  window: VoiRange
  /** HU by which the other presets are moved. */
  shift: number
  camera: Camera | undefined
  crop: CropBox | undefined
  loaded: number
  trouble: string | undefined
  /** What drew the picture, and of every how manieth voxel; undefined while there is none. */
  drawn: Pick<RayAnswer, 'by' | 'everyNth'> | undefined
}

/** By pane: what is rendered in place of its slices. */
export const useRendering = create<{ byPane: ReadonlyMap<string, Rendering> }>(() => ({ byPane: new Map() }))

/** The directions a patient is looked at from: what the picture's right and its bottom are. */
export const VIEWS = {
  A: { right: [1, 0, 0], down: [0, 0, -1] },
  P: { right: [-1, 0, 0], down: [0, 0, -1] },
  L: { right: [0, 1, 0], down: [0, 0, -1] },
  R: { right: [0, -1, 0], down: [0, 0, -1] },
  H: { right: [-1, 0, 0], down: [0, 1, 0] },
  F: { right: [1, 0, 0], down: [0, 1, 0] },
} as const satisfies Record<string, { right: Point3; down: Point3 }>

/** While the hand moves, one ray for so many device pixels a side; nothing larger than this is drawn when it rests. */
const COARSE = 4
const MOST_PIXELS = 900_000
/** A graphics card draws as many pixels as the pane has while the hand moves, or as few as this takes. */
const PROMPT_MS = 40
const MOST_CARD_PIXELS = 8_000_000
/** The hand rests. */
const STILL_MS = 120
/** A drag across the pane turns it once around. */
const TURN = 2 * Math.PI
/** A drag from top to bottom, HU. */
const SHIFT_SPAN = 1500

/** One volume in one pane: its worker, how it is looked at, and the picture. */
export class Rendering {
  readonly look: UseBoundStore<StoreApi<Look>>
  readonly stack: SeriesStack
  readonly #canvas: HTMLCanvasElement
  readonly #abort = new AbortController()
  readonly #full: number
  #worker: Worker | undefined
  #whole: WholeVolume | undefined
  /** Device pixels. */
  #size = { width: 0, height: 0 }
  /** Device pixels for one millimetre. */
  #fit = 1
  #zoom = 1
  #asked = 0
  /** ms for a pixel, as the card's last picture took; undefined while it has drawn none. */
  #cardPace: number | undefined
  #busy = false
  #again = false
  #still: ReturnType<typeof setTimeout> | undefined

  /** @param full of the values' range */
  constructor(stack: SeriesStack, range: VoiRange, full: number, holder: VolumeHolder) {
    const { manifest } = stack
    const frame = describeFrame(stack.imageIds[0] ?? '')
    this.stack = stack
    this.#full = full
    this.#canvas = document.createElement('canvas')
    const window = (frame && uptakePresets(frame)?.[2]?.range) ?? range
    const preset = rayPresets(manifest.Modality)[0]!
    this.look = create<Look>(() => ({
      stack,
      preset,
      window,
      shift: 0,
      camera: undefined,
      crop: undefined,
      loaded: 0,
      trouble: undefined,
      drawn: undefined,
    }))
    void this.#load(holder)
  }

  async #load(holder: VolumeHolder): Promise<void> {
    try {
      const told = (loaded: number) => this.look.setState({ loaded })
      this.#whole = await wholeVolume(this.stack, told, this.#abort.signal, holder)
      const { grid, values, slope, intercept } = this.#whole.volume
      const volume: Volume = { grid, values, slope, intercept }
      this.#worker = new Worker(new URL('./rayWorker.ts', import.meta.url), { type: 'module', name: 'isocenter-rays' })
      this.#worker.onmessage = ({ data }: MessageEvent<RayAnswer>) => this.#draw(data)
      this.#tell({ kind: 'volume', volume, card: renderingPath(currentEngine()) === 'gl' })
      const { centre } = boundsOf(volume.grid)
      this.look.setState({ camera: { centre, ...VIEWS.A, mmPerPixel: 1 }, crop: wholeBox(volume.grid) })
      this.#refit()
      this.#ask(false)
    } catch (thrown) {
      if (this.#abort.signal.aborted) return
      this.look.setState({ trouble: whyOf(thrown) })
    }
  }

  /** The canvas in its element, as large as that is. Returns what takes it out. */
  mount(element: HTMLElement): () => void {
    element.append(this.#canvas)
    const observer = new ResizeObserver(entries => {
      const box = entries.at(-1)?.devicePixelContentBoxSize?.[0]
      if (box === undefined || box.inlineSize === 0 || box.blockSize === 0) return
      this.#size = { width: box.inlineSize, height: box.blockSize }
      this.#refit()
      this.#ask(false)
    })
    observer.observe(element, { box: 'device-pixel-content-box' })
    return () => {
      observer.disconnect()
      this.#canvas.remove()
    }
  }

  get volume(): LiveVolume | undefined {
    return this.#whole?.volume
  }

  #refit(): void {
    const { width, height } = this.#size
    if (this.volume !== undefined && width > 0) {
      this.#fit = Math.min(width, height) / (2 * boundsOf(this.volume.grid).radius)
    }
  }

  /** It is what hangs there, or that is a plane through it. */
  isOf(stack: SeriesStack | undefined): boolean {
    return stack !== undefined && liesIn(stack.set.id, this.stack.set.id)
  }

  /** Radians by which a drag of a part of the pane turns it. */
  turn(dx: number, dy: number): void {
    const { camera } = this.look.getState()
    if (camera === undefined) return
    this.look.setState({ camera: turnedCamera(camera, { vertical: -dx * TURN, horizontal: -dy * TURN }) })
    this.#moved()
  }

  face(view: keyof typeof VIEWS): void {
    const { camera } = this.look.getState()
    if (camera === undefined) return
    this.look.setState({ camera: { ...camera, ...VIEWS[view] } })
    this.#ask(false)
  }

  zoomBy(factor: number): void {
    this.#zoom = Math.max(0.3, Math.min(20, this.#zoom * factor))
    this.#moved()
  }

  /** By CSS pixels. */
  pan(dx: number, dy: number): void {
    const { camera } = this.look.getState()
    if (camera === undefined) return
    const mm = devicePixelRatio / (this.#fit * this.#zoom)
    const { right, down } = camera
    const moved = (axis: 0 | 1 | 2) => camera.centre[axis] - mm * (dx * right[axis] + dy * down[axis])
    this.look.setState({ camera: { ...camera, centre: [moved(0), moved(1), moved(2)] } })
    this.#moved()
  }

  /** The window of what has one; of presets in HU, where their colours begin. */
  dragWindow(dx: number, dy: number): void {
    const { window, preset, shift } = this.look.getState()
    if (preset.points === 'mip' || preset.relative) {
      this.look.setState({ window: dragWindow(window, this.#full, dx, dy) })
    } else this.look.setState({ shift: shift + dy * SHIFT_SPAN })
    this.#moved()
  }

  choose(preset: RayPreset): void {
    this.look.setState({ preset, shift: 0 })
    this.#ask(false)
  }

  cropTo(crop: CropBox): void {
    this.look.setState({ crop })
    this.#moved()
  }

  #tell(message: ToRays): void {
    this.#worker?.postMessage(message)
  }

  /** Device pixels a side for one ray. */
  #coarseness(coarse: boolean): number {
    const { width, height } = this.#size
    const pixels = width * height
    const pace = this.#cardPace
    if (pace === undefined) return coarse ? COARSE : Math.max(1, Math.sqrt(pixels / MOST_PIXELS))
    if (!coarse) return Math.max(1, Math.sqrt(pixels / MOST_CARD_PIXELS))
    return Math.max(1, Math.min(COARSE, Math.ceil(Math.sqrt((pixels * pace) / PROMPT_MS))))
  }

  #moved(): void {
    this.#ask(true)
    clearTimeout(this.#still)
    this.#still = setTimeout(() => this.#ask(false), STILL_MS)
  }

  /** A coarse picture is waited for before the next is begun: asking faster than it is drawn would show none. */
  #ask(coarse: boolean): void {
    const { camera, crop, preset, window, shift } = this.look.getState()
    const { width, height } = this.#size
    if (this.#worker === undefined || camera === undefined || crop === undefined || width < 1) return
    if (coarse && this.#busy) {
      this.#again = true
      return
    }
    const by = this.#coarseness(coarse)
    this.#busy = coarse
    this.#again = false
    this.#canvas.dataset.settled = 'false'
    this.#tell({
      kind: 'draw',
      id: ++this.#asked,
      camera: { ...camera, mmPerPixel: by / (this.#fit * this.#zoom) },
      crop,
      mode: rayMode(preset, this.stack.manifest.Modality, window, shift),
      width: Math.max(1, Math.round(width / by)),
      height: Math.max(1, Math.round(height / by)),
      coarse,
    })
  }

  #draw({ id, first, width, height, rgba, done, by, everyNth, ms }: RayAnswer): void {
    if (done) this.#cardPace = by === 'card' ? ms / (width * height) : undefined
    if (id !== this.#asked) return
    const context = this.#canvas.getContext('2d')
    if (context === null) return
    const image = new ImageData(rgba, width)
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      // What was there stays under what comes, scaled: no flash of black between coarse and full.
      const before = document.createElement('canvas')
      before.width = this.#canvas.width
      before.height = this.#canvas.height
      before.getContext('2d')?.drawImage(this.#canvas, 0, 0)
      this.#canvas.width = width
      this.#canvas.height = height
      if (before.width > 0 && before.height > 0) context.drawImage(before, 0, 0, width, height)
    }
    context.putImageData(image, 0, first)
    if (!done) return
    this.#canvas.dataset.settled = 'true'
    const { drawn } = this.look.getState()
    if (drawn?.by !== by || drawn.everyNth !== everyNth) this.look.setState({ drawn: { by, everyNth } })
    this.#busy = false
    if (this.#again) this.#ask(true)
  }

  dispose(): void {
    clearTimeout(this.#still)
    this.#abort.abort()
    this.#worker?.terminate()
    this.#whole?.letGo()
    this.#canvas.remove()
  }
}

/** What is rendered in the pane in place of the slices that hang in it now. */
export function renderingOf(pane: Pane | undefined): Rendering | undefined {
  const rendering = useRendering.getState().byPane.get(pane?.id ?? '')
  return rendering?.isOf(pane?.stack) ? rendering : undefined
}

export function endRendering(id: string): void {
  const byPane = new Map(useRendering.getState().byPane)
  byPane.get(id)?.dispose()
  byPane.delete(id)
  useRendering.setState({ byPane })
}

/** Renders the pane's series in place of its slices, or shows these again. */
export function toggleRendering(pane: Pane): void {
  const { image } = pane
  const stack = reformatOf(pane.stack)?.source ?? pane.stack
  const was = renderingOf(pane)
  endRendering(pane.id)
  if (was !== undefined || stack === undefined || image === undefined || image.color) return
  const { slope } = image
  const attributes = describeFrame(stack.imageIds[0] ?? '')?.attributes ?? {}
  const values = {
    min: image.minPixelValue * slope + image.intercept,
    max: image.maxPixelValue * slope + image.intercept,
  }
  const range = pane.state.getState().range ?? initialRange(attributes, values)
  const holder = {
    isShown: () => livePanes().some(({ id }) => id === pane.id),
    lost: () => endRendering(pane.id),
  }
  const rendering = new Rendering(stack, range, Math.max(1e-6, Math.abs(values.max - values.min)), holder)
  useRendering.setState(({ byPane }) => ({ byPane: new Map(byPane).set(pane.id, rendering) }))
}

// Another study: nothing of the one before is kept.
useSession.subscribe((now, before) => {
  if (now.study?.StudyInstanceUID !== before.study?.StudyInstanceUID) {
    for (const id of useRendering.getState().byPane.keys()) endRendering(id)
  }
})
