import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { dataHeader } from '../../electron/station/wire/pduEncode.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { CT_IMAGE, ctObject } from '../dimse/harness.ts'
import { associateRequest, RawPeer, type SendObject, sendBytes } from '../fakes/byteSender.ts'
import { seeded } from '../fixtures/oddFiles.ts'
import { inspect, metric, nothingLost, ownStation, report } from './inspect.ts'

const REQUEST = associateRequest([{ abstractSyntax: CT_IMAGE, transferSyntaxes: [TS.ExplicitVRLittleEndian] }])

/** `reset`: both ways, after so many bytes. `stall`: the peer is gone, the station is told nothing. `answer`: the n-th is swallowed. */
type Fault = { kind: 'reset' | 'stall'; bytes: number } | { kind: 'answer'; number: number }

/** A line between scanner and station, each connection with the next of the faults; without one it is a good line. */
async function badLine(to: number, faults: Fault[]): Promise<{ port: number; injected: number }> {
  const sockets: Socket[] = []
  const state = { port: 0, injected: 0 }
  const server = createServer(scanner => {
    const station = connect(to, '127.0.0.1')
    sockets.push(scanner, station)
    const fault = faults.shift()
    let passed = 0
    let answers = 0
    let cut = false
    const strike = () => {
      cut = true
      state.injected += 1
      scanner.resetAndDestroy()
      if (fault?.kind !== 'stall') station.resetAndDestroy()
    }
    for (const socket of [scanner, station]) socket.on('error', () => {})
    scanner.on('data', chunk => {
      if (cut) return
      passed += chunk.length
      if (fault && 'bytes' in fault && passed >= fault.bytes) {
        station.write(chunk.subarray(0, chunk.length - (passed - fault.bytes)))
        strike()
      } else station.write(chunk)
    })
    station.on('data', chunk => {
      if (cut) return
      if (chunk[0] === 4 && fault?.kind === 'answer' && answers++ === fault.number) strike()
      else scanner.write(chunk)
    })
    scanner.on('close', () => cut || station.destroy())
    station.on('close', () => scanner.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address && typeof address === 'object') state.port = address.port
  return state
}

/** A scanner as they are: what was not answered with Success is sent again over a new association, from there on. */
async function pushUntilAnswered(port: number, objects: SendObject[]): Promise<number> {
  let resent = 0
  for (let next = 0; next < objects.length; ) {
    const peer = new RawPeer(port)
    try {
      if ((await peer.associate(REQUEST))?.type !== 2) throw new Error('not accepted')
      for (; next < objects.length; next++) {
        const { status } = await peer.store(1, next + 1, objects[next]!)
        expect(status).toBe(0)
      }
      await peer.release()
    } catch {
      resent += 1
    } finally {
      peer.socket.destroy()
    }
  }
  return resent
}

test('connections that are reset, fall silent or lose the answer: all is sent again, nothing twice, no slot is kept', async () => {
  const profiles = { default: { messageSeconds: 1, idleSeconds: 1 } }
  const station = await ownStation({ config: { profiles } })
  const random = seeded(10)
  const objects = Array.from({ length: 120 }, (_, n) => ctObject(n, {}, TS.ExplicitVRLittleEndian, n % 20 ? 64 : 800))
  const kinds = ['reset', 'stall', 'answer'] as const
  const faults = Array.from({ length: 36 }, (_, n): Fault => {
    const kind = kinds[n % 3]!
    return kind === 'answer' ? { kind, number: random() % 5 } : { kind, bytes: 100 + (random() % 90_000) }
  })
  const line = await badLine(station.dimsePort, faults)
  const parts = [0, 1, 2, 3].map(part => objects.filter((_, n) => n % 4 === part))
  const resent = await Promise.all(parts.map(part => pushUntilAnswered(line.port, part)))
  expect(line.injected).toBeGreaterThan(20)
  expect(resent.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(line.injected)
  // The peers that fell silent hold no slot: nobody told the station, its timers do.
  await expect.poll(() => metric(station, 'associations_open')).toBe(0)
  const found = await inspect(station, objects)
  report('10, 11', `${line.injected} of 36 connections cut in the middle, left half open or robbed of an answer`, found)
  expect(found).toMatchObject(nothingLost)
  expect(await metric(station, 'instances')).toBe(objects.length)
})

test('the answer to every object is lost once: each comes twice and is there once', async () => {
  const station = await ownStation()
  const objects = Array.from({ length: 20 }, (_, n) => ctObject(n))
  const line = await badLine(
    station.dimsePort,
    objects.map(() => ({ kind: 'answer', number: 0 })),
  )
  // Each object its own association, so that each loses its answer.
  for (const object of objects) {
    const peer = new RawPeer(line.port)
    expect((await peer.associate(REQUEST))?.type).toBe(2)
    await expect(peer.store(1, 1, object)).rejects.toThrow('the end')
  }
  expect(await pushUntilAnswered(line.port, objects)).toBe(0)
  const found = await inspect(station, objects)
  report('11', `${line.injected} answers lost`, found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 20 })
  expect(await metric(station, 'received_total{outcome="duplicate"}')).toBe(20)
})

test('100 scanners at once and a slow-loris in every place of its address: all are served, in bounded memory', async () => {
  const station = await ownStation()
  const loris = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const peer = new RawPeer(station.dimsePort, '127.0.0.66')
      expect((await peer.associate(REQUEST))?.type).toBe(2)
      await peer.write(dataHeader(1, 50_000, { command: true, last: true }))
      return peer
    }),
  )
  const drip = setInterval(() => {
    for (const peer of loris) peer.socket.write(Buffer.alloc(1))
  }, 50)
  onTestFinished(() => {
    clearInterval(drip)
    for (const peer of loris) peer.socket.destroy()
  })
  const before = await metric(station, 'process_resident_memory_bytes')
  const size = 256
  const parts = ['127.0.0.2', '127.0.0.3'].map((from, half) => ({
    from,
    objects: Array.from({ length: 100 }, (_, n) => ctObject(half * 1000 + n, {}, TS.ExplicitVRLittleEndian, size)),
  }))
  const results = await Promise.all(
    parts.map(({ from, objects }) => sendBytes(objects, { port: station.dimsePort, from, associations: 50 })),
  )
  expect(results.flat().filter(({ status }) => status === 0)).toHaveLength(200)
  expect(await metric(station, 'associations_open')).toBeGreaterThan(0)
  const grown = Math.round(((await metric(station, 'process_resident_memory_bytes')) - before) / 2 ** 20)
  const found = await inspect(
    station,
    parts.flatMap(({ objects }) => objects),
  )
  report('13', `100 associations of two addresses, 64 of a slow-loris, memory grew by ${grown} MiB`, found)
  expect(found).toMatchObject({ ...nothingLost, acknowledged: 200 })
  expect(grown).toBeLessThan(400)
})

test('the counting itself: an object that was never sent is missing, another one’s bytes are different', async () => {
  const station = await ownStation()
  await sendBytes([ctObject(1), ctObject(2), ctObject(2, { PatientName: 'Other^Name' })], { port: station.dimsePort })
  const { SOPInstanceUID } = ctObject(1)
  expect(await inspect(station, [{ ...ctObject(3), SOPInstanceUID }, ctObject(2), ctObject(4)])).toEqual({
    acknowledged: 3,
    // Of 1 the bytes, of 4 everything.
    missing: 2,
    // Of 1 on the disk and as retrieved, of 2 a version nobody claims.
    different: 3,
    // That version, and nothing of 4 is shown.
    doubled: 2,
  })
})
