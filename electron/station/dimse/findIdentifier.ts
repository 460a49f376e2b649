import { lookupTag, tagOf } from '../../../shared/dicom/dictionary.ts'
import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { DataSet } from '../../../shared/dicom/reader.ts'
import { IsocenterError } from '../../../shared/errors.ts'
import { type FindQuery, queryKeys } from '../store/index.ts'
import type { QueryModel } from './queryModels.ts'

/** PS3.4 §C.6: what is asked for, from the top, with what tells one from another. */
const LEVELS = [
  { name: 'PATIENT', level: 'patient', unique: 'PatientID' },
  { name: 'STUDY', level: 'study', unique: 'StudyInstanceUID' },
  { name: 'SERIES', level: 'series', unique: 'SeriesInstanceUID' },
  { name: 'IMAGE', level: 'instance', unique: 'SOPInstanceUID' },
] as const

/** No client shows as many; each would be in every answer. */
const MOST_KEYS = 512
/** Characters of a value that is no list of UIDs. */
const LONGEST_VALUE = 1024
const LONGEST_CHARACTER_SET = 256

const SPECIFIC_CHARACTER_SET = 0x00080005
const QUERY_RETRIEVE_LEVEL = 0x00080052
const TIMEZONE_OFFSET = 0x00080201
/** What every response says of itself. */
const TOLD = { QueryRetrieveLevel: QUERY_RETRIEVE_LEVEL, RetrieveAETitle: 0x00080054, InstanceAvailability: 0x00080056 }

/** An element of every response. */
export interface AnswerElement {
  tag: number
  vr: string
  /** Which column of a row it is; otherwise it has this value in every response, '' = none. */
  value: { column: number } | string
  /** Of a sequence that is a column: what its items have, by tag; what is not known has no keyword. */
  items?: AnswerItemElement[]
}

export interface AnswerItemElement {
  tag: number
  vr: string
  keyword: string
}

export interface FindRequest {
  /** `from` is the page's to say. */
  query: Omit<FindQuery, 'from'>
  /** By tag; without Specific Character Set. */
  answer: AnswerElement[]
  /** Of the request, as it names them. */
  characterSets: string[]
  /** Some key is not known here or not matched on (status 0xFF01). */
  incomplete: boolean
}

/**
 * A C-FIND's identifier (PS3.4 §C.4.1.1.3), as a query and the form of its answers. `options`: what extended negotiation agreed on
 * (§C.5.1.1): relational, date and time combined, fuzzy names. Throws 'bad-identifier' and 'malformed'.
 */
