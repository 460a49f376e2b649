import { lookupTag } from './dictionary.ts'
import type { Encoding } from './encoding.ts'

/** Where one element stands; offsets count from the first byte of the array that was read. */
export interface ElementSpan {
  /** 0xGGGGEEEE. */
  tag: number
  vr: string
  headerOffset: number
  valueOffset: number
  /** Bytes of the value as declared; of an undefined-length value those up to and with its delimiter, 0xFFFFFFFF if not walked. */
  length: number
  undefinedLength: boolean
  /** A sequence nested beyond `MAX_DEPTH`: passed over, never unfolded. */
  tooDeep?: boolean
}

export interface ElementsRead {
  elements: ElementSpan[]
  /** Where reading ended: behind the last element or delimiter. */
  end: number
  /** The bytes end inside an element. */
  truncated: boolean
  /** What is wrong with the bytes, in words; absent when nothing is. */
  damage?: string
}

export interface ReadOptions {
  offset?: number
  end?: number
  /** Reading ends with this element, whose value is neither walked nor needed; greater tags are not read. */
  stopAt?: number
  /** Level of nesting of this data set; 0 is the outermost. */
  depth?: number
  maxElements?: number
}

export const MAX_DEPTH = 32
export const UNDEFINED = 0xffffffff
export const ITEM = 0xfffee000
export const ITEM_DELIMITATION = 0xfffee00d
export const SEQUENCE_DELIMITATION = 0xfffee0dd
/** The largest real objects (whole slide images, per-frame groups aside) have some thousands of elements at the top. */
const MAX_ELEMENTS = 50_000

/** PS3.5 table 7.1-1: these have two reserved bytes and a 32-bit length. */
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
const SHORT_VRS = new Set('AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '))

export const isVr = (vr: string) => LONG_VRS.has(vr) || SHORT_VRS.has(vr)
export const hasLongLength = (vr: string) => LONG_VRS.has(vr)

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function tagAt(view: DataView, offset: number, littleEndian: boolean): number {
  return ((view.getUint16(offset, littleEndian) << 16) | view.getUint16(offset + 2, littleEndian)) >>> 0
}

function vrAt(view: DataView, offset: number): string {
  return String.fromCharCode(view.getUint8(offset), view.getUint8(offset + 1))
}

/**
 * What the first element's bytes say against what was declared: files whose transfer syntax is wrong about VRs or byte order
 * exist, and reading them as declared yields nothing. Without evidence the declared encoding stands.
 */
export function detectEncoding(bytes: Uint8Array, offset: number, declared: Encoding): Encoding {
  if (bytes.length < offset + 8) return declared
  const view = viewOf(bytes)
  let { littleEndian } = declared
  const group = view.getUint16(offset, littleEndian)
  const swapped = view.getUint16(offset, !littleEndian)
  // Data sets begin with a low group (0008 nearly always); read the wrong way round it is a high one (0800).
  if (group > 0xff && group !== 0xfffe && swapped <= 0xff) littleEndian = !littleEndian
  const explicit = isVr(vrAt(view, offset + 4))
  if (littleEndian === declared.littleEndian && explicit === declared.explicit) return declared
  const tag = tagAt(view, offset, littleEndian)
  if (declared.explicit && !explicit) {
    // One element without VR is no implicit data set: the length must make sense as well.
    const length = view.getUint32(offset + 4, littleEndian)
    return { explicit: length > 0xffff && length !== UNDEFINED, littleEndian }
  }
  if (explicit && !declared.explicit) {
    // Letters can also be a length: only believe them when they are this very element's VR.
    const known = lookupTag(tag)
    if (known && known.vr !== vrAt(view, offset + 4)) return { explicit: false, littleEndian }
  }
  return { explicit, littleEndian }
}

interface Header {
  tag: number
  vr: string
  valueOffset: number
  length: number
}

