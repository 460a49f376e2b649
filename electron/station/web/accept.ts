/** One media range of an Accept header (RFC 9110 §12.5.1), names in lower case, parameters unquoted. */
export interface MediaRange {
  type: string
  parameters: Record<string, string>
  q: number
}

/** A real client sends a handful; each costs a look at every stored object. */
const MOST_RANGES = 50

/**
 * The media ranges of an Accept header, most wanted first, unacceptable ones (q=0) left out; an absent or empty header is
 * one range for anything. Never throws: what is not a media range is left out, and then nothing may be acceptable.
 */
export function parseAccept(header: string | null | undefined): MediaRange[] {
  if (!header?.trim()) return [{ type: '*/*', parameters: {}, q: 1 }]
  return splitOutsideQuotes(header, ',')
    .slice(0, MOST_RANGES)
    .map(parseMediaType)
    .filter(range => range !== undefined)
    .filter(range => range.q > 0)
    .sort((a, b) => b.q - a.q)
}

/** One media type with its parameters, as in Content-Type (RFC 9110 §8.3.1); undefined for what is none. */
export function parseMediaType(text: string): MediaRange | undefined {
  const [type = '', ...rest] = splitOutsideQuotes(text, ';').map(part => part.trim())
  if (!/^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type)) return undefined
  const parameters: Record<string, string> = {}
  for (const part of rest) {
    const equals = part.indexOf('=')
    if (equals < 1) continue
    parameters[part.slice(0, equals).trim().toLowerCase()] = unquote(part.slice(equals + 1).trim())
  }
  const { q: weight, ...others } = parameters
  const q = weight === undefined ? 1 : Number(weight)
  return { type: type.toLowerCase(), parameters: others, q: q >= 0 && q <= 1 ? q : 0 }
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1
    ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
    : text
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let quoted = false
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && quoted) i++
    else if (text[i] === '"') quoted = !quoted
    else if (text[i] === separator && !quoted) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/** What is asked for in one media range of a DICOM resource: in parts or alone, which media type, which transfer syntax. */
export interface DicomRange {
  multipart: boolean
  /** The media type of (each) part, possibly with wildcards. */
  type: string
  /** A UID, `*` (as stored), or undefined: the default of the media type. */
  transferSyntax: string | undefined
  /** How much it is wanted, above 0 to 1. */
  q: number
}

/**
 * PS3.18 §8.7.3: a range is a single part (`application/dicom; transfer-syntax=…`) or `multipart/related; type="…"`. Who
 * takes anything gets the resource's default, which comes in parts (§8.7.3.3).
 */
export function dicomRange(range: MediaRange): DicomRange | undefined {
  const { type, parameters, q } = range
  const transferSyntax = parameters['transfer-syntax']
  if (type === '*/*') return { multipart: true, type: '*/*', transferSyntax, q }
  if (!type.startsWith('multipart/')) return { multipart: false, type, transferSyntax, q }
  if (type !== 'multipart/related' && type !== 'multipart/*') return undefined
  // Some clients put the part's own parameter inside the quotes.
  const [inner = '*/*', ...more] = (parameters.type ?? '*/*').split(';').map(part => part.trim().toLowerCase())
  const nested = more.find(part => part.startsWith('transfer-syntax='))?.slice('transfer-syntax='.length)
  return { multipart: true, type: inner, transferSyntax: transferSyntax ?? nested, q }
}

/** Does a media range's type, possibly with wildcards, cover this one? */
export function covers(range: string, type: string): boolean {
  return range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)))
}
