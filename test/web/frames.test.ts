import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileHandles } from '../../electron/station/store/fileHandles.ts'
import type { FrameLocation, StoreReader } from '../../electron/station/store/index.ts'
import { FrameReader } from '../../electron/station/web/frameReader.ts'
import { frameStream } from '../../electron/station/web/frameStream.ts'
import { FRAME_HEADER_BYTES, readFrameHeader } from '../../shared/viewing/frameStream.ts'
import { createFakeStore } from '../fakes/fakeStore.ts'
import { type Counter, KEY, openCounter } from './counter.ts'

const missing = () => Promise.reject(new Error('nothing has moved'))

let counter: Counter
let file: string
const places = new Map<string, FrameLocation>()
const locateFrames: StoreReader['locateFrames'] = async wanted =>
  wanted.map(([id, frame]) => places.get(`${id}/${frame}`) ?? null)

/** 4 kB in which every byte tells where it is. */
const content = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7 + (i >> 8)) & 0xff))

function place(contentId: number, frame: number, given: Partial<FrameLocation>): void {
  places.set(`${contentId}/${frame}`, {
    contentId,
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
    NumberOfFrames: 1,
    kind: 'range',
    path: file,
    fileOffset: 0,
    dataSetOffset: 0,
    ranges: [],
    bitOffset: 0,
    bits: 0,
    sampleBytes: 0,
    inflatedOffset: 0,
    inflatedLength: 0,
    ...given,
  })
}

beforeEach(async () => {
  places.clear()
  counter = await openCounter(createFakeStore({ locateFrames }))
  file = path.join(counter.dir, 'object.dcm')
  await writeFile(file, content)
})
afterEach(() => counter.close())

interface Got {
  tag: number
  status: number
  bytes: Buffer
}

function parse(body: Buffer): Got[] {
  const records: Got[] = []
  for (let at = 0; at < body.length; ) {
    const { tag, status, length } = readFrameHeader(body, at)
    records.push({ tag, status, bytes: body.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length) })
    at += FRAME_HEADER_BYTES + length
  }
  return records
}

async function order(frames: Array<[number, number, number]>): Promise<Got[]> {
  const response = await counter.post('/api/frames', { frames })
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  return parse(Buffer.from(await response.arrayBuffer()))
}

describe('a frame’s bytes', () => {
  test('of fragments are put together', async () => {
    const ranges: Array<[number, number]> = [
      [10, 5],
      [100, 7],
    ]
    place(1, 1, { ranges })
    const [got] = await order([[1, 1, 42]])
    expect(got).toEqual({
      tag: 42,
      status: 0,
      bytes: Buffer.concat([content.subarray(10, 15), content.subarray(100, 107)]),
    })
  })

  test('of one bit per pixel begin on a byte', async () => {
    // 3 frames of 13 pixels: bits 0–12, 13–25, 26–38.
    const bit = (i: number) => (content[i >> 3]! >> (i & 7)) & 1
    place(1, 1, { kind: 'bits', ranges: [[0, 2]], bitOffset: 0, bits: 13 })
    place(1, 2, { kind: 'bits', ranges: [[1, 3]], bitOffset: 5, bits: 13 })
    place(1, 3, { kind: 'bits', ranges: [[3, 2]], bitOffset: 2, bits: 13 })
    for (const [i, { bytes }] of (
      await order([
        [1, 1, 0],
        [1, 2, 1],
        [1, 3, 2],
      ])
    ).entries()) {
      const bits = Array.from({ length: 16 }, (_, at) => (bytes[at >> 3]! >> (at & 7)) & 1)
      expect(bits).toEqual([...Array.from({ length: 13 }, (_, at) => bit(i * 13 + at)), 0, 0, 0])
    }
  })

  test('of big endian objects come little endian', async () => {
    place(1, 1, { kind: 'swap', ranges: [[0, 8]], sampleBytes: 2 })
    place(1, 2, { kind: 'swap', ranges: [[0, 8]], sampleBytes: 4 })
    const [words, longs] = await order([
      [1, 1, 0],
      [1, 2, 1],
    ])
    expect(words?.bytes).toEqual(Buffer.from(content.subarray(0, 8)).swap16())
    expect(longs?.bytes).toEqual(Buffer.from(content.subarray(0, 8)).swap32())
  })

  test('of deflated objects come inflated, however often', async () => {
    const deflated = deflateRawSync(content)
    const path2 = path.join(counter.dir, 'deflated.dcm')
    await writeFile(path2, Buffer.concat([Buffer.alloc(132), deflated]))
    for (const frame of [1, 2, 3]) {
      const inflated = { inflatedOffset: 1000 + frame * 100, inflatedLength: 100 }
      place(1, frame, { kind: 'inflate', path: path2, ranges: [[132, deflated.length]], ...inflated })
    }
    const got = await order([
      [1, 1, 0],
      [1, 2, 1],
      [1, 3, 2],
      [1, 1, 3],
    ])
    expect(got.map(({ bytes }) => bytes)).toEqual([1100, 1200, 1300, 1100].map(at => content.subarray(at, at + 100)))
  })
})

