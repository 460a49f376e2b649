import { lookupTag, tagOf } from './dictionary.ts'
import { hasLongLength, viewOf } from './elements.ts'
import type { Encoding } from './encoding.ts'

type Scalar = string | number
type NewValue = Scalar | Scalar[] | Uint8Array | Uint16Array | Int16Array | NewDataSet[]

/** By keyword, or by tag as 8 hexadecimal digits; the VR is the dictionary's unless given. */
export interface NewDataSet {
  [key: string]: NewValue | { vr: string; value: NewValue }
}

interface NewElement {
  tag: number
  vr: string
  value: NewValue
}

const UNDEFINED = 0xffffffff
const ITEM = 0xfffee000
const SEQUENCE_DELIMITATION = 0xfffee0dd
const PIXEL_DATA = 0x7fe00010

const CHARSET_VRS = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT'])
const TEXT_VRS = new Set([...CHARSET_VRS, 'AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR'])
const NUMBER_BYTES: Record<string, number> = { US: 2, SS: 2, OW: 2, UL: 4, SL: 4, FL: 4, OF: 4, AT: 4, FD: 8, OD: 8 }

/**
 * Bytes of a new data set, without File Meta: elements sorted by tag, values padded to even length, sequences of undefined
 * length. Text is UTF-8, and says so when it is not ASCII; bytes given for a text element are written as they are. Bytes from
 * `encapsulate` for PixelData are written with undefined length. For objects of our own; received ones are never re-written.
 */
export function writeDataSet(values: NewDataSet, encoding: Encoding): Uint8Array<ArrayBuffer> {
  const utf8 = values.SpecificCharacterSet === undefined && hasWideText(values)
  const chunks: Uint8Array[] = []
  writeElements(utf8 ? { ...values, SpecificCharacterSet: 'ISO_IR 192' } : values, encoding, chunks)
  return concat(chunks)
}

/**
 * A PixelData value of fragments (PS3.5 §A.4): an item for the Basic Offset Table (empty unless `bot`), one for each fragment
 * of each frame, and the delimiter.
 */
export function encapsulate(frames: Uint8Array[][], { bot }: { bot: boolean }): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = []
  const offsets: number[] = []
  let at = 0
  for (const fragments of frames) {
    offsets.push(at)
    for (const fragment of fragments) {
      const padded = pad(fragment, 0)
      chunks.push(itemHeader(ITEM, padded.length, true), padded)
      at += 8 + padded.length
    }
  }
  const table = new Uint8Array(bot ? offsets.length * 4 : 0)
  if (bot) for (const [i, offset] of offsets.entries()) viewOf(table).setUint32(i * 4, offset, true)
  return concat([itemHeader(ITEM, table.length, true), table, ...chunks, itemHeader(SEQUENCE_DELIMITATION, 0, true)])
}

