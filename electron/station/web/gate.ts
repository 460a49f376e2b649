import { createHash, timingSafeEqual } from 'node:crypto'
import { allows, type Scope } from '../../../shared/apiKeys.ts'

/** What stands at the door: everything the decision needs and nothing else. */
export interface Knock {
  method: string
  /** The URL under the Host header the client sent. */
  url: URL
  headers: Pick<Headers, 'get'>
}

/** Who came in: what may be done, and what to call it. */
export interface Holder {
  /** '' for the station's main key. */
  id: string
  name: string
  scopes: readonly Scope[]
}

export type Verdict =
  | { kind: 'enter'; holder: Holder }
  /** The key came in the address: set this cookie and go to `location` (303). */
  | { kind: 'welcome'; cookie: string; location: string }
  /** A browser asks whether a page of a listed origin may ask (Fetch standard §4.8). */
  | { kind: 'preflight' }
  /** `guessed`: a key was offered, and it is none of ours. */
  | { kind: 'refuse'; code: 'unauthorized' | 'forbidden-origin' | 'forbidden'; guessed: boolean }

/** What the knock is held against. */
export interface Lock {
  /** The main key. */
  key: string
  port: number
  /** Pages of these may ask for DICOMweb, with a key of their own. */
  origins: readonly string[]
  /** The further keys. */
  find(offered: string): Holder | undefined
}

const MAIN: Holder = { id: '', name: 'main key', scopes: ['admin'] }
const NOBODY: Holder = { id: '', name: '', scopes: [] }

/** Cookies ignore ports: the name carries it, so that two stations on one machine do not log each other out. */
export function cookieName(port: number): string {
  return `isocenter-${port}`
}

/**
 * Decides who gets in (design: One counter). Pure. Order matters: a foreign Host is refused before anything is compared
 * (DNS rebinding); an Authorization header, when there is one, decides alone; a cookie counts only for our own pages.
 */
export function decide(knock: Knock, lock: Lock): Verdict {
  const { url, headers, method } = knock
  if (!isOurHost(url, lock.port)) return refuse('forbidden-origin')
  if (url.pathname === '/healthz') return { kind: 'enter', holder: NOBODY }
  // Comes without a key by design, and says nothing but which origins are listed.
  if (listedOrigin(knock, lock) && method === 'OPTIONS' && headers.get('access-control-request-method') !== null) {
    return { kind: 'preflight' }
  }

  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const key = keyOf(authorization)
    const holder = key === undefined ? undefined : isSame(key, lock.key) ? MAIN : lock.find(key)
    if (!holder) return refuse('unauthorized', true)
    return allows(holder.scopes, neededScope(method, url.pathname)) ? { kind: 'enter', holder } : refuse('forbidden')
  }

  const offered = url.searchParams.get('key')
  if (offered !== null && url.pathname === '/' && method === 'GET') {
    if (!isSame(offered, lock.key)) return refuse('unauthorized', true)
    const rest = new URLSearchParams(url.searchParams)
    rest.delete('key')
    const cookie = `${cookieName(lock.port)}=${encodeURIComponent(lock.key)}; Path=/; HttpOnly; SameSite=Strict`
    return { kind: 'welcome', cookie, location: rest.size > 0 ? `/?${rest}` : '/' }
  }

  const cookie = cookieValue(headers.get('cookie') ?? '', cookieName(lock.port))
  if (cookie === undefined) return refuse('unauthorized')
  if (!isSame(cookie, lock.key)) return refuse('unauthorized', true)
  return isOurPage(knock) ? { kind: 'enter', holder: MAIN } : refuse('forbidden-origin')
}

function refuse(code: 'unauthorized' | 'forbidden-origin' | 'forbidden', guessed = false): Verdict {
  return { kind: 'refuse', code, guessed }
}

/** What a request needs of a key. Everything that is not DICOMweb or a gauge is the counter's own. */
function neededScope(method: string, pathname: string): Scope {
  if (pathname === '/metrics') return 'read'
  if (pathname === '/api/dictation.final' && method === 'POST') return 'dictation'
  if (!isDicomWeb(pathname)) return 'admin'
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'read'
  return method === 'POST' ? 'store' : method === 'DELETE' ? 'delete' : 'admin'
}

function isDicomWeb(pathname: string): boolean {
  return pathname === '/dicom-web' || pathname.startsWith('/dicom-web/')
}

/** The origin of a page that may read the answer (Fetch standard §3.2): a listed one, of DICOMweb, and never by the cookie. */
export function listedOrigin(
  { url, headers }: Pick<Knock, 'url' | 'headers'>,
  lock: Pick<Lock, 'origins'>,
): string | undefined {
  const origin = headers.get('origin')
  return origin !== null && isDicomWeb(url.pathname) && lock.origins.includes(origin) ? origin : undefined
}

function isOurHost(url: URL, port: number): boolean {
  const atPort = url.port === '' ? port === 80 : url.port === String(port)
  return atPort && (url.hostname === '127.0.0.1' || url.hostname === 'localhost' || url.hostname === '[::1]')
}

/** Another local page is same-site with us, so SameSite=Strict alone would let it in. `none`: typed or opened by the system. */
function isOurPage({ method, url, headers }: Knock): boolean {
  const site = headers.get('sec-fetch-site')
  if (site === 'same-origin') return true
  const navigates = headers.get('sec-fetch-mode') === 'navigate' && (method === 'GET' || method === 'HEAD')
  return site === 'none' && navigates && url.pathname === '/'
}

/** `Api-Key K`, `Bearer K` (RFC 6750) or `Basic base64(any:K)` (RFC 7617). */
function keyOf(authorization: string): string | undefined {
  const [, scheme = '', rest = ''] = /^(\S+) +(.*)$/s.exec(authorization.trim()) ?? []
  switch (scheme.toLowerCase()) {
    case 'api-key':
    case 'bearer':
      return rest.trim()
    case 'basic': {
      const pair = Buffer.from(rest, 'base64').toString('utf8')
      const colon = pair.indexOf(':')
      return colon < 0 ? undefined : pair.slice(colon + 1)
    }
    default:
      return undefined
  }
}

function cookieValue(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (part.slice(0, equals).trim() !== name) continue
    try {
      return decodeURIComponent(part.slice(equals + 1).trim())
    } catch {
      return undefined
    }
  }
  return undefined
}

/** Constant time whatever the lengths: both sides are hashed first. */
function isSame(offered: string, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(offered), digest(key))
}