export function parseFindIdentifier(
  identifier: Uint8Array,
  transferSyntax: string,
  root: QueryModel['root'],
  options: Uint8Array,
  retrieveAET: string,
): FindRequest {
  const dataSet = DataSet.read(identifier, encodingOf(transferSyntax))
  if (dataSet.damage || dataSet.truncated) throw new IsocenterError('malformed', 'the identifier is damaged')
  const top = root === 'PATIENT' ? 0 : 1
  const name = dataSet.string(QUERY_RETRIEVE_LEVEL)
  const at = LEVELS.findIndex(one => one.name === name)
  const asked = LEVELS[at]
  if (!asked || at < top) {
    throw new IsocenterError(
      'bad-identifier',
      name ? `no level ${safe(name)} in ${root} ROOT` : 'no Query/Retrieve Level',
    )
  }
  const [relational, combinedDateTime, fuzzymatching] = [0, 1, 2].map(byte => options[byte] === 1)
  for (const { unique } of relational ? [] : LEVELS.slice(top, at)) {
    const values = dataSet.strings(unique)
    if (values.length !== 1 || (unique === 'PatientID' && /[*?]/.test(values[0] ?? ''))) {
      throw new IsocenterError('bad-identifier', `${unique}: one value is needed at level ${asked.name}`)
    }
  }

  const known = queryKeys(asked.level)
  const request: FindRequest = {
    query: {
      level: asked.level,
      matches: [],
      returned: [],
      fuzzymatching: fuzzymatching === true,
      combinedDateTime: combinedDateTime === true,
    },
    answer: [],
    // It stands in every answer: all of the standard's together are shorter.
    characterSets: dataSet.characterSets.join().length > LONGEST_CHARACTER_SET ? [] : dataSet.characterSets,
    incomplete: false,
  }
  const matches: Array<FindQuery['matches'][number]> = []
  const elements = new Map<number, AnswerElement>()
  const answer = (tag: number, vr: string, value: AnswerElement['value']) => elements.set(tag, { tag, vr, value })
  const column = (keyword: string) => ({ column: request.query.returned.push(keyword) - 1 })
  for (const span of dataSet.elements) {
    // Group lengths are no keys.
    if ((span.tag & 0xffff) === 0 || span.tag === SPECIFIC_CHARACTER_SET || elements.has(span.tag)) continue
    const vr = dataSet.vrOf(span)
    const keyword = lookupTag(span.tag)?.keyword ?? ''
    const inItems = known.sequences.get(keyword)
    if (vr === 'SQ' && inItems) {
      const item = itemKeys(dataSet.itemsOf(span)[0], inItems)
      request.incomplete ||= item.incomplete
      elements.set(span.tag, { tag: span.tag, vr, value: column(keyword), items: item.answer })
      matches.push({ keyword, value: '', item: item.matches })
      continue
    }
    if (!known.returned.has(keyword) || vr === 'SQ' || inItems) {
      answer(span.tag, vr, '')
      request.incomplete ||= span.tag !== TIMEZONE_OFFSET && !Object.hasOwn(TOLD, keyword)
      continue
    }
    answer(span.tag, lookupTag(span.tag)?.vr ?? vr, column(keyword))
    const value = dataSet.stringsOf(span).join('\\')
    if (value === '') continue
    if (vr !== 'UI' && value.length > LONGEST_VALUE)
      throw new IsocenterError('bad-identifier', `${keyword} is too long`)
    if (known.matched.has(keyword)) matches.push({ keyword, value })
    else request.incomplete = true
  }
  if (elements.size > MOST_KEYS) throw new IsocenterError('bad-identifier', `more than ${MOST_KEYS} keys`)
  for (const { unique } of LEVELS.slice(top, at + 1)) {
    const tag = tagOf(unique) ?? 0
    if (!elements.has(tag)) answer(tag, lookupTag(tag)?.vr ?? 'UI', column(unique))
  }
  answer(TOLD.QueryRetrieveLevel, 'CS', asked.name)
  answer(TOLD.RetrieveAETitle, 'AE', retrieveAET)
  if (elements.has(TOLD.InstanceAvailability) && !known.returned.has('InstanceAvailability'))
    answer(TOLD.InstanceAvailability, 'CS', 'ONLINE')
  request.query.matches = matches
  request.answer = [...elements.values()].sort((a, b) => a.tag - b.tag)
  return request
}

/** The one item of a sequence that is asked for (PS3.4 §C.2.2.2.6); without it, or with nothing in it, all that is known comes back. */
function itemKeys(item: DataSet | undefined, known: readonly string[]) {
  const asked = item?.elements.filter(({ tag }) => (tag & 0xffff) !== 0) ?? []
  const answer: AnswerItemElement[] = asked.map(span => {
    const keyword = lookupTag(span.tag)?.keyword ?? ''
    return { tag: span.tag, vr: item?.vrOf(span) ?? 'UN', keyword: known.includes(keyword) ? keyword : '' }
  })
  const every = known.map((keyword): AnswerItemElement => ({ tag: tagOf(keyword) ?? 0, vr: 'SH', keyword }))
  return {
    answer: (answer.length > 0 ? answer : every).toSorted((a, b) => a.tag - b.tag),
    matches: answer
      .filter(({ keyword }) => keyword !== '')
      .map(({ tag, keyword }) => ({ keyword, value: (item?.strings(tag) ?? []).join('\\').slice(0, LONGEST_VALUE) })),
    incomplete: answer.some(({ keyword }) => keyword === ''),
  }
}

/** What a peer wrote, for its own eyes. */
function safe(text: string): string {
  return text.replace(/[^\w ]/g, '?').slice(0, 16)
}
