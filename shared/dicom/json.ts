import { encodeBase64 } from '../base64.ts'
import { formatTag } from './dictionary.ts'
import type { ElementSpan } from './elements.ts'
import { splitPersonName } from './personName.ts'
import type { DataSet } from './reader.ts'

interface PersonNameJson {
  Alphabetic?: string
  Ideographic?: string
  Phonetic?: string
}

type JsonValue = string | number | null | PersonNameJson | DicomJson

export interface JsonAttribute {
  vr: string
  Value?: JsonValue[]
  InlineBinary?: string
  BulkDataURI?: string
}

/** The DICOM JSON model (PS3.18 §F.2): attributes by tag, 8 hexadecimal digits. */
export type DicomJson = Record<string, JsonAttribute>

export interface DicomJsonOptions {
  /** The address of a value that is not written out; `path` is its tag, below item numbers (from 1) and tags joined by `/`. */
  bulkDataURI: (path: string) => string
  /** Binary values up to this many bytes are written as base64. */
  maxInline?: number
}

const BINARY_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN'])
const NUMBER_VRS = new Set(['DS', 'IS', 'US', 'SS', 'UL', 'SL', 'FL', 'FD', 'SV', 'UV'])
const PIXEL_TAGS = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010])

/** A data set in the DICOM JSON model. Text comes decoded, so SpecificCharacterSet is ISO_IR 192; group lengths are left out (§F.2.2). */
export function toDicomJson(dataSet: DataSet, { bulkDataURI, maxInline = 1024 }: DicomJsonOptions): DicomJson {
  return convert(dataSet, '', bulkDataURI, maxInline)
}

function convert(dataSet: DataSet, above: string, bulkDataURI: (path: string) => string, maxInline: number): DicomJson {
  const json: DicomJson = {}
  for (const span of dataSet.elements) {
    if ((span.tag & 0xffff) === 0) continue
    const tag = formatTag(span.tag)
    const path = above + tag
    const vr = dataSet.vrOf(span)
    if (vr === 'SQ') {
      const items = dataSet.itemsOf(span)
      const Value = items.map((item, index) => convert(item, `${path}/${index + 1}/`, bulkDataURI, maxInline))
      json[tag] = Value.length > 0 ? { vr, Value } : { vr }
    } else if (BINARY_VRS.has(vr)) {
      json[tag] = binary(dataSet, span, vr, () => bulkDataURI(path), maxInline)
    } else {
      const Value = span.tag === 0x00080005 ? ['ISO_IR 192'] : values(dataSet, span, vr)
      json[tag] = Value.length > 0 ? { vr, Value } : { vr }
    }
  }
  return json
}

function binary(dataSet: DataSet, span: ElementSpan, vr: string, uri: () => string, maxInline: number): JsonAttribute {
  if (span.length === 0) return { vr }
  const bytes = span.length <= maxInline && !span.undefinedLength ? dataSet.bytesOf(span) : undefined
  if (PIXEL_TAGS.has(span.tag) || !bytes) return { vr, BulkDataURI: uri() }
  return { vr, InlineBinary: encodeBase64(dataSet.encoding.littleEndian ? bytes : swapped(bytes, vr)) }
}

const WORD_BYTES: Record<string, number> = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 }

/** §F.2.7: inline values are little endian. */
function swapped(bytes: Uint8Array, vr: string): Uint8Array {
  const size = WORD_BYTES[vr] ?? 1
  const copy = bytes.slice()
  for (let i = 0; i + size <= copy.length; i += size) copy.subarray(i, i + size).reverse()
  return copy
}

function values(dataSet: DataSet, span: ElementSpan, vr: string): JsonValue[] {
  const strings = dataSet.stringsOf(span)
  if (vr === 'PN') return strings.map(personName)
  // §F.2.5: an empty value among others is null. What claims to be a number and is none stays text.
  if (NUMBER_VRS.has(vr))
    return strings.map(text => (text === '' ? null : Number.isFinite(Number(text)) ? Number(text) : text))
  return strings.map(text => (text === '' ? null : text))
}

function personName(text: string): PersonNameJson | null {
  const { alphabetic, ideographic, phonetic } = splitPersonName(text)
  if (!alphabetic && !ideographic && !phonetic) return null
  return {
    ...(alphabetic ? { Alphabetic: alphabetic } : {}),
    ...(ideographic ? { Ideographic: ideographic } : {}),
    ...(phonetic ? { Phonetic: phonetic } : {}),
  }
}
