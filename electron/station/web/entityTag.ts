import { createHash } from 'node:crypto'
import type { StoredObject } from '../store/index.ts'

/**
 * What tells one answer from another (RFC 9110 §8.8.3): the contents by number, checksum and length, where the station moved them to,
 * and what was asked for. Received bytes never change, so nothing of them has to be read for it.
 */
export function entityTag(request: Request, objects: StoredObject[]): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([request.url, request.headers.get('accept')]))
  for (const { contentId, crc, dataSetLength, StudyInstanceUID, SeriesInstanceUID } of objects) {
    hash.update(`\n${contentId} ${crc} ${dataSetLength} ${StudyInstanceUID} ${SeriesInstanceUID}`)
  }
  return hash.digest('base64url').slice(0, 27)
}

/** Whether `If-None-Match` names the tag (RFC 9110 §13.1.2: weakly compared). */
export function isKnown(request: Request, tag: string): boolean {
  const header = request.headers.get('if-none-match')
  if (header === null) return false
  return header.trim() === '*' || header.split(',').some(one => one.trim().replace(/^W\//, '') === `"${tag}"`)
}

/** The `Range` that is to be heeded: none where `If-Range` names another version (RFC 9110 §13.1.5: strongly compared). */
export function rangeFor(request: Request, tag: string): string | null {
  const condition = request.headers.get('if-range')
  return condition === null || condition.trim() === `"${tag}"` ? request.headers.get('range') : null
}

/** Marks the answer. Bytes of a file are the same each time; boundaries and codings are not, so the rest is tagged as weak. */
export function tagged(response: Response, tag: string): Response {
  if (!response.ok && response.status !== 304) return response
  const strong = response.headers.get('accept-ranges') === 'bytes'
  response.headers.set('etag', strong ? `"${tag}"` : `W/"${tag}"`)
  if (!response.headers.has('vary')) response.headers.set('vary', 'accept')
  return response
}
