import { decodeBase64 } from '../base64.ts'
import type { ImageAttributes, LookupTable } from './image.ts'

type StoredPixels =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

export interface GreyPipeline {
  /** One byte of grey (0 black, 255 white) per stored value; the input is not changed. */
  toDisplay(stored: StoredPixels): Uint8Array<ArrayBuffer>
}

export interface Window {
  center: number
  width: number
}

/**
 * Stored values to display values (PS3.3 C.11.1 and C.11.2): modality LUT or rescale, then VOI LUT or window (LINEAR,
 * LINEAR_EXACT, SIGMOID), inverted for MONOCHROME1. `window` stands in for the image's own VOI; without either the values'
 * own range is used.
 */
export function greyPipeline(attributes: ImageAttributes, window?: Window): GreyPipeline {
  const modality = modalityTransform(attributes)
  const inverted = attributes.PhotometricInterpretation === 'MONOCHROME1'
  return {
    toDisplay(stored) {
      const modalityValues = Float64Array.from(stored, modality)
      const voi = voiTransform(attributes, window, modalityValues)
      const display = new Uint8Array(stored.length)
      for (let i = 0; i < display.length; i++) {
        const grey = Math.round(voi(modalityValues[i] ?? 0))
        display[i] = inverted ? 255 - grey : grey
      }
      return display
    },
  }
}

/** The first window the image brings, else the full range of its modality values from `min` to `max`. */
export function defaultWindow(attributes: ImageAttributes, min: number, max: number): Window {
  const center = attributes.WindowCenter?.[0]
  const width = attributes.WindowWidth?.[0]
  const exact = attributes.VOILUTFunction === 'LINEAR_EXACT' || attributes.VOILUTFunction === 'SIGMOID'
  // C.11.2.1.2: a LINEAR width is at least 1, the others' above 0.
  if (center !== undefined && width !== undefined && (exact ? width > 0 : width >= 1)) return { center, width }
  // C.11.2.1.2.1: LINEAR shows c - 0.5 - (w-1)/2 as black and c - 0.5 + (w-1)/2 as white.
  if (exact) return { center: (min + max) / 2, width: Math.max(max - min, Number.EPSILON) }
  return { center: (min + max + 1) / 2, width: Math.max(max - min + 1, 1) }
}

function modalityTransform({
  ModalityLUT,
  RescaleSlope = 1,
  RescaleIntercept = 0,
}: ImageAttributes): (value: number) => number {
  if (ModalityLUT) return lookup(ModalityLUT)
  return value => value * RescaleSlope + RescaleIntercept
}

/** C.11.1.1: values before the first entry get the first, beyond the last the last. */
function lookup(table: LookupTable): (value: number) => number {
  const bytes = decodeBase64(table.data)
  const view = new DataView(bytes.buffer)
  const last = Math.min(table.entries, bytes.length >> 1) - 1
  return value => view.getUint16(Math.min(Math.max(Math.round(value) - table.first, 0), last) * 2, true)
}

function voiTransform(
  attributes: ImageAttributes,
  chosen: Window | undefined,
  values: Float64Array,
): (value: number) => number {
  const table = attributes.VOILUT?.[0]
  // C.11.2.1: where both are there either may be applied; the table is what the device itself shows.
  if (table && !chosen) {
    const value = lookup(table)
    const white = 2 ** table.bits - 1
    return input => Math.min((value(input) / white) * 255, 255)
  }
  const { center: c, width: w } = chosen ?? ownWindow(attributes, values)
  switch (attributes.VOILUTFunction) {
    case 'SIGMOID':
      return x => 255 / (1 + Math.exp((-4 * (x - c)) / w))
    case 'LINEAR_EXACT':
      return x => (x <= c - w / 2 ? 0 : x > c + w / 2 ? 255 : ((x - c) / w + 0.5) * 255)
    default:
      return x => {
        if (x <= c - 0.5 - (w - 1) / 2) return 0
        if (x > c - 0.5 + (w - 1) / 2) return 255
        return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
      }
  }
}

function ownWindow(attributes: ImageAttributes, values: Float64Array): Window {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return values.length > 0 ? defaultWindow(attributes, min, max) : { center: 0.5, width: 1 }
}
