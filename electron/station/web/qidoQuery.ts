import { lookupTag, tagOf } from '../../../shared/dicom/dictionary.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { type QidoQuery, queryKeys } from '../store/index.ts'

/** What a query may match on at each level; any other attribute is ignored and the client warned. */
const KEYS = {
  study: queryKeys('study'),
  series: queryKeys('series'),
  instance: queryKeys('instance'),
} as const satisfies Record<QidoQuery['level'], object>

const DEFAULT_LIMIT = 1_000
/** A page a client can still parse at once; the answer says when there is more (PS3.18 §8.3.4.4). */
const MOST_RESULTS = 5_000
const MOST_KEYS = 50
const LONGEST_VALUE = 1_024
/** PS3.18 §8.3.4 and §8.3.5: parameters that are no attributes. `includefield` needs nothing: all the index knows is returned. */
const NOT_ATTRIBUTES = new Set([
  'limit',
  'offset',
  'fuzzymatching',
  'includefield',
  'accept',
  'charset',
  'emptyvaluematching',
  'multiplevaluematching',
])

/**
 * The parameters of a QIDO-RS search as a query for the index, and the names of the attributes that can't be matched on.
 * Attributes are keywords or 8 hex digits; an empty value matches everything. Throws 'bad-request'.
 */
export function parseQidoQuery(
  parameters: URLSearchParams,
  where: Pick<QidoQuery, 'level' | 'StudyInstanceUID' | 'SeriesInstanceUID'>,
): { query: QidoQuery; ignored: string[] } {
  const values = new Map<string, string[]>()
  const items = new Map<string, Array<{ keyword: string; value: string }>>()
  const ignored: string[] = []
  const { matched, sequences } = KEYS[where.level]
  for (const [name, value] of parameters) {
    if (NOT_ATTRIBUTES.has(name)) continue
    // PS3.18 §8.3.4: of a sequence's item after a dot.
    const [keyword = '', inItem] = name.split('.', 2).map(toKeyword)
    const isKnown = name.includes('.') ? inItem && sequences.get(keyword)?.includes(inItem) : matched.has(keyword)
    if (!isKnown) ignored.push(name)
    else if (value.length > LONGEST_VALUE)
      throw new IsocenterError('bad-request', `the value of ${keyword} is too long`)
    else if (inItem) items.set(keyword, [...(items.get(keyword) ?? []), { keyword: inItem, value }])
    else if (value !== '') values.set(keyword, [...(values.get(keyword) ?? []), value])
  }
  const inItems = [...items].map(([keyword, item]) => ({ keyword, value: '', item }))
  if (values.size + ignored.length + [...items.values()].flat().length > MOST_KEYS)
    throw new IsocenterError('bad-request', 'too many attributes')
  const matches = [...values].map(([keyword, all]) => ({ keyword, value: toMatch(keyword, all) })).concat(inItems)
  const query: QidoQuery = {
    ...where,
    matches,
    fuzzymatching: parameters.get('fuzzymatching') === 'true',
    limit: Math.min(count(parameters, 'limit', DEFAULT_LIMIT), MOST_RESULTS),
    offset: count(parameters, 'offset', 0),
  }
  return { query, ignored }
}

function toKeyword(name: string): string | undefined {
  if (/^[0-9a-fA-F]{8}$/.test(name)) return lookupTag(Number.parseInt(name, 16))?.keyword
  return tagOf(name) === undefined ? undefined : name
}

/** Lists of UIDs come with commas (PS3.18 §8.3.4.1) or repeated; the index takes them as DICOM writes them, with backslashes. */
function toMatch(keyword: string, values: string[]): string {
  const vr = lookupTag(tagOf(keyword) ?? 0)?.vr
  return vr === 'UI' ? values.join(',').replaceAll(',', '\\') : values.join('\\')
}

function count(parameters: URLSearchParams, name: string, otherwise: number): number {
  const text = parameters.get(name)
  if (text === null || text === '') return otherwise
  if (!/^\d{1,9}$/.test(text)) throw new IsocenterError('bad-request', `${name} must be a whole number`)
  return Number(text)
}
