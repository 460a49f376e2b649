import { decodeText, TEXT_OF_CHARSET } from './charset.ts'
import { formatTag, lookupTag, tagOf } from './dictionary.ts'
import {
  detectEncoding,
  type ElementSpan,
  type ElementsRead,
  isVr,
  MAX_DEPTH,
  nestedEncoding,
  type ReadOptions,
  readElements,
  readItems,
  viewOf,
} from './elements.ts'
import type { Encoding } from './encoding.ts'

export { type ElementSpan, readElements } from './elements.ts'

/** A keyword of PS3.6 or a tag 0xGGGGEEEE. */
export type ElementKey = string | number

const TEXT_VRS = new Set([
  'AE',
  'AS',
  'CS',
  'DA',
  'DS',
  'DT',
  'IS',
  'LO',
  'LT',
  'PN',
  'SH',
  'ST',
  'TM',
  'UC',
  'UI',
  'UR',
  'UT',
])
/** Bytes per number of the binary VRs. */
const NUMBER_BYTES: Record<string, number> = {
  US: 2,
  SS: 2,
  OW: 2,
  UL: 4,
  SL: 4,
  OL: 4,
  FL: 4,
  OF: 4,
  AT: 4,
  FD: 8,
  OD: 8,
  SV: 8,
  UV: 8,
  OV: 8,
}
/** No attribute read here has more numbers (a palette of 65,536 entries is the largest); pixel data is not read as numbers. */
const MAX_NUMBERS = 1 << 20
/** The same for numbers in text; a DS has 16 characters at most (PS3.5 §6.2). */
const MAX_NUMBER_TEXT = 1 << 22

interface Inherited {
  characterSets: string[]
  signedPixels: boolean
}

interface DefaultCharacterSets {
  /** Of a data set that does not name its own. */
  characterSets?: string[]
}

interface Asked {
  /** Gets the tag of each element that is asked for by its key, there or not. */
  asked?: Set<number>
}

interface DataSetOptions extends ReadOptions, DefaultCharacterSets, Asked {
  inherited?: Inherited
  /** Known already: nothing is read. */
  elements?: ElementSpan[]
}

/** The elements of one data set or item as spans over the received bytes; values are decoded when asked for, never changed. */
export class DataSet {
  readonly source: Uint8Array
  readonly encoding: Encoding
  readonly elements: readonly ElementSpan[]
  readonly damage: string | undefined
  /** The bytes end inside an element; that element's value counts as absent. */
  readonly truncated: boolean
  /** Where reading began and ended. */
  readonly start: number
  readonly end: number
  /** Values of SpecificCharacterSet, of this item or inherited. */
  readonly characterSets: string[]
  readonly #byTag = new Map<number, ElementSpan>()
  readonly #asked: Set<number> | undefined
  readonly #depth: number
  /** Pixel Representation is 1, here or in the data set around this item: it decides between US and SS. */
  readonly signedPixels: boolean

