import { expect, test } from 'vitest'
import { LONGEST_COMMAND } from '../../electron/station/wire/dimse.ts'
import { MessageReader } from '../../electron/station/wire/messages.ts'
import { Pieces } from '../../electron/station/wire/pieces.ts'

test.each([1, 2, 3, 1000])('pieces of %d bytes become one whole, in at most twice its size', size => {
  const whole = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251))
  const pieces = new Pieces()
  for (let at = 0; at < whole.length; at += size) pieces.add(whole.subarray(at, at + size))
  expect(pieces.length).toBe(whole.length)
  const taken = pieces.take()
  expect(taken.equals(whole)).toBe(true)
  expect(taken.buffer.byteLength).toBeLessThanOrEqual(2 * whole.length)
  expect(pieces.take()).toHaveLength(0)
})

test('what was added may change afterwards: it belongs to the socket', () => {
  const pieces = new Pieces()
  const chunk = Buffer.from('abc')
  pieces.add(chunk)
  chunk.fill(0)
  expect(pieces.take().toString()).toBe('abc')
})

test('a command set of endless empty fragments holds nothing, one of endless bytes is refused', () => {
  const context = { id: 1, abstractSyntax: '1.2', transferSyntax: '1.2.840.10008.1.2' }
  const reader = new MessageReader(
    () => context,
    () => ({ write: () => {}, end: () => {}, abort: () => {} }),
  )
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 1_000_000; i += 1) reader.fragment(1, 1, Buffer.alloc(0), true)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024)
  expect(() => {
    for (let i = 0; i <= LONGEST_COMMAND; i += 1) reader.fragment(1, 1, Buffer.alloc(1), true)
  }).toThrow('a command set over')
})
