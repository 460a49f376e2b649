import type { Types } from '@cornerstonejs/core'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import type { ImageShape, Matrix, Size, View } from '../../shared/viewing/view.ts'
import type { VoiRange } from './windows.ts'

/** How an image is to look; where it lies is the view's. */
export interface Look {
  range: VoiRange
  /** The reader has chosen no window: a VOI LUT of the image may stand in its place. */
  asStored: boolean
  /** By the reader, after the image's own MONOCHROME1. */
  inverted: boolean
  /** Samples as squares; otherwise linear, and area-filtered below 1:1. */
  nearest: boolean
}

export interface ScreenFrame {
  image: Types.IImage
  /** The stack it belongs to: an array that stays the same while the series does. */
  imageIds: string[]
  attributes: ImageAttributes
  shape: ImageShape
}

/** What draws a pane's picture. `element` is its own; it fills it. */
export interface Screen {
  /** Device pixels. */
  readonly size: Size
  /** Draws at once or in the next frame of the display; resolves when the canvas holds the picture. */
  draw(frame: ScreenFrame, view: View, matrix: Matrix, look: Look): void | Promise<void>
  clear(): void
  /** What the canvas holds, for read-back in tests. */
  readPixels(): ImageData | undefined
  dispose(): void
}