test('frames come in the order asked, thousands of them, with the client’s own numbers', async () => {
  for (let frame = 1; frame <= 500; frame++) place(9, frame, { ranges: [[frame, 8]] })
  const asked = Array.from({ length: 2000 }, (_, i): [number, number, number] => [9, 1 + ((i * 37) % 500), i])
  const got = await order(asked)
  expect(got.map(({ tag }) => tag)).toEqual(asked.map(([, , tag]) => tag))
  expect(got.every(({ bytes }, i) => bytes.equals(content.subarray(asked[i]![1], asked[i]![1] + 8)))).toBe(true)
})

test('what can’t be had is told in its place, and the rest still comes', async () => {
  place(1, 1, { ranges: [[0, 4]] })
  place(2, 1, { ranges: [[0, 4]], path: path.join(counter.dir, 'gone.dcm') })
  place(3, 1, { ranges: [[4094, 4]] })
  place(4, 1, { kind: 'stream', ranges: [[0, 4]] })
  place(5, 1, { kind: 'inflate', ranges: [[0, 4096]], inflatedOffset: 0, inflatedLength: 10 })
  place(6, 1, { ranges: [[0, 2 ** 40]] })
  const got = await order([
    [1, 1, 0],
    [2, 1, 1],
    [3, 1, 2],
    [4, 1, 3],
    [5, 1, 4],
    [6, 1, 5],
    [7, 7, 6],
    [1, 1, 7],
  ])
  expect(got.map(({ status }) => status)).toEqual([0, 404, 422, 501, 422, 413, 404, 0])
  expect(got[6]?.bytes.toString()).toContain('no such frame')
  expect(got[7]?.bytes).toEqual(content.subarray(0, 4))
})

test('an index that fails fails its frames, not the stream', async () => {
  const failing = frameStream(
    { frames: [[1, 1, 5]] },
    { locateFrames: () => Promise.reject(new Error('/secret')), reader: new FrameReader(new FileHandles(missing)) },
  )
  const [got] = parse(Buffer.from(await new Response(failing).arrayBuffer()))
  expect(got).toMatchObject({ tag: 5, status: 500 })
  expect(got?.bytes.toString()).not.toContain('secret')
})

test('an order that is none is refused, an empty one is an empty answer', async () => {
  expect((await counter.post('/api/frames', { frames: [[1, 0, 1]] })).status).toBe(400)
  expect((await counter.post('/api/frames', { frames: 'all' })).status).toBe(400)
  expect(await order([])).toEqual([])
})

/** A reader that counts, so that what is read ahead of the client can be seen. */
function counting() {
  const state = { reads: 0 }
  const reader = {
    async frame(_: FrameLocation, headroom = 0) {
      state.reads += 1
      return Buffer.alloc(headroom + 100_000)
    },
  }
  return { state, reader }
}

