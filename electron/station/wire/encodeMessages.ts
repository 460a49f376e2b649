import type { EncodedMessage } from './associationOptions.ts'
import { PDV_OVERHEAD, writeDataHeader } from './pduEncode.ts'

/** Whole PDUs of at most `most` bytes of data each, one after the other in one buffer: a search answers with thousands. */
export function encodeMessages(contextId: number, messages: readonly EncodedMessage[], most: number): Buffer {
  let length = 0
  const all = messages.flatMap(({ command, dataSet }) => {
    const parts = [{ bytes: command, command: true }, ...(dataSet ? [{ bytes: dataSet, command: false }] : [])]
    for (const { bytes } of parts) length += bytes.length + PDV_OVERHEAD * Math.max(1, Math.ceil(bytes.length / most))
    return parts
  })
  const pdus = Buffer.allocUnsafe(length)
  let at = 0
  for (const { bytes, command } of all) {
    for (let from = 0; from < bytes.length || from === 0; from += most) {
      const size = Math.min(most, bytes.length - from)
      writeDataHeader(pdus, at, contextId, size, { command, last: from + size >= bytes.length })
      pdus.set(size < bytes.length ? bytes.subarray(from, from + size) : bytes, at + PDV_OVERHEAD)
      at += PDV_OVERHEAD + size
    }
  }
  return pdus
}
