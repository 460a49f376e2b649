import { normaliseUID } from '../../../shared/dicom/uids.ts'
import { statusWords, verdictOf } from './verdict.ts'

/** What an answer says of one object. `status`: why it was not stored, or the remark on one that was; 0 = nothing. */
export interface Named {
  stored: boolean
  failed: boolean
  status: number
}

/** Attributes of the answer's data set (PS3.18 table I.1-1), as tags. */
const FAILED_SEQUENCE = '00081198'
const STORED_SEQUENCE = '00081199'
const INSTANCE = '00081155'
const REASON = '00081197'
const WARNING = '00081196'

/** One value of one item of a sequence at the top of the answer. */
interface Found {
  sequence: string
  item: number
  tag: string
  value: string
}

/**
 * Every object that the answer to a STOW-RS request names, by its SOP Instance UID: of the DICOM JSON model, or of the XML that older
 * servers send. Empty where it names none, or is something else.
 */
export function readStowAnswer(text: string): Map<string, Named> {
  const start = text.trimStart()
  const found = start.startsWith('<') ? ofXml(start) : ofJson(start)
  const items = new Map<string, { sequence: string; uid: string; status: number }>()
  for (const { sequence, item, tag, value } of found) {
    const key = `${sequence} ${item}`
    const known = items.get(key) ?? { sequence, uid: '', status: 0 }
    if (tag === INSTANCE) known.uid = normaliseUID(value)
    else if (tag === REASON || tag === WARNING) known.status = Number(value) || 0
    items.set(key, known)
  }
  const named = new Map<string, Named>()
  for (const { sequence, uid, status } of items.values()) {
    if (uid === '') continue
    const one = named.get(uid) ?? { stored: false, failed: false, status: 0 }
    if (sequence === STORED_SEQUENCE) one.stored = true
    else one.failed = true
    one.status ||= status
    named.set(uid, one)
  }
  return named
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function valuesOf(dataSet: unknown, tag: string): unknown[] {
  const attribute = isRecord(dataSet) ? dataSet[tag] : undefined
  const values = isRecord(attribute) ? attribute.Value : undefined
  return Array.isArray(values) ? values : []
}

function ofJson(text: string): Found[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return []
  }
  // Some put the one data set into a list.
  const dataSets = Array.isArray(parsed) ? parsed : [parsed]
  return dataSets.flatMap((dataSet, at) =>
    [FAILED_SEQUENCE, STORED_SEQUENCE].flatMap(sequence =>
      valuesOf(dataSet, sequence).flatMap((item, index) =>
        [INSTANCE, REASON, WARNING].flatMap(tag => {
          const [value] = valuesOf(item, tag)
          const known = typeof value === 'string' || typeof value === 'number'
          return known ? [{ sequence, item: at * 1e6 + index, tag, value: String(value) }] : []
        }),
      ),
    ),
  )
}

/** The Native DICOM Model (PS3.19 §A.1) as far as it is needed: attributes, items and values, whatever their namespace. */
function ofXml(text: string): Found[] {
  const found: Found[] = []
  const tags: string[] = []
  let item = 0
  for (const [, closes, name, attributes = '', value = ''] of text.matchAll(
    /<(\/?)(?:\w+:)?(DicomAttribute|Item|Value)\b([^<>]*)>([^<]*)/g,
  )) {
    if (name === 'Item') {
      if (!closes && tags.length === 1) item += 1
    } else if (name === 'Value') {
      const [sequence = '', tag = ''] = tags
      const wanted = sequence === FAILED_SEQUENCE || sequence === STORED_SEQUENCE
      if (!closes && tags.length === 2 && wanted) found.push({ sequence, item, tag, value: value.trim() })
    } else if (closes) tags.pop()
    else if (!attributes.endsWith('/')) tags.push(/\btag="([0-9A-Fa-f]{8})"/.exec(attributes)?.[1]?.toUpperCase() ?? '')
  }
  return found
}

/** What has become of one object of a post. `sent`: all of it had left; `begun`: some of it. */
export interface Posted {
  SOPInstanceUID: string
  begun: boolean
  sent: boolean
}

export type Judged = { reason: string } & (
  | { kind: 'listed' }
  | { kind: 'ambiguous' }
  | { kind: 'unreached' }
  | { kind: 'refused'; permanent: boolean }
)

/**
 * What an answer says of one object among `of` that were posted together. Its body decides, whatever its status says: archives have
 * answered 200 to what they had no room for. Where the body names nothing, a refusal is of the post as a whole: permanent
 * only where the object was alone in it, so that whoever halves a refused post finds the one it is about.
 */
export function judgeAnswer(status: number, named: Map<string, Named>, object: Posted, of: number): Judged {
  const one = named.get(object.SOPInstanceUID)
  if (one) return judgeNamed(one, object)
  if (!object.begun) return { kind: 'unreached', reason: httpWords(status) }
  if (named.size > 0) return { kind: 'ambiguous', reason: `answered ${status}, and does not name this object` }
  if (status >= 200 && status < 300) return { kind: 'ambiguous', reason: `answered ${status}, and names no object` }
  if (status >= 500 || status === 408) return { kind: 'ambiguous', reason: httpWords(status) }
  if (NOBODYS.has(status) || status < 400) return { kind: 'unreached', reason: httpWords(status) }
  // A form that it does not take may be a matter of its settings: no object is given up for that.
  const permanent = of === 1 && status !== 406 && status !== 415
  return { kind: 'refused', permanent, reason: httpWords(status) }
}

function judgeNamed({ stored, failed, status }: Named, { sent }: Posted): Judged {
  if (stored && failed) return { kind: 'ambiguous', reason: 'named as stored and as not stored' }
  const words = status === 0 ? '' : statusWords(status)
  if (stored)
    return sent ? { kind: 'listed', reason: words } : { kind: 'ambiguous', reason: 'named before it was sent' }
  if (status === 0) return { kind: 'refused', permanent: false, reason: 'named as not stored, without a reason' }
  const verdict = verdictOf(status)
  if (verdict === 'duplicate') return { kind: 'ambiguous', reason: words }
  return { kind: 'refused', permanent: verdict === 'permanent', reason: words }
}

/** Said about us, or the address, never about an object: it was not looked at. */
const NOBODYS = new Set([401, 403, 404, 405, 407, 410, 421, 426, 429, 431])

const HTTP_WORDS: Record<number, string> = {
  401: 'our key was refused',
  403: 'our key does not allow this',
  404: 'there is no DICOMweb service at this address',
  405: 'there is no DICOMweb service that stores at this address',
  407: 'a proxy on the way wants a key',
  413: 'larger than it takes',
  415: 'it does not take this form of an object',
  429: 'it is asked too often',
  502: 'the archive behind the proxy was not reached',
  503: 'it is out of service for now',
  504: 'the archive behind the proxy did not answer in time',
  507: 'its disk is full',
}

/** A status for people. */
export function httpWords(status: number): string {
  if (status >= 300 && status < 400) return `${status}: it is to be found elsewhere`
  return HTTP_WORDS[status] ? `${status}: ${HTTP_WORDS[status]}` : `answered ${status}`
}
