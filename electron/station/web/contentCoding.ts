import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import zlib from 'node:zlib'
import { isLoopback } from './failureLimit.ts'

/** What is text and worth it: headers of a study shrink to a twelfth. Pixels are sent as they lie on the disk. */
const COMPRESSED =
  /^(application\/dicom\+(json|xml)|multipart\/related; type="application\/dicom\+xml"|application\/vnd\.sun\.wadl\+xml)/

type Coding = 'zstd' | 'gzip'

/** The coding a client takes (RFC 9110 §12.5.3), zstd before gzip where it takes both; undefined: as it is. Pure. */
export function chooseCoding(acceptEncoding: string | null): Coding | undefined {
  const weights = new Map<string, number>()
  for (const part of (acceptEncoding ?? '').slice(0, 1000).split(',')) {
    const [name = '', ...parameters] = part.split(';').map(one => one.trim().toLowerCase())
    const weight = parameters.find(parameter => parameter.startsWith('q='))?.slice(2)
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0)
  }
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get('*') ?? 0
  const wanted: Coding[] = canZstd() ? ['zstd', 'gzip'] : ['gzip']
  return wanted.filter(coding => weightOf(coding) > 0).sort((a, b) => weightOf(b) - weightOf(a))[0]
}

/** Node learned it in 22.15. */
function canZstd(): boolean {
  return typeof zlib.createZstdCompress === 'function'
}

/**
 * Whether a client that is on this machine, by its address, speaks for itself: then nothing is saved by making an answer smaller, which takes
 * a thread of those that sync images, and one of the client's. A proxy on this machine says that it is one.
 */
export function isHere(address: string, headers: Headers): boolean {
  return isLoopback(address) && !['via', 'forwarded', 'x-forwarded-for'].some(name => headers.has(name))
}

/** The answer in the coding the client takes; what is not text, or has no body, as it is, and all of it to a client that is here. */
export function compressed(request: Request, address: string, response: Response): Response {
  if (!response.body || !COMPRESSED.test(response.headers.get('content-type') ?? '')) return response
  response.headers.append('vary', 'accept, accept-encoding')
  const coding = isHere(address, request.headers) ? undefined : chooseCoding(request.headers.get('accept-encoding'))
  if (!coding) return response
  const headers = new Headers(response.headers)
  headers.set('content-encoding', coding)
  headers.delete('content-length')
  // The fastest level: on a network of 1 Gbit/s more would take longer than it saves.
  const encoder = coding === 'gzip' ? zlib.createGzip({ level: 1 }) : zlib.createZstdCompress()
  // Node's own stream types and the global ones are the same classes under two declarations.
  const source = Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>)
  source.on('error', error => encoder.destroy(error))
  encoder.on('close', () => source.destroy())
  const body = Readable.toWeb(source.pipe(encoder)) as ReadableStream<Uint8Array>
  return new Response(body, { status: response.status, headers })
}
