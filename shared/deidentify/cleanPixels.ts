import type { DataSet } from '../dicom/reader.ts'
import { IsocenterError } from '../errors.ts'
import type { DeidentifyOptions } from './options.ts'

/** In pixels; right and bottom are the first column and row outside. */
interface Area {
  left: number
  top: number
  right: number
  bottom: number
}

/** What of every frame is made black: these areas, and where `kept` is given all that lies in none of it. */
export interface Cleaning {
  black: Area[]
  kept: Area[] | undefined
  /** A person has drawn an area for images of this series and size, or has seen one that was proposed. */
  byPerson: boolean
}

/** Of a region of ultrasound: its place in the image (PS3.3 §C.8.5.5.1), both ends within it. */
const CORNERS = ['RegionLocationMinX0', 'RegionLocationMinY0', 'RegionLocationMaxX1', 'RegionLocationMaxY1'] as const

/**
 * What is to be made black of an image; undefined where nothing is known of it and nobody has drawn anything. Known is one thing: an ultrasound
 * image says where its regions are, and what is written about them lies outside.
 */
export function cleaningOf(
  dataSet: DataSet,
  wish: NonNullable<DeidentifyOptions['cleanPixels']>,
): Cleaning | undefined {
  const Rows = dataSet.number('Rows') ?? 0
  const Columns = dataSet.number('Columns') ?? 0
  if (Rows === 0 || Columns === 0 || !dataSet.has('PixelData')) return undefined
  const series = dataSet.string('SeriesInstanceUID')
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value))
  const black = wish.areas
    // Of another size it is another picture, with its text elsewhere: nobody has looked at that one.
    .filter(one => one.SeriesInstanceUID === series && one.Rows === Rows && one.Columns === Columns)
    .map(({ left, top, width, height, unseen }) => ({
      unseen,
      left: clamp(Math.floor((left / 100) * Columns), Columns),
      top: clamp(Math.floor((top / 100) * Rows), Rows),
      right: clamp(Math.ceil(((left + width) / 100) * Columns), Columns),
      bottom: clamp(Math.ceil(((top + height) / 100) * Rows), Rows),
    }))
    .filter(({ left, top, right, bottom }) => left < right && top < bottom)
  const kept = wish.outsideRegions ? regionsOf(dataSet, Rows, Columns) : []
  if (black.length === 0 && kept.length === 0) return undefined
  return { black, kept: kept.length > 0 ? kept : undefined, byPerson: black.some(({ unseen }) => !unseen) }
}

/** [] where it has none, or one that cannot be: then nothing is known. */
function regionsOf(dataSet: DataSet, Rows: number, Columns: number): Area[] {
  const areas: Area[] = []
  for (const region of dataSet.items('SequenceOfUltrasoundRegions')) {
    const [left, top, right, bottom] = CORNERS.map(key => region.number(key))
    if (left === undefined || top === undefined || right === undefined || bottom === undefined) return []
    if (left < 0 || top < 0 || left > right || top > bottom || right >= Columns || bottom >= Rows) return []
    areas.push({ left, top, right: right + 1, bottom: bottom + 1 })
  }
  return areas
}

/**
 * Makes the areas black in native little endian pixels, in place; of every frame the same. Black is the darkest level of the frame, or no
 * light. False: there was nothing to make black, for the regions that are kept are all of the image. Throws 'unsupported-pixels' for other than 8 or 16 bits and what shares its colour between pixels.
 */
export function blacken(dataSet: DataSet, pixels: Uint8Array, cleaning: Cleaning): boolean {
  const number = (key: string, or: number) => dataSet.number(key) ?? or
  const [Rows, Columns] = [number('Rows', 0), number('Columns', 0)]
  const [samples, bits] = [number('SamplesPerPixel', 1), number('BitsAllocated', 16)]
  const photometric = dataSet.string('PhotometricInterpretation')
  const bytesPerSample = bits / 8
  if ((bits !== 8 && bits !== 16) || photometric.includes('42') || (samples !== 1 && samples !== 3)) {
    throw new IsocenterError('unsupported-pixels', `${bits} bits, ${photometric}: no area of it can be made black`)
  }
  const frames = Math.max(1, number('NumberOfFrames', 1))
  const size = Rows * Columns * samples * bytesPerSample
  if (size * frames > pixels.length) throw new IsocenterError('malformed', 'the pixel data is cut short')
  const planar = samples > 1 && number('PlanarConfiguration', 0) === 1
  const step = planar || samples === 1 ? bytesPerSample : samples * bytesPerSample
  const masked = maskOf(Rows, Columns, cleaning)
  if (!masked.includes(1)) return false
  for (let frame = 0; frame < frames; frame++) {
    const own = pixels.subarray(frame * size, (frame + 1) * size)
    for (let sample = 0; sample < samples; sample++) {
      const from = planar ? sample * Rows * Columns * bytesPerSample : sample * bytesPerSample
      const level = samples === 1 ? darkest(own, dataSet, photometric) : colourBlack(photometric, sample)
      for (let at = 0; at < masked.length; at++) {
        if (masked[at] === 0) continue
        own[from + at * step] = level & 0xff
        if (bytesPerSample === 2) own[from + at * step + 1] = (level >> 8) & 0xff
      }
    }
  }
  return true
}

/** A byte for each pixel, row by row: 1 = black. */
function maskOf(Rows: number, Columns: number, { black, kept }: Cleaning): Uint8Array {
  const mask = new Uint8Array(Rows * Columns).fill(kept ? 1 : 0)
  const fill = ({ left, top, right, bottom }: Area, value: number) => {
    for (let row = top; row < bottom; row++) mask.fill(value, row * Columns + left, row * Columns + right)
  }
  for (const area of kept ?? []) fill(area, 0)
  for (const area of black) fill(area, 1)
  return mask
}

/** The stored value of the frame that is shown darkest, the bits above those stored left out. */
function darkest(frame: Uint8Array, dataSet: DataSet, photometric: string): number {
  // An index into a table says nothing of light; the first will do, for all are the same then.
  if (photometric === 'PALETTE COLOR') return 0
  const stored = dataSet.number('BitsStored') ?? dataSet.number('BitsAllocated') ?? 16
  const signed = dataSet.number('PixelRepresentation') === 1
  const wide = (dataSet.number('BitsAllocated') ?? 16) === 16
  const inverse = photometric === 'MONOCHROME1'
  const half = 2 ** (stored - 1)
  let found: number | undefined
  for (let at = 0; at + (wide ? 1 : 0) < frame.length; at += wide ? 2 : 1) {
    const raw = ((frame[at] ?? 0) | (wide ? (frame[at + 1] ?? 0) << 8 : 0)) & (2 ** stored - 1)
    const value = signed && raw >= half ? raw - 2 * half : raw
    if (found === undefined || (inverse ? value > found : value < found)) found = value
  }
  return found ?? 0
}

/** YBR: no luminance, and chrominance in its middle (PS3.3 §C.7.6.3.1.2). */
function colourBlack(photometric: string, sample: number): number {
  return photometric.startsWith('YBR') && sample > 0 ? 128 : 0
}
