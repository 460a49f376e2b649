import { covering, textAreasOf } from '../../../shared/deidentify/textAreas.ts'
import type { ImageText } from '../../../shared/export.ts'
import { isColour, toRGB } from '../../../shared/viewing/colour.ts'
import { toDisplay } from '../../../shared/viewing/grey.ts'
import { storedValues } from '../../../shared/viewing/samples.ts'
import { pictureFrame, type RenderRequest } from './renderFrame.ts'

/** Of one image; pure noise has thousands, and a series of it would be too much to be answered. */
const MOST_AREAS = 1000

/** Where there may be writing in these frames of an object, as they are displayed. Rejects as `pictureFrame`. */
export async function findText(frames: Array<Omit<RenderRequest, 'options'>>): Promise<ImageText> {
  const found: ImageText = { Rows: 1, Columns: 1, areas: [] }
  for (const frame of frames) {
    const { decoded, attributes } = await pictureFrame(frame)
    const { rows, columns } = decoded
    const greys = isColour(decoded)
      ? greysOf(toRGB(decoded, attributes))
      : [toDisplay(storedValues(decoded.samples, attributes).samples, attributes)]
    found.Rows = rows
    found.Columns = columns
    found.areas.push(...greys.flatMap(grey => textAreasOf(grey, columns, rows)))
  }
  return found.areas.length > MOST_AREAS ? { ...found, areas: [covering(found.areas)] } : found
}

/** Red or blue on black is dark by its luma, and white on a colour hardly lighter by its brightest part. */
function greysOf(rgb: ArrayLike<number>): Uint8Array[] {
  const [luma, brightest] = [new Uint8Array(rgb.length / 3), new Uint8Array(rgb.length / 3)]
  for (let at = 0; at < luma.length; at++) {
    const [red = 0, green = 0, blue = 0] = [rgb[at * 3], rgb[at * 3 + 1], rgb[at * 3 + 2]]
    luma[at] = 0.299 * red + 0.587 * green + 0.114 * blue
    brightest[at] = Math.max(red, green, blue)
  }
  return [luma, brightest]
}
