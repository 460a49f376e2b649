import type { Matrix, Size } from '../../shared/viewing/view.ts'
import type { Card, PixelTexture, TableTexture } from './card.ts'
import { TableOfImage } from './displayTable.ts'
import type { Raster } from './paint.ts'
import type { Look, Screen, ScreenFrame } from './screen.ts'

/** The picture drawn by the graphics card (card.ts), on a canvas that stays with it. */
export class GlScreen implements Screen {
  readonly #card: Card
  readonly #canvas = document.createElement('canvas')
  readonly #context: CanvasRenderingContext2D
  readonly #pixels: PixelTexture
  readonly #words: TableTexture
  readonly #table = new TableOfImage()

  constructor(card: Card, element: HTMLElement) {
    const context = this.#canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error('This browser has no canvas.')
    this.#card = card
    this.#context = context
    this.#pixels = card.pixels()
    this.#words = card.table()
    this.resize({ width: 0, height: 0 })
    element.append(this.#canvas)
  }

  get size(): Size {
    return { width: this.#canvas.width, height: this.#canvas.height }
  }

  resize({ width, height }: Size): void {
    if (width === this.#canvas.width && height === this.#canvas.height) return
    this.#canvas.width = width
    this.#canvas.height = height
  }

  draw({ image, attributes }: ScreenFrame, matrix: Matrix, look: Look): void {
    const pixels = image.getPixelData() as Raster['pixels']
    const components = image.color ? 3 : 1
    const table = components === 1 ? this.#table.of({ image, attributes }, look) : undefined
    this.#pixels.hold({ pixels, columns: image.columns, rows: image.rows, components }, table)
    if (table !== undefined) this.#words.hold(table)
    const words = table && this.#words
    this.#card.paint(this.#context, this.size, this.#pixels, words, matrix, look.nearest)
  }

  clear(): void {
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height)
  }

  readPixels(): ImageData | undefined {
    const { width, height } = this.#canvas
    return width > 0 && height > 0 ? this.#context.getImageData(0, 0, width, height) : undefined
  }

  dispose(): void {
    this.#pixels.dispose()
    this.#words.dispose()
    this.#canvas.remove()
  }
}
