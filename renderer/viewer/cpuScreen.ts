import type { Matrix, Size } from '../../shared/viewing/view.ts'
import { TableOfImage } from './displayTable.ts'
import { BLACK, type Covered, paint, type Raster } from './paint.ts'
import type { Look, Screen, ScreenFrame } from './screen.ts'

/** The picture computed by this page (paint.ts) and put on a canvas that never leaves the CPU. */
export class CpuScreen implements Screen {
  readonly #canvas = document.createElement('canvas')
  readonly #context: CanvasRenderingContext2D
  #data: ImageData | undefined
  #words = new Uint32Array(0)
  #covered: Covered = { left: 0, top: 0, right: 0, bottom: 0 }
  readonly #table = new TableOfImage()

  constructor(element: HTMLElement) {
    // Left to itself Chromium keeps it on the GPU, and every image waits for the GPU process to hand it back. Opaque by its
    // pixels, not by `alpha: false`: such a canvas takes Chromium's software compositor 4.8 ms a frame (1115×842), not 1.6.
    const context = this.#canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) throw new Error('This browser has no canvas.')
    this.#context = context
    this.resize({ width: 0, height: 0 })
    element.append(this.#canvas)
  }

  get size(): Size {
    return { width: this.#canvas.width, height: this.#canvas.height }
  }

  /** Device pixels, from the pane's observer. */
  resize({ width, height }: Size): void {
    if (width === this.#canvas.width && height === this.#canvas.height) return
    this.#canvas.width = width
    this.#canvas.height = height
    this.#data = undefined
  }

  draw({ image, attributes }: ScreenFrame, matrix: Matrix, look: Look): void {
    const { size } = this
    // A canvas of a new size is transparent.
    const isNew = this.#data === undefined
    if (this.#data === undefined) {
      this.#data = new ImageData(size.width, size.height)
      this.#words = new Uint32Array(this.#data.data.buffer)
      this.#words.fill(BLACK)
    }
    const pixels = image.getPixelData() as Raster['pixels']
    const components = image.color ? 3 : 1
    const table = components === 1 ? this.#table.of({ image, attributes }, look) : undefined
    const raster = { pixels, columns: image.columns, rows: image.rows, components } as const
    const before = this.#covered
    const covered = paint(raster, matrix, table, this.#words, size, look.nearest)
    const isLess = uncovered(before, covered)
    if (isLess) {
      this.#words.fill(BLACK)
      paint(raster, matrix, table, this.#words, size, look.nearest)
    }
    if (isNew || isLess) {
      this.#context.putImageData(this.#data, 0, 0)
    } else {
      // The canvas is black around it already.
      const { left, top, right, bottom } = covered
      this.#context.putImageData(this.#data, 0, 0, left, top, right - left, bottom - top)
    }
    this.#covered = covered
  }

  clear(): void {
    this.#words.fill(BLACK)
    this.#covered = { left: 0, top: 0, right: 0, bottom: 0 }
    if (this.#data !== undefined) this.#context.putImageData(this.#data, 0, 0)
  }

  readPixels(): ImageData | undefined {
    const { width, height } = this.#canvas
    return width > 0 && height > 0 ? this.#context.getImageData(0, 0, width, height) : undefined
  }

  dispose(): void {
    this.#canvas.remove()
  }
}

/** Something of the old picture lies outside the new one. */
function uncovered(before: Covered, now: Covered): boolean {
  if (before.left >= before.right || before.top >= before.bottom) return false
  return before.left < now.left || before.top < now.top || before.right > now.right || before.bottom > now.bottom
}
