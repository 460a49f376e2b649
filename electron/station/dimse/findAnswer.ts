import { hasLongLength } from '../../../shared/dicom/elements.ts'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { textWriter } from '../../../shared/dicom/textWriter.ts'
import type { AnswerElement, AnswerItemElement, FindRequest } from './findIdentifier.ts'

/** PS3.5 §6.1.2.3: of what is answered, these follow Specific Character Set. */
const CHARSET_VRS = new Set(['LO', 'PN', 'SH', 'UC', 'ST', 'LT', 'UT'])
const SPECIFIC_CHARACTER_SET: AnswerElement = { tag: 0x00080005, vr: 'CS', value: '' }
const UTF8 = 'ISO_IR 192'
const LONGEST_SHORT = 0xfffe
const NOTHING = Buffer.alloc(0)
/** Characters of a value that is ASCII, as nearly all are, and not long: it is written without a buffer of its own. */
const LONGEST_SPLICED = 1024
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII too
const ASCII = /^[\x00-\x7f]*$/

/** An element that is spliced in: its header as it begins, with room for the length. */
interface Spliced {
  tag: number
  vr: string
  header: Buffer
  column: number
  items: readonly AnswerItemElement[] | undefined
}

type Encode = (text: string) => Uint8Array | undefined

/**
 * Writes the identifiers of one query's responses. What is alike in all of them is encoded once, values are spliced in (a codec for
 * each match costs 2 ms). In the request's character set where that can carry the value, else in UTF-8.
 */
export function createAnswerWriter(
  { answer, characterSets }: Pick<FindRequest, 'answer' | 'characterSets'>,
  transferSyntax: string,
): (row: readonly string[]) => Uint8Array {
  const { explicit } = encodingOf(transferSyntax)
  const inSets = textWriter(characterSets)
  const inUtf8: Encode = text => Buffer.from(text)
  const asked = characterSets.join('\\')

  function element(tag: number, vr: string, value: Uint8Array): Buffer {
    const long = explicit && hasLongLength(vr)
    const header = Buffer.alloc(long ? 12 : 8)
    header.writeUInt16LE(tag >>> 16, 0)
    header.writeUInt16LE(tag & 0xffff, 2)
    const given = explicit && !long ? value.subarray(0, LONGEST_SHORT) : value
    const odd = given.length % 2
    if (!explicit) header.writeUInt32LE(given.length + odd, 4)
    else {
      header.write(vr, 4, 'latin1')
      if (long) header.writeUInt32LE(given.length + odd, 8)
      else header.writeUInt16LE(given.length + odd, 6)
    }
    return Buffer.concat(odd ? [header, given, PADDING[vr] ?? SPACE] : [header, given])
  }

  /** Bytes that stand in every answer, or the element that is spliced in. */
  function template(charset: string): Array<Buffer | Spliced> {
    const all = charset === '' ? answer : [{ ...SPECIFIC_CHARACTER_SET, value: charset }, ...answer]
    const parts: Array<Buffer | Spliced> = []
    for (const { tag, vr, value, items } of all.toSorted((a, b) => a.tag - b.tag)) {
      const last = parts.at(-1)
      if (typeof value !== 'string')
        parts.push({ tag, vr, items, column: value.column, header: element(tag, vr, NOTHING) })
      else if (Buffer.isBuffer(last))
        parts[parts.length - 1] = Buffer.concat([last, element(tag, vr, Buffer.from(value))])
      else parts.push(element(tag, vr, Buffer.from(value)))
    }
    return parts
  }

  const plain = template(asked)
  let wide: typeof plain | undefined

  /** One answer after the other is put together here, then copied at its length. */
  let scratch = Buffer.allocUnsafe(4096)
  function room(until: number): void {
    if (until <= scratch.length) return
    const larger = Buffer.allocUnsafe(until * 2)
    scratch.copy(larger)
    scratch = larger
  }

  function fill(parts: typeof plain, row: readonly string[], encode: Encode): Buffer | undefined {
    let at = 0
    const put = (bytes: Uint8Array) => {
      room(at + bytes.length)
      scratch.set(bytes, at)
      at += bytes.length
    }
    for (const part of parts) {
      if (Buffer.isBuffer(part)) {
        put(part)
        continue
      }
      const { tag, vr, header, column, items } = part
      const given = row[column] ?? ''
      if (items || vr === 'US' || given.length > LONGEST_SPLICED || !ASCII.test(given)) {
        const value = items ? itemBytes(items, given, encode) : valueBytes(vr, given, encode)
        if (!value) return undefined
        put(element(tag, vr, value))
        continue
      }
      put(header)
      room(at + given.length + 1)
      scratch.write(given, at, 'latin1')
      if (given.length % 2 === 1) scratch[at + given.length] = vr === 'UI' ? 0 : 0x20
      const length = given.length + (given.length % 2)
      if (explicit) scratch.writeUInt16LE(length, at - 2)
      else scratch.writeUInt32LE(length, at - 4)
      at += length
    }
    return Buffer.from(scratch.subarray(0, at))
  }

  /** `list`: JSON, as the vault has it. */
  function itemBytes(items: readonly AnswerItemElement[], list: string, encode: Encode): Buffer | undefined {
    const all = list === '' ? [] : (JSON.parse(list) as Array<Record<string, string>>)
    const pieces: Buffer[] = []
    for (const item of all) {
      const values = items.map(({ vr, keyword }) => valueBytes(vr, item[keyword] ?? '', encode))
      if (values.includes(undefined)) return undefined
      const content = Buffer.concat(items.map(({ tag, vr }, at) => element(tag, vr, values[at] ?? NOTHING)))
      const header = Buffer.from('feff00e000000000', 'hex')
      header.writeUInt32LE(content.length, 4)
      pieces.push(header, content)
    }
    return Buffer.concat(pieces)
  }

  return row => {
    const inAsked = fill(plain, row, inSets)
    if (inAsked) return inAsked
    wide ??= template(UTF8)
    return fill(wide, row, inUtf8) ?? NOTHING
  }
}

const SPACE = Buffer.from(' ')
const PADDING: Record<string, Buffer> = { UI: Buffer.alloc(1), UN: Buffer.alloc(1), OB: Buffer.alloc(1) }

/** Undefined where the character set does not have a letter of it. */
function valueBytes(vr: string, value: string, encode: Encode): Uint8Array | undefined {
  if (value === '') return NOTHING
  if (vr === 'US') {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(Number(value) & 0xffff)
    return bytes
  }
  return CHARSET_VRS.has(vr) ? encode(value) : Buffer.from(value, 'latin1')
}
