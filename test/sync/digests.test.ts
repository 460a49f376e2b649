import { createHash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { Digests } from '../../electron/station/sync/digests.ts'

const shared = (length: number, fill: number) => Buffer.from(new SharedArrayBuffer(length)).fill(fill)
const hex = (name: string, ...pieces: Uint8Array[]) => {
  const hash = createHash(name)
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

function open(): Digests {
  const digests = new Digests()
  onTestFinished(() => digests.close())
  return digests
}

test('objects that leave beside each other each have their own checksums; an MD5 only where it is wanted', async () => {
  const digests = open()
  const meta = Buffer.from('File Meta')
  const [one, other] = [digests.begin(meta), digests.begin(undefined)]
  const pieces = [1, 2, 3].map(fill => shared(70_001, fill))
  const wanted = { md5: hex('md5', meta, ...pieces), sha256: hex('sha256', ...pieces) }
  for (const piece of pieces) {
    await Promise.all([one.add(piece), other.add(piece.subarray(5))])
    // It may be written over as soon as it was taken.
    piece.fill(9)
  }
  expect(await one.end()).toEqual(wanted)
  const rest = [1, 2, 3].map(fill => shared(69_996, fill))
  expect(await other.end()).toEqual({ md5: '', sha256: hex('sha256', ...rest) })
})

test('what was given up, or whose thread has ended, has no checksum; the next object has', async () => {
  const digests = open()
  const dropped = digests.begin(undefined)
  dropped.drop()
  await expect(dropped.add(shared(8, 1))).rejects.toThrow()
  const lost = digests.begin(undefined)
  await lost.add(shared(8, 1))
  await digests.close()
  await expect(lost.end()).rejects.toMatchObject({ code: 'internal' })
  const next = digests.begin(undefined)
  await next.add(shared(8, 1))
  expect((await next.end()).sha256).toBe(hex('sha256', Buffer.alloc(8, 1)))
})