function hasWideText(values: NewDataSet): boolean {
  return Object.values(values).some(entry => {
    const value = plainValue(entry)
    if (typeof value === 'string') return !isAscii(value)
    if (!Array.isArray(value)) return false
    return value.some(each =>
      typeof each === 'string' ? !isAscii(each) : typeof each === 'object' && hasWideText(each),
    )
  })
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function plainValue(entry: NewDataSet[string]): NewValue {
  return isExplicit(entry) ? entry.value : entry
}

function isExplicit(entry: NewDataSet[string]): entry is { vr: string; value: NewValue } {
  return typeof entry === 'object' && !Array.isArray(entry) && !ArrayBuffer.isView(entry)
}

function toElement(key: string, entry: NewDataSet[string]): NewElement {
  const tag = tagOf(key) ?? (/^[0-9A-Fa-f]{8}$/.test(key) ? Number.parseInt(key, 16) : undefined)
  if (tag === undefined) throw new TypeError(`${key} is neither a keyword of PS3.6 nor a tag`)
  if (isExplicit(entry)) return { tag, vr: entry.vr, value: entry.value }
  return { tag, vr: lookupTag(tag)?.vr ?? 'UN', value: entry }
}

function writeElements(values: NewDataSet, encoding: Encoding, chunks: Uint8Array[]): void {
  const elements = Object.entries(values).map(([key, entry]) => toElement(key, entry))
  elements.sort((a, b) => a.tag - b.tag)
  for (const { tag, vr, value } of elements) {
    if (vr === 'SQ') {
      chunks.push(elementHeader(tag, vr, UNDEFINED, encoding))
      for (const item of value as NewDataSet[]) {
        const content: Uint8Array[] = []
        writeElements(item, encoding, content)
        const length = content.reduce((sum, chunk) => sum + chunk.length, 0)
        chunks.push(itemHeader(ITEM, length, encoding.littleEndian), ...content)
      }
      chunks.push(itemHeader(SEQUENCE_DELIMITATION, 0, encoding.littleEndian))
      continue
    }
    const bytes = encodeValue(vr, value, encoding.littleEndian)
    const encapsulated = tag === PIXEL_DATA && encoding.littleEndian && isEncapsulated(bytes)
    chunks.push(elementHeader(tag, encapsulated ? 'OB' : vr, encapsulated ? UNDEFINED : bytes.length, encoding), bytes)
  }
}

/** Begins with an item tag and ends with the sequence delimiter: what `encapsulate` returns, and nothing a native image is. */
function isEncapsulated(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false
  const view = viewOf(bytes)
  return view.getUint32(0, true) === 0xe000fffe && view.getUint32(bytes.length - 8, true) === 0xe0ddfffe
}

/** The header of an element as PS3.5 §7.1 lays it out. Throws RangeError where a short VR cannot carry `length`. */
export function elementHeader(
  tag: number,
  vr: string,
  length: number,
  { explicit, littleEndian }: Encoding,
): Uint8Array {
  const long = explicit && hasLongLength(vr)
  const bytes = new Uint8Array(long ? 12 : 8)
  const view = viewOf(bytes)
  view.setUint16(0, tag >>> 16, littleEndian)
  view.setUint16(2, tag & 0xffff, littleEndian)
  if (!explicit) {
    view.setUint32(4, length, littleEndian)
    return bytes
  }
  bytes[4] = vr.charCodeAt(0)
  bytes[5] = vr.charCodeAt(1)
  if (long) view.setUint32(8, length, littleEndian)
  else if (length > 0xffff) throw new RangeError(`${length} bytes do not fit an element of VR ${vr}`)
  else view.setUint16(6, length, littleEndian)
  return bytes
}

export function itemHeader(tag: number, length: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = viewOf(bytes)
  view.setUint16(0, tag >>> 16, littleEndian)
  view.setUint16(2, tag & 0xffff, littleEndian)
  view.setUint32(4, length, littleEndian)
  return bytes
}

function encodeValue(vr: string, value: NewValue, littleEndian: boolean): Uint8Array {
  if (value instanceof Uint8Array) return pad(value, TEXT_VRS.has(vr) && vr !== 'UI' ? 0x20 : 0)
  if (value instanceof Uint16Array || value instanceof Int16Array) {
    const bytes = new Uint8Array(value.length * 2)
    const view = viewOf(bytes)
    for (let i = 0; i < value.length; i++) view.setUint16(i * 2, value[i] ?? 0, littleEndian)
    return bytes
  }
  const values = (Array.isArray(value) ? value : [value]) as Scalar[]
  if (TEXT_VRS.has(vr)) return pad(new TextEncoder().encode(values.join('\\')), vr === 'UI' ? 0 : 0x20)
  const size = NUMBER_BYTES[vr]
  if (!size) throw new TypeError(`a value of VR ${vr} must be given as bytes`)
  const bytes = new Uint8Array(values.length * size)
  const view = viewOf(bytes)
  for (const [i, each] of values.entries()) writeNumber(view, i * size, vr, Number(each), littleEndian)
  return bytes
}

function writeNumber(view: DataView, offset: number, vr: string, value: number, littleEndian: boolean): void {
  if (vr === 'AT') {
    view.setUint16(offset, value >>> 16, littleEndian)
    view.setUint16(offset + 2, value & 0xffff, littleEndian)
  } else if (vr === 'FL' || vr === 'OF') view.setFloat32(offset, value, littleEndian)
  else if (vr === 'FD' || vr === 'OD') view.setFloat64(offset, value, littleEndian)
  else if (vr === 'UL' || vr === 'SL') view.setInt32(offset, value, littleEndian)
  else view.setInt16(offset, value, littleEndian)
}

function pad(bytes: Uint8Array, padding: number): Uint8Array {
  if (bytes.length % 2 === 0) return bytes
  const padded = new Uint8Array(bytes.length + 1)
  padded.set(bytes)
  padded[bytes.length] = padding
  return padded
}

function concat(chunks: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