const everywhere: StoreReader['locateFrames'] = async wanted => {
  place(1, 1, { ranges: [[0, 100_000]] })
  return wanted.map(() => places.get('1/1') ?? null)
}

const many = Array.from({ length: 10_000 }, (_, i): [number, number, number] => [1, 1, i])

test('nothing is read before the client takes, and only a few frames ahead of it', async () => {
  const { state, reader } = counting()
  const stream = frameStream({ frames: many }, { locateFrames: everywhere, reader }).getReader()
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(state.reads).toBe(0)
  for (let taken = 1; taken <= 10; taken++) {
    await stream.read()
    expect(state.reads).toBeLessThanOrEqual(taken + 6)
  }
  await stream.cancel()
  const before = state.reads
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(state.reads).toBe(before)
})

test('a client that goes away over HTTP stops the reading', async () => {
  const { state, reader } = counting()
  let handed = 0
  const { serve } = await import('../../electron/station/web/httpAdapter.ts')
  const listening = await serve(
    async () =>
      new Response(
        frameStream(
          { frames: many },
          {
            locateFrames: everywhere,
            reader,
            onFrame() {
              handed += 1
            },
          },
        ),
      ),
    { host: '127.0.0.1', port: 0, onListening() {}, onError() {} },
  )
  const going = new AbortController()
  const response = await fetch(`http://127.0.0.1:${listening.port}/`, { signal: going.signal })
  const body = response.body!.getReader()
  await body.read()
  going.abort()
  await expect(body.read()).rejects.toThrow()
  await expect
    .poll(async () => {
      const before = state.reads
      await new Promise(resolve => setTimeout(resolve, 50))
      return state.reads - before
    })
    .toBe(0)
  expect(handed).toBeLessThan(many.length)
  await listening.close(100)
})

test('a hundred files at once keep a bounded number open, and each is closed', async () => {
  const files = new FileHandles(missing)
  const reader = new FrameReader(files)
  const paths = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const each = path.join(counter.dir, `${i}.bin`)
      await writeFile(each, content)
      return each
    }),
  )
  const { readdir, readlink } = await import('node:fs/promises')
  const openNow = async () => {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    )
    return links.filter(link => link.startsWith(counter.dir) && link.endsWith('.bin')).length
  }
  const read = await Promise.all(
    paths.map((each, contentId) => reader.ranges({ contentId, path: each, fileOffset: 0, dataSetOffset: 0 }, [[1, 3]])),
  )
  expect(read.every(bytes => bytes.equals(content.subarray(1, 4)))).toBe(true)
  if (process.platform === 'linux') {
    await expect.poll(openNow).toBeLessThanOrEqual(64)
    files.close()
    await expect.poll(openNow).toBe(0)
  }
})

test('large frames of many clients at once, some of them leaving, never mix', async () => {
  const size = 300_000
  const contents = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const large = path.join(counter.dir, `large${i}.bin`)
      const bytes = Buffer.alloc(size, i + 1)
      bytes.writeUInt32LE(i, size - 4)
      await writeFile(large, bytes)
      place(100 + i, 1, { path: large, ranges: [[0, size]] })
      return bytes
    }),
  )
  const asked = (shift: number) =>
    Array.from({ length: 40 }, (_, i): [number, number, number] => [100 + ((i + shift) % 8), 1, i])
  const leave = async (shift: number) => {
    const going = new AbortController()
    const response = await fetch(`${counter.origin}/api/frames`, {
      method: 'POST',
      headers: { 'authorization': `Api-Key ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ frames: asked(shift) }),
      signal: going.signal,
    })
    await response.body?.getReader().read()
    going.abort()
  }
  const stay = async (shift: number) => {
    const got = await order(asked(shift))
    return got.every(({ tag, bytes }) => bytes.equals(contents[(tag + shift) % 8] as Buffer))
  }
  for (let round = 0; round < 3; round++) {
    const [a, b, c] = await Promise.all([stay(round), stay(round + 3), stay(round + 5), leave(1), leave(2)])
    expect([a, b, c]).toEqual([true, true, true])
  }
})
