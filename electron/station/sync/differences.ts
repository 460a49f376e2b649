import { formatTag, lookupTag } from '../../../shared/dicom/dictionary.ts'
import type { DataSet, ElementSpan } from '../../../shared/dicom/reader.ts'

const MOST_NAMED = 5
const PADDING = new Set([0x00, 0x20])

/**
 * Elements at the top of which two data sets hold different values: by keyword, at most five, never what they hold. How values are
 * encoded counts for nothing: lengths of sequences and groups, explicit or implicit VR, padding.
 */
export function differences(a: DataSet, b: DataSet): string[] {
  const [ours, theirs] = [a, b].map(told)
  const tags = new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])
  const other: string[] = []
  for (const tag of [...tags].sort((x, y) => x - y)) {
    const [one, two] = [ours?.get(tag), theirs?.get(tag)]
    if (one && two && same(a, one, b, two)) continue
    other.push(lookupTag(tag)?.keyword ?? formatTag(tag))
    if (other.length === MOST_NAMED) break
  }
  if (other.length === 0 && a.truncated !== b.truncated) other.push('its end')
  return other
}

/** Without what says nothing: group lengths, and padding behind all else (PS3.5 §7.2, PS3.10 §7.2). */
function told({ elements }: DataSet): Map<number, ElementSpan> {
  const counts = elements.filter(({ tag }) => (tag & 0xffff) !== 0 && tag !== 0xfffcfffc)
  return new Map(counts.map(span => [span.tag, span]))
}

function same(a: DataSet, one: ElementSpan, b: DataSet, two: ElementSpan): boolean {
  const isSequence = a.vrOf(one) === 'SQ' && b.vrOf(two) === 'SQ'
  if (isSequence && !one.tooDeep && !two.tooDeep) {
    const [ours, theirs] = [a.itemsOf(one), b.itemsOf(two)]
    return (
      ours.length === theirs.length &&
      ours.every((item, index) => differences(item, theirs[index] as DataSet).length === 0)
    )
  }
  const [x, y] = [a.bytesOf(one), b.bytesOf(two)]
  return x !== undefined && y !== undefined && Buffer.compare(trimmed(x), trimmed(y)) === 0
}

/** One byte of padding at most makes a length even (PS3.5 §6.2). */
function trimmed(bytes: Uint8Array): Uint8Array {
  const last = bytes.at(-1)
  return last !== undefined && PADDING.has(last) ? bytes.subarray(0, -1) : bytes
}
