import type { HeaderElement } from '../contract.ts'
import { formatTag, lookupTag } from './dictionary.ts'
import type { ElementSpan } from './elements.ts'
import type { DataSet } from './reader.ts'

/** Of a value; the longest text worth reading in a table. */
const MAX_VALUE = 1024
/** Numbers of a binary element shown before they are only counted. */
const MAX_NUMBERS = 64

/** The header view's lines, sequences unfolded depth first, at most `limit`. */
export function headerLines(dataSet: DataSet, limit: number): { elements: HeaderElement[]; truncated: boolean } {
  const elements: HeaderElement[] = []
  const truncated = !addLines(dataSet, 0, limit, elements)
  return { elements, truncated }
}

/** False when the limit was met before the end. */
function addLines(dataSet: DataSet, depth: number, limit: number, into: HeaderElement[]): boolean {
  for (const span of dataSet.elements) {
    if (into.length >= limit) return false
    const vr = dataSet.vrOf(span)
    const items = vr === 'SQ' ? dataSet.itemsOf(span) : []
    into.push({
      tag: formatTag(span.tag),
      vr,
      keyword: lookupTag(span.tag)?.keyword ?? '',
      depth,
      length: span.length,
      value: vr === 'SQ' ? describeSequence(span, items.length) : describe(dataSet, span, vr),
    })
    for (const [index, item] of items.entries()) {
      if (into.length >= limit) return false
      // An item has no VR and no element number of its own (PS3.5 §7.5).
      into.push({
        tag: 'FFFEE000',
        vr: '',
        keyword: 'Item',
        depth: depth + 1,
        length: item.end - item.start,
        value: `${index + 1}`,
      })
      if (!addLines(item, depth + 2, limit, into)) return false
    }
  }
  return true
}

function describeSequence(span: ElementSpan, items: number): string {
  if (span.tooDeep) return 'nested too deep'
  return `${items} ${items === 1 ? 'item' : 'items'}`
}

function describe(dataSet: DataSet, span: ElementSpan, vr: string): string {
  if (span.undefinedLength) return 'fragments'
  const bytes = dataSet.bytesOf(span)
  if (!bytes) return 'cut off'
  if (bytes.length === 0) return ''
  const binary = vr.startsWith('O') || vr === 'UN'
  if (binary && !(vr === 'UN' && isText(bytes))) {
    return bytes.length <= 16
      ? Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
      : `${bytes.length} bytes`
  }
  const values = dataSet.stringsOf(span)
  const shown = values.length > MAX_NUMBERS ? [...values.slice(0, MAX_NUMBERS), '…'] : values
  const text = shown.join('\\')
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text
}

/** Private elements of implicit data sets have no VR, yet most are text. */
function isText(bytes: Uint8Array): boolean {
  return (
    bytes.length <= MAX_VALUE &&
    bytes.every((byte, i) => (byte >= 0x20 && byte < 0x7f) || (byte === 0 && i === bytes.length - 1))
  )
}