/** The element header at `offset`, or a word for what is wrong with it. */
export function readHeader(
  view: DataView,
  offset: number,
  end: number,
  encoding: Encoding,
): Header | 'cut' | 'damaged' {
  if (offset + 8 > end) return 'cut'
  const tag = tagAt(view, offset, encoding.littleEndian)
  const implicitLength = view.getUint32(offset + 4, encoding.littleEndian)
  if (tag >>> 16 === 0xfffe) return { tag, vr: '', valueOffset: offset + 8, length: implicitLength }
  if (encoding.explicit) {
    const vr = vrAt(view, offset + 4)
    if (LONG_VRS.has(vr)) {
      if (offset + 12 > end) return 'cut'
      return { tag, vr, valueOffset: offset + 12, length: view.getUint32(offset + 8, encoding.littleEndian) }
    }
    if (SHORT_VRS.has(vr) || /^[A-Z]{2}$/.test(vr)) {
      return { tag, vr, valueOffset: offset + 8, length: view.getUint16(offset + 6, encoding.littleEndian) }
    }
    // Implicit elements strewn into explicit data sets are a known vendor fault; their length must at least be possible.
    if (implicitLength !== UNDEFINED && offset + 8 + implicitLength > end) return 'damaged'
  }
  return { tag, vr: implicitVr(tag, implicitLength), valueOffset: offset + 8, length: implicitLength }
}

function implicitVr(tag: number, length: number): string {
  const known = lookupTag(tag)
  if (known) return known.vr
  return length === UNDEFINED ? 'SQ' : 'UN'
}

/** PS3.5 §6.2.2 note 2 (CP-246): what an undefined-length UN contains is implicit little endian, unless its first item says otherwise. */
export function nestedEncoding(bytes: Uint8Array, vr: string, valueOffset: number, encoding: Encoding): Encoding {
  if (vr !== 'UN') return encoding
  const bigEndianItem = !encoding.littleEndian && bytes[valueOffset] === 0xff && bytes[valueOffset + 1] === 0xfe
  const inner: Encoding = { explicit: false, littleEndian: !bigEndianItem }
  const first = valueOffset + 8
  if (bytes.length < first + 8) return inner
  return isVr(vrAt(viewOf(bytes), first + 4)) ? { ...inner, explicit: true } : inner
}

interface Walk {
  end: number
  truncated: boolean
  tooDeep: boolean
  damage?: string
}

/**
 * Walks an undefined-length sequence (or fragments) to its delimiter, without recursion: nesting costs one small entry of a
 * stack, whatever the sender invents.
 */
function skipSequence(bytes: Uint8Array, offset: number, limit: number, encoding: Encoding, depth: number): Walk {
  const view = viewOf(bytes)
  /** Open undefined-length levels, sequences and items in turn, each with the encoding of its content. */
  const open: Encoding[] = [encoding]
  let damage: string | undefined
  let tooDeep = false
  let at = offset
  while (open.length > 0) {
    const inSequence = open.length % 2 === 1
    const current = open[open.length - 1] as Encoding
    if (depth + (open.length + 1) / 2 > MAX_DEPTH) {
      tooDeep = true
      damage ??= `sequences nested deeper than ${MAX_DEPTH}`
    }
    const header = readHeader(view, at, limit, current)
    if (header === 'cut') return { end: limit, truncated: true, tooDeep, damage }
    if (header === 'damaged')
      return { end: at, truncated: false, tooDeep, damage: damage ?? `no element at byte ${at}` }
    const { tag, vr, valueOffset, length } = header
    const closes = tag === SEQUENCE_DELIMITATION || tag === ITEM_DELIMITATION
    if (closes) {
      // A sequence delimiter in an item closes both: the item's own was left out.
      if (inSequence === (tag === SEQUENCE_DELIMITATION)) open.pop()
      else if (!inSequence) open.length -= 2
      else damage ??= `a stray item delimiter at byte ${at}`
      at = valueOffset
    } else if (inSequence && tag !== ITEM) {
      return { end: at, truncated: false, tooDeep, damage: damage ?? `no item where one should begin, at byte ${at}` }
    } else if (length === UNDEFINED) {
      open.push(inSequence ? current : nestedEncoding(bytes, vr, valueOffset, current))
      at = valueOffset
    } else {
      if (valueOffset + length > limit) return { end: limit, truncated: true, tooDeep, damage }
      at = valueOffset + length
    }
  }
  return { end: at, truncated: false, tooDeep, damage }
}