  private constructor(bytes: Uint8Array, encoding: Encoding, options: DataSetOptions) {
    this.source = bytes
    this.#depth = options.depth ?? 0
    this.#asked = options.asked
    const { elements } = options
    this.encoding = this.#depth === 0 && !elements ? detectEncoding(bytes, options.offset ?? 0, encoding) : encoding
    const read: ElementsRead = elements
      ? { elements, end: bytes.length, truncated: false }
      : readElements(bytes, this.encoding, options)
    this.elements = read.elements
    this.damage = read.damage
    this.truncated = read.truncated
    this.start = options.offset ?? 0
    this.end = read.end
    for (const span of read.elements) if (!this.#byTag.has(span.tag)) this.#byTag.set(span.tag, span)
    const declared = this.bytes(0x00080005)
    this.characterSets = declared?.length
      ? decodeText(declared, [], 'CS')
      : (options.inherited?.characterSets ?? options.characterSets ?? [])
    const representation = this.bytes(0x00280103)
    this.signedPixels = representation ? representation.includes(1) : (options.inherited?.signedPixels ?? false)
  }

  /** Bytes of a data set (without File Meta), whole or cut anywhere. Never throws on what they contain. */
  static read(
    bytes: Uint8Array,
    encoding: Encoding,
    options: ReadOptions & DefaultCharacterSets & Asked = {},
  ): DataSet {
    return new DataSet(bytes, encoding, options)
  }

  /** Some elements of a data set whose places are known, with what the whole of it says of text and signs; nothing is walked. */
  static of(bytes: Uint8Array, encoding: Encoding, elements: ElementSpan[], inherited: Inherited): DataSet {
    return new DataSet(bytes, encoding, { elements, inherited })
  }

  has(key: ElementKey): boolean {
    return this.span(key) !== undefined
  }

  /** As written; where the file says UN or nothing, what PS3.6 says. '' when absent. */
  vr(key: ElementKey): string {
    const span = this.span(key)
    return span ? this.vrOf(span) : ''
  }

  vrOf(span: ElementSpan): string {
    const known = span.vr === 'UN' || !isVr(span.vr) || !this.encoding.explicit ? lookupTag(span.tag) : undefined
    if (!known) return span.vr
    return known.signedByPixels && this.signedPixels ? 'SS' : known.vr
  }

  span(key: ElementKey): ElementSpan | undefined {
    const tag = typeof key === 'number' ? key : requireTag(key)
    this.#asked?.add(tag)
    return this.#byTag.get(tag)
  }

  /** The value's bytes as received (a view, not a copy); undefined when absent or cut off. */
  bytes(key: ElementKey): Uint8Array | undefined {
    const span = this.span(key)
    return span && this.bytesOf(span)
  }

  bytesOf(span: ElementSpan): Uint8Array | undefined {
    const end = span.valueOffset + span.length
    return end > this.source.length ? undefined : this.source.subarray(span.valueOffset, end)
  }

  /** All values as text; numbers and tags are spelled out. [] when absent or empty. */
  strings(key: ElementKey): string[] {
    const span = this.span(key)
    return span ? this.stringsOf(span) : []
  }

  stringsOf(span: ElementSpan): string[] {
    const vr = this.vrOf(span)
    if (vr === 'AT') return this.numbersOf(span).map(formatTag)
    if (NUMBER_BYTES[vr]) return this.numbersOf(span).map(String)
    const value = this.bytesOf(span)
    if (!value || value.length === 0 || vr === 'SQ' || vr === 'OB') return []
    const isText = TEXT_VRS.has(vr) || vr === 'UN' || !isVr(vr)
    if (!isText) return []
    const values = decodeText(value, TEXT_OF_CHARSET.has(vr) ? this.characterSets : [], vr)
    return values.length === 1 && values[0] === '' ? [] : values
  }

  /** The first value, without padding; '' when absent. */
  string(key: ElementKey): string {
    return this.strings(key)[0] ?? ''
  }

  /** All values that are numbers, of text (DS, IS) and binary VRs alike; what is no finite number is left out. */
  numbers(key: ElementKey): number[] {
    const span = this.span(key)
    return span ? this.numbersOf(span) : []
  }

  number(key: ElementKey): number | undefined {
    return this.numbers(key)[0]
  }

  numbersOf(span: ElementSpan): number[] {
    const value = this.bytesOf(span)
    if (!value) return []
    const vr = this.vrOf(span)
    const size = NUMBER_BYTES[vr]
    if (!size)
      return TEXT_VRS.has(vr) ? decodeText(value.subarray(0, MAX_NUMBER_TEXT), [], vr).flatMap(parseNumber) : []
    const numbers: number[] = []
    const count = Math.min(Math.floor(value.length / size), MAX_NUMBERS)
    const view = viewOf(value)
    for (let i = 0; i < count; i++) {
      const number = binaryNumber(view, i * size, vr, this.encoding.littleEndian)
      if (Number.isFinite(number)) numbers.push(number)
    }
    return numbers
  }

  /** The items of a sequence, each a data set that inherits the character set; [] when absent, no sequence, or nested too deep. */
  items(key: ElementKey): DataSet[] {
    const span = this.span(key)
    return span ? this.itemsOf(span) : []
  }

  itemsOf(span: ElementSpan): DataSet[] {
    return [...this.eachItem(span)]
  }

  /** The same, each made when it is asked for: of a hundred thousand nobody need hold all, nor the event loop. */
  *eachItem(span: ElementSpan): Generator<DataSet> {
    if (this.vrOf(span) !== 'SQ' || span.tooDeep || this.#depth + 1 >= MAX_DEPTH) return
    const limit = Math.min(span.valueOffset + span.length, this.source.length)
    const encoding = nestedEncoding(this.source, span.vr, span.valueOffset, this.encoding)
    const inherited = { characterSets: this.characterSets, signedPixels: this.signedPixels }
    for (const { offset, end } of readItems(this.source, encoding, span.valueOffset, limit, this.#depth)) {
      yield new DataSet(this.source, encoding, { offset, end, depth: this.#depth + 1, inherited })
    }
  }
}

function requireTag(keyword: string): number {
  const tag = tagOf(keyword)
  if (tag === undefined) throw new TypeError(`${keyword} is no keyword of PS3.6`)
  return tag
}

function parseNumber(text: string): number[] {
  const clean = text.trim()
  if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(clean)) return []
  const number = Number(clean)
  return Number.isFinite(number) ? [number] : []
}

function binaryNumber(view: DataView, offset: number, vr: string, littleEndian: boolean): number {
  switch (vr) {
    case 'SS':
      return view.getInt16(offset, littleEndian)
    case 'UL':
    case 'OL':
      return view.getUint32(offset, littleEndian)
    case 'SL':
      return view.getInt32(offset, littleEndian)
    case 'FL':
    case 'OF':
      return view.getFloat32(offset, littleEndian)
    case 'FD':
    case 'OD':
      return view.getFloat64(offset, littleEndian)
    case 'SV':
      return Number(view.getBigInt64(offset, littleEndian))
    case 'UV':
    case 'OV':
      return Number(view.getBigUint64(offset, littleEndian))
    case 'AT':
      return ((view.getUint16(offset, littleEndian) << 16) | view.getUint16(offset + 2, littleEndian)) >>> 0
    default:
      return view.getUint16(offset, littleEndian)
  }
}
