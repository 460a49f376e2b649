import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { IsocenterError } from '../../../shared/errors.ts'
import { Pieces } from './pieces.ts'
import { tlsWords } from './secure.ts'

/** ms. */
export interface WebPatience {
  /** From the name to the end of the TLS handshake. */
  reach: number
  /** Between two pieces, either way. */
  piece: number
  /** From the end of the request to the head of the answer: an archive writes what it was sent. */
  answer: number
  /** All waiting for the peer together, and a second more for each KB that has passed. */
  total: number
}

const PATIENCE: WebPatience = { reach: 10_000, piece: 60_000, answer: 120_000, total: 600_000 }
/**
 * Sockets that nobody uses are closed before their server does it (Orthanc 1.10 after 1 s): a request written into a socket that is
 * just being closed is one of which nobody knows what has become.
 */
const IDLE_SOCKET_MS = 800

export interface WebClientOptions {
  /** Paths of requests stand behind it. */
  url: string
  /** The Authorization header, asked for with each request; '' = none. */
  authorization?(): Promise<string>
  /** PEM of those whose signature on a certificate counts; '' = whom the system trusts. */
  trusted?(): Promise<string>
  patience?: Partial<WebPatience>
}

export interface WebRequest {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  accept?: string
  contentType?: string
  /**
   * Each chunk is written before the next is asked for; `leaving` hears of it just before: from then on the peer may have it. What it
   * throws ends the request and is thrown.
   */
  body?: { length: number; chunks: AsyncIterable<Uint8Array>; leaving?(): void }
  signal: AbortSignal
}

/** There is no answer, or no end of it. `reset`: the connection was ended, and not by us. */
export class WebFailed extends IsocenterError {
  readonly reset: boolean

  constructor(words: string, cause?: NodeJS.ErrnoException) {
    super('peer-failed', words, { cause })
    this.reset = cause?.code === 'ECONNRESET' || cause?.code === 'EPIPE'
  }
}

/** The status and what follows: to be read once by `chunks` or `bytes`, or given up by `discard`. */
export interface WebAnswer {
  readonly status: number
  /** Lower-case names; '' where there is none. */
  header(name: string): string
  /** Rejects with WebFailed. Whoever stops early ends the connection. */
  chunks(): AsyncGenerator<Buffer>
  /** All of it. Rejects with WebFailed, also where it is longer than `most` bytes. */
  bytes(most: number): Promise<Buffer>
  discard(): void
}

/** HTTP/1.1 requests to one service over kept connections: bounded in time, followed nowhere else, without a word in any log. */
export class WebClient {
  readonly #base: string
  readonly #secure: boolean
  readonly #options: WebClientOptions
  readonly #patience: WebPatience
  #agent: HttpAgent | undefined
  #trusted = ''

  constructor(options: WebClientOptions) {
    this.#base = options.url.replace(/\/+$/, '')
    this.#secure = new URL(options.url).protocol === 'https:'
    this.#options = options
    this.#patience = { ...PATIENCE, ...options.patience }
  }

