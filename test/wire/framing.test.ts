import { expect, test } from 'vitest'
import { FramedDataSet } from '../../electron/station/wire/framing.ts'
import { PduReader } from '../../electron/station/wire/pduReader.ts'

const bytes = Buffer.from(Uint8Array.from({ length: 2_000_001 }, (_, i) => (i * 31) >> 3))

function sourceOf(length: number) {
  return {
    length,
    async read(targets: Uint8Array[], from: number) {
      let at = from
      for (const target of targets) {
        target.set(bytes.subarray(at, at + target.length))
        at += target.length
      }
    },
  }
}

/** What a peer reads of it. */
async function received(framed: FramedDataSet, each: number) {
  const parts: Buffer[] = []
  let ended = 0
  const reader = new PduReader({
    header: (_type, length) => {
      expect(length).toBeLessThanOrEqual(each + 6)
      return true
    },
    control: () => {
      throw new Error('nothing but data was sent')
    },
    fragment: (contextId, control, fragment, last) => {
      expect(contextId).toBe(5)
      expect(control & 1).toBe(0)
      parts.push(Buffer.from(fragment))
      if (last && control & 2) ended += 1
    },
  })
  for (let chunk = await framed.next(); chunk; chunk = await framed.next()) reader.push(Buffer.from(chunk))
  await framed.done()
  expect(reader.insidePdu).toBe(false)
  expect(ended).toBe(1)
  return Buffer.concat(parts)
}

test.each([
  [16_384, 2_000_000],
  [131_072, 2_000_001],
  [131_072, 10],
  [4_096, 655_360],
  [60, 50_001],
  [10_000_000, 2_000_000],
])('PDVs of %i carry %i bytes to the last one', async (each, length) => {
  const whole = await received(new FramedDataSet(sourceOf(length), 5, each), each)
  expect(whole.equals(bytes.subarray(0, length))).toBe(true)
})

test('two that are read at once do not share a buffer', async () => {
  const [one, other] = [100_000, 90_000].map(length => new FramedDataSet(sourceOf(length), 5, 16_384))
  const first = (await one!.next())!
  const second = (await other!.next())!
  expect(first.subarray(12, 1012).equals(bytes.subarray(0, 1000))).toBe(true)
  expect(second.subarray(12, 1012).equals(bytes.subarray(0, 1000))).toBe(true)
  expect(first.buffer).not.toBe(second.buffer)
  await one!.done()
  await other!.done()
})

test('what cannot be read is told before anything is sent', async () => {
  const framed = new FramedDataSet({ length: 10, read: () => Promise.reject(new Error('gone')) }, 5, 16_384)
  await expect(framed.next()).rejects.toThrow('gone')
  await framed.done()
})
