import type { ImageAttributes } from '../../shared/viewing/image.ts'

/**
 * Row and column spacing in mm, or the aspect alone: the picture's shape. Not for measuring, for which Imager Pixel Spacing is at
 * the detector (PS3.3 10.7.1.3).
 */
export function spacingOf(attributes: ImageAttributes): [row: number, column: number] {
  const { PixelSpacing, ImagerPixelSpacing, NominalScannedPixelSpacing, PixelAspectRatio } = attributes
  for (const values of [PixelSpacing, ImagerPixelSpacing, NominalScannedPixelSpacing, PixelAspectRatio]) {
    const [row = 0, column = row] = values ?? []
    if (row > 0 && column > 0) return [row, column]
  }
  return [1, 1]
}
