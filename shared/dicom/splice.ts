import { encodeText, TEXT_OF_CHARSET } from './charset.ts'
import { lookupTag, tagOf } from './dictionary.ts'
import type { ElementSpan } from './elements.ts'
import type { DataSet } from './reader.ts'
import { normaliseUID } from './uids.ts'
import { type NewDataSet, writeDataSet } from './writer.ts'

export interface Spliced {
  /** The header's beginning with the new values in it. */
  head: Uint8Array
  /** From this byte of the received data set on, everything follows as it is. */
  rest: number
}

interface Edit {
  tag: number
  bytes: Uint8Array
}

const SPECIFIC_CHARACTER_SET = 0x00080005
const ORIGINAL_ATTRIBUTES = 0x04000561
const FIRST_PIXEL_TAG = 0x7fe00008

/**
 * Puts other values in place of those a data set came with, on its way out: elements that are not edited are copied bytes, and an
 * item of the Original Attributes Sequence holds what was replaced, by whom and when (PS3.3 §C.12.1.1.9, reason CORRECT). A value
 * that the data set's character set cannot write makes all text of its header UTF-8. Group lengths (retired) are left out.
 * @param dataSet read up to the pixels at least.
 * @param values by keyword, each a single value of text; those that are there already stay as they are.
 * @param at epoch ms of the decision; written in UTC.
 */
export function spliceHeader(dataSet: DataSet, values: Record<string, string>, at: number): Spliced {
  const changed = Object.entries(values).filter(([keyword, value]) => !isThere(dataSet, keyword, value))
  if (changed.length === 0) return { head: new Uint8Array(), rest: dataSet.start }
  const charset = dataSet.characterSets
  const fits = changed.every(([keyword, value]) => encoded(keyword, value, charset) !== undefined)
  const copy = fits ? (from: DataSet, span: ElementSpan) => spanBytes(from, span) : inUtf8
  const edits = new Map<number, Edit>()
  const set = (tag: number, bytes: Uint8Array) => edits.set(tag, { tag, bytes })
  if (!fits) set(SPECIFIC_CHARACTER_SET, writeDataSet({ SpecificCharacterSet: 'ISO_IR 192' }, dataSet.encoding))
  for (const [keyword, value] of changed) {
    const tag = tagOf(keyword) as number
    set(tag, elementBytes(dataSet, tag, encoded(keyword, value, fits ? charset : ['ISO_IR 192']) ?? new Uint8Array()))
  }
  const history = originalAttributes(dataSet, changed, at, copy)
  if (history) set(ORIGINAL_ATTRIBUTES, history)

  const last = fits ? ORIGINAL_ATTRIBUTES : FIRST_PIXEL_TAG - 1
  const pieces: Uint8Array[] = []
  const waiting = [...edits.values()].sort((a, b) => a.tag - b.tag)
  let rest = dataSet.end
  for (const span of dataSet.elements) {
    if (span.tag > last) {
      rest = span.headerOffset
      break
    }
    while (waiting[0] && waiting[0].tag < span.tag) pieces.push((waiting.shift() as Edit).bytes)
    if (waiting[0]?.tag === span.tag) pieces.push((waiting.shift() as Edit).bytes)
    else if ((span.tag & 0xffff) !== 0 && !edits.has(span.tag)) pieces.push(copy(dataSet, span))
  }
  return { head: concat([...pieces, ...waiting.map(({ bytes }) => bytes)]), rest }
}

function isThere(dataSet: DataSet, keyword: string, value: string): boolean {
  const there = dataSet.string(keyword)
  return there === value || (lookupTag(tagOf(keyword) ?? 0)?.vr === 'UI' && normaliseUID(there) === value)
}

/** Undefined when the character set has no bytes for it. */
function encoded(keyword: string, value: string, characterSets: string[]): Uint8Array | undefined {
  return encodeText(value, TEXT_OF_CHARSET.has(vrOf(tagOf(keyword) as number)) ? characterSets : [])
}

function vrOf(tag: number): string {
  return lookupTag(tag)?.vr ?? 'UN'
}

function keyOf(tag: number): string {
  return tag.toString(16).padStart(8, '0')
}