  /** Host and port, for people. */
  get address(): string {
    const { hostname, port } = new URL(this.#base)
    return `${hostname}:${port || (this.#secure ? 443 : 80)}`
  }

  /** Resolves with whatever answer there is. Rejects with WebFailed, and with what the body throws. */
  async request({ method, path, accept, contentType, body, signal }: WebRequest): Promise<WebAnswer> {
    const [agent, authorization] = await Promise.all([this.#agentNow(), this.#options.authorization?.() ?? ''])
    if (signal.aborted) throw new WebFailed('given up')
    const send = this.#secure ? httpsRequest : httpRequest
    const request = send(new URL(this.#base + path), {
      method,
      agent,
      headers: {
        ...(accept && { accept }),
        ...(authorization && { authorization }),
        ...(contentType && { 'content-type': contentType }),
        ...(body && { 'content-length': body.length }),
      },
    })
    return new Exchange(request, this.#patience, this.address, this.#secure).run(body, signal)
  }

  /** What is on its way is ended. */
  close(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  /** Another one as soon as those who are trusted have changed. */
  async #agentNow(): Promise<HttpAgent> {
    const trusted = this.#secure ? ((await this.#options.trusted?.()) ?? '') : ''
    if (this.#agent && trusted === this.#trusted) return this.#agent
    this.#trusted = trusted
    const kept = { keepAlive: true, noDelay: true, timeout: IDLE_SOCKET_MS }
    // What still runs over the one before keeps its sockets; those that are free end by themselves.
    this.#agent = this.#secure
      ? new HttpsAgent({ ...kept, minVersion: 'TLSv1.2', ...(trusted && { ca: trusted }) })
      : new HttpAgent(kept)
    return this.#agent
  }
}

/** One request and its answer. */
class Exchange {
  readonly #request: ClientRequest
  readonly #patience: WebPatience
  readonly #address: string
  readonly #secure: boolean
  readonly #failed = Promise.withResolvers<never>()
  #connected = false
  /** ms that were spent waiting for the peer, and bytes that passed meanwhile. */
  #waited = 0
  #passed = 0

  constructor(request: ClientRequest, patience: WebPatience, address: string, secure: boolean) {
    this.#request = request
    this.#patience = patience
    this.#address = address
    this.#secure = secure
    this.#failed.promise.catch(() => {})
    request.on('error', (error: NodeJS.ErrnoException) => this.#failed.reject(this.#failure(error)))
  }

  async run(body: WebRequest['body'], signal: AbortSignal): Promise<WebAnswer> {
    const request = this.#request
    const giveUp = () => request.destroy(new Error('given up'))
    signal.addEventListener('abort', giveUp, { once: true })
    request.once('close', () => signal.removeEventListener('abort', giveUp))
    const answered = new Promise<IncomingMessage>(resolve => request.once('response', resolve))
    try {
      await this.#wait(this.#connect(), this.#patience.reach)
      if (body) await this.#send(body, answered)
      else request.end()
      const response = await this.#wait(answered, this.#patience.answer)
      return this.#answer(response)
    } catch (thrown) {
      request.destroy()
      throw thrown
    }
  }

  #connect(): Promise<void> {
    const request = this.#request
    return new Promise(resolve => {
      const done = () => {
        this.#connected = true
        resolve()
      }
      request.once('socket', socket => {
        if (socket.connecting) socket.once(this.#secure ? 'secureConnect' : 'connect', done)
        else done()
      })
    })
  }

  /** Ends early where the peer has answered before it has heard all: it need not hear the rest. */
  async #send({ chunks, leaving }: NonNullable<WebRequest['body']>, answered: Promise<IncomingMessage>): Promise<void> {
    const request = this.#request
    let early = false
    void answered.then(() => {
      early = true
    })
    for await (const chunk of chunks) {
      if (early) return
      // It may have ended while the chunk was waited for.
      if (request.destroyed) await this.#failed.promise
      leaving?.()
      const written = new Promise<void>(resolve => request.write(chunk, () => resolve()))
      await this.#wait(Promise.race([written, answered]), this.#patience.piece)
      this.#passed += chunk.length
    }
    request.end()
  }

  #answer(response: IncomingMessage): WebAnswer {
    const { statusCode = 0, headers } = response
    const chunks = () => this.#chunks(response)
    return {
      status: statusCode,
      header: name => String(headers[name] ?? ''),
      chunks,
      bytes: async most => {
        const pieces = new Pieces()
        for await (const chunk of chunks()) {
          if (pieces.length + chunk.length > most) throw new WebFailed(`answered more than ${most} bytes`)
          pieces.add(chunk)
        }
        return pieces.take()
      },
      discard: () => letGo(response),
    }
  }

  async *#chunks(response: IncomingMessage): AsyncGenerator<Buffer> {
    const iterator: AsyncIterator<Buffer> = response[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.#wait(iterator.next(), this.#patience.piece)
        if (next.done) break
        this.#passed += next.value.length
        yield next.value
      }
      // What was answered early is not sent any more, so nothing else can follow on this connection.
      if (!this.#request.writableEnded) this.#request.destroy()
    } catch (thrown) {
      throw thrown instanceof WebFailed ? thrown : this.#failure(thrown as NodeJS.ErrnoException)
    } finally {
      letGo(response)
    }
  }

  /** For the peer: what is waited for otherwise (a file, the pace) is not its time. */
  async #wait<T>(of: Promise<T>, most: number): Promise<T> {
    const begun = performance.now()
    const left = this.#patience.total + this.#passed - this.#waited
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => reject(new WebFailed(this.#words('did not answer in time'))),
      Math.max(0, Math.min(most, left)),
    )
    try {
      return await Promise.race([of, late, this.#failed.promise])
    } finally {
      clearTimeout(timer)
      this.#waited += performance.now() - begun
    }
  }

  #words(what: string): string {
    return `${this.#address} ${this.#connected ? what : 'could not be reached in time'}`
  }

  #failure(error: NodeJS.ErrnoException): WebFailed {
    const tls = this.#secure && !this.#connected ? tlsWords(error) : undefined
    const words = tls ?? (error.message === 'given up' ? 'given up' : (WORDS[error.code ?? ''] ?? ended(error)))
    return new WebFailed(`${this.#address}: ${words}`, error)
  }
}

/** What has come already is passed over, so that the connection can be used again; what is still to come is not waited for. */
function letGo(response: IncomingMessage): void {
  if (response.complete) response.resume()
  else response.destroy()
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
}

function ended({ code = '' }: NodeJS.ErrnoException): string {
  return code.startsWith('HPE_') ? 'what answers there does not speak HTTP' : `the connection was ended (${code})`
}
