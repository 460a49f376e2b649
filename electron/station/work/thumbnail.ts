import { isColour, toRGB } from '../../../shared/viewing/colour.ts'
import { toDisplay } from '../../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../../shared/viewing/image.ts'
import { type DecodedFrame, storedValues } from '../../../shared/viewing/samples.ts'
import { encodePng } from './png.ts'
import { shrink, toBytes } from './scale.ts'

/** Width and height of every thumbnail, pixels; the image stands centred on black. */
export const THUMBNAIL_SIZE = 128

/** A PNG of `THUMBNAIL_SIZE` squared: greys through the image's own modality and VOI transforms, colours as RGB, true proportions. */
export function makeThumbnail(frame: DecodedFrame, attributes: ImageAttributes): Uint8Array<ArrayBuffer> {
  const { rows, columns } = frame
  const [down, across] = pixelShape(attributes)
  const scale = THUMBNAIL_SIZE / Math.max(rows * down, columns * across)
  const height = clampSize(rows * down * scale)
  const width = clampSize(columns * across * scale)
  if (isColour(frame)) {
    const small = shrink(toRGB(frame, attributes), columns, rows, 3, width, height)
    return boxed(toBytes(small), width, height, 3)
  }
  // Window after averaging: a pixel of the small image is grey as one of a coarser detector would be.
  const { samples } = storedValues(frame.samples, attributes)
  const small = shrink(samples, columns, rows, 1, width, height)
  return boxed(toDisplay(small, attributes), width, height, 1)
}

function clampSize(size: number): number {
  return Math.min(THUMBNAIL_SIZE, Math.max(1, Math.round(size)))
}

/** Height and width of a pixel, in proportion; square when nothing sensible is known. */
function pixelShape(attributes: ImageAttributes): [down: number, across: number] {
  const { PixelSpacing, ImagerPixelSpacing, NominalScannedPixelSpacing, PixelAspectRatio } = attributes
  const [down = 1, across = 1] =
    PixelSpacing ?? ImagerPixelSpacing ?? NominalScannedPixelSpacing ?? PixelAspectRatio ?? []
  const ratio = down / across
  return ratio > 0.05 && ratio < 20 ? [down, across] : [1, 1]
}

function boxed(pixels: Uint8Array, width: number, height: number, samples: 1 | 3): Uint8Array<ArrayBuffer> {
  const box = new Uint8Array(THUMBNAIL_SIZE * THUMBNAIL_SIZE * samples)
  const left = (THUMBNAIL_SIZE - width) >> 1
  const top = (THUMBNAIL_SIZE - height) >> 1
  for (let row = 0; row < height; row++) {
    box.set(
      pixels.subarray(row * width * samples, (row + 1) * width * samples),
      ((top + row) * THUMBNAIL_SIZE + left) * samples,
    )
  }
  return encodePng(box, THUMBNAIL_SIZE, THUMBNAIL_SIZE, samples)
}
