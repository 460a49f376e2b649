import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BodyChunks, chunksOfBody } from './bodyParts.ts'
import { releaseBuffer } from './bufferPool.ts'

export interface Listening {
  port: number
  /** No new connection; running answers get `graceMs` to end, then their sockets are destroyed. */
  close(graceMs?: number): Promise<void>
}

const KEEP_ALIVE_MS = 75_000
const HEADERS_MS = 20_000
/** A request body that does not move for this long is given up; a long one that moves may take for ever. */
const BODY_IDLE_MS = 60_000
const HEADER_BYTES = 32 * 1024
const HEADER_COUNT = 100
const GRACE_MS = 5_000

/**
 * Serves a WHATWG `fetch` over HTTP/1.1 on Node: bodies are streamed both ways with back-pressure, a client that goes away
 * aborts `request.signal` and cancels the answer's body. `onListening` hears the port before the first request.
 */
export async function serve(
  fetch: (request: Request, address: string) => Promise<Response>,
  options: { host: string; port: number; onListening(port: number): void; onError(error: unknown): void },
): Promise<Listening> {
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse, callForBody: () => void) => {
    answer(fetch, incoming, outgoing, callForBody).catch((error: unknown) => {
      outgoing.destroy()
      if (!isDisconnect(error)) options.onError(error)
    })
  }
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: 0,
      noDelay: true,
    },
    (incoming, outgoing) => handle(incoming, outgoing, () => {}),
  )
  // Who is refused hears so before it sends gigabytes: the body is called for when somebody reads it (RFC 9110 §10.1.1).
  server.on('checkContinue', (incoming, outgoing) => handle(incoming, outgoing, () => outgoing.writeContinue()))
  server.maxHeadersCount = HEADER_COUNT
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  options.onListening(port)
  return { port, close: graceMs => close(server, graceMs ?? GRACE_MS) }
}

async function answer(
  fetch: (request: Request, address: string) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  callForBody: () => void,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  // A socket error is answered by 'close'; without a listener it would end the process.
  outgoing.on('error', () => {})
  const request = toRequest(incoming, gone.signal, callForBody)
  if (!request) {
    outgoing.writeHead(400, { 'connection': 'close', 'content-type': 'text/plain' }).end('Bad request\n')
    return
  }
  const response = await fetch(request, (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''))
  // The rest of a body nobody read would otherwise be received for nothing before the next request.
  if (!incoming.complete && request.body) outgoing.setHeader('connection', 'close')
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value)
  }
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
  outgoing.writeHead(response.status)
  if (!response.body || incoming.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  // Event streams must reach the client's `open` before their first event.
  outgoing.flushHeaders()
  await pump(response.body, outgoing, gone.signal)
}

async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  const source = sourceOf(body)
  let goOn = () => {}
  const cancel = () => {
    goOn()
    source.stop().catch(() => {})
  }
  if (gone.aborted) return cancel()
  gone.addEventListener('abort', cancel, { once: true })
  try {
    for (;;) {
      const chunk = await source.next()
      if (!chunk || gone.aborted) break
      await new Promise<void>(resolve => {
        goOn = resolve
        const room = outgoing.write(chunk, () => {
          releaseBuffer(chunk)
          resolve()
        })
        if (room) resolve()
      })
    }
  } finally {
    gone.removeEventListener('abort', cancel)
  }
  outgoing.end()
}

/** Ranges of files come straight from their descriptors. */
function sourceOf(body: ReadableStream<Uint8Array>): BodyChunks {
  const chunks = chunksOfBody(body)
  if (chunks) return chunks
  const reader = body.getReader()
  return { next: async () => (await reader.read()).value, stop: () => reader.cancel() }
}

/** Undefined when the target or the Host header is not one. The Host becomes the URL's authority: the gate judges it there. */
function toRequest(incoming: IncomingMessage, signal: AbortSignal, callForBody: () => void): Request | undefined {
  const { method = 'GET', url = '', headers } = incoming
  if (!url.startsWith('/') || !/^[\w.:[\]-]+$/.test(headers.host ?? '')) return undefined
  const target = URL.parse(`http://${headers.host}${url}`)
  if (!target) return undefined
  const init: RequestInit = { method, signal, headers: toHeaders(incoming) }
  if (method !== 'GET' && method !== 'HEAD') {
    Object.assign(init, { body: bodyOf(incoming, callForBody), duplex: 'half' })
  }
  try {
    return new Request(target, init)
  } catch {
    return undefined
  }
}

/** Read no faster than somebody asks for it; the time runs only while the client is waited for, not while a disk is. */
function bodyOf(incoming: IncomingMessage, callForBody: () => void): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Buffer> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!chunks) callForBody()
        chunks ??= incoming[Symbol.asyncIterator]()
        const idle = setTimeout(() => incoming.destroy(), BODY_IDLE_MS)
        try {
          const { done, value } = await chunks.next()
          if (done) controller.close()
          else controller.enqueue(value)
        } finally {
          clearTimeout(idle)
        }
      },
    },
    { highWaterMark: 0 },
  )
}

function toHeaders(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
  }
  return headers
}

function isDisconnect(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ECONNRESET')
  )
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}
