/**
 * Style attributes are allowed for Cornerstone's labels and `wasm-unsafe-eval` for its decoders; nothing is evaluated
 * (zod runs jitless in the page), nothing is loaded from elsewhere, nobody frames us.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const ALWAYS: Record<string, string> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** On every answer. What does not say otherwise is `no-store`: the disk cache of a browser never sees a patient. */
export function addHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(ALWAYS)) response.headers.set(name, value)
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
  return response
}

/** For the page of a listed origin (Fetch standard §3.2): it may read the answer. Credentials are never allowed: it brings a key of its own. */
export function addOrigin(response: Response, origin: string): Response {
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-expose-headers', 'accept-ranges, content-range, etag, retry-after, warning')
  response.headers.append('vary', 'origin')
  return response
}

/** The answer to a preflight. */
export function preflightResponse(request: Request): Response {
  const headers = new Headers({
    'access-control-allow-methods': 'GET, HEAD, POST, DELETE, OPTIONS',
    'access-control-allow-headers': 'accept, authorization, content-type, if-none-match, if-range, range',
    'access-control-max-age': '600',
  })
  // A page of the internet that asks for what is on this machine or its network says so (Private Network Access).
  if (request.headers.get('access-control-request-private-network') === 'true') {
    headers.set('access-control-allow-private-network', 'true')
  }
  return new Response(null, { status: 204, headers })
}
