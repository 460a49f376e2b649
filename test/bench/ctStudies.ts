import { ctTorso } from '../../electron/station/work/samples/ctTorso.ts'
import type { SampleObject } from '../../electron/station/work/samples/synthetic.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { DataSet } from '../../shared/dicom/reader.ts'

const MATRIX = 512
/** Numbered marks are painted as eight squares along the top edge: bit set = bright. */
const MARK_PIXELS = 48
const BRIGHT = 4000

export interface BenchImage extends SampleObject {
  StudyInstanceUID: string
  SeriesInstanceUID: string
  /** Stored values, row by row, as the data set has them. */
  pixels: Uint16Array
}

/** Built once: painting a slice costs more than everything the benchmarks do with it. */
export function buildSlices(slices: number): BenchImage[] {
  return [...ctTorso({ slices, matrix: MATRIX, variant: 'bench' })].map(object => withPixels(object))
}

function withPixels(object: SampleObject): BenchImage {
  const header = DataSet.read(object.dataSet, encodingOf(object.TransferSyntaxUID), { stopAt: 0x7fe00010 })
  const offset = header.span('PixelData')?.valueOffset ?? 0
  // A copy: typed arrays want an even offset.
  const pixels = new Uint16Array(object.dataSet.slice(offset, offset + MATRIX * MATRIX * 2).buffer)
  return {
    ...object,
    StudyInstanceUID: header.string('StudyInstanceUID'),
    SeriesInstanceUID: header.string('SeriesInstanceUID'),
    pixels,
  }
}

/**
 * The same slices as another study (or, with `series`, another series of it): UIDs changed in place, digit for digit, and
 * the number painted into every slice, so that no image of one study can be taken for that of another.
 */
export function renumbered(slices: BenchImage[], study: number, series = 0): BenchImage[] {
  return slices.map(slice => {
    const dataSet = Buffer.from(slice.dataSet)
    const StudyInstanceUID = renumber(slice.StudyInstanceUID, study)
    const SeriesInstanceUID = renumber(slice.SeriesInstanceUID, study, series)
    const SOPInstanceUID = renumber(slice.SOPInstanceUID, study, series)
    for (const [from, to] of [
      [slice.StudyInstanceUID, StudyInstanceUID],
      [slice.SeriesInstanceUID, SeriesInstanceUID],
      [slice.SOPInstanceUID, SOPInstanceUID],
    ] as const) {
      const at = dataSet.indexOf(from, 0, 'latin1')
      dataSet.write(to, at, 'latin1')
    }
    const pixels = Uint16Array.from(slice.pixels)
    const mark = (study * 16 + series) & 0xff
    for (let bit = 0; bit < 8; bit++) {
      if (((mark >> bit) & 1) === 0) continue
      for (let row = 8; row < 8 + MARK_PIXELS; row++) {
        pixels.fill(BRIGHT, row * MATRIX + bit * 64 + 8, row * MATRIX + bit * 64 + 8 + MARK_PIXELS)
      }
    }
    const offset = dataSet.length - MATRIX * MATRIX * 2
    dataSet.set(new Uint8Array(pixels.buffer), offset)
    return { ...slice, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, dataSet, pixels }
  })
}

/** Each slice's number (1, 2, …, ten bits) painted along its lower edge, for what a screen shows to be counted. */
export function numbered(slices: BenchImage[]): BenchImage[] {
  return slices.map((slice, index) => {
    const pixels = Uint16Array.from(slice.pixels)
    for (let bit = 0; bit < 10; bit++) {
      const value = ((index + 1) >> bit) & 1 ? BRIGHT : 0
      for (let row = MATRIX - 48; row < MATRIX - 8; row++) {
        pixels.fill(value, row * MATRIX + bit * 50 + 8, row * MATRIX + bit * 50 + 48)
      }
    }
    const dataSet = Buffer.from(slice.dataSet)
    dataSet.set(new Uint8Array(pixels.buffer), dataSet.length - MATRIX * MATRIX * 2)
    return { ...slice, dataSet, pixels }
  })
}

/** '2.25.<digits>' with its first four digits replaced: the length, and so every offset, stays. */
function renumber(uid: string, study: number, series = 0): string {
  return `2.25.${1000 + study * 16 + series}${uid.slice(9)}`
}
