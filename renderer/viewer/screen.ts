import type { Types } from '@cornerstonejs/core'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import type { PaletteName } from '../../shared/viewing/palettes.ts'
import type { Matrix, Size } from '../../shared/viewing/view.ts'
import type { VoiRange } from './windows.ts'

/** How an image is to look; where it lies is the view's. */
export interface Look {
  range: VoiRange
  /** The reader has chosen no window: a VOI LUT of the image may stand in its place. */
  asStored: boolean
  /** By the reader, after the image's own MONOCHROME1. */
  inverted: boolean
  /** Colours in place of greys; grey where nobody has chosen. */
  palette: PaletteName
  /** Samples as squares; otherwise linear, and area-filtered below 1:1. */
  nearest: boolean
}

export interface ScreenFrame {
  image: Types.IImage
  attributes: ImageAttributes
}

/** What draws a pane's picture. `element` is its own; it fills it. */
export interface Screen {
  /** Device pixels. */
  readonly size: Size
  /** Device pixels, from the pane's observer. */
  resize(size: Size): void
  /** The canvas holds the picture when this returns. Throws where it cannot be drawn. */
  draw(frame: ScreenFrame, matrix: Matrix, look: Look): void
  clear(): void
  /** What the canvas holds, for read-back in tests. */
  readPixels(): ImageData | undefined
  dispose(): void
}
