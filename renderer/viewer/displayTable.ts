import { supplementalColours } from '../../shared/viewing/colour.ts'
import { greyTable, opensWithVOILUT } from '../../shared/viewing/grey.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { type PaletteName, paletteColours } from '../../shared/viewing/palettes.ts'
import { BLACK, type DisplayTable } from './paint.ts'
import type { Look, ScreenFrame } from './screen.ts'
import { rangeToWindow, type VoiRange } from './windows.ts'

/** Entries enough that neighbours differ by less than a grey level even where the values are few and interpolated between. */
const ENTRIES = 4096
/** Of a table whose values are not counted one by one: floats, and integers of 32 bits. */
const MOST_ENTRIES = 65_536

/**
 * Pixel values to display words by the one grey chain (shared/viewing/grey.ts). Covers the image's own values, `min` to `max`;
 * of values too many to count, those the window tells apart.
 */
export function displayTable(look: {
  min: number
  max: number
  /** The pixels are integers of at most 16 bits. */
  counted: boolean
  slope: number
  intercept: number
  attributes: ImageAttributes
  range: VoiRange
  /** Nobody has chosen a window: a VOI LUT may stand in its place. */
  asStored: boolean
  /** By the reader, after the image's own inversion. */
  inverted: boolean
  /** After all that. */
  palette?: PaletteName
}): DisplayTable {
  const { counted, slope, intercept, attributes, range, asStored } = look
  const window = asStored && opensWithVOILUT(attributes) ? undefined : rangeToWindow(range, attributes.VOILUTFunction)
  const { min, max } = counted || window === undefined ? look : windowed(look)
  const span = max - min
  const steps = counted
    ? span < ENTRIES
      ? Math.max(1, Math.floor(ENTRIES / (span + 1)))
      : 1
    : (MOST_ENTRIES - 1) / Math.max(span, Number.MIN_VALUE * MOST_ENTRIES)
  const greys = greyTable({ attributes, window, min, max, slope, intercept, steps, invert: look.inverted })
  const words = new Uint32Array(greys.length)
  const { palette = 'grey' } = look
  if (palette === 'grey') for (let i = 0; i < words.length; i++) words[i] = BLACK | (greys[i]! * 0x010101)
  else paintPalette(words, greys, paletteColours(palette))
  paintSupplemental(words, look, min, steps)
  return { words, first: min, steps }
}

/** A screen's table, made anew when anything it depends on has changed. */
export class TableOfImage {
  #key: unknown[] = []
  #table: DisplayTable | undefined

  of({ image, attributes }: Pick<ScreenFrame, 'image' | 'attributes'>, look: Look): DisplayTable {
    const { minPixelValue: min, maxPixelValue: max, slope, intercept } = image
    const { range, asStored, inverted, palette } = look
    const { VOILUTFunction, PhotometricInterpretation, PixelPaddingValue, PixelPaddingRangeLimit } = attributes
    // The manifest's tables are objects that all images of a series share.
    const { VOILUT, PaletteColorLookupTable, ModalityLUT, ICCProfile } = attributes
    const tables = [VOILUT, PaletteColorLookupTable, ModalityLUT, ICCProfile]
    const ofImage = [VOILUTFunction, PhotometricInterpretation, PixelPaddingValue, PixelPaddingRangeLimit, ...tables]
    const key = [min, max, slope, intercept, range.lower, range.upper, asStored, inverted, palette, ...ofImage]
    if (this.#table === undefined || key.some((part, i) => part !== this.#key[i])) {
      const counted = /^(Ui|I)nt(8|16)/.test(image.dataType ?? '')
      this.#key = key
      this.#table = displayTable({
        attributes,
        min,
        max,
        counted,
        slope,
        intercept,
        range,
        asStored,
        inverted,
        palette,
      })
    }
    return this.#table
  }
}

/** The values between black and white, as pixels have them; a sigmoid's go on on both sides (0.005 of a level is left at 5 widths). */
function windowed(look: Parameters<typeof displayTable>[0]): { min: number; max: number } {
  const { range, slope, intercept, attributes } = look
  const beyond = attributes.VOILUTFunction === 'SIGMOID' ? 2.5 * (range.upper - range.lower) : 0
  const ends = [(range.lower - beyond - intercept) / slope, (range.upper + beyond - intercept) / slope]
  const min = Math.max(look.min, Math.min(...ends))
  const max = Math.min(look.max, Math.max(...ends))
  return min < max ? { min, max } : { min: look.min, max: look.max }
}

function paintPalette(words: Uint32Array, greys: ArrayLike<number>, colours: Uint8Array): void {
  for (let i = 0; i < words.length; i++) {
    const at = 3 * greys[i]!
    words[i] = BLACK | (colours[at + 2]! << 16) | (colours[at + 1]! << 8) | colours[at]!
  }
}

/** Colours in place of greys where a Supplemental Palette has them; it is indexed by stored values, which counted pixels are. */
function paintSupplemental(
  words: Uint32Array,
  { counted, attributes }: { counted: boolean; attributes: ImageAttributes },
  min: number,
  steps: number,
): void {
  const palette = counted ? supplementalColours(attributes) : undefined
  if (palette === undefined) return
  const { first, colours } = palette
  for (let i = Math.max(0, (first - min) * steps); i < words.length; i++) {
    const at = Math.min(Math.round(min + i / steps) - first, colours.length / 3 - 1) * 3
    words[i] = BLACK | (colours[at + 2]! << 16) | (colours[at + 1]! << 8) | colours[at]!
  }
}
