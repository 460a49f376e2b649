import { expect, test } from 'vitest'
import { frameParser, type StreamedFrame } from '../../renderer/client.ts'
import { writeFrameHeader } from '../../shared/viewing/frameStream.ts'

function record(tag: number, status: number, bytes: number[]): Uint8Array {
  return new Uint8Array([...writeFrameHeader({ tag, status, length: bytes.length }), ...bytes])
}

test('frames are cut out of chunks that end anywhere', () => {
  const stream = new Uint8Array([
    ...record(7, 0, [1, 2, 3, 4]),
    ...record(8, 404, [110, 111]),
    ...record(9, 0, []),
    ...record(10, 0, [5]),
  ])
  for (const size of [1, 3, 5, 12, 13, 100]) {
    const frames: StreamedFrame[] = []
    const parse = frameParser(frame => frames.push(frame))
    for (let at = 0; at < stream.length; at += size) parse(stream.slice(at, at + size))
    expect(frames.map(({ tag, status, bytes }) => [tag, status, [...bytes]])).toEqual([
      [7, 0, [1, 2, 3, 4]],
      [8, 404, [110, 111]],
      [9, 0, []],
      [10, 0, [5]],
    ])
  }
})

test('each frame has a buffer of its own, so 16-bit views are aligned', () => {
  const frames: StreamedFrame[] = []
  frameParser(frame => frames.push(frame))(new Uint8Array([...record(1, 0, [9]), ...record(2, 0, [1, 0, 2, 0])]))
  expect([...new Uint16Array(frames[1]!.bytes.buffer)]).toEqual([1, 2])
})

test('an impossible length is a stream out of step, not an allocation', () => {
  const parse = frameParser(() => {})
  expect(() => parse(writeFrameHeader({ tag: 0, status: 0, length: 0xffffffff }))).toThrow(/out of step/)
})
