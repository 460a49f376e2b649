import { once } from 'node:events'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** As of a line that knows nothing of HTTP: see `rudeLine.ts`. */
const WIRE_WEATHERS = ['gone', 'cut', 'midway', 'delay', 'slow', 'deaf'] as const
type WireWeather = (typeof WIRE_WEATHERS)[number] | 'clear'

const SLOW_BYTES = 4096
const SLOW_MS = 60
/** Less than an image and the A-ASSOCIATE-RQ before it. */
const SENT_BYTES = 10_000
/** More than an A-ASSOCIATE-AC: some images are answered, the rest never. */
const HEARD_BYTES = 500

/** A line of bytes to a port of this machine that can be made to fail; what is on its way fails with it. */
export class RudeWire {
  readonly weathers = WIRE_WEATHERS
  readonly #to: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #weather: WireWeather = 'clear'
  port = 0

  private constructor(to: number) {
    this.#to = to
  }

  static async open(to: number): Promise<RudeWire> {
    const wire = new RudeWire(to)
    await wire.#listen()
    return wire
  }

  async set(weather: WireWeather): Promise<void> {
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
    const server = createServer({ noDelay: true }, near => {
      if (this.#weather === 'cut') {
        near.destroy()
        return
      }
      const far = dial({ port: this.#to, host: '127.0.0.1', noDelay: true })
      const both = [near, far]
      for (const socket of both) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.once('close', () => {
          this.#sockets.delete(socket)
          for (const other of both) other.destroy()
        })
      }
      void this.#pass(near, far, 'there').catch(() => near.destroy())
      void this.#pass(far, near, 'back').catch(() => near.destroy())
    })
    await once(server.listen(this.port, '127.0.0.1'), 'listening')
    const address = server.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    this.#server = server
  }

  async #pass(from: Socket, to: Socket, way: 'there' | 'back'): Promise<void> {
    let passed = 0
    for await (const piece of from as AsyncIterable<Buffer>) {
      const weather = this.#weather
      passed += piece.length
      if (weather === 'delay') await wait(500)
      // In the middle of what is sent, or where it is answered.
      if (way === 'there' && weather === 'midway' && passed > SENT_BYTES) throw new Error('cut')
      if (way === 'back' && weather === 'deaf' && passed > HEARD_BYTES) throw new Error('cut')
      for (let slow = 0; weather === 'slow' && slow < piece.length; slow += SLOW_BYTES) await wait(SLOW_MS)
      if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
    to.end()
  }
}
