import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { readInto } from '../../electron/station/wire/readInto.ts'

async function socketPair(): Promise<[accepted: Socket, peer: Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const accepting = once(server, 'connection')
  const peer = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' })
  const [accepted] = (await accepting) as [Socket]
  onTestFinished(() => {
    peer.destroy()
    accepted.destroy()
    server.close()
  })
  return [accepted, peer]
}

test('an accepted socket is read into one buffer, every byte in order, also across pauses', async () => {
  const [accepted, peer] = await socketPair()
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
  const came: Buffer[] = []
  const memory = new Set<ArrayBufferLike>()
  readInto(accepted, chunk => {
    memory.add(chunk.buffer)
    const held = Buffer.from(chunk)
    accepted.pause()
    setImmediate(() => {
      // Paused, so nothing was written over it.
      expect(chunk.equals(held)).toBe(true)
      came.push(held)
      accepted.resume()
    })
  })
  const ended = once(accepted, 'end')
  peer.end(sent)
  await ended
  await expect.poll(() => came.reduce((sum, { length }) => sum + length, 0)).toBe(sent.length)
  expect(Buffer.concat(came).equals(sent)).toBe(true)
  // On the Node that is pinned; another may have no such place, and costs more.
  expect(memory.size).toBe(1)
})

test('what is long comes in longer reads, every byte in order, also across pauses, and what is short behind it', async () => {
  const [accepted, peer] = await socketPair()
  const sent = Buffer.from(Array.from({ length: 20_000_000 }, (_, i) => (i * 7 + (i >> 8) + (i >> 16)) & 0xff))
  const came: Buffer[] = []
  let longest = 0
  let reads = 0
  readInto(accepted, chunk => {
    const held = Buffer.from(chunk)
    came.push(held)
    longest = Math.max(longest, chunk.length)
    if (++reads % 5) return
    accepted.pause()
    setTimeout(() => {
      expect(chunk.equals(held)).toBe(true)
      accepted.resume()
    }, 1)
  })
  const length = () => came.reduce((sum, chunk) => sum + chunk.length, 0)
  for (const part of [sent.subarray(0, 15_000_000), sent.subarray(15_000_000, 15_000_100), sent.subarray(15_000_100)]) {
    const before = length()
    peer.write(part)
    await expect.poll(length, { timeout: 10_000 }).toBe(before + part.length)
  }
  expect(Buffer.concat(came).equals(sent)).toBe(true)
  expect(longest).toBeGreaterThan(64 * 1024)
})

test('a socket that has no place for a buffer is heard all the same', async () => {
  const socket = new Duplex({ read() {}, write() {} })
  const came: string[] = []
  readInto(socket as Socket, chunk => came.push(chunk.toString()))
  socket.push('one')
  await expect.poll(() => came).toEqual(['one'])
})
