import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Watch } from '../../electron/station/wire/watch.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const MESSAGE = { period: 60_000, atLeast: 60 * 1024, words: 'too slow' }
const IDLE = { period: 600_000, atLeast: 0, words: 'nothing came' }

function watch() {
  const peer = { bytes: 0 }
  const said: string[] = []
  return {
    peer,
    said,
    watch: new Watch(
      () => peer.bytes,
      words => said.push(words),
    ),
  }
}

/** The peer sends so many bytes a second for so long. */
function send(peer: { bytes: number }, rate: number, seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    vi.advanceTimersByTime(1000)
    peer.bytes += rate
  }
}

test('a line of 2 KB a second may take all day', () => {
  const { peer, said, watch: clock } = watch()
  clock.set(MESSAGE)
  send(peer, 2048, 24 * 3600)
  expect(said).toEqual([])
})

test.each([0, 1, 1000])('%d bytes a second are cut off after a minute, and told once', rate => {
  const { peer, said, watch: clock } = watch()
  clock.set(MESSAGE)
  send(peer, rate, 59)
  expect(said).toEqual([])
  send(peer, rate, 600)
  expect(said).toEqual(['too slow'])
})

test('a good minute buys one more, not two', () => {
  const { peer, said, watch: clock } = watch()
  clock.set(MESSAGE)
  send(peer, 100_000, 60)
  send(peer, 0, 62)
  expect(said).toEqual(['too slow'])
})

test('between messages ten minutes, each message begins them anew', () => {
  const { peer, said, watch: clock } = watch()
  clock.set(IDLE)
  for (let message = 0; message < 10; message += 1) {
    send(peer, 0, 599)
    clock.restart()
  }
  expect(said).toEqual([])
  send(peer, 0, 601)
  expect(said).toEqual(['nothing came'])
})

test('an hour of our own work does not count', () => {
  const { peer, said, watch: clock } = watch()
  clock.set(MESSAGE)
  send(peer, 0, 50)
  clock.hold()
  send(peer, 0, 3600)
  expect(said).toEqual([])
  clock.go()
  send(peer, 0, 9)
  expect(said).toEqual([])
  send(peer, 0, 2)
  expect(said).toEqual(['too slow'])
})

test('a slow-loris gains nothing by each of its bytes costing us work', () => {
  const { peer, said, watch: clock } = watch()
  clock.set(MESSAGE)
  for (let second = 0; second < 100 && said.length === 0; second += 1) {
    send(peer, 1, 1)
    clock.hold()
    vi.advanceTimersByTime(200)
    clock.go()
  }
  expect(said).toEqual(['too slow'])
})

test('what is set while our work runs waits for its end', () => {
  const { said, watch: clock } = watch()
  clock.hold()
  clock.set(IDLE)
  vi.advanceTimersByTime(3_600_000)
  expect(said).toEqual([])
  clock.go()
  vi.advanceTimersByTime(600_001)
  expect(said).toEqual(['nothing came'])
})

test('a loop that stood still reads what arrived before it judges', () => {
  const { peer, said, watch: clock } = watch()
  clock.set(IDLE)
  // The time is up and the timer fires; the bytes lie in the socket and are read in the same turn, after the timers.
  setTimeout(() => {
    setImmediate(() => {
      peer.bytes += 100
      clock.restart()
    })
  }, 599_999)
  vi.advanceTimersByTime(600_000)
  expect(said).toEqual([])
})

test('off is off', () => {
  const { said, watch: clock } = watch()
  clock.set(IDLE)
  clock.set(undefined)
  vi.advanceTimersByTime(3_600_000)
  expect(said).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
