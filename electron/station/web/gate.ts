import { createHash, timingSafeEqual } from 'node:crypto'

/** What stands at the door: everything the decision needs and nothing else. */
export interface Knock {
  method: string
  /** The URL under the Host header the client sent. */
  url: URL
  headers: Pick<Headers, 'get'>
}

export type Verdict =
  | { kind: 'enter' }
  /** The key came in the address: set this cookie and go to `location` (303). */
  | { kind: 'welcome'; cookie: string; location: string }
  | { kind: 'refuse'; code: 'unauthorized' | 'forbidden-origin' }

/** Cookies ignore ports: the name carries it, so that two stations on one machine do not log each other out. */
export function cookieName(port: number): string {
  return `isocenter-${port}`
}

/**
 * Decides who gets in (design: One counter). Pure. Order matters: a foreign Host is refused before anything is compared
 * (DNS rebinding); an Authorization header, when there is one, decides alone; a cookie counts only for our own pages.
 */
export function decide(knock: Knock, lock: { key: string; port: number }): Verdict {
  const { url, headers, method } = knock
  if (!isOurHost(url, lock.port)) return { kind: 'refuse', code: 'forbidden-origin' }
  if (url.pathname === '/healthz') return { kind: 'enter' }

  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const key = keyOf(authorization)
    return key !== undefined && isSame(key, lock.key) ? { kind: 'enter' } : { kind: 'refuse', code: 'unauthorized' }
  }

  const offered = url.searchParams.get('key')
  if (offered !== null && url.pathname === '/' && method === 'GET') {
    if (!isSame(offered, lock.key)) return { kind: 'refuse', code: 'unauthorized' }
    const rest = new URLSearchParams(url.searchParams)
    rest.delete('key')
    const cookie = `${cookieName(lock.port)}=${encodeURIComponent(lock.key)}; Path=/; HttpOnly; SameSite=Strict`
    return { kind: 'welcome', cookie, location: rest.size > 0 ? `/?${rest}` : '/' }
  }

  const cookie = cookieValue(headers.get('cookie') ?? '', cookieName(lock.port))
  if (cookie === undefined || !isSame(cookie, lock.key)) return { kind: 'refuse', code: 'unauthorized' }
  return isOurPage(knock) ? { kind: 'enter' } : { kind: 'refuse', code: 'forbidden-origin' }
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
