import { TS } from '../dicom/uids.ts'

const JPEG = new Set<string>([
  TS.JPEGBaseline8Bit,
  TS.JPEGExtended12Bit,
  TS.JPEGSpectralSelectionNonHierarchical68,
  TS.JPEGFullProgressionNonHierarchical1012,
  TS.JPEGLossless,
  TS.JPEGLosslessSV1,
])

export interface StartOfFrame {
  /** The marker's second byte, 0xC0 to 0xCF. */
  marker: number
  lossless: boolean
  precision: number
  rows: number
  columns: number
  components: Array<{ id: number; across: number; down: number; table: number }>
  /** A JFIF or a whole Adobe segment stands before it. */
  marked: boolean
}

/** The frame header of a JPEG codestream (ITU-T T.81 B.2.2); undefined when there is none. */
export function startOfFrame(bytes: Uint8Array): StartOfFrame | undefined {
  let at = 2
  let marked = false
  while (at + 10 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!
    // A shorter Adobe segment has no transform flag: decoders pass over it.
    if (marker === 0xe0 || (marker === 0xee && length >= 14)) marked = true
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const count = Math.min(bytes[at + 9]!, 4)
      const components = Array.from({ length: count }, (_, i) => {
        const [id = 0, sampling = 0x11, table = 0] = bytes.subarray(at + 10 + 3 * i)
        return { id, across: sampling >> 4, down: sampling & 15, table }
      })
      return {
        marker,
        lossless: marker === 0xc3,
        precision: bytes[at + 4]!,
        rows: bytes[at + 5]! * 256 + bytes[at + 6]!,
        columns: bytes[at + 7]! * 256 + bytes[at + 8]!,
        components,
        marked,
      }
    }
    if (marker === 0xda) return undefined
    at += 2 + length
  }
  return undefined
}

/**
 * The JPEG process a frame really uses: lossless JPEG travels under DCT syntaxes and the reverse, and the frame header
 * decides; undefined for syntaxes that are no JPEG. `dct12`: more than 8 bits, lossy.
 */
export function jpegProcess(bytes: Uint8Array, TransferSyntaxUID: string): 'lossless' | 'dct8' | 'dct12' | undefined {
  if (!JPEG.has(TransferSyntaxUID)) return undefined
  const frame = startOfFrame(bytes)
  if (frame === undefined) return TransferSyntaxUID === TS.JPEGBaseline8Bit ? 'dct8' : 'lossless'
  return frame.lossless ? 'lossless' : frame.precision > 8 ? 'dct12' : 'dct8'
}

const ADOBE_RGB = Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0)

/**
 * A DCT stream of three unsubsampled components that carries neither a JFIF nor an Adobe segment: decoders take it for
 * YCbCr, DICOM's Photometric Interpretation RGB decides otherwise (PS3.5 8.2.1), and an Adobe segment says so to them.
 * Anything else is given back as it is; halved chroma cannot be RGB whatever the header claims.
 */
export function markRGB(bytes: Uint8Array, PhotometricInterpretation: string): Uint8Array {
  if (PhotometricInterpretation !== 'RGB') return bytes
  const frame = startOfFrame(bytes)
  const whole = frame?.components.every(({ across, down }) => across === 1 && down === 1)
  if (frame === undefined || frame.marked || frame.components.length !== 3 || !whole) return bytes
  const marked = new Uint8Array(bytes.length + ADOBE_RGB.length)
  marked.set(bytes.subarray(0, 2))
  marked.set(ADOBE_RGB, 2)
  marked.set(bytes.subarray(2), 2 + ADOBE_RGB.length)
  return marked
}
