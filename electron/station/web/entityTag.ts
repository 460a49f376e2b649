import { createHash } from 'node:crypto'
import type { StoredObject } from '../store/index.ts'

/**
 * What tells one answer from another (RFC 9110 §8.8.3): what was asked for, and all that is known of the contents but where they lie
 * just now. Received bytes never change, so nothing of them has to be read for it.
 */
export function entityTag(request: Request, objects: StoredObject[]): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([request.url, request.headers.get('accept')]))
  for (const { path: _, fileOffset: __, dataSetOffset: ___, ...known } of objects) hash.update(JSON.stringify(known))
  return hash.digest('base64url').slice(0, 27)
}

/** The tag as the client of `If-None-Match` knows it (RFC 9110 §13.1.2: weakly compared); undefined where it does not. */
export function knownTag(request: Request, tag: string): string | undefined {
  const known = request.headers
    .get('if-none-match')
    ?.split(',')
    .map(one => one.trim())
  return known?.find(one => one === '*' || one.replace(/^W\//, '') === `"${tag}"`)?.replace('*', `W/"${tag}"`)
}

/** The `Range` that is to be heeded: none where `If-Range` names another version (RFC 9110 §13.1.5: strongly compared). */
export function rangeFor(request: Request, tag: string): string | null {
  const condition = request.headers.get('if-range')
  return condition === null || condition.trim() === `"${tag}"` ? request.headers.get('range') : null
}

/** Marks the answer. Bytes of a file are the same each time; boundaries and codings are not, so the rest is tagged as weak. */
export function tagged(response: Response, tag: string): Response {
  if (!response.ok) return response
  const strong = response.headers.get('accept-ranges') === 'bytes'
  response.headers.set('etag', strong ? `"${tag}"` : `W/"${tag}"`)
  if (!response.headers.has('vary')) response.headers.set('vary', 'accept')
  return response
}
