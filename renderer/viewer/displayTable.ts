import { BLACK, type DisplayTable } from './paint.ts'
import type { VoiRange } from './windows.ts'

/** Entries enough that neighbours differ by less than a grey level even where the values are few and interpolated between. */
const ENTRIES = 4096

/**
 * Pixel values to display words: slope and intercept, then the window (PS3.3 C.11.2.1.2, C.11.2.1.3), inverted where the
 * image or the reader says so. Covers the image's own values, `min` to `max`.
 */
export function displayTable(look: {
  min: number
  max: number
  slope: number
  intercept: number
  range: VoiRange
  inverted: boolean
  VOILUTFunction?: string | undefined
}): DisplayTable {
  const { min, max, slope, intercept, range, inverted, VOILUTFunction } = look
  const steps = max - min < ENTRIES ? Math.max(1, Math.floor(ENTRIES / (max - min + 1))) : 1
  const words = new Uint32Array(Math.round((max - min) * steps) + 1)
  const grey = greyFunction(range, VOILUTFunction)
  for (let i = 0; i < words.length; i++) {
    const level = Math.round(grey((min + i / steps) * slope + intercept))
    words[i] = BLACK | ((inverted ? 255 - level : level) * 0x010101)
  }
  return { words, first: min, steps }
}

/** Modality value to 0…255. */
function greyFunction({ lower, upper }: VoiRange, VOILUTFunction = 'LINEAR'): (value: number) => number {
  if (VOILUTFunction === 'SIGMOID') {
    const [centre, width] = [(lower + upper) / 2, Math.max(upper - lower, Number.EPSILON)]
    return value => 255 / (1 + Math.exp((-4 * (value - centre)) / width))
  }
  return value => (value <= lower ? 0 : value > upper ? 255 : ((value - lower) / (upper - lower)) * 255)
}
