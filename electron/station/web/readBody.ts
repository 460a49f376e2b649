import { IsocenterError } from '../../../shared/errors.ts'

/**
 * A JSON body of at most `limit` bytes. Only `application/json` is taken: a form of another site cannot send that without a
 * preflight, which we never answer. Throws 'bad-request' or 'too-large'.
 */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new IsocenterError('bad-request', 'the body must be application/json')
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength
    if (length > limit) throw new IsocenterError('too-large', `more than ${limit} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new IsocenterError('bad-request', 'the body is not JSON')
  }
}