function elementBytes(dataSet: DataSet, tag: number, value: Uint8Array): Uint8Array {
  // Named by its tag and with its bytes: nothing is decided about character sets behind our back.
  return writeDataSet({ [keyOf(tag)]: { vr: vrOf(tag), value } }, dataSet.encoding)
}

function spanBytes({ source }: DataSet, { headerOffset, valueOffset, length }: ElementSpan): Uint8Array {
  return source.subarray(headerOffset, valueOffset + length)
}

/** An element with its text in UTF-8, items and all; what is no text, or cannot be taken apart, as it is. */
function inUtf8(dataSet: DataSet, span: ElementSpan): Uint8Array {
  const { encoding } = dataSet
  const asItIs = spanBytes(dataSet, span)
  const vr = dataSet.vrOf(span)
  if (span.tag === SPECIFIC_CHARACTER_SET) return writeDataSet({ SpecificCharacterSet: 'ISO_IR 192' }, encoding)
  if (vr === 'SQ') {
    const items = dataSet.itemsOf(span)
    // What stands in an element of VR UN is laid out in its own way (PS3.5 §6.2.2).
    if (items.length === 0 || items.some(item => item.encoding !== encoding)) return asItIs
    return sequenceBytes(
      dataSet,
      span.tag,
      items.map(item => concat(item.elements.map(each => inUtf8(item, each)))),
    )
  }
  if (!TEXT_OF_CHARSET.has(vr) || span.length === 0) return asItIs
  const value = new TextEncoder().encode(dataSet.stringsOf(span).join('\\'))
  try {
    return writeDataSet({ [keyOf(span.tag)]: { vr, value } }, encoding)
  } catch {
    // UTF-8 made it longer than its VR can be.
    return asItIs
  }
}

/** The sequence with one item more; undefined when those it has are laid out in a way that cannot be continued. */
function originalAttributes(
  dataSet: DataSet,
  changed: Array<[keyword: string, value: string]>,
  at: number,
  copy: (from: DataSet, span: ElementSpan) => Uint8Array,
): Uint8Array | undefined {
  const before = dataSet.items('OriginalAttributesSequence')
  if (before.some(item => item.encoding !== dataSet.encoding)) return undefined
  const tags = changed.map(([keyword]) => tagOf(keyword) as number).sort((a, b) => a - b)
  // What was not there is there without a value.
  const originals = tags.map(tag => {
    const span = dataSet.span(tag)
    return span ? copy(dataSet, span) : elementBytes(dataSet, tag, new Uint8Array())
  })
  const said: NewDataSet = {
    AttributeModificationDateTime: `${new Date(at).toISOString().replace(/[-T:Z]/g, '')}000+0000`,
    ModifyingSystem: 'Isocenter',
    SourceOfPreviousValues: '',
    ReasonForTheAttributeModification: 'CORRECT',
  }
  const modified = sequenceBytes(dataSet, tagOf('ModifiedAttributesSequence') as number, [concat(originals)])
  const item = concat([modified, writeDataSet(said, dataSet.encoding)])
  const items = [...before.map(one => concat(one.elements.map(span => copy(one, span)))), item]
  return sequenceBytes(dataSet, ORIGINAL_ATTRIBUTES, items)
}

/** A sequence of undefined length; each item is its data set's bytes. */
function sequenceBytes({ encoding }: DataSet, tag: number, items: Uint8Array[]): Uint8Array {
  const empty = writeDataSet({ [keyOf(tag)]: { vr: 'SQ', value: [] } }, encoding)
  const delimiter = empty.subarray(empty.length - 8)
  const headers = items.map(item => {
    const header = new Uint8Array(8)
    const view = new DataView(header.buffer)
    view.setUint16(0, 0xfffe, encoding.littleEndian)
    view.setUint16(2, 0xe000, encoding.littleEndian)
    view.setUint32(4, item.length, encoding.littleEndian)
    return header
  })
  return concat([
    empty.subarray(0, -8),
    ...items.flatMap((item, index) => [headers[index] as Uint8Array, item]),
    delimiter,
  ])
}

function concat(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
