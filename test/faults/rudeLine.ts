import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { CentralArchive } from './centralArchive.ts'
import type { Random } from './random.ts'

/**
 * What a line, or what stands at its end, does: nobody listens; connections end at once, or in the middle of what is sent; half a
 * second passes; 64 KB/s; a proxy's 500, 503 and 507; or what was sent arrives and the answer does not.
 */
const WEATHERS = ['gone', 'cut', 'midway', 'delay', 'slow', '500', '503', '507', 'deaf'] as const
type LineWeather = (typeof WEATHERS)[number] | 'clear'

const SLOW_BYTES = 4096
const SLOW_MS = 60

/** An HTTP line to an archive that can be made to fail in every way that was seen, and loses some of what it has taken. */
export class RudeLine {
  readonly weathers = WEATHERS
  readonly #archive: CentralArchive
  readonly #random: Random
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  port = 0
  /** Of objects that were stored and are named in the answer, so many are gone again, in [0, 1). */
  loses = 0
  lost = 0
  #weather: LineWeather = 'clear'

  private constructor(archive: CentralArchive, random: Random) {
    this.#archive = archive
    this.#random = random
  }

  static async open(archive: CentralArchive, random: Random): Promise<RudeLine> {
    const line = new RudeLine(archive, random)
    await line.#listen()
    return line
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async set(weather: LineWeather): Promise<void> {
    const before = this.#weather
    this.#weather = weather
    if (weather === 'gone' || weather === 'cut') this.#cut()
    if (weather === 'gone') this.#server?.close()
    else if (before === 'gone') await this.#listen()
  }

  async close(): Promise<void> {
    this.#server?.close()
    this.#cut()
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #listen(): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch(() => incoming.destroy())
    })
    server.on('connection', socket => {
      if (this.#weather === 'cut') {
        socket.destroy()
        return
      }
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    server.keepAliveTimeout = 60_000
    await once(server.listen(this.port, '127.0.0.1'), 'listening')
    const address = server.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    this.#server = server
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const weather = this.#weather
    if (weather === '500' || weather === '503' || weather === '507') {
      incoming.resume()
      await once(incoming, 'end')
      outgoing.writeHead(Number(weather)).end()
      return
    }
    if (weather === 'delay') await wait(500)
    const body = await this.#body(incoming, weather)
    const answer = await this.#ask(incoming, body)
    if (weather === 'deaf') {
      incoming.socket.destroy()
      return
    }
    if (incoming.method === 'POST' && incoming.url?.endsWith('/studies')) await this.#lose(answer.body)
    outgoing.writeHead(answer.status, { 'content-type': answer.type, 'content-length': answer.body.length })
    outgoing.end(answer.body)
  }

  async #body(incoming: IncomingMessage, weather: LineWeather): Promise<Buffer> {
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of incoming as AsyncIterable<Buffer>) {
      pieces.push(piece)
      length += piece.length
      if (weather === 'midway' && length > 1000) {
        incoming.socket.destroy()
        throw new Error('cut')
      }
      for (let slow = 0; weather === 'slow' && slow < piece.length; slow += SLOW_BYTES) await wait(SLOW_MS)
    }
    return Buffer.concat(pieces)
  }

  async #ask({ method, url, headers }: IncomingMessage, body: Buffer) {
    const to = request(`${this.#archive.origin}${url}`, { method, headers: { ...headers, connection: 'close' } })
    to.end(body)
    const [answer] = (await once(to, 'response')) as [IncomingMessage]
    const pieces: Buffer[] = []
    for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece)
    const type = answer.headers['content-type'] ?? 'application/octet-stream'
    return { status: answer.statusCode ?? 502, type, body: Buffer.concat(pieces) }
  }

  /** What is named as taken, and is not there. */
  async #lose(answer: Buffer): Promise<void> {
    if (this.loses === 0) return
    const told = JSON.parse(answer.toString('utf8')) as Record<string, { Value?: unknown[] } | undefined>
    for (const item of (told['00081199']?.Value ?? []) as Array<Record<string, { Value?: string[] }>>) {
      const uid = item['00081155']?.Value?.[0]
      if (uid && this.#random() < this.loses && (await this.#archive.lose(uid))) this.lost += 1
    }
  }
}
