import { expect, test } from 'vitest'
import { PduError } from '../../electron/station/wire/pdu.ts'
import { dataHeader, encodeReleaseRequest } from '../../electron/station/wire/pduEncode.ts'
import { LONGEST_PDU, PduReader } from '../../electron/station/wire/pduReader.ts'

function record(gate?: () => Promise<void>) {
  const seen: string[] = []
  const data = new Map<number, Buffer[]>()
  const reader = new PduReader({
    header: type => {
      seen.push(`header ${type}`)
      return true
    },
    control: (type, body) => {
      seen.push(`control ${type} ${body.toString('hex')}`)
    },
    fragment: (contextId, control, bytes, last) => {
      data.set(contextId, [...(data.get(contextId) ?? []), Buffer.from(bytes)])
      if (last) seen.push(`pdv ${contextId} ${control}`)
      return gate?.()
    },
  })
  return { reader, seen, bytes: (contextId: number) => Buffer.concat(data.get(contextId) ?? []).toString() }
}

/** Two PDVs in one P-DATA-TF, an empty PDV, then an A-RELEASE-RQ. */
function stream(): Buffer {
  const two = Buffer.concat([
    dataHeader(1, 5, { command: true, last: true }),
    Buffer.from('hello'),
    Buffer.from([0, 0, 0, 7, 3, 2]),
    Buffer.from('world'),
  ])
  two.writeUInt32BE(two.length - 6, 2)
  return Buffer.concat([two, dataHeader(3, 0, { command: false, last: true }), encodeReleaseRequest()])
}

const EXPECTED = ['header 4', 'pdv 1 3', 'pdv 3 2', 'header 4', 'pdv 3 2', 'header 5', 'control 5 00000000']

test.each([1, 2, 3, 5, 7, 11, 1000])('a stream in pieces of %d bytes reads the same', size => {
  const { reader, seen, bytes } = record()
  const all = stream()
  for (let at = 0; at < all.length; at += size) reader.push(all.subarray(at, at + size))
  expect(seen.toSorted()).toEqual(EXPECTED.toSorted())
  expect(bytes(1)).toBe('hello')
  expect(bytes(3)).toBe('world')
  expect(reader.insidePdu).toBe(false)
})

test('while a fragment is being worked on nothing further is read, and nothing is lost', async () => {
  let running = 0
  const { reader, seen, bytes } = record(async () => {
    expect(++running).toBe(1)
    await new Promise(resolve => setTimeout(resolve, 1))
    running -= 1
  })
  const pending = reader.push(stream())
  expect(seen).toEqual(['header 4', 'pdv 1 3'])
  await pending
  expect(seen.toSorted()).toEqual(EXPECTED.toSorted())
  expect(bytes(3)).toBe('world')
})

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt8(type, 0)
  bytes.writeUInt32BE(length, 2)
  return bytes
}

test.each([
  ['a length field past the cap', header(0x04, LONGEST_PDU + 1)],
  ['the longest length field there is', header(0x01, 0xfffffff0)],
  ['an unknown PDU type', header(0x08, 4)],
  ['a release that is not four bytes', header(0x05, 5)],
  ['a P-DATA-TF without a PDV', header(0x04, 0)],
  ['a PDV longer than its PDU', Buffer.concat([header(0x04, 10), Buffer.from([0, 0, 0, 7, 1, 0])])],
  ['a PDV without its own header', Buffer.concat([header(0x04, 10), Buffer.from([0, 0, 0, 1, 1, 0])])],
  ['bytes after the last PDV', Buffer.concat([header(0x04, 8), Buffer.from([0, 0, 0, 3, 1, 0, 65])])],
])('%s is refused by its header alone', (_name, bytes) => {
  const { reader } = record()
  expect(() => reader.push(bytes)).toThrow(PduError)
})
