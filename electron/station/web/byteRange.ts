/**
 * A `Range` header of one byte range against a body of `length` bytes (RFC 9110 §14.1.2): first and last byte, inclusive.
 * Null means: answer with everything (no range, several, or not understood).
 */
export function parseRange(
  header: string | null,
  length: number,
): { first: number; last: number } | 'unsatisfiable' | null {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (from === '' && to === '') return null
  if (from === '') {
    const suffix = Math.min(Number(to), length)
    return suffix === 0 ? 'unsatisfiable' : { first: length - suffix, last: length - 1 }
  }
  const first = Number(from)
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (first >= length) return 'unsatisfiable'
  return first > last ? null : { first, last }
}
