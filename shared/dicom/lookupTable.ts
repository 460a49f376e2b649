import { encodeBase64 } from '../base64.ts'
import type { LookupTable } from '../viewing/image.ts'
import { viewOf } from './elements.ts'
import type { DataSet } from './reader.ts'

/** PS3.3 C.11.1.1.1: 0 stands for 2^16, and no table is longer. */
const MAX_ENTRIES = 65_536

/** Descriptor and data of a Modality or VOI LUT item, or of one palette colour; undefined when they make no table. */
export function readLookupTable(dataSet: DataSet, descriptorKey: string, dataKey: string): LookupTable | undefined {
  const descriptor = words(dataSet, descriptorKey)
  const [count, first, bits] = descriptor
  if (count === undefined || first === undefined || bits === undefined) return undefined
  const entries = count === 0 ? MAX_ENTRIES : count
  const values = tableValues(dataSet, dataKey, entries)
  if (values.length === 0) return undefined
  return pack(values, firstInput(dataSet, descriptorKey, first, entries), bits)
}

/** PS3.3 C.7.9: all three colours, plain or segmented; undefined when one is missing. */
export function readPalette(dataSet: DataSet): { red: LookupTable; green: LookupTable; blue: LookupTable } | undefined {
  const [red, green, blue] = ['Red', 'Green', 'Blue'].map(
    colour =>
      readLookupTable(dataSet, `${colour}PaletteColorLookupTableDescriptor`, `${colour}PaletteColorLookupTableData`) ??
      readSegmented(dataSet, colour),
  )
  return red && green && blue ? { red, green, blue } : undefined
}

/**
 * The descriptor's second word. Unsigned pixels have signed inputs too where the rescale gives negative values (PS3.3
 * C.11.2.1.1): the VR says so, and without a VR a table that would begin below 2^16 and end above it does.
 */
function firstInput(dataSet: DataSet, key: string, first: number, entries: number): number {
  const signed = dataSet.signedPixels || dataSet.vr(key) === 'SS' || first + entries > 0x1_0000
  return signed && first > 0x7fff ? first - 0x1_0000 : first
}

function pack(values: Uint16Array, first: number, declaredBits: number): LookupTable {
  const data = new Uint8Array(values.length * 2)
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value > largest) largest = value
    data[2 * i] = value
    data[2 * i + 1] = value >>> 8
  }
  // Descriptors that say 8 bits over 16-bit values are common; the values are right.
  const bits = declaredBits >= 1 && declaredBits <= 16 && largest < 1 << declaredBits ? declaredBits : 16
  return { entries: values.length, first, bits, data: encodeBase64(data) }
}

/** The raw 16-bit words of US, SS and OW values alike. */
function words(dataSet: DataSet, key: string): Uint16Array {
  const bytes = dataSet.bytes(key) ?? new Uint8Array()
  const { littleEndian } = dataSet.encoding
  const view = viewOf(bytes)
  const words = new Uint16Array(Math.min(bytes.length >> 1, MAX_ENTRIES * 2))
  for (let i = 0; i < words.length; i++) words[i] = view.getUint16(i * 2, littleEndian)
  return words
}

function tableValues(dataSet: DataSet, key: string, entries: number): Uint16Array {
  const length = dataSet.bytes(key)?.length ?? 0
  // 8-bit tables are packed two entries a word (PS3.3 C.7.6.3.1.6); the length tells, whatever the descriptor says.
  if (length >= entries && length < entries * 2) {
    const packed = words(dataSet, key)
    return Uint16Array.from({ length: entries }, (_, i) => ((packed[i >> 1] ?? 0) >>> (8 * (i & 1))) & 0xff)
  }
  return words(dataSet, key).subarray(0, entries)
}

/** PS3.3 C.7.9.2: discrete (0), linear (1) and indirect (2) segments; bounded by the entries the descriptor declares. */
function readSegmented(dataSet: DataSet, colour: string): LookupTable | undefined {
  const [count, first, bits] = words(dataSet, `${colour}PaletteColorLookupTableDescriptor`)
  const code = words(dataSet, `Segmented${colour}PaletteColorLookupTableData`)
  if (count === undefined || first === undefined || bits === undefined || code.length < 2) return undefined
  const entries = count === 0 ? MAX_ENTRIES : count
  const expansion: Expansion = { code, out: [], limit: entries, segmentsLeft: MAX_ENTRIES }
  expandSegments(expansion, 0, MAX_ENTRIES, true)
  if (expansion.out.length === 0) return undefined
  const key = `${colour}PaletteColorLookupTableDescriptor`
  return pack(Uint16Array.from(expansion.out), firstInput(dataSet, key, first, entries), bits)
}

interface Expansion {
  code: Uint16Array
  out: number[]
  limit: number
  /** Empty segments add nothing to `out`, so they are counted too. */
  segmentsLeft: number
}

function expandSegments(expansion: Expansion, from: number, segments: number, outer: boolean): void {
  const { code, out, limit } = expansion
  let at = from
  for (let done = 0; done < segments && at + 1 < code.length && out.length < limit; done++) {
    if (expansion.segmentsLeft-- <= 0) return
    const kind = code[at] ?? 0
    const length = code[at + 1] ?? 0
    if (kind === 0) {
      for (let i = 0; i < length && out.length < limit; i++) out.push(code[at + 2 + i] ?? 0)
      at += 2 + length
    } else if (kind === 1) {
      const start = out[out.length - 1] ?? 0
      const end = code[at + 2] ?? 0
      for (let i = 1; i <= length && out.length < limit; i++) out.push(Math.round(start + ((end - start) * i) / length))
      at += 3
    } else if (kind === 2 && outer) {
      const target = (code[at + 2] ?? 0) + (code[at + 3] ?? 0) * 0x1_0000
      // The offset is in bytes; an indirect segment may not point at another one, so this goes one level deep.
      expandSegments(expansion, target >> 1, length, false)
      at += 4
    } else return
  }
}
