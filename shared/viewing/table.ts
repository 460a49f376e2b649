import { decodeBase64 } from '../base64.ts'
import type { LookupTable } from './image.ts'

/** A manifest's tables are decoded once, however many frames share them. */
const decoded = new WeakMap<LookupTable, Uint16Array>()

/** The entries of a table, ready for indexing; at least one. */
export function tableEntries(table: LookupTable): Uint16Array {
  const known = decoded.get(table)
  if (known) return known
  const bytes = decodeBase64(table.data)
  const entries = new Uint16Array(Math.max(1, Math.min(table.entries, bytes.length >> 1)))
  for (let i = 0; i < entries.length; i++) entries[i] = (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8)
  decoded.set(table, entries)
  return entries
}

/** PS3.3 C.11.1.1.1: inputs before the first entry take the first value, those past the last the last. */
export function lookUp(table: LookupTable): (input: number) => number {
  const entries = tableEntries(table)
  const last = entries.length - 1
  const { first } = table
  return input => entries[Math.max(0, Math.min(last, Math.round(input) - first))] ?? 0
}

/** A whole frame through a table. */
export function lookUpAll(inputs: ArrayLike<number>, table: LookupTable): Uint16Array {
  const value = lookUp(table)
  const output = new Uint16Array(inputs.length)
  for (let i = 0; i < output.length; i++) output[i] = value(inputs[i]!)
  return output
}
