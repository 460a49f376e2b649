import {
  type ElementSpan,
  ITEM,
  ITEM_DELIMITATION,
  MAX_DEPTH,
  nestedEncoding,
  readHeader,
  SEQUENCE_DELIMITATION,
  UNDEFINED,
  viewOf,
} from './elements.ts'
import type { Encoding } from './encoding.ts'

/** The header of a sequence and that of its item, without VR: what one more level costs at least. */
const LEVEL_BYTES = 16
/** Element headers looked at; real objects end far below, for what is too short to be deep is skipped. */
const MOST_HEADERS = 200_000

interface Open {
  kind: 'sequence' | 'item' | 'fragments'
  encoding: Encoding
  /** Of an undefined length: where the level around it ends at the latest. */
  end: number
  defined: boolean
}

/**
 * Whether a sequence holds more than `MAX_DEPTH` levels, itself the first, of defined and undefined lengths alike: such objects
 * crash the parsers of others (64 levels Orthanc 1.12, 20,000 dcmdump 3.6.7). Without recursion; stops at what is no DICOM.
 */
export function nestsTooDeep(bytes: Uint8Array, sequence: ElementSpan, encoding: Encoding): boolean {
  const { vr, valueOffset, length, undefinedLength, tooDeep } = sequence
  if (tooDeep) return true
  if (!(vr === 'SQ' || undefinedLength) || length < MAX_DEPTH * LEVEL_BYTES) return false
  const view = viewOf(bytes)
  const end = Math.min(valueOffset + length, bytes.length)
  const inner = nestedEncoding(bytes, vr, valueOffset, encoding)
  const open: Open[] = [{ kind: kindOf(vr), encoding: inner, end, defined: true }]
  let levels = 1
  const close = () => {
    const closed = open.pop()
    if (closed?.kind === 'sequence') levels--
    return closed
  }
  let at = valueOffset
  for (let headers = 0; headers < MOST_HEADERS; headers++) {
    const top = open.at(-1)
    if (!top) return false
    const header = at < top.end ? readHeader(view, at, top.end, top.encoding) : 'cut'
    const isItem = typeof header === 'object' && header.tag === ITEM
    const closes =
      typeof header === 'object' && (header.tag === SEQUENCE_DELIMITATION || header.tag === ITEM_DELIMITATION)
    if (typeof header === 'string' || (!closes && isItem === (top.kind === 'item'))) {
      // The end of a level, or nonsense: on behind the innermost level whose length is known.
      let closed = close()
      while (closed && !closed.defined) closed = close()
      at = closed?.end ?? at
      continue
    }
    at = header.valueOffset
    if (closes) {
      if (header.tag === ITEM_DELIMITATION && top.kind !== 'item') continue
      // A sequence delimiter in an item closes both: the item's own was left out.
      if (header.tag === SEQUENCE_DELIMITATION && top.kind === 'item' && !top.defined) close()
      if (!open.at(-1)?.defined) close()
      continue
    }
    const defined = header.length !== UNDEFINED
    const valueEnd = defined ? Math.min(at + header.length, top.end) : top.end
    const kind = isItem ? 'item' : kindOf(header.vr)
    const skipped =
      top.kind === 'fragments' ||
      (defined && (!(isItem || header.vr === 'SQ') || levels + (valueEnd - at) / LEVEL_BYTES <= MAX_DEPTH))
    if (skipped) {
      at = valueEnd
      continue
    }
    if (kind === 'sequence' && ++levels > MAX_DEPTH) return true
    const content = isItem ? top.encoding : nestedEncoding(bytes, header.vr, at, top.encoding)
    open.push({ kind, encoding: content, end: valueEnd, defined })
  }
  return false
}

/** Of undefined length, everything but OB and OW is a sequence (PS3.5 §A.4, §6.2.2). */
function kindOf(vr: string): 'sequence' | 'fragments' {
  return vr === 'OB' || vr === 'OW' ? 'fragments' : 'sequence'
}