/**
 * The elements of one data set or item, top level only: sequences are skipped, values not looked at. Never throws; what
 * cannot be read ends the list, with the reason in `damage`. An element whose value goes beyond the bytes is still listed.
 */
export function readElements(bytes: Uint8Array, encoding: Encoding, options: ReadOptions = {}): ElementsRead {
  const limit = Math.min(options.end ?? bytes.length, bytes.length)
  const depth = options.depth ?? 0
  const maxElements = options.maxElements ?? MAX_ELEMENTS
  const stopAt = options.stopAt ?? UNDEFINED
  const view = viewOf(bytes)
  const elements: ElementSpan[] = []
  let damage: string | undefined
  let at = options.offset ?? 0
  while (at < limit) {
    const header = readHeader(view, at, limit, encoding)
    if (header === 'cut') return { elements, end: at, truncated: true, damage }
    if (header === 'damaged')
      return { elements, end: at, truncated: false, damage: damage ?? `no element at byte ${at}` }
    const { tag, vr, valueOffset, length } = header
    if (tag === ITEM_DELIMITATION && depth > 0) return { elements, end: valueOffset, truncated: false, damage }
    if (tag >>> 16 === 0xfffe) {
      damage ??= `a stray delimiter at byte ${at}`
      if (length !== 0) return { elements, end: at, truncated: false, damage }
      at = valueOffset
      continue
    }
    // Files padded with zeros to a block size are complete; group 0000 belongs to commands.
    if (tag === 0 && length === 0) return { elements, end: at, truncated: false, damage }
    if (tag > stopAt) return { elements, end: at, truncated: false, damage }
    if (elements.length >= maxElements) {
      return { elements, end: at, truncated: false, damage: `more than ${maxElements} elements` }
    }
    const undefinedLength = length === UNDEFINED
    const span: ElementSpan = { tag, vr, headerOffset: at, valueOffset, length, undefinedLength }
    elements.push(span)
    if (tag === stopAt) return { elements, end: valueOffset, truncated: false, damage }
    if (undefinedLength) {
      const walk = skipSequence(bytes, valueOffset, limit, nestedEncoding(bytes, vr, valueOffset, encoding), depth)
      span.length = walk.end - valueOffset
      if (walk.tooDeep) span.tooDeep = true
      damage ??= walk.damage
      if (walk.truncated) return { elements, end: walk.end, truncated: true, damage }
      at = walk.end
    } else {
      if (valueOffset + length > limit) return { elements, end: at, truncated: true, damage }
      at = valueOffset + length
    }
  }
  return { elements, end: at, truncated: false, damage }
}

/** The items of a sequence value, one after the other: where each one's data set begins and where it must end at the latest. */
export function* readItems(
  bytes: Uint8Array,
  encoding: Encoding,
  offset: number,
  limit: number,
  depth: number,
): Generator<{ offset: number; end: number }> {
  const view = viewOf(bytes)
  let at = offset
  while (at + 8 <= limit) {
    const tag = tagAt(view, at, encoding.littleEndian)
    const length = view.getUint32(at + 4, encoding.littleEndian)
    if (tag !== ITEM) break
    const start = at + 8
    let end = start + length
    if (length === UNDEFINED) end = readElements(bytes, encoding, { offset: start, end: limit, depth: depth + 1 }).end
    else if (end > limit) end = limit
    yield { offset: start, end }
    at = end
  }
}
