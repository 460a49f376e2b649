import { IsocenterError } from '../errors.ts'
import {
  type ElementSpan,
  hasLongLength,
  ITEM,
  isVr,
  nestedEncoding,
  SEQUENCE_DELIMITATION,
  UNDEFINED,
} from './elements.ts'
import type { Encoding } from './encoding.ts'
import type { DataSet } from './reader.ts'
import { elementHeader, itemHeader } from './writer.ts'

/** What stands in the place of an element, whether it was there or not; null: nothing. */
export type Replacement = { vr: string; value: Uint8Array } | null

const PIXEL_DATA = 0x7fe00010
const ICON_IMAGE_SEQUENCE = 0x00880200
/** The longest value of a VR with a 16-bit length. */
const MOST_SHORT = 0xfffe

/** Bytes that big endian has the other way round (PS3.5 §7.3). */
export const WORD_BYTES: Record<string, number> = {
  US: 2,
  SS: 2,
  OW: 2,
  AT: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  OF: 4,
  OL: 4,
  FD: 8,
  OD: 8,
  OV: 8,
  SV: 8,
  UV: 8,
}

/**
 * The elements before the pixel data, in another layout (PS3.5 annex A): explicit or implicit VR, little endian. What the layout
 * does not touch is the received bytes, private elements and unknown ones too. Group lengths, retired and no longer true, are left
 * out, and so is an icon whose pixels are compressed, for no uncompressed syntax can hold them (PS3.5 §A.4).
 *
 * Throws 'malformed' where the elements cannot all be read: half an object is not passed on.
 */
export function reencodeElements(
  dataSet: DataSet,
  to: Encoding,
  replace: ReadonlyMap<number, Replacement> = new Map(),
): Uint8Array[] {
  const pixels = dataSet.elements.findIndex(({ tag }) => tag === PIXEL_DATA)
  const elements = pixels < 0 ? dataSet.elements : dataSet.elements.slice(0, pixels)
  if (dataSet.damage || (pixels < 0 && dataSet.truncated)) {
    throw new IsocenterError('malformed', dataSet.damage ?? 'the data set is cut short')
  }
  const chunks: Uint8Array[] = []
  const added = [...replace].sort(([a], [b]) => a - b)
  const addBefore = (tag: number) => {
    while (added[0] && added[0][0] <= tag) {
      const [[own, replacement]] = added.splice(0, 1) as [[number, Replacement]]
      if (replacement) chunks.push(...element(own, replacement.vr, [replacement.value], to))
    }
  }
  for (const span of elements) {
    addBefore(span.tag)
    if (!replace.has(span.tag)) chunks.push(...reencoded(dataSet, span, to))
  }
  addBefore(PIXEL_DATA - 1)
  return chunks
}

function reencoded(dataSet: DataSet, span: ElementSpan, to: Encoding): Uint8Array[] {
  const { tag, headerOffset, valueOffset, length } = span
  if ((tag & 0xffff) === 0 || (tag === ICON_IMAGE_SEQUENCE && hasFragments(dataSet, span))) return []
  const { explicit, littleEndian } = dataSet.encoding
  if (explicit === to.explicit && littleEndian === to.littleEndian) {
    return [dataSet.source.subarray(headerOffset, valueOffset + length)]
  }
  const vr = dataSet.vrOf(span)
  if (vr === 'SQ') return sequence(dataSet, span, to)
  if (span.undefinedLength) return unknownSequence(dataSet, span, to)
  const value = dataSet.bytesOf(span)
  if (!value) throw new IsocenterError('malformed', 'the data set is cut short')
  return element(tag, vr, [littleEndian ? value : swapped(value, WORD_BYTES[vr] ?? 1)], to)
}

function sequence(dataSet: DataSet, span: ElementSpan, to: Encoding): Uint8Array[] {
  const items = dataSet.itemsOf(span)
  if (span.tooDeep || (items.length === 0 && span.length > 8)) {
    throw new IsocenterError('malformed', 'a sequence whose items cannot be read')
  }
  const content = items.flatMap(item => {
    if (item.truncated) throw new IsocenterError('malformed', 'an item is cut short')
    const chunks = reencodeElements(item, to)
    const pixels = item.span(PIXEL_DATA)
    if (pixels) chunks.push(...reencoded(item, pixels, to))
    return [itemHeader(ITEM, lengthOf(chunks), true), ...chunks]
  })
  // Without a VR nobody knows a private one for a sequence, unless its length is undefined.
  if (!span.undefinedLength && (to.explicit || (span.tag >>> 16) % 2 === 0)) return element(span.tag, 'SQ', content, to)
  return [elementHeader(span.tag, 'SQ', UNDEFINED, to), ...content, itemHeader(SEQUENCE_DELIMITATION, 0, true)]
}

/** PS3.5 §6.2.2 note 2: a UN of undefined length holds implicit VR little endian whatever is around it. */
function unknownSequence(dataSet: DataSet, span: ElementSpan, to: Encoding): Uint8Array[] {
  const { tag, vr, valueOffset, length } = span
  const inner = nestedEncoding(dataSet.source, vr, valueOffset, dataSet.encoding)
  if (vr !== 'UN' || inner.explicit || !inner.littleEndian) {
    throw new IsocenterError('malformed', 'an element of undefined length that is no sequence')
  }
  return [elementHeader(tag, 'UN', UNDEFINED, to), dataSet.source.subarray(valueOffset, valueOffset + length)]
}

/** One element, its value as `to` has it. */
export function element(tag: number, vr: string, value: Uint8Array[], to: Encoding): Uint8Array[] {
  const length = lengthOf(value)
  const known = isVr(vr) ? vr : 'UN'
  // What no 16-bit length can carry is UN (PS3.5 §6.2.2), words excepted.
  const carried = hasLongLength(known) || length <= MOST_SHORT ? known : known === 'US' || known === 'SS' ? 'OW' : 'UN'
  return [elementHeader(tag, carried, length, to), ...value]
}

function hasFragments(dataSet: DataSet, icon: ElementSpan): boolean {
  return dataSet.itemsOf(icon).some(item => item.span(PIXEL_DATA)?.undefinedLength === true)
}

/** Bytes in all. */
export function lengthOf(chunks: Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

/** A copy with the bytes of each word turned round; what is left of a last one stays as it is. */
export function swapped(bytes: Uint8Array, wordBytes: number): Uint8Array {
  if (wordBytes === 1) return bytes
  // Not `slice`: a Buffer's is a view.
  const turned = new Uint8Array(bytes)
  for (let at = 0; at + wordBytes <= turned.length; at += wordBytes) turned.subarray(at, at + wordBytes).reverse()
  return turned
}
