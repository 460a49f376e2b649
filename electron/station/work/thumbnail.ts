import { decodeBase64 } from '../../../shared/base64.ts'
import { greyPipeline } from '../../../shared/viewing/grey.ts'
import type { ImageAttributes, LookupTable } from '../../../shared/viewing/image.ts'
import type { DecodedFrame, SampleValues } from './decode/decodeFrame.ts'
import { encodePng } from './png.ts'

/** Width and height of every thumbnail, pixels; the image stands centred on black. */
export const THUMBNAIL_SIZE = 128

/** A PNG of `THUMBNAIL_SIZE` squared: greys through the image's own modality and VOI transforms, colours as RGB, true proportions. */
export function makeThumbnail(frame: DecodedFrame, attributes: ImageAttributes): Uint8Array<ArrayBuffer> {
  const { rows, columns } = frame
  const [down, across] = pixelShape(attributes)
  const scale = THUMBNAIL_SIZE / Math.max(rows * down, columns * across)
  const height = clampSize(rows * down * scale)
  const width = clampSize(columns * across * scale)
  const colour = toRGB(frame, attributes)
  if (colour) {
    const small = shrink(colour, columns, rows, 3, width, height)
    return boxed(Uint8Array.from(small, Math.round), width, height, 3)
  }
  // Window after averaging: a pixel of the small image is grey as one of a coarser detector would be.
  const first = frame.samples === 1 ? frame.values : frame.values.filter((_, i) => i % frame.samples === 0)
  const small = shrink(first, columns, rows, 1, width, height)
  return boxed(greyPipeline(attributes).toDisplay(small), width, height, 1)
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

/** Interleaved 8-bit RGB of a colour frame; undefined for greys. */
function toRGB(frame: DecodedFrame, { PaletteColorLookupTable, BitsStored }: ImageAttributes): Uint8Array | undefined {
  const { PhotometricInterpretation: photometric, samples, values } = frame
  if (samples === 1) {
    return photometric === 'PALETTE COLOR' && PaletteColorLookupTable
      ? throughPalette(values, PaletteColorLookupTable)
      : undefined
  }
  if (samples < 3) return undefined
  const shift = values.BYTES_PER_ELEMENT > 1 ? Math.max(0, (BitsStored ?? 16) - 8) : 0
  const pixels = Math.floor(values.length / samples)
  const rgb = new Uint8Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let sample = 0; sample < 3; sample++) rgb[pixel * 3 + sample] = values[pixel * samples + sample]! >> shift
  }
  if (photometric.startsWith('YBR')) fromYBR(rgb, photometric.includes('PARTIAL'))
  return rgb
}

/** PS3.3 C.7.6.3.1.2: YBR_FULL (ITU-R BT.601 over the whole range), or studio range for YBR_PARTIAL; in place. */
function fromYBR(pixels: Uint8Array, partial: boolean): void {
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length)
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const y = partial ? (pixels[i]! - 16) * 1.1644 : pixels[i]!
    const gain = partial ? 1.1384 : 1
    const cb = (pixels[i + 1]! - 128) * gain
    const cr = (pixels[i + 2]! - 128) * gain
    clamped[i] = y + 1.402 * cr
    clamped[i + 1] = y - 0.344136 * cb - 0.714136 * cr
    clamped[i + 2] = y + 1.772 * cb
  }
}

function throughPalette(
  values: SampleValues,
  { red, green, blue }: { red: LookupTable; green: LookupTable; blue: LookupTable },
): Uint8Array {
  const rgb = new Uint8Array(values.length * 3)
  for (const [sample, table] of [red, green, blue].entries()) {
    const bytes = decodeBase64(table.data)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const last = Math.min(table.entries, bytes.length >> 1) - 1
    const shift = table.bits > 8 ? table.bits - 8 : 0
    for (let pixel = 0; pixel < values.length; pixel++) {
      const entry = Math.min(Math.max(values[pixel]! - table.first, 0), last)
      rgb[pixel * 3 + sample] = view.getUint16(entry * 2, true) >> shift
    }
  }
  return rgb
}

/** For each output sample the inputs it covers and how much of each: the area filter in one direction. */
function coverage(from: number, to: number): Array<{ first: number; weights: number[] }> {
  const size = from / to
  return Array.from({ length: to }, (_, index) => {
    const start = index * size
    // Enlarging: the nearest pixel alone, so that small images stay crisp.
    if (size <= 1) return { first: Math.min(from - 1, Math.floor(start + size / 2)), weights: [1] }
    const end = Math.min(from, start + size)
    const first = Math.floor(start)
    const count = Math.min(from, Math.ceil(end - 1e-9)) - first
    const weights = Array.from(
      { length: count },
      (_, i) => (Math.min(end, first + i + 1) - Math.max(start, first + i)) / (end - start),
    )
    return { first, weights }
  })
}

function shrink(
  values: SampleValues,
  columns: number,
  rows: number,
  samples: number,
  width: number,
  height: number,
): Float32Array {
  const across = coverage(columns, width)
  const down = coverage(rows, height)
  const result = new Float32Array(width * height * samples)
  const line = new Float32Array(width * samples)
  for (const [y, { first, weights }] of down.entries()) {
    for (const [i, weight] of weights.entries()) {
      const row = (first + i) * columns
      line.fill(0)
      for (const [x, part] of across.entries()) {
        for (let j = 0; j < part.weights.length; j++) {
          const at = (row + part.first + j) * samples
          for (let sample = 0; sample < samples; sample++)
            line[x * samples + sample]! += values[at + sample]! * part.weights[j]!
        }
      }
      for (let x = 0; x < line.length; x++) result[y * line.length + x]! += line[x]! * weight
    }
  }
  return result
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
